use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use suanpan_journal::Hash;

use crate::store::StoreError;

/// One step of the schema. Append only: a released text never changes, and its checksum proves it.
struct Migration {
    id: u32,
    sql: &'static str,
    /// Whether a hub that does not know this step may still open the file.
    older_may_open: bool,
}

const MIGRATIONS: &[Migration] = &[Migration {
    id: 1,
    sql: include_str!("../../../migrations/sqlite/0001_hub.sql"),
    older_may_open: false,
}];

/// "SPhb": tells a hub's database from any other file.
const APPLICATION_ID: i32 = 0x5350_6862;

pub(super) fn migrate(connection: &mut Connection, now_ms: i64) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(
        "create table if not exists migration (
           id integer primary key,
           sha256 text not null,
           older_may_open integer not null,
           applied_at_ms integer not null
         ) strict",
    )?;
    refuse_newer(&transaction)?;
    for step in MIGRATIONS {
        let known = Hash(Sha256::digest(step.sql.as_bytes()).into()).to_string();
        let found: Option<String> = transaction
            .query_row("select sha256 from migration where id = ?", [step.id], |row| row.get(0))
            .optional()?;
        match found {
            Some(found) if found == known => {}
            Some(found) => return Err(StoreError::Migration { id: step.id, found, known }),
            None => {
                transaction.execute_batch(step.sql)?;
                transaction.execute(
                    "insert into migration (id, sha256, older_may_open, applied_at_ms) values (?, ?, ?, ?)",
                    params![step.id, known, step.older_may_open, now_ms],
                )?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn refuse_newer(connection: &Connection) -> Result<(), StoreError> {
    let newest = MIGRATIONS.last().map_or(0, |step| step.id);
    let barrier: Option<u32> = connection
        .query_row(
            "select id from migration where id > ? and older_may_open = 0 order by id limit 1",
            [newest],
            |row| row.get(0),
        )
        .optional()?;
    match barrier {
        None => Ok(()),
        Some(id) => Err(StoreError::Migration { id, found: "newer".into(), known: newest.to_string() }),
    }
}
