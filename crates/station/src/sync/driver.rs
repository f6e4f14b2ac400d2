use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::Duration;

use suanpan_journal::{Certificate, Hash, SigningKey, VerifyingKey};
use suanpan_ledger::{Cursor, QueryError, SyncState};
use suanpan_sync::{Identity, RefundReply, Stores};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::cause::{CallError, Cause};
use super::client::HubClient;
use super::link::Link;
use super::loops::{self, NetworkState};
use super::memory::Remembered;
use crate::Clock;

/// A store answers within this even on a slow disk; what takes longer finishes by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

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
    pub stores: Arc<dyn Stores + Send + Sync>,
    /// Cursors.
    pub state: SyncState,
    /// Called from the driver's thread whenever the network line changes. Must not wait.
    pub on_change: Box<dyn Fn(&NetworkState) + Send>,
}

/// The driver's line to the hub, for who has a question of their own: the same thread, the same warm connection, the same
/// idea of the hub's clock.
#[derive(Clone, Debug)]
pub(crate) struct Hub {
    client: Arc<HubClient>,
    runtime: Handle,
    memory: Remembered,
}

impl Hub {
    /// Asks while this thread waits; `None` when the driver stops meanwhile.
    pub(crate) fn ask<T, F>(&self, call: impl FnOnce(Arc<HubClient>) -> F) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let call = call(Arc::clone(&self.client));
        self.runtime.spawn(async move {
            // Whoever asked may be gone.
            let _ = answer.send(call.await);
        });
        answered.recv().ok()
    }

    /// Asks for a receipt, and to have it for this station while it is refunded.
    pub(crate) fn reserve_refund(&self, number: &str) -> Option<Result<RefundReply, CallError>> {
        self.memory.note_let_go(number, false);
        let number = number.to_owned();
        self.ask(|hub| async move { hub.reserve_refund(&number).await })
    }

    /// Lets a receipt go. A hub that does not hear it now hears it later, after a power cut too.
    pub(crate) fn release_refund(&self, number: String) {
        let (client, memory) = (Arc::clone(&self.client), self.memory.clone());
        memory.note_let_go(&number, true);
        self.runtime.spawn(async move { loops::let_one_go(&client, &memory, &number).await });
    }
}

/// Talks to the hub from a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Driver {
    hub: Hub,
    stop: watch::Sender<bool>,
    committed: Arc<Notify>,
    network: watch::Receiver<NetworkState>,
    memory: Remembered,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    /// Starts the loops.
    ///
    /// *Errors:* `Unreachable` when the system gives no thread.
    pub fn start(config: DriverConfig) -> Result<Driver, CallError> {
        let (station, site) =
            (config.certificate.enrolment.station, config.certificate.enrolment.site.clone());
        let clock = Arc::clone(&config.clock);
        let memory = Remembered::new(config.state);
        let who = (station, config.key.clone());
        let client = HubClient::remembering(&memory, &config.hub_url, who, clock);
        let client = Arc::new(client.with_certificate(config.certificate));
        let (network, seen) = watch::channel(NetworkState::Offline { since_ms: None, held: 0, why: None });
        let (stop, mut stopped) = watch::channel(false);
        let committed = Arc::new(Notify::new());
        let link = Arc::new(Link {
            client: Arc::clone(&client),
            me: Identity {
                station,
                key: config.key,
                hub_key: config.hub_key,
                site_hash: hash_of(site.as_str()),
            },
            clock: config.clock,
            stores: config.stores,
            cuts: AtomicU64::new(0),
            held: AtomicU64::new(0),
            has_sent_all: watch::Sender::new(false),
            memory: memory.clone(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CallError::Unreachable(Cause::System(error.to_string())))?;
        let hub = Hub { client, runtime: runtime.handle().clone(), memory: memory.clone() };
        let (on_commit, on_change) = (Arc::clone(&committed), config.on_change);
        let work = move || {
            runtime.block_on(async {
                let tell = |state: NetworkState| {
                    if *network.borrow() != state {
                        on_change(&state);
                        network.send_replace(state);
                    }
                };
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => {}
                    () = loops::upload(&link, &on_commit, &tell) => {}
                    () = loops::download(&link) => {}
                    () = loops::watch(&link, &tell) => {}
                    () = loops::let_go(&link) => {}
                }
            });
            // Whoever stops the driver wants the files next, so a store's last answer is waited for.
            runtime.shutdown_timeout(STOP_TIMEOUT);
        };
        let thread = std::thread::Builder::new().name("hub-driver".to_owned()).spawn(work);
        let thread = thread.map_err(|error| CallError::Unreachable(Cause::System(error.to_string())))?;
        Ok(Driver { hub, stop, committed, network: seen, memory, thread: Some(thread) })
    }

    /// The line to the hub.
    pub(crate) fn hub(&self) -> Hub {
        self.hub.clone()
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
        self.memory.cursors()
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
