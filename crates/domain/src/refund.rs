//! Giving money back: whole sales, single lines, parts of lines, split tenders, and receipts of other tills.
//!
//! *Invariant:* refunds of one sale never add up to more than was paid, line by line and tender by tender, and when
//! everything has been returned they are exactly what was paid: the last part takes the residue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::allocate::by_largest_remainder;
use crate::ids::Id;
use crate::money::{Fen, div_round_half_up};
use crate::quantity::Quantity;
use crate::sale::{Sale, Tendered};
use crate::tax::Tax;

/// Where returned goods go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Back on the shelf.
    Restock,
    /// 报损: written off.
    Loss,
}

/// Which sale a refund cites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Origin {
    /// A sale whose recorded lines were at hand: this till's own, or another till's that the hub showed and reserved.
    Sale {
        /// Its id.
        sale: Id,
        /// Its printed number.
        number: String,
        /// The hub's reservation, when the sale is another till's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reservation: Option<String>,
    },
    /// Offline and another till's: a supervisor cites the number, and the hub reports doubles.
    Cited {
        /// The printed number on the customer's receipt.
        number: String,
    },
}

/// A recorded refund. Amounts are positive; the entry's kind says that they go out.
///
/// *Invariants:* `total = Σ line.amount = Σ tender.amount`; for each line `net + tax_fen = amount`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Unique in the journal.
    pub id: Id,
    /// Gapless number, from the same row as sales.
    #[serde(rename = "no")]
    pub number: u32,
    /// Shift it is paid out of.
    pub shift: Id,
    /// Cashier's staff number.
    #[serde(rename = "by")]
    pub cashier: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// The cited sale.
    #[serde(flatten)]
    pub origin: Origin,
    /// What came back.
    pub lines: Vec<RefundLine>,
    /// What was paid out.
    pub total: Fen,
    /// How it was paid out.
    #[serde(rename = "pay")]
    pub tenders: Vec<Tendered>,
}

/// A returned line, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// Index of the sale's line from 0; `None` for a cited sale, whose lines are not at hand.
    #[serde(rename = "ln", default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u16>,
    /// Item code.
    #[serde(rename = "i")]
    pub item: String,
    /// Name.
    #[serde(rename = "n")]
    pub name: String,
    /// Word for one piece.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What came back of it.
    #[serde(rename = "q")]
    pub quantity: Quantity,
    /// Goods value before any discount, as the share of the sale's gross.
    #[serde(rename = "g")]
    pub gross: Fen,
    /// What the customer gets for it.
    #[serde(rename = "a")]
    pub amount: Fen,
    /// `amount` without tax.
    pub net: Fen,
    /// Tax within `amount`.
    #[serde(rename = "tx", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub tax_fen: Fen,
    /// Tax code and rate of the sale's line.
    #[serde(rename = "t")]
    pub tax: Tax,
    /// Where the goods go.
    #[serde(rename = "to")]
    pub disposition: Disposition,
}

/// What earlier refunds of one sale have returned already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    lines: BTreeMap<u16, LineReturned>,
    tenders: BTreeMap<String, Fen>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LineReturned {
    quantity: i64,
    gross: Fen,
    amount: Fen,
    net: Fen,
}

/// One line to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the sale's line from 0.
    pub line: u16,
    /// How much of it, grams or pieces.
    pub quantity: Quantity,
    /// Where the goods go.
    pub disposition: Disposition,
}

/// Why a refund was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// Nothing was chosen.
    #[error("nothing was chosen to return")]
    Nothing,
    /// The sale has no such line, it was named twice, or the quantity is of the other kind.
    #[error("no such line, or named twice")]
    NoSuchLine,
    /// More than was sold and not yet returned.
    #[error("more than was sold and not yet returned")]
    MoreThanSold,
    /// More than the sale's tenders took and have not given back.
    #[error("more than was paid and not yet given back")]
    MoreThanPaid,
}

impl Returned {
    /// Sums the earlier refunds of one sale.
    pub fn from_refunds<'a>(refunds: impl IntoIterator<Item = &'a Refund>) -> Returned {
        let mut returned = Returned::default();
        for refund in refunds {
            returned.add(refund);
        }
        returned
    }

    /// Adds one refund.
    pub fn add(&mut self, refund: &Refund) {
        for line in &refund.lines {
            let Some(index) = line.line else { continue };
            let sum = self.lines.entry(index).or_default();
            sum.quantity = sum.quantity.saturating_add(line.quantity.number());
            sum.gross += line.gross;
            sum.amount += line.amount;
            sum.net += line.net;
        }
        for tendered in &refund.tenders {
            *self.tenders.entry(tendered.tender.clone()).or_default() += tendered.amount;
        }
    }

    /// What of a sale's line may still come back, grams or pieces.
    pub fn left_of(&self, sale: &Sale, line: u16) -> Option<Quantity> {
        let sold = sale.lines.get(usize::from(line))?.quantity;
        let returned = self.lines.get(&line).map_or(0, |sum| sum.quantity);
        Some(sold.with_number(sold.number().saturating_sub(returned)))
    }

    /// All refunds so far, fen.
    pub fn total(&self) -> Fen {
        self.lines.values().map(|sum| sum.amount).sum()
    }
}

/// The lines of a refund and what each brings back.
///
/// Amounts are cumulative shares: after `q` of `Q` came back, `round(paid × q / Q)` has been returned, so parts never
/// exceed the whole and the last takes the residue. *Errors:* [`RefundError`].
pub fn lines(sale: &Sale, returned: &Returned, wanted: &[Wanted]) -> Result<Vec<RefundLine>, RefundError> {
    if wanted.is_empty() {
        return Err(RefundError::Nothing);
    }
    let mut seen = std::collections::BTreeSet::new();
    wanted
        .iter()
        .map(
            |want| {
                if seen.insert(want.line) {
                    line(sale, returned, *want)
                } else {
                    Err(RefundError::NoSuchLine)
                }
            },
        )
        .collect()
}

fn line(sale: &Sale, returned: &Returned, want: Wanted) -> Result<RefundLine, RefundError> {
    let sold = sale.lines.get(usize::from(want.line)).ok_or(RefundError::NoSuchLine)?;
    if !sold.quantity.same_kind(want.quantity) {
        return Err(RefundError::NoSuchLine);
    }
    let before = returned.lines.get(&want.line).copied().unwrap_or_default();
    let after = before.quantity.saturating_add(want.quantity.number());
    if want.quantity.number() <= 0 || after > sold.quantity.number() {
        return Err(RefundError::MoreThanSold);
    }
    let share = |whole: Fen, already: Fen| {
        let exact = i128::from(whole.0).saturating_mul(i128::from(after));
        div_round_half_up(exact, i128::from(sold.quantity.number()))
            .map(|cumulative| Fen(cumulative) - already)
    };
    let amount = share(sold.paid, before.amount).ok_or(RefundError::MoreThanSold)?;
    let gross = share(sold.gross, before.gross).ok_or(RefundError::MoreThanSold)?;
    // Tax comes back cumulatively too, so a line returned in parts gives back exactly the tax it was sold with.
    let net = share(sold.net, before.net).ok_or(RefundError::MoreThanSold)?.max(Fen::ZERO).min(amount);
    Ok(RefundLine {
        line: Some(want.line),
        item: sold.item.clone(),
        name: sold.name.clone(),
        unit: sold.unit.clone(),
        quantity: want.quantity,
        gross,
        amount,
        net,
        tax_fen: amount - net,
        tax: sold.tax.clone(),
        disposition: want.disposition,
    })
}

/// How a refund is paid out: to the sale's own tenders, in proportion to what each has left.
///
/// A complete refund returns each tender in full. *Errors:* [`RefundError::MoreThanPaid`].
pub fn tenders(sale: &Sale, returned: &Returned, total: Fen) -> Result<Vec<Tendered>, RefundError> {
    let mut left: BTreeMap<&str, Fen> = BTreeMap::new();
    for tendered in &sale.tenders {
        *left.entry(&tendered.tender).or_default() += tendered.amount;
    }
    for (code, amount) in &returned.tenders {
        // What a supervisor paid out in cash instead of the sale's tender reduces the first tender that has some left.
        let mut owed = *amount;
        let own = left.get_mut(code.as_str()).into_iter();
        for slot in own {
            let taken = owed.min(*slot);
            *slot -= taken;
            owed -= taken;
        }
        for slot in left.values_mut() {
            let taken = owed.min(*slot);
            *slot -= taken;
            owed -= taken;
        }
    }
    let weights: Vec<Fen> = left.values().copied().collect();
    if total > weights.iter().copied().sum() {
        return Err(RefundError::MoreThanPaid);
    }
    let parts = by_largest_remainder(total, &weights).ok_or(RefundError::MoreThanPaid)?;
    let paid = left.into_keys().zip(parts).filter(|(_, part)| part.is_positive());
    Ok(paid
        .map(|(tender, amount)| Tendered { tender: tender.to_owned(), amount, given: None, reference: None })
        .collect())
}
