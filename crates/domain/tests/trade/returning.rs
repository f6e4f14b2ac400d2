//! Refunds: whole, in parts, of split tenders, in cash for another tender.

use suanpan_domain::catalogue::Rounding;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::refund::payout::{Payout, Way, cited, payout};
use suanpan_domain::refund::{Disposition, Origin, Refund, RefundError, RefundLine, Returned, Wanted};
use suanpan_domain::sale::{Discount, Sale};

use crate::common::{basket, basket_of, by_piece, by_weight, cash, id, pay, wechat};

/// To the sale's own tenders, cash in tenths of a yuan.
pub(crate) const AS_PAID: Way<'static> = Way { cash: Some("cash"), step: 10, to_cash: false, kept: &[] };
pub(crate) const IN_CASH: Way<'static> = Way { to_cash: true, ..AS_PAID };

pub(crate) fn refund(sale: &Sale, number: u32, payout: Payout) -> Refund {
    let Payout { lines, total, tenders, .. } = payout;
    Refund {
        id: id(u8::try_from(number % 200).unwrap()),
        number,
        shift: sale.shift,
        cashier: "1001".into(),
        approver: Some("9001".into()),
        origin: Origin::Sale {
            sale: sale.id,
            number: "HT01-1-20261121-0812-a7".into(),
            reservation: None,
            offline: false,
        },
        lines,
        total,
        tenders,
    }
}

fn give_back(sale: &Sale, returned: &mut Returned, wanted: &[Wanted], way: &Way<'_>) -> Refund {
    let refund = refund(sale, 813, payout(sale, returned, wanted, way).unwrap());
    returned.add(&refund);
    refund
}

/// Returns `wanted` to the sale's own tenders.
fn return_to_tenders(sale: &Sale, returned: &mut Returned, wanted: &[Wanted]) -> Refund {
    give_back(sale, returned, wanted, &AS_PAID)
}

fn pieces(line: u16, pieces: i64) -> Wanted {
    Wanted { line, quantity: Quantity::Pc(Pieces(pieces)), disposition: Disposition::Restock }
}

fn paid(refund: &Refund) -> Vec<(&str, i64)> {
    refund.tenders.iter().map(|t| (t.tender.as_str(), t.amount.0)).collect()
}

#[test]
fn refund_of_a_split_tender_returns_each_tender_in_full() {
    let sale = pay(&basket_of(5437), &[(&wechat(), 2000), (&cash(), 5000)], Rounding::Fen);
    let mut returned = Returned::default();
    let wanted = returned.everything_left(&sale, Disposition::Restock);
    let refund = return_to_tenders(&sale, &mut returned, &wanted);
    assert_eq!(paid(&refund), [("wechat", 2000), ("cash", 3430)]);
    assert_eq!(refund.total, sale.due);
    assert_eq!(returned.everything_left(&sale, Disposition::Restock), []);
}

#[test]
fn the_last_part_takes_the_residue() {
    let mut basket = basket(vec![by_piece("30002", "酸奶", 3, 333, "V13")]);
    basket.discount_basket(Some(Discount::Fen(Fen(99))), None).unwrap();
    let sale = pay(&basket, &[(&wechat(), 900)], Rounding::Fen);
    let mut returned = Returned::default();
    let parts: Vec<_> = (0..3)
        .map(|_| {
            let refund = return_to_tenders(&sale, &mut returned, &[pieces(0, 1)]);
            let line = &refund.lines[0];
            (line.gross.0, line.amount.0, line.net.0, line.tax_fen.0)
        })
        .collect();
    assert_eq!(parts, [(333, 300, 265, 35), (333, 300, 266, 34), (333, 300, 265, 35)]);
    assert_eq!((sale.lines[0].net, sale.lines[0].tax_fen), (Fen(796), Fen(104)));
}

#[test]
fn more_than_was_sold_is_refused() {
    let sale = pay(
        &basket(vec![by_piece("30001", "大米", 2, 1999, "V9"), by_weight("10001", "菠菜", 482, 400)]),
        &[(&wechat(), 4384)],
        Rounding::Fen,
    );
    let mut returned = Returned::default();
    return_to_tenders(&sale, &mut returned, &[pieces(0, 1)]);
    assert_eq!(returned.left_of(&sale, 0), Some(Quantity::Pc(Pieces(1))));
    let grams = |grams| Wanted { quantity: Quantity::G(Grams(grams)), ..pieces(1, 0) };
    for (wanted, want) in [
        (vec![], RefundError::Nothing),
        (vec![pieces(0, 2)], RefundError::MoreThanSold),
        (vec![pieces(0, 0)], RefundError::MoreThanSold),
        (vec![pieces(0, -1)], RefundError::MoreThanSold),
        (vec![pieces(0, i64::MAX)], RefundError::MoreThanSold),
        (vec![grams(483)], RefundError::MoreThanSold),
        (vec![pieces(0, 1), pieces(0, 1)], RefundError::NoSuchLine),
        (vec![pieces(2, 1)], RefundError::NoSuchLine),
        (vec![pieces(1, 1)], RefundError::NoSuchLine),
    ] {
        assert_eq!(payout(&sale, &returned, &wanted, &AS_PAID), Err(want), "{wanted:?}");
    }
}

#[test]
fn cash_for_another_tender_is_told_apart_and_counts_against_it() {
    let sale = pay(
        &basket(vec![by_piece("30001", "大米", 1, 3430, "V9"), by_piece("30002", "酸奶", 2, 1000, "V13")]),
        &[(&wechat(), 2000), (&cash(), 3430)],
        Rounding::Fen,
    );
    let mut returned = Returned::default();
    for (wanted, stands_in) in
        [(vec![pieces(0, 1)], 0), (vec![pieces(0, 1), pieces(1, 1)], 1000), (vec![pieces(1, 2)], 0)]
    {
        let in_cash = payout(&sale, &returned, &wanted, &IN_CASH).unwrap();
        assert_eq!(in_cash.stands_in, Fen(stands_in), "{wanted:?}");
        assert_eq!(in_cash.tenders.iter().map(|t| t.amount).sum::<Fen>(), in_cash.total);
    }
    give_back(&sale, &mut returned, &[pieces(0, 1), pieces(1, 1)], &IN_CASH);
    assert_eq!(returned.left_of_tenders(&sale), [("wechat".into(), Fen(1000)), ("cash".into(), Fen(0))]);
    let rest = return_to_tenders(&sale, &mut returned, &[pieces(1, 1)]);
    assert_eq!(paid(&rest), [("wechat", 1000)]);
    let no_cash = Way { cash: None, ..IN_CASH };
    let sale = pay(&basket_of(5430), &[(&wechat(), 5430)], Rounding::Fen);
    let refused = payout(&sale, &Returned::default(), &[pieces(0, 1)], &no_cash);
    assert_eq!(refused, Err(RefundError::NoCash));
}

/// Rice for ¥15.86 and yoghurt for ¥7.00, paid so.
fn rice_and_yoghurt(tenders: &[(&suanpan_domain::catalogue::Tender, i64)]) -> Sale {
    let lines = vec![by_piece("30001", "大米", 1, 1586, "V9"), by_piece("30002", "酸奶", 1, 700, "V13")];
    pay(&basket(lines), tenders, Rounding::Fen)
}

#[test]
fn cash_goes_back_in_coins_and_another_tender_takes_the_odd_fen() {
    let sale = rice_and_yoghurt(&[(&wechat(), 2100), (&cash(), 200)]);
    let mut returned = Returned::default();
    // 抹分 let 6 fen off: rice brings back ¥15.82.
    let first = return_to_tenders(&sale, &mut returned, &[pieces(0, 1)]);
    assert_eq!((first.total, paid(&first)), (Fen(1582), vec![("wechat", 1462), ("cash", 120)]));
    let last = return_to_tenders(&sale, &mut returned, &[pieces(1, 1)]);
    assert_eq!(paid(&last), [("wechat", 638), ("cash", 60)]);
}

#[test]
fn what_cash_has_no_coins_for_is_paid_with_the_last_goods() {
    let sale = rice_and_yoghurt(&[(&cash(), 3000)]);
    let mut returned = Returned::default();
    let first = return_to_tenders(&sale, &mut returned, &[pieces(0, 1)]);
    let line = &first.lines[0];
    assert_eq!((first.total, paid(&first)), (Fen(1580), vec![("cash", 1580)]));
    assert_eq!(
        (line.gross, line.amount, line.rounding, line.discount()),
        (Fen(1586), Fen(1580), Fen(6), Fen(0))
    );
    let last = return_to_tenders(&sale, &mut returned, &[pieces(1, 1)]);
    assert_eq!(paid(&last), [("cash", 700)]);
    let figures = last.lines.iter().map(|line| (line.quantity.number(), line.amount.0, line.rounding.0));
    assert_eq!(figures.collect::<Vec<_>>(), [(1, 698, 2), (0, 2, -2)]);
}

#[test]
fn cash_for_a_whole_sale_by_another_tender_is_rounded_down_too() {
    let sale = rice_and_yoghurt(&[(&wechat(), 2286)]);
    let whole = payout(&sale, &Returned::default(), &[pieces(0, 1), pieces(1, 1)], &IN_CASH).unwrap();
    assert_eq!((whole.total, whole.held, whole.stands_in), (Fen(2280), Fen(6), Fen(2280)));
    let kept = Way { kept: &["wechat"], ..AS_PAID };
    let whole = payout(&sale, &Returned::default(), &[pieces(0, 1), pieces(1, 1)], &kept).unwrap();
    assert_eq!((whole.total, whole.held), (Fen(2280), Fen(6)));
}

#[test]
fn cash_takes_what_the_other_tenders_cannot() {
    let sale = rice_and_yoghurt(&[(&wechat(), 1500), (&cash(), 780)]);
    let mut returned = Returned::default();
    // All that WeChat took went back by another refund; ¥15.00 of ¥15.82.
    give_back(&sale, &mut returned, &[pieces(0, 1)], &AS_PAID);
    let left = returned.left_of_tenders(&sale);
    let rest = return_to_tenders(&sale, &mut returned, &[pieces(1, 1)]);
    let all: i64 = left.iter().map(|(_, amount)| amount.0).sum();
    assert_eq!((rest.total, rest.tenders.iter().map(|t| t.amount.0).sum::<i64>()), (Fen(all), all));
    assert!(rest.tenders.iter().all(|t| t.tender != "cash" || t.amount.0 % 10 == 0), "{rest:?}");
}

#[test]
fn more_than_was_sold_came_back_and_nothing_is_left() {
    let sale = rice_and_yoghurt(&[(&cash(), 3000)]);
    let once = refund(&sale, 813, payout(&sale, &Returned::default(), &[pieces(0, 1)], &AS_PAID).unwrap());
    let returned = Returned::of(&sale, [&once, &once]);
    assert_eq!(returned.left_of(&sale, 0), Some(Quantity::Pc(Pieces(0))));
    assert_eq!(payout(&sale, &returned, &[pieces(0, 1)], &AS_PAID), Err(RefundError::MoreThanSold));
    assert!(returned.left_of_tenders(&sale).iter().all(|(_, left)| *left >= Fen::ZERO));
}

#[test]
fn goods_of_a_cited_refund_are_not_returned_again() {
    let sale = rice_and_yoghurt(&[(&cash(), 3000)]);
    let rung = basket(vec![by_piece("30001", "大米", 1, 1586, "V9")]);
    let line = RefundLine::cited(&rung.lines[0], Disposition::Loss);
    let mut by_number = refund(&sale, 9, cited(vec![line], "cash", 10).unwrap());
    by_number.origin = Origin::Cited { number: "HT01-1-20261121-0812-a7".into(), reservation: None };
    assert_eq!((by_number.total, by_number.lines[0].rounding), (Fen(1580), Fen(6)));
    let returned = Returned::of(&sale, [&by_number]);
    assert_eq!((returned.left_of(&sale, 0), returned.total()), (Some(Quantity::Pc(Pieces(0))), Fen(1580)));
    let rest =
        payout(&sale, &returned, &returned.everything_left(&sale, Disposition::Loss), &AS_PAID).unwrap();
    assert_eq!(rest.total, Fen(690));
}

#[test]
fn a_cited_line_is_rung_from_the_catalogue() {
    let mut basket = basket(vec![by_piece("30002", "酸奶", 2, 565, "V13")]);
    basket.discount_line(1, Some(Discount::Fen(Fen(30))), None).unwrap();
    let line = RefundLine::cited(&basket.lines[0], Disposition::Loss);
    assert_eq!((line.line, line.gross, line.amount, line.discount()), (None, Fen(1130), Fen(1100), Fen(30)));
    assert_eq!(line.net + line.tax_fen, line.amount);
}
