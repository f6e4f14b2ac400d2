use crate::fold::{self, Difference};
use crate::ledger::COMMITS_MAX;
use crate::{CommitError, Ledger, QueryError};

impl Ledger {
    /// Builds every projection again from the journal. Seconds for a large ledger: for quiet times.
    ///
    /// *Errors:* `Refused`, and the projections are as they were; `Stopped`.
    pub fn rebuild_projections(&mut self) -> Result<u64, CommitError> {
        let conn = self.conn.as_ref().ok_or(CommitError::Stopped)?;
        let rebuilt = fold::rebuild(conn);
        self.commits = COMMITS_MAX;
        rebuilt.map_err(CommitError::Refused)
    }

    /// Compares the projections with those that the journal gives.
    pub fn compare_projections(&self) -> Result<Option<Difference>, QueryError> {
        Ok(fold::compare(self.conn()?)?)
    }
}
