//! Batches that have a position, for models that lack them.

use std::collections::{BTreeMap, BTreeSet};

use super::fill::lacking;
use super::waiting::{BATCH, BATCHES_AT_ONCE, OF_STATION, batch, last_of_group};
use crate::project::DOUBLED;
use crate::store::sql::{Sql, values};
use crate::store::{Part, PendingBatch, Position, Store, StoreError};

impl Store {
    /// The first batches that the models lack which are furthest behind, or those after a position. What is parked, and what
    /// has a later position too, is left out.
    ///
    /// *Errors:* the store's.
    pub async fn lacking(&self, after: Option<u64>) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(move |sql| {
            let all = lacking(sql)?;
            let furthest = all.iter().min().copied();
            after.or(furthest).map_or(Ok(Vec::new()), |after| stamped(sql, after, &all))
        })
        .await
    }
}

fn stamped(sql: &dyn Sql, after: u64, lacking: &[u64]) -> Result<Vec<PendingBatch>, StoreError> {
    let from = i64::try_from(after).unwrap_or(i64::MAX);
    let sizes = "select gseq, entries from stamp where gseq > ? order by gseq limit ?";
    let last = last_of_group(sql, sizes, from)?;
    // Where another model stands, it joins: none overtakes the documents.
    let joins = lacking.iter().filter(|it| **it > after).min();
    let last = joins.and_then(|it| i64::try_from(*it).ok()).map_or(last, |it| it.min(last));
    let mut without = elsewhere(sql, (from, last))?;
    let mut after = after;
    sql.all(
        &format!(
            "select {BATCH}, t.gseq, t.entries, coalesce(t.seq, 0) from stamp t
             join batch b on b.station = t.station and b.id = abs(t.batch) {OF_STATION}
             where t.gseq > ? and t.gseq <= ? order by t.gseq limit ?"
        ),
        values![from, last, BATCHES_AT_ONCE],
        |row| {
            let (gseq, entries, seq): (u64, u32, u64) = (row.get(9)?, row.get(10)?, row.get(11)?);
            let only =
                if seq == 0 { BTreeSet::new() } else { (seq..seq.saturating_add(entries.into())).collect() };
            let part = Part { only, without: without.remove(&gseq).unwrap_or_default() };
            let position = Position::At { after, gseq };
            after = gseq.saturating_add(entries.into()).saturating_sub(1);
            batch(row, entries, part, position)
        },
    )
}

/// Which seqs of the stamps after a position, by theirs, are parked or have a later position.
fn elsewhere(sql: &dyn Sql, (after, last): (i64, i64)) -> Result<BTreeMap<u64, BTreeSet<u64>>, StoreError> {
    let mut all = BTreeMap::<u64, BTreeSet<u64>>::new();
    let mut add = |runs: &str, values: &[_]| {
        sql.each(runs, values, &mut |row| {
            let (gseq, first, last): (u64, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            all.entry(gseq).or_default().extend(first..=last);
            Ok(())
        })
    };
    add(
        "select t.gseq, a.seq, a.seq + a.entries - 1 from stamp t
         join stamp a on a.batch = -abs(t.batch) and a.station = t.station and a.seq > 0 and a.gseq > t.gseq
         where t.gseq > ? and t.gseq <= ?",
        values![after, last],
    )?;
    add(
        "select t.gseq, p.seq, p.seq from stamp t
         join batch b on b.station = t.station and b.id = abs(t.batch)
         join parked p on p.station = b.station and p.segment = b.segment and p.branch = b.branch
           and p.seq between b.from_seq and b.to_seq and p.code <> ?3
         where t.gseq > ?1 and t.gseq <= ?2",
        values![after, last, DOUBLED],
    )?;
    add(
        "select p.gseq, b.from_seq, b.to_seq from parked p
         join stamp t on t.gseq = p.gseq
         join batch b on b.station = p.station and b.id = abs(t.batch)
         where p.seq = 0 and p.gseq > ? and p.gseq <= ?",
        values![after, last],
    )?;
    Ok(all)
}
