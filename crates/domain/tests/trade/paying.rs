//! Taking tenders: what is accepted, what is let off, what is given back.

use suanpan_domain::catalogue::{Rounding, Tender};
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Pieces, Quantity};
use suanpan_domain::sale::settle::{Remaining, Taken, TenderError, remaining, settle, take};
use suanpan_domain::sale::{BasketError, Discount, WeightSource};

use crate::common::{basket, basket_of, by_piece, by_weight, card, cash, pay, stamp, wechat};

fn fully(rounding: i64, change: i64) -> Result<Taken, TenderError> {
    Ok(Taken::Fully { rounding: Fen(rounding), change: Fen(change) })
}

fn partly(amount: i64, rounding: i64) -> Result<Taken, TenderError> {
    Ok(Taken::Partly(Remaining { amount: Fen(amount), rounding: Fen(rounding) }))
}

/// One tender on a basket with one line of `due`.
fn check(due: i64, rule: Rounding, tender: &Tender, amount: i64, want: Result<Taken, TenderError>) {
    let mut basket = basket_of(due);
    let before = basket.clone();
    let reference = tender.needs_reference.then(|| "4200001".to_owned());
    let got = take(&mut basket, tender, Fen(amount), reference, rule);
    assert_eq!(got, want, "{amount} of {due} by {} under {rule:?}", tender.code);
    if want.is_err() {
        assert_eq!(basket, before, "a refused tender changes nothing");
    }
}

#[test]
fn cash_is_rounded_down_and_gives_change() {
    use Rounding::{Fen as Fens, Jiao, None};
    let cash = cash();
    for (due, rule, amount, want) in [
        (5437, Fens, 10_000, fully(7, 4570)),
        (5437, Fens, 5430, fully(7, 0)),
        (5437, Fens, 5437, fully(7, 7)),
        (5437, Jiao, 10_000, fully(37, 4600)),
        (5437, Jiao, 5400, fully(37, 0)),
        (5437, None, 10_000, fully(0, 4563)),
        (5430, Fens, 5430, fully(0, 0)),
        (5437, Fens, 2000, partly(3437, 7)),
        (5437, Fens, 5429, partly(8, 0)),
        (5, Fens, 0, fully(5, 0)),
        (5, Fens, 100, fully(5, 100)),
        (0, Fens, 0, fully(0, 0)),
        (5437, Fens, 0, Err(TenderError::OutOfRange)),
        (5437, Fens, -100, Err(TenderError::OutOfRange)),
        (5437, Fens, 1_000_000_001, Err(TenderError::OutOfRange)),
    ] {
        check(due, rule, &cash, amount, want);
    }
}

#[test]
fn other_tenders_pay_to_the_fen_and_never_more() {
    for tender in [wechat(), card()] {
        check(5437, Rounding::Fen, &tender, 5437, fully(0, 0));
        check(5437, Rounding::Jiao, &tender, 5400, partly(37, 0));
        check(5437, Rounding::Fen, &tender, 5438, Err(TenderError::Overpays));
        check(5437, Rounding::Fen, &tender, 5000, partly(437, 7));
    }
}

#[test]
fn a_tender_that_wants_a_reference_waits_for_it() {
    let long = "7".repeat(65);
    for (reference, want) in [
        (None, Err(TenderError::NeedsReference)),
        (Some("  "), Err(TenderError::NeedsReference)),
        (Some(long.as_str()), Err(TenderError::NeedsReference)),
        (Some("4200001"), fully(0, 0)),
    ] {
        let mut basket = basket_of(5437);
        let got = take(&mut basket, &wechat(), Fen(5437), reference.map(str::to_owned), Rounding::Fen);
        assert_eq!(got, want, "{reference:?}");
    }
}

#[test]
fn rounding_goes_when_the_tender_stops_being_cash() {
    let in_cash_first = pay(&basket_of(5437), &[(&cash(), 2000), (&wechat(), 3437)], Rounding::Jiao);
    assert_eq!((in_cash_first.rounding, in_cash_first.due), (Fen(0), Fen(5437)));
    let cash_last = pay(&basket_of(5437), &[(&wechat(), 2015), (&cash(), 3500)], Rounding::Jiao);
    assert_eq!((cash_last.rounding, cash_last.due, cash_last.change), (Fen(22), Fen(5415), Fen(100)));
    let given: Vec<_> = cash_last.tenders.iter().map(|t| (t.tender.as_str(), t.amount, t.given)).collect();
    assert_eq!(given, [("wechat", Fen(2015), None), ("cash", Fen(3400), Some(Fen(3500)))]);
}

#[test]
fn rounding_never_lets_off_all_that_another_tender_left() {
    let mut basket = basket_of(5499);
    take(&mut basket, &wechat(), Fen(5400), Some("42".into()), Rounding::Jiao).unwrap();
    assert_eq!(remaining(&basket, Rounding::Jiao).in_cash(), Fen(99));
    assert_eq!(take(&mut basket, &cash(), Fen(0), None, Rounding::Jiao), Err(TenderError::OutOfRange));
}

#[test]
fn an_empty_or_unpaid_basket_is_no_sale() {
    let mut empty = basket(vec![]);
    let refused = take(&mut empty, &cash(), Fen(100), None, Rounding::Fen);
    assert_eq!(refused, Err(TenderError::EmptyBasket));
    assert_eq!(settle(&empty, Fen::ZERO, stamp()), Err(TenderError::EmptyBasket));
    let mut basket = basket_of(5437);
    assert_eq!(settle(&basket, Fen::ZERO, stamp()), Err(TenderError::OutOfRange));
    take(&mut basket, &wechat(), Fen(5437), Some("42".into()), Rounding::Fen).unwrap();
    assert_eq!(settle(&basket, Fen(7), stamp()), Err(TenderError::Overpays));
}

#[test]
fn lines_are_fixed_once_a_tender_is_taken_until_it_is_given_back() {
    let mut basket = basket_of(5437);
    take(&mut basket, &wechat(), Fen(1000), Some("42".into()), Rounding::Fen).unwrap();
    let more = || by_weight("10001", "菠菜", 500, 380);
    assert_eq!(basket.ring(more()).err(), Some(BasketError::Tendered));
    assert_eq!(basket.remove(1).err(), Some(BasketError::Tendered));
    basket.clear_tenders();
    assert!(basket.ring(more()).is_ok());
}

#[test]
fn discounts_and_rounding_reach_every_line() {
    let mut basket = basket(vec![
        by_weight("10001", "菠菜", 482, 400),
        by_weight("10002", "土豆", 1046, 260),
        by_piece("30001", "大米", 2, 1999, "V9"),
    ]);
    basket.discount_line(3, Some(Discount::Bp(1000)), Some("9001".into())).unwrap();
    basket.discount_basket(Some(Discount::Fen(Fen(100))), Some("9001".into())).unwrap();
    let sale = pay(&basket, &[(&cash(), 10_000)], Rounding::Fen);
    let lines: Vec<_> = sale
        .lines
        .iter()
        .map(|l| (l.gross.0, l.discount().0, l.rounding.0, l.paid.0, l.net.0, l.tax_fen.0))
        .collect();
    assert_eq!(lines, [(386, 9, 1, 376, 376, 0), (544, 12, 1, 531, 531, 0), (3998, 479, 6, 3513, 3223, 290)]);
    assert_eq!(
        (sale.discount, sale.rounding, sale.due, sale.change),
        (Fen(500), Fen(8), Fen(4420), Fen(5580))
    );
}

#[test]
fn a_labels_line_keeps_its_printed_amount_and_quantity() {
    let mut label = by_weight("10001", "菠菜", 482, 400);
    label.printed_amount = Some(Fen(350));
    label.source = Some(WeightSource::Label);
    let mut counted = by_piece("20001", "玉米", 3, 250, "EX");
    counted.source = Some(WeightSource::Label);
    let mut basket = basket(vec![label, counted]);
    assert_eq!(basket.lines[0].gross, Fen(350));
    let more = basket.lines[0].quantity.with_number(900);
    assert_eq!(basket.set_quantity(1, more).err(), Some(BasketError::LabelFixed));
    let more = Quantity::Pc(Pieces(4));
    assert_eq!(basket.set_quantity(2, more).err(), Some(BasketError::LabelFixed));
}

#[test]
fn a_discount_in_fen_goes_when_less_is_bought_and_a_share_stays() {
    let lines = || vec![by_piece("2001", "大米", 2, 4_000, "V9"), by_piece("2002", "可乐", 10, 350, "V13")];
    for (discount, left) in [(Discount::Fen(Fen(500)), None), (Discount::Bp(500), Some(Discount::Bp(500)))] {
        let mut whole = basket(lines());
        whole.discount_basket(Some(discount), Some("1801".into())).unwrap();
        whole.remove(2).unwrap();
        assert_eq!(whole.discount, left);
        let mut lowered = basket(lines());
        lowered.discount_line(1, Some(discount), None).unwrap();
        lowered.discount_basket(Some(discount), None).unwrap();
        lowered.set_quantity(1, Quantity::Pc(Pieces(1))).unwrap();
        assert_eq!((lowered.line(1).unwrap().discount, lowered.discount), (left, left));
        let mut raised = basket(lines());
        raised.discount_line(1, Some(discount), None).unwrap();
        raised.set_quantity(1, Quantity::Pc(Pieces(3))).unwrap();
        assert_eq!(raised.line(1).unwrap().discount, Some(discount));
    }
}

#[test]
fn a_customers_payment_code_pays_nothing() {
    let mut basket = basket_of(5437);
    let reference = Some("1345 6789 0123 4567 89".to_owned());
    let refused = take(&mut basket, &wechat(), Fen(5437), reference, Rounding::Fen);
    assert_eq!((refused, basket.tenders.len()), (Err(TenderError::PaymentCode), 0));
}
