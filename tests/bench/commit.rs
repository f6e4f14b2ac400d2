//! A sale's commit on a large ledger, against a bare durable write in the same run.

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use suanpan_journal::SegmentId;
use suanpan_ledger::{Durability, Ledger, Lock, NewEntry, OpenBasket, Options, Working};
use suanpan_tests::sales::{DATE, START_MS, STATION, sale};

use crate::disk;

/// Sales of a busy day: the ledger holds as many dates as its sales fill.
const SALES_PER_DAY: u32 = 1_500;

/// Entries of one commit while the ledger is filled; the product never commits more.
const FILL: usize = 60;

/// Milliseconds of each sale's commit, of the housekeeping after it, and of bare 4 KiB writes with fdatasync.
pub(crate) struct Measured {
    pub(crate) commit_ms: Vec<f64>,
    pub(crate) housekeeping_ms: Vec<f64>,
    pub(crate) bare_ms: Vec<f64>,
}

/// Commits `times` sales of three lines back to back on a ledger of `before` sales in `dir`.
///
/// Bare writes are measured before, between and after, because a disk's mood changes within a run.
pub(crate) fn measure(dir: &Path, before: u32, times: u32) -> Measured {
    let lock = Lock::acquire(dir).expect("a folder");
    let filling = Options { durability: Durability::Off, reserve_bytes: 0, ..Options::default() };
    let mut ledger = open(&lock, filling);
    fill(&mut ledger, before);
    ledger.settle().expect("settle");
    drop(ledger);

    let mut ledger = open(&lock, Options { reserve_bytes: 0, ..Options::default() });
    let mut measured = Measured { commit_ms: vec![], housekeeping_ms: vec![], bare_ms: vec![] };
    for nth in before + 1..=before + times {
        if nth % (times / 10).max(1) == 0 {
            measured.bare_ms.extend(disk::syncs(dir, 500));
        }
        let date = date_of(nth);
        let number = ledger.next_number(date).expect("number");
        let entry = sale(nth, number);
        let new = NewEntry { at_ms: START_MS + i64::from(nth) * 1_000, business_date: date, entry: &entry };
        let working = Working { basket: OpenBasket::Clear, print: &[] };
        let start = Instant::now();
        ledger.append(&[new], &working).expect("commit");
        let committed = Instant::now();
        ledger.between_sales().expect("housekeeping");
        measured.commit_ms.push((committed - start).as_secs_f64() * 1e3);
        measured.housekeeping_ms.push(committed.elapsed().as_secs_f64() * 1e3);
    }
    measured
}

/// Fills a ledger with sales of many days.
pub(crate) fn fill(ledger: &mut Ledger, sales: u32) {
    let all: Vec<u32> = (1..=sales).collect();
    for nths in all.chunks(FILL) {
        let entries: Vec<_> = nths.iter().map(|nth| (*nth, sale(*nth, nth % SALES_PER_DAY + 1))).collect();
        let new: Vec<NewEntry<'_>> = entries
            .iter()
            .map(|(nth, entry)| NewEntry {
                at_ms: START_MS + i64::from(*nth) * 1_000,
                business_date: date_of(*nth),
                entry,
            })
            .collect();
        ledger.append(&new, &Working::KEEP).expect("commit");
        ledger.between_sales().expect("housekeeping");
    }
}

/// Dates of twelve months of 28 days: only their order matters.
fn date_of(nth: u32) -> u32 {
    let day = nth / SALES_PER_DAY;
    DATE / 10_000 * 10_000 + (day / (12 * 28)) * 10_000 + (day / 28 % 12 + 1) * 100 + day % 28 + 1
}

fn open(lock: &Lock, options: Options) -> Ledger {
    static SEGMENTS: AtomicU8 = AtomicU8::new(1);
    let mint = || SegmentId([SEGMENTS.fetch_add(1, Ordering::Relaxed); 16]);
    Ledger::open(lock, STATION, options, Box::new(mint)).expect("open").ledger
}
