//! A till's number at its site has one active station: two would mix their figures and hide each other's missing receipts.

use std::collections::BTreeSet;

use suanpan_domain::calendar;
use suanpan_journal::StationId;

use super::audit::{Change, record};
use super::error::StoreError;
use super::sql::{Sql, Value, values};
use super::types::Standing;

/// Dates that a refusal names.
const DATES_SHOWN: usize = 3;

/// A site and a number there.
pub(super) type Number<'a> = (&'a str, u16);

/// Has whoever else gives or takes a number of this site wait.
pub(super) fn lock(sql: &dyn Sql, site: &str) -> Result<(), StoreError> {
    sql.lock("select site from site where site = ?", values![site])
}

/// Why nobody can be enrolled there now, if that is so: somebody is there, or was and has dates that are not over, not closed
/// or not excused, whose missing receipts the numbers of another would hide.
pub(super) fn taken(
    sql: &dyn Sql,
    (site, till): Number<'_>,
    replaces: bool,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let there = active(sql, (site, till), None)?.pop();
    let free = || free(sql, site, now_ms);
    if let (Some(station), false) = (there, replaces) {
        let free = free()?;
        let why =
            format!("{site}/{till} is station {station}: take till {free}, or have it replaced (--replace)");
        return Ok(Some(why));
    }
    let open = open_dates(sql, (site, till), now_ms)?;
    if open.is_empty() {
        return Ok(None);
    }
    let shown: Vec<String> = open.iter().take(DATES_SHOWN).map(|date| calendar::text(*date)).collect();
    let more = if open.len() > DATES_SHOWN { " and others" } else { "" };
    let (dates, free) = (shown.join(", "), free()?);
    Ok(Some(format!(
        "{site}/{till} has not closed {dates}{more}: take till {free}, or wait until that is over, and closed or excused"
    )))
}

/// The active stations of a number, but for one of them.
pub(super) fn active(
    sql: &dyn Sql,
    (site, till): Number<'_>,
    but: Option<StationId>,
) -> Result<Vec<StationId>, StoreError> {
    let stations = "select station from station where site = ? and till = ? and standing = 'active'";
    let found = sql.all(stations, values![site, till], |row| Ok(StationId(row.get(0)?)))?;
    Ok(found.into_iter().filter(|station| Some(*station) != but).collect())
}

/// Takes stations out of use: what they have sold they still deliver.
pub(super) fn retire(
    sql: &dyn Sql,
    stations: &[StationId],
    (now_ms, by): (i64, &str),
) -> Result<(), StoreError> {
    let said = |standing: Standing| serde_json::json!({ "standing": standing.name() });
    for station in stations {
        let retired = Standing::Retired;
        // One that was revoked meanwhile stays so.
        let retire = "update station set standing = ? where station = ? and standing = 'active'";
        if sql.execute(retire, values![retired.name(), station.0])? > 0 {
            let change = Change::new(by, "station.standing", format!("station {station}"));
            record(sql, now_ms, &change.before(Some(&said(Standing::Active))).after(&said(retired)))?;
        }
    }
    Ok(())
}

/// The lowest number of a site that no station has, of which nothing came and for which no code waits.
fn free(sql: &dyn Sql, site: &str, now_ms: i64) -> Result<u16, StoreError> {
    let numbers = |question: &str, values: &[Value<'_>]| -> Result<BTreeSet<u16>, StoreError> {
        Ok(sql.all(question, values, |row| row.get(0))?.into_iter().collect())
    };
    let waiting = "select till from enrol_code where site = ? and station is null and expires_at_ms > ?";
    let mut had = numbers(waiting, values![site, now_ms])?;
    for table in ["station", "numbering"] {
        had.extend(numbers(&format!("select distinct till from {table} where site = ?"), values![site])?);
    }
    Ok((1..=u16::MAX).find(|till| !had.contains(till)).unwrap_or(u16::MAX))
}

/// Dates of which something came and that are not over, or neither closed nor excused; oldest first.
fn open_dates(sql: &dyn Sql, (site, till): Number<'_>, now_ms: i64) -> Result<BTreeSet<u32>, StoreError> {
    let dates = |table: &str| -> Result<BTreeSet<u32>, StoreError> {
        let dates = format!("select distinct business_date from {table} where site = ? and till = ?");
        Ok(sql.all(&dates, values![site, till], |row| row.get(0))?.into_iter().collect())
    };
    let clock = "select utc_offset_min, day_starts_min from site where site = ?";
    let clock: Option<(i32, i32)> = sql.one(clock, values![site], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let running = clock.map_or(0, |(offset, starts)| calendar::business_date(now_ms, offset, starts));
    let settled: BTreeSet<u32> = dates("day_close")?.union(&dates("excuse")?).copied().collect();
    let is_open = |date: &u32| *date >= running || !settled.contains(date);
    Ok(dates("numbering")?.into_iter().filter(is_open).collect())
}
