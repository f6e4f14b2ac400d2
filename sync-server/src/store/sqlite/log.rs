//! Copies the log into the database beside the writer: a commit waits for its own sync, and not for the pages of others.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// The log is copied this often. What is in it is durable; copied, it need not be read from there.
const EVERY: Duration = Duration::from_millis(250);

/// Copies until the store stops. After an error it leaves the copying to the writer, which meets the same disk.
pub(super) fn copy(connection: &rusqlite::Connection, stop: &Receiver<()>) {
    while stop.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        // It never waits for anybody: what readers still need stays for the next time.
        let copied = connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
        if let Err(error) = copied {
            tracing::error!(code = "HUB-STO-005", %error, "the log is not copied beside the writer any more");
            return;
        }
    }
}
