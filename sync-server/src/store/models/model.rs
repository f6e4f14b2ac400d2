use std::collections::BTreeMap;

use crate::project::{Group, Parked, Projected};
use crate::store::sql::Sql;
use crate::store::{PendingBatch, StoreError};

/// One subject. What it holds follows from the stored batches in the order of their positions, and can be had again.
pub(super) trait Model: Sync {
    /// Its name in `model`.
    fn name(&self) -> &'static str;

    /// Counted up when it holds something else: then it is filled anew.
    fn version(&self) -> u32;

    /// What is emptied before it is filled.
    fn tables(&self) -> &'static [&'static str];

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
    /// Documents whose id the hub has from elsewhere, by batch and seq: in the figures once.
    pub(super) doubled: BTreeMap<(i64, u64), Parked>,
}

/// A batch, what it adds, and the position of its first entry.
pub(super) struct Piece<'a> {
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

impl Adding<'_> {
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let batches = self.group.batches.iter().zip(self.gseqs);
        batches.map(|((batch, projected), gseq)| Piece { batch, projected, gseq: *gseq })
    }

    pub(super) fn is_doubled(&self, batch: &PendingBatch, seq: u64) -> bool {
        self.doubled.contains_key(&(batch.id, seq))
    }
}
