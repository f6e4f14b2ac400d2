use suanpan_journal::{
    Chain, Hash, Message, Parent, Records, SegmentId, Signature, SigningKey, StationId, Tag, VerifyingKey,
};

use super::ack::Ack;
use super::bytes::{Reader, put_varint};
use super::container::Container;
use super::dictionary::Dictionary;
use super::{WireError, within};
use crate::limits::{ENTRIES_MAX, PROTO, PUSH_BODY_MAX};

const PUSH: Tag = Tag::new("suanpan/push/v1");

/// Bytes of a push before its records, at the most.
const HEAD_MAX: usize = 320;

const OPENS: u8 = 1;
const ROOT: u8 = 2;
const SHOWS: u8 = 4;

/// Where a run starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At entry 1. Its parent travels here and nowhere else.
    Opening(Parent),
    /// After an entry that the sender names by seq (at least 1) and hash.
    After {
        /// Seq of the entry before the run.
        seq: u64,
        /// Its hash.
        hash: Hash,
    },
}

impl Start {
    /// The chain's head just before the run.
    fn chain(&self, station: StationId, segment: SegmentId) -> Chain {
        match self {
            Start::Opening(parent) => Chain::open(station, segment, parent),
            Start::After { seq, hash } => Chain { segment, seq: *seq, hash: *hash },
        }
    }
}

/// A contiguous run of one segment's entries on its way to the hub.
///
/// *Shape:* proto ‖ flags ‖ segment ‖ (parent | prev seq, prev hash) ‖ count ‖ signature ‖ [shown ack] ‖ codec ‖
/// container; integers are LEB128. The station is the one that signed the request, and every hash the hub can
/// derive stays off the wire: the signature covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The segment.
    pub segment: SegmentId,
    /// Where the run starts.
    pub start: Start,
    /// Entries in the run: 1 to [`ENTRIES_MAX`].
    pub count: u32,
    /// The station's signature over the range and both its ends.
    pub signature: Signature,
    /// The newest ack that the station holds, so that a hub restored from a backup learns what it lost. Left out
    /// when the run goes on where that ack ends: the previous hash says the same.
    pub shown: Option<Ack>,
    /// The records.
    pub container: Container,
}

/// A push whose records chain to the head that the station signed.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckedPush {
    /// The segment.
    pub segment: SegmentId,
    /// The parent, when the run opens the segment.
    pub parent: Option<Parent>,
    /// Seq of the first entry.
    pub from_seq: u64,
    /// Hash before the first entry.
    pub prev_hash: Hash,
    /// Hash of each entry, in order; never empty.
    pub hashes: Vec<Hash>,
    /// The unpacked records.
    pub records: Vec<u8>,
}

impl CheckedPush {
    /// Seq of the last entry.
    #[must_use]
    pub fn to_seq(&self) -> u64 {
        self.from_seq.saturating_add(self.hashes.len() as u64).saturating_sub(1)
    }

    /// Hash of the last entry.
    #[must_use]
    pub fn head_hash(&self) -> Hash {
        self.hashes.last().copied().unwrap_or(self.prev_hash)
    }
}

impl std::fmt::Debug for CheckedPush {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "CheckedPush({} {}..={})", self.segment, self.from_seq, self.to_seq())
    }
}

fn message(station: StationId, before: &Chain, count: u32, head_hash: &Hash) -> Message {
    Message::new(PUSH, station)
        .u8(PROTO)
        .segment(before.segment)
        .u64(before.seq.saturating_add(1))
        .hash(&before.hash)
        .u32(count)
        .hash(head_hash)
}

/// Follows a run and gives the hash of every entry.
fn hashes_of(mut chain: Chain, records: &[u8]) -> Result<Vec<Hash>, WireError> {
    let mut hashes = Vec::new();
    for record in Records::new(records) {
        chain.follow(&record.map_err(suanpan_journal::ChainError::from)?)?;
        hashes.push(chain.hash);
        within("run", hashes.len(), ENTRIES_MAX as usize)?;
    }
    Ok(hashes)
}

impl Push {
    /// Packs and signs a run of records.
    ///
    /// *Errors:* `TooLong` over [`ENTRIES_MAX`] or [`PUSH_BODY_MAX`], `Malformed` if the run is empty, `Chain`
    /// if it does not follow `start`.
    pub fn seal(
        key: &SigningKey,
        station: StationId,
        segment: SegmentId,
        start: Start,
        records: &[u8],
    ) -> Result<Push, WireError> {
        let before = start.chain(station, segment);
        let hashes = hashes_of(before, records)?;
        let head = hashes.last().ok_or(WireError::Malformed { what: "run" })?;
        let count = u32::try_from(hashes.len()).map_err(|_| WireError::Malformed { what: "run" })?;
        let signature = key.sign(&message(station, &before, count, head));
        Ok(Push { segment, start, count, signature, shown: None, container: Container::pack(records) })
    }

    /// The same push packed by a dictionary; `None` if that is no smaller.
    #[must_use]
    pub fn packed_by(&self, dictionary: &Dictionary) -> Option<Push> {
        let records = self.container.unpack().ok()?;
        let container = dictionary.pack(&records).filter(|it| it.bytes.len() < self.container.bytes.len())?;
        Some(Push { container, ..self.clone() })
    }

    /// The same push packed without the dictionary that it was packed by.
    ///
    /// *Errors:* `Dictionary` for another's, `TooLong`, `Malformed`.
    pub fn packed_without(self, dictionary: &Dictionary) -> Result<Push, WireError> {
        let records = dictionary.unpack(&self.container)?;
        let container = Container::pack_quickly(&records);
        within("push", container.bytes.len().saturating_add(HEAD_MAX), PUSH_BODY_MAX)?;
        Ok(Push { container, ..self })
    }

    /// Recomputes the chain and checks that the station signed exactly this range.
    ///
    /// *Errors:* `TooLong`, `Malformed`, `Dictionary`, `Chain`, `Count`, `Signature`.
    pub fn check(&self, station: StationId, key: &VerifyingKey) -> Result<CheckedPush, WireError> {
        let before = self.start.chain(station, self.segment);
        let records = self.container.unpack()?.into_owned();
        let hashes = hashes_of(before, &records)?;
        if hashes.len() as u64 != u64::from(self.count) {
            return Err(WireError::Count { expected: self.count, found: hashes.len() as u64 });
        }
        let head = hashes.last().ok_or(WireError::Malformed { what: "run" })?;
        key.verify(&message(station, &before, self.count, head), &self.signature)
            .map_err(|_| WireError::Signature)?;
        let parent = match self.start {
            Start::Opening(parent) => Some(parent),
            Start::After { .. } => None,
        };
        let from_seq = before.seq.saturating_add(1);
        Ok(CheckedPush { segment: self.segment, parent, from_seq, prev_hash: before.hash, hashes, records })
    }

    /// Recomputes the hash of every entry, for a push that was checked before it was stored. Gives the first seq too.
    ///
    /// *Errors:* `TooLong`, `Malformed`, `Chain`.
    pub fn hashes(&self, station: StationId) -> Result<(u64, Vec<Hash>), WireError> {
        let before = self.start.chain(station, self.segment);
        Ok((before.seq.saturating_add(1), hashes_of(before, &self.container.unpack()?)?))
    }

    /// Writes the body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.container.bytes.len().saturating_add(HEAD_MAX));
        out.push(PROTO);
        out.push(self.flags());
        out.extend_from_slice(&self.segment.0);
        match &self.start {
            Start::Opening(parent) if parent.is_root() => {}
            Start::Opening(parent) => {
                out.extend_from_slice(&parent.segment.0);
                put_varint(&mut out, parent.seq);
                out.extend_from_slice(&parent.hash.0);
            }
            Start::After { seq, hash } => {
                put_varint(&mut out, *seq);
                out.extend_from_slice(&hash.0);
            }
        }
        put_varint(&mut out, u64::from(self.count));
        out.extend_from_slice(&self.signature.0);
        if let Some(ack) = &self.shown {
            ack.put(&mut out);
        }
        self.container.put(&mut out);
        out
    }

    fn flags(&self) -> u8 {
        let start = match &self.start {
            Start::Opening(parent) if parent.is_root() => OPENS | ROOT,
            Start::Opening(_) => OPENS,
            Start::After { .. } => 0,
        };
        if self.shown.is_some() { start | SHOWS } else { start }
    }

    /// Reads a body. The records are looked at by [`Push::check`] only.
    ///
    /// *Errors:* `TooLong`, `Cut`, `Malformed`, `Proto`, `Codec`.
    pub fn decode(body: &[u8]) -> Result<Push, WireError> {
        within("push", body.len(), PUSH_BODY_MAX)?;
        let mut reader = Reader::new(body);
        let found = reader.u8("protocol version")?;
        if found != PROTO {
            return Err(WireError::Proto { found });
        }
        let flags = reader.u8("flags")?;
        let segment = reader.segment()?;
        let start = match flags & (OPENS | ROOT) {
            0 => {
                let seq = reader.varint("seq")?;
                Start::After { seq, hash: reader.hash("previous hash")? }
            }
            OPENS => {
                let (segment, seq) = (reader.segment()?, reader.varint("parent's seq")?);
                Start::Opening(Parent { segment, seq, hash: reader.hash("parent's hash")? })
            }
            ROOT => return Err(WireError::Malformed { what: "flags" }),
            _ => Start::Opening(Parent::ROOT),
        };
        let count = reader.varint_u32("count")?;
        let signature = reader.signature()?;
        let shown = if flags & SHOWS == 0 { None } else { Some(Ack::read(&mut reader)?) };
        let container = Container::read(&mut reader)?;
        let push = Push { segment, start, count, signature, shown, container };
        push.fits(flags)?;
        Ok(push)
    }

    /// Refuses what no sender writes, so that a push has one spelling and its seqs never overflow.
    fn fits(&self, flags: u8) -> Result<(), WireError> {
        within("run", self.count as usize, ENTRIES_MAX as usize)?;
        // 2^40 entries would take a till three thousand years.
        let room = match self.start {
            Start::Opening(parent) => parent.seq < 1 << 40,
            Start::After { seq, .. } => (1..1 << 40).contains(&seq),
        };
        if flags != self.flags() {
            return Err(WireError::Malformed { what: "flags" });
        }
        if !room || self.count == 0 || self.segment == SegmentId::ZERO {
            return Err(WireError::Malformed { what: "range" });
        }
        Ok(())
    }
}
