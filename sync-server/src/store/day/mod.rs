//! Store-days: a till's 日结 is compared with what the hub added up; when each till of a store has closed, or a person
//! excused it, the store-day is published as version 1, and whatever comes later makes version 2, 3, …

mod judge;
mod read;
mod types;

use std::collections::BTreeSet;

use suanpan_domain::calendar;
use suanpan_journal::SiteCode;

use super::audit::{Change, record};
use super::models::{JUDGED, behind};
use super::sql::{Sql, Value, values};
use super::{Store, StoreError, lease};
pub use types::{
    DayState, DayVersion, Drawer, Excuse, FigureName, StoreDay, StoreDays, TillDay, TillState, UnclosedDate,
};

/// Store-days judged in one transaction: each reads some ten small ranges.
const DAYS_AT_ONCE: u32 = 50;

/// Store-days of one report: a year of some thirty stores, or one day of a chain. Of more nothing is told.
pub const STORE_DAYS_MAX: u32 = 10_000;

/// Versions of a store-day that are told, the newest: nobody reads on through those of a till that sells on and on under
/// an old date.
pub const VERSIONS_MAX: u32 = 30;

/// Rows of one statement of [`touch`], so that there are few texts of it.
const ROWS_OF_A_STATEMENT: [usize; 3] = [32, 4, 1];

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

/// Has every store-day judged again.
pub(super) fn look_at_all(sql: &dyn Sql) -> Result<(), StoreError> {
    sql.execute("update store_day set look_at_ms = 0", values![]).map(drop)
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
    if is_lacking(sql)? {
        return Ok(Vec::new());
    }
    sql.all(
        "select site, business_date from store_day where look_at_ms <= ? and site not in (
           select s.site from station s join pending p on p.station = s.station)
         order by look_at_ms limit ?",
        values![now_ms, DAYS_AT_ONCE],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Whether what days are judged by lacks something.
fn is_lacking(sql: &dyn Sql) -> Result<bool, StoreError> {
    let behind = behind(sql)?;
    Ok(JUDGED.iter().any(|model| behind.contains_key(*model)))
}

/// Whether a site's batches wait for the projector: its days are judged after them.
fn has_pending(sql: &dyn Sql, site: &str) -> Result<bool, StoreError> {
    if is_lacking(sql)? {
        return Ok(true);
    }
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
    let is_in = |table: &str| -> Result<bool, StoreError> {
        let known = format!("select 1 from {table} where site = ? and till = ? limit 1");
        Ok(sql.one(&known, values![site, till], |_| Ok(()))?.is_some())
    };
    // Whoever sold under the number may stand elsewhere by now.
    if !is_in("station")? && !is_in("numbering")? {
        return Ok(false);
    }
    let added = sql.execute(
        "insert into excuse (site, business_date, till, by_user, reason, at_ms) values (?, ?, ?, ?, ?, ?)
         on conflict do nothing",
        values![site, date, till, excuse.by, excuse.reason, excuse.at_ms],
    )?;
    if added > 0 {
        let by = format!("person {}", excuse.by);
        let change = Change::new(&by, "till.excuse", format!("till {site}/{till} on {date}"));
        record(sql, excuse.at_ms, &change.after(&serde_json::json!({ "reason": excuse.reason })))?;
    }
    closing(sql, site, date)?;
    // Whoever excused it sees at once what that did.
    if !has_pending(sql, site)? {
        judge::judge(sql, site, date, excuse.at_ms)?;
    }
    Ok(true)
}
