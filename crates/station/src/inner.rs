//! What a station's threads share.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use suanpan_devices::PrintEvent;
use suanpan_domain::catalogue::Item;
use suanpan_ledger::Salvage;

use crate::core::Core;
use crate::enrolling::locked;
use crate::role::Role;
use crate::search::SearchIndex;
use crate::start::Phase;
use crate::sync::NetworkState;

/// What the index's thread brings back.
pub(crate) struct Indexed {
    pub(crate) index: Arc<SearchIndex>,
    /// Items that the role keeps.
    pub(crate) kept: Vec<Item>,
}

/// What happens beside the commands.
pub(crate) enum Event {
    Print(PrintEvent),
    /// The scale shows something else.
    Scale,
    Index(Indexed),
    /// What is in hand is to be saved.
    Save,
    /// Nothing is in hand: time to tidy up.
    Tidy,
    /// New items or prices are in force.
    Catalogue,
    /// The hub's driver has news.
    Network,
    Stop,
}

type Listener<V> = Box<dyn Fn(&V) + Send>;

/// See the module.
pub(crate) struct Inner<R: Role> {
    pub(crate) phase: Mutex<Phase<R>>,
    pub(crate) listeners: Mutex<Vec<Listener<R::View>>>,
    pub(crate) events: SyncSender<Event>,
    /// News from the hub's driver that the station has not taken yet; only the latest counts.
    pub(crate) network: Mutex<Option<NetworkState>>,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    /// The salvage that is under way behind the work.
    pub(crate) salvage: Mutex<Option<Salvage>>,
    /// The station is being dropped: long work ends early.
    pub(crate) is_stopping: AtomicBool,
}

impl<R: Role> Inner<R> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Phase<R>> {
        locked(&self.phase)
    }

    /// Works with the station, if it is enrolled.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Core<R>) -> T) -> Option<T> {
        match &mut *self.lock() {
            Phase::Ready(core) => Some(work(core)),
            Phase::New(_) | Phase::Closed => None,
        }
    }

    /// The catalogue has changed: the index is to be built again, the picture to be shown.
    pub(crate) fn catalogue_changed(&self) {
        // A station that stopped meanwhile shows nothing.
        let _ = self.events.send(Event::Catalogue);
    }

    pub(crate) fn network_is(&self, state: NetworkState) {
        *locked(&self.network) = Some(state);
        // Full means that the station looks in a moment anyway.
        let _ = self.events.try_send(Event::Network);
    }

    pub(crate) fn tell(&self, view: &R::View) {
        locked(&self.listeners).iter().for_each(|listener| listener(view));
    }

    /// Does something on a thread that the station waits for when it stops.
    pub(crate) fn beside(&self, name: &str, work: impl FnOnce() + Send + 'static) {
        let begun = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let mut threads = locked(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        match begun {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::error!(error.what = %error, thread.name = name, "station.thread"),
        }
    }
}
