//! What every request shares.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use suanpan_journal::{SigningKey, StationId};
use tokio::sync::{Semaphore, watch};

use crate::dictionary::Dictionaries;
use crate::limit::{Nonces, RateLimit, Shares};
use crate::newest::Newest;
use crate::station_cache::StationCache;
use crate::store::Store;
use crate::together::Together;
use crate::told::Told;

/// Pushes in progress at once: each may hold its records, so this bounds memory at some 200 MB.
pub const PUSHES_MAX: usize = 64;

/// Pushes that wait for their place. Past it the hub says at once that it is busy.
pub const PUSHES_WAITING_MAX: usize = 4_000;

/// A push waits for its place no longer than this before it is told to come later. That costs a station a pause of up to
/// half a minute, and it waits as long for an answer: so it is better let wait, for as long as it takes to get through
/// all that may wait before it.
pub const PLACE_WAIT: Duration = Duration::from_secs(8);

/// Downloads in progress at once; others wait for their place. When something is published every station comes.
pub const PULLS_MAX: usize = 64;

/// A download waits for its place no longer than this; a station gives up after half a minute.
pub const PULL_WAIT: Duration = Duration::from_secs(20);

/// Bytes of bodies in memory, of requests that are read, wait, or are carried out. One address has half of them at most.
const BODIES_MAX: usize = 128 << 20;

/// Pushes of one station in progress or waiting: it has one in the air, and perhaps one that it has given up.
const PUSHES_OF_A_STATION: usize = 2;

/// Requests of one station in progress, with the answers that it has not taken yet. Stations have three, and perhaps as
/// many that they gave up when they were started again.
const REQUESTS_OF_A_STATION: usize = 12;

/// Downloads of one station in progress, with the answers that it has not taken yet. It has one, and perhaps one that it
/// has given up, and the same again of its entries.
const PULLS_OF_A_STATION: usize = 4;

/// Reports and journals that are read, or written to whoever asked, at once.
const READINGS_MAX: usize = 32;

/// Of these, those of one reader: a person looks at one, and perhaps at one that they have given up.
const READINGS_OF_ONE: usize = 2;

/// HQ's files that are sent at once: each is open as long.
const FILES_MAX: usize = 64;

/// What is looked up at once for addresses from which many come whom nobody knows.
const STRANGERS_MAX: usize = 2;

/// Sign-ins that wait for the hashing of their passwords, of all addresses and of one.
const SIGN_INS_MAX: (usize, usize) = (256, 16);

/// Stations that wait for a wake-up at once.
pub const WAKES_MAX: usize = 20_000;

/// Passwords hashed at once: each takes 19 MB and a core.
const PASSWORDS_MAX: usize = 2;

/// A station's last word is written this often at most, in ms.
const SEEN_EVERY_MS: i64 = 20_000;

/// The hub, as its handlers see it.
#[derive(Debug, Clone)]
pub struct App(pub(crate) Arc<Shared>);

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The shared parts.
#[derive(Debug)]
pub struct Shared {
    /// The database.
    pub store: Arc<Store>,
    /// The hub's signing key.
    pub key: SigningKey,
    /// Whether cookies may only travel by TLS.
    pub is_tls: bool,
    /// Turns true when the hub stops.
    pub stop: watch::Receiver<bool>,
    /// What the hub counts.
    pub metrics: Metrics,
    pub(crate) limits: Limits,
    pub(crate) told: Told,
    pub(crate) nonces: Nonces,
    pub(crate) pushes: Arc<Semaphore>,
    pub(crate) pushes_waiting: Semaphore,
    pub(crate) wakes: Arc<Semaphore>,
    pub(crate) pulls: Arc<Semaphore>,
    pub(crate) newest: Newest,
    /// Pages of today, by sites and date, as they are sent.
    pub(crate) todays: Together<(Option<String>, Option<u32>), Bytes>,
    pub(crate) passwords: Arc<Semaphore>,
    pub(crate) sign_ins: Arc<Shares<IpAddr>>,
    pub(crate) bodies: Arc<Shares<IpAddr>>,
    pub(crate) pushes_of: Arc<Shares<StationId>>,
    pub(crate) requests_of: Arc<Shares<StationId>>,
    pub(crate) pulls_of: Arc<Shares<StationId>>,
    pub(crate) readings: Arc<Semaphore>,
    pub(crate) readings_of: Arc<Shares<String>>,
    pub(crate) files: Arc<Semaphore>,
    pub(crate) strangers: Semaphore,
    pub(crate) stations: StationCache,
    pub(crate) dictionaries: Dictionaries,
    seen: Mutex<HashMap<StationId, i64>>,
}

/// How often anybody may ask.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Wrong one-time codes, by address.
    pub(crate) enrol: RateLimit<IpAddr>,
    /// Introductions, by address: after a restore a whole chain may come through one.
    pub(crate) introduce: RateLimit<IpAddr>,
    /// Requests of one station: a full drain is some tens a second.
    pub(crate) station: RateLimit<StationId>,
    /// Entries of one station: the journal of years at once, after a fire, and then more than any till sells.
    pub(crate) entries: RateLimit<StationId>,
    /// The same in 1,024 bytes as they are stored.
    pub(crate) kilobytes: RateLimit<StationId>,
    /// Receipts of other sites that one station looks up.
    pub(crate) other_sites: RateLimit<StationId>,
    /// Requests of one script.
    pub(crate) api_key: RateLimit<String>,
    /// Requests of nobody that the hub knows, by address: after a restore a whole chain may come through one.
    pub(crate) stranger: RateLimit<IpAddr>,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Pushes that were stored.
    pub pushes_stored: AtomicU64,
    /// Pushes that were stored before.
    pub pushes_same: AtomicU64,
    /// Pushes answered with `Have` or `Gap`.
    pub pushes_recut: AtomicU64,
    /// Pushes refused.
    pub pushes_refused: AtomicU64,
    /// Requests answered `Busy` before their body was read.
    pub busy: AtomicU64,
    /// Pushes that came packed by the chain's dictionary.
    pub pushes_by_dictionary: AtomicU64,
    /// Entries stored.
    pub entries: AtomicU64,
    /// Sign-ins with a wrong name or password.
    pub sign_ins_refused: AtomicU64,
    /// Receipts that a station of another site looked up.
    pub other_sites_receipts: AtomicU64,
    /// Enrolments with a wrong code.
    pub codes_refused: AtomicU64,
}

impl App {
    pub(crate) fn new(store: Arc<Store>, key: SigningKey, is_tls: bool, stop: watch::Receiver<bool>) -> App {
        App(Arc::new(Shared {
            store,
            key,
            is_tls,
            stop,
            metrics: Metrics::default(),
            limits: Limits {
                enrol: RateLimit::new(6_000, 20),
                introduce: RateLimit::new(10, 2_000),
                station: RateLimit::new(5, 1_000),
                entries: RateLimit::new(20, 1_000_000),
                kilobytes: RateLimit::new(60, 1_000_000),
                other_sites: RateLimit::new(10_000, 60),
                api_key: RateLimit::new(50, 200),
                stranger: RateLimit::new(100, 600),
            },
            told: Told::default(),
            nonces: Nonces::default(),
            pushes: Arc::new(Semaphore::new(PUSHES_MAX)),
            pushes_waiting: Semaphore::new(PUSHES_WAITING_MAX),
            wakes: Arc::new(Semaphore::new(WAKES_MAX)),
            pulls: Arc::new(Semaphore::new(PULLS_MAX)),
            newest: Newest::default(),
            todays: Together::default(),
            passwords: Arc::new(Semaphore::new(PASSWORDS_MAX)),
            sign_ins: Shares::new(SIGN_INS_MAX.0, SIGN_INS_MAX.1),
            bodies: Shares::new(BODIES_MAX, BODIES_MAX),
            pushes_of: Shares::new(usize::MAX, PUSHES_OF_A_STATION),
            requests_of: Shares::new(usize::MAX, REQUESTS_OF_A_STATION),
            pulls_of: Shares::new(usize::MAX, PULLS_OF_A_STATION),
            readings: Arc::new(Semaphore::new(READINGS_MAX)),
            readings_of: Shares::new(usize::MAX, READINGS_OF_ONE),
            files: Arc::new(Semaphore::new(FILES_MAX)),
            strangers: Semaphore::new(STRANGERS_MAX),
            stations: StationCache::default(),
            dictionaries: Dictionaries::default(),
            seen: Mutex::new(HashMap::new()),
        }))
    }

    /// A station spoke: now and then that is written down, for HQ's "silent since".
    pub(crate) fn saw(&self, station: StationId, now_ms: i64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let due = seen.get(&station).is_none_or(|at| now_ms.saturating_sub(*at) >= SEEN_EVERY_MS);
        if due {
            // Keys are enrolled stations only, so the map is bounded by them.
            seen.insert(station, now_ms);
            let store = self.store.clone();
            tokio::spawn(async move { drop(store.seen(station, now_ms).await) });
        }
    }
}
