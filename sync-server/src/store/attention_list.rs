//! What somebody has to look at.

use suanpan_domain::calendar;
use suanpan_journal::{SegmentId, SiteCode, StationId};

use super::first_rows::{FirstRows, LIST_LIMIT};
use super::ingest::IS_MISSING;
use super::models::returned;
use super::sql::{Row, Sql, values};
use super::within::within;
use super::{Attention, StoreError};
use crate::access::Reach;

/// Entries of a hole that are added up at most: its length is what a station says.
const HOLE_SHOWN_MAX: i64 = 1_000_000_000_000;

/// What somebody has to look at who sees a reach, on a business date.
pub(super) fn attention(
    sql: &dyn Sql,
    reach: &Reach,
    current: u32,
) -> Result<FirstRows<Attention>, StoreError> {
    let mut found = returned::attention(sql, reach)?;
    found.then(of_stations(sql, reach)?);
    found.then(of_far_dates(sql, reach, current)?);
    Ok(found)
}

/// What stations have sent, or have not.
fn of_stations(connection: &dyn Sql, reach: &Reach) -> Result<FirstRows<Attention>, StoreError> {
    let mut found = FirstRows::of(Vec::new());
    let (only, all) = (reach.only().map(SiteCode::as_str), reach.listed());
    let here = within("s.site");
    let mut add = |sql: &str, attention: fn(&Row<'_>) -> Result<Attention, StoreError>| {
        found.then(FirstRows::of(connection.all(sql, values![only, all, LIST_LIMIT], attention)?));
        Ok::<(), StoreError>(())
    };
    add(
        &format!(
            "select s.site, s.till from station s where {here} and s.re_enrol = 1 order by s.site, s.till limit ?3"
        ),
        |row| Ok(Attention::Clone { site: row.get(0)?, till: row.get(1)? }),
    )?;
    add(
        &format!("select s.site, s.till, max(f.old_head_seq - f.at_seq) from fork f join station s on s.station = f.station
         where {here} and f.old_side_grew = 0 and f.fetched = 0 and f.child_segment <> f.segment
         group by s.site, s.till order by s.site, s.till limit ?3"),
        |row| Ok(Attention::LostTail { site: row.get(0)?, till: row.get(1)?, entries: row.get(2)? }),
    )?;
    add(
        &format!("select s.site, s.till, cast(sum(case when h.to_seq - h.from_seq < {HOLE_SHOWN_MAX} then h.to_seq - h.from_seq + 1 else {HOLE_SHOWN_MAX} end) as bigint) from hole h join station s on s.station = h.station
         where {here} and {IS_MISSING} group by s.site, s.till order by s.site, s.till limit ?3"),
        |row| Ok(Attention::Hole { site: row.get(0)?, till: row.get(1)?, entries: row.get(2)? }),
    )?;
    add(
        &format!(
            "select s.site, s.till, count(*) from held h join station s on s.station = h.station
             where {here} group by s.site, s.till order by s.site, s.till limit ?3"
        ),
        |row| Ok(Attention::Held { site: row.get(0)?, till: row.get(1)?, batches: row.get(2)? }),
    )?;
    add(
        &format!(
            "select s.site, s.till, p.code, n.entries, p.station, p.segment, p.seq
         from (select station, code, cast(sum(entries) as bigint) as entries, max(business_date) as newest
           from parked_count where entries > 0 group by station, code) n
         join parked_count p on p.station = n.station and p.code = n.code and p.business_date = n.newest
         join station s on s.station = n.station
         where {here} order by s.site, s.till, p.code limit ?3"
        ),
        |row| {
            Ok(Attention::Parked {
                site: row.get(0)?,
                till: row.get(1)?,
                code: row.get(2)?,
                entries: row.get(3)?,
                station: StationId(row.get(4)?).to_string(),
                segment: SegmentId(row.get(5)?).to_string(),
                seq: row.get(6)?,
            })
        },
    )?;
    Ok(found)
}

fn of_far_dates(sql: &dyn Sql, reach: &Reach, current: u32) -> Result<FirstRows<Attention>, StoreError> {
    let (only, all) = (reach.only().map(SiteCode::as_str), reach.listed());
    let far = calendar::plus(current, calendar::DAYS_AHEAD_MAX).unwrap_or(current);
    let rows = sql.all(
        &format!(
            "select n.site, n.till, n.business_date, n.received from store_day d
             join numbering n on n.site = d.site and n.business_date = d.business_date
             where {} and d.business_date > ?4 order by n.site, n.till, n.business_date limit ?3",
            within("d.site")
        ),
        values![only, all, LIST_LIMIT, far],
        |row| {
            let date = calendar::text(row.get(2)?);
            Ok(Attention::FarDate { site: row.get(0)?, till: row.get(1)?, date, receipts: row.get(3)? })
        },
    )?;
    Ok(FirstRows::of(rows))
}
