//! Who projects: one hub of those that share a database, by a lease that is fenced. A hub that slept past its term
//! may believe that it still holds the lease; its token is an old one by then, and the database refuses its work.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::StoreError;
use super::sql::{Sql, values};

/// A lease lasts this long, in ms: another hub takes over this much after the last one died.
pub const LEASE_MS: i64 = 10_000;

/// A replica that is further behind than this, in ms, shows no reports: replication has stopped.
const BEHIND_MS_MAX: i64 = 60_000;

/// This hub's part in it.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) holder: [u8; 16],
    held: Mutex<Option<Held>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) token: u64,
    pub(super) until_ms: i64,
}

impl Lease {
    pub(super) fn new() -> Result<Lease, StoreError> {
        let mut holder = [0; 16];
        getrandom::fill(&mut holder).map_err(|error| StoreError::Database(Arc::new(error)))?;
        Ok(Lease { holder, held: Mutex::new(None) })
    }

    pub(super) fn held(&self) -> Option<Held> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

const ROW: &str = "select token from lease where name = 'projector'";

pub(super) fn lock(sql: &dyn Sql) -> Result<(), StoreError> {
    sql.lock(ROW, values![])
}

/// The same, unless another works under it just now.
pub(super) fn try_lock(sql: &dyn Sql) -> Result<bool, StoreError> {
    sql.try_lock(ROW, values![])
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
