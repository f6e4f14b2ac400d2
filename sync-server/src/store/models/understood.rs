//! Parked entries that a later release may understand.

use std::collections::BTreeSet;

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
    let of_entries = "select b.station, b.id from parked p
         join batch b on b.station = p.station and b.segment = p.segment and b.branch = p.branch
           and b.from_seq <= p.seq and b.to_seq >= p.seq
         where p.code <> ?1 and b.id > ?2";
    let whole = "select t.station, t.batch from parked p join stamp t on t.gseq = p.gseq
         where p.seq = 0 and t.batch > ?2";
    let batches = sql.all(
        &format!(
            "select {BATCH}, b.from_seq, b.to_seq from ({of_entries} union {whole} order by 2 limit ?3) found
             join batch b on b.station = found.station and b.id = found.id {OF_STATION} order by b.id"
        ),
        values![DOUBLED, after, BATCHES_AT_ONCE],
        |row| Ok((batch(row, 0, Part::default(), Position::Again)?, row.get(9)?, row.get(10)?)),
    )?;
    batches.into_iter().map(|(batch, from, to)| of_parked(sql, batch, (from, to))).collect()
}

/// A batch with what is parked of it; all of it, if it is parked whole.
fn of_parked(sql: &dyn Sql, batch: PendingBatch, (from, to): (u64, u64)) -> Result<PendingBatch, StoreError> {
    let seqs = sql.all(
        "select seq from parked
         where station = ? and segment = ? and branch = ? and seq between ? and ? and code <> ? order by seq",
        values![batch.station.0, batch.segment.0, batch.branch, from, to, DOUBLED],
        |row| row.get(0),
    )?;
    let only: BTreeSet<u64> = seqs.into_iter().collect();
    let entries = if only.is_empty() { to.saturating_sub(from).saturating_add(1) } else { only.len() as u64 };
    let entries = u32::try_from(entries).unwrap_or(u32::MAX);
    Ok(PendingBatch { part: Part { only, ..Part::default() }, entries, ..batch })
}
