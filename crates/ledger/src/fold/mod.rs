//! Folds entries into projections: one module a projection. Commit, rebuild and salvage all run this, so they cannot disagree.
//!
//! A projection has a version of its own. When it learns a new kind of entry its version goes up, and at the next start it
//! alone is built again.

mod cited;
mod copies;
mod day;
mod document;
mod lockout;
mod parked;
mod projection;
mod refunded;
mod shift;
mod total;

use rusqlite::types::Value;
use rusqlite::{Connection, Rows};
use suanpan_domain::entry::Entry;

pub(crate) use self::projection::At;
use self::projection::Projection;
use crate::DbError;
use crate::rows::Row;
use crate::schema::{self, LEDGER};
use crate::tail::{SCRUB, mark, set_mark};

/// Every projection, in the order in which they are compared.
const ALL: [&dyn Projection; 9] = [
    &document::Documents,
    &total::Totals,
    &refunded::Refunded,
    &cited::Cited,
    &copies::Copies,
    &shift::Shifts,
    &day::Days,
    &parked::Parked,
    &lockout::Lockouts,
];

/// The version of a projection of whose version nothing is written down.
const FIRST: i64 = 1;

/// Set while entries were restored that the projections do not have yet.
const STALE: &str = "stale";

/// The first row in which stored projections differ from those that the journal gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The projection.
    pub table: &'static str,
    /// Row in the order of its key, from 1.
    pub row: u64,
}

/// Folds one entry.
pub(crate) fn fold(conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
    ALL.iter().try_for_each(|it| it.fold(conn, at, entry))
}

/// Folds a stored row. One that this version cannot read is kept in the journal and projected by a later version.
pub(crate) fn fold_row(conn: &Connection, row: &Row) -> rusqlite::Result<()> {
    fold_row_into(&ALL, conn, row)
}

fn fold_row_into(projections: &[&dyn Projection], conn: &Connection, row: &Row) -> rusqlite::Result<()> {
    let at = At { id: row.id, at_ms: row.at_ms, business_date: row.business_date };
    match Entry::decode(row.kind, &row.payload) {
        Ok(entry) => projections.iter().try_for_each(|it| it.fold(conn, at, &entry)),
        Err(_) => Ok(()),
    }
}

/// Folds every entry of `from` into empty projections of `into`. Gives the number folded.
fn fold_all(projections: &[&dyn Projection], from: &Connection, into: &Connection) -> Result<u64, DbError> {
    let sql = "select id, at_ms, business_date, kind, payload, hash from entry where kind <> 0 order by id";
    let mut statement = from.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        fold_row_into(projections, into, &Row::read(row)?)?;
        count += 1;
    }
    Ok(count)
}

/// Drops the rows of these projections and folds the journal again, in one transaction. Gives the number of entries folded.
fn build_again(projections: &[&dyn Projection], conn: &Connection) -> Result<u64, DbError> {
    let transaction = conn.unchecked_transaction()?;
    for it in projections {
        conn.execute(&format!("delete from {}", it.table()), [])?;
        set_mark(conn, &version_of(*it), it.version())?;
    }
    let count = fold_all(projections, conn, conn)?;
    if projections.len() == ALL.len() {
        // A restored segment stands before the tail's mark, so both walks begin again.
        conn.execute("delete from mark where name in (?1, ?2)", [STALE, SCRUB])?;
    }
    transaction.commit()?;
    Ok(count)
}

/// Builds every projection again.
pub(crate) fn rebuild(conn: &Connection) -> Result<u64, DbError> {
    build_again(&ALL, conn)
}

/// Builds what is behind again: all after entries were restored, and otherwise those projections alone that learnt
/// something.
pub(crate) fn bring_up(conn: &Connection) -> Result<(), DbError> {
    if conn.prepare("select 1 from mark where name = ?1")?.exists([STALE])? {
        return rebuild(conn).map(drop);
    }
    let mut behind = Vec::new();
    for it in ALL {
        let made = mark(conn, &version_of(it))?.unwrap_or(FIRST);
        behind.extend((made != it.version()).then_some(it));
    }
    if behind.is_empty() { Ok(()) } else { build_again(&behind, conn).map(drop) }
}

/// Notes in a file that is being made which versions fill it.
pub(crate) fn stamp(conn: &Connection) -> Result<(), DbError> {
    ALL.iter().try_for_each(|it| set_mark(conn, &version_of(*it), it.version()))
}

fn version_of(it: &dyn Projection) -> String {
    format!("fold.{}", it.table())
}

/// Compares a file's projections with fresh ones, value by value.
pub(crate) fn compare(conn: &Connection) -> Result<Option<Difference>, DbError> {
    let fresh = Connection::open_in_memory()?;
    schema::create(&fresh, &LEDGER)?;
    let transaction = fresh.unchecked_transaction()?;
    fold_all(&ALL, conn, &fresh)?;
    transaction.commit()?;
    for it in ALL {
        let table = it.table();
        let sql = format!("select * from {table} order by {}", it.order());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_that_learnt_something_is_built_again_alone() {
        let conn = Connection::open_in_memory().unwrap();
        schema::create(&conn, &LEDGER).unwrap();
        // Rows that no entry gives: a projection that is built again loses them.
        let left_over =
            "insert into day values (20231115, null); insert into lockout values ('1101', 1, null)";
        let left = |table: &str| conn.prepare(&format!("select 1 from {table}")).unwrap().exists([]).unwrap();
        conn.execute_batch(left_over).unwrap();
        bring_up(&conn).unwrap();
        assert!(left("day") && left("lockout"), "nothing learnt anything");
        set_mark(&conn, &version_of(&day::Days), FIRST - 1).unwrap();
        bring_up(&conn).unwrap();
        assert!(!left("day") && left("lockout"));
        set_mark(&conn, STALE, 1).unwrap();
        bring_up(&conn).unwrap();
        assert!(!left("lockout"), "what was restored may concern every projection");
    }
}
