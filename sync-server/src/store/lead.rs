//! Takes the projector's lease, keeps it and gives it up.

use super::error::StoreError;
use super::lease::{Held, LEASE_MS, try_lock};
use super::sql::{Sql, values};
use super::{Store, reserved};

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
    if !try_lock(sql)? {
        return Ok(None);
    }
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
