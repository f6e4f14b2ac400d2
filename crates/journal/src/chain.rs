use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Hash, Header, PAYLOAD_LEN_MAX, Record, RecordError, Records, SegmentId, StationId};

const SEGMENT_DOMAIN: &[u8] = b"suanpan/segment/v1\0";

/// The entry that a segment continues. All zero means a root: nothing came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Segment of the entry.
    pub segment: SegmentId,
    /// Its seq; 0 names the segment's opening, before its first entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Parent {
    /// The parent of a station's first segment.
    pub const ROOT: Parent = Parent { segment: SegmentId::ZERO, seq: 0, hash: Hash::ZERO };

    /// Says whether nothing came before.
    #[must_use]
    pub fn is_root(&self) -> bool {
        *self == Parent::ROOT
    }
}

/// Hashes a segment's opening: the value its first entry is chained to.
#[must_use]
pub fn segment_hash(station: StationId, segment: SegmentId, parent: &Parent) -> Hash {
    let mut sha = Sha256::new();
    sha.update(SEGMENT_DOMAIN);
    sha.update(station.0);
    sha.update(segment.0);
    sha.update(parent.segment.0);
    sha.update(parent.seq.to_be_bytes());
    sha.update(parent.hash.0);
    Hash(sha.finalize().into())
}

/// Hashes an entry onto the one before it.
#[must_use]
pub fn entry_hash(prev: &Hash, header: &Header, payload: &[u8]) -> Hash {
    let mut sha = Sha256::new();
    sha.update(prev.0);
    sha.update(header.encode());
    sha.update(payload);
    Hash(sha.finalize().into())
}

/// Says why a record does not follow the chain's head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A seq was skipped or repeated.
    #[error("expected entry {expected}, found {found}")]
    Seq {
        /// The seq after the head.
        expected: u64,
        /// The record's seq.
        found: u64,
    },
    /// The recomputed hash is not the stored or signed one: a byte changed.
    #[error("entry {seq}: hash is {computed}, expected {expected}")]
    Hash {
        /// Seq of the entry.
        seq: u64,
        /// What its bytes hash to.
        computed: Hash,
        /// What was recorded.
        expected: Hash,
    },
    /// The header's length is not the payload's, or the payload is longer than [`PAYLOAD_LEN_MAX`].
    #[error("entry {seq}: payload of {len} bytes does not fit its header")]
    PayloadLen {
        /// Seq of the entry.
        seq: u64,
        /// Length of the payload in bytes.
        len: usize,
    },
    /// A segment holds no more than `u64::MAX` entries.
    #[error("segment is full")]
    Full,
    /// The run of records cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// The head of one segment while it is written or checked.
///
/// *Invariant:* `hash` covers the station, the parent and every entry up to `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The segment.
    pub segment: SegmentId,
    /// Seq of the last entry; 0 before the first.
    pub seq: u64,
    /// Hash of the last entry, or of the opening.
    pub hash: Hash,
}

impl Chain {
    /// Opens a segment.
    #[must_use]
    pub fn open(station: StationId, segment: SegmentId, parent: &Parent) -> Chain {
        Chain { segment, seq: 0, hash: segment_hash(station, segment, parent) }
    }

    /// The head as the parent of a next segment.
    #[must_use]
    pub fn as_parent(&self) -> Parent {
        Parent { segment: self.segment, seq: self.seq, hash: self.hash }
    }

    /// Chains a new entry and gives the header to store with it. Its hash is then `self.hash`.
    ///
    /// *Errors:* `PayloadLen` over [`PAYLOAD_LEN_MAX`], `Full`; the chain is unchanged.
    pub fn append(
        &mut self,
        at_ms: i64,
        business_date: u32,
        kind: u16,
        payload: &[u8],
    ) -> Result<Header, ChainError> {
        let seq = self.next_seq()?;
        let payload_len = payload_len(seq, payload)?;
        let header = Header { seq, at_ms, business_date, kind, payload_len };
        self.advance(&header, payload);
        Ok(header)
    }

    /// Follows one record that carries no hash of its own; compare `self.hash` with a signed head afterwards.
    ///
    /// *Errors:* `Seq`, `PayloadLen`, `Full`; the chain is unchanged.
    pub fn follow(&mut self, record: &Record<'_>) -> Result<(), ChainError> {
        let expected = self.next_seq()?;
        let found = record.header.seq;
        if found != expected {
            return Err(ChainError::Seq { expected, found });
        }
        if payload_len(found, record.payload)? != record.header.payload_len {
            return Err(ChainError::PayloadLen { seq: found, len: record.payload.len() });
        }
        self.advance(&record.header, record.payload);
        Ok(())
    }

    /// Follows one record and checks it against its recorded hash.
    ///
    /// *Errors:* those of [`Chain::follow`], and `Hash`; the chain is unchanged.
    pub fn verify(&mut self, record: &Record<'_>, expected: &Hash) -> Result<(), ChainError> {
        let mut next = *self;
        next.follow(record)?;
        if next.hash != *expected {
            return Err(ChainError::Hash { seq: next.seq, computed: next.hash, expected: *expected });
        }
        *self = next;
        Ok(())
    }

    /// Follows a whole run and checks its last hash, as a receiver of a batch does. Gives the number of records.
    ///
    /// *Errors:* those of [`Chain::follow`], `Record` and `Hash`; the chain is unchanged.
    pub fn verify_run(&mut self, run: &[u8], head_hash: &Hash) -> Result<u64, ChainError> {
        let mut next = *self;
        for record in Records::new(run) {
            next.follow(&record?)?;
        }
        if next.hash != *head_hash {
            return Err(ChainError::Hash { seq: next.seq, computed: next.hash, expected: *head_hash });
        }
        let count = next.seq.saturating_sub(self.seq);
        *self = next;
        Ok(count)
    }

    fn next_seq(&self) -> Result<u64, ChainError> {
        self.seq.checked_add(1).ok_or(ChainError::Full)
    }

    fn advance(&mut self, header: &Header, payload: &[u8]) {
        self.hash = entry_hash(&self.hash, header, payload);
        self.seq = header.seq;
    }
}

fn payload_len(seq: u64, payload: &[u8]) -> Result<u32, ChainError> {
    let error = ChainError::PayloadLen { seq, len: payload.len() };
    if payload.len() > PAYLOAD_LEN_MAX {
        return Err(error);
    }
    u32::try_from(payload.len()).map_err(|_| error)
}
