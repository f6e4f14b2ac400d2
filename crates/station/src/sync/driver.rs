use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use suanpan_journal::{Certificate, Hash, SigningKey, StationId, VerifyingKey};
use suanpan_ledger::{Cursor, QueryError, SyncState};
use tokio::sync::{Notify, watch};

use super::cause::Cause;
use super::client::{CallError, HubClient};
use super::stores::{Stores, StoresError};
use super::{download, reach, upload};
use crate::Clock;

/// A store answers within this even on a slow disk; what takes longer finishes by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// What the network line says. Counts are receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkState {
    /// The hub has everything.
    Online {
        /// The first receipt of the business date; 0 while there is none.
        received_from: u32,
        /// The last.
        received_to: u32,
        /// Entries that neither side has.
        missing: u64,
    },
    /// What was held is on its way.
    CatchingUp {
        /// Receipts left.
        left: u64,
    },
    /// The hub cannot be reached.
    Offline {
        /// When it was heard last, by the station's clock; `None` if it was not since the start.
        since_ms: Option<i64>,
        /// Receipts held here.
        held: u64,
        /// What came of asking it.
        why: Option<CallError>,
    },
    /// The hub refused something.
    Refused {
        /// Receipt number, or 0 when it is not a receipt.
        number: u32,
    },
}

/// How a driver is started.
pub struct DriverConfig {
    /// Where the hub is.
    pub hub_url: String,
    /// Who we are. A hub that was rebuilt without us learns it from this.
    pub certificate: Certificate,
    /// Our key.
    pub key: SigningKey,
    /// The hub's pinned key.
    pub hub_key: VerifyingKey,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Ledger and catalogue.
    pub stores: Arc<dyn Stores>,
    /// Cursors.
    pub state: SyncState,
    /// Called from the driver's thread whenever the network line changes. Must not wait.
    pub on_change: Box<dyn Fn(&NetworkState) + Send>,
}

/// Talks to the hub from a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Driver {
    stop: watch::Sender<bool>,
    committed: Arc<Notify>,
    network: watch::Receiver<NetworkState>,
    state: Arc<Mutex<SyncState>>,
    thread: Option<JoinHandle<()>>,
}

/// What both loops share.
pub(super) struct Link {
    pub(super) client: HubClient,
    pub(super) station: StationId,
    pub(super) key: SigningKey,
    pub(super) hub_key: VerifyingKey,
    pub(super) site_hash: u64,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stores: Arc<dyn Stores>,
    /// Counts the cuts that were applied.
    pub(super) cuts: AtomicU64,
    /// Receipts that the hub did not have when they were counted last.
    held: AtomicU64,
    state: Arc<Mutex<SyncState>>,
}

impl Link {
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    pub(super) fn holds(&self, receipts: u64) {
        self.held.store(receipts, Ordering::Relaxed);
    }

    /// Asks the stores on a thread that may wait.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Stores) -> Result<T, StoresError> + Send + 'static,
    ) -> Result<T, StoresError> {
        let stores = Arc::clone(&self.stores);
        let answer = tokio::task::spawn_blocking(move || question(&*stores)).await;
        answer.unwrap_or_else(|error| Err(StoresError { code: "SYN-DRV-001", what: error.to_string() }))
    }

    /// Reads or writes what sync itself remembers, on a thread that may wait.
    pub(super) async fn remember<T: Send + 'static>(
        &self,
        with: impl FnOnce(&mut SyncState) -> Result<T, suanpan_ledger::QueryError> + Send + 'static,
    ) -> Result<T, StoresError> {
        let state = Arc::clone(&self.state);
        let answer = tokio::task::spawn_blocking(move || {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            with(&mut state).map_err(|error| StoresError { code: error.code(), what: error.to_string() })
        });
        answer.await.unwrap_or_else(|error| Err(StoresError { code: "SYN-DRV-001", what: error.to_string() }))
    }
}

/// A random number; a constant if the system has none, since it only spreads stations.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_be_bytes(bytes),
        Err(_) => 0x5bd1_e995,
    }
}

impl Driver {
    /// Starts the loops.
    ///
    /// *Errors:* `Address`; or `Unreachable` when the system gives no thread.
    pub fn start(config: DriverConfig) -> Result<Driver, CallError> {
        let (station, site) =
            (config.certificate.enrolment.station, config.certificate.enrolment.site.clone());
        let clock = Arc::clone(&config.clock);
        let client = HubClient::new(&config.hub_url, station, config.key.clone(), clock)?;
        let client = client.with_certificate(config.certificate);
        let (network, seen) = watch::channel(NetworkState::Offline { since_ms: None, held: 0, why: None });
        let (stop, stopped) = watch::channel(false);
        let committed = Arc::new(Notify::new());
        let state = Arc::new(Mutex::new(config.state));
        let link = Arc::new(Link {
            client,
            station,
            key: config.key,
            hub_key: config.hub_key,
            site_hash: hash_of(site.as_str()),
            clock: config.clock,
            stores: config.stores,
            cuts: AtomicU64::new(0),
            held: AtomicU64::new(0),
            state: Arc::clone(&state),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CallError::Unreachable(Cause::System(error.to_string())))?;
        let (on_commit, on_change) = (Arc::clone(&committed), config.on_change);
        let work = move || {
            runtime.block_on(async {
                let tell = |state: NetworkState| {
                    if *network.borrow() != state {
                        on_change(&state);
                        network.send_replace(state);
                    }
                };
                tokio::join!(
                    upload::run(&link, &on_commit, &tell, stopped.clone()),
                    download::run(&link, stopped.clone()),
                    reach::run(&link, &tell, stopped.clone())
                );
            });
            // Whoever stops the driver wants the files next, so a store's last answer is waited for.
            runtime.shutdown_timeout(STOP_TIMEOUT);
        };
        let thread = std::thread::Builder::new().name("hub-driver".to_owned()).spawn(work);
        let thread = thread.map_err(|error| CallError::Unreachable(Cause::System(error.to_string())))?;
        Ok(Driver { stop, committed, network: seen, state, thread: Some(thread) })
    }

    /// Tells the driver that something was committed. Never waits.
    pub fn committed(&self) {
        self.committed.notify_one();
    }

    /// The network line as it is now.
    #[must_use]
    pub fn network(&self) -> NetworkState {
        self.network.borrow().clone()
    }

    /// How far the hub has each segment, as it has signed. Waits for the disk.
    ///
    /// *Errors:* the store's.
    pub fn cursors(&self) -> Result<Vec<Cursor>, QueryError> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).cursors()
    }

    /// Follows the network line.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<NetworkState> {
        self.network.clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // The loops look at `stop` wherever they wait.
            drop(thread.join());
        }
    }
}

fn hash_of(site: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let Hash([a, b, c, d, e, f, g, h, ..]) = Hash(Sha256::digest(site.as_bytes()).into());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
