//! What is written down is there afterwards, in order, once, and rightly summed.

mod common;

use common::*;
use suanpan_domain::entry::{
    BasketParked, BasketRecalled, Credential, Entry, LockoutLifted, Reprinted, SignInFailed, SignedIn,
};
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::sale::Basket;
use suanpan_domain::shift::{CashCount, DayClosed, ShiftClosed, ShiftRelieved, Sums};
use suanpan_domain::totals::Dimension;
use suanpan_journal::{Chain, Parent};
use suanpan_ledger::{
    CommitError, Ledger, Lock, NewEntry, OpenBasket, PrintJob, PrintState, Tries, Working, verify,
};

#[test]
fn a_sale_is_found_by_id_by_number_and_by_its_place() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    assert_eq!(ledger.next_number(DATE).expect("number"), 1);
    let committed = sell(&mut ledger, 1);
    let place = committed.entries[0];
    let by_id = ledger.document(id(1)).expect("query").expect("found");
    assert_eq!((by_id.at, &by_id.entry), (place, &sale(1)));
    assert_eq!(ledger.documents_by_number(DATE, 1).expect("query"), std::slice::from_ref(&by_id));
    assert_eq!(ledger.entry(place.segment, place.seq).expect("query"), Some(by_id.clone()));
    assert_eq!(ledger.last_document().expect("query"), Some(by_id));
    assert_eq!(ledger.next_number(DATE).expect("number"), 2);
    assert_eq!(ledger.documents_by_number(DATE, 2).expect("query"), []);
    assert_eq!(ledger.document(id(2)).expect("query"), None);
}

#[test]
fn each_start_continues_the_last_entry_in_a_new_segment() {
    let till = Till::new();
    let first = till.sell(1..=3);
    drop(till.open());
    let second = till.sell(4..=4);
    let ledger = till.open().ledger;
    let segments = ledger.segments().expect("segments");
    assert_eq!(segments.len(), 2, "a start without entries leaves nothing");
    assert!(segments[0].parent.is_root());
    let head = first[2].entries[0];
    assert_eq!(segments[1].parent, Parent { segment: head.segment, seq: 3, hash: head.hash });
    assert_eq!(segments[1].head.hash, second[0].entries[0].hash);
    assert_eq!(numbers(&ledger), [1, 2, 3, 4]);
}

#[test]
fn runs_for_upload_verify_with_the_journal_alone() {
    let till = Till::new();
    till.sell(1..=20);
    let ledger = till.open().ledger;
    let segment = ledger.segments().expect("segments")[0];
    let mut chain = Chain::open(STATION, segment.head.segment, &segment.parent);
    let mut runs = 0;
    while let Some(run) = ledger.run(chain.segment, chain.seq + 1..=u64::MAX, 4_000).expect("run") {
        assert_eq!((run.from, run.prev_hash), (chain.seq + 1, chain.hash));
        assert!(run.bytes.len() <= 4_000);
        assert_eq!(chain.verify_run(&run.bytes, &run.head_hash), Ok(run.count));
        runs += 1;
    }
    assert_eq!((chain, runs > 2), (segment.head, true));
    let one = ledger.run(chain.segment, 5..=20, 1).expect("run").expect("found");
    assert_eq!(one.count, 1, "at least one entry, however small the limit");
}

#[test]
fn documents_are_counted_from_wherever_the_hub_is_while_more_are_sold() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    let segment = ledger.segment();
    let count = |ledger: &Ledger, after| ledger.documents_after(segment, after).expect("count");
    assert_eq!(count(&ledger, 0), 0);
    let mut entries = 0;
    for number in 1..=30 {
        sell(&mut ledger, number);
        entries += 1;
        // The hub goes on, stands still, begins anew.
        for after in [u64::from(number) / 2, u64::from(number) / 2, u64::from(number), 0, entries + 3] {
            assert_eq!(count(&ledger, after), entries.saturating_sub(after), "after {after} of {entries}");
        }
    }
}

#[test]
fn the_same_sale_is_not_written_twice() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    sell(&mut ledger, 1);
    let again = sale(1);
    let refused = ledger.append(&[at(2, &again)], &Working::KEEP);
    assert!(matches!(refused, Err(CommitError::Duplicate)), "{refused:?}");
    sell(&mut ledger, 2);
    assert_eq!(numbers(&ledger), [1, 2]);
}

#[test]
fn totals_add_up_by_day_shift_and_item() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    append(&mut ledger, &shift_opened());
    for number in 1..=10 {
        sell(&mut ledger, number);
    }
    let day = ledger.totals_of_day(DATE).expect("totals");
    assert_eq!(day, ledger.totals_of_shift(SHIFT).expect("totals"));
    let sales = day.iter().find(|posting| posting.dimension == Dimension::Sales).expect("sales");
    assert_eq!((sales.count, sales.fen), (10, Fen(10 * 2 * (298 + 450 + 1280))));
    let items = ledger.items_of_day(DATE).expect("items");
    assert_eq!(items.iter().map(|posting| posting.fen).sum::<Fen>(), sales.fen);
    let ranks = ledger.item_lines_since(DATE).expect("ranks");
    assert_eq!(ranks.iter().map(|(_, lines)| lines).sum::<i64>(), 30);
    assert!(ledger.item_lines_since(DATE + 1).expect("ranks").is_empty());
}

#[test]
fn the_open_basket_comes_back_and_goes_with_its_sale() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    ledger.save_basket(OpenBasket::Save(b"two lines")).expect("save");
    ledger.save_basket(OpenBasket::Save(b"three lines")).expect("save");
    drop(ledger);
    let mut ledger = till.open().ledger;
    assert_eq!(ledger.open_basket().expect("query").as_deref(), Some(&b"three lines"[..]));
    sell(&mut ledger, 1);
    assert_eq!(ledger.open_basket().expect("query"), None);
}

#[test]
fn a_receipt_that_may_not_have_printed_is_known_after_a_restart() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    let job =
        |number: u32, state| PrintJob { id: id(number), document: id(number), copy: 0, state, at_ms: AT };
    for number in 1..=3 {
        let (sale, print) = (sale(number), [job(number, PrintState::Queued)]);
        let working = Working { basket: OpenBasket::Clear, print: &print };
        ledger.append(&[at(number, &sale)], &working).expect("commit");
    }
    ledger.set_print_job(job(1, PrintState::Printed)).expect("state");
    ledger.set_print_job(job(2, PrintState::Unknown)).expect("state");
    drop(ledger);
    let mut ledger = till.open().ledger;
    let jobs = ledger.print_jobs().expect("jobs");
    assert_eq!(jobs, [job(2, PrintState::Unknown), job(3, PrintState::Queued)]);
    ledger.set_print_job(job(3, PrintState::Printed)).expect("state");
    assert_eq!(
        ledger.print_jobs().expect("jobs").last(),
        Some(&job(3, PrintState::Printed)),
        "the newest stays"
    );
}

#[test]
fn shifts_days_baskets_copies_and_lockouts_follow_their_entries() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    append(&mut ledger, &shift_opened());
    let relieved = ShiftRelieved { shift: SHIFT, from: "1001".into(), to: "1002".into() };
    append(&mut ledger, &Entry::ShiftRelieved(relieved));
    let open = ledger.open_shifts().expect("shifts");
    assert_eq!((open.len(), open[0].cashier.as_str(), open[0].float), (1, "1002", Fen(50_000)));
    assert_eq!(ledger.unclosed_days().expect("days"), [DATE]);
    assert_eq!(ledger.next_shift_no().expect("no"), 2);

    let basket = Basket::open(Id([9; 16]), AT, String::new());
    append(&mut ledger, &Entry::BasketParked(BasketParked { basket: basket.clone(), by: "1002".into() }));
    assert_eq!(ledger.parked().expect("parked")[0].parked.basket, basket);
    append(&mut ledger, &Entry::BasketRecalled(BasketRecalled { basket: basket.id, by: "1002".into() }));
    assert!(ledger.parked().expect("parked").is_empty());

    append(&mut ledger, &Entry::Reprinted(Reprinted { document: id(1), copy: 1, by: "1002".into() }));
    assert_eq!(ledger.copies(id(1)).expect("copies"), 1);

    for (tries, locked) in [(4, None), (5, Some(AT + 300_000))] {
        let failed = SignInFailed { staff: "1001".into(), tries, locked_until_ms: locked };
        append(&mut ledger, &Entry::SignInFailed(failed));
        assert_eq!(ledger.tries("1001").expect("tries"), Tries { tries, locked_until_ms: locked });
    }
    append(&mut ledger, &Entry::LockoutLifted(LockoutLifted { staff: "1001".into(), by: "9001".into() }));
    assert_eq!(ledger.tries("1001").expect("tries"), Tries::default());
    append(&mut ledger, &Entry::SignedIn(SignedIn { staff: "1001".into(), with: Credential::Pin }));

    let closed = ShiftClosed {
        shift: SHIFT,
        by: "1002".into(),
        approver: None,
        count: CashCount::default(),
        counted: Fen(0),
        expected: Fen(50_000),
        sums: Sums::default(),
    };
    append(&mut ledger, &Entry::ShiftClosed(closed));
    assert!(ledger.open_shifts().expect("shifts").is_empty());
    let closed = DayClosed { date: DATE, by: "1002".into(), last_number: 0, sums: Sums::default() };
    append(&mut ledger, &Entry::DayClosed(closed));
    assert!(ledger.unclosed_days().expect("days").is_empty());
    assert_eq!(ledger.compare_projections().expect("compare"), None);
}

#[test]
fn projections_rebuilt_from_the_journal_are_the_same_to_the_byte() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    append(&mut ledger, &shift_opened());
    for number in 1..=200 {
        sell(&mut ledger, number);
    }
    assert_eq!(ledger.compare_projections().expect("compare"), None);
    assert_eq!(ledger.rebuild_projections().expect("rebuild"), 201);
    assert_eq!(ledger.compare_projections().expect("compare"), None);
    assert_eq!(numbers(&ledger).len(), 200);
}

#[test]
fn a_clock_in_the_past_changes_no_order() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    let in_2009 = 1_230_800_000_000;
    for (number, at_ms) in [(1, AT), (2, AT - 3_600_000), (3, in_2009), (4, AT)] {
        let sale = sale(number);
        let entry = NewEntry { at_ms, business_date: DATE, entry: &sale };
        let committed = ledger.append(&[entry], &Working::KEEP).expect("commit");
        assert_eq!(committed.entries[0].seq, u64::from(number));
    }
    drop(ledger);
    assert_eq!(numbers(&till.open().ledger), [1, 2, 3, 4]);
}

#[test]
fn a_second_process_is_refused_and_the_folder_is_free_afterwards() {
    let till = Till::new();
    let first = Lock::acquire(till.path()).expect("first");
    let second = Lock::acquire(till.path()).expect_err("second");
    assert_eq!(second.code(), "LDG-OPN-001");
    drop(first);
    Lock::acquire(till.path()).expect("free again");
}

#[test]
fn verify_gives_the_totals_of_a_whole_folder_and_changes_no_byte() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    for number in 1..=5 {
        sell(&mut ledger, number);
    }
    drop(ledger);
    let bytes = || -> Vec<Vec<u8>> {
        ["ledger.db", "ledger.db-wal", "ledger.current"]
            .iter()
            .map(|name| std::fs::read(till.file(name)).expect("file"))
            .collect()
    };
    let before = bytes();
    let lock = Lock::acquire(till.path()).expect("lock");
    let found = verify(&lock, STATION).expect("verify");
    assert!(found.is_whole(), "{found:?}");
    assert_eq!((found.entries, found.unread, found.days.len()), (5, 0, 1));
    assert_eq!(before, bytes());
}

#[test]
fn journal_rows_refuse_update_and_delete() {
    let till = Till::new();
    till.sell(1..=2);
    let conn = rusqlite::Connection::open(till.file("ledger.db")).expect("open");
    for sql in [
        "update entry set payload = x'00'",
        "delete from entry",
        "update segment set parent_seq = 9",
        "delete from segment",
    ] {
        assert!(conn.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn an_unknown_station_does_not_verify() {
    let till = Till::new();
    till.sell(1..=2);
    let lock = Lock::acquire(till.path()).expect("lock");
    let found = verify(&lock, suanpan_journal::StationId([9; 16])).expect("verify");
    assert!(!found.is_whole());
    let _: fn(&Lock, _, _, _) -> _ = Ledger::open;
}
