//! What the sites sold on a date: kept, and read again only of sites of which something came.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use suanpan_domain::totals::Dimension;
use suanpan_journal::{SiteCode, StationId};

use crate::store::error::StoreError;
use crate::store::models::FIGURES;
use crate::store::sql::{Sql, values};
use crate::store::types::ReportFilter;
use crate::store::within::{within, within_each};

/// For so long figures are carried on by what changed. Then they are read whole, whatever became of them meanwhile.
pub(super) const CARRIED_ON_MS: i64 = 60_000;

/// Figures that are kept at most, of different sites or dates: those that were asked for last.
const KEPT_MAX: usize = 32;

/// What sites sold on a date.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) sites: BTreeMap<String, SiteFigures>,
    /// Where each station stood.
    places: Places,
    /// The last batch that is in them.
    newest: Option<Stamp>,
    /// What was read, as [`complete`] tells; nothing when it lacked something.
    models: Option<Vec<ModelRow>>,
    /// When they were read whole.
    read_at_ms: i64,
}

/// What a site sold.
#[derive(Debug, Clone, Default)]
pub(super) struct SiteFigures {
    pub(super) hours: Vec<Sold>,
    /// By till.
    pub(super) numbers: BTreeMap<u16, Numbers>,
}

/// What a site sold in an hour of its clock.
#[derive(Debug, Clone)]
pub(super) struct Sold {
    pub(super) hour: u32,
    pub(super) sales: i64,
    pub(super) sold_fen: i64,
    pub(super) refunds: i64,
    /// Below zero.
    pub(super) refunded_fen: i64,
}

impl Sold {
    pub(super) fn paid_fen(&self) -> i64 {
        self.sold_fen.saturating_add(self.refunded_fen)
    }
}

/// Which receipts of a till arrived.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    /// The highest number.
    pub(super) last: u32,
    /// Different numbers.
    pub(super) received: u32,
}

impl Numbers {
    pub(super) fn missing(self) -> u32 {
        self.last.saturating_sub(self.received)
    }
}

/// Of whom and when: the sites of a reach and a date.
type Question = (Option<String>, u32);

/// Stations and their sites.
pub(super) type Places = BTreeMap<String, String>;

/// A position, the station of its batch, and that batch.
type Stamp = (u64, StationId, i64);

/// The figures that were last read, the newest at the end. One store's are read whole: that costs no more.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Vec<(Question, Arc<Figures>)>>);

impl Kept {
    pub(super) fn get(&self, filter: &ReportFilter) -> Option<Arc<Figures>> {
        let (asked, kept) = (question(filter), self.0.lock().unwrap_or_else(PoisonError::into_inner));
        kept.iter().find(|(question, _)| *question == asked).map(|(_, figures)| Arc::clone(figures))
    }

    pub(super) fn put(&self, filter: &ReportFilter, figures: Arc<Figures>) {
        if filter.reach.only().is_some() {
            return;
        }
        let (asked, mut kept) = (question(filter), self.0.lock().unwrap_or_else(PoisonError::into_inner));
        kept.retain(|(question, _)| *question != asked);
        let over = (kept.len() + 1).saturating_sub(KEPT_MAX);
        kept.drain(..over);
        kept.push((asked, figures));
    }
}

fn question(filter: &ReportFilter) -> Question {
    (filter.reach.listed(), filter.from)
}

/// A model's name, its version, and how often it was emptied.
type ModelRow = (String, u32, u64);

/// What figures are read from, if it lacks nothing.
fn complete(sql: &dyn Sql) -> Result<Option<Vec<ModelRow>>, StoreError> {
    let named = "select name, version, emptied, through from model where name in (?, ?) order by name";
    let models = sql.all(named, values![FIGURES[0], FIGURES[1]], |row| {
        let through: Option<u64> = row.get(3)?;
        Ok(through.is_none().then_some((row.get(0)?, row.get(1)?, row.get(2)?)))
    })?;
    Ok(models.into_iter().collect())
}

/// The figures of a date, carried on from what was read before where that may be.
pub(super) fn figures(
    sql: &dyn Sql,
    filter: &ReportFilter,
    places: Places,
    now_ms: i64,
    before: Option<&Figures>,
) -> Result<Figures, StoreError> {
    let (models, newest) = (complete(sql)?, newest(sql)?);
    let is_young = |it: &Figures| now_ms.abs_diff(it.read_at_ms) < CARRIED_ON_MS.unsigned_abs();
    let before = before.filter(|it| models.is_some() && it.models == models && is_young(it));
    let stations = before.map_or(Ok(None), |before| added_since(sql, before.newest))?;
    let (Some(before), Some(stations)) = (before, stations) else {
        return Ok(Figures { sites: read(sql, filter)?, places, newest, models, read_at_ms: now_ms });
    };
    let has_moved = |station: &str| before.places.get(station) != places.get(station);
    let moved = before.places.keys().chain(places.keys()).filter(|it| has_moved(it));
    let places_of = |station: &String| [before.places.get(station), places.get(station)];
    let changed = stations.iter().chain(moved).flat_map(places_of).flatten();
    let changed = filter.reach.among(&changed.filter_map(|site| site.parse().ok()).collect());
    let mut sites = before.sites.clone();
    if !changed.sites().is_empty() {
        changed.sites().iter().for_each(|site| drop(sites.remove(site.as_str())));
        sites.extend(read(sql, &ReportFilter { reach: changed, ..filter.clone() })?);
    }
    Ok(Figures { sites, places, newest, models, read_at_ms: before.read_at_ms })
}

fn newest(sql: &dyn Sql) -> Result<Option<Stamp>, StoreError> {
    sql.one("select gseq, station, batch from stamp order by gseq desc limit 1", values![], |row| {
        Ok((row.get(0)?, StationId(row.get(1)?), row.get(2)?))
    })
}

/// Stations of which something was added since a position; nothing if the database does not know that one: it is older than
/// the one that was read before.
fn added_since(sql: &dyn Sql, last: Option<Stamp>) -> Result<Option<Vec<String>>, StoreError> {
    let (after, station, batch) = last.unwrap_or((0, StationId([0; 16]), 0));
    if last.is_some() {
        let known = "select 1 from stamp where gseq = ? and station = ? and batch = ?";
        if sql.one(known, values![after, station.0, batch], |_| Ok(()))?.is_none() {
            return Ok(None);
        }
    }
    let stations = "select distinct station from stamp where gseq > ?";
    sql.all(stations, values![after], |row| Ok(StationId(row.get(0)?).to_string())).map(Some)
}

fn read(sql: &dyn Sql, filter: &ReportFilter) -> Result<BTreeMap<String, SiteFigures>, StoreError> {
    let mut sites = BTreeMap::<String, SiteFigures>::new();
    let (sales, refunds) = (Dimension::Sales as u8, Dimension::Refunds as u8);
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    sql.each(&sold_sql(), values![only, all, filter.from, sales, refunds], &mut |row| {
        let sold = Sold {
            hour: row.get(1)?,
            sales: row.get(2)?,
            sold_fen: row.get(3)?,
            refunds: row.get(4)?,
            refunded_fen: row.get(5)?,
        };
        sites.entry(row.get(0)?).or_default().hours.push(sold);
        Ok(())
    })?;
    let numbers = format!(
        "select site, till, last_number, received from numbering where {} and business_date = ?3",
        within_each("site")
    );
    sql.each(&numbers, values![only, all, filter.from], &mut |row| {
        let numbers = Numbers { last: row.get(2)?, received: row.get(3)? };
        sites.entry(row.get(0)?).or_default().numbers.insert(row.get(1)?, numbers);
        Ok(())
    })?;
    Ok(sites)
}

/// Of each till only its sales and refunds are read: what it sold by item or tender lies between them. Tills first, whether a
/// station stands there still or not: SQLite keeps the order of a cross join.
pub(super) fn sold_sql() -> String {
    let of = |dimension: &str, column: &str| {
        format!("cast(coalesce(sum({column}) filter (where t.dimension = {dimension}), 0) as bigint)")
    };
    format!(
        "select t.site, t.hour, {}, {}, {}, {}
         from (
           select site, till from station where {}
           union select site, till from numbering where {} and business_date = ?3
         ) s cross join total t
         where t.site = s.site and t.business_date = ?3 and t.till = s.till and t.dimension in (?4, ?5)
         group by t.site, t.hour order by t.site, t.hour",
        of("?4", "count"),
        of("?4", "fen"),
        of("?5", "count"),
        of("?5", "fen"),
        within("site"),
        within_each("site"),
    )
}
