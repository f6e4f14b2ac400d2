//! Tills in processes of their own, what their customers were given, and the question whether all of it came through.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use suanpan_domain::totals::Dimension;
use suanpan_ledger::Lock;
use suanpan_station::identity::Identity;
use suanpan_tests::files::replace_files;

use crate::hub::{HubProcess, Listed};

/// Longer than anything here takes on a busy machine; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Site, till, cashier.
pub(crate) const TILLS: [(&str, u16, &str); 4] =
    [("HT01", 1, "1101"), ("HT01", 2, "1101"), ("HT01", 3, "1101"), ("HT02", 1, "2101")];

/// A place for a till: site, till, cashier, and a code with which to enrol there.
type Place = (&'static str, u16, &'static str, String);

/// Makes codes for the first tills of the chain.
pub(crate) fn enrol(hub: &HubProcess, tills: usize) -> Vec<Place> {
    let places = TILLS[..tills].iter();
    places.map(|(site, till, staff)| (*site, *till, *staff, hub.enrol_code(site, *till))).collect()
}

/// Starts tills that know the hub by this address and sell at once.
pub(crate) fn open(folder: &Path, url: &str, places: Vec<Place>) -> Vec<TillProcess> {
    open_by(&program(), folder, url, places)
}

/// Today's till.
pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_fire-till").into()
}

/// The same by another program.
pub(crate) fn open_by(program: &Path, folder: &Path, url: &str, places: Vec<Place>) -> Vec<TillProcess> {
    let start = |(site, till, staff, code): Place| {
        TillProcess::start(program, &folder.join(format!("{site}-{till}")), [url, &code, staff])
    };
    places.into_iter().map(start).collect()
}

/// What was seen of a till from outside. Paper that was given stays given, whatever becomes of the till.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) receipts: Vec<Listed>,
    /// The network line.
    pub(crate) network: String,
    /// The last receipt of which the network line said that the hub has it, and all before it.
    pub(crate) acked: u32,
    /// The last word that was neither.
    said: String,
    has_ended: bool,
}

impl Seen {
    /// The network line says that the hub has every receipt to the last.
    fn is_drained(&self) -> bool {
        let last = self.receipts.last().map_or(0, number);
        self.network == format!("online {last} 0")
    }
}

/// The number of a receipt in its day.
pub(crate) fn number(receipt: &Listed) -> u32 {
    receipt.number.split('-').nth(3).and_then(|number| number.parse().ok()).expect("a receipt's number")
}

/// A till. Dropping it ends it.
pub(crate) struct TillProcess {
    /// Today's program, or an older one.
    pub(crate) program: PathBuf,
    pub(crate) dir: PathBuf,
    args: [String; 3],
    seen: Arc<(Mutex<Seen>, Condvar)>,
    process: Option<(Child, ChildStdin, JoinHandle<()>)>,
}

impl TillProcess {
    /// Starts a till that enrols with a code and sells at once.
    /// The arguments are the hub's address, the code, and the cashier.
    fn start(program: &Path, dir: &Path, args: [&str; 3]) -> TillProcess {
        let (program, dir, args) = (program.to_owned(), dir.to_owned(), args.map(str::to_owned));
        let mut till = TillProcess { program, dir, args, seen: Arc::default(), process: None };
        till.restart();
        till
    }

    /// The same till started on another disk; its customers are others.
    pub(crate) fn start_on(&self, dir: &Path) -> TillProcess {
        let (program, dir, args) = (self.program.clone(), dir.to_owned(), self.args.clone());
        let mut till = TillProcess { program, dir, args, seen: Arc::default(), process: None };
        till.restart();
        till
    }

    /// Copies the disk of a till that does not run.
    pub(crate) fn copy_disk(&self, to: &Path) {
        assert!(self.process.is_none(), "a disk is copied while nobody writes");
        replace_files(&self.dir, to);
    }

    /// Puts an older copy in the place of the disk.
    pub(crate) fn restore_disk(&self, from: &Path) {
        assert!(self.process.is_none(), "a disk is replaced while nobody writes");
        replace_files(from, &self.dir);
    }

    /// Starts the app again.
    pub(crate) fn restart(&mut self) {
        let mut child = Command::new(&self.program)
            .arg(&self.dir)
            .args(&self.args)
            .env("RUST_LOG", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (receipts, acked) = (self.receipts(), self.acked());
        *self.seen.0.lock().unwrap() = Seen { receipts, acked, ..Seen::default() };
        let seen = Arc::clone(&self.seen);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                note(&mut seen.0.lock().unwrap(), line);
                seen.1.notify_all();
            }
            seen.0.lock().unwrap().has_ended = true;
            seen.1.notify_all();
        });
        self.process = Some((child, input, reader));
        self.wait("to open", |seen| seen.said == "open");
    }

    /// kill -9. What it printed until then is noted.
    pub(crate) fn kill(&mut self) {
        if let Some((mut child, input, reader)) = self.process.take() {
            // It may have ended by itself: then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
            drop(input);
            let _ = reader.join();
        }
    }

    /// The app is closed.
    pub(crate) fn close(&mut self) {
        if let Some((mut child, input, reader)) = self.process.take() {
            drop(input);
            assert!(child.wait().unwrap().success(), "the till ends well");
            reader.join().unwrap();
        }
    }

    pub(crate) fn tell(&mut self, order: &str) {
        let (_, input, _) = self.process.as_mut().expect("the till runs");
        writeln!(input, "{order}").unwrap();
    }

    /// Stops selling, with every receipt given that will be.
    pub(crate) fn pause(&mut self) {
        self.tell("pause");
        self.wait("to pause", |seen| seen.said == "paused");
    }

    pub(crate) fn receipts(&self) -> Vec<Listed> {
        self.seen.0.lock().unwrap().receipts.clone()
    }

    /// The number of the last receipt that the hub has acked.
    pub(crate) fn acked(&self) -> u32 {
        self.seen.0.lock().unwrap().acked
    }

    /// Returns when the till looks as wanted from outside.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Seen) -> bool) {
        let seen = self.seen.0.lock().unwrap();
        let goes_on = |seen: &mut Seen| !is_so(seen) && !seen.has_ended;
        let (seen, _) = self.seen.1.wait_timeout_while(seen, PATIENCE, goes_on).unwrap();
        let (done, given, network, ended) =
            (is_so(&seen), seen.receipts.len(), seen.network.clone(), seen.has_ended);
        drop(seen);
        let dir = self.dir.display();
        assert!(done, "{dir}: waited in vain {what}: {network}, {given} receipts, ended: {ended}");
    }

    /// Returns when so many more receipts were given.
    pub(crate) fn sells(&self, more: usize) {
        let before = self.receipts().len();
        self.wait(&format!("to sell {more} more"), |seen| seen.receipts.len() >= before + more);
    }

    /// Returns when the till says that the hub has every receipt. It must not be selling.
    pub(crate) fn drains(&self) {
        self.wait("to drain", Seen::is_drained);
    }

    /// Returns when the till says that the hub lacks so many receipts.
    pub(crate) fn holds(&self, receipts: u32) {
        let held = |network: &str| match network.split_once(' ')? {
            ("offline" | "catching-up", held) => held.parse().ok(),
            _ => None,
        };
        self.wait("to hold receipts", |seen| held(&seen.network) >= Some(receipts));
    }

    pub(crate) fn is_offline(&self) {
        self.wait("to be offline", |seen| seen.network.starts_with("offline"));
    }
}

impl Drop for TillProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

fn note(seen: &mut Seen, line: String) {
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("receipt"), Some(number), Some(fen)) => {
            seen.receipts.push(Listed { number: number.to_owned(), fen: fen.parse().unwrap() });
        }
        (Some("open" | "paused" | "selling"), None, _) => seen.said = line,
        (Some("online"), Some(to), _) => {
            seen.acked = to.parse().unwrap();
            seen.network = line;
        }
        _ => seen.network = line,
    }
}

/// What was counted in the end.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Receipts that customers were given.
    pub(crate) receipts: usize,
    /// Sales that a kill left without paper: recorded, and nobody was given anything for them.
    pub(crate) unprinted: usize,
}

/// Waits until every till is drained, closes them, and holds the hub against the receipts and the ledgers: nothing
/// lost, nothing doubled, the same totals at till, hub and report.
pub(crate) fn check(hub: &HubProcess, tills: &mut [TillProcess]) -> Counted {
    drain(tills);
    let counted = judge(hub, tills, &BTreeSet::new());
    let at_tills: BTreeMap<_, _> = tills.iter().map(|till| totals(&till.dir)).collect();
    assert_eq!(hub.report(), at_tills, "hub and tills differ");
    counted
}

/// Returns when every till says that the hub has all it has; then they are closed.
pub(crate) fn drain(tills: &mut [TillProcess]) {
    tills.iter_mut().for_each(TillProcess::pause);
    tills.iter().for_each(TillProcess::drains);
    tills.iter_mut().for_each(TillProcess::close);
}

/// Holds the hub against the receipts. `gone` are those of which no copy survived; only they may be lost.
pub(crate) fn judge(hub: &HubProcess, tills: &[TillProcess], gone: &BTreeSet<Listed>) -> Counted {
    hub.settle();
    let given: Vec<Listed> = tills.iter().flat_map(TillProcess::receipts).collect();
    let listed = hub.documents();
    let distinct: BTreeSet<&Listed> = listed.iter().collect();
    assert_eq!(distinct.len(), listed.len(), "the hub has a document twice");
    let lost: BTreeSet<&Listed> =
        given.iter().filter(|it| !distinct.contains(it) && !gone.contains(it)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), given.len(), "two customers have one number");
    assert_eq!(hub.metric("suanpan_entries_parked"), 0);
    assert_eq!(hub.missing(), 0, "numbers that the hub knows of and has not");
    let mut summed = BTreeMap::<_, (i64, i64)>::new();
    for Listed { number, fen } in &listed {
        let mut parts = number.split('-').map(str::to_owned);
        let sum = summed.entry((parts.next().unwrap(), parts.next().unwrap())).or_default();
        *sum = (sum.0 + 1, sum.1 + fen);
    }
    assert_eq!(hub.report(), summed, "the report is not the sum of the documents");
    let printed: BTreeSet<&Listed> = given.iter().collect();
    let unprinted = listed.iter().filter(|it| !printed.contains(it)).count();
    Counted { receipts: given.len(), unprinted }
}

/// Proves a till's folder whole and gives its place and its totals.
pub(crate) fn totals(dir: &Path) -> ((String, String), (i64, i64)) {
    let identity = Identity::load(dir).unwrap().expect("an enrolled till");
    let found = suanpan_ledger::verify(&Lock::acquire(dir).unwrap(), identity.station()).unwrap();
    assert!(found.is_whole(), "{}: {found:?}", dir.display());
    let postings = found.days.iter().flat_map(|(_, postings)| postings);
    let sales = postings.filter(|it| it.dimension == Dimension::Sales);
    let enrolment = &identity.certificate.enrolment;
    let place = (enrolment.site.as_str().to_owned(), enrolment.till.to_string());
    (place, sales.fold((0, 0), |sum, it| (sum.0 + it.count, sum.1 + it.fen.0)))
}
