//! What comes over the network.

use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use suanpan_domain::entry::{Entry, EntryError};
use suanpan_domain::totals;
use suanpan_journal::{Certificate, Chain, Parent, Records, SegmentId, SigningKey, StationId, push_record};
use suanpan_sync::{
    Ack, ChunkRef, Codec, Container, Dictionary, EnrolReply, EnrolRequest, FeedEntry, FeedHead, Hole,
    LostFeed, LostReport, PullReply, PullRequest, Push, PushReply, RefundReply, RefundRequest, RequestAuth,
    RequestFacts, SnapshotManifest, Start, WireError, decode_chunk, decode_entries, encode_chunk,
    feed_genesis, follow_feed, limits,
};
use sync_server::journal::{Place, StoredBatch, decode_page, encode_page};

use crate::target::{Target, golden, golden_dir, golden_texts, unhex};

const STATION: StationId = StationId([7; 16]);

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

pub(crate) const TARGETS: [Target; 10] = [
    Target { name: "push", seeds: pushes, run: push },
    Target { name: "sealed-push", seeds: runs, run: sealed_push },
    Target { name: "dictionary", seeds: dictionaries, run: dictionary },
    Target { name: "records", seeds: runs, run: records },
    Target { name: "entries", seeds: replies, run: entries },
    Target { name: "page", seeds: pages, run: page },
    Target { name: "chunk", seeds: chunks, run: chunk },
    Target { name: "messages", seeds: messages, run: message },
    Target { name: "authorization", seeds: headers, run: authorization },
    Target { name: "payload", seeds: payloads, run: payload },
];

fn pushes() -> Vec<Vec<u8>> {
    let samples = golden("sync.json");
    ["push_opening", "push_continuing"].map(|name| unhex(samples[name].as_str().expect(name))).to_vec()
}

/// Reads a body; one that is read is written again as it was.
fn push(bytes: &[u8]) -> String {
    match Push::decode(bytes) {
        Ok(push) => {
            assert_eq!(push.encode(), bytes, "a push has one spelling");
            let checked = push.check(STATION, &key().public());
            checked.map_or_else(|error| kind_of(&error), |checked| checked.hashes.len().to_string())
        }
        Err(error) => kind_of(&error),
    }
}

fn kind_of(error: &WireError) -> String {
    let text = format!("{error:?}");
    text.chars().filter(char::is_ascii_alphabetic).collect()
}

/// What the dictionaries here are made of: the golden payloads, each a little different.
fn learnt() -> Vec<Vec<u8>> {
    let run = runs().remove(0);
    let payloads: Vec<&[u8]> = Records::new(&run).flatten().map(|record| record.payload).collect();
    let mut chain = Chain::open(STATION, SegmentId([4; 16]), &Parent::ROOT);
    let record = |nth: usize| {
        let mut payload = payloads[nth % payloads.len()].to_vec();
        payload.extend_from_slice(&nth.to_be_bytes());
        let header = chain.append(1_686_878_040_000, 20_230_616, 1, &payload).expect("a record");
        let mut record = Vec::new();
        push_record(&mut record, &header, &payload);
        record
    };
    (0..600).map(record).collect()
}

static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::train(&learnt()).expect("a dictionary"));

/// Behind a 0 a dictionary, behind a 1 a frame that was made with ours, behind anything else what is in such a frame.
fn dictionaries() -> Vec<Vec<u8>> {
    let push = Push::seal(&key(), STATION, SegmentId([4; 16]), Start::Opening(Parent::ROOT), &runs()[0]);
    let packed = push.expect("a push").packed_by(&DICTIONARY).expect("it is smaller by it");
    let (_, frame) = packed.container.dictionary().expect("it is by it");
    let trained = unhex(&DICTIONARY.to_hex());
    let mut unpacker = zstd::bulk::Decompressor::with_dictionary(&trained).expect("a dictionary");
    let columns = unpacker.decompress(frame, limits::RECORDS_MAX).expect("our frame");
    let raw = b"\0{\"v\":1,\"id\":".to_vec();
    vec![
        [&[0], trained.as_slice()].concat(),
        raw,
        [&[1], frame].concat(),
        [&[2], columns.as_slice()].concat(),
    ]
}

/// A hub takes any dictionary that it reads, and any push by it.
fn dictionary(bytes: &[u8]) -> String {
    let Some((kind, bytes)) = bytes.split_first() else { return String::new() };
    let frame = match *kind {
        0 => {
            return match Dictionary::new(bytes.to_vec()) {
                Ok(dictionary) => format!("{:?}", dictionary.packed_len(&runs()[0]).1 % 7),
                Err(error) => kind_of(&error),
            };
        }
        1 => bytes.to_vec(),
        _ => zstd::bulk::compress(bytes, 1).expect("a frame"),
    };
    let container =
        Container { codec: Codec::Dictionary, bytes: [DICTIONARY.id().as_slice(), &frame].concat() };
    match DICTIONARY.unpack(&container) {
        Ok(records) => records.len().min(20).to_string(),
        Err(error) => kind_of(&error),
    }
}

fn runs() -> Vec<Vec<u8>> {
    vec![unhex(golden("segment.json")["run"].as_str().expect("a run"))]
}

/// A station that signs whatever it has: what it could seal, the hub takes, byte for byte.
fn sealed_push(bytes: &[u8]) -> String {
    match Push::seal(&key(), STATION, SegmentId([4; 16]), Start::Opening(Parent::ROOT), bytes) {
        Ok(push) => {
            let body = push.encode();
            let read = Push::decode(&body).and_then(|push| push.check(STATION, &key().public()));
            match read {
                Ok(checked) => {
                    assert_eq!(checked.records, bytes);
                    format!("{}", checked.hashes.len())
                }
                // What does not fit is refused by name.
                Err(error) => {
                    assert!(matches!(error, WireError::TooLong { .. }), "{error}");
                    kind_of(&error)
                }
            }
        }
        Err(error) => kind_of(&error),
    }
}

/// Walks a run; what was walked is written again as it was.
fn records(bytes: &[u8]) -> String {
    let (mut written, mut chain) = (Vec::new(), Chain::open(STATION, SegmentId([4; 16]), &Parent::ROOT));
    let mut walk = Records::new(bytes);
    let mut followed = 0;
    while let Some(Ok(record)) = walk.next() {
        push_record(&mut written, &record.header, record.payload);
        followed += u32::from(chain.follow(&record).is_ok());
    }
    assert!(bytes.starts_with(&written) && walk.offset() <= bytes.len());
    assert!(walk.next().is_none(), "a walk ends at its first error");
    format!("{followed} {}", bytes.len() == written.len())
}

fn replies() -> Vec<Vec<u8>> {
    let pushes = pushes();
    vec![suanpan_sync::encode_entries(pushes.iter().map(Vec::as_slice))]
}

fn entries(bytes: &[u8]) -> String {
    match decode_entries(bytes) {
        Ok(reply) => format!("{:?}", reply).len().to_string(),
        Err(error) => kind_of(&error),
    }
}

fn pages() -> Vec<Vec<u8>> {
    let place = Place { station: STATION, segment: SegmentId([4; 16]), branch: 0, from_seq: 1 };
    let batch = |body| StoredBatch { place, to_seq: 1, body };
    vec![encode_page(&pushes().into_iter().map(batch).collect::<Vec<_>>())]
}

/// A page of a journal; one that is read is written again as it was.
fn page(bytes: &[u8]) -> String {
    match decode_page(bytes) {
        Ok(batches) => {
            assert_eq!(encode_page(&batches), bytes, "a page has one spelling");
            batches.iter().for_each(|it| assert_eq!(it.place.to_string().parse(), Ok(it.place)));
            batches.len().to_string()
        }
        Err(error) => error.to_string(),
    }
}

fn chunks() -> Vec<Vec<u8>> {
    let entries: Vec<FeedEntry> =
        serde_json::from_value(golden("feed.json")["entries"].clone()).expect("entries");
    let (_, bytes) = encode_chunk(&entries).expect("a chunk");
    // Unpacked lines too: they are packed before they are read.
    let lines: Vec<String> =
        entries.iter().map(|it| serde_json::to_string(it).expect("an entry") + "\n").collect();
    vec![bytes, lines.concat().into_bytes()]
}

/// A chunk under its right name, as it came or, where it is none, packed first.
fn chunk(bytes: &[u8]) -> String {
    let packed = match bytes.starts_with(b"{") {
        true => Container::pack(bytes).bytes,
        false => bytes.to_vec(),
    };
    let hash = suanpan_journal::Hash(<sha2::Sha256 as sha2::Digest>::digest(&packed).into());
    let results = [0, 1, 3].map(|entries| {
        let named = ChunkRef { hash, bytes: u32::try_from(packed.len()).unwrap_or(0), entries };
        decode_chunk(&named, &packed)
    });
    results.iter().flatten().flatten().for_each(|entry| entry.fits().expect("what is read fits"));
    format!("{:?}", results.map(|it| it.is_ok()))
}

fn messages() -> Vec<Vec<u8>> {
    let mut seeds = golden_texts();
    let ack = &golden("sync.json")["ack"];
    let ack = ack.as_str().expect("an ack");
    let (segment, hash) = ("04".repeat(16), "05".repeat(32));
    let tail = format!(r#"{{"segment":"{segment}","from_seq":1,"to_seq":2}}"#);
    let written = [
        format!(r#"{{"reply":"ack","ack":{ack},"lost_tail":{tail},"re_enrol":true}}"#),
        format!(r#"{{"reply":"have","seq":3,"hash":"{hash}","head":{{"seq":3,"hash":"{hash}"}}}}"#),
        format!(r#"{{"reply":"gap","have":[{{"seq":3,"hash":"{hash}"}}]}}"#),
        r#"{"reply":"busy","retry_after_ms":2000}"#.to_owned(),
        r#"{"reply":"hole_recorded","to_seq":3}"#.to_owned(),
        r#"{"reply":"changes","cut":[],"entries":[],"more":false,"wake":"7"}"#.to_owned(),
        r#"{"heads":[],"staged":[{"scope":"chain","version":7}],"cut":[]}"#.to_owned(),
        r#"{"number":"TH01-2-20261121-0812-a7"}"#.to_owned(),
        r#"{"answer":"unknown"}"#.to_owned(),
        lost(),
    ];
    seeds.extend(written.map(String::into_bytes));
    seeds
}

/// The golden feed, as a station shows it to a hub that lost it.
fn lost() -> String {
    let entries: Vec<FeedEntry> =
        serde_json::from_value(golden("feed.json")["entries"].clone()).expect("entries");
    let scope = entries[0].scope.clone();
    let entries: Vec<FeedEntry> = entries.into_iter().filter(|it| it.scope == scope).collect();
    let prev_hash = feed_genesis(&scope);
    let hash = entries.iter().fold(prev_hash, |hash, entry| follow_feed(&hash, entry));
    let head = FeedHead::sign(&key(), scope, 1, entries.len() as u64, hash);
    let lost = LostFeed { head, prev_hash, entries };
    lost.check(&key().public()).expect("the seed is sound");
    serde_json::to_string(&LostReport { lost: vec![lost] }).expect("a report")
}

/// Every JSON message: what is read is written, and read again as the same.
fn message(bytes: &[u8]) -> String {
    fn one<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
        let message: T = serde_json::from_slice(bytes).ok()?;
        let written = serde_json::to_vec(&message).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<T>(&written).expect("and read again"), message);
        Some(message)
    }
    let key = key().public();
    let (mut read, mut bit) = (0_u32, 1);
    let mut saw = |is_one: bool| {
        read |= if is_one { bit } else { 0 };
        bit <<= 1;
    };
    saw(one::<Ack>(bytes).map(|it| it.verify(&key, STATION)).is_some());
    saw(one::<PushReply>(bytes).is_some());
    saw(one::<Hole>(bytes).map(|it| it.check(STATION, &key)).is_some());
    saw(one::<EnrolRequest>(bytes).map(|it| it.check()).is_some());
    saw(one::<EnrolReply>(bytes).is_some());
    saw(one::<Certificate>(bytes).map(|it| it.verify(&key)).is_some());
    saw(one::<PullRequest>(bytes).map(|it| it.fits()).is_some());
    saw(one::<PullReply>(bytes).is_some());
    saw(one::<SnapshotManifest>(bytes).map(|it| it.check(&key)).is_some());
    saw(one::<FeedHead>(bytes).map(|it| it.verify(&key)).is_some());
    saw(one::<FeedEntry>(bytes).map(|it| it.fits()).is_some());
    saw(one::<RefundRequest>(bytes).is_some());
    saw(one::<RefundReply>(bytes).is_some());
    let shown = one::<LostReport>(bytes);
    saw(shown.is_some_and(|it| it.fits().is_ok() && it.lost.iter().all(|lost| lost.check(&key).is_ok())));
    format!("{read:x}")
}

fn headers() -> Vec<Vec<u8>> {
    let samples = golden("sync.json");
    vec![samples["authorization"].as_str().expect("a header").as_bytes().to_vec()]
}

fn authorization(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match RequestAuth::parse(&text) {
        Ok(auth) => {
            assert_eq!(RequestAuth::parse(&auth.header()).as_ref(), Ok(&auth), "{text}");
            let facts = RequestFacts { method: "POST", path: "/api/v1/push", body: &[] };
            let key = key().public();
            format!("{:?}", [i64::MIN, 0, i64::MAX].map(|now| auth.check(&facts, &key, &key, now)))
        }
        Err(error) => format!("{error:?}"),
    }
}

/// The golden payloads, each behind its kind.
fn payloads() -> Vec<Vec<u8>> {
    let folder = golden_dir().join("entries");
    let files = std::fs::read_dir(folder).expect("payloads").map(|file| file.expect("a file").path());
    let seed = |path: std::path::PathBuf| {
        let name = path.file_name()?.to_str()?;
        let kind: u16 = name.split('-').next()?.parse().ok()?;
        Some([kind.to_be_bytes().as_slice(), &std::fs::read(&path).ok()?].concat())
    };
    files.filter_map(seed).collect()
}

/// Reads a payload and adds it up, as till and hub do; what was read is written, and read again as the same.
fn payload(bytes: &[u8]) -> String {
    let Some((kind, payload)) = bytes.split_first_chunk::<2>() else { return String::new() };
    let kind = u16::from_be_bytes(*kind);
    match Entry::decode(kind, payload) {
        Ok(entry) => {
            let postings = [totals::postings(&entry), totals::item_postings(&entry)].concat();
            let _ = totals::sums(postings.iter().chain(&postings));
            let written = entry.encode().expect("what was read can be written");
            let again = Entry::decode(kind, &written).expect("and read again");
            assert_eq!(format!("{again:?}"), format!("{entry:?}"));
            format!("{kind} {}", postings.len())
        }
        Err(EntryError::UnknownKind(_)) => "unknown".to_owned(),
        Err(error) => format!("{kind} {:?}", std::mem::discriminant(&error)),
    }
}
