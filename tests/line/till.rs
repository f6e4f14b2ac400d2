//! A real ledger and a driver, with a catalogue in memory, and somebody who sells.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use suanpan_domain::catalogue::PushDictionary;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Quantity};
use suanpan_domain::sale::{Sale, SaleLine, Tendered};
use suanpan_domain::tax::Tax;
use suanpan_journal::{Certificate, Chain, Hash, Parent, SegmentId, SigningKey, StationId, VerifyingKey};
use suanpan_ledger::{Ledger, Lock, Missing, NewEntry, Options, Run, SegmentHead, SyncState, Working};
use suanpan_station::sync::{
    CallError, Driver, DriverConfig, NetworkState, Receipts, SnapshotSink, Stores, StoresError, enrol,
};
use suanpan_station::{Clock, SystemClock};
use suanpan_sync::{FeedChange, FeedEntry, FeedHead, Scope, ScopeVersion};
use suanpan_tests::files::replace_files;
use sync_server::RunningHub;
use tokio::sync::watch;

pub(crate) const DATE: u32 = 20_230_616;

static SEGMENTS: AtomicU64 = AtomicU64::new(1);

/// A station that its hub knows.
pub(crate) struct Enrolled {
    key: SigningKey,
    certificate: Certificate,
    hub_key: VerifyingKey,
    url: String,
}

impl Enrolled {
    /// Enrols till `number`; it will speak to the hub at `url`.
    pub(crate) async fn at(hub: &RunningHub, url: &str, number: u16) -> Enrolled {
        let (key, station) = (SigningKey::from_seed(&[7; 32]), StationId([7; 16]));
        let code = hub.hub().enrol_code(&"HT01".parse().unwrap(), number).await.unwrap();
        let reply = enrol(url, &code, station, &key).await.unwrap();
        Enrolled { key, certificate: reply.certificate, hub_key: reply.hub_key, url: url.to_owned() }
    }
}

type Rows = BTreeMap<(Scope, String, String), String>;

/// Ledger on disk, catalogue in memory.
struct Back {
    ledger: Mutex<Ledger>,
    catalogue: Mutex<(Vec<FeedHead>, Rows)>,
    /// Begun, and put in place.
    snapshots: Mutex<(u32, u32)>,
    changed: watch::Sender<()>,
}

/// A till at work.
pub(crate) struct Counter {
    back: Arc<Back>,
    driver: Driver,
    lock: Lock,
    said_online: Arc<AtomicBool>,
}

impl Counter {
    pub(crate) fn start(folder: &Path, enrolled: &Enrolled) -> Counter {
        let dir = folder.join("till");
        std::fs::create_dir_all(&dir).unwrap();
        let lock = Lock::acquire(&dir).unwrap();
        let mint = || {
            let mut id = [0xb3; 16];
            id[8..].copy_from_slice(&SEGMENTS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            SegmentId(id)
        };
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let station = enrolled.certificate.enrolment.station;
        let ledger = Ledger::open(&lock, station, options, Box::new(mint)).unwrap().ledger;
        let back = Arc::new(Back {
            ledger: Mutex::new(ledger),
            catalogue: Mutex::default(),
            snapshots: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let said_online = Arc::new(AtomicBool::new(false));
        let said = Arc::clone(&said_online);
        let driver = Driver::start(DriverConfig {
            hub_url: enrolled.url.clone(),
            certificate: enrolled.certificate.clone(),
            key: enrolled.key.clone(),
            hub_key: enrolled.hub_key,
            clock: Arc::new(SystemClock),
            stores: Arc::new(Shared(Arc::clone(&back))),
            state: SyncState::open(&lock).unwrap(),
            on_change: Box::new(move |state| {
                if matches!(state, NetworkState::Online { .. }) {
                    said.store(true, Ordering::Relaxed);
                }
            }),
        });
        Counter { back, driver: driver.unwrap(), lock, said_online }
    }

    /// Sells one thing for cash.
    pub(crate) fn sell(&self) {
        let mut ledger = self.back.ledger.lock().unwrap();
        let number = ledger.next_number(DATE).unwrap();
        let at_ms = SystemClock.now_ms();
        let entry = Entry::Sale(sale(number, at_ms));
        ledger.append(&[NewEntry { at_ms, business_date: DATE, entry: &entry }], &Working::KEEP).unwrap();
        drop(ledger);
        self.driver.committed();
    }

    /// Sales in the ledger.
    pub(crate) fn entries(&self) -> u64 {
        let ledger = self.back.ledger.lock().unwrap();
        let heads = ledger.segments().unwrap();
        heads.iter().map(|it| ledger.documents_after(it.head.segment, 0).unwrap()).sum()
    }

    /// Rows of the catalogue.
    pub(crate) fn rows(&self) -> usize {
        self.back.catalogue.lock().unwrap().1.len()
    }

    /// Snapshots that were begun, and those that were put in place.
    pub(crate) fn snapshots(&self) -> (u32, u32) {
        *self.back.snapshots.lock().unwrap()
    }

    /// Rows that the hub has for this till.
    pub(crate) async fn rows_of(&self, hub: &RunningHub) -> usize {
        let scopes = ["chain", "site:HT01"].map(|scope| scope.parse::<Scope>().unwrap());
        let (_, heads) = hub.hub().store().heads(scopes.to_vec()).await.unwrap();
        let to: Vec<_> =
            heads.into_iter().map(|it| ScopeVersion { scope: it.scope, version: it.version }).collect();
        hub.hub().store().feed_page(vec![], to).await.unwrap().entries.len()
    }

    /// Waits until the network line says this.
    pub(crate) async fn until(&self, state: &NetworkState) {
        self.driver.watch().wait_for(|now| now == state).await.unwrap();
    }

    /// Since when the hub is away and why, once the till knows.
    pub(crate) async fn until_away(&self) -> (Option<i64>, Option<CallError>) {
        let is_away = |now: &NetworkState| matches!(now, NetworkState::Offline { why: Some(_), .. });
        match self.driver.watch().wait_for(is_away).await.unwrap().clone() {
            NetworkState::Offline { since_ms, why, .. } => (since_ms, why),
            other => panic!("{other:?}"),
        }
    }

    /// Whether the till has ever said that it is connected.
    pub(crate) fn was_online(&self) -> bool {
        self.said_online.load(Ordering::Relaxed)
    }

    pub(crate) async fn until_held(&self, held: u64) {
        let is_held =
            |now: &NetworkState| matches!(now, NetworkState::Offline { held: now, .. } if *now == held);
        self.driver.watch().wait_for(is_held).await.unwrap();
    }

    pub(crate) async fn until_rows(&self, rows: usize) {
        let mut changed = self.back.changed.subscribe();
        while self.rows() != rows {
            changed.changed().await.unwrap();
        }
    }

    pub(crate) async fn until_rows_at_least(&self, rows: usize) {
        let mut changed = self.back.changed.subscribe();
        while self.rows() < rows {
            changed.changed().await.unwrap();
        }
    }

    pub(crate) async fn until_entries(&self, entries: u64) {
        let mut changed = self.back.changed.subscribe();
        while self.entries() != entries {
            changed.changed().await.unwrap();
        }
    }

    /// The app ends and starts again; the catalogue stays.
    pub(crate) fn restart(self, folder: &Path, enrolled: &Enrolled) -> Counter {
        let catalogue = std::mem::take(&mut *self.back.catalogue.lock().unwrap());
        self.stop();
        let counter = Counter::start(folder, enrolled);
        *counter.back.catalogue.lock().unwrap() = catalogue;
        counter
    }

    /// Reads the whole ledger: what cannot be read is left behind.
    pub(crate) fn scrub(&self) {
        let mut ledger = self.back.ledger.lock().unwrap();
        (0..3).for_each(|_| drop(ledger.scrub_step().unwrap()));
    }

    /// Stops with everything in the ledger's own file.
    pub(crate) fn settle_and_stop(self) {
        self.back.ledger.lock().unwrap().settle().unwrap();
        self.stop();
    }

    fn stop(self) {
        drop(self.driver);
        drop(self.back);
        drop(self.lock);
    }

    pub(crate) fn stop_and_copy(self, folder: &Path, name: &str) -> PathBuf {
        self.stop();
        let copy = folder.join(name);
        replace_files(&folder.join("till"), &copy);
        copy
    }

    pub(crate) fn stop_and_replace(self, folder: &Path, copy: &Path) {
        self.stop();
        replace_files(copy, &folder.join("till"));
    }
}

/// Overwrites every page of the ledger that holds one of some sales.
pub(crate) fn spoil(folder: &Path, numbers: RangeInclusive<u32>) {
    let file = folder.join("till/ledger.db");
    let mut bytes = std::fs::read(&file).unwrap();
    for page in bytes.chunks_mut(4096) {
        let text = String::from_utf8_lossy(page);
        let mut sales = text.split("\"no\":").skip(1).filter_map(|rest| rest.split(',').next()?.parse().ok());
        if sales.any(|number| numbers.contains(&number)) {
            page.fill(0);
        }
    }
    std::fs::write(file, bytes).unwrap();
}

fn sale(number: u32, at_ms: i64) -> Sale {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&SEGMENTS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let line = SaleLine {
        item: "10101".into(),
        name: "菠菜".into(),
        unit: String::new(),
        quantity: Quantity::G(Grams(500)),
        price: Price { fen: Fen(400), per: Per::Jin },
        list_price: None,
        gross: Fen(400),
        paid: Fen(400),
        net: Fen(400),
        tax_fen: Fen(0),
        tax: Tax { code: "EX".into(), rate_bp: 0 },
        rounding: Fen(0),
        source: None,
        tare_g: 0,
        scanned: None,
        approver: None,
    };
    let paid = Tendered { tender: "cash".into(), amount: Fen(400), given: None, reference: None };
    Sale {
        id: Id::mint(at_ms, random),
        number,
        shift: Id([9; 16]),
        cashier: "1101".into(),
        cut: "chain:1".into(),
        lines: vec![line],
        discount: Fen(0),
        rounding: Fen(0),
        due: Fen(400),
        tenders: vec![paid],
        change: Fen(0),
        approver: None,
    }
}

struct Shared(Arc<Back>);

type Answer<T> = Result<T, StoresError>;

fn failed(error: impl std::fmt::Display) -> StoresError {
    StoresError { code: "TEST", what: error.to_string() }
}

impl Stores for Shared {
    fn segments(&self) -> Answer<Vec<SegmentHead>> {
        self.0.ledger.lock().unwrap().segments().map_err(failed)
    }

    fn head(&self) -> Answer<Option<Chain>> {
        self.0.ledger.lock().unwrap().head().map_err(failed)
    }

    fn run(&self, segment: SegmentId, seqs: RangeInclusive<u64>, bytes_max: usize) -> Answer<Option<Run>> {
        self.0.ledger.lock().unwrap().run(segment, seqs, bytes_max).map_err(failed)
    }

    fn hash_at(&self, segment: SegmentId, seq: u64) -> Answer<Option<Hash>> {
        self.0.ledger.lock().unwrap().hash_at(segment, seq).map_err(failed)
    }

    fn missing(&self) -> Answer<Vec<Missing>> {
        self.0.ledger.lock().unwrap().missing().map_err(failed)
    }

    fn takes_back(&self) -> Answer<bool> {
        Ok(self.0.ledger.lock().unwrap().is_whole())
    }

    fn restore(&self, segment: SegmentId, parent: &Parent, records: &[u8]) -> Answer<Option<u64>> {
        let added = self.0.ledger.lock().unwrap().restore(segment, parent, records).map_err(failed);
        self.0.changed.send_replace(());
        added
    }

    fn close_open_end(&self, segment: SegmentId) -> Answer<()> {
        self.0.ledger.lock().unwrap().close_open_end(segment).map_err(failed)
    }

    fn receipts(&self, unacked: &[(SegmentId, u64)]) -> Answer<Receipts> {
        let ledger = self.0.ledger.lock().unwrap();
        let mut receipts = Receipts::default();
        for (segment, first) in unacked {
            receipts.unsent += ledger.documents_after(*segment, first - 1).map_err(failed)?;
        }
        receipts.last_number = ledger.next_number(DATE).map_err(failed)? - 1;
        Ok(receipts)
    }

    fn receipt_number(&self, _: SegmentId, seq: u64) -> Answer<u32> {
        u32::try_from(seq).map_err(failed)
    }

    fn feed_heads(&self) -> Answer<Vec<FeedHead>> {
        Ok(self.0.catalogue.lock().unwrap().0.clone())
    }

    fn push_dictionary(&self) -> Answer<Option<String>> {
        let key = (Scope::Chain, "dictionary".to_owned(), "push".to_owned());
        let body = self.0.catalogue.lock().unwrap().1.get(&key).cloned();
        Ok(body.map(|body| serde_json::from_str::<PushDictionary>(&body).unwrap().zstd))
    }

    fn apply_cut(&self, cut: &[FeedHead], entries: &[FeedEntry]) -> Answer<()> {
        let mut catalogue = self.0.catalogue.lock().unwrap();
        put(&mut catalogue.1, entries);
        catalogue.0 = cut.to_vec();
        drop(catalogue);
        self.0.changed.send_replace(());
        Ok(())
    }

    fn begin_snapshot(&self) -> Answer<Box<dyn SnapshotSink>> {
        self.0.snapshots.lock().unwrap().0 += 1;
        Ok(Box::new(Sink { rows: Rows::new(), back: Arc::clone(&self.0) }))
    }
}

fn put(rows: &mut Rows, entries: &[FeedEntry]) {
    for entry in entries {
        let key = (entry.scope.clone(), entry.table.clone(), entry.key.clone());
        match &entry.change {
            FeedChange::Put { body } => rows.insert(key, body.clone()),
            FeedChange::Delete => rows.remove(&key),
        };
    }
}

struct Sink {
    rows: Rows,
    back: Arc<Back>,
}

impl SnapshotSink for Sink {
    fn chunk(&mut self, entries: Vec<FeedEntry>) -> Answer<()> {
        put(&mut self.rows, &entries);
        Ok(())
    }

    fn finish(self: Box<Self>, cut: &[FeedHead]) -> Answer<()> {
        *self.back.catalogue.lock().unwrap() = (cut.to_vec(), self.rows);
        self.back.snapshots.lock().unwrap().1 += 1;
        self.back.changed.send_replace(());
        Ok(())
    }
}
