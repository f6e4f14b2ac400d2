//! Who projects: one hub of those that share a database, by a lease that is fenced. A hub that slept past its term
//! may believe that it still holds the lease; its token is an old one by then, and the database refuses its work.

use std::sync::{Arc, Mutex, PoisonError};

use super::sql::{Sql, values};
use super::{Store, StoreError, reserved};

/// A lease lasts this long, in ms: another hub takes over this much after the last one died.
pub const LEASE_MS: i64 = 10_000;

/// A replica that is further behind than this, in ms, shows no reports: replication has stopped.
const BEHIND_MS_MAX: i64 = 60_000;

/// This hub's part in it.
#[derive(Debug)]
pub(super) struct Lease {
    holder: [u8; 16],
    held: Mutex<Option<Held>>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    token: u64,
    until_ms: i64,
}

impl Lease {
    pub(super) fn new() -> Result<Lease, StoreError> {
        let mut holder = [0; 16];
        getrandom::fill(&mut holder).map_err(|error| StoreError::Database(Arc::new(error)))?;
        Ok(Lease { holder, held: Mutex::new(None) })
    }

    fn held(&self) -> Option<Held> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

impl Store {
    /// Takes the projector's lease, or keeps it; gives the token under which to project, or `None` while another hub
    /// holds it.
    ///
    /// *Errors:* the store's.
    pub async fn lead(&self, now_ms: i64) -> Result<Option<u64>, StoreError> {
        if let Some(held) = self.lease.held()
            && held.until_ms.saturating_sub(now_ms) > LEASE_MS / 2
        {
            return Ok(Some(held.token));
        }
        let (holder, is_shared) = (self.lease.holder, self.is_shared());
        let held = self.write(move |sql| take(sql, holder, is_shared, now_ms)).await?;
        self.lease.set(held);
        Ok(held.map(|held| held.token))
    }

    /// Gives the lease up, so that another hub need not wait until it ends.
    ///
    /// *Errors:* the store's.
    pub async fn resign(&self) -> Result<(), StoreError> {
        self.lease.set(None);
        let holder = self.lease.holder;
        self.write(move |sql| {
            sql.execute("update lease set expires_at_ms = 0 where holder = ?", values![holder]).map(drop)
        })
        .await
    }

    /// What a projecting transaction found out about the lease: once fenced, this hub asks for a new one.
    pub(super) fn mind_fence<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if matches!(result, Err(StoreError::Fenced)) {
            self.lease.set(None);
        }
        result
    }
}

fn take(sql: &dyn Sql, holder: [u8; 16], is_shared: bool, now_ms: i64) -> Result<Option<Held>, StoreError> {
    sql.execute(
        "insert into lease (name, holder, token, expires_at_ms) values ('projector', ?, 0, 0)
         on conflict do nothing",
        values![holder],
    )?;
    lock(sql)?;
    let (owner, token, expires_at_ms): ([u8; 16], u64, i64) = sql.only(
        "select holder, token, expires_at_ms from lease where name = 'projector'",
        values![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    // Whoever held a folder's lease is gone: this process has the folder's lock.
    if is_shared && owner != holder && expires_at_ms > now_ms {
        return Ok(None);
    }
    let token = if owner == holder && token > 0 { token } else { token.saturating_add(1) };
    let until_ms = now_ms.saturating_add(LEASE_MS);
    sql.execute(
        "update lease set holder = ?, token = ?, expires_at_ms = ? where name = 'projector'",
        values![holder, token, until_ms],
    )?;
    reserved::sweep(sql, now_ms)?;
    Ok(Some(Held { token, until_ms }))
}

fn lock(sql: &dyn Sql) -> Result<(), StoreError> {
    sql.lock("select token from lease where name = 'projector'", values![])
}

/// Refuses a transaction whose token is not the newest. No other takes the lease before it ends.
pub(super) fn check(sql: &dyn Sql, token: u64) -> Result<(), StoreError> {
    lock(sql)?;
    let newest: Option<u64> =
        sql.one("select token from lease where name = 'projector'", values![], |row| row.get(0))?;
    if newest == Some(token) { Ok(()) } else { Err(StoreError::Fenced) }
}

/// Refuses to read from a replica on which the lease, which is kept every few seconds, ended long ago.
pub(super) fn refuse_stale(sql: &dyn Sql) -> Result<(), StoreError> {
    let behind_ms: Option<i64> = sql.one(
        "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) - expires_at_ms from lease
         where name = 'projector'",
        values![],
        |row| row.get(0),
    )?;
    let behind_ms = behind_ms.unwrap_or(i64::MAX);
    if behind_ms <= BEHIND_MS_MAX { Ok(()) } else { Err(StoreError::Stale { behind_s: behind_ms / 1_000 }) }
}
