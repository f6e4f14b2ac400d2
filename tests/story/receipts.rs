//! Receipts that several tills could refund: the hub says who may, and HQ hears of what it could not prevent.

use suanpan_contract::pos::{CitedLineInput, Command, Prompt, RefundLineInput, RefundableSale, TillView};
use suanpan_contract::{Code, HubWord, NetworkView, QuantityView};
use suanpan_tests::rig::cash;

use crate::hub::{Chain, Shop};

/// What 328 g of spinach cost at the sample chain; the receipt has a packet of rice too.
const SPINACH_FEN: i64 = 262;

/// Looks until what another till sent has arrived; a test that looks this often fails.
const LOOKS_MAX: u32 = 20_000;

fn supervisor() -> Command {
    Command::Approve { staff: "1801".into(), pin: "8246".into() }
}

fn manager() -> Command {
    Command::Approve { staff: "1901".into(), pin: "9357".into() }
}

fn look_up(number: &str) -> Command {
    Command::RefundLookup { number: number.to_owned() }
}

/// The spinach of a receipt.
fn spinach(sale: &RefundableSale) -> Command {
    let line = RefundLineInput { line: 0, quantity: 328, restock: true };
    Command::Refund { sale: sale.sale.clone(), lines: vec![line], to_cash: false }
}

fn cite(number: &str, amount_fen: i64) -> Command {
    let line = CitedLineInput { item: "10101".into(), quantity: 328, amount_fen, restock: false };
    Command::RefundCited { number: number.to_owned(), lines: vec![line], tender: "cash".to_owned() }
}

fn said(view: &TillView) -> Option<Code> {
    view.message.as_ref().map(|message| message.code)
}

fn has_sent(shop: &Shop, receipts: u32) {
    shop.wait(|view| view.status.network == NetworkView::Online { received_to: receipts, missing: 0 });
}

fn is_offline(shop: &Shop) {
    shop.wait(|view| matches!(view.status.network, NetworkView::Offline { .. }));
}

/// Looks a receipt up until it shows this much as returned.
fn shows_returned(shop: &Shop, number: &str, fen: i64) -> RefundableSale {
    for _ in 0..LOOKS_MAX {
        let sale = shop.find(number);
        if sale.returned_fen == fen {
            return sale;
        }
        std::thread::yield_now();
    }
    panic!("{:?}", shop.till.view().refund);
}

fn refunds_spinach(shop: &Shop, sale: &RefundableSale) -> i64 {
    shop.send(spinach(sale));
    let view = shop.send(supervisor());
    view.closed.filter(|closed| closed.is_refund).unwrap_or_else(|| panic!("{:?}", view.message)).due_fen
}

#[test]
fn another_tills_sale_is_refunded_once_through_the_hub() {
    let chain = Chain::new();
    let (first, second, third) = (Shop::open(&chain, 1), Shop::open(&chain, 2), Shop::open(&chain, 3));
    let number = first.sell();
    has_sent(&first, 1);
    let sale = second.find(&number);
    // The others cannot have it while the second refunds it, not even the till that sold it.
    for other in [&third, &first] {
        let refused = other.send(look_up(&number)).message.expect("a reason");
        assert_eq!((refused.code, refused.args["till"].as_str()), (Code::RefundReservedElsewhere, "2"));
    }
    // ¥2.62 has no such coins: 2 fen come with the rest.
    assert_eq!(refunds_spinach(&second, &sale), SPINACH_FEN - 2);
    // What was paid out counts at once, before the hub has heard of it.
    let sale = second.find(&number);
    assert_eq!(sale.returned_fen, SPINACH_FEN - 2);
    assert_eq!(said(&second.send(spinach(&sale))), Some(Code::RefundTooMuch));
    assert_eq!(said(&second.send(look_up("HT02-9-20261121-0001-00"))), Some(Code::ReceiptNotFound));
}

#[test]
fn a_till_does_not_refund_its_own_sale_again_after_another_till_did() {
    let chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    refunds_spinach(&second, &second.find(&number));
    has_sent(&second, 1);
    // With its refund the second till's reservation is over.
    let sale = shows_returned(&first, &number, SPINACH_FEN - 2);
    assert_eq!(sale.lines[0].left, QuantityView::Weight { grams: 0 });
    let view = first.send(spinach(&sale));
    assert_eq!((said(&view), view.prompt), (Some(Code::RefundTooMuch), None));
}

#[test]
fn a_receipt_that_is_found_leaves_no_sentence_about_the_one_before_it() {
    let chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    let number = shop.sell();
    assert_eq!(said(&shop.send(look_up("HT02-9-20261121-0001-00"))), Some(Code::ReceiptNotFound));
    let sale = shop.find(&number);
    assert_eq!(said(&shop.till.view()), None);
    refunds_spinach(&shop, &sale);
    assert_eq!(said(&shop.till.view()), Some(Code::Refunded));
    shop.find(&number);
    assert_eq!(said(&shop.till.view()), None, "what was paid out before is not of this one");
}

#[test]
fn what_another_till_paid_out_still_counts_when_the_hub_falls_silent() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    refunds_spinach(&second, &second.find(&number));
    has_sent(&second, 1);
    shows_returned(&first, &number, SPINACH_FEN - 2);
    chain.stop();
    let sale = first.find(&number);
    assert!(
        first.till.view().refund.is_some_and(|refund| refund.hub == HubWord::Silent),
        "nobody else was asked"
    );
    assert_eq!(sale.returned_fen, SPINACH_FEN - 2);
    assert_eq!(said(&first.send(spinach(&sale))), Some(Code::RefundTooMuch));
}

#[test]
fn a_till_that_looked_offline_does_not_pay_out_what_another_has_refunded_meanwhile() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    chain.stop();
    let sale = first.find(&number);
    assert!(
        first.till.view().refund.is_some_and(|refund| refund.hub == HubWord::Silent),
        "nobody else was asked"
    );
    first.send(spinach(&sale));
    chain.restart();
    let others = second.find(&number);
    let view = first.send(supervisor());
    assert_eq!(said(&view), Some(Code::RefundReservedElsewhere), "the second till has it now");
    refunds_spinach(&second, &others);
    second.wait(|view| matches!(view.status.network, NetworkView::Online { received_to: 1, .. }));
    let mut refused = None;
    for _ in 0..LOOKS_MAX {
        // Still what was looked up offline: the payment finds out.
        first.send(Command::Clear);
        first.send(spinach(&sale));
        refused = said(&first.send(supervisor()));
        if refused != Some(Code::RefundReservedElsewhere) {
            break;
        }
    }
    assert_eq!(refused, Some(Code::RefundChanged));
    assert!(first.till.view().closed.is_none_or(|closed| !closed.is_refund));
}

#[test]
fn two_tills_refund_one_receipt_in_parts() {
    let chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    let refunded = refunds_spinach(&first, &first.find(&number));
    has_sent(&first, 2);
    let sale = shows_returned(&second, &number, refunded);
    let rice = RefundLineInput { line: 1, quantity: 1, restock: true };
    second.send(Command::Refund { sale: sale.sale.clone(), lines: vec![rice], to_cash: false });
    let rest = second.send(supervisor()).closed.expect("a closed refund");
    assert_eq!(refunded + rest.due_fen, sale.due_fen, "the last part takes the residue");
    has_sent(&second, 1);
    assert_eq!(chain.problems(|_| true), "[]");
}

#[test]
fn a_receipt_that_is_left_is_free_for_another_till() {
    let chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    second.find(&number);
    assert_eq!(said(&first.send(look_up(&number))), Some(Code::RefundReservedElsewhere));
    assert_eq!(second.send(Command::RefundLeave).refund, None);
    assert_eq!(first.find(&number).returned_fen, 0);
}

#[test]
fn a_till_that_is_locked_over_a_receipt_lets_it_go() {
    let chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    second.find(&number);
    assert_eq!(said(&first.send(look_up(&number))), Some(Code::RefundReservedElsewhere));
    second.send(Command::Lock);
    assert_eq!(first.find(&number).returned_fen, 0);
}

#[test]
fn a_receipt_that_is_left_while_the_hub_is_silent_is_free_once_the_hub_is_back_even_after_a_power_cut() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    second.find(&number);
    chain.stop();
    assert_eq!(second.send(Command::RefundLeave).refund, None);
    let _second = second.loses_power();
    chain.restart();
    for _ in 0..LOOKS_MAX {
        let view = first.send(look_up(&number));
        if said(&view) != Some(Code::RefundReservedElsewhere)
            && view.refund.is_some_and(|it| it.hub == HubWord::Kept)
        {
            return;
        }
    }
    panic!("it stays with the second till");
}

#[test]
fn a_till_whose_power_fails_between_look_up_and_payout_pays_once_and_nobody_else_meanwhile() {
    let chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    let sale = second.find(&number);
    second.send(spinach(&sale));
    let second = second.loses_power();
    assert_eq!(second.till.view().refund, None, "nothing was paid, and nothing is being put together");
    assert_eq!(said(&first.send(look_up(&number))), Some(Code::RefundReservedElsewhere));
    assert_eq!(refunds_spinach(&second, &second.find(&number)), SPINACH_FEN - 2);
    let second = second.loses_power();
    has_sent(&second, 1);
    let sale = shows_returned(&first, &number, SPINACH_FEN - 2);
    assert_eq!(said(&first.send(spinach(&sale))), Some(Code::RefundTooMuch));
}

#[test]
fn a_receipt_is_still_one_tills_after_the_hub_was_started_again() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    let sale = second.find(&number);
    chain.stop();
    chain.restart();
    assert_eq!(said(&first.send(look_up(&number))), Some(Code::RefundReservedElsewhere));
    assert_eq!(refunds_spinach(&second, &sale), SPINACH_FEN - 2);
    has_sent(&second, 1);
    shows_returned(&first, &number, SPINACH_FEN - 2);
}

#[test]
fn hq_is_told_of_a_refund_that_was_paid_out_while_the_hub_was_silent() {
    let mut chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    let number = shop.sell();
    has_sent(&shop, 1);
    chain.stop();
    let refunded = refunds_spinach(&shop, &shop.find(&number));
    chain.restart();
    has_sent(&shop, 2);
    let told = chain.offline_refund();
    assert_eq!((told.receipt.as_str(), told.till, told.refunded_fen), (number.as_str(), 1, refunded));
    assert_eq!(chain.problems(|_| true), "[]", "nothing is wrong with it");
}

#[test]
fn what_another_till_gave_back_on_a_cited_number_is_asked_about_before_more_goes_out() {
    const NUMBER: &str = "HT01-9-20261121-0007-c4";
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    first.send(cite(NUMBER, 250));
    assert!(first.send(manager()).closed.is_some_and(|closed| closed.is_refund));
    has_sent(&first, 1);
    let mut view = second.send(cite(NUMBER, 200));
    for _ in 0..LOOKS_MAX {
        if said(&view) != Some(Code::RefundReservedElsewhere) {
            break;
        }
        view = second.send(cite(NUMBER, 200));
    }
    let Some(Prompt::Confirm { code, args }) = view.prompt else { panic!("{:?}", view.prompt) };
    assert_eq!(
        (code, args["before"].as_str(), args["amount"].as_str()),
        (Code::RefundCitedAgain, "¥2.50", "¥2.00")
    );
    second.send(Command::Clear);
    assert!(second.till.view().closed.is_none());
    // It counts also when the hub falls silent.
    chain.stop();
    second.send(cite(NUMBER, 200));
    second.send(Command::Confirm);
    assert_eq!(second.send(supervisor()).closed.map(|closed| closed.due_fen), Some(200));
}

#[test]
fn a_sale_that_the_hub_does_not_have_yet_is_refunded_by_its_own_till() {
    let mut chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    chain.stop();
    let number = shop.sell();
    is_offline(&shop);
    chain.restart();
    let sale = shop.find(&number);
    assert_eq!(shop.till.view().refund.map(|refund| refund.hub), Some(HubWord::Kept));
    assert_eq!(refunds_spinach(&shop, &sale), SPINACH_FEN - 2);
}

#[test]
fn a_receipt_that_the_hub_can_show_is_not_cited() {
    let chain = Chain::new();
    let (first, second, third) = (Shop::open(&chain, 1), Shop::open(&chain, 2), Shop::open(&chain, 3));
    let number = first.sell();
    has_sent(&first, 1);
    first.find(&number);
    // Before anybody with authority is called.
    assert_eq!(said(&second.send(cite(&number, 200))), Some(Code::RefundReservedElsewhere));
    first.send(Command::RefundLeave);
    for _ in 0..LOOKS_MAX {
        if said(&third.send(cite(&number, 200))) != Some(Code::RefundReservedElsewhere) {
            break;
        }
    }
    assert_eq!(said(&third.till.view()), Some(Code::RefundOwnSaleCited));
    assert!(third.till.view().closed.is_none());
}

#[test]
fn hq_hears_of_a_receipt_that_was_refunded_twice_offline() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    chain.stop();
    assert_eq!(said(&second.send(look_up(&number))), Some(Code::RefundNeedsHub));
    second.send(cite(&number, 250));
    second.send(supervisor());
    // Its own till may, from its own ledger.
    refunds_spinach(&first, &first.find(&number));
    chain.restart();
    has_sent(&first, 2);
    has_sent(&second, 1);
    let told = chain.problems(|problems| problems.contains("double_refund"));
    assert!(told.contains("double_refund") && told.contains(&number), "{told}");
}

#[test]
fn a_refund_that_came_before_its_sale_is_reported_only_until_the_sale_arrives() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    chain.stop();
    let number = first.sell();
    is_offline(&first);
    is_offline(&second);
    second.send(cite(&number, 250));
    second.send(supervisor());
    second.send(cite("HT01-1-20261121-0099-00", 100));
    second.send(supervisor());
    drop(first);
    chain.restart();
    has_sent(&second, 2);
    let told = chain.problems(|problems| problems.matches("unknown_refund").count() == 2);
    assert!(told.contains(&number), "{told}");
}

#[test]
fn a_prompt_for_a_refund_stands_while_the_hub_is_asked_and_says_the_sums() {
    let chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    let number = shop.sell();
    has_sent(&shop, 1);
    let sale = shop.find(&number);
    let asked = shop.send(spinach(&sale)).prompt;
    let Some(Prompt::Approve { amount_fen, about, .. }) = asked else { panic!("{asked:?}") };
    let parts: Vec<_> = about.tenders.iter().map(|part| (part.tender.as_str(), part.amount_fen)).collect();
    assert_eq!((amount_fen, parts), (SPINACH_FEN - 2, vec![("cash", SPINACH_FEN - 2)]));
    assert!(shop.send(supervisor()).closed.is_some_and(|closed| closed.is_refund));
    assert_eq!(said(&shop.send(cash(None))), Some(Code::BasketEmpty));
}

#[test]
fn a_receipt_that_the_hub_does_not_have_is_cited_with_a_managers_word_and_told_as_such() {
    let mut chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    shop.sell();
    has_sent(&shop, 1);
    let number = "HT02-9-20261121-0001-00";
    let quote = || Command::CitedQuote { number: number.into(), lines: vec![], tender: "cash".into() };
    let view = shop.send(quote());
    assert_eq!(view.refund.map(|refund| refund.hub), Some(HubWord::NoSuchReceipt));
    let approval = |view: TillView| match view.prompt {
        Some(Prompt::Approve { needs_manager, about, .. }) => (needs_manager, about.hub),
        other => panic!("{other:?}: {:?}", view.message),
    };
    assert_eq!(approval(shop.send(cite(number, SPINACH_FEN))), (true, HubWord::NoSuchReceipt));
    assert_eq!(said(&shop.send(supervisor())), Some(Code::NotAllowedManager));
    shop.send(Command::Clear);
    shop.send(Command::Clear);
    shop.send(Command::RefundLeave);
    chain.stop();
    is_offline(&shop);
    let view = shop.send(quote());
    assert_eq!(view.refund.map(|refund| refund.hub), Some(HubWord::Silent));
    assert_eq!(approval(shop.send(cite(number, SPINACH_FEN))), (false, HubWord::Silent));
}

#[test]
fn whoever_approves_a_refund_is_told_when_the_hub_was_not_asked() {
    let mut chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    let number = shop.sell();
    has_sent(&shop, 1);
    let asked = |view: TillView| match view.prompt {
        Some(Prompt::Approve { about, .. }) => about.hub,
        other => panic!("{other:?}: {:?}", view.message),
    };
    assert_eq!(asked(shop.send(spinach(&shop.find(&number)))), HubWord::Kept);
    shop.send(Command::Clear);
    shop.send(Command::RefundLeave);
    chain.stop();
    assert_eq!(asked(shop.send(spinach(&shop.find(&number)))), HubWord::Silent);
}

#[test]
fn what_this_till_paid_out_of_anothers_receipt_is_asked_about_when_it_is_cited_offline() {
    let mut chain = Chain::new();
    let (first, second) = (Shop::open(&chain, 1), Shop::open(&chain, 2));
    let number = first.sell();
    has_sent(&first, 1);
    refunds_spinach(&second, &second.find(&number));
    has_sent(&second, 1);
    chain.stop();
    is_offline(&second);
    let quote = Command::CitedQuote { number: number.clone(), lines: vec![], tender: "cash".into() };
    assert_eq!(second.send(quote).refund.map(|refund| refund.returned_fen), Some(SPINACH_FEN - 2));
    let Some(Prompt::Confirm { code, args }) = second.send(cite(&number, SPINACH_FEN)).prompt else {
        panic!("{:?}", second.till.view().message)
    };
    assert_eq!((code, args["before"].as_str()), (Code::RefundCitedAgain, "¥2.60"));
}
