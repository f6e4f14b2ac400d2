//! A till with its real parts on a folder of its own, driven as its screen drives it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use suanpan_contract::Code;
use suanpan_contract::pos::{Command, DenominationCount, Found, LineView, Prompt, Reply, TillView};
use suanpan_domain::entry::Entry;
use suanpan_journal::{Certificate, CertificateId, Enrolment, Records, SigningKey, StationId};
use suanpan_ledger::{Catalogue, FeedRow, Lock, OpenError, Options};
use suanpan_station::identity::Identity;
use suanpan_station::pos::{StartError, StationConfig, Till};
use suanpan_station::{Clock, settings::MachineSettings};
use tempfile::TempDir;

use crate::catalogue;

/// 2026-11-21 09:00 in China.
pub const MORNING_MS: i64 = 1_795_222_800_000;
/// One minute.
pub const MINUTE: i64 = 60_000;
/// One hour.
pub const HOUR: i64 = 60 * MINUTE;

/// A clock that stands until it is moved, or goes on by itself from where it was set.
#[derive(Debug)]
pub struct TestClock {
    at_ms: AtomicI64,
    runs_since: Option<Instant>,
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        let since =
            self.runs_since.map_or(0, |since| i64::try_from(since.elapsed().as_millis()).unwrap_or(0));
        self.at_ms.load(Ordering::SeqCst) + since
    }
}

impl TestClock {
    fn new(runs_since: Option<Instant>) -> Arc<TestClock> {
        Arc::new(TestClock { at_ms: AtomicI64::new(MORNING_MS), runs_since })
    }

    /// Lets time pass, or turns it back.
    pub fn pass(&self, ms: i64) {
        self.at_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the time.
    pub fn set(&self, at_ms: i64) {
        self.at_ms.store(at_ms, Ordering::SeqCst);
    }
}

/// A till on a folder of its own.
pub struct Rig {
    /// Its folder.
    pub dir: TempDir,
    /// Its clock.
    pub clock: Arc<TestClock>,
    with_devices: bool,
    with_sync: bool,
    /// Bytes that the ledger keeps in reserve.
    pub reserve_bytes: u64,
    till: Option<Till>,
}

impl Rig {
    /// An enrolled till with the small catalogue, started.
    pub fn new() -> Rig {
        let mut rig = Rig::stopped(&catalogue::rows(), None);
        rig.start();
        rig
    }

    /// The same with printer or scale.
    pub fn with_devices(settings: &MachineSettings) -> Rig {
        let mut rig = Rig::stopped(&catalogue::rows(), Some(settings));
        rig.start();
        rig
    }

    /// An enrolled till with a catalogue, not yet started.
    pub fn stopped(rows: &[FeedRow], settings: Option<&MachineSettings>) -> Rig {
        let dir = tempfile::tempdir().expect("a folder");
        identity().save(dir.path()).expect("an identity");
        if let Some(settings) = settings {
            settings.save(dir.path()).expect("settings");
        }
        publish(dir.path(), rows);
        let clock = TestClock::new(None);
        Rig { dir, clock, with_devices: settings.is_some(), with_sync: false, reserve_bytes: 0, till: None }
    }

    /// A till that no hub knows yet and that talks to one, not yet started.
    pub fn unenrolled() -> Rig {
        let dir = tempfile::tempdir().expect("a folder");
        // The driver's pauses end by the clock.
        let clock = TestClock::new(Some(Instant::now()));
        Rig { dir, clock, with_devices: false, with_sync: true, reserve_bytes: 0, till: None }
    }

    /// How this till is started.
    pub fn config(&self) -> StationConfig {
        StationConfig {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ledger: Options { reserve_bytes: self.reserve_bytes, ..Options::default() },
            with_devices: self.with_devices,
            with_sync: self.with_sync,
            ..StationConfig::new(self.dir.path())
        }
    }

    /// Starts it, or says why not.
    pub fn try_start(&mut self) -> Result<(), StartError> {
        self.till = Some(Till::start(self.config())?);
        Ok(())
    }

    /// Starts it.
    pub fn start(&mut self) {
        self.try_start().expect("the till starts");
    }

    /// Closes the app.
    pub fn stop(&mut self) {
        self.till = None;
    }

    /// Closes the app and opens it again.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Ends the app where it stands: the next start sees the files as they are now, mid-work.
    pub fn pull_the_plug(&mut self) {
        self.till().settle();
        let left = self.files_now();
        self.till = None;
        self.dir = left;
        self.start();
    }

    /// A copy of its files as they are now, mid-work.
    pub fn files_now(&self) -> TempDir {
        let left = tempfile::tempdir().expect("a folder");
        copy(self.dir.path(), left.path());
        left
    }

    /// The running till.
    pub fn till(&self) -> &Till {
        self.till.as_ref().expect("the till runs")
    }

    /// Sends a command.
    pub fn send(&self, command: Command) -> Reply {
        self.till().dispatch(command)
    }

    /// Sends a command and gives the picture.
    pub fn view(&self, command: Command) -> TillView {
        self.send(command).view
    }

    /// Sends a command and gives what the message line says after it.
    pub fn said(&self, command: Command) -> Option<Code> {
        self.view(command).message.map(|message| message.code)
    }

    /// Sends a command and gives what it found.
    pub fn found(&self, command: Command) -> Option<Found> {
        self.send(command).found
    }

    /// The picture.
    pub fn now(&self) -> TillView {
        self.till().view()
    }

    /// Scans.
    pub fn scan(&self, text: &str) -> TillView {
        self.view(Command::Scan { text: text.to_owned() })
    }

    /// Signs in by PIN.
    pub fn sign_in(&self, staff: &str, pin: &str) -> TillView {
        self.view(Command::SignIn { staff: staff.to_owned(), pin: pin.to_owned(), relieve: false })
    }

    /// Sends a command and says yes to whatever the till asks about it.
    pub fn agreed(&self, command: Command) -> TillView {
        const QUESTIONS_MAX: usize = 3;
        let asks = |view: &TillView| matches!(view.prompt, Some(Prompt::Confirm { .. }));
        let mut view = self.view(command);
        for _ in 0..QUESTIONS_MAX {
            if !asks(&view) {
                break;
            }
            view = self.view(Command::Confirm);
        }
        view
    }

    /// Approves by PIN.
    pub fn approve(&self, staff: &str, pin: &str) -> TillView {
        self.view(Command::Approve { staff: staff.to_owned(), pin: pin.to_owned() })
    }

    /// The supervisor approves.
    pub fn supervisor_approves(&self) -> TillView {
        self.approve("1801", "8246")
    }

    /// The first cashier signs in and opens a shift with ¥300.
    pub fn open_shift(&self) {
        self.sign_in("1101", "3141");
        let view = self.view(Command::OpenShift { float_fen: 30_000 });
        assert_eq!(view.message.map(|message| message.code), Some(Code::ShiftOpened));
    }

    /// Takes cash for what is due.
    pub fn pay_exact(&self) -> TillView {
        self.agreed(cash(None))
    }

    /// Sells one bag of rice for exact cash and gives its document id.
    pub fn sell_rice(&self) -> String {
        self.scan(&catalogue::gtin("690000000001"));
        let closed = self.pay_exact().closed.expect("a closed sale");
        closed.document
    }

    /// The lines of the basket.
    pub fn lines(&self) -> Vec<LineView> {
        self.now().basket.lines
    }

    /// What is waited for.
    pub fn prompt(&self) -> Option<Prompt> {
        self.now().prompt
    }

    /// Every entry of the journal, in order. The till is closed for it and started again.
    pub fn journal(&mut self) -> Vec<Entry> {
        self.stop();
        let entries = read_journal(self.dir.path());
        self.start();
        entries
    }
}

impl Default for Rig {
    fn default() -> Rig {
        Rig::new()
    }
}

/// A clock that stands at [`MORNING_MS`].
pub fn still_clock() -> Arc<dyn Clock> {
    TestClock::new(None)
}

/// Takes cash; `None` is exactly what is due.
pub fn cash(amount_fen: Option<i64>) -> Command {
    Command::Tender { tender: "cash".to_owned(), amount_fen, reference: None }
}

/// Takes a tender with a reference that no other payment had.
pub fn pays(tender: &str, amount_fen: Option<i64>) -> Command {
    static PAYMENTS: AtomicI64 = AtomicI64::new(4_200_000_000);
    let reference = PAYMENTS.fetch_add(1, Ordering::Relaxed).to_string();
    Command::Tender { tender: tender.to_owned(), amount_fen, reference: Some(reference) }
}

/// A count of the drawer.
pub fn count(pieces: &[(i64, u32)]) -> Vec<DenominationCount> {
    pieces
        .iter()
        .map(|(denomination_fen, pieces)| DenominationCount {
            denomination_fen: *denomination_fen,
            pieces: *pieces,
        })
        .collect()
}

/// Who the till is: till 2 of the site.
pub fn identity() -> Identity {
    let hub = SigningKey::from_seed(&[9; 32]);
    let seed = [7; 32];
    let enrolment = Enrolment {
        id: CertificateId([1; 16]),
        station: StationId([2; 16]),
        site: catalogue::SITE.parse().expect("a site code"),
        till: 2,
        public_key: SigningKey::from_seed(&seed).public(),
        issued_at_ms: MORNING_MS - 24 * HOUR,
    };
    Identity::new(seed, Certificate::issue(enrolment, &hub), hub.public(), String::new())
}

/// Takes a folder whose process has just ended. A program that another thread starts meanwhile holds every lock of this
/// process for the moment before it becomes that program.
#[expect(clippy::disallowed_methods, reason = "the system tells nobody when a lock becomes free")]
pub fn lock(dir: &Path) -> Lock {
    const TRIES_MAX: u32 = 1_000;
    for _ in 0..TRIES_MAX {
        match Lock::acquire(dir) {
            Err(OpenError::AlreadyRunning { .. }) => std::thread::sleep(Duration::from_millis(5)),
            taken => return taken.expect("the folder"),
        }
    }
    panic!("{} stays in use", dir.display());
}

/// Puts rows into a folder's catalogue, as the hub's driver would.
pub fn publish(dir: &Path, rows: &[FeedRow]) {
    let lock = Lock::acquire(dir).expect("the folder");
    let mut catalogue = Catalogue::open(&lock).expect("a catalogue").catalogue;
    let version = rows.iter().map(|row| row.version).max().unwrap_or(0);
    catalogue.apply(&catalogue::cut(version), rows, MORNING_MS - HOUR).expect("the rows");
}

fn read_journal(dir: &Path) -> Vec<Entry> {
    let lock = Lock::acquire(dir).expect("the folder");
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let mint = Box::new(|| suanpan_journal::SegmentId([5; 16]));
    let ledger =
        suanpan_ledger::Ledger::open(&lock, identity().station(), options, mint).expect("a ledger").ledger;
    let mut entries = vec![];
    for segment in ledger.segments().expect("segments") {
        let run =
            ledger.run(segment.head.segment, 1..=segment.head.seq, 1 << 26).expect("a run").expect("entries");
        for record in Records::new(&run.bytes) {
            let record = record.expect("a record");
            entries.push(Entry::decode(record.header.kind, record.payload).expect("an entry"));
        }
    }
    entries
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
    }
}
