//! What holds for every basket, every way of paying, and every order of returning.

use std::collections::BTreeMap;

use proptest::prelude::*;
use suanpan_domain::catalogue::Rounding;
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::refund::payout::{Way, payout};
use suanpan_domain::refund::{Disposition, Refund, Returned, Wanted};
use suanpan_domain::sale::settle::remaining;
use suanpan_domain::sale::{Basket, Discount, NewLine, Sale};
use suanpan_domain::totals::{Dimension, Posting, item_postings, postings, sums};

use crate::common::{basket, by_piece, by_weight, card, cash, pay, tax, wechat};
use crate::returning::{AS_PAID, refund};

fn any_line() -> impl Strategy<Value = NewLine> {
    let tax_code = prop::sample::select(vec!["EX", "V9", "V13", "Z0"]);
    let item = prop::sample::select(vec!["10001", "10002", "20001", "30001"]);
    let weighed =
        (item.clone(), 1i64..20_000, 0i64..6_000, tax_code.clone()).prop_map(|(item, grams, fen, code)| {
            NewLine { tax: tax(code), ..by_weight(item, "菜", grams, fen) }
        });
    let counted = (item, 1i64..12, 0i64..20_000, tax_code)
        .prop_map(|(item, pieces, fen, code)| by_piece(item, "袋装", pieces, fen, code));
    let labelled = (weighed.clone(), 0i64..30_000)
        .prop_map(|(line, amount)| NewLine { printed_amount: Some(Fen(amount)), ..line });
    prop_oneof![3 => weighed, 3 => counted, 1 => labelled]
}

fn any_discount() -> impl Strategy<Value = Option<Discount>> {
    prop_oneof![
        3 => Just(None),
        1 => (0i64..3_000).prop_map(|fen| Some(Discount::Fen(Fen(fen)))),
        1 => (0u16..=10_000).prop_map(|bp| Some(Discount::Bp(bp))),
    ]
}

fn any_basket() -> impl Strategy<Value = Basket> {
    let line = (any_line(), any_discount());
    (prop::collection::vec(line, 1..12), any_discount()).prop_map(|(lines, discount)| {
        let (lines, discounts): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
        let mut basket = basket(lines);
        for (line, discount) in (1..).zip(discounts) {
            // A discount above the amount is refused, and the line goes without.
            let _ = basket.discount_line(line, discount, None);
        }
        let _ = basket.discount_basket(discount, None);
        basket
    })
}

/// Shares of a thousand paid by WeChat and by card; the rest is cash, with some to spare.
#[derive(Clone, Debug)]
struct Payment {
    wechat: i64,
    card: i64,
    in_cash: bool,
    spare: i64,
    rule: Rounding,
}

fn any_payment() -> impl Strategy<Value = Payment> {
    let rule = prop::sample::select(vec![Rounding::None, Rounding::Fen, Rounding::Jiao]);
    (0i64..=1000, 0i64..=1000, any::<bool>(), 0i64..10_000, rule)
        .prop_map(|(wechat, card, in_cash, spare, rule)| Payment { wechat, card, in_cash, spare, rule })
}

fn paid(basket: &Basket, how: &Payment) -> Sale {
    let due = basket.totals().due.0;
    let (wechat, card, cash) = (wechat(), card(), cash());
    let by_wechat = due * how.wechat / 1000;
    let by_card = (due - by_wechat) * how.card / 1000;
    let rest = due - by_wechat - by_card;
    let last = if how.in_cash { (&cash, rest + how.spare) } else { (&card, rest) };
    let mut list: Vec<_> =
        [(&wechat, by_wechat), (&card, by_card)].into_iter().filter(|(_, a)| *a > 0).collect();
    if last.1 > 0 || due == 0 {
        list.push(last);
    }
    pay(basket, &list, how.rule)
}

/// `Goods − Discount − Rounding = Sales + Refunds = Σ Tender = Σ Net + Σ Tax = Σ Item`.
fn add_up(entries: &[Entry]) {
    let all: Vec<Posting> =
        entries.iter().flat_map(|entry| [postings(entry), item_postings(entry)]).flatten().collect();
    let sum = |dimensions: &[Dimension]| -> i64 {
        all.iter().filter(|p| dimensions.contains(&p.dimension)).map(|p| p.fen.0).sum()
    };
    let due = sum(&[Dimension::Sales, Dimension::Refunds]);
    assert_eq!(sum(&[Dimension::Goods]) - sum(&[Dimension::Discount, Dimension::Rounding]), due);
    assert_eq!(sum(&[Dimension::Tender]), due);
    assert_eq!(sum(&[Dimension::Net, Dimension::Tax]), due);
    assert_eq!(sum(&[Dimension::Item]), due);
    let sums = sums(&all);
    assert_eq!(sums.due.0, due);
    assert_eq!(sums.tenders.values().map(|fen| fen.0).sum::<i64>(), due);
    assert_eq!(sums.taxes.values().map(|(net, tax)| net.0 + tax.0).sum::<i64>(), due);
}

fn sale_is_whole(sale: &Sale, basket: &Basket, how: &Payment) {
    let sum = |part: fn(&suanpan_domain::sale::SaleLine) -> Fen| sale.lines.iter().map(part).sum::<Fen>();
    assert_eq!(sum(|line| line.paid), sale.due);
    assert_eq!(sum(|line| line.rounding), sale.rounding);
    assert_eq!(sum(|line| line.discount()), sale.discount);
    assert_eq!(sum(|line| line.gross) - sale.discount - sale.rounding, sale.due);
    assert_eq!(sale.tenders.iter().map(|t| t.amount).sum::<Fen>(), sale.due);
    for line in &sale.lines {
        assert_eq!(line.net + line.tax_fen, line.paid);
        assert!(line.net >= Fen::ZERO && line.tax_fen >= Fen::ZERO);
        assert!(line.rounding >= Fen::ZERO && line.discount() >= Fen::ZERO);
    }
    assert!(sale.rounding >= Fen::ZERO && sale.rounding.0 < how.rule.step());
    let cash_closed = sale.tenders.last().is_some_and(|t| t.tender == "cash");
    assert!(sale.rounding.is_zero() || cash_closed, "only cash is rounded");
    assert!(sale.change.is_zero() || cash_closed, "only cash gives change");
    let handed: Fen = sale.tenders.iter().map(|t| t.given.unwrap_or(t.amount)).sum();
    assert_eq!(handed - sale.change, sale.due);
    assert_eq!(basket.totals().due - sale.rounding, sale.due);
}

/// One part of a return: which line, what share of what is left in a thousand, and whether it is paid in cash.
type Part = (u16, i64, bool);

/// Returns the parts, then everything that is left; the refunds in order.
fn return_in_parts(sale: &Sale, how: &Payment, parts: &[Part], last_in_cash: bool) -> Vec<Refund> {
    let mut returned = Returned::default();
    let mut refunds = vec![];
    let mut give_back = |returned: &mut Returned, wanted: &[Wanted], to_cash: bool| {
        let way = Way { step: how.rule.step(), to_cash, ..AS_PAID };
        let refund = refund(sale, 813, payout(sale, returned, wanted, &way).expect("a payout"));
        returned.add(&refund);
        refunds.push(refund);
    };
    for (line, share, in_cash) in parts {
        let line = line % u16::try_from(sale.lines.len()).unwrap();
        let left = returned.left_of(sale, line).unwrap();
        let quantity = left.with_number(left.number() * share / 1000);
        if quantity.number() > 0 {
            give_back(
                &mut returned,
                &[Wanted { line, quantity, disposition: Disposition::Restock }],
                *in_cash,
            );
        }
    }
    let rest = returned.everything_left(sale, Disposition::Loss);
    if !rest.is_empty() {
        give_back(&mut returned, &rest, last_in_cash);
    }
    refunds
}

fn by_tender<'a>(
    tenders: impl Iterator<Item = &'a suanpan_domain::sale::Tendered>,
) -> BTreeMap<&'a str, i64> {
    let mut sums = BTreeMap::new();
    for tendered in tenders {
        *sums.entry(tendered.tender.as_str()).or_default() += tendered.amount.0;
    }
    sums
}

/// The refunds' lines together are the sale's, but for what was held back of cash that has no such coins.
fn refunds_are_the_sale(sale: &Sale, how: &Payment, refunds: &[Refund]) -> i64 {
    let mut held = 0;
    for (index, sold) in (0u16..).zip(&sale.lines) {
        let back = || refunds.iter().flat_map(|r| &r.lines).filter(move |line| line.line == Some(index));
        let sum = |part: fn(&suanpan_domain::refund::RefundLine) -> Fen| back().map(part).sum::<Fen>();
        assert_eq!(back().map(|line| line.quantity.number()).sum::<i64>(), sold.quantity.number());
        assert_eq!(sum(|line| line.gross), sold.gross);
        assert_eq!(sum(|line| line.discount()), sold.discount());
        assert_eq!(sum(|line| line.rounding) - sold.rounding, sold.paid - sum(|line| line.amount));
        if sum(|line| line.amount) == sold.paid {
            assert_eq!((sum(|line| line.net), sum(|line| line.tax_fen)), (sold.net, sold.tax_fen));
        }
        held += (sold.paid - sum(|line| line.amount)).0;
    }
    assert!(held >= 0 && held < how.rule.step(), "{held} held back");
    let mut cash_left = sale.tenders.iter().filter(|t| t.tender == "cash").map(|t| t.amount.0).sum::<i64>();
    for refund in refunds {
        for cash in refund.tenders.iter().filter(|t| t.tender == "cash") {
            // What was taken to the fen goes back to the fen with its last part.
            let is_rest = cash.amount.0 == cash_left;
            assert!(is_rest || cash.amount.0 % how.rule.step() == 0, "{:?} is not in coins", cash.amount);
            cash_left -= cash.amount.0;
        }
        assert_eq!(refund.lines.iter().map(|line| line.amount).sum::<Fen>(), refund.total);
        assert_eq!(refund.tenders.iter().map(|t| t.amount).sum::<Fen>(), refund.total);
        for line in &refund.lines {
            let parts = [line.gross, line.amount, line.net, line.tax_fen, line.discount()];
            assert!(parts.iter().all(|part| *part >= Fen::ZERO), "{line:?}");
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn lines_tax_discounts_rounding_and_tenders_add_up(basket in any_basket(), how in any_payment()) {
        let sale = paid(&basket, &how);
        sale_is_whole(&sale, &basket, &how);
        add_up(&[Entry::Sale(sale)]);
    }

    #[test]
    fn what_remains_in_cash_is_never_more_than_what_remains(basket in any_basket(), how in any_payment()) {
        let left = remaining(&basket, how.rule);
        prop_assert!(left.rounding >= Fen::ZERO && left.in_cash() >= Fen::ZERO);
        prop_assert_eq!(left.amount, basket.totals().due);
    }

    #[test]
    fn parts_in_any_order_return_exactly_what_was_paid(
        basket in any_basket(),
        how in any_payment(),
        parts in prop::collection::vec((any::<u16>(), 1i64..=1000, Just(false)), 0..20),
    ) {
        let sale = paid(&basket, &how);
        let refunds = return_in_parts(&sale, &how, &parts, false);
        prop_assert_eq!(refunds_are_the_sale(&sale, &how, &refunds), 0);
        let mut taken = by_tender(sale.tenders.iter());
        taken.retain(|_, amount| *amount != 0);
        prop_assert_eq!(by_tender(refunds.iter().flat_map(|refund| &refund.tenders)), taken);
    }

    #[test]
    fn cash_in_place_of_another_tender_never_returns_more_than_was_paid(
        basket in any_basket(),
        how in any_payment(),
        parts in prop::collection::vec((any::<u16>(), 1i64..=1000, any::<bool>()), 0..20),
        last_in_cash in any::<bool>(),
    ) {
        let sale = paid(&basket, &how);
        let refunds = return_in_parts(&sale, &how, &parts, last_in_cash);
        let held = refunds_are_the_sale(&sale, &how, &refunds);
        let taken = by_tender(sale.tenders.iter());
        let back = by_tender(refunds.iter().flat_map(|refund| &refund.tenders));
        for (tender, amount) in &back {
            prop_assert!(*tender == "cash" || amount <= taken.get(tender).unwrap_or(&0), "{tender}");
        }
        prop_assert_eq!(back.values().sum::<i64>() + held, sale.due.0);
    }

    #[test]
    fn a_sale_and_its_complete_refund_leave_nothing_but_their_count(
        basket in any_basket(),
        how in any_payment(),
        parts in prop::collection::vec((any::<u16>(), 1i64..=1000, Just(false)), 0..20),
    ) {
        let sale = paid(&basket, &how);
        let mut entries: Vec<Entry> =
            return_in_parts(&sale, &how, &parts, false).into_iter().map(Entry::Refund).collect();
        entries.push(Entry::Sale(sale));
        add_up(&entries);
        let mut left: BTreeMap<(Dimension, String), (i64, i64, i64)> = BTreeMap::new();
        for posting in entries.iter().flat_map(|entry| [postings(entry), item_postings(entry)]).flatten() {
            // Both documents are one total: what went out in sales came back in refunds.
            let dimension = if posting.dimension == Dimension::Refunds { Dimension::Sales } else { posting.dimension };
            let sum = left.entry((dimension, posting.key)).or_default();
            *sum = (sum.0 + posting.fen.0, sum.1 + posting.grams.0, sum.2 + posting.pieces.0);
        }
        for (what, sum) in left {
            prop_assert_eq!(sum, (0, 0, 0), "{:?}", what);
        }
    }

    #[test]
    fn any_document_reads_back_as_it_was_written(basket in any_basket(), how in any_payment(), in_cash in any::<bool>()) {
        let sale = paid(&basket, &how);
        let refunds = return_in_parts(&sale, &how, &[(0, 500, in_cash)], in_cash);
        for entry in refunds.into_iter().map(Entry::Refund).chain([Entry::Sale(sale)]) {
            prop_assert_eq!(Entry::decode(entry.kind(), &entry.encode().unwrap()).unwrap(), entry);
        }
        let saved = serde_json::to_vec(&basket).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Basket>(&saved).unwrap(), basket);
    }

    #[test]
    fn no_bytes_make_reading_panic(kind in any::<u16>(), payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::decode(kind, &payload);
        for known in Entry::KINDS {
            let _ = Entry::decode(*known, &payload);
        }
    }
}

#[test]
fn a_quantity_never_changes_its_kind_in_a_return() {
    let how = Payment { wechat: 0, card: 0, in_cash: true, spare: 0, rule: Rounding::Fen };
    let sale = paid(&basket(vec![by_weight("10001", "菠菜", 482, 400)]), &how);
    let refunds = return_in_parts(&sale, &how, &[(0, 300, false)], false);
    assert!(refunds.iter().flat_map(|r| &r.lines).all(|line| matches!(line.quantity, Quantity::G(_))));
}
