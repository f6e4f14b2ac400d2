//! Parked entries that a later release may understand.

use std::collections::BTreeMap;

use suanpan_domain::entry::kind;

use super::waiting::{BATCH, OF_STATION, batch};
use crate::project::DOUBLED;
use crate::store::sql::{Sql, values};
use crate::store::{Part, PendingBatch, Position, Store, StoreError};

/// Batches that are looked at in one read.
const BATCHES_AT_ONCE: u32 = 100;

/// By what this release reads entries: the next one tries what this one parked.
fn reader() -> String {
    let kinds = kind::ALL.iter().map(|kind| format!("{}.{}", kind.number, kind.version));
    format!("{} {}", env!("CARGO_PKG_VERSION"), kinds.collect::<Vec<_>>().join(" "))
}

impl Store {
    /// Whether entries are parked that this release has not tried.
    ///
    /// *Errors:* the store's.
    pub async fn has_untried(&self) -> Result<bool, StoreError> {
        let found: Option<String> = self
            .read(|sql| sql.one("select value from meta where key = 'reader'", values![], |row| row.get(0)))
            .await?;
        Ok(found != Some(reader()))
    }

    /// Notes that it has tried all.
    ///
    /// *Errors:* the store's.
    pub async fn note_tried(&self) -> Result<(), StoreError> {
        self.write(|sql| {
            sql.execute(
                "insert into meta (key, value) values ('reader', ?)
                 on conflict (key) do update set value = excluded.value",
                values![reader()],
            )
            .map(drop)
        })
        .await
    }

    /// Some batches after a row of which something is parked, but for what came twice; of each what is parked.
    ///
    /// *Errors:* the store's.
    pub async fn parked_after(&self, row: i64) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(move |sql| parked_after(sql, row)).await
    }
}

fn parked_after(sql: &dyn Sql, after: i64) -> Result<Vec<PendingBatch>, StoreError> {
    let of_batch = "p.station = b.station and p.segment = b.segment and p.branch = b.branch
         and p.seq between b.from_seq and b.to_seq and p.code <> ?";
    let batches = sql.all(
        &format!(
            "select {BATCH} from batch b {OF_STATION}
             where b.id > ? and exists (select 1 from parked p where {of_batch}) order by b.id limit ?"
        ),
        values![after, DOUBLED, BATCHES_AT_ONCE],
        |row| batch(row, 0, Part::Whole, Position::Again),
    )?;
    let mut parked = BTreeMap::new();
    for it in &batches {
        let seqs = sql.all(
            &format!(
                "select p.seq from parked p join batch b on {of_batch} where b.station = ? and b.id = ?"
            ),
            values![DOUBLED, it.station.0, it.id],
            |row| row.get(0),
        )?;
        parked.insert(it.id, seqs);
    }
    let of = |batch: PendingBatch| {
        let seqs: Vec<u64> = parked.remove(&batch.id).unwrap_or_default();
        let entries = u32::try_from(seqs.len()).unwrap_or(u32::MAX);
        PendingBatch { part: Part::Only(seqs.into_iter().collect()), entries, ..batch }
    };
    Ok(batches.into_iter().map(of).collect())
}
