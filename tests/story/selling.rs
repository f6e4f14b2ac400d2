//! Ringing and paying.

use serde_json::json;
use suanpan_contract::pos::{Command, DiscountInput, Prompt, Screen, TillView};
use suanpan_contract::{ApproveAction, Code};
use suanpan_domain::catalogue::Table;
use suanpan_tests::catalogue::{gtin, label, row, rows};
use suanpan_tests::rig::{Rig, cash, pays};

fn said(view: TillView) -> Option<Code> {
    view.message.map(|message| message.code)
}

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
        (wechat(Some(4_291), None), Code::TenderOverpays),
        (wechat(Some(0), None), Code::AmountInvalid),
        (wechat(None, Some(&"4".repeat(65))), Code::ReferenceNeeded),
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
fn the_reference_is_asked_for_only_when_nothing_else_would_refuse_the_tender() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let wechat = |amount_fen| Command::Tender { tender: "wechat".into(), amount_fen, reference: None };
    let view = rig.view(wechat(Some(4_291)));
    assert_eq!((view.prompt.clone(), said(view)), (None, Some(Code::TenderOverpays)));
    let asked = |amount_fen| Some(Prompt::Reference { tender: "wechat".into(), amount_fen });
    assert_eq!(rig.view(wechat(None)).prompt, asked(4_290));
    rig.view(Command::Clear);
    assert_eq!(rig.view(wechat(Some(2_000))).prompt, asked(2_000));
    assert_eq!(rig.said(Command::Park), Some(Code::PromptOpen));
    // A scan is the reference that is waited for, not goods.
    let view = rig.scan("4200001234202611210123456789");
    assert_eq!((view.prompt, view.basket.lines.len()), (None, 1));
    let taken: Vec<_> =
        view.pay.taken.iter().map(|taken| (taken.amount_fen, taken.reference.as_deref())).collect();
    assert_eq!(taken, [(2_000, Some("4200001234202611210123456789"))]);
    rig.view(wechat(None));
    assert!(rig.view(pays("wechat", Some(2_290))).closed.is_some());
}

#[test]
fn goods_that_are_scanned_as_a_reference_close_no_sale() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let pays =
        |reference: Option<String>| Command::Tender { tender: "groupon".into(), amount_fen: None, reference };
    rig.view(pays(None));
    let view = rig.scan(&gtin("690000000001"));
    assert_eq!(view.message.map(|message| message.code), Some(Code::GoodsAsReference));
    assert_eq!((view.pay.taken.len(), view.closed), (0, None));
    assert!(matches!(view.prompt, Some(Prompt::Reference { .. })), "the reference is still waited for");
    assert!(rig.view(pays(Some("4711".into()))).closed.is_some());
}

#[test]
fn a_payment_code_is_no_reference_of_any_tender_typed_or_scanned() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let pays = |tender: &str, reference: Option<&str>| Command::Tender {
        tender: tender.to_owned(),
        amount_fen: None,
        reference: reference.map(str::to_owned),
    };
    let codes = [
        "134567890123456789",
        "2876 5432 1098 7654 32",
        "６２１２３４５６７８９０１２３４５６７",
        "]C1101234567890123456",
    ];
    for tender in ["wechat", "groupon"] {
        for code in codes {
            let view = rig.view(pays(tender, Some(code)));
            assert_eq!(
                view.message.map(|message| message.code),
                Some(Code::PaymentCodeAsReference),
                "{code}"
            );
            assert_eq!((view.pay.taken.len(), view.closed), (0, None), "{code}");
            rig.view(Command::Clear);
            rig.view(pays(tender, None));
            let view = rig.scan(code);
            assert_eq!(
                view.message.map(|message| message.code),
                Some(Code::PaymentCodeAsReference),
                "{code}"
            );
            assert!(
                matches!(view.prompt, Some(Prompt::Reference { .. })),
                "the reference is still waited for"
            );
            rig.view(Command::Clear);
            rig.view(Command::Clear);
        }
    }
    assert!(rig.view(pays("wechat", Some("4200001234202611210123456789"))).closed.is_some());
}

#[test]
fn what_was_taken_before_a_power_cut_is_said_to_whoever_signs_in_and_can_be_finished_or_given_back() {
    let part = |rig: &mut Rig| {
        rig.open_shift();
        rig.scan(&gtin("690000000001"));
        rig.view(pays("wechat", Some(2_000)));
        rig.pull_the_plug();
    };
    let told = |view: TillView| {
        let message = view.message.expect("what was taken");
        assert_eq!(view.pay.taken.len(), 1);
        (message.code, message.args["amount"].clone(), message.args["left"].clone())
    };
    let want = (Code::PaymentOpen, "¥20.00".to_owned(), "¥22.90".to_owned());

    let mut rig = Rig::new();
    part(&mut rig);
    assert_eq!(told(rig.sign_in("1101", "3141")), want);
    rig.view(Command::Lock);
    assert_eq!(told(rig.sign_in("1101", "3141")), want, "a locked screen as well");
    assert!(rig.pay_exact().closed.is_some());

    let mut rig = Rig::new();
    part(&mut rig);
    rig.sign_in("1102", "2718");
    assert_eq!(told(rig.view(Command::Confirm)), want, "another cashier, who relieves");
    let view = rig.view(Command::ClearTenders);
    assert_eq!((view.pay.taken.len(), said(view)), (0, Some(Code::TendersReversed)));

    let mut rig = Rig::new();
    part(&mut rig);
    assert_eq!(told(rig.sign_in("1801", "8246")), want, "a supervisor, who looks in");
    assert!(matches!(rig.view(cash(None)).prompt, Some(Prompt::Relieve { .. })));
    rig.view(Command::Confirm);
    assert!(rig.pay_exact().closed.is_some());
}

#[test]
fn a_second_enter_after_a_part_asks_before_it_takes_the_rest_in_cash() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(cash(Some(2_000)));
    let view = rig.view(cash(None));
    let Some(Prompt::Confirm { code, args }) = view.prompt else { panic!("{:?}", view.prompt) };
    assert_eq!((code, args["amount"].as_str(), view.closed), (Code::RestInCash, "¥22.90", None));
    rig.view(Command::Clear);
    assert!(rig.view(cash(Some(2_290))).closed.is_some(), "an amount that was typed is meant");
}

#[test]
fn what_remains_is_one_figure_in_the_message_and_on_the_pay_panel_whatever_was_taken() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&label(1001, 482, 386));
    rig.scan(&gtin("690000000001"));
    for (tender, left) in [(pays("wechat", Some(1_000)), "¥36.76"), (cash(Some(1_000)), "¥26.76")] {
        let view = rig.view(tender);
        let message = view.message.expect("a part was taken");
        assert_eq!((message.code, message.args["left"].as_str()), (Code::TenderTaken, left));
        assert_eq!(left.replace(['¥', '.'], ""), view.pay.remaining_fen.to_string());
        assert_eq!(view.pay.remaining_cash_fen, view.pay.remaining_fen - 6);
    }
}

#[test]
fn cash_far_above_what_is_due_asks_first() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let view = rig.view(cash(Some(104_291)));
    let Some(Prompt::Confirm { code, args }) = view.prompt else { panic!("{:?}", view.prompt) };
    assert_eq!((code, args["over"].as_str()), (Code::CashFarAbove, "¥1,000.01"));
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

const RICE: &str = "690000000001";

/// The question and the figures in it.
fn asked(view: &TillView) -> (Code, String, String) {
    let Some(Prompt::Confirm { code, args }) = &view.prompt else { panic!("{view:?}") };
    let value = |name: &str| args.get(name).cloned().unwrap_or_default();
    (*code, value("quantity"), value("amount"))
}

#[test]
fn what_a_finger_slipped_on_asks_with_its_figure_before_it_is_rung() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 999 });
    let view = rig.scan(&gtin(RICE));
    assert_eq!(asked(&view), (Code::LineUnlikely, "999 袋".into(), "¥42,857.10".into()));
    assert_eq!(view.basket.lines, []);
    // No: neither the goods nor the quantity.
    let view = rig.view(Command::Clear);
    assert_eq!((view.prompt, view.pay.multiply, view.basket.lines.len()), (None, None, 0));
    // Yes: once, whichever way the goods came.
    rig.view(Command::Multiply { pieces: 100 });
    rig.scan(&gtin(RICE));
    assert_eq!(rig.view(Command::Confirm).basket.due_fen, 429_000);
    rig.view(Command::Multiply { pieces: 100 });
    rig.view(Command::Enter { text: "2001".into() });
    assert_eq!(rig.view(Command::Confirm).basket.due_fen, 858_000);
    // Ninety-nine bottles are a party.
    rig.view(Command::Multiply { pieces: 99 });
    assert_eq!(rig.view(Command::AddItem { item: "2002".into() }).basket.lines.len(), 3);
    let view = rig.view(Command::SetQuantity { line: 3, quantity: 999 });
    assert_eq!(asked(&view), (Code::LineUnlikely, "999 袋".into(), "¥3,496.50".into()));
    assert_eq!(rig.view(Command::Clear).basket.lines[2].amount_fen, 99 * 350);
}

#[test]
fn a_weight_typed_in_grams_asks_in_kilograms_before_anybody_approves_it() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::AddItem { item: "1001".into() });
    let view = rig.view(Command::TypeWeight { grams: 328_000 });
    assert_eq!(asked(&view), (Code::LineUnlikely, "328.000 kg".into(), "¥2,624.00".into()));
    // No: the item still waits for its weight.
    assert!(matches!(rig.view(Command::Clear).prompt, Some(Prompt::Weigh { .. })));
    // What no counter's scale weighs asks however little it costs.
    let view = rig.view(Command::TypeWeight { grams: 16_000 });
    assert_eq!(asked(&view), (Code::LineUnlikely, "16.000 kg".into(), "¥128.00".into()));
    let view = rig.view(Command::Confirm);
    assert!(matches!(&view.prompt, Some(Prompt::Approve { .. })), "{:?}", view.prompt);
    let line = rig.supervisor_approves().basket.lines.remove(0);
    assert_eq!(line.amount_fen, 12_800);
    rig.view(Command::AddItem { item: "1001".into() });
    let view = rig.view(Command::TypeWeight { grams: 328 });
    assert!(matches!(&view.prompt, Some(Prompt::Approve { .. })), "{:?}", view.prompt);
    assert_eq!(rig.supervisor_approves().basket.lines[1].amount_fen, 262);
}

#[test]
fn a_site_sets_what_asks() {
    let settings =
        json!({"chain": "禾田生鲜", "site": "TH01", "name": "天河店", "ask_line": 4_000, "ask_pieces": 2});
    let mut rows = rows();
    rows.push(row(Table::Settings, "settings", 1_001, Some(&settings)));
    let mut rig = Rig::stopped(&rows, None);
    rig.start();
    rig.open_shift();
    assert_eq!(asked(&rig.scan(&gtin(RICE))).0, Code::LineUnlikely);
    assert_eq!(rig.view(Command::Confirm).basket.lines.len(), 1);
    rig.view(Command::Multiply { pieces: 3 });
    assert_eq!(asked(&rig.scan(&gtin("690000000002"))).1, "3 袋");
    rig.view(Command::Clear);
    // A label too, since somebody put the wrong goods on the scale.
    assert_eq!(asked(&rig.scan(&label(1001, 5_200, 4_160))).1, "5.200 kg");
}

#[test]
fn nothing_is_given_away_unasked() {
    let mut rows = rows();
    let free = json!({"code": "3001", "name": "赠品", "sold_by": "piece", "unit": "个", "tax": "EX"});
    rows.push(row(Table::Item, "3001", 1_001, Some(&free)));
    rows.push(row(Table::Price, "3001", 1_002, Some(&json!({"fen": 0, "per": "pc"}))));
    let mut rig = Rig::stopped(&rows, None);
    rig.start();
    rig.open_shift();
    let view = rig.view(Command::AddItem { item: "3001".into() });
    assert_eq!(asked(&view), (Code::NothingCharged, "1 个".into(), "¥0.00".into()));
    assert_eq!(rig.view(Command::Clear).basket.lines, []);
    rig.view(Command::AddItem { item: "3001".into() });
    rig.view(Command::Confirm);
    // A basket of gifts is closed with nothing.
    assert_eq!(rig.view(cash(None)).closed.map(|closed| closed.due_fen), Some(0));

    rig.scan(&gtin(RICE));
    assert_eq!(rig.said(Command::SetPrice { line: 1, price_fen: 0 }), Some(Code::PriceInvalid));
    for line in [Some(1), None] {
        let all = Command::Discount { line, discount: Some(DiscountInput::Percent { percent: 100 }) };
        assert_eq!(asked(&rig.view(all)).0, Code::DiscountToNothing);
        let view = rig.view(Command::Confirm);
        let Some(Prompt::Approve { action, .. }) = view.prompt else { panic!("{:?}", view.prompt) };
        assert_eq!(action, ApproveAction::Discount);
        rig.view(Command::Clear);
        assert_eq!(rig.now().basket.due_fen, 4_290, "{line:?}");
    }
}

#[test]
fn a_quantity_beyond_what_a_line_holds_is_refused_and_changes_nothing() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin(RICE));
    rig.view(Command::AddItem { item: "1001".into() });
    rig.view(Command::TypeWeight { grams: 500 });
    rig.supervisor_approves();
    let before = rig.now().basket;
    for line in [1, 2] {
        for quantity in [0, -1, i64::MIN, 1_000_001, i64::MAX] {
            let said = rig.said(Command::SetQuantity { line, quantity });
            assert_eq!(said, Some(Code::QuantityInvalid), "line {line} {quantity}");
        }
    }
    rig.view(Command::Clear);
    assert_eq!(rig.now().basket, before);
    assert_eq!(rig.said(Command::TypeWeight { grams: 500 }), Some(Code::NothingWaiting));
}

#[test]
fn a_reference_that_has_paid_once_asks_before_it_pays_again() {
    let rig = Rig::new();
    rig.open_shift();
    let pays = |tender: &str, amount_fen, reference: &str| Command::Tender {
        tender: tender.to_owned(),
        amount_fen,
        reference: Some(reference.to_owned()),
    };
    let asked = |view: TillView| match view.prompt {
        Some(Prompt::Confirm { code, args }) => (code, args["reference"].clone(), args["amount"].clone()),
        other => panic!("{other:?}: {:?}", view.message),
    };
    rig.scan(&gtin("690000000002"));
    let first = rig.view(pays("wechat", None, "482913")).closed.expect("a closed sale");
    rig.scan(&gtin("690000000001"));
    let view = rig.view(pays("wechat", None, "482913"));
    assert_eq!((view.pay.taken.len(), view.closed.as_ref()), (0, None));
    match &view.prompt {
        Some(Prompt::Confirm { args, .. }) => assert_eq!(args["number"], first.number),
        other => panic!("{other:?}"),
    }
    assert_eq!(asked(view), (Code::ReferenceUsed, "482913".to_owned(), "¥3.50".to_owned()));
    assert!(rig.view(Command::Clear).pay.taken.is_empty(), "a no takes nothing");
    // Another terminal's number is another payment.
    assert_eq!(rig.view(pays("groupon", Some(1_000), "482913")).pay.taken.len(), 1);
    let view = rig.view(pays("groupon", Some(1_000), "482913"));
    assert_eq!(asked(view), (Code::ReferenceTwice, "482913".to_owned(), "¥10.00".to_owned()));
    rig.view(Command::Clear);
    // A slip of the finger is no reference.
    match rig.view(pays("wechat", None, "1")).prompt {
        Some(Prompt::Confirm { code, args }) => {
            assert_eq!((code, args["reference"].as_str()), (Code::ReferenceShort, "1"));
        }
        other => panic!("{other:?}"),
    }
    rig.view(Command::Clear);
    // A customer's account may well be charged twice: somebody says so.
    assert_eq!(asked(rig.view(pays("wechat", None, "482913"))).0, Code::ReferenceUsed);
    assert!(rig.view(Command::Confirm).closed.is_some());
}

#[test]
fn a_refused_scan_is_told_when_its_sale_closes_and_swallows_none_of_the_next() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(pays("wechat", Some(1_000)));
    assert_eq!(said(rig.scan(&gtin("690000000002"))), Some(Code::ScanAfterTender));
    rig.scan(&gtin("690000000002"));
    let view = rig.pay_exact();
    let message = view.message.expect("a sentence");
    assert_eq!((message.code, message.args["count"].as_str()), (Code::ScanLeftOut, "2"));
    let view = rig.scan(&gtin("690000000002"));
    assert_eq!((view.basket.lines.len(), view.message), (1, None), "the next customer's goods");
}

#[test]
fn payments_that_are_given_up_say_what_goes_back_in_cash_and_what_on_a_terminal() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let values = |view: TillView| {
        let message = view.message.expect("a sentence");
        (message.code, message.args.into_values().collect::<Vec<_>>())
    };
    rig.view(cash(Some(2_000)));
    let said = values(rig.view(Command::ClearTenders));
    assert_eq!(said, (Code::TendersCleared, vec!["¥20.00".to_owned()]));
    rig.view(pays("wechat", Some(1_500)));
    let said = values(rig.view(Command::ClearTenders));
    assert_eq!(said, (Code::TendersReversed, vec!["¥15.00".to_owned()]));
    rig.view(pays("wechat", Some(1_500)));
    rig.view(cash(Some(2_000)));
    let said = values(rig.view(Command::ClearTenders));
    assert_eq!(said, (Code::TendersClearedBoth, vec!["¥20.00".to_owned(), "¥15.00".to_owned()]));
}

#[test]
fn what_was_taken_is_said_as_one_sum() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(pays("wechat", Some(1_000)));
    let message = rig.view(pays("wechat", Some(1_500))).message.expect("a sentence");
    let values: Vec<_> = message.args.into_values().collect();
    assert_eq!((message.code, values), (Code::TenderTaken, vec!["¥25.00".to_owned(), "¥17.90".to_owned()]));
}

#[test]
fn what_was_closed_as_the_power_went_is_shown_again() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let closed = rig.view(cash(Some(5_000))).closed;
    assert!(closed.as_ref().is_some_and(|closed| closed.change_fen == 710));
    rig.pull_the_plug();
    assert_eq!(rig.sign_in("1101", "3141").closed, closed, "the change that may not have been given");
    assert_eq!(rig.view(Command::Lock).closed, None);
    rig.clock.pass(11 * 60_000);
    rig.pull_the_plug();
    assert_eq!(rig.sign_in("1101", "3141").closed, None, "by now it was");
}
