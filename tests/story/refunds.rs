//! Giving money back.

use suanpan_contract::pos::{
    CitedLineInput, Command, CountPurpose, Found, Prompt, RefundLineInput, RefundView, RefundableSale,
};
use suanpan_contract::{ApproveAction, Code, HubWord, PreviewLine, TakenView};
use suanpan_domain::entry::Entry;
use suanpan_domain::refund::Origin;
use suanpan_tests::catalogue::{gtin, label};
use suanpan_tests::rig::{Rig, pays};

fn look_up(rig: &Rig, number: &str) -> RefundableSale {
    match rig.found(Command::RefundLookup { number: number.to_owned() }) {
        Some(Found::Sale { sale }) => sale,
        other => panic!("{other:?}: {:?}", rig.now().message),
    }
}

fn all(sale: &RefundableSale) -> Vec<RefundLineInput> {
    let quantity = |quantity: &suanpan_contract::QuantityView| match quantity {
        suanpan_contract::QuantityView::Weight { grams } => *grams,
        suanpan_contract::QuantityView::Count { pieces, .. } => *pieces,
    };
    let lines = sale.lines.iter().filter(|line| quantity(&line.left) > 0);
    lines
        .map(|line| RefundLineInput { line: line.line, quantity: quantity(&line.left), restock: true })
        .collect()
}

fn refund(sale: &RefundableSale, lines: Vec<RefundLineInput>, to_cash: bool) -> Command {
    Command::Refund { sale: sale.sale.clone(), lines, to_cash }
}

fn tenders(taken: &[TakenView]) -> Vec<(&str, i64)> {
    taken.iter().map(|taken| (taken.tender.as_str(), taken.amount_fen)).collect()
}

/// Sells a labelled bag and two colas for ¥10.86, ¥6.00 of it by WeChat, and gives the printed number.
fn sell_split(rig: &Rig) -> String {
    rig.scan(&label(1001, 482, 386));
    rig.view(Command::Multiply { pieces: 2 });
    rig.scan(&gtin("690000000002"));
    rig.view(pays("wechat", Some(600)));
    rig.pay_exact().closed.expect("a closed sale").number
}

#[test]
fn refund_of_a_split_tender_returns_each_tender_in_full() {
    let rig = Rig::new();
    rig.open_shift();
    let number = sell_split(&rig);
    let sale = look_up(&rig, &number);
    // 抹分 let the customer off 6 fen of the cash.
    assert_eq!(tenders(&sale.tenders), [("wechat", 600), ("cash", 480)]);
    let asked = rig.view(refund(&sale, all(&sale), false)).prompt;
    assert!(
        matches!(asked, Some(Prompt::Approve { action: ApproveAction::Refund, amount_fen: 1_080, .. })),
        "{asked:?}"
    );
    let view = rig.supervisor_approves();
    let closed = view.closed.expect("a closed refund");
    assert!(closed.is_refund);
    assert_eq!(tenders(&closed.tenders), [("wechat", 600), ("cash", 480)]);
    let sale = look_up(&rig, &number);
    assert_eq!((sale.returned_fen, all(&sale).len()), (1_080, 0));
    let again = RefundLineInput { line: 0, quantity: 482, restock: true };
    assert_eq!(rig.said(refund(&sale, vec![again], false)), Some(Code::RefundTooMuch));
}

#[test]
fn parts_of_a_sale_add_up_to_the_whole_over_a_power_cut() {
    let mut rig = Rig::new();
    rig.open_shift();
    let number = sell_split(&rig);
    let sale = look_up(&rig, &number);
    let half = vec![RefundLineInput { line: 0, quantity: 241, restock: false }];
    rig.view(refund(&sale, half, false));
    let first = rig.supervisor_approves().closed.expect("a closed refund");
    rig.pull_the_plug();
    rig.sign_in("1101", "3141");
    let sale = look_up(&rig, &number);
    rig.view(refund(&sale, all(&sale), false));
    let rest = rig.supervisor_approves().closed.expect("a closed refund");
    assert_eq!(first.due_fen + rest.due_fen, 1_080);
}

#[test]
fn cash_for_a_sale_that_was_not_paid_in_cash_asks_for_more() {
    let rig = Rig::new();
    rig.open_shift();
    let number = sell_split(&rig);
    let sale = look_up(&rig, &number);
    let asked = rig.view(refund(&sale, all(&sale), true)).prompt;
    assert!(matches!(asked, Some(Prompt::Approve { action: ApproveAction::RefundToCash, .. })), "{asked:?}");
    let closed = rig.supervisor_approves().closed.expect("a closed refund");
    assert_eq!(tenders(&closed.tenders), [("cash", 1_080)]);
}

#[test]
fn a_voucher_comes_back_in_cash_with_the_same_approval() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000002"));
    let number = rig.view(pays("groupon", None)).closed.expect("a closed sale").number;
    let sale = look_up(&rig, &number);
    let asked = rig.view(refund(&sale, all(&sale), false)).prompt;
    assert!(matches!(asked, Some(Prompt::Approve { action: ApproveAction::RefundToCash, .. })), "{asked:?}");
    assert_eq!(tenders(&rig.supervisor_approves().closed.expect("a refund").tenders), [("cash", 350)]);
}

#[test]
fn a_number_that_does_not_exist_or_is_another_tills_is_told_apart() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    for (number, code) in [
        ("TH01-2-20261121-0099-00", Code::ReceiptNotFound),
        ("TH01-2-20261121-0001-zz", Code::ReceiptNotFound),
        ("nonsense", Code::ReceiptNotFound),
        ("", Code::ReceiptNotFound),
        ("TH01-3-20261121-0001-00", Code::RefundNeedsHub),
        ("TH02-2-20261121-0001-00", Code::RefundNeedsHub),
    ] {
        let look_up = Command::RefundLookup { number: number.to_owned() };
        assert_eq!(rig.said(look_up), Some(code), "{number}");
    }
}

#[test]
fn a_sale_cannot_be_refunded_for_what_it_was_not() {
    let rig = Rig::new();
    rig.open_shift();
    let number = sell_split(&rig);
    let sale = look_up(&rig, &number);
    let line = |line, quantity| RefundLineInput { line, quantity, restock: true };
    for (lines, code) in [
        (vec![], Code::RefundNothing),
        (vec![line(7, 1)], Code::LineGone),
        (vec![line(1, 3)], Code::RefundTooMuch),
        (vec![line(1, 0)], Code::RefundTooMuch),
        (vec![line(1, -1)], Code::RefundTooMuch),
        (vec![line(1, 1), line(1, 1)], Code::LineGone),
    ] {
        let view = rig.view(refund(&sale, lines.clone(), false));
        assert_eq!((view.message.map(|message| message.code), view.prompt), (Some(code), None), "{lines:?}");
    }
    rig.scan(&gtin("690000000002"));
    assert_eq!(rig.said(refund(&sale, all(&sale), false)), Some(Code::BasketOpen));
}

#[test]
fn a_supervisor_cites_another_tills_receipt_offline() {
    let rig = Rig::new();
    rig.open_shift();
    let own = sell_split(&rig);
    let cited = |number: &str, amount_fen| Command::RefundCited {
        number: number.to_owned(),
        lines: vec![CitedLineInput { item: "1001".into(), quantity: 500, amount_fen, restock: false }],
        tender: "cash".into(),
    };
    assert_eq!(rig.said(cited(&own, 400)), Some(Code::RefundOwnSaleCited));
    assert_eq!(rig.said(cited("TH01-3-20261121-0007-c4", 0)), Some(Code::AmountInvalid));
    let asked = rig.view(cited("TH01-3-20261121-0007-c4", 400)).prompt;
    assert!(matches!(asked, Some(Prompt::Approve { action: ApproveAction::RefundCited, .. })), "{asked:?}");
    let view = rig.supervisor_approves();
    assert_eq!(view.message.map(|message| message.code), Some(Code::Refunded));
    assert_eq!(view.closed.map(|closed| closed.due_fen), Some(400));
}

fn quote(sale: &RefundableSale, lines: Vec<RefundLineInput>, to_cash: bool) -> Command {
    Command::RefundQuote { sale: sale.sale.clone(), lines, to_cash }
}

fn shown(rig: &Rig, command: Command) -> RefundView {
    rig.view(command).refund.expect("a refund that is being put together")
}

#[test]
fn the_sums_by_tender_show_before_the_approval_and_are_what_is_paid_out() {
    let mut rig = Rig::new();
    rig.open_shift();
    let number = sell_split(&rig);
    let sale = look_up(&rig, &number);
    let nothing = rig.now().refund.expect("the receipt");
    assert_eq!((nothing.number.as_str(), nothing.total_fen, nothing.lines.len()), (number.as_str(), 0, 0));
    // One bag of spinach of ¥3.86, of which 2 fen were let off.
    let spinach = vec![RefundLineInput { line: 0, quantity: 482, restock: false }];
    let quoted = shown(&rig, quote(&sale, spinach.clone(), false));
    assert_eq!((quoted.total_fen, quoted.held_fen, quoted.to_cash), (384, 0, false));
    assert_eq!(tenders(&quoted.tenders), [("wechat", 214), ("cash", 170)]);
    assert_eq!((quoted.lines[0].name.as_str(), quoted.lines[0].amount_fen), ("菠菜", 384));
    let in_cash = shown(&rig, quote(&sale, spinach.clone(), true));
    assert_eq!((in_cash.total_fen, in_cash.held_fen, in_cash.to_cash), (380, 4, true));
    assert_eq!(tenders(&in_cash.tenders), [("cash", 380)]);
    let none = shown(&rig, quote(&sale, vec![], true));
    assert_eq!((none.total_fen, none.tenders.len()), (0, 0));

    let asked = rig.view(refund(&sale, spinach, false)).prompt;
    let Some(Prompt::Approve { amount_fen, about, .. }) = asked else { panic!("{asked:?}") };
    assert_eq!((amount_fen, about.tenders), (quoted.total_fen, quoted.tenders.clone()));
    let view = rig.supervisor_approves();
    let closed = view.closed.expect("a closed refund");
    assert_eq!((closed.due_fen, closed.tenders), (quoted.total_fen, quoted.tenders));
    assert_eq!(view.refund, None);
    // The drawer: ¥300 and what the sale and the refund did to it, in coins that there are.
    rig.agreed(Command::AuditShift { count: suanpan_tests::rig::count(&[(10_000, 3), (100, 3), (10, 1)]) });
    rig.supervisor_approves();
    let paper = rig.found(Command::Preview { document: closed.document });
    let Some(Found::Preview { lines }) = paper else { panic!("{paper:?}") };
    for figure in ["3.84", "2.14", "1.70"] {
        assert!(lines.iter().any(|line: &PreviewLine| line.text.ends_with(figure)), "{figure}: {lines:?}");
    }
    let journal = rig.journal();
    let audited = journal.iter().find_map(|entry| match entry {
        Entry::ShiftAudited(audit) => Some((audit.counted.0, audit.expected.0)),
        _ => None,
    });
    assert_eq!(audited, Some((30_310, 30_310)));
    let is_offline = |entry: &Entry| match entry {
        Entry::Refund(refund) => {
            matches!(refund.origin, Origin::Sale { offline: true, reservation: None, .. })
        }
        _ => false,
    };
    assert!(journal.iter().any(is_offline), "HQ is told that nobody else was asked");
}

#[test]
fn a_refund_in_cash_alone_is_paid_in_coins_and_the_last_part_takes_the_rest() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&label(1001, 482, 386));
    rig.scan(&label(1003, 366, 190));
    let number = rig.pay_exact().closed.expect("a closed sale").number;
    let sale = look_up(&rig, &number);
    assert_eq!(sale.due_fen, 570);
    rig.view(refund(&sale, vec![RefundLineInput { line: 0, quantity: 482, restock: true }], false));
    let first = rig.supervisor_approves().closed.expect("a closed refund");
    assert_eq!((first.due_fen, first.rounding_fen), (380, 2));
    let sale = look_up(&rig, &number);
    let quoted = shown(&rig, quote(&sale, all(&sale), false));
    assert_eq!((quoted.total_fen, quoted.lines.len()), (190, 2), "the potatoes, and 2 fen of the spinach");
    rig.view(refund(&sale, all(&sale), false));
    assert_eq!(rig.supervisor_approves().closed.expect("a closed refund").due_fen, 190);
}

#[test]
fn a_cited_refund_shows_its_sum_and_what_was_cited_before() {
    let rig = Rig::new();
    rig.open_shift();
    let number = "TH01-3-20261121-0007-c4".to_owned();
    let goods =
        |amount_fen| vec![CitedLineInput { item: "1001".into(), quantity: 500, amount_fen, restock: false }];
    let quote = |tender: &str| Command::CitedQuote {
        number: number.clone(),
        lines: goods(406),
        tender: tender.into(),
    };
    let quoted = shown(&rig, quote("cash"));
    assert_eq!((quoted.total_fen, quoted.held_fen, quoted.returned_fen), (400, 6, 0));
    assert_eq!(quoted.hub, HubWord::Silent);
    assert_eq!(tenders(&shown(&rig, quote("wechat")).tenders), [("wechat", 406)]);
    assert_eq!(rig.said(quote("groupon")), Some(Code::UnknownTender), "nothing goes back to a voucher");
    rig.agreed(Command::RefundCited { number: number.clone(), lines: goods(406), tender: "cash".into() });
    assert_eq!(rig.supervisor_approves().closed.map(|closed| closed.due_fen), Some(400));
    assert_eq!(shown(&rig, quote("cash")).returned_fen, 400);
    assert_eq!(rig.view(Command::RefundLeave).refund, None);
}

#[test]
fn a_number_that_is_cited_again_asks_with_what_went_out_before_and_pays_nothing_unasked() {
    let rig = Rig::new();
    rig.open_shift();
    let cited = |number: &str, amount_fen| Command::RefundCited {
        number: number.to_owned(),
        lines: vec![CitedLineInput { item: "1001".into(), quantity: 500, amount_fen, restock: false }],
        tender: "cash".into(),
    };
    rig.view(cited("TH01-3-20261121-0007-c4", 400));
    assert!(rig.supervisor_approves().closed.is_some());
    let again = cited("th01-3-20261121-0007-C4", 300);
    let asks = |before: &str, amount: &str| match rig.view(again.clone()).prompt {
        Some(Prompt::Confirm { code: Code::RefundCitedAgain, args }) => {
            assert_eq!((args["before"].as_str(), args["amount"].as_str()), (before, amount));
        }
        other => panic!("{other:?}"),
    };
    asks("¥4.00", "¥3.00");
    rig.view(Command::Clear);
    assert_eq!(refunds(&rig), 1);
    asks("¥4.00", "¥3.00");
    let approve = rig.view(Command::Confirm).prompt;
    assert!(
        matches!(approve, Some(Prompt::Approve { action: ApproveAction::RefundCited, .. })),
        "{approve:?}"
    );
    assert_eq!(refunds(&rig), 1, "a yes is no approval");
    assert_eq!(rig.supervisor_approves().closed.map(|closed| closed.due_fen), Some(300));
    asks("¥7.00", "¥3.00");
}

fn refunds(rig: &Rig) -> usize {
    match rig.found(Command::FindDocuments { number: String::new() }) {
        Some(Found::Documents { documents }) => documents.iter().filter(|row| row.is_refund).count(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refund_that_is_left_or_locked_away_is_gone_and_its_message_stays() {
    let rig = Rig::new();
    rig.open_shift();
    let sale = look_up(&rig, &sell_split(&rig));
    rig.view(refund(&sale, all(&sale), false));
    let done = rig.supervisor_approves();
    assert_eq!(rig.view(Command::RefundLeave).message, done.message);
    let sale = look_up(&rig, &sell_split(&rig));
    shown(&rig, quote(&sale, all(&sale), false));
    assert_eq!(rig.view(Command::Lock).refund, None);
}

#[test]
fn a_refund_says_what_is_moved_on_a_terminal_and_under_which_reference_it_came() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    let reference = || Some("42000077".to_owned());
    rig.view(Command::Tender { tender: "wechat".into(), amount_fen: Some(4_000), reference: reference() });
    let number = rig.pay_exact().closed.expect("a closed sale").number;
    let sale = look_up(&rig, &number);
    let quoted = shown(&rig, quote(&sale, all(&sale), false));
    let references = |taken: &[TakenView]| taken.iter().map(|one| one.reference.clone()).collect::<Vec<_>>();
    assert_eq!(references(&quoted.tenders), [reference(), None]);
    rig.view(refund(&sale, all(&sale), false));
    let view = rig.supervisor_approves();
    assert_eq!(references(&view.closed.expect("a refund").tenders), [reference(), None]);
    let message = view.message.expect("a sentence");
    assert_eq!((message.code, message.args["other"].as_str()), (Code::RefundedElsewhere, "¥40.00"));
}

#[test]
fn what_was_paid_out_before_is_gone_from_the_screen_when_other_work_begins() {
    let rig = Rig::new();
    rig.open_shift();
    let (first, second) = (sell_split(&rig), sell_split(&rig));
    let refunds = || {
        let sale = look_up(&rig, &first);
        rig.view(refund(&sale, vec![all(&sale)[0]], false));
        assert!(rig.supervisor_approves().closed.is_some());
    };
    refunds();
    look_up(&rig, &second);
    assert_eq!(rig.view(Command::RefundLeave).closed, None, "nothing was paid out of the second");
    rig.sell_rice();
    let cited = Command::CitedQuote {
        number: "TH01-3-20261121-0007-c4".into(),
        lines: vec![],
        tender: "cash".into(),
    };
    assert_eq!(rig.view(cited).closed, None);
    rig.view(Command::RefundLeave);
    rig.sell_rice();
    assert_eq!(rig.view(Command::BeginCount { purpose: CountPurpose::CloseShift }).closed, None);
}

#[test]
fn a_cited_line_above_todays_price_asks_with_both_amounts() {
    let rig = Rig::new();
    rig.open_shift();
    let cited = |amount_fen| Command::RefundCited {
        number: "TH01-3-20261121-0007-c4".to_owned(),
        lines: vec![CitedLineInput { item: "1001".into(), quantity: 500, amount_fen, restock: false }],
        tender: "cash".into(),
    };
    // 500 g at ¥4.00 for 500 g.
    match rig.view(cited(999_900)).prompt {
        Some(Prompt::Confirm { code: Code::CitedAbovePrice, args }) => {
            assert_eq!((args["amount"].as_str(), args["paid"].as_str()), ("¥4.00", "¥9,999.00"));
        }
        other => panic!("{other:?}"),
    }
    rig.view(Command::Clear);
    let asked = rig.view(cited(400)).prompt;
    assert!(matches!(asked, Some(Prompt::Approve { needs_manager: false, .. })), "{asked:?}");
}

#[test]
fn what_is_to_be_given_back_is_shown_again_after_a_power_cut() {
    let mut rig = Rig::new();
    rig.open_shift();
    let sale = look_up(&rig, &sell_split(&rig));
    rig.view(refund(&sale, all(&sale), false));
    let closed = rig.supervisor_approves().closed.expect("a refund");
    rig.pull_the_plug();
    assert_eq!(rig.sign_in("1101", "3141").closed, Some(closed));
}

/// The printed numbers of the receipts that are listed for what was typed.
fn numbers_found(rig: &Rig, typed: &str) -> Vec<String> {
    match rig.found(Command::FindDocuments { number: typed.to_owned() }) {
        Some(Found::Documents { documents }) => documents.into_iter().map(|row| row.number).collect(),
        _ => vec![],
    }
}

#[test]
fn a_receipt_is_found_by_whatever_its_number_ends_in_on_the_paper() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.sell_rice();
    let number = rig.now().last_document.expect("a sale").number;
    let found = |typed: &str| numbers_found(&rig, typed);
    let mark = &number[number.len() - 2..];
    for typed in ["2", "0002", &format!("0002-{mark}"), &format!("0002{mark}"), &format!("10002{mark}")] {
        assert!(found(typed).contains(&number), "{typed}");
    }
    // A till's receipts end alike, in what may read as a number of theirs.
    let alike = if matches!(mark, "01" | "02") { 1 } else { 2 };
    assert_eq!(found(mark).len(), alike);
    assert_eq!(rig.said(Command::FindDocuments { number: "9999".into() }), Some(Code::ReceiptNotFound));
    rig.found(Command::FindDocuments { number: mark.to_owned() });
    assert_eq!(rig.now().message, None, "what was not found before is not said of this one");
}

#[test]
fn the_first_receipt_of_a_long_day_is_found_without_its_dash() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    let number = rig.now().last_document.expect("a sale").number;
    for _ in 0..500 {
        rig.sell_rice();
    }
    let mark = &number[number.len() - 2..];
    for typed in [format!("0001{mark}"), format!("10001{mark}"), format!("10001-{mark}")] {
        assert_eq!(numbers_found(&rig, &typed), [number.as_str()], "{typed}");
    }
    // Of its number the last digits do: with others that end so.
    for (typed, receipts) in [(format!("01-{mark}"), 6), (format!("1-{mark}"), 50)] {
        let found = numbers_found(&rig, &typed);
        assert_eq!(found.len(), receipts, "{typed}");
        assert!(found.iter().all(|it| it.ends_with(&typed)), "{typed}");
    }
}

#[test]
fn a_number_of_this_till_that_it_does_not_know_is_cited_by_a_manager_alone_and_one_of_tomorrow_by_nobody() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    let number = rig.now().last_document.expect("a sale").number;
    let cited = |number: &str| Command::RefundCited {
        number: number.to_owned(),
        lines: vec![CitedLineInput { item: "1001".into(), quantity: 500, amount_fen: 400, restock: false }],
        tender: "cash".into(),
    };
    let mark = if number.ends_with("00") { "01" } else { "00" };
    for mistyped in [format!("{}{mark}", &number[..number.len() - 2]), "TH01-2-20261121-0099-aa".to_owned()] {
        let asked = rig.view(cited(&mistyped)).prompt;
        assert!(matches!(asked, Some(Prompt::Confirm { code: Code::RefundOwnNumber, .. })), "{asked:?}");
        let asked = rig.view(Command::Confirm).prompt;
        assert!(matches!(asked, Some(Prompt::Approve { needs_manager: true, .. })), "{asked:?}");
        rig.view(Command::Clear);
        rig.view(Command::Clear);
    }
    assert_eq!(rig.said(cited("TH01-3-20261122-0007-c4")), Some(Code::ReceiptNotFound));
    assert_eq!(rig.said(cited("TH09-1-20271121-0007-c4")), Some(Code::ReceiptNotFound));
}
