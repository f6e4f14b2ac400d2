//! What came back of a receipt, compared with what was sold on it.

use std::collections::BTreeMap;

use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::refund::Refund;
use suanpan_domain::sale::Sale;
use suanpan_sync::Recorded;

/// The sales and refunds among some entries.
pub(crate) fn decoded(documents: &[Recorded]) -> (Vec<Sale>, Vec<Refund>) {
    let (mut sales, mut refunds) = (vec![], vec![]);
    for document in documents {
        match Entry::decode(document.kind, document.payload.as_bytes()) {
            Ok(Entry::Sale(sale)) => sales.push(sale),
            Ok(Entry::Refund(refund)) => refunds.push(refund),
            _ => {}
        }
    }
    (sales, refunds)
}

/// What is wrong with the refunds of one receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The hub does not have the receipt: it never was, or its till has not sent it yet.
    Unknown,
    /// Several refunds together returned more goods or more money than the receipt has.
    Double,
    /// Other goods than the receipt has, or more of them or of money.
    Differs,
}

/// Goods of one kind: how many, and their value.
#[derive(Default)]
struct Goods {
    quantity: i64,
    value: Fen,
}

impl Goods {
    fn add(&mut self, quantity: Quantity, value: Fen) {
        self.quantity = self.quantity.saturating_add(quantity.number());
        self.value += value;
    }
}

type Heap<'a> = BTreeMap<(&'a str, bool), Goods>;

/// Compares the refunds of a receipt with its sale.
pub(crate) fn compare(sales: &[Sale], refunds: &[Refund]) -> Option<Wrong> {
    if sales.is_empty() {
        return Some(Wrong::Unknown);
    }
    let (mut sold, mut back) = (Heap::new(), Heap::new());
    for line in sales.iter().flat_map(|sale| &sale.lines) {
        let kind = (line.item.as_str(), matches!(line.quantity, Quantity::G(_)));
        sold.entry(kind).or_default().add(line.quantity, line.gross);
    }
    for line in refunds.iter().flat_map(|refund| &refund.lines) {
        let kind = (line.item.as_str(), matches!(line.quantity, Quantity::G(_)));
        back.entry(kind).or_default().add(line.quantity, line.amount);
    }
    let none = Goods::default();
    let mut pairs = back.iter().map(|(kind, back)| (sold.get(kind).unwrap_or(&none), back));
    let paid: Fen = sales.iter().map(|sale| sale.due).sum();
    let refunded: Fen = refunds.iter().map(|refund| refund.total).sum();
    let is_more = refunded > paid || pairs.clone().any(|(sold, back)| back.quantity > sold.quantity);
    match () {
        () if is_more && refunds.len() > 1 => Some(Wrong::Double),
        () if is_more || pairs.any(|(sold, back)| back.value > sold.value) => Some(Wrong::Differs),
        () => None,
    }
}
