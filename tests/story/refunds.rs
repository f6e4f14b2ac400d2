//! Giving money back.

use suanpan_contract::{
    ApproveAction, CitedLineInput, Code, Command, Found, Prompt, RefundLineInput, RefundableSale, TakenView,
};
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
