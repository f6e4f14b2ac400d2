use rusqlite::Connection;
use suanpan_domain::ids::Id;

use crate::{DbError, Ledger, QueryError};

/// Jobs kept: a printer that is out of paper all day still has them; older ones are reprinted from the journal.
const JOBS_MAX: i64 = 500;

/// How a print job stands. Numbers are stored and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PrintState {
    /// Committed, not known to have been sent. After a restart it may have printed.
    Queued = 0,
    /// The printer took it and said that it is well.
    Printed = 1,
    /// The printer refused it.
    Failed = 2,
    /// It was sent and the printer's state could not be read.
    Unknown = 3,
}

impl PrintState {
    fn from_number(number: u8) -> Option<PrintState> {
        let all = [PrintState::Queued, PrintState::Printed, PrintState::Failed, PrintState::Unknown];
        all.into_iter().find(|state| *state as u8 == number)
    }
}

/// One receipt or slip on its way to the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintJob {
    /// Job id: a retry carries the same.
    pub id: Id,
    /// What is printed.
    pub document: Id,
    /// 0 the first time, then 补打第 n 次.
    pub copy: u16,
    /// How it stands.
    pub state: PrintState,
    /// Since when, ms since 1970-01-01 UTC.
    pub at_ms: i64,
}

pub(crate) fn put_print_job(conn: &Connection, job: &PrintJob) -> Result<(), DbError> {
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

impl Ledger {
    /// Notes how a job stands. A printed job is forgotten once it is not the newest.
    ///
    /// *Errors:* as [`Ledger::append`].
    pub fn set_print_job(&mut self, job: PrintJob) -> Result<(), crate::CommitError> {
        let working = crate::Working { basket: crate::OpenBasket::Keep, print: &[job] };
        self.append(&[], &working).map(|_| ())
    }

    /// The newest job and every one that is not known to have printed, oldest first.
    ///
    /// *Errors:* [`QueryError`].
    pub fn print_jobs(&self) -> Result<Vec<PrintJob>, QueryError> {
        let sql = "select job_id, document_id, copy, state, at_ms from print_job order by job_id";
        let mut statement = self.conn()?.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut jobs = Vec::new();
        while let Some(row) = rows.next()? {
            jobs.push(PrintJob {
                id: Id(row.get(0)?),
                document: Id(row.get(1)?),
                copy: row.get(2)?,
                state: PrintState::from_number(row.get(3)?).ok_or(QueryError::Shape)?,
                at_ms: row.get(4)?,
            });
        }
        Ok(jobs)
    }
}
