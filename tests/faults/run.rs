//! One till process under the shim, and the questions asked of what it left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use suanpan_domain::entry::Entry;
use suanpan_journal::{Records, SegmentId, StationId};
use suanpan_ledger::{Durability, Ledger, Options, QueryError, verify};
use suanpan_tests::catalogue::rows;
use suanpan_tests::rig::{identity, lock, publish};
use suanpan_tests::sales::STATION;

use crate::disk::told_saved;
use crate::shim::shim;

/// A folder for a till's data, with what it tells and what it does beside it.
pub(crate) struct Run {
    dir: tempfile::TempDir,
}

/// What the cashier was told, in order: (what, sale id).
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Vec<(String, String)>);

impl Told {
    pub(crate) fn saved(&self) -> BTreeSet<String> {
        self.0.iter().filter_map(|(what, id)| told_saved(&format!("{what} {id}"))).collect()
    }

    pub(crate) fn not_saved(&self) -> BTreeSet<String> {
        self.0.iter().filter(|(what, _)| what == "not-saved").map(|(_, id)| id.clone()).collect()
    }
}

impl Run {
    pub(crate) fn new() -> Run {
        let run = Run { dir: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(run.data()).expect("data folder");
        run
    }

    /// The folder of an enrolled till with the small catalogue.
    pub(crate) fn enrolled() -> Run {
        let run = Run::new();
        identity().save(&run.data()).expect("an identity");
        publish(&run.data(), &rows());
        run
    }

    /// As the kernel names it: the shim compares with `/proc/self/fd`.
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("a folder").join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path("log")
    }

    /// The variables that make the shim record.
    pub(crate) fn recording(&self) -> Vec<(&'static str, String)> {
        let text = |path: PathBuf| path.display().to_string();
        vec![("SHIM_LOG", text(self.log())), ("SHIM_MARK", text(self.path("receipts")))]
    }

    pub(crate) fn till(&self, sales: u32, variables: &[(&str, String)]) -> ExitStatus {
        self.till_as(sales, "full", variables)
    }

    pub(crate) fn till_as(&self, sales: u32, mode: &str, variables: &[(&str, String)]) -> ExitStatus {
        Command::new(env!("CARGO_BIN_EXE_faults-till"))
            .arg(self.data())
            .arg(self.path("receipts"))
            .arg(sales.to_string())
            .args(mode.split('+'))
            .env("LD_PRELOAD", shim())
            .env("SHIM_DIR", self.data())
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stderr(Stdio::null())
            .status()
            .expect("the till starts")
    }

    pub(crate) fn told(&self) -> Told {
        let text = std::fs::read_to_string(self.path("receipts")).unwrap_or_default();
        let told = text.lines().filter_map(|line| line.split_once(' '));
        Told(told.map(|(what, id)| (what.to_owned(), id.to_owned())).collect())
    }
}

const OPTIONS: Options =
    Options { durability: Durability::Off, reserve_bytes: 0, commits_per_checkpoint: 64 };

/// Opens what was left as the next start would and asserts that it is whole: no damage is seen, every sale that the
/// cashier was told of is there, no sale is there twice, and every hash and projection checks.
pub(crate) fn check(data: &Path, told: &BTreeSet<String>, when: &str) {
    let lock = lock(data);
    let opened = Ledger::open(&lock, STATION, OPTIONS, Box::new(|| SegmentId([9; 16])));
    let opened = opened.unwrap_or_else(|error| panic!("{when}: {error}"));
    assert!(opened.report.replaced.is_none(), "{when}: {:?}", opened.report.replaced);
    let kept = listed(&opened.ledger).unwrap_or_else(|error| panic!("{when}: {error}"));
    let distinct: BTreeSet<String> = kept.iter().cloned().collect();
    assert_eq!(kept.len(), distinct.len(), "{when}: a sale is there twice");
    let lost: Vec<&String> = told.difference(&distinct).collect();
    assert!(lost.is_empty(), "{when}: {lost:?} of {told:?} are lost");
    drop(opened);
    let found = verify(&lock, STATION).expect("verify");
    assert!(found.is_whole(), "{when}: {found:?}");
}

/// The sales in what was left, salvaged if it is damaged; none if it is beyond that.
pub(crate) fn ids(data: &Path) -> BTreeSet<String> {
    ids_of(data, STATION)
}

/// The same of another station's.
pub(crate) fn ids_of(data: &Path, station: StationId) -> BTreeSet<String> {
    let lock = lock(data);
    let opened = Ledger::open(&lock, station, OPTIONS, Box::new(|| SegmentId([9; 16]))).expect("open");
    listed(&opened.ledger).unwrap_or_default().into_iter().collect()
}

/// Every sale of the journal, read as the upload reads it.
fn listed(ledger: &Ledger) -> Result<Vec<String>, QueryError> {
    let mut sales = Vec::new();
    for segment in ledger.segments()? {
        let mut next = 1;
        while let Some(run) = ledger.run(segment.head.segment, next..=u64::MAX, 1 << 20)? {
            for record in Records::new(&run.bytes) {
                let record = record.expect("a record of this ledger");
                if let Ok(Entry::Sale(sale)) = Entry::decode(record.header.kind, record.payload) {
                    sales.push(sale.id.to_string());
                }
            }
            next = run.from + run.count;
        }
    }
    Ok(sales)
}
