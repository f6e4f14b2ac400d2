//! What the hub keeps. SQL lives below this module and no row type leaves it.

mod attention;
mod attention_list;
mod audit;
mod copy;
mod day;
mod enrolled;
mod error;
mod feed;
mod first_rows;
mod forks;
mod gauges;
mod heal;
mod holding;
mod ingest;
mod journal;
mod keys;
mod known;
mod lead;
mod lease;
mod lost;
mod migrations;
mod models;
mod number;
mod numbered;
mod postgres;
mod publish;
mod recorded;
mod reports;
mod reserved;
mod signer;
mod snapshot;
mod sql;
mod sqlite;
mod standing;
mod threads;
mod today;
mod types;
mod users;
mod within;

pub use attention::Attention;
pub use audit::{AUDIT_PAGE, AuditRow};
pub use copy::{copy_to_postgres, distribute};
pub use day::{
    DayState, DayVersion, Drawer, Excuse, FigureName, STORE_DAYS_MAX, StoreDay, StoreDays, TillDay,
    TillState, UnclosedDate, VERSIONS_MAX,
};
pub use error::{Cause, StoreError};
pub use keys::{ApiKey, KeyRights};
pub use lease::LEASE_MS;
pub use lost::{Decided, Lost, LostChoice, LostDecision, LostKey, LostRow, Proven};
pub use reports::REPORT_ROWS_MAX;
pub use reserved::{Reserve, Reserved};
pub use signer::Signer;
pub use sqlite::{BackedUp, back_up};
pub use standing::ListedStation;
pub use today::{Hour, StationLine, StoreLine, Today, TodayList, UnclosedShift};
pub use types::*;
pub use users::{Person, SESSION_LIFE_MS};

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use suanpan_journal::StationId;
use tokio::sync::{oneshot, watch};

use self::lease::Lease;
use self::sql::Sql;
use self::threads::{Connection, Job, Threads, Write};
use crate::project::Headway;

/// Writes that wait at once when a hub has more to do than a few tills' sales.
const PRESSED: usize = 24;

/// A long read is given up after this, so that it holds up no other for ever: whoever asked has given up soon after.
const PATIENCE: Duration = Duration::from_secs(60);

/// The hub's database, whichever it is: all that is decided and written lies beside this file and runs on either.
/// Dropping it finishes the writes that wait, then closes the connections.
#[derive(Debug)]
pub struct Store {
    threads: Threads,
    /// Read by whatever may take long: no till waits for it.
    reports: Threads,
    /// Read by reports, if there is one.
    replica: Option<Threads>,
    pending: watch::Sender<()>,
    published: watch::Sender<u64>,
    /// Held while a snapshot is made.
    snapshots: tokio::sync::Mutex<()>,
    lease: Lease,
    /// What the disk did to the last write.
    trouble: Mutex<Option<StoreError>>,
    /// What HQ's page of today read last.
    todays: Arc<today::Kept>,
    /// How the projector gets on.
    pub headway: Headway,
    /// Whether this hub has looked for what older hubs let into the figures.
    is_healed: AtomicBool,
    /// The last batch of which this hub has tried what is parked.
    pub(crate) tried: AtomicI64,
    /// Held for the life of the store where one hub owns a folder.
    folder_lock: Option<std::fs::File>,
}

impl Store {
    /// Opens or makes `hub.db` in a folder, brings it up to date and starts its threads.
    ///
    /// *Errors:* `Locked`, `File`, `OldSqlite`, `Migration`, `Database`.
    pub fn open(folder: &Path, now_ms: i64) -> Result<Arc<Store>, StoreError> {
        let (threads, lock) = sqlite::open(folder, now_ms)?;
        Store::of(threads, sqlite::open_reports(folder)?, None, Some(lock))
    }

    /// Connects to a PostgreSQL database, which other hubs may use too, brings it up to date and starts the threads.
    /// Waits for the server to answer; the replica from which reports read, if there is one, need not.
    ///
    /// *Errors:* `Address`, `PlainDatabase`, `Migration`, `Database`.
    pub fn connect(url: &str, replica: Option<&str>, now_ms: i64) -> Result<Arc<Store>, StoreError> {
        let replica = replica.map(postgres::open_reports).transpose()?;
        Store::of(postgres::open(url, now_ms)?, postgres::open_reports(url)?, replica, None)
    }

    fn of(
        threads: Threads,
        reports: Threads,
        replica: Option<Threads>,
        lock: Option<std::fs::File>,
    ) -> Result<Arc<Store>, StoreError> {
        let (pending, published) = (watch::Sender::new(()), watch::Sender::new(0));
        let lease = Lease::new()?;
        let snapshots = tokio::sync::Mutex::default();
        let (trouble, folder_lock) = (Mutex::default(), lock);
        let (headway, is_healed) = (Headway::default(), AtomicBool::new(false));
        Ok(Arc::new(Store {
            threads,
            reports,
            replica,
            pending,
            published,
            snapshots,
            lease,
            trouble,
            todays: Arc::default(),
            headway,
            is_healed,
            tried: AtomicI64::new(0),
            folder_lock,
        }))
    }

    /// Whether other hubs may write to this database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.folder_lock.is_none()
    }

    /// Tells when a batch came in.
    #[must_use]
    pub fn on_pending(&self) -> watch::Receiver<()> {
        self.pending.subscribe()
    }

    /// Whether the last projection held up so many tills that the projector should rest.
    #[must_use]
    pub fn is_pressed(&self) -> bool {
        self.threads.held_up() >= PRESSED
    }

    /// Tells when something was published.
    #[must_use]
    pub fn on_published(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Runs a write that is no station's in a transaction of its own; returns after the commit is durable.
    async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Sql) -> Result<T, StoreError> + Send + 'static,
    {
        let mut run = Some(run);
        // It is alone in its transaction, so it runs once.
        let run = move |sql: &dyn Sql| run.take().ok_or(StoreError::Stopped)?(sql);
        self.write_for(None, run).await
    }

    /// Runs a station's write, undone by itself if it fails; returns after the commit that holds it is durable.
    async fn write_of<T, F>(&self, station: StationId, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&dyn Sql) -> Result<T, StoreError> + Send + 'static,
    {
        self.write_for(Some(station), run).await
    }

    async fn write_for<T, F>(&self, station: Option<StationId>, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&dyn Sql) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Task { run, result: None, answer });
        let result = match self.threads.write(Write { station, job }) {
            Ok(()) => answered.await.unwrap_or(Err(StoreError::Stopped)),
            Err(error) => Err(error),
        };
        self.note(result.as_ref().err());
        result
    }

    fn note(&self, error: Option<&StoreError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            // Of the rest a store does not recover.
            None => drop(trouble.take_if(|trouble| matches!(trouble, StoreError::DiskFull))),
            // Another server takes over, and reads tell whether one has.
            Some(StoreError::Outcome(_)) if self.is_shared() => {}
            Some(StoreError::DiskFull | StoreError::Outcome(_)) => *trouble = error.cloned(),
            Some(StoreError::Stopped) => drop(trouble.get_or_insert(StoreError::Stopped)),
            Some(_) => {}
        }
    }

    /// Says whether the last write reached the disk. The projector's lease is written every few seconds, so that a disk
    /// with room again is noticed by itself.
    ///
    /// *Errors:* `DiskFull`; `Outcome` or `Stopped` when the store gave its file up and writes no more until the hub is
    /// started again.
    pub fn health(&self) -> Result<(), StoreError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    /// Runs a read on one consistent state.
    async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Sql) -> Result<T, StoreError> + Send + 'static,
    {
        read_by(&self.threads, None, run).await
    }

    /// Runs a read that may take long, on one consistent state.
    async fn read_long<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Sql) -> Result<T, StoreError> + Send + 'static,
    {
        read_by(&self.reports, Some(PATIENCE), run).await
    }

    /// Runs a report's read: on the replica when there is one that answers and is not far behind.
    async fn read_report<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Sql) -> Result<T, StoreError> + Clone + Send + 'static,
    {
        if let Some(replica) = &self.replica {
            let on_replica = run.clone();
            let done = read_by(replica, Some(PATIENCE), |sql| {
                lease::refuse_stale(sql)?;
                on_replica(sql)
            });
            match done.await {
                Err(error @ (StoreError::TooMany(_) | StoreError::Late)) => return Err(error),
                Err(error) => tracing::warn!(code = error.code(), %error, "a report leaves the replica"),
                done => return done,
            }
        }
        self.read_long(run).await
    }

    /// Takes no more writes, finishes those that wait, and returns when the writers are done.
    pub fn stop(&self) {
        self.threads.stop();
    }
}

async fn read_by<T, F>(threads: &Threads, patience: Option<Duration>, run: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&dyn Sql) -> Result<T, StoreError> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let read = Box::new(move |connection: &dyn Connection| {
        let read = threads::unbroken(|| threads::in_one_state(connection, patience, run));
        if matches!(read, Err(StoreError::Panicked)) {
            drop(connection.rollback());
        }
        drop(answer.send(read));
    });
    threads.read(read)?;
    answered.await.unwrap_or(Err(StoreError::Stopped))
}

/// A write, and who waits for it.
struct Task<T, F> {
    run: F,
    result: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&dyn Sql) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, sql: &dyn Sql) -> Result<(), StoreError> {
        self.result = Some((self.run)(sql)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Task { result, answer, .. } = *self;
        // Nobody may be waiting any more: the write stands all the same.
        drop(answer.send(committed.and_then(|()| result.ok_or(StoreError::Stopped))));
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_that_fails_takes_no_other_of_its_commit_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let insert = |key: &'static str, fails: bool| {
            store.write_of(StationId([1; 16]), move |sql| {
                sql.execute("insert into meta (key, value) values (?, '')", sql::values![key])?;
                if fails { Err(StoreError::Damaged("on purpose")) } else { Ok(()) }
            })
        };
        let (one, two, three) = tokio::join!(insert("a", false), insert("b", true), insert("c", false));
        assert!(one.is_ok() && two.is_err() && three.is_ok());
        let kept = store.read(|sql| {
            sql.all("select key from meta where length(key) = 1 order by key", sql::values![], |row| {
                row.get::<String>(0)
            })
        });
        assert_eq!(kept.await.unwrap(), ["a".to_owned(), "c".to_owned()]);
    }

    #[tokio::test]
    async fn whatever_breaks_off_costs_its_own_answer_and_no_thread() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let insert = |key: &'static str| {
            store.write_of(StationId([1; 16]), move |sql| {
                sql.execute("insert into meta (key, value) values (?, '')", sql::values![key])?;
                assert_ne!(key, "b", "on purpose");
                Ok(())
            })
        };
        let (one, two, three) = tokio::join!(insert("a"), insert("b"), insert("c"));
        assert!(one.is_ok() && matches!(two, Err(StoreError::Panicked)) && three.is_ok());
        // More than there are readers.
        for _ in 0..8 {
            let broken: Result<(), _> = store.read(|_| panic!("on purpose")).await;
            assert!(matches!(broken, Err(StoreError::Panicked)));
        }
        insert("d").await.unwrap();
        for _ in 0..8 {
            let keys = "select count(*) from meta where length(key) = 1";
            let kept: u64 = store.read(|sql| sql.only(keys, sql::values![], |row| row.get(0))).await.unwrap();
            assert_eq!(kept, 3, "each reads what is there now");
        }
    }

    #[tokio::test]
    async fn what_takes_long_holds_up_no_short_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        // More than there are readers of any kind.
        let long = (0..8).map(|_| {
            let (store, held) = (store.clone(), held.clone());
            tokio::spawn(
                async move { store.read_long(move |_| Ok(held.lock().unwrap().recv().is_err())).await },
            )
        });
        let long: Vec<_> = long.collect();
        for _ in 0..8 {
            tokio::task::yield_now().await;
            store.read(|_| Ok(())).await.unwrap();
        }
        assert!(long.iter().all(|read| !read.is_finished()));
        drop(hold);
        for read in long {
            assert!(read.await.unwrap().unwrap());
        }
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_is_given_up_and_its_reader_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        for _ in 0..4 {
            let endless =
                "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";
            let read = |sql: &dyn Sql| sql.only(endless, sql::values![], |row| row.get::<u64>(0));
            let read = read_by(&store.reports, Some(Duration::from_millis(1)), read).await;
            assert!(matches!(read, Err(StoreError::Late)), "{read:?}");
            store.read_long(|_| Ok(())).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_stopped_store_takes_nothing_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        store.stop();
        let refused = store.write(|_| Ok(())).await;
        assert!(matches!(refused, Err(StoreError::Stopped)));
    }
}
