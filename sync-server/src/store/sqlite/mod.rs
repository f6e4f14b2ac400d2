//! The store on SQLite: one file in a folder, one hub, one thread that writes.

mod backup;
mod log;

pub use backup::{BackedUp, back_up};

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, ToSql, params_from_iter};

use super::error::StoreError;
use super::migrations::{Migration, migrate, step};
use super::sql::{Columns, Row, Sql, Value};
use super::threads::{Connection, Threads, Use};
use crate::private;

/// Opens or makes the database of a folder, for one thread alone.
pub(super) fn single(folder: &Path, now_ms: i64) -> Result<(Sqlite, std::fs::File), StoreError> {
    let lock = lock(folder)?;
    if rusqlite::version_number() < 3_051_003 {
        return Err(StoreError::OldSqlite(rusqlite::version()));
    }
    let path = folder.join("hub.db");
    make_private(&path)?;
    let connection = Sqlite::over(connect(&path)?)?;
    bring_up_to_date(&connection, now_ms)?;
    Ok((connection, lock))
}

const MIGRATIONS: &[Migration] = &[
    step(1, include_str!("../../../migrations/sqlite/0001_hub.sql"), false),
    step(2, include_str!("../../../migrations/sqlite/0002_shared.sql"), false),
    step(3, include_str!("../../../migrations/sqlite/0003_store_days.sql"), false),
    step(4, include_str!("../../../migrations/sqlite/0004_lost.sql"), true),
    step(5, include_str!("../../../migrations/sqlite/0005_journal_dates.sql"), true),
    step(6, include_str!("../../../migrations/sqlite/0006_found_by_number.sql"), true),
    step(7, include_str!("../../../migrations/sqlite/0007_counted.sql"), true),
    step(8, include_str!("../../../migrations/sqlite/0008_returned.sql"), true),
    step(9, include_str!("../../../migrations/sqlite/0009_refunds.sql"), true),
    step(10, include_str!("../../../migrations/sqlite/0010_scope.sql"), true),
    step(11, include_str!("../../../migrations/sqlite/0011_access.sql"), true),
    step(12, include_str!("../../../migrations/sqlite/0012_models.sql"), true),
    step(13, include_str!("../../../migrations/sqlite/0013_standing.sql"), true),
    step(14, include_str!("../../../migrations/sqlite/0014_batch_of_document.sql"), true),
    step(15, include_str!("../../../migrations/sqlite/0015_emptied.sql"), true),
    step(16, include_str!("../../../migrations/sqlite/0016_actions_of_keys.sql"), true),
    step(17, include_str!("../../../migrations/sqlite/0017_one_a_number.sql"), true),
];

/// "SPhb": tells a hub's database from any other file.
const APPLICATION_ID: i32 = 0x5350_6862;

/// Threads that read what tills and people wait for, and as many that read what may take long.
const READERS: usize = 2;

/// Prepared statements kept by a connection: about as many as this module has.
const STATEMENTS_KEPT: usize = 128;

/// Pages kept in memory by a connection, in KB: the newest leaves of every index, so that a projection reads none.
const CACHE_KB: i64 = 64 * 1024;

/// The writer itself copies the log into the file when it has this many pages, 64 MB. Most of that was copied beside it by
/// then, and the log begins anew.
const LOG_PAGES: i64 = 16_000;

/// Steps of a statement between two looks at the clock: some ms.
const STEPS: i32 = 100_000;

/// How long SQLite waits for a lock, in ms. Only a backup tool ever holds one.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Opens or makes the database of a folder. Gives its threads, and the lock to hold for as long.
pub(super) fn open(folder: &Path, now_ms: i64) -> Result<(Threads, std::fs::File), StoreError> {
    let (_, lock) = single(folder, now_ms)?;
    let copies = connect(&folder.join("hub.db"))?;
    let threads = Threads::start(1, READERS, opener(folder))?;
    threads.beside("hub-log", move |stop| log::copy(&copies, stop))?;
    Ok((threads, lock))
}

/// Starts threads that read the same database, which is there.
pub(super) fn open_reports(folder: &Path) -> Result<Threads, StoreError> {
    Threads::start(0, READERS, opener(folder))
}

fn opener(folder: &Path) -> impl Fn(Use) -> Result<Sqlite, StoreError> + Send + Sync + 'static {
    let path = folder.join("hub.db");
    move |purpose| {
        let connection = connect(&path)?;
        if purpose == Use::Read {
            connection.pragma_update(None, "query_only", "on")?;
        }
        Sqlite::over(connection)
    }
}

fn lock(folder: &Path) -> Result<std::fs::File, StoreError> {
    let path = folder.join("hub.lock");
    let file = |source| StoreError::File { path: path.display().to_string(), source: Arc::new(source) };
    private::make_dir(folder).map_err(file)?;
    private::close(folder);
    let lock = std::fs::File::create(&path).map_err(file)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked(folder.display().to_string())),
        Err(std::fs::TryLockError::Error(source)) => Err(file(source)),
    }
}

/// Makes the file if there is none, for this user alone: it holds hashes of PINs and passwords.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map(drop)
        .map_err(|source| StoreError::File { path: path.display().to_string(), source: Arc::new(source) })
}

fn connect(path: &Path) -> Result<rusqlite::Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "trusted_schema", "off")?;
    connection.pragma_update(None, "cache_size", -CACHE_KB)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // Otherwise a statement is compiled anew whenever a value that its plan might depend on is another one.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn bring_up_to_date(connection: &Sqlite, now_ms: i64) -> Result<(), StoreError> {
    connection.begin(false)?;
    connection.0.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.script(
        "create table if not exists migration (
           id integer primary key,
           sha256 text not null,
           older_may_open integer not null,
           applied_at_ms integer not null
         ) strict",
    )?;
    migrate(connection, MIGRATIONS, now_ms)?;
    connection.commit()
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode::{
            ConstraintViolation, DiskFull, OperationInterrupted, TooBig, TypeMismatch,
        };
        match error.sqlite_error_code() {
            Some(DiskFull) => StoreError::DiskFull,
            Some(OperationInterrupted) => StoreError::Late,
            Some(ConstraintViolation | TooBig | TypeMismatch) => StoreError::Data(Arc::new(error)),
            _ if matches!(error, rusqlite::Error::IntegralValueOutOfRange(..)) => StoreError::Beyond,
            _ => StoreError::Database(Arc::new(error)),
        }
    }
}

/// A connection, and when its read is given up.
pub(super) struct Sqlite(rusqlite::Connection, Arc<Mutex<Option<Instant>>>);

impl Sqlite {
    fn over(mut connection: rusqlite::Connection) -> Result<Sqlite, StoreError> {
        let end = Arc::new(Mutex::new(None::<Instant>));
        let ends = end.clone();
        let is_over = move || {
            let end = *ends.lock().unwrap_or_else(PoisonError::into_inner);
            end.is_some_and(|end| end < Instant::now())
        };
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(Sqlite(connection, end))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
            Value::Beyond => return Err(rusqlite::Error::IntegralValueOutOfRange(0, i64::MAX)),
        }))
    }
}

impl Columns for rusqlite::Row<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, StoreError> {
        Ok(match self.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Text(text) => {
                Value::Text(std::str::from_utf8(text).map_err(|_| StoreError::Damaged("text"))?)
            }
            ValueRef::Blob(bytes) => Value::Blob(bytes),
            ValueRef::Real(_) => return Err(StoreError::Damaged("number")),
        })
    }
}

impl Sql for Sqlite {
    fn execute(&self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let written = self.0.prepare_cached(statement)?.execute(params_from_iter(values))?;
        Ok(written as u64)
    }

    fn each(
        &self,
        statement: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(statement)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(next) = rows.next()? {
            row(&Row(next))?;
        }
        Ok(())
    }

    fn lock(&self, _: &str, _: &[Value<'_>]) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Connection for Sqlite {
    fn script(&self, text: &str) -> Result<(), StoreError> {
        Ok(self.0.execute_batch(text)?)
    }

    fn begin(&self, _: bool) -> Result<(), StoreError> {
        Ok(self.0.execute_batch("begin immediate")?)
    }

    fn begin_read(&self, patience: Option<Duration>) -> Result<(), StoreError> {
        let end = patience.and_then(|most| Instant::now().checked_add(most));
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = end;
        Ok(self.0.execute_batch("begin")?)
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.0.execute_batch("commit").map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull,
            _ => StoreError::Outcome(Arc::new(error)),
        })
    }

    fn rollback(&self) -> Result<(), StoreError> {
        Ok(self.0.execute_batch("rollback")?)
    }

    /// Reading the file back would prove the page cache only. A new process starts from the disk.
    fn outlives_outcome(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn a_database_of_a_newer_hub_or_with_a_changed_migration_is_refused_untouched() {
        for change in [
            "insert into migration (id, sha256, older_may_open, applied_at_ms) values (99, '', 0, 0)",
            "update migration set sha256 = 'changed'",
        ] {
            let folder = tempfile::tempdir().unwrap();
            drop(Store::open(folder.path(), 0).unwrap());
            let file = rusqlite::Connection::open(folder.path().join("hub.db")).unwrap();
            file.execute_batch(change).unwrap();
            drop(file);
            assert_eq!(Store::open(folder.path(), 0).unwrap_err().code(), "HUB-STO-007");
        }
    }

    #[test]
    fn later_steps_give_batches_and_closes_their_station() {
        let connection = Sqlite::over(rusqlite::Connection::open_in_memory().unwrap()).unwrap();
        let [first, second, third, ..] = MIGRATIONS else { panic!("three steps") };
        connection.script(first.sql).unwrap();
        let rows = "insert into batch values (7, x'0102', x'03', 0, 1, 1, x'04', x'05', 0, x'06');
                    insert into pending values (7); insert into stamp values (1, 7, 9);
                    insert into total values ('S01', 20230616, 1, 9, 1, '', 1, 80, 100, 0);
                    insert into day_close values ('S01', 20230616, 1, 4, 1, '{}');";
        connection.script(rows).unwrap();
        connection.script(second.sql).unwrap();
        connection.script(third.sql).unwrap();
        let sql: &dyn Sql = &connection;
        for table in ["pending", "stamp", "day_close"] {
            let station: [u8; 2] =
                sql.only(&format!("select station from {table}"), &[], |row| row.get(0)).unwrap();
            assert_eq!(station, [1, 2], "{table}");
        }
        let closing = sql.only("select closing from store_day", &[], |row| row.get::<bool>(0));
        assert!(closing.unwrap(), "a date that was closed before is judged");
    }
}
