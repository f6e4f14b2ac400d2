//! Refunds: whole, in parts, of split tenders, in cash for another tender.

use suanpan_domain::catalogue::Rounding;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::refund::{
    Disposition, Origin, Refund, RefundError, RefundLine, Returned, Wanted, lines, tenders, tenders_in_cash,
};
use suanpan_domain::sale::{Discount, Sale, Tendered};

use crate::common::{basket, basket_of, by_piece, by_weight, cash, id, pay, wechat};

pub(crate) fn refund(sale: &Sale, number: u32, lines: Vec<RefundLine>, tenders: Vec<Tendered>) -> Refund {
    Refund {
        id: id(u8::try_from(number % 200).unwrap()),
        number,
        shift: sale.shift,
        cashier: "1001".into(),
        approver: Some("9001".into()),
        origin: Origin::Sale { sale: sale.id, number: "HT01-1-20261121-0812-a7".into(), reservation: None },
        total: lines.iter().map(|line| line.amount).sum(),
        lines,
        tenders,
    }
}

/// Returns `wanted` to the sale's own tenders.
fn return_to_tenders(sale: &Sale, returned: &mut Returned, wanted: &[Wanted]) -> Refund {
    let lines = lines(sale, returned, wanted).unwrap();
    let total = lines.iter().map(|line| line.amount).sum();
    let refund = refund(sale, 813, lines, tenders(sale, returned, total).unwrap());
    returned.add(&refund);
    refund
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
        assert_eq!(lines(&sale, &returned, &wanted), Err(want), "{wanted:?}");
    }
    assert_eq!(tenders(&sale, &returned, Fen(2386)), Err(RefundError::MoreThanPaid));
    assert_eq!(tenders(&sale, &returned, Fen(-1)), Err(RefundError::MoreThanPaid));
}

#[test]
fn cash_for_another_tender_is_told_apart_and_counts_against_it() {
    let sale = pay(&basket_of(5430), &[(&wechat(), 2000), (&cash(), 3430)], Rounding::Fen);
    let mut returned = Returned::default();
    for (total, stands_in) in [(3430, 0), (3431, 1), (5430, 2000), (0, 0)] {
        let in_cash = tenders_in_cash(&sale, &returned, Fen(total), "cash").unwrap();
        assert_eq!(in_cash.stands_in, Fen(stands_in), "{total}");
        assert_eq!(in_cash.tenders.iter().map(|t| t.amount.0).sum::<i64>(), total);
    }
    for too_much in [5431, -1] {
        let refused = tenders_in_cash(&sale, &returned, Fen(too_much), "cash");
        assert_eq!(refused, Err(RefundError::MoreThanPaid));
    }
    let in_cash = tenders_in_cash(&sale, &returned, Fen(4000), "cash").unwrap();
    returned.add(&refund(&sale, 813, vec![], in_cash.tenders));
    assert_eq!(returned.left_of_tenders(&sale), [("wechat".into(), Fen(1430)), ("cash".into(), Fen(0))]);
    let rest = tenders(&sale, &returned, Fen(1430)).unwrap();
    assert_eq!((rest.len(), rest[0].tender.as_str(), rest[0].amount), (1, "wechat", Fen(1430)));
}

#[test]
fn a_cited_line_is_rung_from_the_catalogue() {
    let mut basket = basket(vec![by_piece("30002", "酸奶", 2, 565, "V13")]);
    basket.discount_line(1, Some(Discount::Fen(Fen(30))), None).unwrap();
    let line = RefundLine::cited(&basket.lines[0], Disposition::Loss);
    assert_eq!((line.line, line.gross, line.amount, line.discount()), (None, Fen(1130), Fen(1100), Fen(30)));
    assert_eq!(line.net + line.tax_fen, line.amount);
}
