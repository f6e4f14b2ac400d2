//! Brings a database up to date, whichever it is.

use sha2::{Digest, Sha256};
use suanpan_journal::Hash;

use super::error::StoreError;
use super::sql::{Sql, values};
use super::threads::Connection;

/// One step of the schema. Append only: a released text never changes, and its checksum proves it.
pub(super) struct Migration {
    pub(super) id: u32,
    pub(super) sql: &'static str,
    /// Whether a hub that does not know this step may still open the database.
    pub(super) older_may_open: bool,
}

pub(super) const fn step(id: u32, sql: &'static str, older_may_open: bool) -> Migration {
    Migration { id, sql, older_may_open }
}

/// Takes the steps that are missing, in the transaction that is open.
///
/// *Errors:* `Migration` if a step was changed, or one is there that this hub does not know.
pub(super) fn migrate(
    connection: &dyn Connection,
    steps: &[Migration],
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql: &dyn Sql = connection;
    let newest = steps.last().map_or(0, |step| step.id);
    refuse_newer(sql, newest)?;
    for step in steps {
        let known = Hash(Sha256::digest(step.sql.as_bytes()).into()).to_string();
        let found: Option<String> =
            sql.one("select sha256 from migration where id = ?", values![step.id], |row| row.get(0))?;
        match found {
            Some(found) if found == known => {}
            Some(found) => return Err(StoreError::Migration { id: step.id, found, known }),
            None => {
                connection.script(step.sql)?;
                sql.execute(
                    "insert into migration (id, sha256, older_may_open, applied_at_ms) values (?, ?, ?, ?)",
                    values![step.id, known, step.older_may_open, now_ms],
                )?;
            }
        }
    }
    Ok(())
}

fn refuse_newer(sql: &dyn Sql, newest: u32) -> Result<(), StoreError> {
    let barrier: Option<u32> = sql.one(
        "select id from migration where id > ? and older_may_open = 0 order by id limit 1",
        values![newest],
        |row| row.get(0),
    )?;
    match barrier {
        None => Ok(()),
        Some(id) => Err(StoreError::Migration { id, found: "newer".into(), known: newest.to_string() }),
    }
}
