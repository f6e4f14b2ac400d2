//! Copies the log into the database beside the writer: a commit waits for its own sync, and not for the pages of others.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::store::error::StoreError;

/// The log is copied this often. What is in it is durable; copied, it need not be read from there.
const EVERY: Duration = Duration::from_millis(250);

/// Copies until the store stops. A full disk gets room again; after any other error it leaves the copying to the writer,
/// which meets the same disk: what could not be synced once may never be, whatever a second try says.
pub(super) fn copy(connection: &rusqlite::Connection, stop: &Receiver<()>) {
    let mut is_full = false;
    while stop.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        // It never waits for anybody: what readers still need stays for the next time.
        let copied = connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
        match copied.map_err(StoreError::from) {
            Ok(()) if is_full => {
                is_full = false;
                tracing::info!("the log is copied beside the writer again");
            }
            Ok(()) => {}
            Err(StoreError::DiskFull) if is_full => {}
            Err(StoreError::DiskFull) => {
                is_full = true;
                tracing::error!(code = "HUB-STO-003", "the disk is full: the log waits until there is room");
            }
            Err(error) => {
                tracing::error!(code = "HUB-STO-005", %error, "the log is not copied beside the writer any more");
                return;
            }
        }
    }
}
