//! What the hub keeps. SQL lives below this module and no row type leaves it.

pub mod sqlite;
mod types;

pub use sqlite::Store;
pub use types::*;

use std::sync::Arc;

/// Says why the store did not do something. Nothing of it was done, unless it is `Outcome`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Too many writes wait already.
    #[error("the store is busy")]
    Busy,
    /// The hub is stopping, or gave its file up after an error of the disk.
    #[error("the store has stopped")]
    Stopped,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The commit failed: whether it is durable is unknown, and nothing of it is acked.
    #[error("a commit failed: {0}")]
    Outcome(Arc<rusqlite::Error>),
    /// SQLite refused.
    #[error("the database refused: {0}")]
    Database(Arc<rusqlite::Error>),
    /// A stored value is not what this code wrote.
    #[error("the database holds a malformed {0}")]
    Damaged(&'static str),
    /// The file belongs to another version of the hub.
    #[error("migration {id} of the database is {found}, this hub knows {known}")]
    Migration {
        /// Its number.
        id: u32,
        /// What the file says.
        found: String,
        /// What this binary says.
        known: String,
    },
    /// The SQLite library is older than the oldest that is safe here.
    #[error("SQLite {0} is too old: 3.51.3 is needed")]
    OldSqlite(&'static str),
    /// The folder or file cannot be opened.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// Another hub serves this folder.
    #[error("another hub is running on {0}")]
    Locked(String),
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Busy => "HUB-STO-001",
            StoreError::Stopped => "HUB-STO-002",
            StoreError::DiskFull => "HUB-STO-003",
            StoreError::Outcome(_) => "HUB-STO-004",
            StoreError::Database(_) => "HUB-STO-005",
            StoreError::Damaged(_) => "HUB-STO-006",
            StoreError::Migration { .. } => "HUB-STO-007",
            StoreError::OldSqlite(_) => "HUB-STO-008",
            StoreError::File { .. } => "HUB-STO-009",
            StoreError::Locked(_) => "HUB-STO-010",
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull,
            _ => StoreError::Database(Arc::new(error)),
        }
    }
}
