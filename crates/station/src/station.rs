//! A station as its hosts see it: the app's one command, the tests, the replay.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{TrySendError, sync_channel};
use std::sync::{Arc, Mutex};

use suanpan_contract::Outcome;
use suanpan_ledger::OpenError;

use crate::core::Core;
use crate::decide::Answered;
use crate::effect::Effect;
use crate::enrolling::{become_station, locked};
use crate::index;
use crate::inner::{Event, Inner};
use crate::kinds::Given;
use crate::role::{Basic, Role, Unenrolled};
use crate::start::{self, Phase, StartError, StationConfig};
use crate::stores::Backroom;
use crate::sync::{Driver, DriverConfig, Hub, NetworkState};
use crate::work;

/// Events that may wait: every job the print queue holds, and room for the scale.
const EVENTS_MAX: usize = 64;

/// A running station. Dropping it stops it; what is in hand stays for the next start.
pub(crate) struct Station<R: Role> {
    inner: Arc<Inner<R>>,
    config: StationConfig,
    driver: Mutex<Option<Driver>>,
}

impl<R: Role> Station<R> {
    /// Opens the folder and is ready to work: restores what was in hand, starts devices and the hub's driver, and builds
    /// the search index meanwhile.
    ///
    /// *Errors:* [`StartError`]; another process at work in the folder, a ledger of a newer version.
    pub(crate) fn start(config: StationConfig) -> Result<Station<R>, StartError> {
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
        let thread = std::thread::Builder::new().name("station-events".to_owned());
        let thread = thread.spawn(move || work::work(&worker, &waiting)).map_err(StartError::Thread)?;
        locked(&inner.threads).push(thread);
        let station = Station { inner, config, driver: Mutex::default() };
        station.begin();
        Ok(station)
    }

    /// Starts what runs beside an enrolled station.
    fn begin(&self) {
        if !self.is_enrolled() {
            return;
        }
        self.restart_devices();
        index::rebuild(&self.inner);
        if self.config.with_sync {
            *locked(&self.driver) = self.start_driver();
        }
    }

    fn is_enrolled(&self) -> bool {
        self.inner.with(|_| ()).is_some()
    }

    fn start_driver(&self) -> Option<Driver> {
        let (identity, state) = self.inner.with(Core::sync_needs)??;
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
        // Without a hub the station works all the same, and says why.
        started
            .map_err(|why| {
                tracing::error!(error.what = %why, "station.driver");
                self.inner.network_is(NetworkState::Offline { since_ms: None, held: 0, why: Some(why) });
            })
            .ok()
    }

    /// Carries a command out and gives the picture after it. Waits for the disk and a PIN's hash, never for printer or scale; enrolling and errands wait
    /// for the hub, while others may go on with the station. Call it off the window's own thread.
    pub(crate) fn dispatch(&self, command: &R::Command) -> (Answered<R>, R::View) {
        if let Basic::Enrol { hub_url, code } = R::basic(command)
            && !self.is_enrolled()
        {
            let became = become_station(&self.inner.phase, &self.config, hub_url, code);
            if became {
                self.begin();
            }
            let outcome = if became { Outcome::Done } else { Outcome::Refused };
            return (Answered::nothing(outcome), self.view());
        }
        // The picture is the one that the command brought about: nothing comes between.
        let done = self.act(|core| (core.dispatch(command), R::view(core)));
        let done = done.map(|(shown, errand)| match errand {
            Some(errand) => self.run(command, errand).unwrap_or(shown),
            None => shown,
        });
        done.unwrap_or_else(|| match &mut *self.inner.lock() {
            Phase::New(newcomer) => {
                let may_quit = newcomer.dispatch(&R::basic(command));
                let found = may_quit.then(|| Given::MayQuit.into());
                (Answered { found, ..Answered::nothing(Outcome::Done) }, newcomer.view::<R>())
            }
            _ => (Answered::nothing(Outcome::Refused), R::unenrolled(Unenrolled::default())),
        })
    }

    /// Asks the hub, while others may go on with the station, and then carries the command out with its answer.
    fn run(&self, command: &R::Command, errand: R::Errand) -> Option<(Answered<R>, R::View)> {
        let answer = R::ask(errand, self.hub().as_ref());
        // Something else is meant meanwhile: whoever wants it asks again.
        self.act(|core| (core.dispatch_with(command, answer), R::view(core))).map(|(shown, _)| shown)
    }

    fn hub(&self) -> Option<Hub> {
        self.ask_driver(Driver::hub)
    }

    /// Works with the station, if it is enrolled, and then brings about what came of that. An errand is the caller's.
    pub(crate) fn act<T>(&self, work: impl FnOnce(&mut Core<R>) -> T) -> Option<(T, Option<R::Errand>)> {
        let (answer, saves, effects) = self.inner.with(|core| {
            let answer = work(core);
            (answer, core.work_unsaved, std::mem::take(&mut core.effects))
        })?;
        if saves {
            // Full means that the station's own thread is awake, and it saves with whatever it does.
            let _ = self.inner.events.try_send(Event::Save);
        }
        let mut errand = None;
        for effect in effects {
            match effect {
                Effect::Errand(wanted) => errand = Some(wanted),
                Effect::Send => _ = self.ask_driver(Driver::committed),
                // Full means that tidying up is due already.
                Effect::Tidy => _ = self.inner.events.try_send(Event::Tidy),
                Effect::RestartDevices => self.restart_devices(),
                Effect::RebuildIndex => index::rebuild(&self.inner),
                Effect::Order(order) => _ = self.hub().map(|hub| R::tell(order, &hub)),
            }
        }
        Some((answer, errand))
    }

    /// Asks the hub's driver; `None` for a station without a hub.
    pub(crate) fn ask_driver<T>(&self, question: impl FnOnce(&Driver) -> T) -> Option<T> {
        locked(&self.driver).as_ref().map(question)
    }

    /// The picture as it is now.
    pub(crate) fn view(&self) -> R::View {
        match &*self.inner.lock() {
            Phase::New(newcomer) => newcomer.view::<R>(),
            Phase::Ready(core) => R::view(core),
            Phase::Closed => R::unenrolled(Unenrolled::default()),
        }
    }

    /// See [`crate::pos::Till::settle`].
    pub(crate) fn settle(&self) {
        self.inner.with(Core::save_work);
    }

    /// See [`crate::pos::Till::salvage`].
    pub(crate) fn salvage(&self) -> Result<(), OpenError> {
        while work::salvage(&self.inner)? {}
        Ok(())
    }

    /// See [`crate::pos::Till::look_after`].
    pub(crate) fn look_after(&self) {
        work::happened(&self.inner, None);
    }

    /// See [`crate::pos::Till::on_change`].
    pub(crate) fn on_change(&self, listener: impl Fn(&R::View) + Send + 'static) {
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
impl<R: Role> Drop for Station<R> {
    fn drop(&mut self) {
        self.inner.is_stopping.store(true, Ordering::Release);
        drop(locked(&self.driver).take());
        let _ = self.inner.events.send(Event::Stop);
        let threads = std::mem::take(&mut *locked(&self.inner.threads));
        for thread in threads {
            let _ = thread.join();
        }
        // Whoever still holds on to the station finds it closed.
        self.settle();
        let phase = std::mem::replace(&mut *self.inner.lock(), Phase::Closed);
        drop(phase);
    }
}
