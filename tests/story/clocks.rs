//! Clocks that are wrong, and starts that go wrong.

use suanpan_contract::Code;
use suanpan_contract::pos::{Command, Screen};
use suanpan_domain::entry::Entry;
use suanpan_station::pos::Till;
use suanpan_tests::catalogue::gtin;
use suanpan_tests::rig::{HOUR, MORNING_MS, Rig};

/// 2009-01-01 12:00 in China.
const Y2009_MS: i64 = 1_230_782_400_000;

/// Sells under a clock that was set to a time, and says what the till said after the first sale and the second.
fn check(at_ms: i64, first: Option<Code>) {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.clock.set(at_ms);
    rig.scan(&gtin("690000000001"));
    let view = rig.pay_exact();
    let number = view.closed.expect("a closed sale").number;
    assert!(number.contains("-20261121-0002-"), "{number}");
    assert_eq!(view.message.map(|message| message.code), first);
    rig.scan(&gtin("690000000001"));
    assert_eq!(rig.pay_exact().message, None, "told once");
    let kinds: Vec<u16> =
        rig.journal().iter().map(Entry::kind).filter(|kind| [1, 80].contains(kind)).collect();
    let told: &[u16] = if first.is_some() { &[1, 80, 1, 1] } else { &[1, 1, 1] };
    assert_eq!(kinds, told, "order is by seq");
}

#[test]
fn sales_go_on_whatever_the_clock_says() {
    check(MORNING_MS - HOUR, Some(Code::ClockBehind));
    check(Y2009_MS, Some(Code::ClockBehind));
    check(MORNING_MS - 30_000, None);
    check(MORNING_MS + HOUR, None);
}

#[test]
fn a_day_begun_at_2009_takes_the_date_that_follows_the_journal() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.agreed(Command::CloseShift { count: vec![] });
    rig.agreed(Command::CloseDay);
    rig.stop();
    rig.clock.set(Y2009_MS);
    rig.start();
    rig.sign_in("1101", "3141");
    let view = rig.view(Command::OpenShift { float_fen: 0 });
    assert_eq!(view.message.map(|message| message.code), Some(Code::ClockBehind));
    let view = rig.supervisor_approves();
    assert_eq!((view.screen, view.status.business_date.as_deref()), (Screen::Selling, Some("2026-11-22")));
    rig.sell_rice();
}

#[test]
fn a_clock_a_year_ahead_asks_a_supervisor() {
    let rig = Rig::new();
    rig.clock.pass(365 * 24 * HOUR);
    rig.sign_in("1101", "3141");
    let view = rig.view(Command::OpenShift { float_fen: 0 });
    assert_eq!(view.message.map(|message| message.code), Some(Code::ClockAhead));
    assert_eq!(view.screen, Screen::OpenShift);
}

#[test]
fn a_second_instance_is_refused_and_the_first_sells_on() {
    let rig = Rig::new();
    rig.open_shift();
    let second = Till::start(rig.config()).err().expect("a refusal");
    assert_eq!(second.code(), Code::AlreadyRunning);
    rig.sell_rice();
}

#[test]
fn a_till_that_is_not_enrolled_says_so() {
    let mut rig = Rig::new();
    rig.stop();
    for name in ["identity.json", "identity.spare"] {
        std::fs::remove_file(rig.dir.path().join(name)).expect("the identity");
    }
    rig.start();
    assert_eq!(rig.now().screen, Screen::Enrol);
    assert_eq!(rig.said(Command::OpenDrawer), Some(Code::NotEnrolled));
}

#[test]
fn a_till_without_a_catalogue_waits_for_it() {
    let mut rig = Rig::stopped(&[], None);
    rig.start();
    assert_eq!(rig.now().screen, Screen::Waiting);
}

#[test]
fn a_deleted_ledger_is_replaced_and_selling_goes_on() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.stop();
    for file in ["ledger.db", "ledger.db-wal"] {
        let _ = std::fs::remove_file(rig.dir.path().join(file));
    }
    rig.start();
    assert_eq!(rig.now().message.map(|message| message.code), Some(Code::LedgerSalvaged));
    rig.open_shift();
    rig.sell_rice();
}

/// A catalogue file that is no database any more.
fn damage_catalogue(rig: &Rig) {
    let current = std::fs::read_to_string(rig.dir.path().join("catalogue.current")).expect("a pointer");
    std::fs::write(rig.dir.path().join(current), b"no database").expect("damage");
}

#[test]
fn a_damaged_catalogue_is_told_and_waited_for() {
    let mut rig = Rig::new();
    rig.stop();
    damage_catalogue(&rig);
    rig.start();
    assert_eq!(rig.now().message.map(|message| message.code), Some(Code::CatalogueDamaged));
    assert_eq!(rig.now().screen, Screen::Waiting);
}

#[test]
fn after_a_quiet_moment_a_damaged_catalogue_is_told_and_the_till_sells_on_by_its_copy() {
    let mut rig = Rig::new();
    rig.till().look_after();
    // The second damage is cured like the first.
    for _ in 0..2 {
        rig.stop();
        damage_catalogue(&rig);
        rig.start();
        assert_eq!(rig.now().message.map(|message| message.code), Some(Code::CatalogueDamaged));
        rig.sign_in("1101", "3141");
        if rig.now().status.shift_no.is_none() {
            rig.view(Command::OpenShift { float_fen: 30_000 });
        }
        rig.sell_rice();
    }
    std::fs::write(rig.dir.path().join("catalogue.spare"), b"no database").expect("damage");
    rig.stop();
    damage_catalogue(&rig);
    rig.start();
    assert_eq!(rig.now().screen, Screen::Waiting);
}
