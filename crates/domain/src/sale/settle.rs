//! Taking tenders and turning a paid basket into a sale.

use super::{Basket, BasketError, Line, Sale, SaleLine, Tendered};
use crate::apportion::by_largest_remainder;
use crate::barcode::payment_code;
use crate::catalogue::{Rounding, Tender};
use crate::ids::Id;
use crate::money::Fen;

/// What remains to be paid, and what it would be in cash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Due minus what other tenders covered.
    pub amount: Fen,
    /// 抹零 if the rest is paid by a tender that rounds.
    pub rounding: Fen,
}

impl Remaining {
    /// What a cash customer pays.
    pub fn in_cash(self) -> Fen {
        self.amount - self.rounding
    }
}

/// Why a tender was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenderError {
    /// Nothing has been rung.
    #[error("the basket is empty")]
    EmptyBasket,
    /// The amount is not above zero, or above the largest.
    #[error("the amount is out of range")]
    OutOfRange,
    /// Only tenders that give change may exceed what remains.
    #[error("this tender may not exceed what remains")]
    Overpays,
    /// This tender wants a reference, and there is none (or more than 64 characters).
    #[error("this tender needs a reference")]
    NeedsReference,
    /// The reference is the customer's payment code, which pays nothing until a terminal has charged it.
    #[error("a payment code is no reference")]
    PaymentCode,
    /// The basket refused it.
    #[error(transparent)]
    Basket(#[from] BasketError),
}

/// What taking a tender did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Something still remains.
    Partly(Remaining),
    /// All is covered: the basket can be closed with [`settle`].
    Fully {
        /// 抹零 of the cash remainder.
        rounding: Fen,
        /// Cash to give back.
        change: Fen,
    },
}

/// What remains of a basket under a 抹零 rule.
///
/// 抹零 applies to the cash remainder after other tenders, downward only. It never swallows all that another tender
/// left over: then nobody would pay cash, and 抹零 would be a discount on that other tender.
pub fn remaining(basket: &Basket, rounding: Rounding) -> Remaining {
    let totals = basket.totals();
    let amount = totals.due - totals.tendered;
    let in_cash = amount.floor_to(rounding.step());
    let swallows_all = in_cash.is_zero() && totals.tendered.is_positive();
    Remaining { amount, rounding: if swallows_all { Fen::ZERO } else { amount - in_cash } }
}

/// Takes a tender: `amount` is what the customer hands over.
///
/// *Errors:* [`TenderError`]; the basket is unchanged then.
pub fn take(
    basket: &mut Basket,
    tender: &Tender,
    amount: Fen,
    reference: Option<String>,
    rounding: Rounding,
) -> Result<Taken, TenderError> {
    if basket.is_empty() {
        return Err(TenderError::EmptyBasket);
    }
    let left = remaining(basket, rounding);
    let let_off = if tender.rounds { left.rounding } else { Fen::ZERO };
    let wanted = left.amount - let_off;
    // A basket of nothing but free goods is closed with a tender of zero.
    let is_free = wanted.is_zero() && amount.is_zero();
    if !(amount.is_positive() || is_free) || amount > Fen::MAX {
        return Err(TenderError::OutOfRange);
    }
    if amount > wanted && !tender.gives_change {
        return Err(TenderError::Overpays);
    }
    let reference = reference.filter(|text| !text.trim().is_empty());
    let too_long = reference.as_ref().is_some_and(|text| text.chars().count() > 64);
    if too_long || (tender.needs_reference && reference.is_none()) {
        return Err(TenderError::NeedsReference);
    }
    if reference.as_deref().and_then(payment_code).is_some() {
        return Err(TenderError::PaymentCode);
    }
    let pays = amount.min(wanted);
    let change = amount - pays;
    let given = change.is_positive().then_some(amount);
    basket.add_tender(Tendered { tender: tender.code.clone(), amount: pays, given, reference })?;
    if pays == wanted {
        return Ok(Taken::Fully { rounding: let_off, change });
    }
    Ok(Taken::Partly(remaining(basket, rounding)))
}

/// Who, when and where: what a sale records beside the basket.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Gapless number.
    pub number: u32,
    /// Shift.
    pub shift: Id,
    /// Cashier's staff number.
    pub cashier: String,
}

/// Closes a fully tendered basket: apportions discounts and 抹零 to lines and splits out tax.
///
/// *Errors:* [`TenderError::Overpays`] or [`TenderError::OutOfRange`] when the tenders with `rounding` do not add
/// up to what is due, [`TenderError::EmptyBasket`]; the basket is untouched.
pub fn settle(basket: &Basket, rounding: Fen, stamp: Stamp) -> Result<Sale, TenderError> {
    if basket.is_empty() {
        return Err(TenderError::EmptyBasket);
    }
    let totals = basket.totals();
    let due = totals.due - rounding;
    match totals.tendered.cmp(&due) {
        std::cmp::Ordering::Less => return Err(TenderError::OutOfRange),
        std::cmp::Ordering::Greater => return Err(TenderError::Overpays),
        std::cmp::Ordering::Equal => {}
    }
    let lines = apportion_lines(basket, rounding).ok_or(TenderError::OutOfRange)?;
    let change = basket.tenders.iter().filter_map(|t| t.given.map(|given| given - t.amount)).sum();
    Ok(Sale {
        id: basket.id,
        number: stamp.number,
        shift: stamp.shift,
        cashier: stamp.cashier,
        cut: basket.cut.clone(),
        lines,
        discount: totals.discount,
        rounding,
        due,
        tenders: basket.tenders.clone(),
        change,
        approver: basket.discount_approver.clone(),
    })
}

fn apportion_lines(basket: &Basket, rounding: Fen) -> Option<Vec<SaleLine>> {
    let amounts: Vec<Fen> = basket.lines.iter().map(Line::amount).collect();
    let basket_discount =
        basket.discount.map_or(Fen::ZERO, |discount| discount.of(amounts.iter().copied().sum()));
    let discounts = by_largest_remainder(basket_discount, &amounts)?;
    let discounted: Vec<Fen> =
        amounts.iter().zip(&discounts).map(|(amount, share)| *amount - *share).collect();
    let roundings = by_largest_remainder(rounding, &discounted)?;
    let shares = discounted.into_iter().zip(roundings);
    Some(
        basket
            .lines
            .iter()
            .zip(shares)
            .map(|(line, (amount, share))| sale_line(line, amount - share, share))
            .collect(),
    )
}

fn sale_line(line: &Line, paid: Fen, rounding: Fen) -> SaleLine {
    let (net, tax_fen) = line.tax.split(paid);
    SaleLine {
        item: line.item.clone(),
        name: line.name.clone(),
        unit: line.unit.clone(),
        quantity: line.quantity,
        price: line.price,
        list_price: line.list_price,
        gross: line.gross,
        paid,
        net,
        tax_fen,
        tax: line.tax.clone(),
        rounding,
        source: line.source,
        tare_g: line.tare_g,
        scanned: line.scanned.clone().filter(|_| line.source.is_some()),
        approver: line.approver.clone(),
    }
}
