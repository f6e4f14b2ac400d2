//! Batches that have a position, for models that lack them.

use std::collections::{BTreeMap, BTreeSet};

use super::behind::behind;
use super::waiting::{BATCH, BATCHES_AT_ONCE, OF_STATION, batch, last_of_group};
use crate::store::sql::{Sql, values};
use crate::store::{Part, PendingBatch, Position, Store, StoreError};

impl Store {
    /// The first batches that the models lack which are furthest behind, or those after a position.
    ///
    /// *Errors:* the store's.
    pub async fn lacking(&self, after: Option<u64>) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(move |sql| {
            let furthest = behind(sql)?.into_values().min();
            after.or(furthest).map_or(Ok(Vec::new()), |after| stamped(sql, after))
        })
        .await
    }
}

fn stamped(sql: &dyn Sql, after: u64) -> Result<Vec<PendingBatch>, StoreError> {
    let from = i64::try_from(after).unwrap_or(i64::MAX);
    let sizes = "select gseq, entries from stamp where gseq > ? order by gseq limit ?";
    let last = last_of_group(sql, sizes, from)?;
    // Where another model stands, it joins: none overtakes the documents.
    let joins = behind(sql)?.into_values().filter(|it| *it > after).min();
    let last = joins.and_then(|it| i64::try_from(it).ok()).map_or(last, |it| it.min(last));
    let mut elsewhere = again(sql, (from, last))?;
    let mut after = after;
    sql.all(
        &format!(
            "select {BATCH}, t.gseq, t.entries, coalesce(t.seq, 0) from stamp t
             join batch b on b.station = t.station and b.id = t.batch {OF_STATION}
             where t.gseq > ? and t.gseq <= ? order by t.gseq limit ?"
        ),
        values![from, last, BATCHES_AT_ONCE],
        |row| {
            let (gseq, entries, seq): (u64, u32, u64) = (row.get(9)?, row.get(10)?, row.get(11)?);
            let part = match seq {
                0 => elsewhere.remove(&(row.get(1)?, row.get(0)?)).map_or(Part::Whole, Part::Without),
                seq => Part::Only((seq..seq.saturating_add(entries.into())).collect()),
            };
            let position = Position::At { after, gseq };
            after = gseq.saturating_add(entries.into()).saturating_sub(1);
            batch(row, entries, part, position)
        },
    )
}

/// Seqs by station and batch.
type Elsewhere = BTreeMap<([u8; 16], i64), BTreeSet<u64>>;

/// The entries of some batches that have a later position.
fn again(sql: &dyn Sql, (after, last): (i64, i64)) -> Result<Elsewhere, StoreError> {
    let mut all = Elsewhere::new();
    sql.each(
        "select a.station, a.batch, a.seq, a.entries from stamp t
         join stamp a on a.batch = t.batch and a.station = t.station and a.seq > 0
         where t.gseq > ? and t.gseq <= ? and coalesce(t.seq, 0) = 0",
        values![after, last],
        &mut |row| {
            let (seq, entries): (u64, u64) = (row.get(2)?, row.get(3)?);
            let seqs = all.entry((row.get(0)?, row.get(1)?)).or_default();
            seqs.extend(seq..seq.saturating_add(entries));
            Ok(())
        },
    )?;
    Ok(all)
}
