//! Store-days as people and scripts read them.

use std::collections::{BTreeMap, BTreeSet};

use suanpan_domain::calendar;
use suanpan_domain::catalogue::{Table, TaxCode, Tender};
use suanpan_domain::shift::differences;
use suanpan_journal::{SiteCode, StationId};
use suanpan_sync::Scope;

use super::types::{
    DayState, DayVersion, Drawer, FigureName, Judgement, StoreDay, StoreDays, TillDay, TillState,
    UnclosedDate, figures,
};
use super::{STORE_DAYS_MAX, judge};
use crate::access::Reach;
use crate::store::models::DAYS;
use crate::store::sql::{Row, Sql, values};
use crate::store::within::within;
use crate::store::{ReportFilter, Store, StoreError, enrolled, reports};

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
            let waiting: i64 = reports::pending(sql, &filter, &DAYS)?.into_values().sum();
            let judged: i64 = sql.only(
                &format!("select count(*) from store_day where look_at_ms <= ?3 and {}", within("site")),
                values![filter.reach.only().map(SiteCode::as_str), filter.reach.listed(), now_ms],
                |row| row.get(0),
            )?;
            Ok((days(sql, &filter, versions, now_ms)?, waiting.saturating_add(judged)))
        })
        .await
    }

    /// The store-days of a date, or of the chain's current date, with the stores of which nothing came yet.
    ///
    /// *Errors:* the store's.
    pub async fn store_days_of(
        &self,
        reach: Reach,
        date: Option<u32>,
        sees_drawers: bool,
        now_ms: i64,
    ) -> Result<StoreDays, StoreError> {
        self.read_long(move |sql| {
            let mut sites = enrolled::sites(sql)?;
            let date = date.unwrap_or_else(|| enrolled::current_date(&sites, now_ms));
            sites.retain(|site| reach.holds(site.site.as_str()));
            let filter = ReportFilter { reach, till: None, from: date, to: date };
            let mut days = days(sql, &filter, 1, now_ms)?;
            let heard: BTreeSet<String> = days.iter().map(|day| day.site.clone()).collect();
            let with_tills: BTreeSet<String> = sql
                .all("select distinct site from station", values![], |row| row.get(0))?
                .into_iter()
                .collect();
            for site in sites.iter().filter(|site| !heard.contains(site.site.as_str())) {
                let mut day = untouched(date, site.site.to_string(), site.name.clone());
                (day.state, day.tills) = match with_tills.contains(site.site.as_str()) {
                    true => judge::unheard(sql, site, date, now_ms)?,
                    false => (DayState::Idle, Vec::new()),
                };
                days.push(day);
            }
            let (unclosed, names) = (unclosed(sql, &filter)?, names(sql)?);
            let drawers = if sees_drawers { drawers(sql, &filter)? } else { Vec::new() };
            Ok(StoreDays { date: calendar::text(date), days, unclosed, names, drawers })
        })
        .await
    }
}

fn drawers(sql: &dyn Sql, filter: &ReportFilter) -> Result<Vec<Drawer>, StoreError> {
    let drawers: Vec<Drawer> = sql.all(
        &format!(
            "select d.site, d.till, d.no, d.cashier, d.over_short_fen, d.during from (
               select site, till, no, cashier, over_short_fen, business_date, closed_at_ms as at_ms, 0 as during
               from shift
               union all
               select c.site, c.till, coalesce(s.no, 0), case c.cashier when '' then s.cashier else c.cashier end,
                 c.over_short_fen, c.business_date, c.at_ms, 1
               from drawer_count c left join shift s on s.id = c.shift
             ) d where {} and d.business_date between ?3 and ?4 and d.over_short_fen <> 0
             order by d.site, d.till, d.no, d.at_ms, d.during desc limit ?5",
            within("d.site")
        ),
        values![
            filter.reach.only().map(SiteCode::as_str),
            filter.reach.listed(),
            filter.from,
            filter.to,
            STORE_DAYS_MAX + 1
        ],
        |row| {
            let (site, till, shift) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let cashier: Option<String> = row.get(3)?;
            Ok(Drawer {
                site,
                till,
                shift,
                cashier: cashier.unwrap_or_default(),
                over_short_fen: row.get(4)?,
                during_shift: row.get(5)?,
            })
        },
    )?;
    reports::refuse_more(drawers.len(), STORE_DAYS_MAX)?;
    Ok(drawers)
}

fn untouched(date: u32, site: String, name: String) -> StoreDay {
    let (tills, versions, pending) = (Vec::new(), Vec::new(), 0);
    let date = calendar::text(date);
    StoreDay { date, site, name, state: DayState::Open, version: 0, tills, versions, pending }
}

fn days(sql: &dyn Sql, filter: &ReportFilter, told: u32, now_ms: i64) -> Result<Vec<StoreDay>, StoreError> {
    let mut versions = versions(sql, filter, told)?;
    let mut numbers = numbers(sql, filter)?;
    let waiting = reports::pending(sql, filter, &DAYS)?;
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    let days = sql.all(
        &format!(
            "select d.business_date, d.site, coalesce(w.name, d.site), d.standing, d.look_at_ms
             from store_day d left join site w on w.site = d.site
             where {} and d.business_date between ?3 and ?4
             order by d.business_date, d.site limit ?5",
            within("d.site")
        ),
        values![only, all, filter.from, filter.to, STORE_DAYS_MAX + 1],
        |row| {
            let (date, site): (u32, String) = (row.get(0)?, row.get(1)?);
            let place = (date, site.clone());
            let mut day = untouched(date, site, row.get(2)?);
            if let Some(standing) = row.get::<Option<String>>(3)? {
                let standing: Judgement =
                    serde_json::from_str(&standing).map_err(|_| StoreError::Damaged("standing"))?;
                (day.state, day.tills) = (standing.state, standing.tills);
            }
            refresh(&mut day.tills, numbers.remove(&place).unwrap_or_default());
            day.versions = versions.remove(&place).unwrap_or_default();
            day.version = day.versions.last().map_or(0, |newest| newest.version);
            let is_due = row.get::<Option<i64>>(4)?.is_some_and(|at| at <= now_ms);
            day.pending = waiting.get(&day.site).copied().unwrap_or(0).saturating_add(is_due.into());
            Ok(day)
        },
    )?;
    reports::refuse_more(days.len(), STORE_DAYS_MAX)?;
    Ok(days)
}

/// What is known of a till's numbers now: it may have sold since its store-day was judged.
struct Numbers {
    till: u16,
    received: u32,
    last: u32,
    station: Option<[u8; 16]>,
}

/// The numbers of the store-days that are not closed.
fn numbers(
    sql: &dyn Sql,
    filter: &ReportFilter,
) -> Result<BTreeMap<(u32, String), Vec<Numbers>>, StoreError> {
    let mut numbers = BTreeMap::<_, Vec<Numbers>>::new();
    let newest = newest_stations(sql, filter)?;
    sql.each(
        &format!(
            "select d.business_date, d.site, n.till, n.received, n.last_number
             from store_day d join numbering n on n.site = d.site and n.business_date = d.business_date
             where {} and d.business_date between ?3 and ?4 and d.look_at_ms is not null
             order by n.till",
            within("d.site")
        ),
        values![filter.reach.only().map(SiteCode::as_str), filter.reach.listed(), filter.from, filter.to],
        &mut |row| {
            let (date, site): (u32, String) = (row.get(0)?, row.get(1)?);
            let (till, received, last) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let station = newest.get(&(site.clone(), till)).copied();
            let of_day = numbers.entry((date, site)).or_default();
            of_day.push(Numbers { till, received, last, station });
            Ok(())
        },
    )?;
    Ok(numbers)
}

/// The station of each till that was enrolled last.
fn newest_stations(
    sql: &dyn Sql,
    filter: &ReportFilter,
) -> Result<BTreeMap<(String, u16), [u8; 16]>, StoreError> {
    let stations = sql.all(
        &format!(
            "select site, till, station from station where {} order by enrolled_at_ms, station",
            within("site")
        ),
        values![filter.reach.only().map(SiteCode::as_str), filter.reach.listed()],
        |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)),
    )?;
    Ok(stations.into_iter().collect())
}

/// Gives each till the numbers of now; one that sold since is open.
fn refresh(tills: &mut Vec<TillDay>, numbers: Vec<Numbers>) {
    for Numbers { till, received, last, station } in numbers {
        let missing = last.saturating_sub(received);
        match tills.iter_mut().find(|it| it.till == till) {
            Some(known) => {
                known.received = received;
                if known.state == TillState::Silent {
                    (known.state, known.silent_since_ms) = (TillState::Open, None);
                }
                if known.state == TillState::Open {
                    known.missing = missing;
                }
            }
            None => tills.push(TillDay {
                till,
                station: station.map_or_else(String::new, |id| StationId(id).to_string()),
                state: TillState::Open,
                received,
                missing,
                parked: 0,
                silent_since_ms: None,
                differences: Vec::new(),
                excuse: None,
            }),
        }
    }
    tills.sort_by_key(|it| it.till);
}

/// What the chain calls its tenders and taxes now.
fn names(sql: &dyn Sql) -> Result<Vec<FigureName>, StoreError> {
    let mut named = BTreeMap::new();
    sql.each(
        "select tbl, body from feed where scope = ? and tbl in (?, ?) and body is not null
         order by effective_at_ms, version",
        values![Scope::Chain.to_string(), Table::Tender.name(), Table::Tax.name()],
        &mut |row| {
            let (table, body): (String, String) = (row.get(0)?, row.get(1)?);
            if table == Table::Tender.name() {
                let Ok(tender) = serde_json::from_str::<Tender>(&body) else { return Ok(()) };
                named.insert(format!("tender:{}", tender.code), (tender.name, tender.name_en));
            } else if let Ok(tax) = serde_json::from_str::<TaxCode>(&body) {
                let rate = match (tax.exempt, tax.rate_bp % 100) {
                    (true, _) => "exempt".to_owned(),
                    (false, 0) => format!("{}%", tax.rate_bp / 100),
                    (false, rest) => format!("{}.{rest:02}%", tax.rate_bp / 100),
                };
                for side in ["net", "tax"] {
                    named.insert(format!("{side}:{}", tax.code), (tax.name.clone(), rate.clone()));
                }
            }
            Ok(())
        },
    )?;
    let all = named.into_iter().map(|(field, (name, name_en))| FigureName { field, name, name_en });
    Ok(all.collect())
}

type Versions = BTreeMap<(u32, String), Vec<DayVersion>>;

/// Of the store-days that are listed the newest versions, so many of each.
fn versions(sql: &dyn Sql, filter: &ReportFilter, told: u32) -> Result<Versions, StoreError> {
    let mut versions = Versions::new();
    // One more than is told: what changed since is told of the oldest too.
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    sql.each(
        &format!(
            "with day as (
               select site, business_date from store_day
               where {} and business_date between ?3 and ?4
               order by business_date, site limit ?5)
             select v.business_date, v.site, v.version, v.epoch, v.made_at_ms, v.figures
             from day join store_day_version v on v.site = day.site and v.business_date = day.business_date
             where v.version >= (
               select max(n.version) from store_day_version n
               where n.site = v.site and n.business_date = v.business_date) - ?6
             order by v.business_date, v.site, v.version",
            within("site")
        ),
        values![only, all, filter.from, filter.to, STORE_DAYS_MAX, told],
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

fn unclosed(sql: &dyn Sql, filter: &ReportFilter) -> Result<Vec<UnclosedDate>, StoreError> {
    let date = filter.from;
    let from = (0..UNCLOSED_DAYS).try_fold(date, |day, _| calendar::previous(day)).unwrap_or(date);
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    sql.all(
        &format!(
            "select d.business_date, count(*) from store_day d
             where {} and d.business_date >= ?3 and d.business_date < ?4 and (d.standing is null
               or d.standing not like ?5 and d.standing not like ?6)
             group by d.business_date order by d.business_date",
            within("d.site")
        ),
        // A standing begins with its state.
        values![only, all, from, date, "{\"state\":\"closed\"%", "{\"state\":\"idle\"%"],
        |row| Ok(UnclosedDate { date: calendar::text(row.get(0)?), stores: row.get(1)? }),
    )
}
