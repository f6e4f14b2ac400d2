use suanpan_journal::Hash;
use suanpan_sync::limits::{PAGE_BYTES, PAGE_ENTRIES};
use suanpan_sync::{FeedChange, FeedEntry, FeedHead, Scope, ScopeVersion, epoch_after, feed_genesis};

use super::Store;
use super::sql::{Row, Sql, values};
use super::{FeedPage, ScopeHead, StoreError};

/// Bodies of a row that are looked back at: by an older one a till is refused once, and sends without.
const HISTORY_MAX: u32 = 16;

impl Store {
    /// Follows what other hubs of this database publish: gives a number that grows with it, and wakes whoever waits if it
    /// is not the one seen before.
    ///
    /// *Errors:* the store's.
    pub async fn follow_published(&self, seen: u64) -> Result<u64, StoreError> {
        let all: u64 = self
            .read(|sql| {
                let versions = "select cast(coalesce(sum(version), 0) as bigint) from scope_head";
                sql.only(versions, values![], |row| row.get(0))
            })
            .await?;
        if all != seen {
            self.published.send_modify(|count| *count = count.saturating_add(1));
        }
        Ok(all)
    }

    /// The newest body of a row, whenever it holds; `None` if there is none or it was deleted.
    ///
    /// *Errors:* the store's.
    pub async fn row(
        &self,
        scope: Scope,
        table: &'static str,
        key: String,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |connection| {
            let body: Option<Option<String>> = connection.one(
                "select body from feed where scope = ? and tbl = ? and key = ?
                     order by effective_at_ms desc, version desc limit 1",
                values![scope.to_string(), table, key],
                |row| row.get(0),
            )?;
            Ok(body.flatten())
        })
        .await
    }

    /// Every body that a row ever had, the newest first, as many as may be of use.
    ///
    /// *Errors:* the store's.
    pub async fn row_history(
        &self,
        scope: Scope,
        table: &'static str,
        key: &'static str,
    ) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            connection.all(
                "select body from feed where scope = ? and tbl = ? and key = ? and body is not null
                     order by effective_at_ms desc, version desc limit ?",
                values![scope.to_string(), table, key, HISTORY_MAX],
                |row| row.get(0),
            )
        })
        .await
    }

    /// The heads of some scopes; a scope without entries is at version 0.
    ///
    /// *Errors:* the store's.
    pub async fn heads(&self, scopes: Vec<Scope>) -> Result<(u64, Vec<ScopeHead>), StoreError> {
        self.read(move |connection| {
            let heads = scopes.iter().map(|scope| head(connection, scope)).collect::<Result<_, _>>()?;
            Ok((epoch(connection)?, heads))
        })
        .await
    }

    /// Says of each head whether this hub still has it.
    ///
    /// *Errors:* the store's.
    pub async fn holds(&self, heads: Vec<FeedHead>) -> Result<Vec<bool>, StoreError> {
        self.read(move |connection| {
            heads.iter().map(|it| Ok(hash_at(connection, &it.scope, it.version)? == Some(it.hash))).collect()
        })
        .await
    }

    /// Starts a new epoch if something is shown, signed in epoch `shown`, that the hub does not have. Looks
    /// before it writes: nearly always there is nothing to do.
    ///
    /// *Errors:* the store's.
    pub async fn believe_if_new(&self, shown: u64, held: bool, now_ms: i64) -> Result<(), StoreError> {
        let own = self.read(epoch).await?;
        if epoch_after(own, shown, held, now_ms).is_none() {
            return Ok(());
        }
        self.write(move |connection| {
            let own = epoch(connection)?;
            advance_epoch(connection, epoch_after(own, shown, held, now_ms), own).map(drop)
        })
        .await
    }

    /// The entries of each scope after a version and up to the cut's, as much as fits a page.
    ///
    /// *Errors:* the store's.
    pub async fn feed_page(
        &self,
        after: Vec<ScopeVersion>,
        cut: Vec<ScopeVersion>,
    ) -> Result<FeedPage, StoreError> {
        self.read(move |connection| {
            let mut page = FeedPage { entries: Vec::new(), more: false };
            let mut bytes = 0;
            for to in &cut {
                let from = after.iter().find(|it| it.scope == to.scope).map_or(0, |it| it.version);
                if add_entries(connection, to, from, &mut page, &mut bytes)? {
                    page.more = true;
                    break;
                }
            }
            Ok(page)
        })
        .await
    }
}

/// Adds a scope's entries to a page; says whether some did not fit.
fn add_entries(
    connection: &dyn Sql,
    to: &ScopeVersion,
    from: u64,
    page: &mut FeedPage,
    bytes: &mut usize,
) -> Result<bool, StoreError> {
    // One more than fits, to know whether there is one.
    let room = PAGE_ENTRIES.saturating_sub(page.entries.len()).saturating_add(1);
    let mut is_full = false;
    connection.each(
        "select scope, version, epoch, tbl, key, effective_at_ms, body from feed
         where scope = ? and version > ? and version <= ? order by version limit ?",
        values![to.scope.to_string(), from, to.version, room],
        &mut |row| {
            is_full = is_full || page.entries.len() >= PAGE_ENTRIES || *bytes >= PAGE_BYTES;
            if !is_full {
                let next = entry(row)?;
                if let FeedChange::Put { body } = &next.change {
                    *bytes = bytes.saturating_add(body.len());
                }
                page.entries.push(next);
            }
            Ok(())
        },
    )?;
    Ok(is_full)
}

/// Reads (scope, version, epoch, tbl, key, effective_at_ms, body).
pub(super) fn entry(row: &Row<'_>) -> Result<FeedEntry, StoreError> {
    let scope: String = row.get(0)?;
    let body: Option<String> = row.get(6)?;
    Ok(FeedEntry {
        scope: scope.parse().map_err(|_| StoreError::Damaged("scope"))?,
        version: row.get(1)?,
        epoch: row.get(2)?,
        table: row.get(3)?,
        key: row.get(4)?,
        effective_at_ms: row.get(5)?,
        change: body.map_or(FeedChange::Delete, |body| FeedChange::Put { body }),
    })
}

pub(super) fn head(connection: &dyn Sql, scope: &Scope) -> Result<ScopeHead, StoreError> {
    let found = connection.one(
        "select version, hash from scope_head where scope = ?",
        values![scope.to_string()],
        |row| Ok((row.get(0)?, Hash(row.get(1)?))),
    )?;
    let (version, hash) = found.unwrap_or_else(|| (0, feed_genesis(scope)));
    Ok(ScopeHead { scope: scope.clone(), version, hash })
}

fn hash_at(connection: &dyn Sql, scope: &Scope, version: u64) -> Result<Option<Hash>, StoreError> {
    if version == 0 {
        return Ok(Some(feed_genesis(scope)));
    }
    let hash = connection.one(
        "select hash from feed where scope = ? and version = ?",
        values![scope.to_string(), version],
        |row| row.get(0).map(Hash),
    )?;
    Ok(hash)
}

pub(super) fn epoch(connection: &dyn Sql) -> Result<u64, StoreError> {
    connection.only("select value from meta where key = 'epoch'", values![], |row| epoch_in(row, 0))
}

/// Reads an epoch, which is kept as text.
pub(super) fn epoch_in(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    row.get::<String>(column)?.parse().map_err(|_| StoreError::Damaged("epoch"))
}

/// Writes a new epoch if there is one, and gives the one that holds.
pub(super) fn advance_epoch(connection: &dyn Sql, new: Option<u64>, own: u64) -> Result<u64, StoreError> {
    let Some(new) = new else { return Ok(own) };
    connection.execute("update meta set value = ? where key = 'epoch'", values![new.to_string()])?;
    tracing::warn!(
        code = "HUB-EPO-001",
        epoch.before = own,
        epoch.now = new,
        "this hub was restored: new epoch"
    );
    Ok(new)
}
