//! Entries that are in no figure.

use super::error::StoreError;
use super::sql::{Sql, values};
use super::types::PendingBatch;
use crate::project::Parked;

/// Writes one down.
pub(super) fn park(
    connection: &dyn Sql,
    batch: &PendingBatch,
    gseq: u64,
    entry: &Parked,
) -> Result<(), StoreError> {
    connection.execute(
        "insert into parked (station, segment, branch, seq, gseq, kind, business_date, code)
         values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
        values![
            batch.station.0,
            batch.segment.0,
            batch.branch,
            entry.seq,
            gseq,
            entry.kind,
            entry.business_date,
            entry.code
        ],
    )?;
    Ok(())
}
