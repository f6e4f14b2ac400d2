//! Migrations: append-only, checksummed, each saying which older programs may still open the file.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use crate::{Damage, DbError};

/// One step of a file's schema. Steps that were released never change; a test pins their checksums.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    /// The oldest program, by the newest version it knows, that may still open a file with this step.
    pub(crate) opened_from: i64,
}

/// The steps of a ledger.
pub(crate) const LEDGER: [Migration; 2] = [
    Migration {
        version: 1,
        name: "journal",
        sql: include_str!("../migrations/ledger/0001_journal.sql"),
        opened_from: 1,
    },
    Migration {
        version: 2,
        name: "projections",
        sql: include_str!("../migrations/ledger/0002_projections.sql"),
        opened_from: 2,
    },
];

/// What a file needs before it is used.
#[derive(Debug)]
pub(crate) enum Fitness {
    Ready,
    /// Its last steps are missing; [`apply`] adds them.
    Older,
    /// A newer program made it and says that this one must not open it.
    Newer {
        found: i64,
    },
}

const TABLE: &str = "create table migration (
  version integer primary key,
  name text not null,
  checksum blob not null,          -- SHA-256 of the step's SQL
  opened_from integer not null     -- oldest program that may open the file
) strict";

/// Makes every table in an empty file.
pub(crate) fn create(conn: &Connection, migrations: &[Migration]) -> Result<(), DbError> {
    conn.execute_batch(TABLE)?;
    apply(conn, migrations)
}

/// Adds the steps that are missing, in one transaction.
pub(crate) fn apply(conn: &Connection, migrations: &[Migration]) -> Result<(), DbError> {
    let transaction = conn.unchecked_transaction()?;
    let have = newest(conn)?.map_or(0, |(version, _)| version);
    for step in migrations.iter().filter(|step| step.version > have) {
        conn.execute_batch(step.sql)?;
        conn.execute(
            "insert into migration values (?1, ?2, ?3, ?4)",
            (step.version, step.name, checksum(step).as_slice(), step.opened_from),
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Compares a file with what this program knows, and writes nothing.
///
/// *Errors:* `Schema` when the tables are not what the recorded steps make; `Unreadable`.
pub(crate) fn inspect(conn: &Connection, migrations: &[Migration]) -> Result<Fitness, Damage> {
    let known = migrations.iter().map(|step| step.version).max().unwrap_or(0);
    let Some((found, opened_from)) = newest(conn)? else { return Err(Damage::Schema) };
    if found > known {
        return Ok(if opened_from <= known { Fitness::Ready } else { Fitness::Newer { found } });
    }
    let model = Connection::open_in_memory().map_err(DbError::from)?;
    let made: Vec<&Migration> = migrations.iter().filter(|step| step.version <= found).collect();
    model.execute_batch(TABLE).map_err(DbError::from)?;
    for step in &made {
        model.execute_batch(step.sql).map_err(DbError::from)?;
        let recorded: Option<Vec<u8>> = conn
            .query_row("select checksum from migration where version = ?1", [step.version], |row| row.get(0))
            .optional()
            .map_err(DbError::from)?;
        if recorded.as_deref() != Some(&checksum(step)[..]) {
            return Err(Damage::Schema);
        }
    }
    if tables(conn)? != tables(&model)? {
        return Err(Damage::Schema);
    }
    Ok(if found < known { Fitness::Older } else { Fitness::Ready })
}

fn newest(conn: &Connection) -> Result<Option<(i64, i64)>, DbError> {
    let sql = "select version, opened_from from migration order by version desc limit 1";
    Ok(conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn tables(conn: &Connection) -> Result<Vec<(String, String)>, DbError> {
    let mut statement = conn.prepare(
        "select name, coalesce(sql, '') from sqlite_schema where name not like 'sqlite_%' order by name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn checksum(step: &Migration) -> [u8; 32] {
    Sha256::digest(step.sql).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_migrations_never_change() {
        let pins: Vec<String> = LEDGER
            .iter()
            .map(|step| format!("{} {} {:02x?}", step.version, step.name, &checksum(step)[..4]))
            .collect();
        assert_eq!(pins, ["1 journal [4b, c9, 74, 5a]", "2 projections [7c, 65, e2, f9]"]);
    }
}
