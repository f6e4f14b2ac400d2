//! Taking tenders, and closing the sale when nothing remains.

use suanpan_contract::{Code, Level};
use suanpan_domain::catalogue::Tender;
use suanpan_domain::entry::{Entry, TendersCleared};
use suanpan_domain::money::Fen;
use suanpan_domain::sale::settle::{self, Stamp, Taken};
use suanpan_domain::sale::{Sale, Tendered};

use super::closed;
use super::counter::Question;
use super::kinds::{Asked, Done, Turn};
use super::ring;
use crate::say::{Say, yuan};

/// Stands for the reference while it is found out whether a tender would be taken with one.
const ANY_REFERENCE: &str = "-";

/// Shorter, a payment cannot be found by it: a terminal's slip is asked for by its last four digits at least.
const REFERENCE_LEN_MIN: usize = 4;

/// How codes about scanning begin.
const SCANNING: &str = "POS-SCN-";

/// Receipts of the day among which a reference is looked for, newest first.
const RECEIPTS_LOOKED_AT: u32 = 500;

/// Takes a tender; the one that covers the rest closes the sale. What would refuse it is said before its reference is
/// asked for: by then the customer has paid.
pub(crate) fn tender(
    turn: &mut Turn<'_>,
    code: &str,
    amount: Option<i64>,
    reference: Option<String>,
) -> Done {
    let shift = turn.own_shift()?;
    let rule = turn.shop.book.settings.rounding;
    let tender = turn.shop.trade.tender(code).ok_or(Code::UnknownTender)?.clone();
    let left = settle::remaining(turn.basket()?, rule);
    let wanted = if tender.rounds { left.in_cash() } else { left.amount };
    let is_rest = amount.is_none() && turn.desk.is_tendered();
    let amount = amount.map_or(wanted, Fen);
    if amount > wanted && !tender.gives_change {
        return Err(Say::new(Code::TenderOverpays).with("amount", yuan(wanted)).into());
    }
    ask_about_cash(turn, &tender, amount, wanted, is_rest)?;
    if tender.needs_reference && reference.as_deref().is_none_or(|text| text.trim().is_empty()) {
        let mut tried = turn.basket()?.clone();
        settle::take(&mut tried, &tender, amount, Some(ANY_REFERENCE.to_owned()), rule)?;
        turn.desk.asked = Some(Asked::Own(Question::Reference { tender: tender.code, amount }));
        return Ok(());
    }
    if let Some(text) = &reference
        && ring::is_goods(turn, text)?
    {
        return Err(Code::GoodsAsReference.into());
    }
    let mut after = turn.basket()?.clone();
    let taken = settle::take(&mut after, &tender, amount, reference, rule)?;
    if let Some(reference) = after.tenders.last().and_then(|taken| taken.reference.as_deref()) {
        ask_about_reference(turn, code, reference, shift.business_date)?;
    }
    turn.desk.asked = None;
    *turn.basket()? = after;
    match taken {
        Taken::Partly(remaining) => {
            // As the pay panel names it: what is due in cash stands beside it under its own name.
            let (taken, left) = (turn.basket()?.totals().tendered, yuan(remaining.amount));
            turn.say(Say::new(Code::TenderTaken).with("amount", yuan(taken)).with("left", left));
            Ok(())
        }
        Taken::Fully { rounding, .. } => {
            let number = turn.shop.next_number(shift.business_date)?;
            let cashier = turn.person()?.code.clone();
            let sale = settle::settle(turn.basket()?, rounding, Stamp { number, shift: shift.id, cashier })?;
            close(turn, sale);
            Ok(())
        }
    }
}

/// Asks before cash far above what is due, and before a bare Enter takes the rest: a key that bounces after a part was
/// taken would close the sale.
fn ask_about_cash(turn: &Turn<'_>, tender: &Tender, amount: Fen, wanted: Fen, is_rest: bool) -> Done {
    let over = amount - wanted;
    if !tender.gives_change {
        return Ok(());
    }
    if is_rest {
        return turn.agree(Say::new(Code::RestInCash).with("amount", yuan(amount)));
    }
    if over > turn.shop.book.settings.cash_over_ask {
        return turn
            .agree(Say::new(Code::CashFarAbove).with("amount", yuan(amount)).with("over", yuan(over)));
    }
    Ok(())
}

/// Asks when a reference is too short to find a payment by, or has paid before, here or on another receipt of the day: one
/// payment pays one sale.
fn ask_about_reference(turn: &mut Turn<'_>, tender: &str, reference: &str, date: u32) -> Done {
    let used_in = |tenders: &[Tendered]| {
        let is_it =
            |taken: &&Tendered| taken.tender == tender && taken.reference.as_deref() == Some(reference);
        tenders.iter().find(is_it).map(|taken| taken.amount)
    };
    if let Some(amount) = used_in(&turn.basket()?.tenders) {
        let say = Say::new(Code::ReferenceTwice).with("reference", reference);
        return turn.agree(say.with("amount", yuan(amount)));
    }
    for document in turn.shop.documents_of(date, RECEIPTS_LOOKED_AT)? {
        let Entry::Sale(sale) = &document.entry else { continue };
        if let Some(amount) = used_in(&sale.tenders) {
            let number = turn.shop.number_of(&document, sale.number);
            let say = Say::new(Code::ReferenceUsed).with("reference", reference).with("number", number);
            return turn.agree(say.with("amount", yuan(amount)));
        }
    }
    // A name on account is short in Chinese; a terminal's number is not.
    if reference.is_ascii() && reference.len() < REFERENCE_LEN_MIN {
        return turn.agree(Say::new(Code::ReferenceShort).with("reference", reference));
    }
    Ok(())
}

/// Says what was taken of a sale that is not closed, and what remains; `None` when nothing was.
pub(crate) fn open_payment(turn: &Turn<'_>) -> Option<Say> {
    let basket = turn.desk.basket.as_ref().filter(|basket| !basket.tenders.is_empty())?;
    let left = settle::remaining(basket, turn.shop.book.settings.rounding).amount;
    Some(Say::new(Code::PaymentOpen).with("amount", yuan(basket.totals().tendered)).with("left", yuan(left)))
}

fn close(turn: &mut Turn<'_>, sale: Sale) {
    turn.clear_counter();
    forget_refused_scans(turn);
    turn.desk.closed = Some(closed::sale(&sale));
    turn.kicks_drawer = sale.tenders.iter().any(|tendered| turn.shop.trade.opens_drawer(&tendered.tender));
    turn.entries.push(Entry::Sale(sale));
}

/// A refused scan's alarm is about the sale that closes: it must not swallow the next customer's scans. What it said is
/// not lost, goods that were scanned are not on this receipt.
fn forget_refused_scans(turn: &mut Turn<'_>) {
    let Some(message) = &turn.desk.message else { return };
    let is_about_scan = message.level == Level::Error && message.code.text().starts_with(SCANNING);
    let scans = message.refused.saturating_add(u32::from(is_about_scan));
    let ends = is_about_scan || matches!(message.code, Code::PaymentCodeAsReference | Code::GoodsAsReference);
    if ends {
        turn.desk.message = None;
    }
    if ends && scans > 0 {
        turn.say(Say::new(Code::ScanLeftOut).with("count", scans));
    }
}

/// Gives the tenders back: lines may change again.
pub(crate) fn clear_tenders(turn: &mut Turn<'_>) -> Done {
    turn.own_shift()?;
    let by = turn.person()?.code.clone();
    let basket = turn.basket()?;
    if basket.tenders.is_empty() {
        return Err(Code::NothingWaiting.into());
    }
    let cleared = TendersCleared { basket: basket.id, tenders: basket.clear_tenders(), by };
    let (cash, other) = turn.shop.trade.cash_and_other(&cleared.tenders);
    turn.entries.push(Entry::TendersCleared(cleared));
    turn.say(match (cash.is_positive(), other.is_positive()) {
        (true, true) => {
            Say::new(Code::TendersClearedBoth).with("cash", yuan(cash)).with("other", yuan(other))
        }
        (false, true) => Say::new(Code::TendersReversed).with("amount", yuan(other)),
        _ => Say::new(Code::TendersCleared).with("amount", yuan(cash)),
    });
    Ok(())
}
