//! The till as its hosts see it: the app's one command, the tests, the replay.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use suanpan_contract::{Command, Reply, TillView};
use suanpan_devices::PrintEvent;
use suanpan_ledger::{OpenError, Salvage, Spare};

use super::core::Core;
use super::enrolling::become_till;
use super::foreign;
use super::index::{self, Indexed};
use super::newcomer;
use super::start::{self, Phase, StartError};
use super::stores::Backroom;
use crate::clock::Clock;
use crate::sync::{Driver, DriverConfig, NetworkState};

/// Events that may wait: every job the print queue holds, and room for the scale.
const EVENTS_MAX: usize = 64;

/// How often the printer is asked how it is, and the disk looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// How often a printer that does not print is asked: the roll is changed, and the screen says so while somebody looks.
const LOOK_AT_PRINTER: Duration = Duration::from_secs(2);

/// The pause after a piece of the salvage: much of the machine is the sale's.
const BETWEEN_PIECES: Duration = Duration::from_millis(20);

/// Failures of the salvage after which it waits for the next start.
const SALVAGES_MAX: u32 = 10;

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
    /// The open basket is to be saved.
    Save,
    /// The counter is empty: time to tidy up before the next sale.
    Tidy,
    /// New items or prices are in force.
    Catalogue,
    /// The hub's driver has news.
    Network,
    Stop,
}

type Listener = Box<dyn Fn(&TillView) + Send>;

/// What the till's threads share.
pub(crate) struct Inner {
    phase: Mutex<Phase>,
    listeners: Mutex<Vec<Listener>>,
    events: SyncSender<Event>,
    /// News from the hub's driver that the till has not taken yet; only the latest counts.
    network: Mutex<Option<NetworkState>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// The salvage that is under way behind the sale.
    salvage: Mutex<Option<Salvage>>,
    /// The till is being dropped: long work ends early.
    pub(crate) is_stopping: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A use case that panicked decided on a copy: what is behind the mutex is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Phase> {
        locked(&self.phase)
    }

    /// Works with the till, if it is enrolled.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Core) -> R) -> Option<R> {
        match &mut *self.lock() {
            Phase::Ready(core) => Some(work(core)),
            Phase::New(_) | Phase::Closed => None,
        }
    }

    /// The catalogue has changed: the index is to be built again, the picture to be shown.
    pub(crate) fn catalogue_changed(&self) {
        // A till that stopped meanwhile shows nothing.
        let _ = self.events.send(Event::Catalogue);
    }

    fn network_is(&self, state: NetworkState) {
        *locked(&self.network) = Some(state);
        // Full means that the till looks in a moment anyway.
        let _ = self.events.try_send(Event::Network);
    }

    fn tell(&self, view: &TillView) {
        locked(&self.listeners).iter().for_each(|listener| listener(view));
    }

    /// Builds the search index on a thread of its own, in place of the one before.
    fn rebuild_index(self: &Arc<Self>) {
        let inner = Arc::clone(self);
        self.beside("search-index", move || {
            let Some(indexed) = index::build(&inner) else { return };
            // A till that stopped meanwhile needs no index.
            let _ = inner.events.send(Event::Index(indexed));
        });
    }

    /// Does something on a thread that the till waits for when it stops.
    fn beside(&self, name: &str, work: impl FnOnce() + Send + 'static) {
        let begun = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let mut threads = locked(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        match begun {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::error!(error.what = %error, thread.name = name, "till.thread"),
        }
    }
}

/// A running till. Dropping it stops it; the open basket stays for the next start.
pub struct Till {
    inner: Arc<Inner>,
    config: StationConfig,
    driver: Mutex<Option<Driver>>,
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
            events,
            network: Mutex::default(),
            threads: Mutex::default(),
            salvage: Mutex::default(),
            is_stopping: AtomicBool::new(false),
        });
        let worker = Arc::clone(&inner);
        let thread = std::thread::Builder::new().name("till-events".to_owned());
        let thread = thread.spawn(move || work(&worker, &waiting)).map_err(StartError::Thread)?;
        locked(&inner.threads).push(thread);
        let till = Till { inner, config, driver: Mutex::default() };
        till.begin();
        Ok(till)
    }

    /// Starts what runs beside an enrolled till.
    fn begin(&self) {
        if self.inner.with(|_| ()).is_none() {
            return;
        }
        self.restart_devices();
        self.inner.rebuild_index();
        if self.config.with_sync {
            *locked(&self.driver) = self.start_driver();
        }
    }

    fn start_driver(&self) -> Option<Driver> {
        let (identity, state) = self.inner.with(Core::sync_needs)??;
        if identity.hub_url.is_empty() {
            return None;
        }
        let inner = Arc::downgrade(&self.inner);
        let started = Driver::start(DriverConfig {
            hub_url: identity.hub_url.clone(),
            certificate: identity.certificate.clone(),
            key: identity.key.clone(),
            hub_key: identity.hub_key,
            clock: Arc::clone(&self.config.clock),
            stores: Arc::new(Backroom(Arc::clone(&self.inner))),
            state,
            on_change: Box::new(move |state| {
                if let Some(inner) = inner.upgrade() {
                    inner.network_is(state.clone());
                }
            }),
        });
        // Without a hub the till sells all the same, and says why.
        started
            .map_err(|why| {
                tracing::error!(error.what = %why, "till.driver");
                self.inner.network_is(NetworkState::Offline { since_ms: None, held: 0, why: Some(why) });
            })
            .ok()
    }

    /// Carries a command out and gives the picture after it. Waits for the disk and a PIN's hash, never for printer or
    /// scale; [`Command::Enrol`] and what asks for a receipt before it is refunded wait for the hub, while others may go
    /// on with the till. Call it off the window's own thread.
    pub fn dispatch(&self, command: Command) -> Reply {
        if let Command::Enrol { hub_url, code } = &command
            && self.inner.with(|_| ()).is_none()
        {
            if become_till(&self.inner, &self.config, hub_url, code) {
                self.begin();
            }
            return Reply { view: self.view(), found: None };
        }
        let reserved = match command {
            Command::RefundLeave => self.inner.with(Core::reserved).flatten(),
            _ => None,
        };
        let done = self.act(|core| {
            let found = core.dispatch(&command);
            (core.reply(found), core.question.take())
        });
        if let Some(number) = reserved {
            let config = self.config.clone();
            self.inner.beside("refund-release", move || foreign::release(&config, &number));
        }
        let done = done.map(|(reply, question)| match question {
            Some(number) => self.ask_hub(&command, number).unwrap_or(reply),
            None => reply,
        });
        done.unwrap_or_else(|| match &mut *self.inner.lock() {
            Phase::New(newcomer) => newcomer.dispatch(&command),
            _ => Reply { view: newcomer::blank(0), found: None },
        })
    }

    /// Asks the hub, while others may go on with the till, and then carries the command out with its answer.
    fn ask_hub(&self, command: &Command, number: String) -> Option<Reply> {
        let answer = foreign::ask(&self.config, number);
        self.act(|core| {
            let found = core.dispatch_with(command, answer);
            // Another receipt is meant meanwhile: whoever wants it refunded asks again.
            core.question = None;
            core.reply(found)
        })
    }

    /// Works with the till, if it is enrolled, and then looks after what that brought about.
    pub(crate) fn act<R>(&self, work: impl FnOnce(&mut Core) -> R) -> Option<R> {
        let (answer, saves, devices_changed, committed, tidies) = self.inner.with(|core| {
            let answer = work(core);
            let take = std::mem::take::<bool>;
            let (changed, committed) = (take(&mut core.devices_changed), take(&mut core.committed));
            (answer, core.basket_unsaved, changed, committed, take(&mut core.tidies))
        })?;
        if saves {
            // Full means that the till's own thread is awake, and it saves with whatever it does.
            let _ = self.inner.events.try_send(Event::Save);
        }
        if devices_changed {
            self.restart_devices();
        }
        if committed {
            self.committed();
        }
        if tidies {
            // Full means that tidying up is due already.
            let _ = self.inner.events.try_send(Event::Tidy);
        }
        Some(answer)
    }

    /// Asks the hub's driver; `None` for a station without a hub.
    pub(crate) fn ask_driver<R>(&self, question: impl FnOnce(&Driver) -> R) -> Option<R> {
        locked(&self.driver).as_ref().map(question)
    }

    /// Tells the hub's driver that there is something to send.
    fn committed(&self) {
        if let Some(driver) = &*locked(&self.driver) {
            driver.committed();
        }
    }

    /// The picture as it is now.
    pub fn view(&self) -> TillView {
        match &*self.inner.lock() {
            Phase::New(newcomer) => newcomer.view(),
            Phase::Ready(core) => core.view(),
            Phase::Closed => newcomer::blank(0),
        }
    }

    /// Returns when the disk has what was rung, which the till's own thread sees to by itself within a moment.
    pub fn settle(&self) {
        self.inner.with(Core::save_basket);
    }

    /// Returns when everything that could be read of a damaged ledger is there, which the till's own thread sees to while
    /// it sells: for a host that depends on all entries.
    ///
    /// *Errors:* the first of the ledger's; the till sells on.
    pub fn salvage(&self) -> Result<(), OpenError> {
        while salvage(&self.inner)? {}
        Ok(())
    }

    /// Looks after printer, disk, journal and an overnight shift, as the till does by itself every ten quiet seconds: for a host
    /// whose clock does not run by itself.
    pub fn look_after(&self) {
        happened(&self.inner, None);
    }

    /// Calls back with every picture that no command of this host brought about: print outcomes, weights, news from
    /// the hub. Called from the till's own thread; must not wait and must not call the till.
    pub fn on_change(&self, listener: impl Fn(&TillView) + Send + 'static) {
        locked(&self.inner.listeners).push(Box::new(listener));
    }

    /// Starts printer and scale as the settings say, in place of those before.
    fn restart_devices(&self) {
        if !self.config.with_devices {
            return;
        }
        let events = self.inner.events.clone();
        let told = move |event| {
            // Outcomes wait for room: each is told once. The thread that waits is the printer's.
            let _ = events.send(Event::Print(event));
        };
        let events = self.inner.events.clone();
        let moved = move || match events.try_send(Event::Scale) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        };
        // The old scale's thread ends as this is dropped, after the mutex was given back.
        drop(self.inner.with(|core| core.start_devices(told, moved)));
    }
}

/// The folder is free for the next start when this has returned.
impl Drop for Till {
    fn drop(&mut self) {
        self.inner.is_stopping.store(true, Ordering::Release);
        drop(locked(&self.driver).take());
        let _ = self.inner.events.send(Event::Stop);
        let threads = std::mem::take(&mut *locked(&self.inner.threads));
        for thread in threads {
            let _ = thread.join();
        }
        // Whoever still holds on to the till finds it closed.
        self.settle();
        let phase = std::mem::replace(&mut *self.inner.lock(), Phase::Closed);
        drop(phase);
    }
}

fn work(inner: &Arc<Inner>, waiting: &Receiver<Event>) {
    let (mut salvages_left, mut quiet_since, mut asked) = (SALVAGES_MAX, Instant::now(), Instant::now());
    loop {
        let is_salvaging = salvages_left > 0
            && salvage(inner).unwrap_or_else(|error| {
                tracing::error!(error.code = error.code(), error.what = %error, "till.salvage");
                salvages_left -= 1;
                false
            });
        match waiting.recv_timeout(if is_salvaging { BETWEEN_PIECES } else { LOOK_AT_PRINTER }) {
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
            Ok(event) => {
                // A scale sends its weight ten times a second, whether somebody is there or not.
                let is_somebody = !matches!(event, Event::Scale);
                happened(inner, Some(event));
                if is_somebody {
                    quiet_since = Instant::now();
                }
            }
        }
        if quiet_since.elapsed() >= HOUSEKEEPING {
            happened(inner, None);
            quiet_since = Instant::now();
        }
        if asked.elapsed() >= LOOK_AT_PRINTER {
            inner.with(|core| core.printer_is_ill().then(|| core.ask_printer()));
            asked = Instant::now();
        }
    }
}

/// Does a piece of the salvage, the long part of it without the till's mutex, and says whether there is more.
fn salvage(inner: &Inner) -> Result<bool, OpenError> {
    let mut slot = locked(&inner.salvage);
    let before = slot.take();
    let Some(new) = inner.with(|core| core.shop.ledger.salvage()).flatten() else { return Ok(false) };
    let mut salvage = before.unwrap_or(new);
    salvage.step()?;
    let view = inner.with(|core| {
        let changed = core.salvaged(&mut salvage);
        core.revision += u64::from(changed);
        changed.then(|| core.view())
    });
    if let Some(view) = view.flatten() {
        inner.tell(&view);
    }
    *slot = Some(salvage);
    Ok(true)
}

/// Takes an event and tells of the picture that came of it.
fn happened(inner: &Arc<Inner>, event: Option<Event>) {
    let news = locked(&inner.network).take();
    let is_quiet = event.is_none();
    let changed = inner.with(|core| {
        let heard = news.is_some_and(|state| core.network_is(state));
        let changed = core.save_basket() | take(core, event) | heard;
        core.revision += u64::from(changed);
        let spare = is_quiet.then(|| core.spare_catalogue()).flatten();
        (changed.then(|| core.view()), std::mem::take(&mut core.rebuilds_index), spare)
    });
    let (view, rebuilds_index, spare) = changed.unwrap_or((None, false, None));
    if let Some(Err(error)) = spare.map(Spare::keep) {
        tracing::warn!(error.what = %error, "till.spare_catalogue");
    }
    if let Some(view) = view {
        inner.tell(&view);
    }
    if rebuilds_index {
        inner.rebuild_index();
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
        Some(Event::Tidy) => core.tidy(),
        Some(Event::Catalogue) => true,
        Some(Event::Save | Event::Network | Event::Stop) => false,
        None => {
            core.ask_printer();
            core.lock_overnight() | core.tidy() | core.scrub()
        }
    }
}
