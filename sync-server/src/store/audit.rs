//! Who changed what: append-only, each row sealed with the one before it, so that none can be altered or left out in between
//! unseen. A row that was never written, and the newest ones, only what names their seal elsewhere can prove.

use sha2::{Digest, Sha256};
use suanpan_journal::Hash;

use super::Store;
use super::error::StoreError;
use super::sql::{Row, Sql, values};

/// What separates these seals from any other hash.
const SEAL: &[u8] = b"suanpan/audit/v1";

/// Changes read at once.
pub const AUDIT_PAGE: u64 = 1_000;

/// A change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// From 1, without a gap.
    pub seq: u64,
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Who: `person NAME`, `command uid N` by the user of the machine, `command`, `code`, `certificate`.
    pub actor: String,
    /// What was done, such as `user.put`.
    pub action: String,
    /// To what, such as `key erp`.
    pub object: String,
    /// What it was, as JSON.
    pub before: Option<String>,
    /// What it became.
    pub after: Option<String>,
    /// The seal of this row and all before it.
    pub hash: Hash,
}

/// A change as it is made. What it was and what it became are JSON, without any secret.
pub(super) struct Change<'a> {
    actor: &'a str,
    action: &'static str,
    object: String,
    before: Option<String>,
    after: Option<String>,
}

impl<'a> Change<'a> {
    pub(super) fn new(actor: &'a str, action: &'static str, object: impl Into<String>) -> Change<'a> {
        Change { actor, action, object: object.into(), before: None, after: None }
    }

    pub(super) fn before(self, was: Option<&serde_json::Value>) -> Change<'a> {
        Change { before: was.map(ToString::to_string), ..self }
    }

    pub(super) fn after(self, is: &serde_json::Value) -> Change<'a> {
        Change { after: Some(is.to_string()), ..self }
    }
}

/// Writes a change down, in the transaction that makes it.
pub(super) fn record(sql: &dyn Sql, now_ms: i64, change: &Change<'_>) -> Result<(), StoreError> {
    // One after the other, whichever hub makes them.
    sql.lock("select value from meta where key = 'audit'", values![])?;
    let head = sql.one("select seq, hash from audit order by seq desc limit 1", values![], |row| {
        Ok((row.get::<u64>(0)?, Hash(row.get(1)?)))
    })?;
    let (last, sealed) = head.unwrap_or((0, Hash::ZERO));
    let Change { actor, action, object, before, after } = change;
    let row = AuditRow {
        seq: last.saturating_add(1),
        at_ms: now_ms,
        actor: (*actor).to_owned(),
        action: (*action).to_owned(),
        object: object.clone(),
        before: before.clone(),
        after: after.clone(),
        hash: Hash::ZERO,
    };
    sql.execute(
        "insert into audit (seq, at_ms, actor, action, object, before, after, hash) values (?, ?, ?, ?, ?, ?, ?, ?)",
        values![row.seq, now_ms, actor, action, object, before, after, seal(sealed, &row).0],
    )?;
    Ok(())
}

/// SHA-256 over the seal before it and the row's columns, each with its length.
fn seal(before: Hash, row: &AuditRow) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(SEAL);
    hasher.update(before.0);
    let numbers = [row.seq.to_string(), row.at_ms.to_string()];
    let texts = numbers.iter().chain([&row.actor, &row.action, &row.object]).map(Some);
    for text in texts.chain([row.before.as_ref(), row.after.as_ref()]) {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        hasher.update(length.to_be_bytes());
        hasher.update(text.map_or(&[][..], |text| text.as_bytes()));
    }
    Hash(hasher.finalize().into())
}

impl Store {
    /// The changes after a number, oldest first, at most [`AUDIT_PAGE`].
    ///
    /// *Errors:* `Damaged("audit")` if a row is missing or was altered, and the store's.
    pub async fn audit(&self, after: u64) -> Result<Vec<AuditRow>, StoreError> {
        self.read(move |sql| {
            let before = "select hash from audit where seq = ?";
            let sealed = sql.one(before, values![after], |row| Ok(Hash(row.get(0)?)))?;
            let mut sealed = match sealed {
                Some(sealed) => sealed,
                None if after == 0 => Hash::ZERO,
                None => return Ok(Vec::new()),
            };
            let rows = sql.all(
                "select seq, at_ms, actor, action, object, before, after, hash from audit where seq > ?
                 order by seq limit ?",
                values![after, AUDIT_PAGE],
                audit_row,
            )?;
            for (nth, row) in (after.saturating_add(1)..).zip(&rows) {
                sealed = seal(sealed, row);
                if row.seq != nth || row.hash != sealed {
                    return Err(StoreError::Damaged("audit"));
                }
            }
            Ok(rows)
        })
        .await
    }
}

fn audit_row(row: &Row<'_>) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        object: row.get(4)?,
        before: row.get(5)?,
        after: row.get(6)?,
        hash: Hash(row.get(7)?),
    })
}
