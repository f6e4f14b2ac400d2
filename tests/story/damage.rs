//! Ledgers that somebody or something has been at: newer, cut short, with a bit changed; and a number that two sales
//! have.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use suanpan_contract::pos::{CitedLineInput, Command, DocumentRow, Found, Screen, TillView};
use suanpan_contract::{Code, NetworkView};
use suanpan_domain::calendar;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::totals::{Dimension, Posting};
use suanpan_journal::SegmentId;
use suanpan_ledger::{Durability, Ledger, Lock, NewEntry, Options, Working, verify};
use suanpan_station::identity::Identity;
use suanpan_tests::files::replace_files;
use suanpan_tests::rig::{MORNING_MS, Rig, identity};
use suanpan_tests::sales;
use sync_server::access::Reach;
use sync_server::store::{Attention, ReportFilter};
use sync_server::{Config, Hub, RunningHub};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Fills more pages than any damage here takes, and one list.
const SALES: usize = 45;

/// Steps in which the whole of so small a journal is read.
const LOOKS_MAX: usize = 4;

fn ledger_file(rig: &Rig) -> PathBuf {
    rig.dir.path().join("ledger.db")
}

/// Opens the folder of a closed till.
fn open(rig: &Rig, mint: impl FnMut() -> SegmentId + Send + 'static) -> (Ledger, Lock) {
    let lock = Lock::acquire(rig.dir.path()).expect("the folder");
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let opened = Ledger::open(&lock, identity().station(), options, Box::new(mint));
    (opened.expect("a ledger").ledger, lock)
}

/// Copies the log into the ledger, as the till does every few dozen sales.
fn settle(rig: &Rig) {
    let (mut ledger, _lock) = open(rig, || SegmentId([8; 16]));
    ledger.settle().expect("a whole file");
}

fn listed(rig: &Rig, number: &str) -> Vec<DocumentRow> {
    match rig.found(Command::FindDocuments { number: number.to_owned() }) {
        Some(Found::Documents { documents }) => documents,
        other => panic!("{other:?}"),
    }
}

/// Damages the ledger of a closed till and opens it: the cashier is told, what can be read is there, selling goes on.
/// Gives how many of the sales came back.
fn check(damage: impl Fn(&mut Vec<u8>)) -> usize {
    let mut rig = Rig::new();
    rig.open_shift();
    (0..SALES).for_each(|_| _ = rig.sell_rice());
    rig.stop();
    settle(&rig);
    let mut bytes = std::fs::read(ledger_file(&rig)).expect("the ledger");
    damage(&mut bytes);
    std::fs::write(ledger_file(&rig), &bytes).expect("damage");
    rig.start();
    // What the start does not read is read between sales.
    let told = (0..LOOKS_MAX).find_map(|_| {
        rig.till().look_after();
        rig.now().message
    });
    assert_eq!(told.map(|message| message.code), Some(Code::LedgerSalvaged), "the cashier is told");
    let view = rig.sign_in("1101", "3141");
    if view.status.shift_cashier.is_none() {
        rig.view(Command::OpenShift { float_fen: 30_000 });
    }
    rig.sell_rice();
    let kept = std::fs::read(ledger_file(&rig)).expect("the old file");
    assert_eq!(kept, bytes, "the damaged file is left as it was");
    let came_back = listed(&rig, "").len() - 1;
    rig.restart();
    assert_eq!(rig.now().message, None, "told once");
    came_back
}

#[test]
fn a_truncated_ledger_gives_back_what_is_left_and_sells_on() {
    let half = check(|bytes| bytes.truncate(bytes.len() / 2));
    let most = check(|bytes| bytes.truncate(bytes.len() - 5_000));
    assert!(half < SALES && most > SALES / 2, "{half} and {most} of {SALES}");
    assert_eq!(check(Vec::clear), 0);
}

#[test]
fn a_flipped_bit_costs_the_sale_that_it_hit() {
    let left = check(|bytes| {
        let needle = br#""no":7,"#;
        // SQLite leaves old bytes where it has moved a row: the row itself is among them.
        let found = bytes.windows(needle.len()).enumerate().filter(|(_, window)| window == needle);
        let found: Vec<usize> = found.map(|(at, _)| at).collect();
        found.iter().for_each(|at| bytes[at + 5] ^= 1);
    });
    assert_eq!(left, SALES - 1);
    assert_eq!(check(|bytes| bytes[3] ^= 2), SALES, "the file's header holds no sale");
}

#[test]
fn a_ledger_of_a_newer_version_is_not_opened_and_not_touched() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.stop();
    let newer = rusqlite::Connection::open(ledger_file(&rig)).expect("the ledger");
    newer.execute("insert into migration values (99, 'later', x'00', 99)", []).expect("a step");
    drop(newer);
    let before = std::fs::read(ledger_file(&rig)).expect("the ledger");
    let refusal = rig.try_start().expect_err("a refusal");
    assert_eq!(refusal.code(), Code::LedgerTooNew);
    assert_eq!(std::fs::read(ledger_file(&rig)).expect("the ledger"), before);
}

/// Writes the last sale once more as another one, as a till does that lost its ledger, counts from 1 again, and has
/// drawn a segment whose id begins like the lost one's.
fn number_again(rig: &mut Rig, document: &str) {
    let mark = document_row(rig).number.rsplit('-').next().map(|mark| u8::from_str_radix(mark, 16));
    let mark = mark.expect("a mark").expect("two digits");
    let first = rig.journal().into_iter().find_map(|entry| match entry {
        Entry::Sale(sale) if sale.id.to_string() == document => Some(sale),
        _ => None,
    });
    let mut sale = first.expect("the sale");
    sale.id = Id([9; 16]);
    let at_ms = suanpan_tests::rig::MORNING_MS;
    rig.stop();
    let (mut ledger, lock) = open(rig, move || SegmentId([mark; 16]));
    let new = NewEntry { at_ms, business_date: 20_261_121, entry: &Entry::Sale(sale) };
    ledger.append(&[new], &Working::KEEP).expect("a sale");
    drop((ledger, lock));
    rig.start();
}

fn document_row(rig: &Rig) -> DocumentRow {
    rig.now().last_document.expect("a sale")
}

#[test]
fn a_receipt_number_that_finds_two_sales_lists_both_and_either_is_refunded() {
    let mut rig = Rig::new();
    rig.open_shift();
    let first = rig.sell_rice();
    let number = document_row(&rig).number;
    number_again(&mut rig, &first);
    rig.sign_in("1101", "3141");
    let reply = rig.send(Command::RefundLookup { number: number.clone() });
    let message = reply.view.message.expect("a warning");
    assert_eq!((message.code, message.args["count"].as_str()), (Code::ReceiptFoundTwice, "2"));
    let Some(Found::Documents { documents }) = reply.found else { panic!("{:?}", reply.found) };
    assert!(documents.len() == 2 && documents.iter().all(|row| row.number == number), "{documents:?}");
    assert_eq!(listed(&rig, &number).len(), 2);
    for row in documents {
        match rig.found(Command::RefundLookup { number: row.document.clone() }) {
            Some(Found::Sale { sale }) => assert_eq!(sale.sale, row.document),
            other => panic!("{other:?}"),
        }
    }
}

/// Longer than any of it takes; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sales of a day before today, and entries of one.
const SALES_A_DAY: u32 = 200;
const ENTRIES_A_DAY: u64 = 203;

/// Entries of one commit: what the ledger takes at most.
const COMMIT: usize = 64;

/// Writes the days before today to the folder of a closed till, and damages its ledger.
fn sold_for(rig: &Rig, days: u32) {
    wrote_for(rig, days);
    damage(rig);
}

fn damage(rig: &Rig) {
    let mut bytes = std::fs::read(ledger_file(rig)).expect("the ledger");
    bytes[3] ^= 2;
    std::fs::write(ledger_file(rig), bytes).expect("damage");
}

fn wrote_for(rig: &Rig, days: u32) {
    let station = Identity::load(rig.dir.path()).expect("an identity").expect("enrolled").station();
    let lock = Lock::acquire(rig.dir.path()).expect("the folder");
    let options = Options { durability: Durability::Off, reserve_bytes: 0, ..Options::default() };
    let opened = Ledger::open(&lock, station, options, Box::new(|| SegmentId([7; 16])));
    let mut ledger = opened.expect("a ledger").ledger;
    let mut date = (0..days).fold(20_261_121, |date, _| calendar::previous(date).expect("a date"));
    for nth in 0..days {
        let at_ms = MORNING_MS - i64::from(days - nth) * 24 * 60 * 60_000;
        let first = nth * SALES_A_DAY;
        for entries in sales::day(nth, date, first..first + SALES_A_DAY, at_ms).chunks(COMMIT) {
            let new = |entry| NewEntry { at_ms, business_date: date, entry };
            ledger.append(&entries.iter().map(new).collect::<Vec<_>>(), &Working::KEEP).expect("a commit");
            ledger.between_sales().expect("housekeeping");
        }
        date = calendar::next(date).expect("a date");
    }
    ledger.settle().expect("a whole file");
}

#[test]
fn a_till_with_many_sales_sells_before_its_damaged_ledger_is_back_and_ends_with_all_of_them() {
    let days = 120;
    let mut rig = Rig::new();
    rig.stop();
    sold_for(&rig, days);
    rig.start();
    let view = rig.now();
    assert_eq!(view.message.map(|message| message.code), Some(Code::LedgerSalvaging));
    rig.open_shift();
    rig.sell_rice();
    assert!(rig.now().status.to_come.is_some_and(|left| left > 10_000), "{:?}", rig.now().status.to_come);

    // What depends on all entries waits, and says for what.
    let first = sales::id(0).to_string();
    assert_eq!(rig.said(Command::Preview { document: first.clone() }), Some(Code::StillToCome));
    assert_eq!(rig.said(Command::RefundLookup { number: first.clone() }), Some(Code::StillToCome));
    let lines = vec![CitedLineInput { item: "100001".into(), quantity: 1, amount_fen: 100, restock: true }];
    let cited =
        Command::RefundCited { number: "TH01-09-20261101-0001-aa".into(), lines, tender: "cash".into() };
    assert_eq!(rig.said(cited), Some(Code::StillToCome));
    // What is there works: yesterday's receipts and numbers.
    let newest = sales::id(days * SALES_A_DAY - 1).to_string();
    assert!(matches!(rig.found(Command::Preview { document: newest }), Some(Found::Preview { .. })));

    rig.restart();
    assert!(rig.now().status.to_come.is_some(), "stopped in the middle");
    rig.sign_in("1101", "3141");
    rig.sell_rice();
    rig.till().salvage().expect("a sound disk");
    let view = rig.now();
    assert_eq!(view.message.map(|message| message.code), Some(Code::LedgerWhole));
    assert_eq!(view.status.to_come, None);
    rig.sell_rice();
    assert!(matches!(rig.found(Command::Preview { document: first }), Some(Found::Preview { .. })));
    rig.stop();
    let lock = Lock::acquire(rig.dir.path()).expect("the folder");
    let found = verify(&lock, identity().station()).expect("an answer");
    assert_eq!((found.damage, found.difference, found.to_come), (None, None, 0));
    let sold: i64 = found.days.iter().flat_map(|(_, postings)| postings).map(sales_in).sum();
    assert_eq!(sold, i64::from(days * SALES_A_DAY + 3));
    assert!(found.entries > u64::from(days) * ENTRIES_A_DAY);
    assert!(found.missing.iter().all(|missing| missing.to.is_none()), "{:?}", found.missing);
}

fn sales_in(posting: &Posting) -> i64 {
    if posting.dimension == Dimension::Sales { posting.count } else { 0 }
}

#[test]
fn the_hub_gets_every_entry_once_from_a_till_whose_ledger_came_back_behind_the_sale() {
    let days = 30;
    let (folder, runtime) = chain();
    let (running, mut rig) = enrolled(folder.path(), &runtime);
    sold_for(&rig, days);
    rig.start();
    let changes = changes_of(&rig);
    rig.sign_in("1101", "3141");
    rig.view(Command::OpenShift { float_fen: 20_000 });
    rig.till().salvage().expect("a sound disk");
    // The commit of another entry tells the driver that there is more.
    rig.view(Command::Lock);
    rig.sign_in("1101", "3141");
    let store = running.hub().store();
    let filter =
        || ReportFilter { reach: Reach::whole_chain(), till: None, from: 20_000_101, to: 20_991_231 };
    let at_hub = || runtime.block_on(store.report_days(filter())).expect("a report").0;
    let sold = || at_hub().iter().map(|day| day.sales).sum::<i64>();
    wait(&rig, &changes, |view| matches!(view.status.network, NetworkView::Online { .. }));
    until("all are at the hub", || sold() >= i64::from(days * SALES_A_DAY));
    assert_eq!(sold(), i64::from(days * SALES_A_DAY), "each once");
    assert!(at_hub().iter().all(|day| day.missing == 0));
    rig.stop();
    runtime.block_on(running.stop());
}

fn chain() -> (TempDir, Runtime) {
    (tempfile::tempdir().expect("a folder"), Runtime::new().expect("a runtime"))
}

/// A hub in a folder, and a closed till that it knows.
fn enrolled(folder: &Path, runtime: &Runtime) -> (RunningHub, Rig) {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sync-server/sample");
    let (running, code) = runtime.block_on(async {
        let hub = Hub::open(Config::embedded(folder)).expect("a hub");
        hub.import(&sample).await.expect("the sample chain");
        let code = hub.enrol_code(&"HT01".parse().expect("a site"), 1).await.expect("a code");
        (hub.serve().await.expect("a port"), code)
    });
    let mut rig = Rig::unenrolled();
    rig.start();
    let changes = changes_of(&rig);
    rig.view(Command::Enrol { hub_url: running.url().to_owned(), code });
    wait(&rig, &changes, |view| view.screen == Screen::SignIn);
    rig.stop();
    (running, rig)
}

#[test]
fn a_tail_that_an_older_and_damaged_ledger_lacks_is_fetched_when_the_salvage_is_done() {
    let (folder, runtime) = chain();
    let (running, mut rig) = enrolled(folder.path(), &runtime);
    let store = running.hub().store();
    let gauges = || runtime.block_on(store.gauges()).expect("gauges");
    // What a driver that is stopped had sent is projected too.
    let settled = || {
        until("the projector rests", || gauges().pending == 0);
        gauges().gseq
    };
    let gets_more_than = |entries: i64| until("more are at the hub", || gauges().gseq > entries);
    // A commit, and the hub has it: what the driver did after the push before is done.
    let commits = |rig: &Rig| {
        let before = settled();
        rig.view(Command::Lock);
        rig.sign_in("1101", "3141");
        gets_more_than(before);
    };
    wrote_for(&rig, 30);
    let older = tempfile::tempdir().expect("a folder");
    replace_files(rig.dir.path(), older.path());
    rig.start();
    rig.sign_in("1101", "3141");
    rig.view(Command::OpenShift { float_fen: 20_000 });
    (0..3).for_each(|_| commits(&rig));
    gets_more_than(30 * ENTRIES_A_DAY as i64 + 4);
    rig.stop();
    let before = settled();
    replace_files(older.path(), rig.dir.path());
    damage(&rig);
    // No salvage gets anywhere before it is asked to.
    let in_its_way = rig.dir.path().join("ledger.rest");
    std::fs::create_dir(&in_its_way).expect("a folder");

    rig.start();
    rig.sign_in("1101", "3141");
    gets_more_than(before);
    (0..2).for_each(|_| commits(&rig));
    assert!(rig.now().status.to_come.is_some());
    let waits = || {
        let today = runtime.block_on(store.today(Reach::whole_chain(), None, MORNING_MS, 0)).expect("today");
        today.problems.iter().any(|problem| matches!(problem, Attention::LostTail { .. }))
    };
    assert!(waits(), "nothing is told as fetched");
    std::fs::remove_dir(in_its_way).expect("an empty folder");
    rig.till().salvage().expect("a sound disk");
    commits(&rig);
    until("it is fetched", || !waits());
    commits(&rig);
    let station = Identity::load(rig.dir.path()).expect("an identity").expect("enrolled").station();
    rig.stop();
    let lock = Lock::acquire(rig.dir.path()).expect("the folder");
    let found = verify(&lock, station).expect("an answer");
    assert_eq!(found.damage, None);
    assert!(found.entries >= settled() as u64, "it has what the hub has: {found:?}");
    runtime.block_on(running.stop());
}

fn changes_of(rig: &Rig) -> Receiver<TillView> {
    let (told, changes) = channel();
    // A test that has seen enough no longer listens.
    rig.till().on_change(move |view| _ = told.send(view.clone()));
    changes
}

/// Waits for what the hub's do.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Waits for what the till's threads bring about.
fn wait(rig: &Rig, changes: &Receiver<TillView>, is_so: impl Fn(&TillView) -> bool) {
    while !is_so(&rig.now()) {
        changes.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain: {:?}", rig.now()));
    }
}
