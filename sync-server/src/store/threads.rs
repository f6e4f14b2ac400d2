//! The threads that own a store's connections: some write, many writes to a commit, and some read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use suanpan_journal::StationId;

use super::error::StoreError;
use super::sql::Sql;

/// Writes that may wait at one writer: at a few hundred µs each this is under a second of work, and past it a
/// station is better told to come back.
const WRITES_WAITING_MAX: usize = 1_024;

/// Writes that share one commit: enough to amortise an fsync, few enough to answer within some ms.
const GROUP_MAX: usize = 128;

/// Reads that may wait for a reader.
const READS_WAITING_MAX: usize = 512;

/// A connection, owned by one thread.
pub(super) trait Connection: Sql {
    /// Runs a text of many statements.
    fn script(&self, text: &str) -> Result<(), StoreError>;
    /// Begins a transaction that writes what is stations', each its own, or anything else.
    fn begin(&self, of_stations: bool) -> Result<(), StoreError>;
    /// Begins a transaction that reads one consistent state. A statement that takes longer than `patience` is given up.
    fn begin_read(&self, patience: Option<Duration>) -> Result<(), StoreError>;
    /// Makes everything durable. *Errors:* `Outcome` if nobody can say whether it is.
    fn commit(&self) -> Result<(), StoreError>;
    /// Undoes everything.
    fn rollback(&self) -> Result<(), StoreError>;
    /// Whether another commit may be tried after `Outcome`.
    fn outlives_outcome(&self) -> bool;
}

pub(super) type Read = Box<dyn FnOnce(&dyn Connection) + Send>;

/// A write that waits.
pub(super) struct Write {
    /// Whose it is. Writes of stations share commits; any other is alone in its own.
    pub(super) station: Option<StationId>,
    /// What is to be done.
    pub(super) job: Box<dyn Job>,
}

/// What a write does, and whom it tells.
pub(super) trait Job: Send {
    /// Does it in a transaction. A station's is done again by itself if another of its commit failed.
    ///
    /// *Errors:* the store's; then the transaction is undone.
    fn run(&mut self, sql: &dyn Sql) -> Result<(), StoreError>;

    /// Tells whether it is durable.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Whether a connection is to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Write,
    Read,
}

/// Writes that wait.
#[derive(Debug, Default)]
struct Queue {
    /// Handed over and not begun.
    waiting: AtomicUsize,
    /// So many did when the last commit ended that was no station's.
    behind: AtomicUsize,
}

/// A store's threads.
#[derive(Debug)]
pub(super) struct Threads {
    writers: Mutex<Vec<SyncSender<Write>>>,
    /// Whoever is free takes the next.
    readers: SyncSender<Read>,
    queue: Arc<Queue>,
    /// Nothing is sent: who listens learns of the end.
    beside: Mutex<Vec<Sender<()>>>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts them; each opens its own connection. Returns when all have.
    pub(super) fn start<C: Connection + 'static>(
        writers: usize,
        readers: usize,
        open: impl Fn(Use) -> Result<C, StoreError> + Send + Sync + 'static,
    ) -> Result<Threads, StoreError> {
        let (open, mut handles) = (Arc::new(open), Vec::new());
        let queue = Arc::new(Queue::default());
        let mut start_writer = || {
            let (sender, writes) = sync_channel(WRITES_WAITING_MAX);
            let (open, queue) = (open.clone(), queue.clone());
            let work = move |it: &C| write_all(it, &writes, &queue);
            handles.push(spawn("hub-writer", move || open(Use::Write), work)?);
            Ok::<_, StoreError>(sender)
        };
        let writers = (0..writers).map(|_| start_writer()).collect::<Result<_, _>>()?;
        let (sender, reads) = sync_channel::<Read>(READS_WAITING_MAX);
        let reads = Arc::new(Mutex::new(reads));
        for _ in 0..readers {
            let (open, reads) = (open.clone(), reads.clone());
            let next = move || reads.lock().unwrap_or_else(PoisonError::into_inner).recv();
            spawn(
                "hub-reader",
                move || open(Use::Read),
                move |it| {
                    while let Ok(read) = next() {
                        read(it);
                    }
                },
            )?;
        }
        Ok(Threads {
            writers: Mutex::new(writers),
            readers: sender,
            queue,
            beside: Mutex::default(),
            handles: Mutex::new(handles),
        })
    }

    /// Runs something beside them until they stop, which it learns when nobody can send to it any more.
    pub(super) fn beside(
        &self,
        name: &str,
        work: impl FnOnce(&Receiver<()>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let (sender, stop) = channel();
        let handle = spawn(name, || Ok(stop), |stop: &Receiver<()>| work(stop))?;
        self.beside.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        Ok(())
    }

    /// Hands a write to the writer of its station. The last writer takes what is no station's, so that a
    /// projection does not hold up tills.
    pub(super) fn write(&self, write: Write) -> Result<(), StoreError> {
        let writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, others) = writers.split_last().ok_or(StoreError::Stopped)?;
        let place = write.station.and_then(|station| {
            let [.., digit] = station.0;
            usize::from(digit).checked_rem(others.len())
        });
        let writer = place.and_then(|place| others.get(place)).unwrap_or(last);
        self.queue.waiting.fetch_add(1, Ordering::Relaxed);
        writer.try_send(write).map_err(|error| {
            self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
            refused(error)
        })
    }

    /// Writes that the last one held up that was no station's. Counted before it is answered: a moment later the writer
    /// has taken them all.
    pub(super) fn held_up(&self) -> usize {
        self.queue.behind.load(Ordering::Relaxed)
    }

    /// Hands a read to the reader that is free first.
    pub(super) fn read(&self, read: Read) -> Result<(), StoreError> {
        self.readers.try_send(read).map_err(refused)
    }

    /// Takes no more writes, finishes those that wait, and returns when the writers are done.
    pub(super) fn stop(&self) {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.beside.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in handles {
            drop(handle.join());
        }
    }
}

fn refused<T>(error: TrySendError<T>) -> StoreError {
    match error {
        TrySendError::Full(_) => StoreError::Busy,
        TrySendError::Disconnected(_) => StoreError::Stopped,
    }
}

/// Opens a connection on a new thread, then lets it work there.
fn spawn<C: 'static>(
    name: &str,
    open: impl FnOnce() -> Result<C, StoreError> + Send + 'static,
    work: impl FnOnce(&C) + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let (opened, is_open) = channel();
    let handle = std::thread::Builder::new().name(name.to_owned()).spawn(move || match open() {
        Ok(connection) => {
            drop(opened.send(Ok(())));
            work(&connection);
        }
        Err(error) => drop(opened.send(Err(error))),
    });
    let handle =
        handle.map_err(|source| StoreError::File { path: name.to_owned(), source: Arc::new(source) })?;
    is_open.recv().unwrap_or(Err(StoreError::Stopped))?;
    Ok(handle)
}

/// Runs a read on one consistent state.
pub(super) fn in_one_state<T>(
    connection: &dyn Connection,
    patience: Option<Duration>,
    run: impl FnOnce(&dyn Sql) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.begin_read(patience)?;
    let result = run(connection);
    connection.rollback()?;
    result
}

/// Runs something at which the program may break off: that costs an answer, and no thread.
pub(super) fn unbroken<T>(run: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(StoreError::Panicked))
}

/// Takes writes until nobody can send any, many to a commit, and answers each after its commit.
fn write_all(connection: &dyn Connection, writes: &Receiver<Write>, queue: &Queue) {
    let mut next = None;
    while let Some(first) = next.take().or_else(|| writes.recv().ok()) {
        let mut group = vec![first];
        while group.len() < GROUP_MAX && group.iter().all(|write| write.station.is_some()) {
            match writes.try_recv() {
                Ok(write) if write.station.is_none() => {
                    next = Some(write);
                    break;
                }
                Ok(write) => group.push(write),
                Err(_) => break,
            }
        }
        queue.waiting.fetch_sub(group.len(), Ordering::Relaxed);
        // Every hub locks stations in this order, so that two of them never wait for each other.
        group.sort_by_key(|write| write.station);
        if !write_group(connection, group, queue) {
            return;
        }
    }
}

/// Commits some writes and answers them. Says whether the store can go on.
///
/// One that fails takes no other with it: the commit is undone, and each is done by itself.
fn write_group(connection: &dyn Connection, mut group: Vec<Write>, queue: &Queue) -> bool {
    let of_stations = group.iter().all(|write| write.station.is_some());
    let mut run_all = || group.iter_mut().try_for_each(|write| write.job.run(connection));
    let run = connection.begin(of_stations).and_then(|()| unbroken(&mut run_all));
    if run.is_err() && group.len() > 1 {
        drop(connection.rollback());
        return group.into_iter().all(|write| write_group(connection, vec![write], queue));
    }
    let committed = run.and_then(|()| connection.commit());
    let mut goes_on = true;
    if let Err(error) = &committed {
        drop(connection.rollback());
        if let StoreError::Outcome(error) = error {
            goes_on = connection.outlives_outcome();
            tracing::error!(code = "HUB-STO-004", %error, goes_on, "a commit failed");
        }
    }
    if group.iter().any(|write| write.station.is_none()) {
        queue.behind.store(queue.waiting.load(Ordering::Relaxed), Ordering::Relaxed);
    }
    for write in group {
        write.job.answer(committed.clone());
    }
    goes_on
}
