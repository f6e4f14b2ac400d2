//! Publishing: rows are compared with what holds, and chained, before the transaction that writes them, so that however
//! many there are a till waits for their insertion at most. It is done anew where somebody else published meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use suanpan_journal::Hash;
use suanpan_sync::{FeedChange, FeedEntry, Scope, feed_genesis, follow_feed};

use super::audit::{Change, record};
use super::enrolled::put_site;
use super::feed::{epoch, head};
use super::sql::{Insert, Sql, ToValue, Value, values};
use super::{NewRow, News, ScopeHead, Site, Store, StoreError};
use crate::clock::now_ms;

/// Rows that one read compares, for some ms: other reads go in between.
const COMPARED_AT_ONCE: usize = 1_000;

/// Rows that are sent to the database one behind the other.
const SENT_AT_ONCE: usize = 1_000;

impl Store {
    /// Publishes rows in one transaction: one cut before, one after. Rows that change nothing are left out.
    /// Gives how many were published.
    ///
    /// *Errors:* the store's, and `Damaged` if a row exceeds the feed's limits.
    pub async fn publish(&self, rows: Vec<NewRow>) -> Result<u64, StoreError> {
        self.publish_with(Vec::new(), rows.into(), "command".to_owned()).await
    }

    /// The same, with the sites that the rows are of: all of it holds, or nothing does.
    ///
    /// *Errors:* as [`Store::publish`].
    pub async fn publish_with(
        &self,
        sites: Vec<Site>,
        rows: Arc<[NewRow]>,
        by: String,
    ) -> Result<u64, StoreError> {
        let all = rows.clone();
        let base = self.read(move |sql| Base::read(sql, &all)).await?;
        let news = self.news_of(&rows).await?;
        let prepared = Publication::of(base, &rows, news)?;
        let written = self.write(move |sql| {
            sites.iter().try_for_each(|site| put_site(sql, site))?;
            prepared.base.lock(sql)?;
            let before = heads(sql, &rows)?;
            let published = match Base::read(sql, &rows)? == prepared.base {
                true => prepared.write(sql),
                false => publish(sql, &rows, now_ms()),
            }?;
            if published > 0 {
                let change = Change::new(&by, "catalogue.publish", format!("{published} rows"));
                record(sql, now_ms(), &change.before(Some(&before)).after(&heads(sql, &rows)?))?;
            }
            Ok(published)
        });
        let published = written.await?;
        if published > 0 {
            self.published.send_modify(|count| *count = count.saturating_add(1));
        }
        Ok(published)
    }

    /// What rows would change if they were published now.
    ///
    /// *Errors:* the store's.
    pub async fn news_of(&self, rows: &Arc<[NewRow]>) -> Result<Vec<News>, StoreError> {
        let now_ms = now_ms();
        let mut before = Vec::with_capacity(rows.len());
        for from in (0..rows.len()).step_by(COMPARED_AT_ONCE) {
            let rows = rows.clone();
            let part = self.read_long(move |sql| {
                let part = rows.iter().skip(from).take(COMPARED_AT_ONCE);
                part.map(|row| held(sql, row, now_ms)).collect::<Result<Vec<_>, _>>()
            });
            before.extend(part.await?);
        }
        Ok(among(rows, before, now_ms))
    }
}

/// Publishes rows in a transaction that is open.
pub(super) fn publish(sql: &dyn Sql, rows: &[NewRow], now_ms: i64) -> Result<u64, StoreError> {
    Base::read(sql, rows)?.lock(sql)?;
    let before = rows.iter().map(|row| held(sql, row, now_ms)).collect::<Result<_, _>>()?;
    Publication::of(Base::read(sql, rows)?, rows, among(rows, before, now_ms))?.write(sql)
}

/// The versions of the scopes of some rows.
fn heads(sql: &dyn Sql, rows: &[NewRow]) -> Result<serde_json::Value, StoreError> {
    let scopes: BTreeSet<String> = rows.iter().map(|row| row.scope.to_string()).collect();
    let mut heads = serde_json::Map::new();
    for scope in scopes {
        let version: Option<u64> =
            sql.one("select version from scope_head where scope = ?", values![scope], |row| row.get(0))?;
        heads.insert(scope, version.unwrap_or(0).into());
    }
    Ok(heads.into())
}

/// Whether a row would change something.
pub(super) fn is_news(sql: &dyn Sql, row: &NewRow, now_ms: i64) -> Result<bool, StoreError> {
    Ok(effective(row, held(sql, row, now_ms)?.as_ref()).is_some())
}

/// A body, none if it was deleted, and since when it holds.
type Held = (Option<String>, i64);

/// What a row would take the place of.
fn held(sql: &dyn Sql, row: &NewRow, now_ms: i64) -> Result<Option<Held>, StoreError> {
    sql.one(
        "select body, effective_at_ms from feed where scope = ? and tbl = ? and key = ? and effective_at_ms <= ?
             order by effective_at_ms desc, version desc limit 1",
        values![row.scope.to_string(), row.table, row.key, by(row, now_ms)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn by(row: &NewRow, now_ms: i64) -> i64 {
    if row.effective_at_ms == 0 { now_ms } else { row.effective_at_ms }
}

fn body(row: &NewRow) -> Option<&String> {
    match &row.change {
        FeedChange::Put { body } => Some(body),
        FeedChange::Delete => None,
    }
}

/// From when a row holds, or `None` if it changes nothing. What is published for now takes the place of what holds now,
/// so that whoever reads the rows in the order of their times, and not as they came, finds the same.
fn effective(row: &NewRow, before: Option<&Held>) -> Option<i64> {
    let (was, since_ms) = before.map_or((None, 0), |(body, since_ms)| (body.as_ref(), *since_ms));
    let at_ms = if row.effective_at_ms == 0 { since_ms } else { row.effective_at_ms };
    let is_same = was == body(row) && (was.is_none() || at_ms == since_ms);
    (!is_same).then_some(at_ms)
}

/// A row's scope, table and key.
type Name<'a> = (&'a Scope, &'a str, &'a str);

/// Those of some rows that change something. A row that comes again is compared with itself.
fn among(rows: &[NewRow], before: Vec<Option<Held>>, now_ms: i64) -> Vec<News> {
    let mut said: HashMap<Name<'_>, Vec<(&NewRow, i64)>> = HashMap::new();
    let mut news = Vec::new();
    for (nth, (row, mut before)) in rows.iter().zip(before).enumerate() {
        let said = said.entry((&row.scope, &row.table, &row.key)).or_default();
        for (earlier, at_ms) in said.iter().filter(|(_, at_ms)| *at_ms <= by(row, now_ms)) {
            if before.as_ref().is_none_or(|(_, since_ms)| since_ms <= at_ms) {
                before = Some((body(earlier).cloned(), *at_ms));
            }
        }
        if let Some(effective_at_ms) = effective(row, before.as_ref()) {
            said.push((row, effective_at_ms));
            news.push(News { nth, effective_at_ms, before: before.and_then(|(body, _)| body) });
        }
    }
    news
}

/// What rows are compared with and follow: the heads of their scopes.
#[derive(Debug, PartialEq, Eq)]
struct Base {
    epoch: u64,
    heads: BTreeMap<Scope, ScopeHead>,
}

impl Base {
    fn read(sql: &dyn Sql, rows: &[NewRow]) -> Result<Base, StoreError> {
        let scopes: BTreeSet<&Scope> = rows.iter().map(|row| &row.scope).collect();
        let head = |scope: &Scope| Ok((scope.clone(), head(sql, scope)?));
        let heads = scopes.into_iter().map(head).collect::<Result<_, StoreError>>()?;
        Ok(Base { epoch: epoch(sql)?, heads })
    }

    /// Versions of a scope are allocated under its row's lock, which a new scope first needs.
    fn lock(&self, sql: &dyn Sql) -> Result<(), StoreError> {
        for scope in self.heads.keys() {
            let name = scope.to_string();
            sql.execute(
                "insert into scope_head (scope, version, hash) values (?, 0, ?) on conflict do nothing",
                values![name, feed_genesis(scope).0],
            )?;
            sql.lock("select scope from scope_head where scope = ?", values![name])?;
        }
        Ok(())
    }
}

/// Entries behind their scopes' heads.
struct Publication {
    base: Base,
    entries: Vec<(FeedEntry, Hash)>,
    /// The heads that they lead to.
    heads: BTreeMap<Scope, ScopeHead>,
}

impl Publication {
    fn of(base: Base, rows: &[NewRow], news: Vec<News>) -> Result<Publication, StoreError> {
        let (mut heads, mut entries) = (base.heads.clone(), Vec::with_capacity(news.len()));
        for News { nth, effective_at_ms, .. } in news {
            let Some(row) = rows.get(nth) else { continue };
            let Some(head) = heads.get_mut(&row.scope) else { continue };
            let entry = FeedEntry {
                scope: row.scope.clone(),
                epoch: base.epoch,
                version: head.version.saturating_add(1),
                table: row.table.clone(),
                key: row.key.clone(),
                effective_at_ms,
                change: row.change.clone(),
            };
            entry.fits().map_err(|_| StoreError::Damaged("feed entry"))?;
            head.hash = follow_feed(&head.hash, &entry);
            head.version = entry.version;
            entries.push((entry, head.hash));
        }
        Ok(Publication { base, entries, heads })
    }

    /// Writes them on their base, which is locked; gives how many they are.
    fn write(&self, sql: &dyn Sql) -> Result<u64, StoreError> {
        let names: BTreeMap<&Scope, String> =
            self.heads.keys().map(|scope| (scope, scope.to_string())).collect();
        for part in self.entries.chunks(SENT_AT_ONCE) {
            let rows: Vec<[Value<'_>; 8]> = part
                .iter()
                .map(|(entry, hash)| {
                    [
                        names.get(&entry.scope).map_or(Value::Null, ToValue::to_value),
                        entry.version.to_value(),
                        entry.epoch.to_value(),
                        entry.table.to_value(),
                        entry.key.to_value(),
                        entry.effective_at_ms.to_value(),
                        match &entry.change {
                            FeedChange::Put { body } => Value::Text(body),
                            FeedChange::Delete => Value::Null,
                        },
                        hash.0.to_value(),
                    ]
                })
                .collect();
            let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| row.as_slice()).collect();
            let into = "feed (scope, version, epoch, tbl, key, effective_at_ms, body, hash)";
            sql.insert(Insert { into, row: "(?, ?, ?, ?, ?, ?, ?, ?)", then: "" }, &rows)?;
        }
        for head in self.heads.values() {
            sql.execute(
                "update scope_head set version = ?, hash = ? where scope = ?",
                values![head.version, head.hash.0, head.scope.to_string()],
            )?;
        }
        Ok(self.entries.len() as u64)
    }
}
