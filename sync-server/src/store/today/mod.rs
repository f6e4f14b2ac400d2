//! What HQ's page of today shows.

mod figures;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use suanpan_domain::calendar;
use suanpan_journal::{SiteCode, StationId};

pub(super) use self::figures::Kept;
use self::figures::{Figures, Sold};
use super::first_rows::{FirstRows, LIST_LIMIT};
use super::models::returned;
use super::sql::{Sql, values};
use super::within::within;
use super::{Attention, LookedUp, OfflineRefund, ReportFilter, Site, StoreError};
use super::{Store, attention_list, enrolled, postgres, reserved};
use crate::access::Reach;

/// Today, at one instant.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Today {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// The hub's clock.
    pub as_of_ms: i64,
    /// The sites' clocks are this far ahead of UTC, minutes.
    pub utc_offset_min: i32,
    /// The hour in which their business date begins.
    pub day_starts_hour: u32,
    /// Since when nothing new is in the figures, if that is so.
    pub stands_since_ms: Option<i64>,
    /// What customers paid today, refunds subtracted, in fen.
    pub paid_fen: i64,
    /// Sales.
    pub sales: i64,
    /// What a sale brings on average before refunds, rounded down to the fen; 0 without sales.
    pub average_fen: i64,
    /// Refunds.
    pub refunds: i64,
    /// Receipts received.
    pub received: i64,
    /// Receipts known to exist and not received.
    pub missing: i64,
    /// By store.
    pub stores: Vec<StoreLine>,
    /// By hour of the sites' clocks, from the one in which the business date begins.
    pub hours: Vec<Hour>,
    /// By station.
    pub stations: Vec<StationLine>,
    /// Shifts without an end.
    pub unclosed_shifts: Vec<UnclosedShift>,
    /// What somebody has to look at.
    pub problems: Vec<Attention>,
    /// Refunds of the last two weeks that were paid out while the hub was not heard: a till may have been away as long.
    pub offline_refunds: Vec<OfflineRefund>,
    /// Who asked for other stores' receipts.
    pub looked_up: Vec<LookedUp>,
    /// Which of these lists has more rows than it shows.
    pub cut: Vec<TodayList>,
}

/// A list of [`Today`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named as its list")]
pub enum TodayList {
    UnclosedShifts,
    Problems,
    OfflineRefunds,
    LookedUp,
}

/// A store's figures.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct StoreLine {
    /// Its code.
    pub site: String,
    /// Its name.
    pub name: String,
    /// What customers paid, refunds subtracted, in fen.
    pub paid_fen: i64,
    /// Sales.
    pub sales: i64,
    /// Refunds.
    pub refunds: i64,
    /// Receipts known to exist and not received.
    pub missing: i64,
}

/// An hour's figures.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Hour {
    /// 0 to 23.
    pub hour: u32,
    /// What customers paid, refunds subtracted, in fen.
    pub paid_fen: i64,
    /// Sales.
    pub sales: i64,
}

/// A station's line: `1–812 received, 0 missing`, and since when it is silent.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct StationLine {
    /// Its id.
    pub station: String,
    /// Its store.
    pub site: String,
    /// Its store's name.
    pub name: String,
    /// Its number.
    pub till: u16,
    /// The highest number received today; 0 for none.
    pub last_number: u32,
    /// Different numbers received today.
    pub received: u32,
    /// Numbers below the highest that have not arrived.
    pub missing: u32,
    /// When it last spoke.
    pub last_seen_ms: i64,
    /// Set when it has not spoken for longer than a wake-up lasts.
    pub silent_since_ms: Option<i64>,
}

/// A shift that is open.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct UnclosedShift {
    /// Its store.
    pub site: String,
    /// Its till.
    pub till: u16,
    /// Its number on the till.
    pub no: u32,
    /// Staff number.
    pub cashier: String,
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// When it opened.
    pub opened_at_ms: Option<i64>,
}

impl StationLine {
    fn count(&mut self, figures: &Figures) {
        let numbers = figures.sites.get(&self.site).and_then(|it| it.numbers.get(&self.till));
        let numbers = numbers.copied().unwrap_or_default();
        (self.last_number, self.received, self.missing) = (numbers.last, numbers.received, numbers.missing());
    }
}

impl Store {
    /// What HQ's page shows of a reach for a date, or for the chain's current business date. A station that last spoke
    /// before `silent_before_ms` is silent.
    ///
    /// *Errors:* the store's.
    pub async fn today(
        &self,
        reach: Reach,
        date: Option<u32>,
        now_ms: i64,
        silent_before_ms: i64,
    ) -> Result<Today, StoreError> {
        let stands_since_ms = self.headway.standstill(now_ms).map(|it| it.since_ms);
        let (kept, is_shared) = (self.todays.clone(), self.is_shared());
        self.read_long(move |connection| {
            let sites = enrolled::sites(connection)?;
            let date = date.unwrap_or_else(|| enrolled::current_date(&sites, now_ms));
            let filter = ReportFilter { reach, till: None, from: date, to: date };
            // Where servers are spread, what a commit in doubt added to one of them may show after its position.
            let is_spread = is_shared && !postgres::servers(connection)?.is_empty();
            let before = kept.get(&filter).filter(|_| !is_spread);
            let mut stations = stations(connection, &filter.reach, silent_before_ms)?;
            let places = stations.iter().map(|it| (it.station.clone(), it.site.clone())).collect();
            let figures = figures::figures(connection, &filter, places, now_ms, before.as_deref())?;
            stations.iter_mut().for_each(|it| it.count(&figures));
            let today = build(connection, &sites, (&filter, &figures), stations, now_ms)?;
            kept.put(&filter, Arc::new(figures));
            Ok(Today { stands_since_ms, ..today })
        })
        .await
    }
}

const HOURS: u32 = 24;

/// Dates before the page's of which offline refunds are shown too.
const OFFLINE_DAYS_BEFORE: u32 = 13;

fn build(
    connection: &dyn Sql,
    sites: &[Site],
    (filter, figures): (&ReportFilter, &Figures),
    stations: Vec<StationLine>,
    now_ms: i64,
) -> Result<Today, StoreError> {
    let date = filter.from;
    let early = (0..OFFLINE_DAYS_BEFORE).fold(date, |date, _| calendar::previous(date).unwrap_or(date));
    let lately = ReportFilter { from: early, ..filter.clone() };
    let (offline_refunds, _) = returned::offline_refunds(connection, &lately, LIST_LIMIT)?;
    let offline_refunds = FirstRows::of(offline_refunds);
    let unclosed_shifts = unclosed_shifts(connection, &filter.reach)?;
    let current = enrolled::current_date(sites, now_ms);
    let problems = attention_list::attention(connection, &filter.reach, current)?;
    let looked_up = reserved::looked_up(connection, &filter.reach, date)?;
    let cut = [
        (unclosed_shifts.is_cut, TodayList::UnclosedShifts),
        (problems.is_cut, TodayList::Problems),
        (offline_refunds.is_cut, TodayList::OfflineRefunds),
        (looked_up.is_cut, TodayList::LookedUp),
    ];
    let seen = sites.iter().filter(|site| filter.reach.holds(site.site.as_str()));
    let stores: Vec<StoreLine> = seen.map(|site| store_line(site, figures)).collect();
    let sold: Vec<&Sold> = figures.sites.values().flat_map(|it| &it.hours).collect();
    let numbers = || figures.sites.values().flat_map(|it| it.numbers.values());
    let (utc_offset_min, starts_min) = enrolled::clock(sites);
    let day_starts_hour = u32::try_from(starts_min.div_euclid(60)).unwrap_or(0) % HOURS;
    let sales = sum(sold.iter().map(|it| it.sales));
    let sold_fen = sum(sold.iter().map(|it| it.sold_fen));
    Ok(Today {
        date: calendar::text(date),
        as_of_ms: now_ms,
        utc_offset_min,
        day_starts_hour,
        stands_since_ms: None,
        paid_fen: sum(sold.iter().map(|it| it.paid_fen())),
        sales,
        average_fen: sold_fen.checked_div_euclid(sales).unwrap_or(0),
        refunds: sum(sold.iter().map(|it| it.refunds)),
        received: sum(numbers().map(|it| it.received.into())),
        missing: sum(numbers().map(|it| it.missing().into())),
        stores,
        hours: hours(&sold, day_starts_hour),
        stations,
        unclosed_shifts: unclosed_shifts.rows,
        problems: problems.rows,
        offline_refunds: offline_refunds.rows,
        looked_up: looked_up.rows,
        cut: cut.into_iter().filter_map(|(is_cut, list)| is_cut.then_some(list)).collect(),
    })
}

fn sum(figures: impl Iterator<Item = i64>) -> i64 {
    figures.fold(0, i64::saturating_add)
}

fn store_line(site: &Site, figures: &Figures) -> StoreLine {
    let of = figures.sites.get(site.site.as_str());
    let sold = of.map(|it| it.hours.as_slice()).unwrap_or_default();
    let numbers = of.into_iter().flat_map(|it| it.numbers.values());
    StoreLine {
        site: site.site.to_string(),
        name: site.name.clone(),
        paid_fen: sum(sold.iter().map(Sold::paid_fen)),
        sales: sum(sold.iter().map(|it| it.sales)),
        refunds: sum(sold.iter().map(|it| it.refunds)),
        missing: sum(numbers.map(|it| it.missing().into())),
    }
}

/// The hours of a date, from the one in which it begins.
fn hours(sold: &[&Sold], starts_hour: u32) -> Vec<Hour> {
    let mut hours = BTreeMap::<u32, Hour>::new();
    for it in sold {
        let place = it.hour.saturating_add(HOURS).saturating_sub(starts_hour) % HOURS;
        let hour = hours.entry(place).or_insert(Hour { hour: it.hour, paid_fen: 0, sales: 0 });
        hour.paid_fen = hour.paid_fen.saturating_add(it.paid_fen());
        hour.sales = hour.sales.saturating_add(it.sales);
    }
    hours.into_values().collect()
}

fn stations(
    connection: &dyn Sql,
    reach: &Reach,
    silent_before_ms: i64,
) -> Result<Vec<StationLine>, StoreError> {
    let (only, all) = (reach.only().map(SiteCode::as_str), reach.listed());
    connection.all(
        &format!(
            "select s.station, s.site, coalesce(w.name, s.site), s.till, s.last_seen_ms
             from station s left join site w on w.site = s.site
             where {} order by s.site, s.till, s.enrolled_at_ms",
            within("s.site")
        ),
        values![only, all],
        |row| {
            let last_seen_ms: i64 = row.get(4)?;
            Ok(StationLine {
                station: StationId(row.get(0)?).to_string(),
                site: row.get(1)?,
                name: row.get(2)?,
                till: row.get(3)?,
                last_number: 0,
                received: 0,
                missing: 0,
                last_seen_ms,
                silent_since_ms: (last_seen_ms < silent_before_ms).then_some(last_seen_ms),
            })
        },
    )
}

fn unclosed_shifts(connection: &dyn Sql, reach: &Reach) -> Result<FirstRows<UnclosedShift>, StoreError> {
    let shifts = connection.all(
        &format!(
            "select site, till, no, cashier, business_date, opened_at_ms from shift
             where {} and closed_at_ms is null order by business_date, site, till limit ?3",
            within("site")
        ),
        values![reach.only().map(SiteCode::as_str), reach.listed(), LIST_LIMIT],
        |row| {
            Ok(UnclosedShift {
                site: row.get(0)?,
                till: row.get(1)?,
                no: row.get(2)?,
                cashier: row.get(3)?,
                date: calendar::text(row.get(4)?),
                opened_at_ms: row.get(5)?,
            })
        },
    )?;
    Ok(FirstRows::of(shifts))
}
