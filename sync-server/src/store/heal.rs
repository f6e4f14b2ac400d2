//! What older hubs let into the figures and this one parks: a sale of i64::MAX fen, a number 0, a date that does not
//! exist. Looked for once in a database; where there is any, the figures are built anew.

use std::sync::atomic::Ordering;

use suanpan_domain::bounds::{NUMBER_MAX, SUM_MAX};
use suanpan_domain::calendar;

use super::sql::{Sql, values};
use super::{Store, StoreError, day, enrolled};

/// The rules by which the figures were added up. Kept in `meta`, which older hubs leave alone.
const RULES: &str = "1";

impl Store {
    /// Looks for such figures unless that was done before, and has them built anew.
    ///
    /// *Errors:* `Fenced` and the store's.
    pub async fn heal(&self) -> Result<(), StoreError> {
        if self.is_healed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let token = self.lead(crate::clock::now_ms()).await?.ok_or(StoreError::Fenced)?;
        self.renew_models(token).await?;
        let rules = "select value from meta where key = 'figures'";
        let found: Option<String> = self.read(move |sql| sql.one(rules, values![], |row| row.get(0))).await?;
        if found.as_deref() != Some(RULES) {
            if self.has_figures_beyond().await? {
                tracing::warn!(code = "HUB-PRJ-008", "figures out of bounds: all are added up anew");
                self.forget_projections(token).await?;
            }
            self.write(|sql| {
                day::forget_impossible(sql)?;
                day::look_again(sql)?;
                sql.execute(
                    "insert into meta (key, value) values ('figures', ?)
                     on conflict (key) do update set value = excluded.value",
                    values![RULES],
                )
            })
            .await?;
        }
        self.is_healed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Site by site, so that nobody waits for long.
    async fn has_figures_beyond(&self) -> Result<bool, StoreError> {
        for site in self.read(enrolled::sites).await? {
            let site = site.site.to_string();
            if self.read(move |sql| is_beyond(sql, &site)).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_beyond(sql: &dyn Sql, site: &str) -> Result<bool, StoreError> {
    let totals = sql.one(
        "select 1 from total where site = ? and not fen between ? and ? limit 1",
        values![site, -SUM_MAX.0, SUM_MAX.0],
        |_| Ok(()),
    )?;
    let numbers = sql.one(
        "select 1 from numbering n where n.site = ? and (n.last_number > ? or exists (
           select 1 from document d where d.site = n.site and d.business_date = n.business_date
             and d.till = n.till and d.number = 0)) limit 1",
        values![site, NUMBER_MAX],
        |_| Ok(()),
    )?;
    let closes = sql.one(
        "select 1 from day_close where site = ? and last_number > ? limit 1",
        values![site, NUMBER_MAX],
        |_| Ok(()),
    )?;
    if totals.or(numbers).or(closes).is_some() {
        return Ok(true);
    }
    let dates = sql
        .all("select business_date from store_day where site = ?", values![site], |row| row.get::<u32>(0))?;
    Ok(dates.into_iter().any(|date| !calendar::is_business_date(date)))
}
