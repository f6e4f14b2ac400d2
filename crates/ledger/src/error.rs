use std::io;
use std::path::{Path, PathBuf};

use suanpan_domain::entry::EntryError;
use suanpan_journal::{ChainError, Missing, SegmentId};

use crate::DbError;

/// Why a data folder was not opened. Its files are as they were.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works in the folder.
    #[error("another process is using {}", dir.display())]
    AlreadyRunning {
        /// The folder.
        dir: PathBuf,
    },
    /// The file was written by a newer version that this one must not touch.
    #[error("{} has schema {found}, this version knows {known}", file.display())]
    NewerVersion {
        /// The file.
        file: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// The program was built with an SQLite that can lose commits.
    #[error("sqlite {found} is too old, 3.51.3 is needed")]
    SqliteTooOld {
        /// `sqlite3_libversion_number()`.
        found: i32,
    },
    /// There is no ledger in the folder, and it was only to be read.
    #[error("no ledger in {}", dir.display())]
    NoLedger {
        /// The folder.
        dir: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was used.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// A new file could not be made.
    #[error("{}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's code.
        source: DbError,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path, source: io::Error) -> OpenError {
        OpenError::Io { path: path.to_path_buf(), source }
    }

    pub(crate) fn db(path: &Path, source: DbError) -> OpenError {
        OpenError::Database { path: path.to_path_buf(), source }
    }

    /// Says whether there was no room.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            OpenError::Io { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            OpenError::Database { source, .. } => source.is_disk_full(),
            _ => false,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            OpenError::AlreadyRunning { .. } => "LDG-OPN-001",
            OpenError::NewerVersion { .. } => "LDG-OPN-002",
            OpenError::SqliteTooOld { .. } => "LDG-OPN-003",
            OpenError::NoLedger { .. } => "LDG-OPN-004",
            OpenError::Io { .. } => "LDG-OPN-005",
            OpenError::Database { .. } => "LDG-OPN-006",
        }
    }
}

/// What was found wrong with a database file. The file is kept as it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file that was current is gone.
    #[error("the file is missing")]
    Missing,
    /// SQLite cannot read it: truncated, overwritten, or bits changed in its structure.
    #[error("the file cannot be read: {0}")]
    Unreadable(DbError),
    /// Its tables are not those that this program made.
    #[error("the file's tables are not as they were made")]
    Schema,
    /// Committed pages that were synced to the WAL no longer match their checksums.
    #[error("the write-ahead log is damaged")]
    Wal,
    /// An entry's bytes no longer match its hash, or an entry is missing.
    #[error("segment {segment}: {source}")]
    Entry {
        /// Segment of the entry.
        segment: SegmentId,
        /// What does not fit.
        source: ChainError,
    },
    /// Another station wrote it. Nothing of it is carried over.
    #[error("the file is another station's")]
    Anothers,
    /// A write or sync failed, so that what the disk holds is not known.
    #[error("writing failed: {0}")]
    WriteFailed(DbError),
}

impl Damage {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Damage::Missing => "LDG-DMG-001",
            Damage::Unreadable(_) => "LDG-DMG-002",
            Damage::Schema => "LDG-DMG-003",
            Damage::Wal => "LDG-DMG-004",
            Damage::Entry { .. } => "LDG-DMG-005",
            Damage::WriteFailed(_) => "LDG-DMG-006",
            Damage::Anothers => "LDG-DMG-007",
        }
    }
}

impl From<DbError> for Damage {
    fn from(error: DbError) -> Damage {
        Damage::Unreadable(error)
    }
}

/// How a ledger came to a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What was wrong.
    pub damage: Damage,
    /// The old file, left as it was; `None` when it was missing.
    pub kept: Option<PathBuf>,
    /// The new file.
    pub file: PathBuf,
    /// Entries carried over.
    pub salvaged: u64,
    /// Entries that were seen and come behind the sale: [`Ledger::salvage`](crate::Ledger::salvage).
    pub to_come: u64,
    /// Entries known to be missing. With `Damage::Missing` nothing is known, and the hub is asked for everything.
    pub missing: Vec<Missing>,
}

/// Why entries were not committed in the ordinary way.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Writing failed and the ledger moved to a new file. This says, once and for good, whether the entries are
    /// in it.
    #[error("the ledger moved to a new file; the entries are {}in it", if *saved { "" } else { "not " })]
    Recovered {
        /// True when every entry of the call is in the new file.
        saved: bool,
        /// What happened to the old file.
        replacement: Box<Replacement>,
    },
    /// No room, reserve included. Nothing was saved.
    #[error("the disk is full; nothing was saved")]
    DiskFull,
    /// A document with this id is in the ledger already. Nothing was saved.
    #[error("a document with this id is in the ledger already")]
    Duplicate,
    /// An entry cannot be written down. Nothing was saved.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// An entry does not fit the journal. Nothing was saved.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// SQLite refused for a reason that leaves the file sound. Nothing was saved.
    #[error(transparent)]
    Refused(DbError),
    /// Writing failed, and no new file could be made or read either: whether the entries are saved is known only at the
    /// next start. No entry is accepted until then.
    #[error("writing failed and no new file could be made: {source}")]
    Unknown {
        /// Why the new file was not made.
        source: OpenError,
    },
    /// An earlier failure stopped this ledger. Nothing was saved.
    #[error("the ledger stopped after an earlier failure; start again")]
    Stopped,
}

impl CommitError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CommitError::Recovered { saved: true, .. } => "LDG-CMT-001",
            CommitError::Recovered { saved: false, .. } => "LDG-CMT-002",
            CommitError::DiskFull => "LDG-CMT-003",
            CommitError::Duplicate => "LDG-CMT-004",
            CommitError::Entry(_) => "LDG-CMT-005",
            CommitError::Chain(_) => "LDG-CMT-006",
            CommitError::Refused(_) => "LDG-CMT-007",
            CommitError::Unknown { .. } => "LDG-CMT-008",
            CommitError::Stopped => "LDG-CMT-009",
        }
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The file cannot be read here; the next start or scrub replaces it.
    #[error(transparent)]
    Database(#[from] DbError),
    /// An entry's payload is not what this version can read.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A stored value has an impossible shape.
    #[error("a stored value has an impossible shape")]
    Shape,
    /// An earlier failure stopped this ledger.
    #[error("the ledger stopped after an earlier failure; start again")]
    Stopped,
}

impl QueryError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            QueryError::Database(_) => "LDG-QRY-001",
            QueryError::Entry(_) => "LDG-QRY-002",
            QueryError::Shape => "LDG-QRY-003",
            QueryError::Stopped => "LDG-QRY-004",
        }
    }
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> QueryError {
        QueryError::Database(error.into())
    }
}
