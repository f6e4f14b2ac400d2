//! A till's number at its site has one active station: two would mix their figures and hide each other's missing receipts.

use std::collections::BTreeSet;

use suanpan_domain::calendar;
use suanpan_journal::StationId;

use super::audit::{Change, record};
use super::error::StoreError;
use super::sql::{Sql, values};
use super::types::Standing;

/// Dates that a refusal names.
const DATES_SHOWN: usize = 3;

/// A site and a number there.
pub(super) type Number<'a> = (&'a str, u16);

/// Why nobody can be enrolled there now, if that is so: somebody is there, or was and has dates that are neither closed nor
/// excused, whose missing receipts the numbers of another would hide.
pub(super) fn taken(
    sql: &dyn Sql,
    (site, till): Number<'_>,
    replaces: bool,
) -> Result<Option<String>, StoreError> {
    let there = active(sql, (site, till), None)?.pop();
    let free = free(sql, site)?;
    if let (Some(station), false) = (there, replaces) {
        let why =
            format!("{site}/{till} is station {station}: take till {free}, or have it replaced (--replace)");
        return Ok(Some(why));
    }
    let open = open_dates(sql, (site, till))?;
    if open.is_empty() {
        return Ok(None);
    }
    let shown: Vec<String> = open.iter().take(DATES_SHOWN).map(|date| calendar::text(*date)).collect();
    let more = if open.len() > DATES_SHOWN { " and others" } else { "" };
    let dates = shown.join(", ");
    Ok(Some(format!(
        "{site}/{till} has not closed {dates}{more}: take till {free}, or have them closed or excused first"
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

/// Of the active stations of a number, leaves the one that was enrolled last: a hub that was rebuilt learns of them in any order.
pub(super) fn keep_newest(sql: &dyn Sql, number: Number<'_>, by: (i64, &str)) -> Result<(), StoreError> {
    let newest = "select station from station where site = ? and till = ? and standing = 'active'
                  order by enrolled_at_ms desc, station limit 1";
    let newest = sql.one(newest, values![number.0, number.1], |row| Ok(StationId(row.get(0)?)))?;
    retire(sql, &active(sql, number, newest)?, by)
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
        sql.execute("update station set standing = ? where station = ?", values![retired.name(), station.0])?;
        let change = Change::new(by, "station.standing", format!("station {station}"));
        record(sql, now_ms, &change.before(Some(&said(Standing::Active))).after(&said(retired)))?;
    }
    Ok(())
}

/// The lowest number that no station ever had at a site.
fn free(sql: &dyn Sql, site: &str) -> Result<u16, StoreError> {
    let had = sql.all("select till from station where site = ?", values![site], |row| row.get::<u16>(0))?;
    let had: BTreeSet<u16> = had.into_iter().collect();
    Ok((1..=u16::MAX).find(|till| !had.contains(till)).unwrap_or(u16::MAX))
}

/// Dates of which something came and that are neither closed nor excused, oldest first.
fn open_dates(sql: &dyn Sql, (site, till): Number<'_>) -> Result<BTreeSet<u32>, StoreError> {
    let dates = |table: &str| -> Result<BTreeSet<u32>, StoreError> {
        let dates = format!("select distinct business_date from {table} where site = ? and till = ?");
        Ok(sql.all(&dates, values![site, till], |row| row.get(0))?.into_iter().collect())
    };
    let settled: BTreeSet<u32> = dates("day_close")?.union(&dates("excuse")?).copied().collect();
    Ok(dates("numbering")?.difference(&settled).copied().collect())
}
