//! Which till is refunding which receipt now: in the database, so that every hub of it says the same, and one that was
//! started again too. Each reservation ends by itself after a time, and with the refund that carries its name.

use suanpan_domain::ids::DocumentNumber;
use suanpan_domain::refund::Refund;
use suanpan_journal::{SiteCode, StationId};
use suanpan_sync::REFUND_KEPT_MS;

use super::enrolled::current_date;
use super::first_rows::{FirstRows, LIST_LIMIT};
use super::sql::{Sql, values};
use super::within::within;
use super::{LookedUp, Station, Store, StoreError, enrolled};
use crate::access::Reach;

/// Twice as long as tills count on, so that no clock and no slow answer cuts it short.
const KEPT_MS: i64 = 2 * REFUND_KEPT_MS;

/// Receipts kept for one till at once: a cashier looks at one. Past it the hub asks to come back.
const RESERVATIONS_MAX: u32 = 50;

/// A station asks for a receipt.
#[derive(Debug)]
pub struct Reserve {
    /// Who asks.
    pub station: Station,
    /// For which.
    pub number: DocumentNumber,
    /// The new reservation's name. One that the station had is over: a refund that is on its way with its name ends no other.
    pub name: String,
    /// The hub's clock.
    pub now_ms: i64,
}

/// Who has a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// The station that asked.
    Yours,
    /// Another.
    Elsewhere {
        /// Its number at its site.
        till: u16,
        /// Its site, if that is not the asking station's.
        site: Option<SiteCode>,
    },
    /// The station has as many as one may have.
    TooMany,
}

impl Store {
    /// Keeps a receipt for a station, unless another has it.
    ///
    /// *Errors:* the store's.
    pub async fn reserve(&self, reserve: Reserve) -> Result<Reserved, StoreError> {
        self.write(move |sql| take(sql, &reserve)).await
    }

    /// Lets a receipt go that the station had.
    ///
    /// *Errors:* the store's.
    pub async fn release(&self, station: StationId, number: DocumentNumber) -> Result<(), StoreError> {
        self.write(move |sql| {
            let number = number.to_string();
            sql.execute("delete from reserved where number = ? and station = ?", values![number, station.0])
                .map(drop)
        })
        .await
    }
}

/// Takes no lock but the receipt's: hubs that do so at once wait for each other in no circle.
fn take(sql: &dyn Sql, asked: &Reserve) -> Result<Reserved, StoreError> {
    let Reserve { station, number, name, now_ms } = asked;
    let (printed, own) = (number.to_string(), station.station.0);
    let others: u32 = sql.only(
        "select count(*) from reserved where station = ? and until_ms > ? and number <> ?",
        values![own, now_ms, printed],
        |row| row.get(0),
    )?;
    if others >= RESERVATIONS_MAX {
        return Ok(Reserved::TooMany);
    }
    let before = sql.one(
        "select 1 from reserved where number = ? and station = ? and until_ms > ?",
        values![printed, own, now_ms],
        |_| Ok(()),
    )?;
    let written = sql.execute(
        "insert into reserved (number, station, till, name, until_ms) values (?, ?, ?, ?, ?)
         on conflict (number) do update set station = excluded.station, till = excluded.till, name = excluded.name,
           until_ms = excluded.until_ms
         where reserved.station = excluded.station or reserved.until_ms <= ?",
        values![printed, own, station.till, name, now_ms.saturating_add(KEPT_MS), now_ms],
    )?;
    if written == 0 {
        let holder = "select r.till, s.site from reserved r left join station s on s.station = r.station
                      where r.number = ?";
        let (till, site): (u16, Option<String>) =
            sql.only(holder, values![printed], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let site = site.and_then(|site| SiteCode::try_from(site).ok()).filter(|site| *site != station.site);
        return Ok(Reserved::Elsewhere { till, site });
    }
    if before.is_none() {
        count_other_site(sql, asked)?;
    }
    Ok(Reserved::Yours)
}

/// Counts a receipt of another store, for HQ. Of a store that does not exist there are none.
fn count_other_site(sql: &dyn Sql, asked: &Reserve) -> Result<(), StoreError> {
    let Reserve { station, number, now_ms, .. } = asked;
    if number.site.eq_ignore_ascii_case(station.site.as_str()) {
        return Ok(());
    }
    let sites = enrolled::sites(sql)?;
    let date = current_date(&sites, *now_ms);
    let Some(site) = sites.iter().find(|it| it.site.as_str().eq_ignore_ascii_case(&number.site)) else {
        return Ok(());
    };
    sql.execute(
        "insert into looked_up (business_date, station, site, receipts) values (?, ?, ?, 1)
         on conflict (business_date, station, site) do update set receipts = looked_up.receipts + 1",
        values![date, station.station.0, site.site.as_str()],
    )?;
    Ok(())
}

/// Ends the reservation of a receipt if its refund has arrived.
pub(super) fn end(sql: &dyn Sql, number: &str, arrived: &[Refund]) -> Result<(), StoreError> {
    for name in arrived.iter().filter_map(|refund| refund.origin.reservation()) {
        sql.execute("delete from reserved where number = ? and name = ?", values![number, name])?;
    }
    Ok(())
}

/// Forgets those whose time is over.
pub(super) fn sweep(sql: &dyn Sql, now_ms: i64) -> Result<(), StoreError> {
    sql.execute("delete from reserved where until_ms <= ?", values![now_ms]).map(drop)
}

/// Who of a reach asked for receipts of which other stores on a date, the most first.
pub(super) fn looked_up(sql: &dyn Sql, reach: &Reach, date: u32) -> Result<FirstRows<LookedUp>, StoreError> {
    let rows = sql.all(
        &format!(
            "select s.site, s.till, l.site, l.receipts from looked_up l join station s on s.station = l.station
             where {} and l.business_date = ?3 order by l.receipts desc, s.site, s.till, l.site limit ?4",
            within("s.site")
        ),
        values![reach.only().map(SiteCode::as_str), reach.listed(), date, LIST_LIMIT],
        |row| Ok(LookedUp { site: row.get(0)?, till: row.get(1)?, of: row.get(2)?, receipts: row.get(3)? }),
    )?;
    Ok(FirstRows::of(rows))
}
