//! Store-days as people and scripts read them.

use std::collections::BTreeMap;

use suanpan_domain::calendar;
use suanpan_domain::shift::differences;
use suanpan_journal::SiteCode;

use super::{DayState, DayVersion, STORE_DAYS_MAX, Standing, StoreDay, StoreDays, UnclosedDate};
use crate::store::sql::{Row, Sql, values};
use crate::store::{ReportFilter, Store, StoreError, people, today};

/// How far back unclosed dates are counted.
const UNCLOSED_DAYS: u32 = 31;

impl Store {
    /// Store-days by date and site, and how much is not in them yet: batches that wait for the projector, and store-days
    /// that wait to be judged.
    ///
    /// *Errors:* the store's.
    pub async fn store_days(
        &self,
        filter: ReportFilter,
        versions: u32,
        now_ms: i64,
    ) -> Result<(Vec<StoreDay>, i64), StoreError> {
        self.read_report(move |sql| {
            let waiting = sql.only(
                "select (select count(*) from pending) + (select count(*) from store_day where look_at_ms <= ?)",
                values![now_ms],
                |row| row.get(0),
            )?;
            Ok((days(sql, &filter, versions)?, waiting))
        })
        .await
    }

    /// The store-days of a date, or of the chain's current date, with the stores of which nothing came yet.
    ///
    /// *Errors:* the store's.
    pub async fn store_days_of(&self, date: Option<u32>, now_ms: i64) -> Result<StoreDays, StoreError> {
        self.read(move |sql| {
            let sites = people::sites(sql)?;
            let date = date.unwrap_or_else(|| today::current_date(&sites, now_ms));
            let filter = ReportFilter { site: None, till: None, from: date, to: date };
            let mut days = days(sql, &filter, 1)?;
            for site in &sites {
                if !days.iter().any(|day| day.site == site.site.as_str()) {
                    days.push(untouched(date, site.site.to_string(), site.name.clone()));
                }
            }
            Ok(StoreDays { date: calendar::text(date), days, unclosed: unclosed(sql, date)? })
        })
        .await
    }
}

fn untouched(date: u32, site: String, name: String) -> StoreDay {
    let (tills, versions) = (Vec::new(), Vec::new());
    StoreDay { date: calendar::text(date), site, name, state: DayState::Open, version: 0, tills, versions }
}

fn days(sql: &dyn Sql, filter: &ReportFilter, told: u32) -> Result<Vec<StoreDay>, StoreError> {
    let mut versions = versions(sql, filter, told)?;
    sql.all(
        "select d.business_date, d.site, w.name, d.standing from store_day d join site w on w.site = d.site
         where (cast(?1 as text) is null or d.site = ?1) and d.business_date between ?2 and ?3
         order by d.business_date, d.site limit ?4",
        values![filter.site.as_ref().map(SiteCode::as_str), filter.from, filter.to, STORE_DAYS_MAX],
        |row| {
            let (date, site): (u32, String) = (row.get(0)?, row.get(1)?);
            let versions = versions.remove(&(date, site.clone())).unwrap_or_default();
            let mut day = untouched(date, site, row.get(2)?);
            if let Some(standing) = row.get::<Option<String>>(3)? {
                let standing: Standing =
                    serde_json::from_str(&standing).map_err(|_| StoreError::Damaged("standing"))?;
                (day.state, day.tills) = (standing.state, standing.tills);
            }
            day.version = versions.last().map_or(0, |newest| newest.version);
            Ok(StoreDay { versions, ..day })
        },
    )
}

type Versions = BTreeMap<(u32, String), Vec<DayVersion>>;

/// Of the store-days that are listed the newest versions, so many of each.
fn versions(sql: &dyn Sql, filter: &ReportFilter, told: u32) -> Result<Versions, StoreError> {
    let mut versions = Versions::new();
    // One more than is told: what changed since is told of the oldest too.
    sql.each(
        "with day as (
           select site, business_date from store_day
           where (cast(?1 as text) is null or site = ?1) and business_date between ?2 and ?3
           order by business_date, site limit ?4)
         select v.business_date, v.site, v.version, v.epoch, v.made_at_ms, v.figures
         from day join store_day_version v on v.site = day.site and v.business_date = day.business_date
         where v.version >= (
           select max(n.version) from store_day_version n
           where n.site = v.site and n.business_date = v.business_date) - ?5
         order by v.business_date, v.site, v.version",
        values![filter.site.as_ref().map(SiteCode::as_str), filter.from, filter.to, STORE_DAYS_MAX, told],
        &mut |row| {
            let of_day = versions.entry((row.get(0)?, row.get(1)?)).or_default();
            of_day.push(version(row, of_day.last())?);
            Ok(())
        },
    )?;
    for of_day in versions.values_mut() {
        of_day.drain(..of_day.len().saturating_sub(told as usize));
    }
    Ok(versions)
}

fn version(row: &Row<'_>, before: Option<&DayVersion>) -> Result<DayVersion, StoreError> {
    let figures = figures(&row.get::<String>(5)?)?;
    let changes = before.map_or_else(Vec::new, |before| differences(&before.figures, &figures));
    let (version, epoch, made_at_ms) = (row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(DayVersion { version, epoch, made_at_ms, figures, changes })
}

/// Reads published figures.
pub(super) fn figures(text: &str) -> Result<BTreeMap<String, i64>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged("figures"))
}

fn unclosed(sql: &dyn Sql, date: u32) -> Result<Vec<UnclosedDate>, StoreError> {
    let from = (0..UNCLOSED_DAYS).try_fold(date, |day, _| calendar::previous(day)).unwrap_or(date);
    sql.all(
        "select d.business_date, count(*) from store_day d
         where d.business_date >= ? and d.business_date < ? and not exists (
           select 1 from store_day_version v where v.site = d.site and v.business_date = d.business_date)
         group by d.business_date order by d.business_date",
        values![from, date],
        |row| Ok(UnclosedDate { date: calendar::text(row.get(0)?), stores: row.get(1)? }),
    )
}
