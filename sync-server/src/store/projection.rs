use std::collections::BTreeMap;
use std::sync::Arc;

use suanpan_domain::bounds::SUM_MAX;
use suanpan_journal::{SegmentId, SiteCode, StationId};

use super::Store;
use super::documents::Documents;
use super::parked::park;
use super::sql::{Sql, ToValue, Value, values};
use super::{PendingBatch, StoreError, day, lease, returned};
use crate::project::{Close, Group, Parked, Projected, Shift, Totals};

/// Entries projected in one transaction, but for those of its last batch: some 50 ms, in which no till is answered.
const ENTRIES_AT_ONCE: u32 = 5_000;

/// Batches projected in one transaction.
const BATCHES_AT_ONCE: u32 = 400;

/// What can be dropped and projected again.
const READ_MODELS: [&str; 8] =
    ["document", "returned", "total", "numbering", "shift", "day_close", "parked", "stamp"];

/// A total has a bound, so that any number of them can be summed.
#[derive(Debug, thiserror::Error)]
#[error("a total of {site}, till {till} would pass {} fen", SUM_MAX.0)]
struct Beyond {
    site: SiteCode,
    till: u16,
}

impl Store {
    /// The oldest batches that wait for the projector and came after a row.
    ///
    /// *Errors:* the store's.
    pub async fn pending(&self, after: i64) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(move |connection| {
            let last = last_of_group(connection, after)?;
            connection.all(
                // A site that somebody removed by hand keeps China's clock.
                "select b.id, b.station, s.site, s.till, coalesce(w.utc_offset_min, 480), coalesce(w.day_starts_min, 240),
                   b.segment, b.branch, b.body
                 from pending p
                 join batch b on b.station = p.station and b.id = p.batch
                 join station s on s.station = b.station
                 left join site w on w.site = s.site
                 where p.batch > ? and p.batch <= ? order by p.batch limit ?",
                values![after, last, BATCHES_AT_ONCE],
                |row| {
                    Ok(PendingBatch {
                        id: row.get(0)?,
                        station: StationId(row.get(1)?),
                        site: SiteCode::try_from(row.get::<String>(2)?)
                            .map_err(|_| StoreError::Damaged("site code"))?,
                        till: row.get(3)?,
                        utc_offset_min: row.get(4)?,
                        day_starts_min: row.get(5)?,
                        segment: SegmentId(row.get(6)?),
                        branch: row.get(7)?,
                        body: row.get(8)?,
                    })
                },
            )
        })
        .await
    }

    /// Stamps batches with the global sequence and adds what they mean to the read models, in one transaction that the
    /// newest holder of the lease alone may commit.
    ///
    /// *Errors:* `Fenced` and the store's; then nothing was stamped or added.
    pub async fn apply(&self, token: u64, group: Arc<Group>) -> Result<(), StoreError> {
        let applied = self.write(move |sql| apply(sql, token, &group)).await;
        self.mind_fence(applied)
    }

    /// Whether the database would take a group, which it does not.
    ///
    /// *Errors:* `Fenced` and the store's, but for what it says of the data.
    pub async fn would_apply(&self, token: u64, group: Arc<Group>) -> Result<bool, StoreError> {
        let tried = self.write(move |sql| {
            apply(sql, token, &group)?;
            Err::<(), _>(StoreError::Undone)
        });
        match self.mind_fence(tried.await) {
            Ok(()) | Err(StoreError::Undone) => Ok(true),
            Err(error) if error.is_about_data() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn apply(connection: &dyn Sql, token: u64, group: &Group) -> Result<(), StoreError> {
    lease::check(connection, token)?;
    let mut gseq: u64 = next_gseq(connection)?;
    let mut documents = Documents::look_up(connection, &group.batches)?;
    for (batch, projected) in &group.batches {
        apply_one(connection, gseq, batch, projected, &mut documents)?;
        gseq = gseq.saturating_add(u64::from(projected.entries));
    }
    documents.count_numbers(connection)?;
    returned::touch(connection, &documents)?;
    returned::judge_due(connection)?;
    day::touch(connection, group.days().into_iter())?;
    if documents.doubled.is_empty() {
        add_totals(connection, &group.totals)?;
    } else {
        add_totals(connection, &group.totals_without(&documents.doubled))?;
    }
    connection.execute("update meta set value = ? where key = 'next_gseq'", values![gseq.to_string()])?;
    Ok(())
}

impl Store {
    /// Forgets the read models and hands every batch to the projector again. Batches are stamped in the order of their
    /// rows: the same global sequence again, but where hubs that share a database committed out of that order.
    ///
    /// *Errors:* the store's.
    pub async fn forget_projections(&self, token: u64) -> Result<(), StoreError> {
        self.write(move |connection| {
            lease::check(connection, token)?;
            for table in READ_MODELS {
                connection.execute(&format!("delete from {table}"), values![])?;
            }
            connection.execute(
                "insert into pending (station, batch) select station, id from batch where true on conflict do nothing",
                values![],
            )?;
            connection.execute("update meta set value = '1' where key = 'next_gseq'", values![])?;
            // What was published stays; days are judged again by the figures to come.
            connection.execute("update store_day set look_at_ms = 0", values![])?;
            Ok(())
        })
        .await
    }
}

/// The last batch of those that are projected together.
fn last_of_group(connection: &dyn Sql, after: i64) -> Result<i64, StoreError> {
    let (mut last, mut entries) = (after, 0_u32);
    connection.each(
        "select p.batch, b.to_seq - b.from_seq + 1 from pending p
         join batch b on b.station = p.station and b.id = p.batch
         where p.batch > ? order by p.batch limit ?",
        values![after, BATCHES_AT_ONCE],
        &mut |row| {
            if entries < ENTRIES_AT_ONCE {
                last = row.get(0)?;
                entries = entries.saturating_add(row.get(1)?);
            }
            Ok(())
        },
    )?;
    Ok(last)
}

fn next_gseq(connection: &dyn Sql) -> Result<u64, StoreError> {
    let text: String =
        connection.only("select value from meta where key = 'next_gseq'", values![], |row| row.get(0))?;
    text.parse().map_err(|_| StoreError::Damaged("global sequence"))
}

fn apply_one(
    connection: &dyn Sql,
    gseq: u64,
    batch: &PendingBatch,
    projected: &Projected,
    documents: &mut Documents,
) -> Result<(), StoreError> {
    let waited = connection
        .execute("delete from pending where station = ? and batch = ?", values![batch.station.0, batch.id])?;
    if waited == 0 {
        // Since the group was read another hub projected it, or a commit of this one came through after all.
        return Err(StoreError::Fenced);
    }
    connection.execute(
        "insert into stamp (gseq, station, batch, entries) values (?, ?, ?, ?)",
        values![gseq, batch.station.0, batch.id, projected.entries],
    )?;
    let number = |seq: u64| gseq.saturating_add(seq.saturating_sub(projected.from_seq));
    documents.add(connection, batch, &projected.documents, &number)?;
    for shift in &projected.shifts {
        add_shift(connection, batch, shift)?;
    }
    for close in &projected.closes {
        add_close(connection, number(close.seq), batch, close)?;
    }
    if let Some(Parked { seq, kind, code, .. }) = projected.parked.first() {
        let (station, segment, entries) = (batch.station, batch.segment, projected.parked.len());
        tracing::warn!(code, %station, %segment, seq, kind, entries, "parked");
    }
    for entry in &projected.parked {
        park(connection, batch, number(entry.seq), entry)?;
    }
    Ok(())
}

fn add_totals(connection: &dyn Sql, totals: &BTreeMap<(SiteCode, u16), Totals>) -> Result<(), StoreError> {
    for ((site, till), totals) in totals {
        let beyond = || StoreError::Data(Arc::new(Beyond { site: site.clone(), till: *till }));
        let rows: Vec<_> = totals.in_order().collect();
        if rows.iter().any(|(_, _, sum)| sum.fen.unsigned_abs() > SUM_MAX.0.unsigned_abs()) {
            return Err(beyond());
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|(slot, key, sum)| {
                [
                    site.as_str().to_value(),
                    slot.business_date.to_value(),
                    till.to_value(),
                    slot.hour.to_value(),
                    slot.dimension.to_value(),
                    key.to_value(),
                    sum.count.to_value(),
                    sum.fen.to_value(),
                    sum.grams.to_value(),
                    sum.pieces.to_value(),
                ]
            })
            .collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| row.as_slice()).collect();
        let written = connection.execute_each(
            &format!("insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (site, business_date, till, dimension, key, hour) do update set
               count = total.count + excluded.count, fen = total.fen + excluded.fen,
               grams = total.grams + excluded.grams, pieces = total.pieces + excluded.pieces
             where total.fen + excluded.fen between -{max} and {max}", max = SUM_MAX.0),
            &rows,
        )?;
        if written.contains(&0) {
            return Err(beyond());
        }
    }
    Ok(())
}

fn add_shift(connection: &dyn Sql, batch: &PendingBatch, shift: &Shift) -> Result<(), StoreError> {
    let place = (batch.site.as_str(), batch.till);
    match shift {
        Shift::Opened { id, business_date, no, cashier, at_ms } => connection.execute(
            "insert into shift (id, site, till, business_date, no, cashier, opened_at_ms)
                 values (?, ?, ?, ?, ?, ?, ?)
                 on conflict (id) do update set no = excluded.no, cashier = excluded.cashier,
                   opened_at_ms = excluded.opened_at_ms
                 where shift.site = excluded.site and shift.till = excluded.till",
            values![id, place.0, place.1, business_date, no, cashier, at_ms],
        )?,
        Shift::Closed { id, business_date, cashier, at_ms, over_short_fen } => connection.execute(
            "insert into shift (id, site, till, business_date, no, cashier, closed_at_ms, over_short_fen)
                 values (?, ?, ?, ?, 0, ?, ?, ?)
                 on conflict (id) do update set closed_at_ms = excluded.closed_at_ms,
                   over_short_fen = excluded.over_short_fen
                 where shift.site = excluded.site and shift.till = excluded.till",
            values![id, place.0, place.1, business_date, cashier, at_ms, over_short_fen],
        )?,
    };
    Ok(())
}

fn add_close(connection: &dyn Sql, gseq: u64, batch: &PendingBatch, close: &Close) -> Result<(), StoreError> {
    let site = batch.site.as_str();
    connection.execute(
        "insert into day_close (site, business_date, till, gseq, station, last_number, sums)
         values (?, ?, ?, ?, ?, ?, ?)",
        values![site, close.business_date, batch.till, gseq, batch.station.0, close.last_number, close.sums],
    )?;
    day::closing(connection, site, close.business_date)
}
