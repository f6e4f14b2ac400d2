//! How a refund is paid out: to the sale's own tenders or in cash, and in coins that the drawer has.
//!
//! Cash is rounded as at the sale: down to the chain's 抹零 step. Another tender of the sale takes what cash has no
//! coins for; what none can take is held back from the lines, and the refund that returns the last of the goods pays
//! it out, since cash that was taken in coins goes back in coins.

use super::{Disposition, RefundError, RefundLine, Returned, Wanted, lines, share};
use crate::apportion::by_largest_remainder;
use crate::money::Fen;
use crate::sale::{Sale, SaleLine, Tendered};

/// Where a refund's money goes.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// Code of the tender that lies in the drawer, if the chain has one.
    pub cash: Option<&'a str>,
    /// Step that cash is rounded down to, in fen.
    pub step: i64,
    /// Pays cash whatever the sale's tenders were.
    pub to_cash: bool,
    /// Tenders that nothing can go back to: cash stands in for them.
    pub kept: &'a [&'a str],
}

/// A refund as it will be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// What comes back.
    pub lines: Vec<RefundLine>,
    /// What is paid out.
    pub total: Fen,
    /// How; none when nothing is.
    pub tenders: Vec<Tendered>,
    /// What is held back because cash has no such coins.
    pub held: Fen,
    /// Cash that stands in for other tenders. Above zero, a supervisor decides.
    pub stands_in: Fen,
}

/// Works out what returned goods bring back and how it is paid out.
///
/// *Errors:* [`RefundError`].
pub fn payout(
    sale: &Sale,
    returned: &Returned,
    wanted: &[Wanted],
    way: &Way<'_>,
) -> Result<Payout, RefundError> {
    let mut lines = lines(sale, returned, wanted)?;
    lines.extend(residues(sale, returned, &lines));
    let due: Fen = lines.iter().map(|line| line.amount).sum();
    let left = returned.left_of_tenders(sale);
    if due > left.iter().map(|(_, amount)| *amount).sum() {
        return Err(RefundError::MoreThanPaid);
    }
    let (tenders, stands_in) = if way.to_cash { in_cash(due, &left, way) } else { as_paid(due, &left, way) }?;
    let total = tenders.iter().map(|tendered| tendered.amount).sum();
    let held = due - total;
    for (line, part) in held_of(held, &mut lines)? {
        hold_back(sale, returned, line, part);
    }
    Ok(Payout { lines, total, tenders, held, stands_in })
}

/// Rounds a cited refund, whose sale is not at hand, as cash is.
///
/// *Errors:* [`RefundError::Nothing`] without lines.
pub fn cited(mut lines: Vec<RefundLine>, tender: &str, step: i64) -> Result<Payout, RefundError> {
    if lines.is_empty() {
        return Err(RefundError::Nothing);
    }
    let due: Fen = lines.iter().map(|line| line.amount).sum();
    let total = due.floor_to(step);
    let held = due - total;
    for (line, part) in held_of(held, &mut lines)? {
        line.amount -= part;
        line.rounding += part;
        (line.net, line.tax_fen) = line.tax.split(line.amount);
    }
    Ok(Payout { lines, total, tenders: paid(tender, total), held, stands_in: Fen::ZERO })
}

/// What was held back of lines that are returned already, once the last goods come back: lines of quantity 0.
fn residues(sale: &Sale, returned: &Returned, now: &[RefundLine]) -> Vec<RefundLine> {
    let comes_back = |line: u16| now.iter().find(|back| back.line == Some(line));
    let is_last = (0u16..).zip(&sale.lines).all(|(line, _)| {
        let left = returned.left_of(sale, line).map_or(0, |left| left.number());
        comes_back(line).map_or(0, |back| back.quantity.number()) >= left
    });
    let residue = |(index, sold): (u16, &SaleLine)| {
        let before = returned.lines.get(&index).copied().unwrap_or_default();
        let amount = sold.paid - before.amount;
        if !is_last || comes_back(index).is_some() || !amount.is_positive() {
            return None;
        }
        let net = (sold.net - before.net).clamp(Fen::ZERO, amount);
        Some(RefundLine {
            line: Some(index),
            item: sold.item.clone(),
            name: sold.name.clone(),
            unit: sold.unit.clone(),
            quantity: sold.quantity.with_number(0),
            gross: Fen::ZERO,
            amount,
            net,
            tax_fen: amount - net,
            tax: sold.tax.clone(),
            rounding: -amount,
            disposition: now.first().map_or(Disposition::Loss, |line| line.disposition),
        })
    };
    (0u16..).zip(&sale.lines).filter_map(residue).collect()
}

fn hold_back(sale: &Sale, returned: &Returned, line: &mut RefundLine, part: Fen) {
    let sold = line.line.and_then(|index| Some((index, sale.lines.get(usize::from(index))?)));
    let Some((index, sold)) = sold.filter(|_| part.is_positive()) else { return };
    let before = returned.lines.get(&index).copied().unwrap_or_default();
    line.amount -= part;
    line.rounding += part;
    let net = share(sold.net, (before.amount + line.amount).0, sold.paid.0) - before.net;
    line.net = net.clamp(Fen::ZERO, line.amount);
    line.tax_fen = line.amount - line.net;
}

type Paid = (Vec<Tendered>, Fen);

fn in_cash(due: Fen, left: &[(String, Fen)], way: &Way<'_>) -> Result<Paid, RefundError> {
    let cash = way.cash.ok_or(RefundError::NoCash)?;
    let (own, others) = by_kind(left, way);
    let total = if due == own && others.is_zero() { due } else { due.floor_to(way.step) };
    Ok((paid(cash, total), (total - own).max(Fen::ZERO)))
}

/// To the sale's own tenders, in proportion to what each has left: all that is left returns each in full.
fn as_paid(due: Fen, left: &[(String, Fen)], way: &Way<'_>) -> Result<Paid, RefundError> {
    let weights: Vec<Fen> = left.iter().map(|(_, amount)| *amount).collect();
    let (own, others) = by_kind(left, way);
    let is_cash = |code: &str| way.cash == Some(code);
    let shares = parts(due, weights)?;
    let share: Fen =
        left.iter().zip(shares).filter(|((code, _), _)| is_cash(code)).map(|(_, part)| part).sum();
    let cash = if due == own + others { own } else { coins(due, share, own, others, way.step) };
    let rest = (due - cash).min(others);
    let weight = |(code, amount): &(String, Fen)| if is_cash(code) { Fen::ZERO } else { *amount };
    let rests = parts(rest, left.iter().map(weight).collect())?;
    let mut tenders = vec![];
    let mut stands_in = Fen::ZERO;
    for ((code, _), part) in left.iter().zip(rests) {
        match () {
            () if is_cash(code) => tenders.extend(paid(code, cash)),
            () if way.kept.contains(&code.as_str()) => stands_in += part,
            () => tenders.extend(paid(code, part)),
        }
    }
    if stands_in.is_positive() {
        let code = way.cash.ok_or(RefundError::NoCash)?;
        tenders.retain(|tendered| tendered.tender != code);
        tenders.extend(paid(code, (cash + stands_in).floor_to(way.step)));
    }
    Ok((tenders, stands_in))
}

/// What cash pays of a part: near its share, in coins, and as much as the others cannot take.
fn coins(due: Fen, share: Fen, own: Fen, others: Fen, step: i64) -> Fen {
    let at_least = due - others;
    let down = share.floor_to(step);
    if down >= at_least {
        return down;
    }
    let up = (at_least + Fen(step.saturating_sub(1))).floor_to(step);
    if up <= own.min(due) { up } else { own.min(due).floor_to(step) }
}

/// What is left of cash, and of everything else.
fn by_kind(left: &[(String, Fen)], way: &Way<'_>) -> (Fen, Fen) {
    let sum = |wants_cash: bool| {
        let some = left.iter().filter(|(code, _)| (way.cash == Some(code.as_str())) == wants_cash);
        some.map(|(_, amount)| *amount).sum()
    };
    (sum(true), sum(false))
}

/// Each line with its part of what is held back.
fn held_of(
    held: Fen,
    lines: &mut [RefundLine],
) -> Result<impl Iterator<Item = (&mut RefundLine, Fen)>, RefundError> {
    let held = parts(held, lines.iter().map(|line| line.amount).collect())?;
    Ok(lines.iter_mut().zip(held))
}

fn parts(total: Fen, weights: Vec<Fen>) -> Result<Vec<Fen>, RefundError> {
    by_largest_remainder(total, &weights).ok_or(RefundError::MoreThanPaid)
}

fn paid(tender: &str, amount: Fen) -> Vec<Tendered> {
    let tendered = Tendered { tender: tender.to_owned(), amount, given: None, reference: None };
    if amount.is_zero() { vec![] } else { vec![tendered] }
}
