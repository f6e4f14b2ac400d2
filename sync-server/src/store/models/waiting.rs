//! Batches that wait for their positions.

use suanpan_journal::{SegmentId, SiteCode, StationId};

use crate::store::sql::{Row, Sql, values};
use crate::store::{Part, PendingBatch, Position, Store, StoreError};

/// Entries projected in one transaction, but for those of its last batch: some 50 ms, in which no till is answered.
const ENTRIES_AT_ONCE: u32 = 5_000;

/// Batches projected in one transaction.
pub(super) const BATCHES_AT_ONCE: u32 = 400;

/// What is read of a batch `b`.
pub(super) const BATCH: &str =
    "b.id, b.station, s.site, s.till, coalesce(w.utc_offset_min, 480), coalesce(w.day_starts_min, 240),
     b.segment, b.branch, b.body";

/// Whose batch it is. A site that somebody removed by hand keeps China's clock.
pub(super) const OF_STATION: &str =
    "join station s on s.station = b.station left join site w on w.site = s.site";

impl Store {
    /// The oldest batches that wait for the projector and came after a row.
    ///
    /// *Errors:* the store's.
    pub async fn pending(&self, after: i64) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(move |sql| {
            let sizes = "select p.batch, b.to_seq - b.from_seq + 1 from pending p
                 join batch b on b.station = p.station and b.id = p.batch
                 where p.batch > ? order by p.batch limit ?";
            let last: i64 = last_of_group(sql, sizes, after)?;
            sql.all(
                &format!(
                    "select {BATCH}, b.to_seq - b.from_seq + 1 from pending p
                     join batch b on b.station = p.station and b.id = p.batch {OF_STATION}
                     where p.batch > ? and p.batch <= ? order by p.batch limit ?"
                ),
                values![after, last, BATCHES_AT_ONCE],
                |row| batch(row, row.get(9)?, Part::default(), Position::Next),
            )
        })
        .await
    }
}

/// A batch from [`BATCH`].
pub(super) fn batch(
    row: &Row<'_>,
    entries: u32,
    part: Part,
    position: Position,
) -> Result<PendingBatch, StoreError> {
    Ok(PendingBatch {
        id: row.get(0)?,
        station: StationId(row.get(1)?),
        site: SiteCode::try_from(row.get::<String>(2)?).map_err(|_| StoreError::Damaged("site code"))?,
        till: row.get(3)?,
        utc_offset_min: row.get(4)?,
        day_starts_min: row.get(5)?,
        segment: SegmentId(row.get(6)?),
        branch: row.get(7)?,
        body: row.get(8)?,
        entries,
        part,
        position,
    })
}

/// The last of those that are projected together, by a query of places after one and their entries.
pub(super) fn last_of_group(sql: &dyn Sql, sizes: &str, after: i64) -> Result<i64, StoreError> {
    let (mut last, mut entries) = (after, 0_u32);
    sql.each(sizes, values![after, BATCHES_AT_ONCE], &mut |row| {
        if entries < ENTRIES_AT_ONCE {
            last = row.get(0)?;
            entries = entries.saturating_add(row.get(1)?);
        }
        Ok(())
    })?;
    Ok(last)
}
