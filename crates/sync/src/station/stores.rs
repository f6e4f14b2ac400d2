use std::ops::RangeInclusive;

use suanpan_journal::{Chain, Hash, Missing, Parent, Run, SegmentHead, SegmentId};

use crate::edge::SegmentStatus;
use crate::wire::ack::Ack;
use crate::wire::feed::{FeedEntry, FeedHead, Scope};

/// The code of entries that were fetched and hang on nothing here.
pub const DOES_NOT_FIT: &str = "STA-STR-004";

/// Why a store did not answer. The code is the store's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {what}")]
pub struct StoresError {
    /// Stable code.
    pub code: &'static str,
    /// For IT.
    pub what: String,
}

/// What the network line counts: receipts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipts {
    /// The highest receipt number of the business date; 0 for none.
    pub last_number: u32,
    /// Receipts that the hub has not acked.
    pub unsent: u64,
    /// Entries that were lost here and that the hub does not have either.
    pub missing: u64,
}

/// A station's ledger and catalogue. A call may block for the disk, and holds nothing afterwards.
pub trait Stores {
    /// Every segment with entries, in the order of writing.
    fn segments(&self) -> Result<Vec<SegmentHead>, StoresError>;

    /// The newest entry.
    fn head(&self) -> Result<Option<Chain>, StoresError>;

    /// The first contiguous run in a range: it ends at `bytes_max`, but never short of one entry.
    fn run(
        &self,
        segment: SegmentId,
        seqs: RangeInclusive<u64>,
        bytes_max: usize,
    ) -> Result<Option<Run>, StoresError>;

    /// The hash of an entry of this station's own.
    fn hash_at(&self, segment: SegmentId, seq: u64) -> Result<Option<Hash>, StoresError>;

    /// Entries that were lost here and may be at the hub.
    fn missing(&self) -> Result<Vec<Missing>, StoresError>;

    /// Says whether entries can be put back: not while a salvage is under way.
    fn takes_back(&self) -> Result<bool, StoresError>;

    /// Puts fetched records back; gives how many were new. `None` while a salvage is under way: they are to be fetched
    /// once more, after it.
    fn restore(
        &self,
        segment: SegmentId,
        parent: &Parent,
        records: &[u8],
    ) -> Result<Option<u64>, StoresError>;

    /// Nobody has more of this segment's end.
    fn close_open_end(&self, segment: SegmentId) -> Result<(), StoresError>;

    /// Counts for the network line. `unacked` names each segment that is not acked whole and its first such entry, and
    /// the newest segment in any case. A segment that is newer still counts whole.
    fn receipts(&self, unacked: &[(SegmentId, u64)]) -> Result<Receipts, StoresError>;

    /// The receipt number of an entry, or 0.
    fn receipt_number(&self, segment: SegmentId, seq: u64) -> Result<u32, StoresError>;

    /// The signed heads of the cut that is applied.
    fn feed_heads(&self) -> Result<Vec<FeedHead>, StoresError>;

    /// The dictionary by which pushes are packed, as it was published.
    fn push_dictionary(&self) -> Result<Option<String>, StoresError>;

    /// Applies a checked cut and its heads in one transaction.
    fn apply_cut(&self, cut: &[FeedHead], entries: &[FeedEntry]) -> Result<(), StoresError>;

    /// Begins a catalogue that will take the place of the one in use.
    fn begin_snapshot(&self) -> Result<Box<dyn SnapshotSink>, StoresError>;
}

/// A feed entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its scope.
    pub scope: Scope,
    /// Its version there.
    pub version: u64,
    /// When it came, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Its bytes.
    pub entry: Vec<u8>,
}

/// What a station remembers of the hub. Losing it costs a resend.
pub trait Memory {
    /// How far the hub has each segment; the heads are not known here, and 0.
    fn cursors(&self) -> Result<Vec<SegmentStatus>, StoresError>;

    /// The newest ack.
    fn ack(&self) -> Result<Option<Ack>, StoresError>;

    /// Sets a segment's cursor, and the newest ack if there is one. The hub takes the segment again.
    fn save_cursor(&self, cursor: &SegmentStatus, ack: Option<&Ack>) -> Result<(), StoresError>;

    /// Notes a range that the hub refused with this code.
    fn refuse(&self, segment: SegmentId, from_seq: u64, code: &str, at_ms: i64) -> Result<(), StoresError>;

    /// Keeps feed entries, and forgets those that came before `forget_before_ms`.
    fn keep(&self, entries: &[Kept], forget_before_ms: i64) -> Result<(), StoresError>;

    /// The bytes of kept entries of a scope after a version, in order, at most `limit`.
    fn kept(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Vec<u8>>, StoresError>;

    /// What was last told of as lost.
    fn told(&self) -> Result<Option<Vec<u8>>, StoresError>;

    /// Sets it.
    fn set_told(&self, told: &[u8]) -> Result<(), StoresError>;
}

/// A catalogue in the making. Dropping it gives it up.
pub trait SnapshotSink: Send {
    /// Adds a checked chunk.
    fn chunk(&mut self, entries: Vec<FeedEntry>) -> Result<(), StoresError>;

    /// Puts it in place of the catalogue in use, at this cut.
    fn finish(self: Box<Self>, cut: &[FeedHead]) -> Result<(), StoresError>;
}
