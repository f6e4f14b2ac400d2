//! Store-days: a till's 日结 is compared with what the hub added up; when each till of a store has closed, or a person
//! excused it, the store-day is published as version 1, and whatever comes later makes version 2, 3, …

mod judge;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use suanpan_domain::calendar;
use suanpan_domain::shift::Difference;
use suanpan_journal::SiteCode;

use super::sql::{Sql, Value, values};
use super::{Store, StoreError, lease};

/// Store-days judged in one transaction: each reads some ten small ranges.
const DAYS_AT_ONCE: u32 = 50;

/// Store-days of one report: a year of some thirty stores, or one day of a chain. Of more nothing is told.
pub const STORE_DAYS_MAX: u32 = 10_000;

/// Versions of a store-day that are told, the newest: nobody reads on through those of a till that sells on and on under
/// an old date.
pub const VERSIONS_MAX: u32 = 30;

/// Rows of one statement of [`touch`], so that there are few texts of it.
const ROWS_OF_A_STATEMENT: [usize; 3] = [32, 4, 1];

/// How a store-day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// The date is not over and no till has closed it.
    Open,
    /// A till has not closed.
    Waiting,
    /// Every till has closed; something of it has not arrived or is not understood.
    Pending,
    /// A till's own sums are not what the hub added up.
    Difference,
    /// Published, and every till has closed or is excused.
    Closed,
    /// The date is over, nothing came, and no till may hold any: it has none, or they rested.
    Idle,
}

/// How a till stands on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TillState {
    /// It has not closed.
    Open,
    /// Nothing of the date came from it, and it has not spoken since: it may hold sales.
    Silent,
    /// Receipts came that are newer than its close.
    Reopened,
    /// It has closed, and something before the close has not arrived or is not understood.
    Pending,
    /// It has closed, and its sums are not what the hub added up.
    Difference,
    /// It has closed, and the hub has the same figures.
    Closed,
}

/// Who let a till's day stand as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Excuse {
    /// The person's name at HQ.
    pub by: String,
    /// In the person's words.
    pub reason: String,
    /// When, by the hub's clock.
    pub at_ms: i64,
}

/// A till's part of a store-day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct TillDay {
    /// Its number.
    pub till: u16,
    /// The station that stands there, or the newest of those that sold there that day.
    pub station: String,
    /// How it stands.
    pub state: TillState,
    /// Different numbers received.
    pub received: u32,
    /// Numbers that exist and have not arrived.
    pub missing: u32,
    /// Entries of the date that this hub does not understand.
    pub parked: u32,
    /// When it last spoke, if that is why it is waited for.
    pub silent_since_ms: Option<i64>,
    /// Where the till (`was`) and the hub (`is`) differ.
    #[cfg_attr(test, ts(type = "Array<{ field: string, was: number, is: number }>"))]
    #[cfg_attr(test, schemars(with = "Vec<crate::http::Differs>"))]
    pub differences: Vec<Difference>,
    /// Who excused it.
    pub excuse: Option<Excuse>,
}

/// What was published of a store-day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct DayVersion {
    /// From 1.
    pub version: u32,
    /// The hub's epoch: a hub that was restored may publish a number again.
    pub epoch: u64,
    /// When, by the hub's clock.
    pub made_at_ms: i64,
    /// Counts, and fen, by the names of [`suanpan_domain::shift::Sums::fields`].
    #[cfg_attr(test, ts(type = "{ [name: string]: number }"))]
    pub figures: BTreeMap<String, i64>,
    /// What changed since the version before.
    #[cfg_attr(test, ts(type = "Array<{ field: string, was: number, is: number }>"))]
    #[cfg_attr(test, schemars(with = "Vec<crate::http::Differs>"))]
    pub changes: Vec<Difference>,
}

/// A business date at a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct StoreDay {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// The store's code.
    pub site: String,
    /// Its name.
    pub name: String,
    /// How it stands, as last judged.
    pub state: DayState,
    /// The newest version; 0 while there is none.
    pub version: u32,
    /// Its tills.
    pub tills: Vec<TillDay>,
    /// The newest version, or the newest [`VERSIONS_MAX`] if they were asked for; oldest first.
    pub versions: Vec<DayVersion>,
    /// Batches of the store that are stored and not in it yet, and 1 if it waits to be judged.
    pub pending: i64,
}

/// The store-days of a date, for HQ's page.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct StoreDays {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// By store.
    pub days: Vec<StoreDay>,
    /// Dates of the month before on which a store-day is not closed.
    pub unclosed: Vec<UnclosedDate>,
    /// What figures with a code in their names are called.
    pub names: Vec<FigureName>,
}

/// A figure such as `tender:cash`, as people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct FigureName {
    /// Its name in figures, by `suanpan_domain::shift::Sums::fields`.
    pub field: String,
    /// What the chain calls its tender or tax.
    pub name: String,
    /// The same in English.
    pub name_en: String,
}

/// A date that is not closed everywhere.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct UnclosedDate {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Stores that are not closed.
    pub stores: u32,
}

/// What is kept of a judgement.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    state: DayState,
    tills: Vec<TillDay>,
}

impl Store {
    /// Judges the store-days that are due and publishes what can be published.
    ///
    /// *Errors:* `Fenced` and the store's.
    pub async fn judge_days(&self, token: u64, now_ms: i64) -> Result<(), StoreError> {
        let due = self.read(move |sql| due(sql, now_ms)).await?;
        if due.is_empty() {
            return Ok(());
        }
        let all = due.clone();
        let judged = self.write(move |sql| judge_all(sql, token, &all, now_ms)).await;
        match self.mind_fence(judged) {
            Err(error) if error.is_about_data() => self.judge_each(token, due, now_ms).await,
            judged => judged,
        }
    }

    /// Judges store-days of which one cannot be judged. It stands as it stood, and no other waits for it.
    async fn judge_each(&self, token: u64, due: Vec<(String, u32)>, now_ms: i64) -> Result<(), StoreError> {
        for (site, date) in due {
            let day = [(site.clone(), date)];
            let judged = self.write(move |sql| judge_all(sql, token, &day, now_ms)).await;
            match self.mind_fence(judged) {
                Err(error) if error.is_about_data() => {
                    tracing::error!(code = error.code(), %error, site, date, "a store-day cannot be judged");
                    let later = now_ms.saturating_add(judge::LOOK_AGAIN_MS);
                    self.write(move |sql| look_at(sql, &site, date, later)).await?;
                }
                judged => judged?,
            }
        }
        Ok(())
    }

    /// Lets a till's day stand as it is. The first excuse stands. Says whether the site has such a till.
    ///
    /// *Errors:* the store's.
    pub async fn excuse(
        &self,
        site: SiteCode,
        date: u32,
        till: u16,
        excuse: Excuse,
    ) -> Result<bool, StoreError> {
        let known = self.write(move |sql| record_excuse(sql, site.as_str(), date, till, &excuse)).await?;
        self.pending.send_replace(());
        Ok(known)
    }
}

/// Notes that something of these dates came: a date that is new, or that a till has closed, is judged again.
pub(super) fn touch<'a>(sql: &dyn Sql, days: impl Iterator<Item = (&'a str, u32)>) -> Result<(), StoreError> {
    let days: Vec<(&str, u32)> = days.collect::<BTreeSet<_>>().into_iter().collect();
    let mut rest = days.as_slice();
    for size in ROWS_OF_A_STATEMENT {
        while let Some((now, later)) = rest.split_at_checked(size) {
            let rows = vec!["(?, ?, 0)"; size].join(", ");
            let places: Vec<Value<'_>> = now
                .iter()
                .flat_map(|(site, date)| [Value::Text(site), Value::Int(i64::from(*date))])
                .collect();
            sql.execute(
                &format!(
                    "insert into store_day (site, business_date, look_at_ms) values {rows}
                     on conflict (site, business_date) do update set look_at_ms = 0 where store_day.closing = 1"
                ),
                &places,
            )?;
            rest = later;
        }
    }
    Ok(())
}

/// Notes that a date is being closed: from now on it is judged whenever something comes.
pub(super) fn closing(sql: &dyn Sql, site: &str, date: u32) -> Result<(), StoreError> {
    sql.execute(
        "insert into store_day (site, business_date, closing, look_at_ms) values (?, ?, 1, 0)
         on conflict (site, business_date) do update set closing = 1, look_at_ms = 0",
        values![site, date],
    )?;
    Ok(())
}

fn judge_all(sql: &dyn Sql, token: u64, due: &[(String, u32)], now_ms: i64) -> Result<(), StoreError> {
    lease::check(sql, token)?;
    for (site, date) in due {
        if !has_pending(sql, site)? {
            judge::judge(sql, site, *date, now_ms)?;
        }
    }
    Ok(())
}

fn look_at(sql: &dyn Sql, site: &str, date: u32, at_ms: i64) -> Result<(), StoreError> {
    sql.execute(
        "update store_day set look_at_ms = ? where site = ? and business_date = ?",
        values![at_ms, site, date],
    )
    .map(drop)
}

/// Forgets store-days of dates in which nobody trades: an older hub made some.
pub(super) fn forget_impossible(sql: &dyn Sql) -> Result<(), StoreError> {
    let dates =
        sql.all("select distinct business_date from store_day", values![], |row| row.get::<u32>(0))?;
    for date in dates.into_iter().filter(|date| !calendar::is_business_date(*date)) {
        sql.execute("delete from store_day where business_date = ?", values![date])?;
    }
    Ok(())
}

/// Has those judged again that an older hub called closed while a till was not.
pub(super) fn look_again(sql: &dyn Sql) -> Result<(), StoreError> {
    sql.execute(
        "update store_day set look_at_ms = 0 where look_at_ms is null and (standing like ? or standing like ?
           or standing like ? or standing like ? or standing like ?)",
        values![
            "%\"state\":\"open\"%",
            "%\"state\":\"silent\"%",
            "%\"state\":\"reopened\"%",
            "%\"state\":\"pending\"%",
            "%\"state\":\"difference\"%"
        ],
    )
    .map(drop)
}

/// The store-days that are due.
fn due(sql: &dyn Sql, now_ms: i64) -> Result<Vec<(String, u32)>, StoreError> {
    sql.all(
        "select d.site, d.business_date from store_day d where d.look_at_ms <= ? and not exists (
           select 1 from station s join pending p on p.station = s.station where s.site = d.site)
         order by d.look_at_ms limit ?",
        values![now_ms, DAYS_AT_ONCE],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Whether a site's batches wait for the projector: its days are judged after them.
fn has_pending(sql: &dyn Sql, site: &str) -> Result<bool, StoreError> {
    let waiting = sql.one(
        "select 1 from station s join pending p on p.station = s.station where s.site = ? limit 1",
        values![site],
        |_| Ok(()),
    )?;
    Ok(waiting.is_some())
}

fn record_excuse(
    sql: &dyn Sql,
    site: &str,
    date: u32,
    till: u16,
    excuse: &Excuse,
) -> Result<bool, StoreError> {
    let known = "select 1 from station where site = ? and till = ? limit 1";
    if sql.one(known, values![site, till], |_| Ok(()))?.is_none() {
        return Ok(false);
    }
    sql.execute(
        "insert into excuse (site, business_date, till, by_user, reason, at_ms) values (?, ?, ?, ?, ?, ?)
         on conflict do nothing",
        values![site, date, till, excuse.by, excuse.reason, excuse.at_ms],
    )?;
    closing(sql, site, date)?;
    // Whoever excused it sees at once what that did.
    if !has_pending(sql, site)? {
        judge::judge(sql, site, date, excuse.at_ms)?;
    }
    Ok(true)
}
