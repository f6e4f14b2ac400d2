use std::collections::BTreeMap;

use suanpan_journal::{SegmentId, SiteCode, StationId};

use super::Store;
use super::sql::{Sql, values};
use super::{PendingBatch, StoreError, lease};
use crate::project::{Close, Document, Projected, Shift, Sum, TotalKey};

/// Batches projected in one transaction: some ten thousand sales, a fraction of a second.
const BATCHES_AT_ONCE: u32 = 100;

/// The code of a document whose id the hub has already: kept, shown to IT, and not summed twice.
const DOUBLED: &str = "HUB-PRJ-004";

/// What can be dropped and projected again.
const READ_MODELS: [&str; 7] = ["document", "total", "numbering", "shift", "day_close", "parked", "stamp"];

/// The code of a batch that does not unpack.
pub const UNREADABLE: &str = "HUB-PRJ-005";

impl Store {
    /// The oldest batches that wait for the projector.
    ///
    /// *Errors:* the store's.
    pub async fn pending(&self) -> Result<Vec<PendingBatch>, StoreError> {
        self.read(|connection| {
            connection.all(
                "select b.id, b.station, s.site, s.till, w.utc_offset_min, b.segment, b.branch, b.body
                 from pending p
                 join batch b on b.station = p.station and b.id = p.batch
                 join station s on s.station = b.station
                 join site w on w.site = s.site
                 order by p.batch limit ?",
                values![BATCHES_AT_ONCE],
                |row| {
                    Ok(PendingBatch {
                        id: row.get(0)?,
                        station: StationId(row.get(1)?),
                        site: SiteCode::try_from(row.get::<String>(2)?)
                            .map_err(|_| StoreError::Damaged("site code"))?,
                        till: row.get(3)?,
                        utc_offset_min: row.get(4)?,
                        segment: SegmentId(row.get(5)?),
                        branch: row.get(6)?,
                        body: row.get(7)?,
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
    pub async fn apply(
        &self,
        token: u64,
        projected: Vec<(PendingBatch, Projected)>,
    ) -> Result<(), StoreError> {
        let applied = self
            .write(move |connection| {
                lease::check(connection, token)?;
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
                connection.execute(
                    "update meta set value = ? where key = 'next_gseq'",
                    values![gseq.to_string()],
                )?;
                Ok(())
            })
            .await;
        self.mind_fence(applied)
    }
}

impl Store {
    /// Forgets the read models and hands every batch to the projector again. Batches were stamped in the order of
    /// their rows, so they get the same global sequence again.
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
            Ok(())
        })
        .await
    }
}

type Totals = BTreeMap<(String, u16, TotalKey), Sum>;

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
    totals: &mut Totals,
) -> Result<(), StoreError> {
    let stamped = connection
        .execute("delete from pending where station = ? and batch = ?", values![batch.station.0, batch.id])?;
    if stamped == 0 {
        // Already projected: nothing is summed twice.
        return Ok(());
    }
    connection.execute(
        "insert into stamp (gseq, station, batch, entries) values (?, ?, ?, ?)",
        values![gseq, batch.station.0, batch.id, projected.entries],
    )?;
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

fn is_known(connection: &dyn Sql, id: &[u8; 16]) -> Result<bool, StoreError> {
    let found = connection.one("select 1 from document where id = ?", values![id], |_| Ok(()))?;
    Ok(found.is_some())
}

fn add_document(
    connection: &dyn Sql,
    gseq: u64,
    batch: &PendingBatch,
    document: &Document,
) -> Result<(), StoreError> {
    count_number(connection, batch, document)?;
    connection.execute(
        "insert into document (gseq, id, kind, site, till, business_date, number, printed, at_ms,
               station, segment, seq, cashier, shift, lines, fen, cites)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values![
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
        ],
    )?;
    Ok(())
}

/// Counts the different numbers of a till and day. A number that two numberings share counts once.
fn count_number(connection: &dyn Sql, batch: &PendingBatch, document: &Document) -> Result<(), StoreError> {
    let again = connection
        .one(
            "select 1 from document where site = ? and business_date = ? and till = ? and number = ? limit 1",
            values![batch.site.as_str(), document.business_date, batch.till, document.number],
            |_| Ok(()),
        )?
        .is_some();
    connection.execute(
        "insert into numbering (site, business_date, till, received, last_number, last_at_ms)
             values (?, ?, ?, ?, ?, ?)
             on conflict (site, business_date, till) do update set
               received = numbering.received + excluded.received,
               last_number = case when excluded.last_number > numbering.last_number then excluded.last_number
                 else numbering.last_number end,
               last_at_ms = case when excluded.last_at_ms > numbering.last_at_ms then excluded.last_at_ms
                 else numbering.last_at_ms end",
        values![
            batch.site.as_str(),
            document.business_date,
            batch.till,
            u8::from(!again),
            document.number,
            document.at_ms
        ],
    )?;
    Ok(())
}

fn add_total(
    connection: &dyn Sql,
    site: &str,
    till: u16,
    key: &TotalKey,
    sum: &Sum,
) -> Result<(), StoreError> {
    connection.execute(
        "insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (site, business_date, till, dimension, key, hour) do update set
               count = total.count + excluded.count, fen = total.fen + excluded.fen,
               grams = total.grams + excluded.grams, pieces = total.pieces + excluded.pieces",
        values![
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
        ],
    )?;
    Ok(())
}

fn add_shift(connection: &dyn Sql, batch: &PendingBatch, shift: &Shift) -> Result<(), StoreError> {
    let place = (batch.site.as_str(), batch.till);
    match shift {
        Shift::Opened { id, business_date, no, cashier, at_ms } => connection.execute(
            "insert into shift (id, site, till, business_date, no, cashier, opened_at_ms)
                 values (?, ?, ?, ?, ?, ?, ?)
                 on conflict (id) do update set no = excluded.no, cashier = excluded.cashier,
                   opened_at_ms = excluded.opened_at_ms",
            values![id, place.0, place.1, business_date, no, cashier, at_ms],
        )?,
        Shift::Closed { id, business_date, cashier, at_ms, over_short_fen } => connection.execute(
            "insert into shift (id, site, till, business_date, no, cashier, closed_at_ms, over_short_fen)
                 values (?, ?, ?, ?, 0, ?, ?, ?)
                 on conflict (id) do update set closed_at_ms = excluded.closed_at_ms,
                   over_short_fen = excluded.over_short_fen",
            values![id, place.0, place.1, business_date, cashier, at_ms, over_short_fen],
        )?,
    };
    Ok(())
}

fn add_close(connection: &dyn Sql, gseq: u64, batch: &PendingBatch, close: &Close) -> Result<(), StoreError> {
    connection.execute("insert into day_close (site, business_date, till, gseq, last_number, sums) values (?, ?, ?, ?, ?, ?)", values![
            batch.site.as_str(),
            close.business_date,
            batch.till,
            gseq,
            close.last_number,
            close.sums
        ])?;
    Ok(())
}

fn park(
    connection: &dyn Sql,
    batch: &PendingBatch,
    gseq: u64,
    seq: u64,
    kind: u16,
    code: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "insert into parked (station, segment, branch, seq, gseq, kind, code) values (?, ?, ?, ?, ?, ?, ?)
         on conflict do nothing",
        values![batch.station.0, batch.segment.0, batch.branch, seq, gseq, kind, code],
    )?;
    Ok(())
}
