//! Giving money back: whole sales, single lines, parts of lines, split tenders, and receipts of other tills.
//!
//! *Invariant:* refunds of one sale never add up to more than was paid, and when everything has been returned to the
//! tenders it came from they are exactly what was paid, line by line and tender by tender, discount, 抹零 and tax
//! included: the last part takes the residue. Cash that a supervisor pays out for another tender counts against that
//! tender. Cash is paid out in coins that the drawer has: see [`payout`].

pub mod payout;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::money::{Fen, div_round_half_up};
use crate::quantity::Quantity;
use crate::sale::{Line, Sale, Tendered};
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
        /// The hub's reservation; `None` when the hub did not answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reservation: Option<String>,
        /// The hub was not heard, so that another till may have refunded it too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        offline: bool,
    },
    /// No recorded sale is at hand, because the hub is silent or has none: somebody cites the number and answers for it, and the
    /// hub reports doubles.
    Cited {
        /// The printed number on the customer's receipt.
        number: String,
        /// The hub's reservation; `None` when the hub did not answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reservation: Option<String>,
    },
}

impl Origin {
    /// The printed number of the sale.
    pub fn number(&self) -> &str {
        let (Origin::Sale { number, .. } | Origin::Cited { number, .. }) = self;
        number
    }

    /// The hub's reservation, which ends with this refund.
    pub fn reservation(&self) -> Option<&str> {
        let (Origin::Sale { reservation, .. } | Origin::Cited { reservation, .. }) = self;
        reservation.as_deref()
    }

    /// Paid out from the till's own ledger while the hub was not heard.
    pub fn is_offline(&self) -> bool {
        matches!(self, Origin::Sale { offline: true, .. })
    }
}

/// A recorded refund. Amounts are positive; the entry's kind says that they go out.
///
/// *Invariants:* `total = Σ line.amount = Σ tender.amount`; for each line `net + tax_fen = amount` and
/// `amount + rounding ≤ gross`. A line of quantity 0 pays out what was held back of it before.
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
    /// Goods value before discounts and 抹零.
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
    /// Share of the sale's 抹零 within `gross − amount`, and of what this refund held back because cash has no such
    /// coins; below zero where that is paid out at last.
    #[serde(rename = "r", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub rounding: Fen,
    /// Where the goods go.
    #[serde(rename = "to")]
    pub disposition: Disposition,
}

impl RefundLine {
    /// A line of a cited sale, rung from the catalogue because the sale's own lines are not at hand.
    pub fn cited(rung: &Line, disposition: Disposition) -> RefundLine {
        let amount = rung.amount();
        let (net, tax_fen) = rung.tax.split(amount);
        RefundLine {
            line: None,
            item: rung.item.clone(),
            name: rung.name.clone(),
            unit: rung.unit.clone(),
            quantity: rung.quantity,
            gross: rung.gross,
            amount,
            net,
            tax_fen,
            tax: rung.tax.clone(),
            rounding: Fen::ZERO,
            disposition,
        }
    }

    /// The discount that goes back with it.
    pub fn discount(&self) -> Fen {
        self.gross - self.amount - self.rounding
    }
}

/// What earlier refunds of one sale have returned already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    lines: BTreeMap<u16, LineReturned>,
    tenders: BTreeMap<String, Fen>,
    total: Fen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LineReturned {
    quantity: i64,
    gross: Fen,
    amount: Fen,
    net: Fen,
    rounding: Fen,
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
    /// The chain has no cash tender.
    #[error("there is no cash tender")]
    NoCash,
}

impl Returned {
    /// Sums the earlier refunds of one sale. Goods of a cited refund are taken from the lines that sold such goods.
    pub fn of<'a>(sale: &Sale, refunds: impl IntoIterator<Item = &'a Refund>) -> Returned {
        let mut returned = Returned::default();
        let mut cited = vec![];
        for refund in refunds {
            returned.add(refund);
            cited.extend(refund.lines.iter().filter(|line| line.line.is_none()));
        }
        for line in cited {
            returned.add_cited(sale, line);
        }
        returned
    }

    /// Adds one refund of lines that are at hand.
    pub fn add(&mut self, refund: &Refund) {
        refund.lines.iter().for_each(|line| self.add_line(line));
        for tendered in &refund.tenders {
            *self.tenders.entry(tendered.tender.clone()).or_default() += tendered.amount;
        }
        self.total += refund.total;
    }

    fn add_line(&mut self, line: &RefundLine) {
        let Some(index) = line.line else { return };
        let sum = self.lines.entry(index).or_default();
        sum.quantity = sum.quantity.saturating_add(line.quantity.number());
        sum.gross += line.gross;
        sum.amount += line.amount;
        sum.net += line.net;
        sum.rounding += line.rounding;
    }

    /// What was paid out for it is known by tender; of the lines it takes what they would have brought back.
    fn add_cited(&mut self, sale: &Sale, cited: &RefundLine) {
        let mut rest = cited.quantity.number();
        for (index, sold) in (0u16..).zip(&sale.lines) {
            let left = self.left_of(sale, index).map_or(0, Quantity::number);
            let taken = rest.min(left);
            if taken <= 0 || sold.item != cited.item || !sold.quantity.same_kind(cited.quantity) {
                continue;
            }
            let quantity = cited.quantity.with_number(taken);
            let want = Wanted { line: index, quantity, disposition: cited.disposition };
            if let Ok(line) = line(sale, self, want) {
                self.add_line(&line);
            }
            rest = rest.saturating_sub(taken);
        }
    }

    /// What of a sale's line may still come back, grams or pieces; nothing when more came back than was sold.
    pub fn left_of(&self, sale: &Sale, line: u16) -> Option<Quantity> {
        let sold = sale.lines.get(usize::from(line))?.quantity;
        let returned = self.lines.get(&line).map_or(0, |sum| sum.quantity);
        Some(sold.with_number(sold.number().saturating_sub(returned).max(0)))
    }

    /// Everything that may still come back, with one disposition for all of it.
    pub fn everything_left(&self, sale: &Sale, disposition: Disposition) -> Vec<Wanted> {
        let lines = (0u16..).zip(&sale.lines).filter_map(|(line, _)| {
            let quantity = self.left_of(sale, line)?;
            (quantity.number() > 0).then_some(Wanted { line, quantity, disposition })
        });
        lines.collect()
    }

    /// What each of a sale's tenders took and has not given back, in the order in which they were taken.
    ///
    /// *Invariant:* the parts sum to what was paid minus what was refunded.
    pub fn left_of_tenders(&self, sale: &Sale) -> Vec<(String, Fen)> {
        let mut left: Vec<(String, Fen)> = vec![];
        for tendered in &sale.tenders {
            match left.iter_mut().find(|(code, _)| *code == tendered.tender) {
                Some((_, sum)) => *sum += tendered.amount,
                None => left.push((tendered.tender.clone(), tendered.amount)),
            }
        }
        // First what went back to the tender it came from, then the cash that stood in for another tender.
        let mut stood_in = Fen::ZERO;
        for (code, given_back) in &self.tenders {
            let own = left.iter_mut().find(|(taken, _)| taken == code);
            stood_in += *given_back - own.map_or(Fen::ZERO, |(_, slot)| reduce(slot, *given_back));
        }
        for (_, slot) in &mut left {
            stood_in -= reduce(slot, stood_in);
        }
        left
    }

    /// All refunds so far, fen.
    pub fn total(&self) -> Fen {
        self.total
    }
}

/// The lines of a refund and what each brings back, to the fen.
fn lines(sale: &Sale, returned: &Returned, wanted: &[Wanted]) -> Result<Vec<RefundLine>, RefundError> {
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
    // Each figure is a share of the one before it, cumulative over all parts: quantity → gross → amount → net. So no
    // part is negative, none exceeds what it is part of, and the last takes the residue of every figure.
    let gross = share(sold.gross, after, sold.quantity.number());
    let amount = share(sold.paid, gross.0, sold.gross.0);
    let net = share(sold.net, amount.0, sold.paid.0);
    let rounding = share(sold.rounding, (gross - amount).0, (sold.gross - sold.paid).0);
    // More than its share went out by citing: what is left is nothing, never less.
    let amount = (amount - before.amount).max(Fen::ZERO);
    let net = (net - before.net).clamp(Fen::ZERO, amount);
    Ok(RefundLine {
        line: Some(want.line),
        item: sold.item.clone(),
        name: sold.name.clone(),
        unit: sold.unit.clone(),
        quantity: want.quantity,
        gross: gross - before.gross,
        amount,
        net,
        tax_fen: amount - net,
        tax: sold.tax.clone(),
        rounding: rounding - before.rounding,
        disposition: want.disposition,
    })
}

/// `whole × done / all`, half up; nothing of nothing.
fn share(whole: Fen, done: i64, all: i64) -> Fen {
    let exact = i128::from(whole.0).saturating_mul(i128::from(done));
    div_round_half_up(exact, i128::from(all)).map_or(Fen::ZERO, Fen)
}

/// Takes up to `amount` out of a slot and says how much it took.
fn reduce(slot: &mut Fen, amount: Fen) -> Fen {
    let taken = amount.min(*slot);
    *slot -= taken;
    taken
}
