use crate::chain::{Chain, Parent};
use crate::id::{Hash, SegmentId};

/// A segment and how far it goes at a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHead {
    /// What it continues.
    pub parent: Parent,
    /// Its last entry.
    pub head: Chain,
}

/// A contiguous run of entries as record bytes, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Seq of the first entry.
    pub from: u64,
    /// Entries in it.
    pub count: u64,
    /// Hash of the entry before the first, or of the opening; zero when that entry was lost and nothing proves it.
    pub prev_hash: Hash,
    /// Hash of the last.
    pub head_hash: Hash,
    /// The records, one after the other.
    pub bytes: Vec<u8>,
}

/// Entries that were written at a store once and could not be read back. The hub may have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The segment.
    pub segment: SegmentId,
    /// First missing seq.
    pub from: u64,
    /// Last missing seq; `None` when nobody there knows how far the segment went.
    pub to: Option<u64>,
    /// Hash of entry `to`, proven by the entry after it; `None` when none follows.
    pub to_hash: Option<Hash>,
}
