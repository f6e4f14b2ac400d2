//! Refunds of a sale whose lines are at hand: this till's own, or another till's that the hub shows. Before anything is
//! shown, and again before anything is paid out, the hub is asked for the receipt.

use suanpan_contract::pos::{ClosedView, Found, RefundLineInput, RefundView, RefundedLine};
use suanpan_contract::{ApproveAction, ApproveReason, Code, HubWord};
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::{DocumentNumber, Id};
use suanpan_domain::refund::payout::{Payout, Way, payout};
use suanpan_domain::refund::{Disposition, Origin, Refund, RefundLine, Returned, Wanted};
use suanpan_domain::sale::Sale;
use suanpan_ledger::Written;
use suanpan_sync::REFUND_KEPT_MS;

use super::closed::{self, going_back};
use super::hub_word::{self, Word};
use super::kinds::{Done, Stop, Turn};
use super::receipt::{Kept, Refundable, not_found};
use super::view;
use crate::approval::Approval;
use crate::say::{Say, yuan};
use crate::text;

/// Looks a sale up by its printed number, or by its id when a number found two.
pub(crate) fn look_up(turn: &mut Turn<'_>, typed: &str) -> Done {
    turn.own_shift()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let (found, number) = if let Ok(id) = typed.trim().parse::<Id>() {
        (turn.shop.document(id)?.into_iter().collect(), None)
    } else {
        let number: DocumentNumber = typed.parse().map_err(|_| not_found(typed))?;
        (turn.shop.documents_by_number(&number)?, Some(number))
    };
    let refundable = match (found.as_slice(), number) {
        ([], None) => {
            turn.shop.needs_all()?;
            return Err(not_found(typed).into());
        }
        ([], Some(number)) => {
            let is_ours = turn.shop.is_ours(&number);
            if is_ours {
                turn.shop.needs_all()?;
            }
            others_sale(turn, &number.to_string(), is_ours)?
        }
        ([one], _) => own_sale(turn, one, true)?.ok_or_else(|| not_found(typed))?,
        (several, _) => {
            turn.say(Say::new(Code::ReceiptFoundTwice).with("number", typed).with("count", several.len()));
            let documents = several.iter().filter_map(|document| turn.shop.row(document)).collect();
            turn.found = Some(Found::Documents { documents });
            return Ok(());
        }
    };
    if turn.desk.refundable.as_ref().is_some_and(|before| before.number != refundable.number) {
        turn.leave_refund();
    }
    turn.found = Some(Found::Sale { sale: view::refundable(&refundable, &turn.shop.book.settings) });
    turn.desk.refund = Some(RefundView {
        number: refundable.number.clone(),
        hub: refundable.kept.hub(),
        ..RefundView::default()
    });
    (turn.desk.closed, turn.desk.cited) = (None, None);
    turn.desk.refundable = Some(Box::new(refundable));
    Ok(())
}

/// A sale of this ledger, which is the truth about its lines; `None` for a refund. Not asked, nobody else is heard.
fn own_sale(turn: &Turn<'_>, document: &Written, asks: bool) -> Result<Option<Refundable>, Stop> {
    let Entry::Sale(sale) = &document.entry else { return Ok(None) };
    let number = turn.shop.number_of(document, sale.number).to_string();
    let word = if asks { hub_word::word(turn, &number)? } else { Word::Silent };
    let (kept, told) = match word {
        Word::Silent => (Kept::Unasked, vec![]),
        Word::Unknown { reservation, refunds } => (Kept::Unknown { reservation }, refunds),
        Word::Reserved { reservation, refunds, .. } => {
            (Kept::Reserved { reservation, at_ms: turn.now_ms }, refunds)
        }
    };
    let (refunds, hub_knows) = hub_word::refunds_of(turn, sale.id, &number, told)?;
    let returned = Returned::of(sale, &refunds);
    let (sale, at_ms) = (sale.clone(), document.at_ms);
    Ok(Some(Refundable { sale, number, at_ms, returned, kept, hub_knows }))
}

/// A sale that only the hub can show: another till's, or one that this till has lost.
fn others_sale(turn: &Turn<'_>, number: &str, was_ours: bool) -> Result<Refundable, Stop> {
    let (reservation, mut sales, told) = match hub_word::word(turn, number)? {
        Word::Silent if !was_ours => return Err(Code::RefundNeedsHub.into()),
        Word::Silent | Word::Unknown { .. } => return Err(not_found(number).into()),
        Word::Reserved { reservation, sales, refunds } => (reservation, sales, refunds),
    };
    if sales.len() > 1 {
        let say = Say::new(Code::ReceiptFoundTwice).with("number", number).with("count", sales.len());
        return Err(say.into());
    }
    let (at_ms, sale) = sales.pop().ok_or_else(|| not_found(number))?;
    let (refunds, hub_knows) = hub_word::refunds_of(turn, sale.id, number, told)?;
    let kept = Kept::Reserved { reservation, at_ms: turn.now_ms };
    let returned = Returned::of(&sale, &refunds);
    Ok(Refundable { sale, number: number.to_owned(), at_ms, returned, kept, hub_knows })
}

/// The sale that was looked up; one of this ledger needs no look-up.
fn at_hand(turn: &Turn<'_>, sale: &str) -> Result<Refundable, Stop> {
    let id: Id = sale.parse().map_err(|_| Code::BadRequest)?;
    let looked_up = turn.desk.refundable.as_deref().filter(|refundable| refundable.sale.id == id);
    let found = match looked_up {
        Some(refundable) => Some(refundable.clone()),
        None => {
            let own = turn.shop.document(id)?;
            own.map(|document| own_sale(turn, &document, false)).transpose()?.flatten()
        }
    };
    found.ok_or_else(|| not_found(sale).into())
}

/// Asks for the receipt once more: since the look-up another till may have had it, or the hub may have come back.
fn ask_again(turn: &Turn<'_>, before: &Refundable) -> Result<Refundable, Stop> {
    let is_kept = match &before.kept {
        Kept::Reserved { at_ms, .. } => (0..REFUND_KEPT_MS).contains(&turn.now_ms.saturating_sub(*at_ms)),
        Kept::Unasked | Kept::Unknown { .. } => false,
    };
    let is_silent = matches!(hub_word::word(turn, &before.number)?, Word::Silent);
    let now = match turn.shop.document(before.sale.id)? {
        // The hub promised it a moment ago.
        _ if is_silent && is_kept => return Ok(before.clone()),
        Some(document) => own_sale(turn, &document, true)?.ok_or_else(|| not_found(&before.number))?,
        None => others_sale(turn, &before.number, false)?,
    };
    match now.kept {
        _ if now.returned != before.returned => Err(Code::RefundChanged.into()),
        // Whoever approved it was told that the hub was asked.
        Kept::Unasked if before.kept != Kept::Unasked => Err(Code::RefundHubGone.into()),
        _ => Ok(now),
    }
}

/// Shows what chosen lines bring back, and how it would be paid out.
pub(crate) fn quote(turn: &mut Turn<'_>, sale: &str, lines: &[RefundLineInput], to_cash: bool) -> Done {
    turn.own_shift()?;
    let refundable = at_hand(turn, sale)?;
    let shown = match lines {
        [] => RefundView::default(),
        _ => shown(&paid_out(turn, &refundable, lines, to_cash)?, Some(&refundable.sale)),
    };
    turn.desk.refund =
        Some(RefundView { number: refundable.number.clone(), to_cash, hub: refundable.kept.hub(), ..shown });
    Ok(())
}

pub(crate) fn shown(paid: &Payout, sale: Option<&Sale>) -> RefundView {
    let line = |line: &RefundLine| RefundedLine {
        name: line.name.clone(),
        quantity: text::quantity(line.quantity, &line.unit),
        amount_fen: line.amount.0,
        restock: line.disposition == Disposition::Restock,
    };
    RefundView {
        lines: paid.lines.iter().map(line).collect(),
        total_fen: paid.total.0,
        held_fen: paid.held.0,
        tenders: going_back(&paid.tenders, sale),
        ..RefundView::default()
    }
}

/// Nothing is refunded: the till lets go of the receipt.
pub(crate) fn leave(turn: &mut Turn<'_>) -> Done {
    turn.leave_refund();
    Ok(())
}

/// Refunds lines of a sale that was looked up.
pub(crate) fn refund(turn: &mut Turn<'_>, sale: &str, lines: &[RefundLineInput], to_cash: bool) -> Done {
    turn.own_shift()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let before = at_hand(turn, sale)?;
    let paid = paid_out(turn, &before, lines, to_cash)?;
    let approval = |action| approval(action, &before.number, &paid, Some(&before.sale), before.kept.hub());
    let wanted = match paid.stands_in.is_positive() {
        true => approval(ApproveAction::RefundToCash).because(ApproveReason::NotPaidInCash),
        false => approval(ApproveAction::Refund),
    };
    let approver = turn.authorise(wanted)?;
    let Refundable { sale, number, kept, .. } = ask_again(turn, &before)?;
    let offline = kept == Kept::Unasked;
    let reservation = match kept {
        Kept::Reserved { reservation, .. } => Some(reservation),
        Kept::Unknown { reservation } => reservation,
        Kept::Unasked => None,
    };
    close(turn, Origin::Sale { sale: sale.id, number, reservation, offline }, paid, approver)
}

/// A refund of a receipt that somebody has to allow.
pub(crate) fn approval(
    action: ApproveAction,
    number: &str,
    paid: &Payout,
    sale: Option<&Sale>,
    hub: HubWord,
) -> Approval {
    Approval::new(action, paid.total).named(number).paying(going_back(&paid.tenders, sale), hub)
}

/// What lines bring back and how it is paid out. What cannot go back where it came from is paid in cash, which takes
/// the same approval as cash for a non-cash sale.
fn paid_out(
    turn: &Turn<'_>,
    refundable: &Refundable,
    lines: &[RefundLineInput],
    to_cash: bool,
) -> Result<Payout, Stop> {
    let Refundable { sale, returned, .. } = refundable;
    let wanted: Result<Vec<Wanted>, Stop> = lines.iter().map(|line| wanted(sale, line)).collect();
    let trade = &turn.shop.trade;
    let goes_back = |code: &str| trade.tender(code).is_some_and(|tender| tender.refundable_to);
    let codes = sale.tenders.iter().map(|tendered| tendered.tender.as_str());
    let kept: Vec<&str> = codes.filter(|code| !goes_back(code)).collect();
    let cash = trade.cash().map(|cash| cash.code.as_str());
    let step = cash.map_or(1, |cash| trade.step_of(cash, turn.shop.book.settings.rounding));
    Ok(payout(sale, returned, &wanted?, &Way { cash, step, to_cash, kept: &kept })?)
}

fn wanted(sale: &Sale, line: &RefundLineInput) -> Result<Wanted, Stop> {
    let sold = sale.lines.get(usize::from(line.line)).ok_or(Code::LineGone)?;
    let quantity = sold.quantity.with_number(line.quantity);
    Ok(Wanted { line: line.line, quantity, disposition: disposition(line.restock) })
}

pub(crate) fn disposition(restock: bool) -> Disposition {
    if restock { Disposition::Restock } else { Disposition::Loss }
}

/// Records a refund and pays it out.
pub(crate) fn close(turn: &mut Turn<'_>, origin: Origin, paid: Payout, approver: String) -> Done {
    let Payout { lines, total, tenders, held, .. } = paid;
    let shift = turn.shift()?;
    let refund = Refund {
        id: turn.mint(),
        number: turn.shop.next_number(shift.business_date)?,
        shift: shift.id,
        cashier: turn.person()?.code.clone(),
        approver: Some(approver),
        origin,
        lines,
        total,
        tenders,
    };
    turn.kicks_drawer = refund.tenders.iter().any(|tendered| turn.shop.trade.opens_drawer(&tendered.tender));
    let sale = turn.desk.refundable.as_ref().map(|refundable| &refundable.sale);
    let closed = ClosedView { rounding_fen: held.0, ..closed::refund(&refund, sale) };
    turn.clear_refund();
    turn.desk.closed = Some(closed);
    let (_, other) = turn.shop.trade.cash_and_other(&refund.tenders);
    turn.say(match other.is_positive() {
        true => Say::new(Code::RefundedElsewhere).with("amount", yuan(total)).with("other", yuan(other)),
        false => Say::new(Code::Refunded).with("amount", yuan(total)),
    });
    turn.entries.push(Entry::Refund(refund));
    Ok(())
}
