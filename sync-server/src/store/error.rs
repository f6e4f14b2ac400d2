use std::sync::Arc;

/// What the database says.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

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
    Outcome(Cause),
    /// The database refused, or cannot be reached.
    #[error("the database refused: {0}")]
    Database(Cause),
    /// A number that was asked for or sent is larger than any that is kept.
    #[error("a number is too large")]
    Beyond,
    /// What was asked for has more rows than are told at once.
    #[error("more than {0} rows")]
    TooMany(u32),
    /// It took longer than anybody waits for it.
    #[error("the database took too long to read it")]
    Late,
    /// The database takes no such values, whoever writes them and whenever.
    #[error("the database refused the data: {0}")]
    Data(Cause),
    /// The program broke off at it.
    #[error("the hub broke off at it: its log says where")]
    Panicked,
    /// It was tried, and undone as it was meant to be.
    #[error("it was undone")]
    Undone,
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
    #[error(
        "a hub serves from {0}: stop it first; a hub on PostgreSQL (--database) goes on serving while this runs"
    )]
    Locked(String),
    /// The address of the database is not one.
    #[error("the database's address: {0}")]
    Address(Cause),
    /// The database is elsewhere, and this hub speaks to it in the clear.
    #[error(
        "the database {0} is not on this machine: reach it through a local proxy or tunnel that encrypts"
    )]
    PlainDatabase(String),
    /// Another hub projects now: this one's work is refused.
    #[error("another hub has taken the projection over")]
    Fenced,
    /// A store is copied into an empty database only.
    #[error("the database to copy to is in use")]
    NotEmpty,
    /// The replica shows what was long ago.
    #[error("the replica is {behind_s} s behind")]
    Stale {
        /// By so much.
        behind_s: i64,
    },
    /// The servers over which the tables are spread are not as they have to be.
    #[error("the database's servers: {0}")]
    Servers(String),
    /// The copy is not what was copied.
    #[error("the copy differs from the original")]
    Differs,
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
            StoreError::Address(_) => "HUB-STO-011",
            StoreError::PlainDatabase(_) => "HUB-STO-012",
            StoreError::Fenced => "HUB-STO-013",
            StoreError::NotEmpty => "HUB-STO-014",
            StoreError::Differs => "HUB-STO-015",
            StoreError::Stale { .. } => "HUB-STO-016",
            StoreError::Beyond => "HUB-STO-017",
            StoreError::Data(_) => "HUB-STO-018",
            StoreError::Panicked => "HUB-STO-019",
            StoreError::Undone => "HUB-STO-020",
            StoreError::Servers(_) => "HUB-STO-021",
            StoreError::TooMany(_) => "HUB-REQ-007",
            StoreError::Late => "HUB-LIM-005",
        }
    }

    /// Whether the same again would fail again, on a database that does everything else.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        matches!(
            self,
            StoreError::Data(_) | StoreError::Beyond | StoreError::Damaged(_) | StoreError::Panicked
        )
    }
}
