use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use suanpan_journal::{SegmentId, SiteCode, StationId};

use super::super::{PendingBatch, StoreError};
use super::Store;
use crate::project::{Close, Document, Projected, Shift, Sum, TotalKey};

/// Batches projected in one transaction: some ten thousand sales, a fraction of a second.
const BATCHES_AT_ONCE: u32 = 100;

/// The code of a document whose id the hub has already: kept, shown to IT, and not summed twice.
const DOUBLED: &str = "HUB-PRJ-004";

/// The code of a batch that does not unpack.
pub const UNREADABLE: &str = "HUB-PRJ-005";

impl Store {
    /// The oldest batches that wait for the projector.
    ///
    /// *Errors:* the store's.
    pub async fn pending(&self) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "select b.id, b.station, s.site, s.till, w.utc_offset_min, b.segment, b.branch, b.body
                 from pending p
                 join batch b on b.id = p.batch
                 join station s on s.station = b.station
                 join site w on w.site = s.site
                 order by p.batch limit ?",
            )?;
            let mut rows = statement.query([BATCHES_AT_ONCE])?;
            let mut batches = Vec::new();
            while let Some(row) = rows.next()? {
                batches.push(PendingBatch {
                    id: row.get(0)?,
                    station: StationId(row.get(1)?),
                    site: SiteCode::try_from(row.get::<_, String>(2)?)
                        .map_err(|_| StoreError::Damaged("site code"))?,
                    till: row.get(3)?,
                    utc_offset_min: row.get(4)?,
                    segment: SegmentId(row.get(5)?),
                    branch: row.get(6)?,
                    body: row.get(7)?,
                });
            }
            Ok(batches)
        })
        .await
    }

    /// Stamps batches with the global sequence and adds what they mean to the read models, in one transaction.
    ///
    /// *Errors:* the store's; then nothing was stamped or added.
    pub async fn apply(&self, projected: Vec<(PendingBatch, Projected)>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut gseq: u64 = next_gseq(connection)?;
            // Most tills of a batch touch the same few totals: each is written once.
            let mut totals = BTreeMap::new();
            for (batch, projected) in projected {
                apply_one(connection, gseq, &batch, &projected, &mut totals)?;
                gseq = gseq.saturating_add(u64::from(projected.entries));
            }
            for ((site, till, key), sum) in &totals {
                add_total(connection, site, *till, key, sum)?;
            }
            connection
                .prepare_cached("update meta set value = ? where key = 'next_gseq'")?
                .execute([gseq.to_string()])?;
            Ok(())
        })
        .await
    }
}

impl Store {
    /// Forgets the read models and hands every batch to the projector again. Batches were stamped in the order of
    /// their rows, so they get the same global sequence again.
    ///
    /// *Errors:* the store's.
    pub async fn forget_projections(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute_batch(
                "delete from document; delete from total; delete from numbering; delete from shift;
                 delete from day_close; delete from parked; delete from stamp;
                 insert or ignore into pending (batch) select id from batch;
                 update meta set value = '1' where key = 'next_gseq';",
            )?;
            Ok(())
        })
        .await
    }
}

type Totals = BTreeMap<(String, u16, TotalKey), Sum>;

fn next_gseq(connection: &Connection) -> Result<u64, StoreError> {
    let text: String = connection
        .prepare_cached("select value from meta where key = 'next_gseq'")?
        .query_row([], |row| row.get(0))?;
    text.parse().map_err(|_| StoreError::Damaged("global sequence"))
}

fn apply_one(
    connection: &Connection,
    gseq: u64,
    batch: &PendingBatch,
    projected: &Projected,
    totals: &mut Totals,
) -> Result<(), StoreError> {
    let stamped = connection.prepare_cached("delete from pending where batch = ?")?.execute([batch.id])?;
    if stamped == 0 {
        // Already projected: nothing is summed twice.
        return Ok(());
    }
    connection
        .prepare_cached("insert into stamp (gseq, batch, entries) values (?, ?, ?)")?
        .execute(params![gseq, batch.id, projected.entries])?;
    let number = |seq: u64| gseq.saturating_add(seq.saturating_sub(projected.from_seq));
    let mut sum_up = |key: &TotalKey, sum: &Sum| {
        let place = (batch.site.as_str().to_owned(), batch.till, key.clone());
        totals.entry(place).or_default().add(sum);
    };
    for document in &projected.documents {
        if is_known(connection, &document.id)? {
            park(connection, batch, number(document.seq), document.seq, document.kind, DOUBLED)?;
            continue;
        }
        add_document(connection, number(document.seq), batch, document)?;
        document.totals.iter().for_each(|(key, sum)| sum_up(key, sum));
    }
    projected.totals.iter().for_each(|(key, sum)| sum_up(key, sum));
    for shift in &projected.shifts {
        add_shift(connection, batch, shift)?;
    }
    for close in &projected.closes {
        add_close(connection, number(close.seq), batch, close)?;
    }
    for entry in &projected.parked {
        park(connection, batch, number(entry.seq), entry.seq, entry.kind, entry.code)?;
    }
    Ok(())
}

fn is_known(connection: &Connection, id: &[u8; 16]) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("select 1 from document where id = ?")?
        .query_row([id], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

fn add_document(
    connection: &Connection,
    gseq: u64,
    batch: &PendingBatch,
    document: &Document,
) -> Result<(), StoreError> {
    count_number(connection, batch, document)?;
    connection
        .prepare_cached(
            "insert into document (gseq, id, kind, site, till, business_date, number, printed, at_ms,
               station, segment, seq, cashier, shift, lines, fen, cites)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            gseq,
            document.id,
            document.kind,
            batch.site.as_str(),
            batch.till,
            document.business_date,
            document.number,
            document.printed,
            document.at_ms,
            batch.station.0,
            batch.segment.0,
            document.seq,
            document.cashier,
            document.shift,
            document.lines,
            document.fen,
            document.cites
        ])?;
    Ok(())
}

/// Counts the different numbers of a till and day. A number that two numberings share counts once.
fn count_number(
    connection: &Connection,
    batch: &PendingBatch,
    document: &Document,
) -> Result<(), StoreError> {
    let place = params![batch.site.as_str(), document.business_date, batch.till, document.number];
    let again = connection
        .prepare_cached(
            "select 1 from document where site = ? and business_date = ? and till = ? and number = ? limit 1",
        )?
        .query_row(place, |_| Ok(()))
        .optional()?
        .is_some();
    connection
        .prepare_cached(
            "insert into numbering (site, business_date, till, received, last_number, last_at_ms)
             values (?, ?, ?, ?, ?, ?)
             on conflict do update set received = received + excluded.received,
               last_number = max(last_number, excluded.last_number),
               last_at_ms = max(last_at_ms, excluded.last_at_ms)",
        )?
        .execute(params![
            batch.site.as_str(),
            document.business_date,
            batch.till,
            u8::from(!again),
            document.number,
            document.at_ms
        ])?;
    Ok(())
}

fn add_total(
    connection: &Connection,
    site: &str,
    till: u16,
    key: &TotalKey,
    sum: &Sum,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             on conflict do update set count = count + excluded.count, fen = fen + excluded.fen,
               grams = grams + excluded.grams, pieces = pieces + excluded.pieces",
        )?
        .execute(params![
            site,
            key.business_date,
            till,
            key.hour,
            key.dimension,
            key.key,
            sum.count,
            sum.fen,
            sum.grams,
            sum.pieces
        ])?;
    Ok(())
}

fn add_shift(connection: &Connection, batch: &PendingBatch, shift: &Shift) -> Result<(), StoreError> {
    let place = (batch.site.as_str(), batch.till);
    match shift {
        Shift::Opened { id, business_date, no, cashier, at_ms } => connection
            .prepare_cached(
                "insert into shift (id, site, till, business_date, no, cashier, opened_at_ms)
                 values (?, ?, ?, ?, ?, ?, ?)
                 on conflict do update set no = excluded.no, cashier = excluded.cashier,
                   opened_at_ms = excluded.opened_at_ms",
            )?
            .execute(params![id, place.0, place.1, business_date, no, cashier, at_ms])?,
        Shift::Closed { id, business_date, cashier, at_ms, over_short_fen } => connection
            .prepare_cached(
                "insert into shift (id, site, till, business_date, no, cashier, closed_at_ms, over_short_fen)
                 values (?, ?, ?, ?, 0, ?, ?, ?)
                 on conflict do update set closed_at_ms = excluded.closed_at_ms,
                   over_short_fen = excluded.over_short_fen",
            )?
            .execute(params![id, place.0, place.1, business_date, cashier, at_ms, over_short_fen])?,
    };
    Ok(())
}

fn add_close(
    connection: &Connection,
    gseq: u64,
    batch: &PendingBatch,
    close: &Close,
) -> Result<(), StoreError> {
    connection.execute(
        "insert into day_close (site, business_date, till, gseq, last_number, sums) values (?, ?, ?, ?, ?, ?)",
        params![
            batch.site.as_str(),
            close.business_date,
            batch.till,
            gseq,
            close.last_number,
            close.sums
        ],
    )?;
    Ok(())
}

fn park(
    connection: &Connection,
    batch: &PendingBatch,
    gseq: u64,
    seq: u64,
    kind: u16,
    code: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "insert into parked (station, segment, branch, seq, gseq, kind, code) values (?, ?, ?, ?, ?, ?, ?)
         on conflict do nothing",
        params![batch.station.0, batch.segment.0, batch.branch, seq, gseq, kind, code],
    )?;
    Ok(())
}
