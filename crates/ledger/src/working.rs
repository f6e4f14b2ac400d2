//! Working state: what is neither journal nor projection, and changes with a commit or by itself.

use rusqlite::Connection;

use crate::DbError;
use crate::print::{PrintJob, PrintState};

/// Jobs kept: a printer that is out of paper all day still has them; older ones are reprinted from the journal.
const JOBS_MAX: i64 = 500;

/// What becomes of the open basket with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenBasket<'a> {
    /// It stays.
    Keep,
    /// It is done with.
    Clear,
    /// It becomes these bytes.
    Save(&'a [u8]),
}

/// State that a commit changes along with the journal.
#[derive(Debug, Clone, Copy)]
pub struct Working<'a> {
    /// The open basket.
    pub basket: OpenBasket<'a>,
    /// Receipts to print, in the same transaction: after a power cut the till knows what may not have printed.
    pub print: &'a [PrintJob],
}

impl Working<'_> {
    /// Changes nothing.
    pub const KEEP: Working<'static> = Working { basket: OpenBasket::Keep, print: &[] };
}

/// Writes what changes, within the caller's transaction.
pub(crate) fn write_working(conn: &Connection, working: &Working<'_>) -> Result<(), DbError> {
    match working.basket {
        OpenBasket::Keep => {}
        OpenBasket::Clear => {
            conn.prepare_cached("delete from open_basket")?.execute([])?;
        }
        OpenBasket::Save(bytes) => {
            let sql = "insert into open_basket values (1, ?1) on conflict do update set basket = ?1";
            conn.prepare_cached(sql)?.execute([bytes])?;
        }
    }
    working.print.iter().try_for_each(|job| put_print_job(conn, job))
}

fn put_print_job(conn: &Connection, job: &PrintJob) -> Result<(), DbError> {
    let sql =
        "insert into print_job values (?1, ?2, ?3, ?4, ?5) on conflict do update set state = ?4, at_ms = ?5";
    let row = (job.id.0, job.document.0, job.copy, job.state as u8, job.at_ms);
    conn.prepare_cached(sql)?.execute(row)?;
    if job.state == PrintState::Printed {
        // It is on paper now: that an earlier try failed no longer counts.
        let sql = "delete from print_job where document_id = ?1 and job_id < ?2";
        conn.prepare_cached(sql)?.execute((job.document.0, job.id.0))?;
    }
    let newest = "select job_id from print_job order by job_id desc limit 1";
    let sql = format!(
        "delete from print_job where job_id < ({newest}) and (state = 1 or job_id <= ({newest} offset {JOBS_MAX}))"
    );
    conn.prepare_cached(&sql)?.execute([])?;
    Ok(())
}

/// Brings a file's working state into another.
pub(crate) fn copy_working(old: &Connection, new: &Connection) -> Result<(), DbError> {
    new.execute_batch("delete from open_basket; delete from print_job")?;
    let (read, write) = ("select one, basket from open_basket", "insert into open_basket values (?1, ?2)");
    copy_rows(old, new, read, write)?;
    let read = "select job_id, document_id, copy, state, at_ms from print_job";
    copy_rows(old, new, read, "insert into print_job values (?1, ?2, ?3, ?4, ?5)")
}

fn copy_rows(old: &Connection, new: &Connection, read: &str, write: &str) -> Result<(), DbError> {
    let mut read = old.prepare(read)?;
    let columns = read.column_count();
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<rusqlite::types::Value> =
            (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        new.execute(write, rusqlite::params_from_iter(values))?;
    }
    Ok(())
}
