use std::collections::BTreeMap;

use crate::project::{Group, Parked, Projected};
use crate::store::sql::Sql;
use crate::store::{PendingBatch, StoreError};

/// What the database knows a model by.
pub(super) struct Subject {
    /// Its name in `model`.
    pub(super) name: &'static str,
    /// Counted up when it holds something else: then it is filled anew.
    pub(super) version: u32,
    /// What is emptied before that.
    pub(super) tables: &'static [&'static str],
}

/// One subject. What it holds follows from the stored batches in the order of their positions, and can be had again.
pub(super) trait Model: Sync {
    /// Which it is.
    fn subject(&self) -> Subject;

    /// Adds what batches mean to it.
    ///
    /// *Errors:* the store's. Those about the data park the entry that is at fault.
    fn add(&self, sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError>;
}

/// A till's numbers of one day: site, date, till.
pub(super) type Numbering = (String, u32, u16);

/// Batches that are added in one transaction, each with the position of its first entry.
pub(super) struct Adding<'a> {
    pub(super) group: &'a Group,
    pub(super) gseqs: &'a [u64],
    /// Documents whose id the hub has from elsewhere, by their batch's place in the group and their seq: in the figures once.
    pub(super) doubled: BTreeMap<(usize, u64), Parked>,
}

/// A batch by its place in the group, what it adds, and the position of its first entry.
pub(super) struct Piece<'a> {
    pub(super) at: usize,
    pub(super) batch: &'a PendingBatch,
    pub(super) projected: &'a Projected,
    pub(super) gseq: u64,
}

impl Piece<'_> {
    /// The position of an entry.
    pub(super) fn position(&self, seq: u64) -> u64 {
        self.gseq.saturating_add(seq.saturating_sub(self.projected.from_seq))
    }
}

/// A group's batches with their positions.
pub(super) fn pieces<'a>(group: &'a Group, gseqs: &'a [u64]) -> impl Iterator<Item = Piece<'a>> {
    let batches = group.batches.iter().zip(gseqs).enumerate();
    batches.map(|(at, ((batch, projected), gseq))| Piece { at, batch, projected, gseq: *gseq })
}

impl<'a> Adding<'a> {
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        pieces(self.group, self.gseqs)
    }
}
