//! Salvage behind the sale: what selling needs comes first, the rest while the till sells, whole after any kill.

mod common;

use std::path::Path;

use common::*;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::sale::Sale;
use suanpan_domain::shift::{CashCount, DayClosed, ShiftClosed, ShiftOpened, Sums};
use suanpan_journal::SegmentId;
use suanpan_ledger::{
    Durability, Ledger, Lock, NewEntry, OpenBasket, Options, Salvage, Verification, Whole, Working, verify,
};

const SALES_A_DAY: u32 = 100;

/// Steps after which a salvage of these ledgers is whole.
const STEPS_MAX: usize = 1_000;

fn date(day: u32) -> u32 {
    (2020 + day / 336) * 10_000 + (1 + day / 28 % 12) * 100 + 1 + day % 28
}

fn shift(day: u32) -> Id {
    Id::mint(AT + i64::from(day), [9; 10])
}

/// The entries of a day: its shift, its sales, and the close of both.
fn day_of(day: u32) -> Vec<Entry> {
    let opened = ShiftOpened {
        id: shift(day),
        no: day + 1,
        cashier: "1001".into(),
        float: suanpan_domain::money::Fen(30_000),
    };
    let fen = suanpan_domain::money::Fen(0);
    let closed = ShiftClosed {
        shift: shift(day),
        by: "1001".into(),
        approver: None,
        count: CashCount::default(),
        counted: fen,
        expected: fen,
        sums: Sums::default(),
    };
    let closed_day =
        DayClosed { date: date(day), by: "1001".into(), last_number: SALES_A_DAY, sums: Sums::default() };
    let sold = (0..SALES_A_DAY).map(|nth| match sale(day * SALES_A_DAY + nth) {
        Entry::Sale(sale) => Entry::Sale(Sale { number: nth + 1, shift: shift(day), ..sale }),
        other => other,
    });
    let opened = std::iter::once(Entry::ShiftOpened(opened));
    opened.chain(sold).chain([Entry::ShiftClosed(closed), Entry::DayClosed(closed_day)]).collect()
}

/// Sells for some days, half of them in each of two segments, the last day left open; then damages the file's header, and
/// as many old sales as asked for. Gives the number of entries.
fn sold_and_damaged(till: &Till, days: u32, old_ones: u32) -> u64 {
    let mut written = 0;
    for half in [0..days / 2, days / 2..days] {
        let lock = Lock::acquire(till.path()).expect("lock");
        let options = Options { durability: Durability::Off, ..OPTIONS };
        let mut ledger = Ledger::open(&lock, STATION, options, mint()).expect("open").ledger;
        for day in half {
            let mut entries = day_of(day);
            if day + 1 == days {
                entries.truncate(entries.len() - 2);
            }
            for entries in entries.chunks(64) {
                let new: Vec<_> = entries
                    .iter()
                    .map(|entry| NewEntry { at_ms: AT, business_date: date(day), entry })
                    .collect();
                ledger.append(&new, &Working::KEEP).expect("commit");
                ledger.between_sales().expect("housekeeping");
            }
            written += entries.len() as u64;
        }
        ledger.settle().expect("settle");
    }
    let mut bytes = std::fs::read(till.file("ledger.db")).expect("read");
    bytes[3] ^= 2;
    (1..=old_ones).for_each(|day| spoil(&mut bytes, day));
    std::fs::write(till.file("ledger.db"), bytes).expect("write");
    written
}

/// Changes sale 8 of a day wherever a file has it.
fn spoil(bytes: &mut [u8], day: u32) {
    let needle = format!(r#""no":8,"shift":"{}""#, shift(day));
    let found: Vec<usize> = bytes
        .windows(needle.len())
        .enumerate()
        .filter(|(_, window)| *window == needle.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!found.is_empty(), "sale 8 of day {day}");
    found.iter().for_each(|at| bytes[at + 5] ^= 1);
}

fn verification(dir: &Path) -> Verification {
    let lock = Lock::acquire(dir).expect("lock");
    verify(&lock, STATION).expect("verify")
}

/// Does a piece of the salvage.
fn piece(ledger: &mut Ledger, salvage: &mut Salvage) -> Option<Whole> {
    salvage.step().expect("a piece");
    ledger.join(salvage).expect("sound")
}

fn to_the_end(ledger: &mut Ledger) -> Whole {
    let mut salvage = ledger.salvage().expect("a rest");
    (0..STEPS_MAX).find_map(|_| piece(ledger, &mut salvage)).expect("whole")
}

/// A sale of the last day.
fn sell_on(ledger: &mut Ledger, day: u32) -> u32 {
    let number = ledger.next_number(date(day)).expect("a number");
    let Entry::Sale(sale) = sale(1_000_000 + number) else { unreachable!() };
    let entry = Entry::Sale(Sale { number, shift: shift(day), ..sale });
    let new = NewEntry { at_ms: AT, business_date: date(day), entry: &entry };
    ledger.append(&[new], &Working::KEEP).expect("a sale");
    ledger.between_sales().expect("housekeeping");
    number
}

fn copy(from: &Path) -> Till {
    let till = Till::new();
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), till.path().join(file.file_name())).expect("copy");
    }
    till
}

fn every_hash(ledger: &Ledger) -> Vec<(SegmentId, u64)> {
    let heads = ledger.segments().expect("segments");
    heads.iter().map(|head| (head.head.segment, head.head.seq)).collect()
}

#[test]
fn what_selling_needs_is_there_before_the_rest_and_all_of_it_in_the_end() {
    let (till, days) = (Till::new(), 300);
    let written = sold_and_damaged(&till, days, 0);
    let mut opened = till.open();
    let replaced = opened.report.replaced.take().expect("a replacement");
    let ledger = &mut opened.ledger;
    assert_eq!((replaced.salvaged + replaced.to_come, ledger.to_come()), (written, replaced.to_come));
    assert!(replaced.to_come > written / 2 && replaced.salvaged > 4_000, "{replaced:?}");
    assert_eq!(replaced.missing.len(), 1, "the end that nobody knows: {:?}", replaced.missing);

    // The open shift, its totals, today's numbers and yesterday's, the last sale.
    let today = days - 1;
    let open = ledger.open_shifts().expect("shifts");
    assert_eq!(open.iter().map(|shift| shift.id).collect::<Vec<_>>(), [shift(today)]);
    assert_eq!(ledger.next_number(date(today)).expect("a number"), SALES_A_DAY + 1);
    assert_eq!(ledger.documents_of(date(today - 1), 500).expect("documents").len() as u32, SALES_A_DAY);
    assert_eq!(ledger.last_document().expect("query").expect("a sale").business_date, date(today));
    assert_eq!(ledger.next_shift_no().expect("a number"), days + 1);
    let whole_totals = ledger.totals_of_shift(shift(today)).expect("totals");
    assert!(ledger.document(id(3)).expect("query").is_none() && !ledger.is_whole());
    assert_eq!(ledger.compare_projections().expect("compare"), None);
    sell_on(ledger, today);
    ledger.save_basket(OpenBasket::Save(b"rung")).expect("basket");
    assert_eq!(
        every_hash(ledger).len(),
        1,
        "an upload does not see a segment whose beginning is still to come"
    );

    let before = ledger.to_come();
    let mut salvage = ledger.salvage().expect("a rest");
    assert_eq!(piece(ledger, &mut salvage), None);
    assert_eq!(before - ledger.to_come(), 499, "a piece: an opening and the first entries");
    sell_on(ledger, today);
    let whole = (0..STEPS_MAX).find_map(|_| piece(ledger, &mut salvage)).expect("whole");
    assert_eq!((whole.salvaged, whole.code.as_str()), (replaced.to_come, "LDG-DMG-002"));
    assert_eq!(whole.kept, till.file("ledger.db"));
    assert!(ledger.is_whole() && ledger.to_come() == 0 && ledger.salvage().is_none());
    assert!(ledger.document(id(3)).expect("query").is_some());
    assert_ne!(ledger.totals_of_shift(shift(today)).expect("totals"), whole_totals, "two more sales");
    assert_eq!(ledger.open_basket().expect("query"), Some(b"rung".to_vec()));
    assert_eq!(every_hash(ledger).len(), 3);
    assert_eq!(sell_on(ledger, today), SALES_A_DAY + 3);
    drop(opened);
    let opened = till.open();
    assert!(opened.report.replaced.is_none() && opened.ledger.is_whole());
    drop(opened);
    let found = verification(till.path());
    assert_eq!((found.entries, found.damage, found.difference), (written + 3, None, None));
    assert_eq!(found.missing.len(), 1, "{:?}", found.missing);
}

/// The folder as a kill leaves it after each piece, with a sale between them, and as a power cut leaves it, which takes
/// what was not synced.
#[test]
fn a_till_that_is_killed_during_any_piece_ends_whole_with_every_sale_once() {
    let (till, days) = (Till::new(), 50);
    let written = sold_and_damaged(&till, days, 2);
    let mut ledger = till.open().ledger;
    let mut salvage = ledger.salvage().expect("a rest");
    let mut killed = vec![(copy(till.path()), 0)];
    for sold in 1..=STEPS_MAX as u64 {
        sell_on(&mut ledger, days - 1);
        let whole = piece(&mut ledger, &mut salvage);
        let torn = copy(till.path());
        match std::fs::read(torn.file("ledger.rest-wal")) {
            Ok(log) if sold % 3 == 0 => {
                std::fs::write(torn.file("ledger.rest-wal"), &log[..log.len() / 2]).expect("tear");
            }
            _ => {}
        }
        killed.push((torn, sold));
        if whole.is_some() {
            break;
        }
    }
    assert!(ledger.is_whole() && killed.len() > 10, "{} kills", killed.len());
    for (nth, (till, sold)) in killed.iter().enumerate() {
        assert!(!verification(till.path()).is_whole());
        let mut ledger = till.open().ledger;
        if !ledger.is_whole() {
            to_the_end(&mut ledger);
        }
        let sold = sold + 1;
        assert_eq!(u64::from(sell_on(&mut ledger, days - 1)), u64::from(SALES_A_DAY) + sold, "kill {nth}");
        drop(ledger);
        let found = verification(till.path());
        assert_eq!((found.damage, found.difference), (None, None), "kill {nth}");
        assert_eq!(found.entries, written - 2 + sold, "kill {nth}: two sales cannot be read");
        assert_eq!((found.missing.len(), found.to_come), (3, 0), "kill {nth}: {:?}", found.missing);
    }
}

#[test]
fn a_file_that_breaks_while_the_rest_is_to_come_is_replaced_too_and_nothing_of_either_is_lost() {
    let (till, days) = (Till::new(), 60);
    let written = sold_and_damaged(&till, days, 0);
    let mut ledger = till.open().ledger;
    let mut salvage = ledger.salvage().expect("a rest");
    for _ in 0..8 {
        assert_eq!(piece(&mut ledger, &mut salvage), None);
        sell_on(&mut ledger, days - 1);
    }
    ledger.settle().expect("settle");
    drop((ledger, salvage));
    let mut bytes = std::fs::read(till.file("ledger-2.db")).expect("read");
    bytes[3] ^= 2;
    std::fs::write(till.file("ledger-2.db"), bytes).expect("write");
    let mut opened = till.open();
    let replaced = opened.report.replaced.take().expect("a replacement");
    assert!(replaced.to_come > 0, "{replaced:?}");
    // What was made so far follows the broken file; it is begun anew.
    let whole = (0..3).find_map(|_| {
        let mut salvage = opened.ledger.salvage()?;
        (0..STEPS_MAX).find_map(|_| piece(&mut opened.ledger, &mut salvage))
    });
    assert_eq!(whole.expect("whole").salvaged, replaced.to_come);
    drop(opened);
    let found = verification(till.path());
    assert_eq!((found.entries, found.damage, found.difference), (written + 8, None, None));
}

#[test]
fn what_a_second_damage_hits_comes_from_the_file_that_broke_first() {
    let (till, days) = (Till::new(), 60);
    let written = sold_and_damaged(&till, days, 0);
    let mut ledger = till.open().ledger;
    sell_on(&mut ledger, days - 1);
    ledger.settle().expect("settle");
    drop(ledger);
    let mut bytes = std::fs::read(till.file("ledger-2.db")).expect("read");
    bytes[3] ^= 2;
    spoil(&mut bytes, days - 2);
    std::fs::write(till.file("ledger-2.db"), bytes).expect("write");
    let mut opened = till.open();
    let replaced = opened.report.replaced.take().expect("a replacement");
    assert!(replaced.to_come > 0, "{replaced:?}");
    let documents = opened.ledger.documents_of(date(days - 2), 500).expect("documents");
    assert_eq!(documents.len() as u32, SALES_A_DAY, "all of them before the rest is there");
    to_the_end(&mut opened.ledger);
    drop(opened);
    let found = verification(till.path());
    assert_eq!((found.entries, found.damage, found.difference), (written + 1, None, None));
    assert!(found.missing.iter().all(|missing| missing.to.is_none()), "{:?}", found.missing);
}

#[test]
fn a_file_that_is_gone_while_the_rest_is_to_come_costs_only_what_was_nowhere_else() {
    for log_is_left in [true, false] {
        let (till, days) = (Till::new(), 50);
        let written = sold_and_damaged(&till, days, 0);
        let mut ledger = till.open().ledger;
        sell_on(&mut ledger, days - 1);
        drop(ledger);
        std::fs::remove_file(till.file("ledger-2.db")).expect("delete");
        if !log_is_left {
            std::fs::remove_file(till.file("ledger-2.db-wal")).expect("delete");
        }
        let mut opened = till.open();
        assert_eq!(opened.report.replaced.take().expect("a replacement").damage.code(), "LDG-DMG-001");
        to_the_end(&mut opened.ledger);
        drop(opened);
        let found = verification(till.path());
        assert_eq!((found.damage, found.difference), (None, None));
        assert_eq!(found.entries, written + u64::from(log_is_left));
    }
}
