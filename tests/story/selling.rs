//! Ringing and paying.

use suanpan_contract::{Code, Command, Prompt, Screen};
use suanpan_tests::catalogue::{gtin, label};
use suanpan_tests::rig::{Rig, cash};

#[test]
fn cashier_sells_through_a_power_cut() {
    let mut rig = Rig::new();
    assert_eq!(rig.now().screen, Screen::SignIn);
    rig.open_shift();
    assert_eq!(rig.now().screen, Screen::Selling);
    rig.scan(&label(1001, 482, 386));
    rig.scan(&gtin("690000000001"));
    rig.pull_the_plug();
    let view = rig.now();
    assert_eq!(view.message.map(|message| message.code), Some(Code::BasketRestored));
    assert_eq!(view.basket.lines.len(), 2);
    rig.sign_in("1101", "3141");
    rig.scan(&gtin("690000000002"));
    let closed = rig.view(cash(Some(10_000))).closed.expect("a closed sale");
    // ¥3.86 + ¥42.90 + ¥3.50 = ¥50.26, and 抹分 leaves ¥50.20.
    assert_eq!((closed.due_fen, closed.rounding_fen, closed.change_fen), (5_020, 6, 4_980));
    assert!(closed.number.starts_with("TH01-2-20261121-0001-"), "{}", closed.number);
    rig.pull_the_plug();
    let last = rig.now().last_document.expect("the last sale");
    assert_eq!((last.document, last.amount_fen), (closed.document, 5_020));
    assert!(rig.now().basket.lines.is_empty());
    assert_eq!(rig.said(Command::Lock), None);
}

#[test]
fn a_tender_is_refused_for_what_is_wrong_with_it() {
    let rig = Rig::new();
    rig.open_shift();
    assert_eq!(rig.said(cash(None)), Some(Code::BasketEmpty));
    rig.scan(&gtin("690000000001"));
    let wechat = |amount_fen, reference: Option<&str>| Command::Tender {
        tender: "wechat".into(),
        amount_fen,
        reference: reference.map(str::to_owned),
    };
    for (command, code) in [
        (cash(Some(0)), Code::AmountInvalid),
        (cash(Some(-1)), Code::AmountInvalid),
        (cash(Some(i64::MAX)), Code::CashFarAbove),
        (wechat(Some(4_291), Some("42")), Code::TenderOverpays),
        (wechat(None, None), Code::ReferenceNeeded),
        (wechat(None, Some("  ")), Code::ReferenceNeeded),
        (Command::Tender { tender: "gold".into(), amount_fen: None, reference: None }, Code::UnknownTender),
    ] {
        let view = rig.view(command.clone());
        let asked = match view.prompt {
            Some(Prompt::Confirm { code, .. }) => Some(code),
            _ => view.message.map(|message| message.code),
        };
        assert_eq!(asked, Some(code), "{command:?}");
        assert!(view.pay.taken.is_empty(), "{command:?}");
        rig.view(Command::Clear);
    }
}

#[test]
fn cash_far_above_what_is_due_asks_first() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let view = rig.view(cash(Some(104_291)));
    let Some(Prompt::Confirm { code, args }) = view.prompt else { panic!("{:?}", view.prompt) };
    assert_eq!((code, args["over"].as_str()), (Code::CashFarAbove, "¥1000.01"));
    assert!(view.closed.is_none());
    let closed = rig.view(Command::Confirm).closed.expect("a closed sale");
    assert_eq!(closed.change_fen, 100_001);
}

#[test]
fn cash_a_thousand_above_does_not_ask() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    assert!(rig.view(cash(Some(104_290))).closed.is_some());
}

#[test]
fn the_change_stays_until_the_next_scan() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(cash(Some(5_000)));
    assert_eq!(rig.view(Command::Clear).closed.map(|closed| closed.change_fen), Some(710));
    assert!(rig.scan(&gtin("690000000002")).closed.is_none());
}

#[test]
fn printed_numbers_have_no_gaps() {
    let rig = Rig::new();
    rig.open_shift();
    for number in 1..=3 {
        rig.sell_rice();
        let closed = rig.now().closed.expect("a closed sale");
        assert!(closed.number.contains(&format!("-20261121-{number:04}-")), "{}", closed.number);
    }
}
