//! What a restore lost of the feeds, as tills remember it. Nothing of it holds until a person publishes it again.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use suanpan_domain::catalogue::{Fault, Row, Table, faults};
use suanpan_journal::Hash;
use suanpan_sync::{FeedChange, FeedEntry, Scope};

use super::audit::{Change, record};
use super::holding::holding;
use super::publish::{is_news, publish};
use super::sql::{Sql, values};
use super::{NewRow, Station, Store, StoreError};

/// Rows that are listed; the others after these are dealt with.
const LISTED_MAX: u32 = 200;

/// Tables whose rows hold what no page shows: hashes of PINs and cards, and bytes.
const UNSHOWN: [Table; 2] = [Table::Staff, Table::Dictionary];

/// A proven entry, with the chain's hash after it.
pub type Proven = (FeedEntry, Hash);

/// Names a lost change as it was shown: a newer one of the same row is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LostKey {
    /// Its scope.
    #[cfg_attr(test, schemars(with = "String"))]
    pub scope: Scope,
    /// Its table.
    pub table: String,
    /// Its key.
    pub key: String,
    /// The epoch in which it was published.
    pub epoch: u64,
    /// Its version.
    pub version: u64,
}

/// Which lost changes a person decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostChoice {
    /// This one.
    Row(LostKey),
    /// All of a list, by its [`Lost::shown`].
    All(String),
}

/// A change that tills applied and this hub lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct LostRow {
    /// For whom, such as `chain` or `site:HT01`.
    pub scope: String,
    /// Kind of row.
    pub table: String,
    /// Which row.
    pub key: String,
    /// The epoch in which it was published.
    pub epoch: u64,
    /// Its version.
    pub version: u64,
    /// From when it holds, in ms; 0 for at once.
    pub effective_at_ms: i64,
    /// What was published, as JSON; none if the row was deleted, or is one that no page shows.
    pub body: Option<String>,
    /// What holds here now.
    pub current: Option<String>,
    /// Whose till showed it first.
    pub site: String,
    /// That till.
    pub till: u16,
}

/// What HQ is asked about.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Lost {
    /// The first of them.
    pub rows: Vec<LostRow>,
    /// All of them.
    pub count: u32,
    /// Names all of them as they are: whoever decides about all of them shows it again, and decides about no other.
    pub shown: String,
}

/// What a person decides about lost changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LostDecision {
    /// Publish it again, as news.
    Publish,
    /// Let it go.
    Drop,
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// So many rows were published.
    Done(u64),
    /// What was decided about is not what waits.
    Changed,
    /// Why a row could not be imported today.
    Refused(String),
}

impl Store {
    /// Takes down what this hub does not have of the entries of one scope that a till proved. Every till of a chain shows
    /// the same: the first one's are written, for the others it is looked up.
    ///
    /// *Errors:* the store's.
    pub async fn take_lost(
        &self,
        station: &Station,
        scope: Scope,
        proven: Vec<Proven>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let new = self.read(move |sql| unknown(sql, &scope, proven)).await?;
        if new.is_empty() {
            return Ok(());
        }
        let place = (station.site.to_string(), station.till);
        self.write(move |sql| new.iter().try_for_each(|entry| note(sql, entry, (&place.0, place.1), now_ms)))
            .await
    }

    /// What nobody has decided about.
    ///
    /// *Errors:* the store's.
    pub async fn lost(&self) -> Result<Lost, StoreError> {
        self.read(|sql| {
            let waiting = waiting(sql)?;
            let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
            Ok(Lost { rows: listed(sql)?, count, shown: name(&waiting) })
        })
        .await
    }

    /// Publishes lost changes again, or lets them go. Nothing is decided when a change that was chosen does not wait any
    /// more, when others wait than were shown, or when one that is to be published could not be imported.
    ///
    /// *Errors:* the store's; then nothing was decided.
    pub async fn decide_lost(
        &self,
        decision: LostDecision,
        choice: LostChoice,
        by: String,
        now_ms: i64,
    ) -> Result<Decided, StoreError> {
        let decided = self.write(move |sql| decide(sql, decision, choice, &by, now_ms)).await?;
        if matches!(decided, Decided::Done(count) if count > 0) {
            self.published.send_modify(|count| *count = count.saturating_add(1));
        }
        Ok(decided)
    }
}

/// The entries that this hub neither has nor has noted, of each row the newest.
fn unknown(sql: &dyn Sql, scope: &Scope, proven: Vec<Proven>) -> Result<Vec<FeedEntry>, StoreError> {
    let name = scope.to_string();
    let first = proven.first().map_or(0, |(entry, _)| entry.version);
    let mut held: HashMap<u64, Hash> = HashMap::new();
    sql.each(
        "select version, hash from feed where scope = ? and version >= ? order by version limit ?",
        values![name, first, proven.len()],
        &mut |row| {
            held.insert(row.get(0)?, Hash(row.get(1)?));
            Ok(())
        },
    )?;
    let mut noted: HashMap<(String, String), (u64, u64)> = HashMap::new();
    sql.each("select tbl, key, epoch, version from lost_feed where scope = ?", values![name], &mut |row| {
        noted.insert((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
        Ok(())
    })?;
    let mut new = HashMap::new();
    for (entry, hash) in proven {
        let place = (entry.table.clone(), entry.key.clone());
        let is_noted = noted.get(&place).is_some_and(|it| *it >= (entry.epoch, entry.version));
        if held.get(&entry.version) != Some(&hash) && !is_noted {
            new.insert(place, entry);
        }
    }
    Ok(new.into_values().collect())
}

fn note(sql: &dyn Sql, entry: &FeedEntry, (site, till): (&str, u16), now_ms: i64) -> Result<(), StoreError> {
    let row = NewRow {
        scope: entry.scope.clone(),
        table: entry.table.clone(),
        key: entry.key.clone(),
        effective_at_ms: entry.effective_at_ms,
        change: entry.change.clone(),
    };
    if !is_news(sql, &row, now_ms)? {
        return Ok(());
    }
    let body = match &entry.change {
        FeedChange::Put { body } => Some(body),
        FeedChange::Delete => None,
    };
    let (scope, effective_at_ms) = (row.scope.to_string(), row.effective_at_ms);
    sql.execute(
        "insert into lost_feed (scope, tbl, key, epoch, version, effective_at_ms, body, site, till, seen_at_ms)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (scope, tbl, key) do update set epoch = excluded.epoch, version = excluded.version,
           effective_at_ms = excluded.effective_at_ms, body = excluded.body, site = excluded.site,
           till = excluded.till, seen_at_ms = excluded.seen_at_ms, decision = null, by_user = null,
           decided_at_ms = null
         where (excluded.epoch, excluded.version) > (lost_feed.epoch, lost_feed.version)",
        values![
            scope,
            row.table,
            row.key,
            entry.epoch,
            entry.version,
            effective_at_ms,
            body,
            site,
            till,
            now_ms
        ],
    )?;
    Ok(())
}

fn listed(sql: &dyn Sql) -> Result<Vec<LostRow>, StoreError> {
    let mut rows = sql.all(
        "select scope, tbl, key, effective_at_ms, body, site, till, epoch, version from lost_feed
         where decision is null order by scope, tbl, key limit ?",
        values![LISTED_MAX],
        |row| {
            Ok(LostRow {
                scope: row.get(0)?,
                table: row.get(1)?,
                key: row.get(2)?,
                effective_at_ms: row.get(3)?,
                body: row.get(4)?,
                current: None,
                site: row.get(5)?,
                till: row.get(6)?,
                epoch: row.get(7)?,
                version: row.get(8)?,
            })
        },
    )?;
    for row in &mut rows {
        if UNSHOWN.iter().any(|table| row.table == table.name()) {
            row.body = None;
            continue;
        }
        let current: Option<Option<String>> = sql.one(
            "select body from feed where scope = ? and tbl = ? and key = ?
             order by effective_at_ms desc, version desc limit 1",
            values![row.scope, row.table, row.key],
            |row| row.get(0),
        )?;
        row.current = current.flatten();
    }
    Ok(rows)
}

/// What nobody has decided about.
fn waiting(sql: &dyn Sql) -> Result<Vec<LostKey>, StoreError> {
    sql.all(
        "select scope, tbl, key, epoch, version from lost_feed where decision is null order by scope, tbl, key",
        values![],
        |row| {
            let scope: String = row.get(0)?;
            Ok(LostKey {
                scope: scope.parse().map_err(|_| StoreError::Damaged("scope"))?,
                table: row.get(1)?,
                key: row.get(2)?,
                epoch: row.get(3)?,
                version: row.get(4)?,
            })
        },
    )
}

/// Names some changes: no other ones have the same name.
fn name(waiting: &[LostKey]) -> String {
    Hash(Sha256::digest(serde_json::to_vec(waiting).unwrap_or_default()).into()).to_string()
}

fn decide(
    sql: &dyn Sql,
    decision: LostDecision,
    choice: LostChoice,
    by: &str,
    now_ms: i64,
) -> Result<Decided, StoreError> {
    // One decision at a time, whoever else decides meanwhile.
    sql.lock("select scope from lost_feed where decision is null", values![])?;
    let waiting = waiting(sql)?;
    let mut chosen = match choice {
        LostChoice::Row(key) if waiting.contains(&key) => vec![key],
        LostChoice::All(shown) if shown == name(&waiting) => waiting,
        LostChoice::Row(_) | LostChoice::All(_) => return Ok(Decided::Changed),
    };
    // As they were published.
    chosen.sort_by_key(|it| (it.epoch, it.version));
    let mut rows = Vec::new();
    for LostKey { scope, table, key, .. } in chosen {
        let (effective_at_ms, body): (i64, Option<String>) = sql.only(
            "select effective_at_ms, body from lost_feed where scope = ? and tbl = ? and key = ?",
            values![scope.to_string(), table, key],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let change = body.map_or(FeedChange::Delete, |body| FeedChange::Put { body });
        rows.push(NewRow { scope, table, key, effective_at_ms, change });
    }
    let decided = match decision {
        LostDecision::Publish => "published",
        LostDecision::Drop => "dropped",
    };
    if decision == LostDecision::Publish
        && let Some(why) = refused(sql, &rows, now_ms)?
    {
        return Ok(Decided::Refused(why));
    }
    let names: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row.scope, row.table, row.key)).collect();
    let by_person = format!("person {by}");
    let change = Change::new(&by_person, "lost.decide", format!("{} lost rows", rows.len()));
    record(sql, now_ms, &change.after(&serde_json::json!({ "decision": decided, "rows": names })))?;
    for NewRow { scope, table, key, .. } in &rows {
        sql.execute(
            "update lost_feed set decision = ?, by_user = ?, decided_at_ms = ?
             where scope = ? and tbl = ? and key = ?",
            values![decided, by, now_ms, scope.to_string(), table, key],
        )?;
    }
    match decision {
        LostDecision::Publish => publish(sql, &rows, now_ms).map(Decided::Done),
        LostDecision::Drop => Ok(Decided::Done(0)),
    }
}

/// Why rows could not be imported today. What they name may be lost too and come back after them, so a name that is not
/// there is no reason; a table that this hub does not know is its newer successor's business.
fn refused(sql: &dyn Sql, rows: &[NewRow], now_ms: i64) -> Result<Option<String>, StoreError> {
    // Rows of these tables speak of each other and of no names.
    const EACH_OTHER: [Table; 2] = [Table::Tender, Table::LabelLayout];
    let mut chain = holding(sql, &EACH_OTHER, now_ms)?;
    let mut read = Vec::new();
    for row in rows {
        let table = Table::ALL.into_iter().find(|table| table.name() == row.table);
        let (Some(table), FeedChange::Put { body }) = (table, &row.change) else { continue };
        let name = format!("{} {}", row.table, row.key);
        let parsed = Row::read(table, body).and_then(|parsed| Ok((parsed, serde_json::from_str(body)?)));
        let (parsed, value) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Some(format!("{name}: {error}"))),
        };
        if let Some(fault) = faults(table, &value, &parsed).into_iter().find(|fault| !fault.is_warning) {
            return Ok(Some(says(&name, &fault)));
        }
        if EACH_OTHER.contains(&table) {
            chain.put("", &row.key, &parsed);
            read.push((name, row.key.as_str(), parsed));
        }
    }
    let each = read
        .iter()
        .flat_map(|(name, key, row)| chain.check("", key, row).into_iter().map(move |it| (name, it)));
    Ok(each.into_iter().find(|(_, fault)| !fault.is_warning).map(|(name, fault)| says(name, &fault)))
}

fn says(row: &str, fault: &Fault) -> String {
    format!("{row}, {}: expected {}, found \"{}\"", fault.field, fault.expected, fault.found)
}
