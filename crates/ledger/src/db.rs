//! Connections: how a database is opened here, and what an SQLite error means for the file.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::folder::{make_private, sync_dir};

/// Earlier SQLite versions may lose a commit when a WAL is reset while another connection reads.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// Pages kept in memory, in KiB: those a till comes back to among a hundred thousand items. A page that is not there
/// is read from the system's cache, which takes as long as the rest of a look-up.
pub(crate) const CACHE_KIB: i64 = 32 * 1024;

/// Prepared statements kept per connection: more than there are statements here.
const STATEMENTS_MAX: usize = 96;

/// How much a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// For the disk: what was committed survives a power cut.
    #[default]
    Full,
    /// For nothing: a power cut may lose or break the file. Only for data that can be made again.
    Off,
}

/// An SQLite error as two numbers that IT can look up; its text may quote row contents and is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sqlite error {extended}")]
pub struct DbError {
    /// SQLite's extended result code, 0 when the value and not the file was wrong.
    pub extended: i32,
}

/// What an SQLite error says about the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// No room: nothing was written.
    Full,
    /// Its outcome or its contents can no longer be trusted.
    Condemned,
    /// A row that cannot be there is: the file is not as it was written, or this program is wrong.
    Impossible,
    /// A mistake of this program, or of the caller.
    Other,
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> DbError {
        DbError { extended: error.sqlite_error().map_or(0, |error| error.extended_code) }
    }
}

impl DbError {
    pub(crate) fn meaning(self) -> Meaning {
        match rusqlite::ffi::Error::new(self.extended).code {
            _ if self.extended == 0 => Meaning::Other,
            ErrorCode::DiskFull => Meaning::Full,
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly => Meaning::Condemned,
            ErrorCode::ConstraintViolation => Meaning::Impossible,
            _ => Meaning::Other,
        }
    }

    /// Says whether there was no room.
    #[must_use]
    pub fn is_disk_full(self) -> bool {
        self.meaning() == Meaning::Full
    }

    /// Says whether the machine and not the file is the reason: somebody else has it open, no memory, no permission.
    pub(crate) fn is_of_the_machine(self) -> bool {
        matches!(
            rusqlite::ffi::Error::new(self.extended).code,
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory
                | ErrorCode::DiskFull
                | ErrorCode::ReadOnly
        ) && self.extended != 0
    }
}

/// SQLite's version, when it is too old to be trusted.
pub(crate) fn version_too_old() -> Option<i32> {
    let found = rusqlite::version_number();
    (found < SQLITE_VERSION_MIN).then_some(found)
}

/// Opens an existing database for this process alone.
///
/// The exclusive lock keeps the WAL's index in memory and a second process out. Checkpoints happen only when asked
/// for, never inside a commit and never on close, so that a condemned file is left as it is.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    prepare_once(&conn)?;
    conn.busy_timeout(std::time::Duration::ZERO)?;
    conn.pragma_update(None, "locking_mode", "exclusive")?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Off => "off",
    };
    conn.pragma_update(None, "synchronous", synchronous)?;
    Ok(conn)
}

fn make(path: &Path) -> Result<Connection, DbError> {
    // What the system refuses here it refuses SQLite too, which then says so by its own number.
    let _ = make_private(path);
    Ok(Connection::open(path)?)
}

/// Starts a database that is complete or does not count: built fast, ended by [`finish`].
pub(crate) fn build(path: &Path) -> Result<Connection, DbError> {
    let conn = make(path)?;
    prepare_once(&conn)?;
    conn.pragma_update(None, "page_size", PAGE as i64)?;
    conn.pragma_update(None, "locking_mode", "exclusive")?;
    conn.pragma_update(None, "journal_mode", "off")?;
    conn.pragma_update(None, "synchronous", "off")?;
    conn.pragma_update(None, "temp_store", "memory")?;
    Ok(conn)
}

/// Starts a database that is made in pieces, each there whole or not at all after a power cut, or goes on with one. The
/// caller makes it durable when it is complete.
pub(crate) fn build_in_pieces(path: &Path) -> Result<Connection, DbError> {
    let conn = make(path)?;
    prepare_once(&conn)?;
    conn.pragma_update(None, "page_size", PAGE as i64)?;
    conn.pragma_update(None, "locking_mode", "exclusive")?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    expect_wal(&conn)?;
    Ok(conn)
}

/// Keeps a statement and its plan. Otherwise SQLite plans one with a range anew for each value that is bound to it,
/// which takes longer than to run it.
fn prepare_once(conn: &Connection) -> Result<(), DbError> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Ends a build: the file is left in WAL mode, so that no later start has to change its header, and closed. The
/// caller makes it durable.
pub(crate) fn finish(conn: Connection) -> Result<(), DbError> {
    // To its end, not to its first row: the change of the header is committed, or fails, only there.
    let mut change = conn.prepare("pragma journal_mode = wal")?;
    let mut rows = change.query([])?;
    while rows.next()?.is_some() {}
    drop(rows);
    drop(change);
    expect_wal(&conn)?;
    conn.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Starts reading, which opens the log, and makes the log's name durable: SQLite does not say when that fails.
pub(crate) fn start_log(conn: Connection) -> Result<Connection, DbError> {
    conn.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
    expect_wal(&conn)?;
    let dir = conn.path().and_then(|path| Path::new(path).parent());
    match dir.map_or(Ok(()), sync_dir) {
        Ok(()) => Ok(conn),
        Err(_) => Err(DbError { extended: rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC }),
    }
}

fn expect_wal(conn: &Connection) -> Result<(), DbError> {
    let mode: String = conn.query_row("pragma journal_mode", [], |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { Err(DbError { extended: rusqlite::ffi::SQLITE_CORRUPT }) }
}

/// Bytes of a database page; salvage reads pages of this size.
pub(crate) const PAGE: usize = 4096;

/// Copies the WAL into the database. With `truncate` the WAL ends up empty.
pub(crate) fn checkpoint(conn: &Connection, truncate: bool) -> Result<(), DbError> {
    let sql = if truncate { "pragma wal_checkpoint(truncate)" } else { "pragma wal_checkpoint(passive)" };
    conn.query_row(sql, [], |_| Ok(()))?;
    Ok(())
}
