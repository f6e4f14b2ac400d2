use crate::tail::{SCRUB, mark, set_mark, walk};
use crate::{CommitError, Damage, Ledger, Replacement};

/// Entries checked per [`Ledger::scrub_step`]: a few milliseconds.
const SCRUB_STEP: i64 = 2_000;

impl Ledger {
    /// Checks the next few thousand entries against their hashes, from the beginning again when it reached the end.
    ///
    /// Gives the replacement when something was damaged and the ledger moved to a new file.
    ///
    /// *Errors:* `Unknown` when no new file could be made; nothing is accepted until the next start.
    pub fn scrub_step(&mut self) -> Result<Option<Replacement>, CommitError> {
        let Some(conn) = &self.conn else { return Err(CommitError::Stopped) };
        let station = self.station;
        let step = (|| -> Result<(), Damage> {
            let from = mark(conn, SCRUB)?.unwrap_or(0);
            let walked = walk(conn, station, from, SCRUB_STEP)?;
            let next = if walked.last == from { 0 } else { walked.last };
            Ok(set_mark(conn, SCRUB, next)?)
        })();
        match step {
            Ok(()) => Ok(None),
            Err(Damage::Unreadable(error)) if error.is_of_the_machine() => Ok(None),
            Err(damage) => self.move_on(damage).map(Some),
        }
    }
}
