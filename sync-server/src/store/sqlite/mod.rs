//! The store on SQLite: one thread writes, a few read.

mod feed;
mod forks;
mod ingest;
mod known;
mod people;
mod projection;
mod recorded;
mod reports;
mod schema;
mod snapshot;
mod today;

pub use projection::UNREADABLE;
pub use reports::REPORT_ROWS_MAX;
pub use today::{Hour, Problem, StationLine, StoreLine, Today, UnclosedShift};

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::StoreError;

/// Writes that may wait: at a few hundred µs each this is under a second of work, and past it a station is
/// better told to come back.
const WRITES_WAITING_MAX: usize = 1_024;

/// Writes that share one commit: enough to amortise an fsync, few enough to answer within some ms.
const GROUP_MAX: usize = 128;

/// Reads that may wait on one reader.
const READS_WAITING_MAX: usize = 256;

/// Threads that read. Reports are rare and short; two keep one long report from holding up pulls.
const READERS: usize = 2;

/// Prepared statements kept by a connection: about as many as this module has.
const STATEMENTS_KEPT: usize = 128;

/// How long SQLite waits for a lock, in ms. Only a backup tool ever holds one.
const BUSY_TIMEOUT_MS: u64 = 5_000;

type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Write = Box<dyn FnOnce(&Connection) -> (bool, Reply) + Send>;
type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The hub's database. Dropping it finishes the writes that wait, then closes the file.
#[derive(Debug)]
pub struct Store {
    writer: Mutex<Option<SyncSender<Write>>>,
    readers: Vec<SyncSender<Read>>,
    turn: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
    pending: tokio::sync::watch::Sender<()>,
    published: tokio::sync::watch::Sender<u64>,
    /// Held for the life of the store: one hub a folder.
    _lock: std::fs::File,
}

impl Store {
    /// Opens or makes `hub.db` in a folder, brings it up to date and starts its threads.
    ///
    /// *Errors:* `Locked`, `File`, `OldSqlite`, `Migration`, `Database`.
    pub fn open(folder: &Path, now_ms: i64) -> Result<Arc<Store>, StoreError> {
        let lock = lock(folder)?;
        if rusqlite::version_number() < 3_051_003 {
            return Err(StoreError::OldSqlite(rusqlite::version()));
        }
        let path = folder.join("hub.db");
        make_private(&path)?;
        let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::migrate(&mut connection, now_ms)?;
        let (writer, writes) = sync_channel(WRITES_WAITING_MAX);
        let thread = spawn("hub-writer", move || write_all(&connection, &writes))?;
        let readers = (0..READERS).map(|_| reader(&path)).collect::<Result<_, _>>()?;
        Ok(Arc::new(Store {
            writer: Mutex::new(Some(writer)),
            readers,
            turn: AtomicUsize::new(0),
            thread: Mutex::new(Some(thread)),
            pending: tokio::sync::watch::Sender::new(()),
            published: tokio::sync::watch::Sender::new(0),
            _lock: lock,
        }))
    }

    /// Tells when a batch came in.
    #[must_use]
    pub fn on_pending(&self) -> tokio::sync::watch::Receiver<()> {
        self.pending.subscribe()
    }

    /// Tells when something was published.
    #[must_use]
    pub fn on_published(&self) -> tokio::sync::watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Runs a write in its own savepoint; returns after the commit that holds it is durable.
    async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let write: Write = Box::new(move |connection| {
            let result = run(connection);
            let keep = result.is_ok();
            // Nobody may be waiting any more: the write stands all the same.
            let reply: Reply = Box::new(move |commit| drop(answer.send(commit.and(result))));
            (keep, reply)
        });
        let sender = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        sender.ok_or(StoreError::Stopped)?.try_send(write).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Stopped,
        })?;
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Runs a read on one consistent state.
    async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            let result = in_one_state(connection, run);
            drop(answer.send(result));
        });
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(self.readers.len()).unwrap_or(0);
        let reader = self.readers.get(turn).ok_or(StoreError::Stopped)?;
        reader.try_send(read).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Stopped,
        })?;
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Takes no more writes, finishes those that wait, and returns when the file is closed by its writer.
    pub fn stop(&self) {
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(thread.join());
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock(folder: &Path) -> Result<std::fs::File, StoreError> {
    let path = folder.join("hub.lock");
    let file = |source| StoreError::File { path: path.display().to_string(), source: Arc::new(source) };
    std::fs::create_dir_all(folder).map_err(file)?;
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

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "trusted_schema", "off")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|source| StoreError::File { path: name.to_owned(), source: Arc::new(source) })
}

fn reader(path: &Path) -> Result<SyncSender<Read>, StoreError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", "on")?;
    let (sender, reads) = sync_channel::<Read>(READS_WAITING_MAX);
    spawn("hub-reader", move || reads.iter().for_each(|read| read(&connection)))?;
    Ok(sender)
}

fn in_one_state<T>(
    connection: &Connection,
    run: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("begin")?;
    let result = run(connection);
    connection.execute_batch("rollback")?;
    result
}

/// Takes writes until nobody can send any, many to a commit, and answers each after its commit.
fn write_all(connection: &Connection, writes: &Receiver<Write>) {
    while let Ok(first) = writes.recv() {
        let mut replies = Vec::new();
        let committed = group(connection, first, writes, &mut replies);
        let stop = match &committed {
            Err(StoreError::Outcome(error)) => {
                // Reading the file back would prove the page cache only. A new process starts from the disk.
                tracing::error!(code = "HUB-STO-004", %error, "commit failed: the store stops");
                true
            }
            _ => false,
        };
        for reply in replies {
            reply(committed.clone());
        }
        if stop {
            return;
        }
    }
}

fn group(
    connection: &Connection,
    first: Write,
    writes: &Receiver<Write>,
    replies: &mut Vec<Reply>,
) -> Result<(), StoreError> {
    connection.execute_batch("begin immediate")?;
    let mut next = Some(first);
    while let Some(write) = next {
        replies.push(one(connection, write)?);
        next = match writes.try_recv() {
            Ok(write) if replies.len() < GROUP_MAX => Some(write),
            Ok(last) => {
                replies.push(one(connection, last)?);
                None
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        };
    }
    connection.execute_batch("commit").map_err(|error| {
        drop(connection.execute_batch("rollback"));
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull,
            _ => StoreError::Outcome(Arc::new(error)),
        }
    })
}

fn one(connection: &Connection, write: Write) -> Result<Reply, StoreError> {
    connection.execute_batch("savepoint one")?;
    let (keep, reply) = write(connection);
    // After some errors SQLite has rolled everything back by itself; then these fail, and so does the group.
    connection.execute_batch(if keep { "release one" } else { "rollback to one; release one" })?;
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_that_fails_takes_no_other_of_its_commit_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let insert = |key: &'static str, fails: bool| {
            store.write(move |connection| {
                connection.execute("insert into meta (key, value) values (?, '')", [key])?;
                if fails { Err(StoreError::Damaged("on purpose")) } else { Ok(()) }
            })
        };
        let (one, two, three) = tokio::join!(insert("a", false), insert("b", true), insert("c", false));
        assert!(one.is_ok() && two.is_err() && three.is_ok());
        let kept = store.read(|connection| {
            let sql = "select group_concat(key, '') from meta where length(key) = 1";
            Ok(connection.query_row(sql, [], |row| row.get::<_, String>(0))?)
        });
        assert_eq!(kept.await.unwrap(), "ac");
    }

    #[tokio::test]
    async fn a_stopped_store_takes_nothing_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        store.stop();
        let refused = store.write(|_| Ok(())).await;
        assert!(matches!(refused, Err(StoreError::Stopped)));
    }

    #[tokio::test]
    async fn a_database_of_a_newer_hub_or_with_a_changed_migration_is_refused_untouched() {
        for change in [
            "insert into migration (id, sha256, older_may_open, applied_at_ms) values (99, '', 0, 0)",
            "update migration set sha256 = 'changed'",
        ] {
            let folder = tempfile::tempdir().unwrap();
            drop(Store::open(folder.path(), 0).unwrap());
            let file = Connection::open(folder.path().join("hub.db")).unwrap();
            file.execute_batch(change).unwrap();
            drop(file);
            assert_eq!(Store::open(folder.path(), 0).unwrap_err().code(), "HUB-STO-007");
        }
    }
}
