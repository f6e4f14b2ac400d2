//! Builds projections again from the journal, to repair them or to prove them.

use rusqlite::types::Value;
use rusqlite::{Connection, Rows};

use crate::ledger::MIGRATIONS;
use crate::project::{PROJECTIONS, project_row};
use crate::rows::Row;
use crate::{CommitError, DbError, Ledger, schema};

/// The first row in which stored projections differ from those that the journal gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The projection.
    pub table: &'static str,
    /// Row in the order of its key, from 1.
    pub row: u64,
}

/// Folds every entry of `from` into the empty projections of `into`. Gives the number folded.
fn fold(from: &Connection, into: &Connection) -> Result<u64, DbError> {
    let sql = "select id, at_ms, business_date, kind, payload, hash from entry where kind <> 0 order by id";
    let mut statement = from.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        project_row(into, &Row::read(row)?)?;
        count += 1;
    }
    Ok(count)
}

/// Compares a file's projections with fresh ones, value by value.
pub(crate) fn compare(conn: &Connection) -> Result<Option<Difference>, DbError> {
    let fresh = Connection::open_in_memory()?;
    schema::create(&fresh, &MIGRATIONS)?;
    let transaction = fresh.unchecked_transaction()?;
    fold(conn, &fresh)?;
    transaction.commit()?;
    for (table, key) in PROJECTIONS {
        let sql = format!("select * from {table} order by {key}");
        let (mut stored, mut wanted) = (conn.prepare(&sql)?, fresh.prepare(&sql)?);
        let (mut stored, mut wanted) = (stored.query([])?, wanted.query([])?);
        let mut row = 0;
        loop {
            row += 1;
            let (left, right) = (values(&mut stored)?, values(&mut wanted)?);
            if left != right {
                return Ok(Some(Difference { table, row }));
            }
            if left.is_none() {
                break;
            }
        }
    }
    Ok(None)
}

fn values(rows: &mut Rows<'_>) -> Result<Option<Vec<Value>>, DbError> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let columns = row.as_ref().column_count();
    Ok(Some((0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?))
}

/// Drops every projected row and folds the journal again, within the caller's transaction.
pub(crate) fn rebuild(conn: &Connection) -> Result<u64, DbError> {
    for (table, _) in PROJECTIONS {
        conn.execute(&format!("delete from {table}"), [])?;
    }
    fold(conn, conn)
}

impl Ledger {
    /// Builds every projection again from the journal. Seconds for a large ledger: for quiet times.
    ///
    /// *Errors:* `Refused`, and the projections are as they were; `Stopped`.
    pub fn rebuild_projections(&mut self) -> Result<u64, CommitError> {
        let conn = self.conn.as_ref().ok_or(CommitError::Stopped)?;
        let rebuilt = (|| -> Result<u64, DbError> {
            let transaction = conn.unchecked_transaction()?;
            let count = rebuild(conn)?;
            crate::restore::clear_stale(conn)?;
            transaction.commit()?;
            Ok(count)
        })();
        self.commits = crate::ledger::COMMITS_MAX;
        rebuilt.map_err(CommitError::Refused)
    }

    /// Compares the projections with those that the journal gives.
    pub fn compare_projections(&self) -> Result<Option<Difference>, crate::QueryError> {
        Ok(compare(self.conn()?)?)
    }
}
