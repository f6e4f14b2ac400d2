//! Stored pushes of a site, as they came, for whoever proves a day.

use suanpan_domain::calendar;
use suanpan_journal::{SegmentId, SiteCode, StationId, VerifyingKey};

use super::sql::{Row, Sql, values};
use super::{Store, StoreError};
use crate::journal::{Held, JournalStation, PAGE_BATCHES_MAX, PAGE_BYTES_MAX, Place, StoredBatch};

impl Store {
    /// The stations of a site, in the order of their ids. None if there is no such site.
    ///
    /// *Errors:* the store's.
    pub async fn journal_stations(&self, site: SiteCode) -> Result<Vec<JournalStation>, StoreError> {
        self.read_long(move |sql| {
            let mut stations: Vec<JournalStation> = sql.all(
                "select station, till, public_key from station where site = ? order by station",
                values![site.as_str()],
                |row| {
                    let public_key = VerifyingKey::from_bytes(&row.get(2)?);
                    Ok(JournalStation {
                        station: StationId(row.get(0)?),
                        till: row.get(1)?,
                        public_key: public_key.map_err(|_| StoreError::Damaged("station key"))?,
                        held: Vec::new(),
                    })
                },
            )?;
            for it in &mut stations {
                it.held = held(sql, it.station)?;
            }
            Ok(stations)
        })
        .await
    }

    /// The pushes that arrived last, of so many entries together.
    ///
    /// *Errors:* the store's.
    pub async fn newest_bodies(&self, entries: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read_long(move |sql| {
            sql.all(
                "select b.body from batch b join (
                   select station, id, sum(to_seq - from_seq + 1) over (order by id desc) as entries
                   from (select station, id, from_seq, to_seq from batch order by id desc limit ?1) newest
                 ) n on n.station = b.station and n.id = b.id
                 where n.entries <= ?1 order by b.id desc",
                values![entries],
                |row| row.get(0),
            )
        })
        .await
    }

    /// A page of what holds everything that a site's stations wrote since the day before a date began, by their own clocks,
    /// in the order of its places, from the one after `after`; and whether more follow. A branch, what one start of the app
    /// wrote, comes whole. Which entries are of the date is for the reader to see.
    ///
    /// *Errors:* the store's.
    pub async fn journal_page(
        &self,
        site: SiteCode,
        date: u32,
        after: Option<Place>,
    ) -> Result<(Vec<StoredBatch>, bool), StoreError> {
        self.read_long(move |sql| page(sql, &site, date, after)).await
    }
}

/// What is held of a station, batches that follow each other as one.
fn held(sql: &dyn Sql, station: StationId) -> Result<Vec<Held>, StoreError> {
    let batches = sql.all(
        "select b.segment, b.branch, b.from_seq, b.to_seq
         from held h join batch b on b.station = h.station and b.id = h.batch
         where h.station = ? order by b.segment, b.branch, b.from_seq",
        values![station.0],
        |row| {
            let (segment, branch) = (SegmentId(row.get(0)?), row.get(1)?);
            Ok(Held { segment, branch, from_seq: row.get(2)?, to_seq: row.get(3)? })
        },
    )?;
    let mut runs: Vec<Held> = Vec::new();
    for batch in batches {
        match runs.last_mut() {
            Some(run)
                if (run.segment, run.branch) == (batch.segment, batch.branch)
                    && run.to_seq.checked_add(1) == Some(batch.from_seq) =>
            {
                run.to_seq = batch.to_seq;
            }
            _ => runs.push(batch),
        }
    }
    Ok(runs)
}

fn page(
    sql: &dyn Sql,
    site: &SiteCode,
    date: u32,
    after: Option<Place>,
) -> Result<(Vec<StoredBatch>, bool), StoreError> {
    let clock: Option<(i32, i32)> = sql.one(
        "select utc_offset_min, day_starts_min from site where site = ?",
        values![site.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((offset, starts)) = clock else { return Ok((Vec::new(), false)) };
    let before = calendar::previous(date).unwrap_or(date);
    let since_ms = calendar::begins_ms(before, offset, starts).unwrap_or(i64::MIN);
    let places = places(sql, site, (before, since_ms), after)?;
    let mut batches = Vec::new();
    let mut bytes = 0_usize;
    for (place, to_seq, length) in &places {
        bytes = bytes.saturating_add(*length);
        if bytes > PAGE_BYTES_MAX && !batches.is_empty() {
            break;
        }
        let body = sql.only(
            "select body from batch where station = ? and segment = ? and branch = ? and from_seq = ?",
            values![place.station.0, place.segment.0, place.branch, place.from_seq],
            |row| row.get(0),
        )?;
        batches.push(StoredBatch { place: *place, to_seq: *to_seq, body });
    }
    let more = batches.len() < places.len() || places.len() == PAGE_BATCHES_MAX as usize;
    Ok((batches, more))
}

/// Places, last seqs and lengths. A branch that an older hub wrote to has no date that can be relied on: of it, the time at
/// which a batch came has to do.
fn places(
    sql: &dyn Sql,
    site: &SiteCode,
    (since, since_ms): (u32, i64),
    after: Option<Place>,
) -> Result<Vec<(Place, u64, usize)>, StoreError> {
    let none = Place { station: StationId([0; 16]), segment: SegmentId::ZERO, branch: 0, from_seq: 0 };
    let after = after.unwrap_or(none);
    // SQLite keeps the order of a cross join: branches first, of which few hold anything so new.
    sql.all(
        "select b.station, b.segment, b.branch, b.from_seq, b.to_seq, length(b.body)
         from station s cross join branch h cross join batch b
         where s.site = ?1 and h.station = s.station
           and (h.last_date is null or h.last_date >= ?2 or h.dated_seq <> h.head_seq)
           and b.station = h.station and b.segment = h.segment and b.branch = h.branch
           and (b.station, b.segment, b.branch, b.from_seq) > (?4, ?5, ?6, ?7)
           and ((h.last_date >= ?2 and h.dated_seq = h.head_seq) or b.received_at_ms >= ?3)
         order by b.station, b.segment, b.branch, b.from_seq limit ?8",
        values![
            site.as_str(),
            since,
            since_ms,
            after.station.0,
            after.segment.0,
            after.branch,
            after.from_seq,
            PAGE_BATCHES_MAX
        ],
        |row: &Row<'_>| {
            let place = Place {
                station: StationId(row.get(0)?),
                segment: SegmentId(row.get(1)?),
                branch: row.get(2)?,
                from_seq: row.get(3)?,
            };
            Ok((place, row.get(4)?, row.get(5)?))
        },
    )
}
