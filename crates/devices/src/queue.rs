//! The print queue: one thread, bounded, at most once.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use std::thread::JoinHandle;

use suanpan_domain::ids::Id;
use suanpan_domain::receipt::{Block, render_lines};

use crate::encode::job_bytes;
use crate::printer::{Outcome, Printer, PrinterStatus, Reason};

/// Jobs that may wait: ten minutes of receipts at a busy till. Beyond it the printer is broken, and paper that comes
/// out an hour late helps nobody: each sale is saved and can be reprinted.
pub const JOBS_WAITING_MAX: usize = 32;

/// Ids remembered so that none prints twice: a day's jobs of a busy till, 16 bytes each.
pub const RECENT_JOBS_MAX: usize = 2_048;

/// One visit to the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Names the job for good: the same id is never printed twice by one queue.
    pub id: Id,
    /// What to print; empty opens the drawer only.
    pub blocks: Vec<Block>,
    /// Opens the drawer before the paper.
    pub kick_drawer: bool,
}

/// What the queue tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintEvent {
    /// A job's one and only outcome.
    Finished {
        /// The job.
        id: Id,
        /// What became of its paper.
        outcome: Outcome,
    },
    /// The printer's state, after [`PrintQueue::ask_status`].
    Status(PrinterStatus),
}

/// Why a job was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// [`JOBS_WAITING_MAX`] jobs wait.
    #[error("too many jobs wait for the printer")]
    Full,
    /// This id was submitted before.
    #[error("a job with this id was submitted before")]
    Repeated,
    /// The queue's thread has ended.
    #[error("the print queue is closed")]
    Closed,
}

impl SubmitError {
    /// Stable code: whatever the reason, this paper is not printed.
    pub fn code(self) -> &'static str {
        "POS-PRN-004"
    }
}

enum Task {
    Print(Job),
    AskStatus,
}

/// Prints jobs in order on its own thread. Nothing here waits for the printer but that thread.
pub struct PrintQueue {
    tasks: Option<SyncSender<Task>>,
    recent: Mutex<VecDeque<Id>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl PrintQueue {
    /// Starts the thread. `tell` is called from it, once for each job, and must not wait.
    ///
    /// *Errors:* the system's, when it has no thread to give.
    pub fn start(printer: Printer, tell: impl Fn(PrintEvent) + Send + 'static) -> std::io::Result<Self> {
        let (tasks, waiting) = sync_channel(JOBS_WAITING_MAX);
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = std::thread::Builder::new()
            .name("print-queue".to_owned())
            .spawn(move || work(&printer, &waiting, &stop, &tell))?;
        Ok(Self { tasks: Some(tasks), recent: Mutex::default(), stopping, thread: Some(thread) })
    }

    /// Queues a job and returns at once.
    ///
    /// *Errors:* the job was not taken and will have no outcome.
    pub fn submit(&self, job: Job) -> Result<(), SubmitError> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.contains(&job.id) {
            return Err(SubmitError::Repeated);
        }
        let id = job.id;
        self.send(Task::Print(job))?;
        if recent.len() == RECENT_JOBS_MAX {
            recent.pop_front();
        }
        recent.push_back(id);
        Ok(())
    }

    /// Asks for the printer's state, told as [`PrintEvent::Status`] after the jobs before it.
    ///
    /// *Errors:* as [`PrintQueue::submit`].
    pub fn ask_status(&self) -> Result<(), SubmitError> {
        self.send(Task::AskStatus)
    }

    /// Finishes the job at the printer, fails those that wait, and returns when the thread has ended.
    pub fn close(mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn send(&self, task: Task) -> Result<(), SubmitError> {
        let tasks = self.tasks.as_ref().ok_or(SubmitError::Closed)?;
        tasks.try_send(task).map_err(|refused| match refused {
            TrySendError::Full(_) => SubmitError::Full,
            TrySendError::Disconnected(_) => SubmitError::Closed,
        })
    }

    fn stop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        self.tasks = None;
    }
}

/// Without [`PrintQueue::close`] the thread ends by itself after the job at the printer; nobody waits for it.
impl Drop for PrintQueue {
    fn drop(&mut self) {
        self.stop();
    }
}

fn work(printer: &Printer, waiting: &Receiver<Task>, stop: &AtomicBool, tell: &dyn Fn(PrintEvent)) {
    for task in waiting {
        match task {
            Task::AskStatus if stop.load(Ordering::Acquire) => {}
            Task::AskStatus => tell(PrintEvent::Status(printer.status())),
            Task::Print(job) => {
                let outcome = if stop.load(Ordering::Acquire) {
                    Outcome::Failed(Reason::QueueClosed)
                } else {
                    print(printer, &job)
                };
                log(&job, outcome);
                tell(PrintEvent::Finished { id: job.id, outcome });
            }
        }
    }
}

fn print(printer: &Printer, job: &Job) -> Outcome {
    let settings = printer.settings();
    let drawer = job.kick_drawer.then_some(settings.drawer);
    match job_bytes(&render_lines(&job.blocks, settings.paper), drawer) {
        Ok(bytes) => printer.print(&bytes, drawer),
        Err(_) => Outcome::Failed(Reason::Unprintable),
    }
}

fn log(job: &Job, outcome: Outcome) {
    let code = outcome.code().unwrap_or_default();
    match outcome {
        Outcome::Printed => tracing::debug!(printer.job = %job.id, "printed"),
        Outcome::Failed(reason) => {
            tracing::warn!(error.code = code, printer.job = %job.id, "not printed: {reason}");
        }
        Outcome::Uncertain(reason) => {
            tracing::warn!(error.code = code, printer.job = %job.id, "perhaps printed: {reason}");
        }
    }
}
