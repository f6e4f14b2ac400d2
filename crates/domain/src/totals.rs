//! What an entry adds to totals: one list of postings that the till's projections and the hub's reports both sum.
//!
//! *Invariant:* on every document, and so on every sum of them, `Goods − Discount − Rounding = Sales + Refunds =
//! Σ Tender = Σ Net + Σ Tax`. A refund takes back its share of the discount and of 抹零, so a sale and its complete
//! refund leave zero fen in every dimension; what remains is the count of documents.

use crate::entry::Entry;
use crate::money::Fen;
use crate::quantity::{Grams, Pieces, Quantity};
use crate::refund::{Refund, RefundLine};
use crate::sale::Sale;
use crate::shift::Sums;

/// What is summed. Its number is stored, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dimension {
    /// Sales: count of documents, fen paid, grams. Key empty.
    Sales = 1,
    /// Refunds: count of documents, fen paid out (negative), grams (negative). Key empty.
    Refunds = 2,
    /// Goods before discounts and 抹零: count of lines, fen, grams; refunds subtract. Key empty.
    Goods = 3,
    /// Discounts given; refunds subtract their share. Key empty.
    Discount = 4,
    /// 抹零 given; refunds subtract their share. Key empty.
    Rounding = 5,
    /// Takings by tender, key is the tender's code; refunds subtract.
    Tender = 6,
    /// Amount without tax by tax code.
    Net = 7,
    /// Tax by tax code.
    Tax = 8,
    /// Cash that moved without a sale, and the float, key is the kind.
    Cash = 9,
    /// Paid amount by item code: count of lines, fen, and grams or pieces; refunds subtract.
    Item = 10,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Dimension; 10] = [
        Dimension::Sales,
        Dimension::Refunds,
        Dimension::Goods,
        Dimension::Discount,
        Dimension::Rounding,
        Dimension::Tender,
        Dimension::Net,
        Dimension::Tax,
        Dimension::Cash,
        Dimension::Item,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Sales => "sales",
            Dimension::Refunds => "refunds",
            Dimension::Goods => "goods",
            Dimension::Discount => "discount",
            Dimension::Rounding => "rounding",
            Dimension::Tender => "tender",
            Dimension::Net => "net",
            Dimension::Tax => "tax",
            Dimension::Cash => "cash",
            Dimension::Item => "item",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| dimension.name() == name)
    }

    /// Reads the stored number back.
    pub fn from_number(number: u8) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| *dimension as u8 == number)
    }
}

/// One addition to one total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What is summed.
    pub dimension: Dimension,
    /// Which one of it; empty where there is only one.
    pub key: String,
    /// Documents or lines.
    pub count: i64,
    /// Money.
    pub fen: Fen,
    /// Weight.
    pub grams: Grams,
    /// Pieces of counted goods; only [`Dimension::Item`] has them, since pieces of unlike goods do not add up.
    pub pieces: Pieces,
}

fn posting(dimension: Dimension, key: &str, count: i64, fen: Fen, grams: Grams) -> Posting {
    Posting { dimension, key: key.to_owned(), count, fen, grams, pieces: Pieces(0) }
}

fn of_item(item: &str, sign: i64, fen: Fen, quantity: Quantity) -> Posting {
    let number = quantity.number().saturating_mul(sign);
    let (grams, pieces) = match quantity {
        Quantity::G(_) => (Grams(number), Pieces(0)),
        Quantity::Pc(_) => (Grams(0), Pieces(number)),
    };
    Posting { pieces, ..posting(Dimension::Item, item, sign, fen, grams) }
}

/// The postings of an entry, without those by item. Most entries have none.
///
/// Postings of the same dimension and key are merged, so an entry touches each total once.
pub fn postings(entry: &Entry) -> Vec<Posting> {
    let list = match entry {
        Entry::Sale(sale) => of_sale(sale),
        Entry::Refund(refund) => of_refund(refund),
        Entry::ShiftOpened(shift) => vec![posting(Dimension::Cash, "float", 1, shift.float, Grams(0))],
        Entry::CashMoved(moved) => {
            vec![posting(Dimension::Cash, "moved", 1, moved.drawer_change(), Grams(0))]
        }
        _ => vec![],
    };
    merge(list)
}

/// The postings of a document by item.
pub fn item_postings(entry: &Entry) -> Vec<Posting> {
    let list = match entry {
        Entry::Sale(sale) => {
            sale.lines.iter().map(|line| of_item(&line.item, 1, line.paid, line.quantity)).collect()
        }
        Entry::Refund(refund) => {
            refund.lines.iter().map(|line| of_item(&line.item, -1, -line.amount, line.quantity)).collect()
        }
        _ => vec![],
    };
    merge(list)
}

fn of_sale(sale: &Sale) -> Vec<Posting> {
    let grams: Grams = sale.lines.iter().map(|line| line.quantity.grams()).sum();
    let gross: Fen = sale.lines.iter().map(|line| line.gross).sum();
    let lines = i64::try_from(sale.lines.len()).unwrap_or(i64::MAX);
    let mut list = vec![
        posting(Dimension::Sales, "", 1, sale.due, grams),
        posting(Dimension::Goods, "", lines, gross, grams),
    ];
    if !sale.discount.is_zero() {
        list.push(posting(Dimension::Discount, "", 1, sale.discount, Grams(0)));
    }
    if !sale.rounding.is_zero() {
        list.push(posting(Dimension::Rounding, "", 1, sale.rounding, Grams(0)));
    }
    for tendered in &sale.tenders {
        list.push(posting(Dimension::Tender, &tendered.tender, 1, tendered.amount, Grams(0)));
    }
    for line in &sale.lines {
        list.push(posting(Dimension::Net, &line.tax.code, 1, line.net, Grams(0)));
        list.push(posting(Dimension::Tax, &line.tax.code, 1, line.tax_fen, Grams(0)));
    }
    list
}

fn of_refund(refund: &Refund) -> Vec<Posting> {
    let grams = minus(refund.lines.iter().map(|line| line.quantity.grams()).sum());
    let gross: Fen = refund.lines.iter().map(|line| line.gross).sum();
    let lines = i64::try_from(refund.lines.len()).unwrap_or(i64::MAX);
    let mut list = vec![
        posting(Dimension::Refunds, "", 1, -refund.total, grams),
        posting(Dimension::Goods, "", lines.saturating_neg(), -gross, grams),
    ];
    for (dimension, fen) in [
        (Dimension::Discount, refund.lines.iter().map(RefundLine::discount).sum::<Fen>()),
        (Dimension::Rounding, refund.lines.iter().map(|line| line.rounding).sum()),
    ] {
        if !fen.is_zero() {
            list.push(posting(dimension, "", -1, -fen, Grams(0)));
        }
    }
    for tendered in &refund.tenders {
        list.push(posting(Dimension::Tender, &tendered.tender, 1, -tendered.amount, Grams(0)));
    }
    for line in &refund.lines {
        list.push(posting(Dimension::Net, &line.tax.code, -1, -line.net, Grams(0)));
        list.push(posting(Dimension::Tax, &line.tax.code, -1, -line.tax_fen, Grams(0)));
    }
    list
}

fn minus(grams: Grams) -> Grams {
    Grams(grams.0.saturating_neg())
}

fn merge(list: Vec<Posting>) -> Vec<Posting> {
    let mut merged: Vec<Posting> = Vec::with_capacity(list.len());
    for next in list {
        match merged.iter_mut().find(|have| have.dimension == next.dimension && have.key == next.key) {
            Some(have) => {
                have.count = have.count.saturating_add(next.count);
                have.fen += next.fen;
                have.grams = Grams(have.grams.0.saturating_add(next.grams.0));
                have.pieces = Pieces(have.pieces.0.saturating_add(next.pieces.0));
            }
            None => merged.push(next),
        }
    }
    merged
}

/// Folds summed postings into the sums that a close records. Zero tenders and taxes are kept: they were touched.
pub fn sums<'a>(postings: impl IntoIterator<Item = &'a Posting>) -> Sums {
    let mut sums = Sums::default();
    for posting in postings {
        let count = u32::try_from(posting.count.max(0)).unwrap_or(u32::MAX);
        match posting.dimension {
            Dimension::Sales => {
                sums.sales = sums.sales.saturating_add(count);
                sums.due += posting.fen;
            }
            Dimension::Refunds => {
                sums.refunds = sums.refunds.saturating_add(count);
                sums.due += posting.fen;
            }
            Dimension::Discount => sums.discount += posting.fen,
            Dimension::Rounding => sums.rounding += posting.fen,
            Dimension::Tender => *sums.tenders.entry(posting.key.clone()).or_default() += posting.fen,
            Dimension::Net => sums.taxes.entry(posting.key.clone()).or_default().0 += posting.fen,
            Dimension::Tax => sums.taxes.entry(posting.key.clone()).or_default().1 += posting.fen,
            Dimension::Goods | Dimension::Cash | Dimension::Item => {}
        }
    }
    sums
}
