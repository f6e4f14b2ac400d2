use suanpan_domain::ids::Id;

use crate::print::{PrintJob, PrintState};
use crate::{Ledger, QueryError};

impl Ledger {
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
