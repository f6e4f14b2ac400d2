// Reads the golden samples by docs/protocol.md alone: node docs/protocol-check.mjs [FOLDER]
// and the samples of docs/wire.md beside it.
// Exit 0 when every hash and signature is as the text says; otherwise the first that is not is named.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2] ?? 'tests/golden/v1'
const golden = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const hex = (text) => Buffer.from(text, 'hex')
const zero = (length) => Buffer.alloc(length)
const join8 = (...parts) => Buffer.concat(parts)
const int = (bytes, value) => {
  const out = zero(bytes)
  let rest = BigInt.asUintN(64, BigInt(value))
  for (let at = bytes - 1; at >= 0; at -= 1, rest >>= 8n) out[at] = Number(rest & 0xffn)
  return out
}
const [u8, u16, u32, u64] = [1, 2, 4, 8].map((bytes) => (value) => int(bytes, value))
const len8 = (bytes) => join8(u64(Buffer.from(bytes).length), Buffer.from(bytes))
const sha = (...parts) => createHash('sha256').update(join8(...parts)).digest()

let checked = 0
const same = (what, made, kept) => {
  checked += 1
  if (made.toString('hex') !== kept) throw new Error(`${what}: ${made.toString('hex')}, the sample has ${kept}`)
}
const signed = (what, key, signature, tag, station, ...fields) => {
  checked += 1
  const spki = join8(hex('302a300506032b6570032100'), hex(key))
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const message = join8(Buffer.from(`${tag}\0`), station, ...fields)
  if (!verify(null, message, publicKey, hex(signature))) throw new Error(`${what}: the signature does not hold`)
}

// The journal.
const opening = (station, segment, parent) =>
  sha(Buffer.from('suanpan/segment/v1\0'), station, segment, hex(parent.segment), u64(parent.seq), hex(parent.hash))
const header = (entry, length) =>
  join8(u64(entry.seq), u64(entry.at_ms), u32(entry.business_date), u16(entry.kind), u32(length))
const chained = golden('segment.json')
let head = opening(hex(chained.station), hex(chained.segment), chained.parent)
same('opening', head, chained.segment_hash)
const root = { segment: '00'.repeat(16), seq: 0, hash: '00'.repeat(32) }
same('opening of a root', opening(hex(chained.station), hex(chained.segment), root), chained.root_segment_hash)
let run = zero(0)
for (const entry of chained.entries) {
  const payload = hex(entry.payload)
  const bytes = header(entry, payload.length)
  same(`header ${entry.seq}`, bytes, entry.header)
  head = sha(head, bytes, payload)
  same(`entry ${entry.seq}`, head, entry.hash)
  run = join8(run, bytes, payload)
}
same('run', run, chained.run)

// The certificate.
const { certificate, hub_public_key: issuer } = golden('certificate.json')
signed('certificate', issuer, certificate.signature, 'suanpan/certificate/v1', hex(certificate.station),
  hex(certificate.id), len8(certificate.site), u16(certificate.till), len8(hex(certificate.public_key)),
  u64(certificate.issued_at_ms))

// Upstream.
const wire = golden('sync.json')
const feed = golden('feed.json')
const station = hex(feed.station)
const [stationKey, hubKey] = [feed.station_public_key, feed.hub_public_key]

const readPush = (body) => {
  let at = 0
  const take = (length) => body.subarray(at, (at += length))
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = take(1)[0]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const [proto, flags] = take(2)
  const segment = take(16)
  let before
  if (flags & 1) {
    const parent = flags & 2 ? root
      : { segment: take(16).toString('hex'), seq: varint(), hash: take(32).toString('hex') }
    before = { seq: 0n, hash: opening(station, segment, parent) }
  } else {
    before = { seq: varint(), hash: take(32) }
  }
  const count = varint()
  const signature = take(64).toString('hex')
  const codec = take(1)[0]
  if (proto !== 1 || flags & 4 || codec !== 0) throw new Error('push: not as the samples are')
  return { proto, segment, before, count, signature, records: body.subarray(at) }
}
const heads = {}
for (const name of ['push_opening', 'push_continuing']) {
  const push = readPush(hex(wire[name]))
  let { seq, hash } = push.before
  const from = seq + 1n
  for (let at = 0; at < push.records.length; ) {
    const length = push.records.readUInt32BE(at + 22)
    if (push.records.readBigUInt64BE(at) !== ++seq) throw new Error(`${name}: a seq is missing`)
    hash = sha(hash, push.records.subarray(at, at + 26 + length))
    at += 26 + length
  }
  if (seq - from + 1n !== push.count) throw new Error(`${name}: ${push.count} entries are named`)
  signed(name, stationKey, push.signature, 'suanpan/push/v1', station, u8(push.proto), push.segment, u64(from),
    push.before.hash, u32(push.count), hash)
  heads[name] = hash.toString('hex')
}

const ack = JSON.parse(wire.ack)
same('acked entry', hex(heads.push_continuing), ack.have_hash)
signed('ack', hubKey, ack.signature, 'suanpan/ack/v1', station, u64(ack.hub_epoch), u64(ack.arrival), hex(ack.segment),
  u64(ack.have_seq), hex(ack.have_hash), u32(ack.window_bytes), u32(ack.retry_after_ms))
const hole = JSON.parse(wire.hole)
signed('hole', stationKey, hole.signature, 'suanpan/hole/v1', station, hex(hole.segment), u64(hole.from_seq),
  u64(hole.to_seq), hex(hole.to_hash))
const asked = Object.fromEntries(wire.authorization.slice(8).split(',').map((field) => field.split('=')))
signed('request', stationKey, asked.signature, 'suanpan/request/v1', hex(asked.station), len8('POST'),
  len8('/api/v1/push'), sha(Buffer.from('body')), u64(asked.time), hex(asked.nonce), u8(0))

// Downstream.
let chain = sha(Buffer.from(`suanpan/feed/v1\0${feed.head.scope}`))
same('feed', chain, feed.hashes[0])
for (const entry of feed.entries) {
  const change = entry.op === 'put' ? join8(u8(1), len8(entry.body)) : u8(0)
  chain = sha(chain, u64(entry.epoch), u64(entry.version), len8(entry.table), len8(entry.key),
    u64(entry.effective_at_ms), change)
  same(`feed entry ${entry.version}`, chain, feed.hashes[entry.version])
}
same('head', chain, feed.head.hash)
const headFields = (it) => [len8(it.scope), u64(it.epoch), u64(it.version), hex(it.hash)]
signed('head', hubKey, feed.head.signature, 'suanpan/feed-head/v1', zero(16), ...headFields(feed.head))
const { cut, chunks, signature } = feed.manifest
const headBytes = (it) => len8(join8(Buffer.from('suanpan/feed-head/v1\0'), zero(16), ...headFields(it)))
signed('snapshot', hubKey, signature, 'suanpan/snapshot/v1', zero(16), u32(cut.length), ...cut.map(headBytes),
  ...chunks.map((chunk) => join8(hex(chunk.hash), u32(chunk.bytes), u32(chunk.entries))))

// The messages that the text shows.
const shown = {}
const text = readFileSync(new URL('wire.md', import.meta.url), 'utf8')
for (const [, name, json] of text.matchAll(/^```json (\w+)\n(.*?)^```/gms)) shown[name] = JSON.parse(json)
const me = hex(shown.enrol.station)
const [myKey, itsKey] = [shown.enrol.public_key, shown.enrolled.hub_key]
signed('enrol', myKey, shown.enrol.signature, 'suanpan/enrol/v1', me, len8(shown.enrol.code), len8(hex(myKey)))
for (const it of [shown.enrolled.certificate, shown.introduce]) {
  signed('certificate shown', itsKey, it.signature, 'suanpan/certificate/v1', hex(it.station),
    hex(it.id), len8(it.site), u16(it.till), len8(hex(it.public_key)), u64(it.issued_at_ms))
}
const acked = shown.ack.ack
signed('ack shown', itsKey, acked.signature, 'suanpan/ack/v1', me, u64(acked.hub_epoch), u64(acked.arrival), hex(acked.segment),
  u64(acked.have_seq), hex(acked.have_hash), u32(acked.window_bytes), u32(acked.retry_after_ms))
signed('hole shown', myKey, shown.hole.signature, 'suanpan/hole/v1', me, hex(shown.hole.segment), u64(shown.hole.from_seq),
  u64(shown.hole.to_seq), hex(shown.hole.to_hash))
const { manifest } = shown.snapshot
for (const it of [...shown.pull.heads, ...shown.pull.cut, ...shown.changes.cut, ...manifest.cut, shown.lost.lost[0].head]) {
  signed('head shown', itsKey, it.signature, 'suanpan/feed-head/v1', zero(16), ...headFields(it))
}
signed('snapshot shown', itsKey, manifest.signature, 'suanpan/snapshot/v1', zero(16), u32(manifest.cut.length),
  ...manifest.cut.map(headBytes), ...manifest.chunks.map((chunk) => join8(hex(chunk.hash), u32(chunk.bytes), u32(chunk.entries))))
const { challenge } = shown.problem
signed('challenge shown', itsKey, challenge.signature, 'suanpan/challenge/v1', me, u64(challenge.hub_time_ms))

console.log(`${checked} hashes and signatures are as the text says`)
