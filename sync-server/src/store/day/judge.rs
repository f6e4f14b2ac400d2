//! Decides how a store-day stands: what is known of it is read once, and the rest is arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use suanpan_domain::calendar;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces};
use suanpan_domain::shift::{Sums, differences};
use suanpan_domain::totals::{Dimension, Posting, sums};
use suanpan_journal::StationId;

use super::types::{DayState, Excuse, Judgement, TillDay, TillState, figures};
use crate::project::DOUBLED;
use crate::store::sql::{Sql, Value, values};
use crate::store::{Site, StoreError, enrolled, feed};

/// A till that sold in so many days before is in use: if it is silent, its store-day waits for it.
const IN_USE_DAYS: u32 = 7;

/// A day that is over and not closed is looked at this often, in ms: a till may have spoken and had nothing to say.
pub(super) const LOOK_AGAIN_MS: i64 = 300_000;

/// A station of the site.
struct Stationed {
    id: StationId,
    enrolled_at_ms: i64,
    last_seen_ms: i64,
}

/// A station's newest 日结 of the date.
struct Closed {
    last_number: u32,
    sums: Sums,
}

/// What is known of a till on the date.
#[derive(Default)]
struct Till {
    stations: Vec<Stationed>,
    closes: BTreeMap<StationId, Closed>,
    /// Different numbers, and the highest.
    numbers: (u32, u32),
    postings: Vec<Posting>,
    parked: u32,
    excuse: Option<Excuse>,
    /// Sold in the days before.
    in_use: bool,
    /// Who sold there, where several stations could have.
    sold_by: BTreeSet<StationId>,
}

/// Judges a store-day, publishes it if it can be, and says when to look again.
pub(super) fn judge(sql: &dyn Sql, site: &str, date: u32, now_ms: i64) -> Result<(), StoreError> {
    // An excuse that comes meanwhile waits, and has it judged again.
    sql.lock("select site from store_day where site = ? and business_date = ?", values![site, date])?;
    let ends_ms = ends_ms(sql, site, date)?;
    let tills = read(sql, site, date)?;
    let days: Vec<TillDay> = tills.iter().filter_map(|(number, till)| till.day(*number, ends_ms)).collect();
    let figures = sums(tills.values().flat_map(|till| &till.postings)).fields();
    let published = newest(sql, site, date)?;
    // While the date runs, an excuse alone ends nothing.
    let is_running = now_ms < ends_ms;
    let has_closed = days.iter().any(|day| day.state == TillState::Closed);
    let settled = !days.is_empty() && days.iter().all(is_settled) && (has_closed || !is_running);
    let version = match published {
        Some((version, ref was)) if *was == figures => version,
        None if !settled => 0,
        published => {
            let next = published.map_or(0, |(version, _)| version).saturating_add(1);
            publish(sql, (site, date, next), &figures, now_ms)?;
            next
        }
    };
    let state = state(&days, version > 0, is_running);
    let look_at_ms = match state {
        DayState::Closed | DayState::Idle => None,
        _ if is_running => Some(ends_ms),
        _ => Some(now_ms.saturating_add(LOOK_AGAIN_MS)),
    };
    let standing = Judgement { state, tills: days };
    let standing = serde_json::to_string(&standing).map_err(|_| StoreError::Damaged("standing"))?;
    sql.execute(
        "update store_day set look_at_ms = ?, standing = ? where site = ? and business_date = ?",
        values![look_at_ms, standing, site, date],
    )?;
    Ok(())
}

/// How a store-day stands of which nothing came, and the tills that may hold some of it.
pub(super) fn unheard(
    sql: &dyn Sql,
    site: &Site,
    date: u32,
    now_ms: i64,
) -> Result<(DayState, Vec<TillDay>), StoreError> {
    let ends_ms = ends_by((site.utc_offset_min, site.day_starts_min), date);
    if now_ms < ends_ms {
        return Ok((DayState::Open, Vec::new()));
    }
    let tills = read(sql, site.site.as_str(), date)?;
    let days: Vec<_> = tills.iter().filter_map(|(number, till)| till.day(*number, ends_ms)).collect();
    Ok((state(&days, false, false), days))
}

fn is_settled(day: &TillDay) -> bool {
    day.state == TillState::Closed || day.excuse.is_some()
}

fn state(days: &[TillDay], is_published: bool, is_running: bool) -> DayState {
    let any = |state| days.iter().any(|day| day.state == state && day.excuse.is_none());
    let untouched = days.iter().all(|day| matches!(day.state, TillState::Open | TillState::Silent));
    if any(TillState::Difference) {
        DayState::Difference
    } else if days.is_empty() && !is_running {
        DayState::Idle
    } else if is_published && days.iter().all(is_settled) {
        // What comes later, as of a till that opened the date again, is for somebody to look at.
        DayState::Closed
    } else if is_running && untouched {
        DayState::Open
    } else if any(TillState::Pending)
        && ![TillState::Open, TillState::Silent, TillState::Reopened].map(any).contains(&true)
    {
        DayState::Pending
    } else {
        DayState::Waiting
    }
}

impl Till {
    /// Its part of the day; `None` if it rested.
    fn day(&self, number: u16, ends_ms: i64) -> Option<TillDay> {
        let newest = self.stations.iter().max_by_key(|station| station.enrolled_at_ms)?;
        let is_active = !self.postings.is_empty() || !self.closes.is_empty() || self.parked > 0;
        let is_awaited = self.in_use && newest.last_seen_ms < ends_ms;
        if !is_active && !is_awaited && self.excuse.is_none() {
            return None;
        }
        let mut day = TillDay {
            till: number,
            station: self.sellers().last().map_or(newest.id, |id| *id).to_string(),
            state: TillState::Silent,
            received: self.numbers.0,
            missing: 0,
            parked: self.parked,
            silent_since_ms: None,
            differences: Vec::new(),
            excuse: self.excuse.clone(),
        };
        if is_active {
            self.compare(&mut day)
        } else {
            day.silent_since_ms = Some(newest.last_seen_ms)
        }
        Some(day)
    }

    /// The stations that wrote something of the day; of a till's only station that is taken for granted.
    fn sellers(&self) -> Vec<StationId> {
        let mut stations: Vec<&Stationed> = self.stations.iter().collect();
        stations.sort_by_key(|station| station.enrolled_at_ms);
        let ids = stations.into_iter().map(|station| station.id);
        if self.stations.len() == 1 {
            return ids.collect();
        }
        ids.filter(|id| self.sold_by.contains(id) || self.closes.contains_key(id)).collect()
    }

    /// Compares what the till recorded at its close with what the hub has.
    fn compare(&self, day: &mut TillDay) {
        let (received, highest) = self.numbers;
        let sellers = self.sellers();
        let has_closed = !sellers.is_empty() && sellers.iter().all(|id| self.closes.contains_key(id));
        let closed_at = self.closes.values().map(|close| close.last_number).max().unwrap_or(0);
        day.missing = closed_at.max(highest).saturating_sub(received);
        if !has_closed {
            day.state = TillState::Open;
            return;
        }
        let mut recorded = Sums::default();
        self.closes.values().for_each(|close| recorded.add(&close.sums));
        day.state = if highest > closed_at {
            TillState::Reopened
        } else if day.missing > 0 || self.parked > 0 {
            TillState::Pending
        } else {
            day.differences = differences(&recorded.fields(), &sums(&self.postings).fields());
            if day.differences.is_empty() { TillState::Closed } else { TillState::Difference }
        };
    }
}

/// When the date ends by the site's clock.
fn ends_ms(sql: &dyn Sql, site: &str, date: u32) -> Result<i64, StoreError> {
    let clock =
        sql.one("select utc_offset_min, day_starts_min from site where site = ?", values![site], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(ends_by(clock.unwrap_or(enrolled::CHINA), date))
}

fn ends_by((offset, starts): (i32, i32), date: u32) -> i64 {
    let next = calendar::next(date).and_then(|next| calendar::begins_ms(next, offset, starts));
    next.unwrap_or(i64::MAX)
}

type Tills = BTreeMap<u16, Till>;

fn read(sql: &dyn Sql, site: &str, date: u32) -> Result<Tills, StoreError> {
    let mut tills = Tills::new();
    let place = values![site, date];
    sql.each(
        "select till, station, enrolled_at_ms, last_seen_ms from station where site = ?",
        values![site],
        &mut |row| {
            let till: u16 = row.get(0)?;
            let (id, enrolled_at_ms, last_seen_ms) = (StationId(row.get(1)?), row.get(2)?, row.get(3)?);
            tills.entry(till).or_default().stations.push(Stationed { id, enrolled_at_ms, last_seen_ms });
            Ok(())
        },
    )?;
    sql.each(
        "select till, received, last_number from numbering where site = ? and business_date = ?",
        place,
        &mut |row| {
            tills.entry(row.get(0)?).or_default().numbers = (row.get(1)?, row.get(2)?);
            Ok(())
        },
    )?;
    sql.each(
        "select till, by_user, reason, at_ms from excuse where site = ? and business_date = ?",
        place,
        &mut |row| {
            let excuse = Excuse { by: row.get(1)?, reason: row.get(2)?, at_ms: row.get(3)? };
            tills.entry(row.get(0)?).or_default().excuse = Some(excuse);
            Ok(())
        },
    )?;
    read_closes(sql, place, &mut tills)?;
    read_sums(sql, place, &mut tills)?;
    read_others(sql, (site, date), &mut tills)?;
    Ok(tills)
}

/// The newest close of each station. A date that was reopened is closed again, with a number at least as high; batches
/// may have come in another order.
fn read_closes(sql: &dyn Sql, place: &[Value<'_>], tills: &mut Tills) -> Result<(), StoreError> {
    sql.each(
        "select till, station, last_number, sums from day_close where site = ? and business_date = ?
         order by last_number, gseq",
        place,
        &mut |row| {
            let sums = serde_json::from_str(&row.get::<String>(3)?);
            let close =
                Closed { last_number: row.get(2)?, sums: sums.map_err(|_| StoreError::Damaged("sums"))? };
            tills.entry(row.get(0)?).or_default().closes.insert(StationId(row.get(1)?), close);
            Ok(())
        },
    )
}

fn read_sums(sql: &dyn Sql, place: &[Value<'_>], tills: &mut Tills) -> Result<(), StoreError> {
    sql.each(
        "select till, dimension, key, cast(sum(count) as bigint), cast(sum(fen) as bigint), cast(sum(grams) as bigint)
         from total where site = ? and business_date = ? and dimension <> 10 group by till, dimension, key",
        place,
        &mut |row| {
            let dimension = Dimension::from_number(row.get(1)?).ok_or(StoreError::Damaged("dimension"))?;
            tills.entry(row.get(0)?).or_default().postings.push(Posting {
                dimension,
                key: row.get(2)?,
                count: row.get(3)?,
                fen: Fen(row.get(4)?),
                grams: Grams(row.get(5)?),
                pieces: Pieces(0),
            });
            Ok(())
        },
    )
}

fn read_others(sql: &dyn Sql, (site, date): (&str, u32), tills: &mut Tills) -> Result<(), StoreError> {
    sql.each(
        "select s.till, cast(sum(p.entries) as bigint) from station s join parked_count p on p.station = s.station
         where s.site = ? and p.business_date = ? and p.code <> ? and p.entries > 0 group by s.till",
        // A document that came twice is in the figures once, and understood.
        values![site, date, DOUBLED],
        &mut |row| {
            tills.entry(row.get(0)?).or_default().parked = row.get(1)?;
            Ok(())
        },
    )?;
    let before = (0..IN_USE_DAYS).try_fold(date, |day, _| calendar::previous(day)).unwrap_or(date);
    sql.each(
        "select distinct till from numbering where site = ? and business_date >= ? and business_date < ?",
        values![site, before, date],
        &mut |row| {
            tills.entry(row.get(0)?).or_default().in_use = true;
            Ok(())
        },
    )?;
    for (number, till) in tills.iter_mut().filter(|(_, till)| till.stations.len() > 1) {
        let sold_by = sql.all(
            "select distinct station from document where site = ? and business_date = ? and till = ?",
            values![site, date, number],
            |row| Ok(StationId(row.get(0)?)),
        )?;
        till.sold_by = sold_by.into_iter().collect();
    }
    Ok(())
}

type Published = (u32, BTreeMap<String, i64>);

fn newest(sql: &dyn Sql, site: &str, date: u32) -> Result<Option<Published>, StoreError> {
    sql.one(
        "select version, figures from store_day_version where site = ? and business_date = ?
         order by version desc limit 1",
        values![site, date],
        |row| Ok((row.get(0)?, figures(&row.get::<String>(1)?)?)),
    )
}

fn publish(
    sql: &dyn Sql,
    (site, date, version): (&str, u32, u32),
    figures: &BTreeMap<String, i64>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let figures = serde_json::to_string(figures).map_err(|_| StoreError::Damaged("figures"))?;
    sql.execute(
        "insert into store_day_version (site, business_date, version, epoch, made_at_ms, figures)
         values (?, ?, ?, ?, ?, ?)",
        values![site, date, version, feed::epoch(sql)?, now_ms, figures],
    )?;
    Ok(())
}
