//! The till as its hosts see it: the app's one command, the tests, the replay.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use suanpan_contract::{Command, Reply, TillView};
use suanpan_devices::PrintEvent;

use super::core::Core;
use super::index::{self, Indexed};
use super::start::{self, Phase, StartError};
use crate::clock::Clock;

/// Events that may wait: every job the print queue holds, and room for the scale.
const EVENTS_MAX: usize = 64;

/// How often the printer is asked how it is, and the disk looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// How a till is started.
#[derive(Clone)]
pub struct StationConfig {
    /// The station's folder; made when absent.
    pub data_dir: PathBuf,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How the ledger is opened.
    pub ledger: suanpan_ledger::Options,
    /// Starts the printer and the scale of the machine's settings.
    pub with_devices: bool,
    /// Talks to the hub.
    pub with_sync: bool,
}

impl StationConfig {
    /// A till with everything, on the machine's clock.
    pub fn new(data_dir: impl Into<PathBuf>) -> StationConfig {
        StationConfig {
            data_dir: data_dir.into(),
            clock: Arc::new(crate::clock::SystemClock),
            ledger: suanpan_ledger::Options::default(),
            with_devices: true,
            with_sync: true,
        }
    }
}

/// What happens beside the commands.
pub(crate) enum Event {
    Print(PrintEvent),
    /// The scale shows something else.
    Scale,
    Index(Indexed),
    /// A sale was committed: time to tidy up before the next.
    Sold,
    Stop,
}

type Listener = Box<dyn Fn(&TillView) + Send>;

pub(crate) struct Inner {
    phase: Mutex<Phase>,
    listeners: Mutex<Vec<Listener>>,
    /// The till is being dropped: long work ends early.
    pub(crate) is_stopping: AtomicBool,
}

impl Inner {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Phase> {
        // A use case that panicked decided on a copy: what is behind the mutex is whole.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with the till, if it is enrolled.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Core) -> R) -> Option<R> {
        match &mut *self.lock() {
            Phase::Ready(core) => Some(work(core)),
            Phase::New(_) => None,
        }
    }

    fn tell(&self, view: &TillView) {
        for listener in self.listeners.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(view);
        }
    }
}

/// A running till. Dropping it stops it; the open basket stays for the next start.
pub struct Till {
    inner: Arc<Inner>,
    config: StationConfig,
    events: SyncSender<Event>,
    threads: Vec<JoinHandle<()>>,
}

impl Till {
    /// Opens the folder and is ready to sell: restores the open basket, starts devices and the hub's driver, and
    /// builds the search index meanwhile.
    ///
    /// *Errors:* [`StartError`]; another process at work in the folder, a ledger of a newer version.
    pub fn start(config: StationConfig) -> Result<Till, StartError> {
        let (events, waiting) = sync_channel(EVENTS_MAX);
        let inner = Arc::new(Inner {
            phase: Mutex::new(start::open(&config)?),
            listeners: Mutex::default(),
            is_stopping: AtomicBool::new(false),
        });
        let worker = Arc::clone(&inner);
        let thread = std::thread::Builder::new().name("till-events".to_owned());
        let thread = thread.spawn(move || work(&worker, &waiting)).map_err(StartError::Thread)?;
        let mut till = Till { inner, config, events, threads: vec![thread] };
        till.begin();
        Ok(till)
    }

    /// Starts what runs beside an enrolled till.
    fn begin(&mut self) {
        self.restart_devices();
        self.rebuild_index();
    }

    /// Carries a command out and gives the picture after it. Never waits for printer, scale or network, but for the
    /// disk and a PIN's hash: call it off the window's own thread.
    pub fn dispatch(&self, command: Command) -> Reply {
        let mut phase = self.inner.lock();
        let core = match &mut *phase {
            Phase::New(newcomer) => return newcomer.dispatch(&command),
            Phase::Ready(core) => core,
        };
        let outcome = core.dispatch(&command);
        let devices_changed = std::mem::take(&mut core.devices_changed);
        let sold = std::mem::take(&mut core.sold);
        let reply = core.reply(outcome.found);
        drop(phase);
        if devices_changed {
            self.restart_devices();
        }
        if sold {
            // Full means that tidying up is due already.
            let _ = self.events.try_send(Event::Sold);
        }
        reply
    }

    /// The picture as it is now.
    pub fn view(&self) -> TillView {
        match &*self.inner.lock() {
            Phase::New(newcomer) => newcomer.view(),
            Phase::Ready(core) => core.view(),
        }
    }

    /// Calls back with every picture that no command of this host brought about: print outcomes, weights, news from
    /// the hub. Called from the till's own thread; must not wait and must not call the till.
    pub fn on_change(&self, listener: impl Fn(&TillView) + Send + 'static) {
        self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    /// Builds the search index on a thread of its own, in place of the one before.
    fn rebuild_index(&mut self) {
        let (inner, events) = (Arc::clone(&self.inner), self.events.clone());
        let thread = std::thread::Builder::new().name("search-index".to_owned());
        let built = thread.spawn(move || {
            let Some(indexed) = index::build(&inner) else { return };
            // A till that stopped meanwhile needs no index.
            let _ = events.send(Event::Index(indexed));
        });
        match built {
            Ok(thread) => self.threads.push(thread),
            Err(error) => tracing::error!(error.what = %error, "till.index_thread"),
        }
    }

    /// Starts printer and scale as the settings say, in place of those before.
    fn restart_devices(&self) {
        if !self.config.with_devices {
            return;
        }
        let events = self.events.clone();
        let told = move |event| {
            // Outcomes wait for room: each is told once. The thread that waits is the printer's.
            let _ = events.send(Event::Print(event));
        };
        let events = self.events.clone();
        let moved = move || match events.try_send(Event::Scale) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        };
        // The old scale's thread ends as this is dropped, after the mutex was given back.
        drop(self.inner.with(|core| core.start_devices(told, moved)));
    }
}

impl Drop for Till {
    fn drop(&mut self) {
        // The folder is free for the next start only when nobody works in it any more.
        self.inner.is_stopping.store(true, Ordering::Release);
        let _ = self.events.send(Event::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(inner: &Inner, waiting: &Receiver<Event>) {
    loop {
        let event = waiting.recv_timeout(HOUSEKEEPING);
        if matches!(event, Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected)) {
            return;
        }
        let changed = inner.with(|core| {
            let changed = take(core, event.ok());
            core.revision += u64::from(changed);
            changed.then(|| core.view())
        });
        if let Some(view) = changed.flatten() {
            inner.tell(&view);
        }
    }
}

/// Takes an event, or the time to look after things; true when the picture changed.
fn take(core: &mut Core, event: Option<Event>) -> bool {
    match event {
        Some(Event::Print(event)) => core.print_event(event),
        Some(Event::Scale) => core.scale_moved(),
        Some(Event::Index(indexed)) => {
            core.indexed(indexed);
            true
        }
        Some(Event::Sold) => core.tidy(),
        Some(Event::Stop) => false,
        None => {
            core.ask_printer();
            core.tidy()
        }
    }
}
