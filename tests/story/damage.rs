//! Ledgers that somebody or something has been at: newer, cut short, with a bit changed; and a number that two sales
//! have.

use std::path::PathBuf;

use suanpan_contract::{Code, Command, DocumentRow, Found};
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_journal::SegmentId;
use suanpan_ledger::{Ledger, Lock, NewEntry, Options, Working};
use suanpan_tests::rig::{Rig, identity};

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
