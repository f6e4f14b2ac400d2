//! What lies on disks: a ledger whose bytes went bad, settings that somebody edited, a chain's files before an import.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use suanpan_cli::replay::Args;
use suanpan_domain::catalogue::unseen;
use suanpan_domain::entry::Entry;
use suanpan_journal::{Records, SegmentId};
use suanpan_ledger::{Catalogue, Durability, Ledger, Lock, NewEntry, Options, SyncState, Working, verify};
use suanpan_station::identity::Identity;
use suanpan_station::settings::MachineSettings;
use suanpan_tests::sales::{DATE, START_MS, STATION, sale};
use suanpan_tests::{catalogue, rig};
use sync_server::{Config, Hub};
use tempfile::TempDir;

use crate::target::Target;

pub(crate) const TARGETS: [Target; 6] = [
    Target { name: "ledger-file", seeds: || vec![LEDGER.0.clone()], run: ledger_file },
    Target { name: "catalogue-file", seeds: || vec![CATALOGUE.clone()], run: catalogue_file },
    Target { name: "sync-file", seeds: || vec![SYNC.clone()], run: sync_file },
    Target { name: "settings", seeds: settings_files, run: settings },
    Target { name: "import", seeds: import_files, run: import },
    Target { name: "replay", seeds: replay_files, run: replay },
];

const SALES: u32 = 12;
const OPTIONS: Options =
    Options { durability: Durability::Off, reserve_bytes: 0, commits_per_checkpoint: 64 };

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(lock: &Lock) -> Option<Ledger> {
    Ledger::open(lock, STATION, OPTIONS, Box::new(|| SegmentId([9; 16]))).ok().map(|opened| opened.ledger)
}

/// A ledger's file, and the payloads that are in it.
static LEDGER: LazyLock<(Vec<u8>, BTreeSet<Vec<u8>>)> = LazyLock::new(|| {
    let dir = folder();
    let lock = Lock::acquire(dir.path()).expect("the folder");
    let mut ledger = open(&lock).expect("a ledger");
    for nth in 1..=SALES {
        let number = ledger.next_number(DATE).expect("a number");
        let entry: Entry = sale(nth, number);
        let new = NewEntry { at_ms: START_MS + i64::from(nth) * 1_000, business_date: DATE, entry: &entry };
        ledger.append(&[new], &Working::KEEP).expect("a sale");
    }
    let payloads = payloads(&ledger).expect("what was just written");
    assert_eq!(payloads.len(), SALES as usize);
    drop((ledger, lock));
    // What is still in the log is copied into the file by the library when the last connection closes.
    let file = files_like(dir.path(), "ledger", ".db").pop().expect("a file");
    (std::fs::read(file).expect("a file"), payloads)
});

fn files_like(dir: &Path, start: &str, end: &str) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(dir).expect("a folder").map(|file| file.expect("a file").path());
    let is_one = |path: &std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(start) && name.ends_with(end)
    };
    files.filter(is_one).collect()
}

fn payloads(ledger: &Ledger) -> Option<BTreeSet<Vec<u8>>> {
    let mut found = BTreeSet::new();
    for segment in ledger.segments().ok()? {
        let run = ledger.run(segment.head.segment, 1..=segment.head.seq, 1 << 24).ok()?;
        for record in Records::new(&run?.bytes) {
            found.insert(record.ok()?.payload.to_vec());
        }
    }
    Some(found)
}

/// A till on a ledger with bad bytes starts or says why not; a folder that proves itself whole holds nothing but what
/// was sold.
fn ledger_file(bytes: &[u8]) -> String {
    let dir = folder();
    std::fs::write(dir.path().join("ledger.db"), bytes).expect("a file");
    std::fs::write(dir.path().join("ledger.current"), "ledger.db").expect("a file");
    let lock = Lock::acquire(dir.path()).expect("the folder");
    let Some(ledger) = open(&lock) else { return "refused".to_owned() };
    let found = payloads(&ledger);
    drop(ledger);
    let proof = verify(&lock, STATION);
    let is_whole = proof.as_ref().is_ok_and(suanpan_ledger::Verification::is_whole);
    if let Some(found) = found.as_ref().filter(|_| is_whole) {
        assert!(found.is_subset(&LEDGER.1), "a sale that nobody made");
    }
    format!("{:?} {is_whole}", found.map(|it| it.len()))
}

static CATALOGUE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = folder();
    rig::publish(dir.path(), &catalogue::rows());
    let file = files_like(dir.path(), "catalogue", ".db").pop().expect("a file");
    std::fs::read(file).expect("a file")
});

fn catalogue_file(bytes: &[u8]) -> String {
    let dir = folder();
    std::fs::write(dir.path().join("catalogue.db"), bytes).expect("a file");
    std::fs::write(dir.path().join("catalogue.current"), "catalogue.db").expect("a file");
    let lock = Lock::acquire(dir.path()).expect("the folder");
    let Ok(mut opened) = Catalogue::open(&lock) else { return "refused".to_owned() };
    let (rows, heads) = (catalogue::rows(), opened.catalogue.heads().is_ok());
    let applied = opened.catalogue.apply(&catalogue::cut(1_000), &rows, rig::MORNING_MS).is_ok();
    format!("{} {heads} {applied}", opened.damage.is_some())
}

static SYNC: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = folder();
    let lock = Lock::acquire(dir.path()).expect("the folder");
    let mut state = SyncState::open(&lock).expect("a state");
    state.set_value("ack", b"{}").expect("a value");
    drop(state);
    std::fs::read(dir.path().join("sync.db")).expect("a file")
});

fn sync_file(bytes: &[u8]) -> String {
    let dir = folder();
    std::fs::write(dir.path().join("sync.db"), bytes).expect("a file");
    let lock = Lock::acquire(dir.path()).expect("the folder");
    let Ok(mut state) = SyncState::open(&lock) else { return "refused".to_owned() };
    let read = (state.cursors().is_ok(), state.refusals().is_ok(), state.value("ack").is_ok());
    format!("{read:?} {}", state.set_value("ack", b"[]").is_ok())
}

fn settings_files() -> Vec<Vec<u8>> {
    let dir = folder();
    rig::identity().save(dir.path()).expect("an identity");
    MachineSettings::default().save(dir.path()).expect("settings");
    ["identity.json", "settings.json"].map(|name| std::fs::read(dir.path().join(name)).expect(name)).to_vec()
}

fn settings(bytes: &[u8]) -> String {
    let dir = folder();
    for name in ["identity.json", "settings.json"] {
        std::fs::write(dir.path().join(name), bytes).expect("a file");
    }
    let is_default = MachineSettings::load(dir.path()).settings == MachineSettings::default();
    format!("{} {is_default}", Identity::load(dir.path()).is_ok())
}

/// Files of an import; the first byte says which one.
const IMPORTED: [&str; 8] = [
    "items.csv",
    "prices.csv",
    "staff.csv",
    "stores.json",
    "taxes.json",
    "tenders.json",
    "quick_tabs.json",
    "label_layouts.json",
];

fn import_files() -> Vec<Vec<u8>> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sync-server/sample");
    let seed = |(name, which): (&str, u8)| {
        let text = std::fs::read(sample.join(name)).expect(name);
        // A few rows are enough, and a PIN takes long to hash.
        let rows: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').take(3).collect();
        let kept = if name.ends_with(".csv") { rows.concat() } else { text.clone() };
        [&[which], kept.as_slice()].concat()
    };
    IMPORTED.into_iter().zip(0..).map(seed).collect()
}

static HUB: LazyLock<(TempDir, Hub, tokio::runtime::Runtime)> = LazyLock::new(|| {
    let dir = folder();
    let hub = Hub::open(Config::embedded(dir.path())).expect("a hub");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // What the rows speak of is there, or none would be read further.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sync-server/sample");
    runtime.block_on(hub.import(&sample)).expect("the sample chain");
    (dir, hub, runtime)
});

/// What is imported is what the chain holds: it changes nothing a second time. What is refused is said in characters that
/// everybody sees.
fn import(bytes: &[u8]) -> String {
    let Some((which, text)) = bytes.split_first() else { return String::new() };
    let name = IMPORTED[usize::from(*which) % IMPORTED.len()];
    let dir = folder();
    std::fs::write(dir.path().join(name), text).expect("a file");
    let (_, hub, runtime) = &*HUB;
    let done = runtime.block_on(hub.import(dir.path()));
    let outcome = match &done {
        Ok(done) => {
            let again = runtime.block_on(hub.import(dir.path())).expect("what was read before");
            assert_eq!(again.published, 0, "{:?}", String::from_utf8_lossy(text));
            format!("{} {}", done.rows.min(5), done.warned.min(5))
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.lines().all(|line| unseen(line).is_none()), "{text:?}");
            let why = text.rsplit_once(name).map_or("", |(_, why)| why);
            let words: String = why.chars().filter(char::is_ascii_lowercase).take(60).collect();
            format!("{} {words}", error.code())
        }
    };
    format!("{name} {outcome}")
}

/// Items and scanned lines, with a zero byte between the two files.
fn replay_files() -> Vec<Vec<u8>> {
    let items = "item_code,name,category_code,category,loss_percent\n1029,牛首生菜,10110,花叶类,4.39\n1030,\"西红柿, 大\",10111,茄类,0\n";
    let sales = "date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted\n2023-06-16,09:14:23.342,1029,0.328,4.00,sale,no\n2023-06-16,09:15:00,1030,-0.5,10,return,yes\n";
    vec![[items, "\0", sales].concat().into_bytes()]
}

fn replay(bytes: &[u8]) -> String {
    let dir = folder();
    let [items, sales] = ["items.csv", "sales.csv"].map(|name| dir.path().join(name));
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    for path in [&items, &sales] {
        std::fs::write(path, parts.next().unwrap_or_default()).expect("a file");
    }
    let data_dir = dir.path().join("till");
    let args =
        Args { items, sales, data_dir, hub: "embedded".into(), enrol_code: None, rate: None, json: false };
    match suanpan_cli::replay::check(&args) {
        Ok(documents) => documents.min(5).to_string(),
        Err(why) => why.chars().filter(char::is_ascii_lowercase).take(40).collect(),
    }
}
