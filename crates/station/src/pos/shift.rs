//! 开班, 缴款 and 换零, 中途对账, 班结, 日结, and opening the drawer without a sale.

use suanpan_contract::pos::{CashMoveKind, CountPurpose, DenominationCount, Found};
use suanpan_contract::{ApproveAction, ApproveReason, Code};
use suanpan_domain::calendar::{self, Dating, DatingDoubt, decide_date};
use suanpan_domain::catalogue::Role;
use suanpan_domain::entry::{DrawerOpened, Entry};
use suanpan_domain::money::Fen;
use suanpan_domain::shift::{
    CashCount, CashMove, CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened,
};
use suanpan_domain::totals;
use suanpan_ledger::Shift;

use super::kinds::{Done, Stop, Turn};
use super::pay::open_payment;
use super::view;
use crate::approval::Approval;
use crate::say::{self, Say, yuan};

/// 开班 with a float.
pub(crate) fn open(turn: &mut Turn<'_>, float_fen: i64) -> Done {
    let cashier = turn.person()?.code.clone();
    if let Some(shift) = turn.shop.shift.as_ref() {
        let is_old = turn.shop.shift_is_old(turn.now_ms);
        return Err(if is_old { turn.older_shift(shift) } else { Code::ShiftAlreadyOpen.into() });
    }
    let float = cash(float_fen)?;
    if is_odd(turn, float) {
        turn.agree(Say::new(Code::FloatOdd).with("amount", yuan(float)))?;
    }
    let date = date_of_new_shift(turn)?;
    let no = turn.shop.next_shift_no()?;
    turn.date = Some(date);
    turn.entries.push(Entry::ShiftOpened(ShiftOpened { id: turn.mint(), no, cashier, float }));
    turn.desk.shift_is_old = false;
    turn.say(Say::new(Code::ShiftOpened).with("amount", yuan(float)));
    Ok(())
}

fn cash(fen: i64) -> Result<Fen, Stop> {
    if (0..=Fen::MAX.0).contains(&fen) { Ok(Fen(fen)) } else { Err(Code::AmountInvalid.into()) }
}

/// An amount of cash that is rather a slip of the finger: fen or jiao, or more than a drawer may hold.
fn is_odd(turn: &Turn<'_>, amount: Fen) -> bool {
    amount.floor_to(100) != amount || amount > turn.shop.book.settings.drop_prompt
}

fn date_of_new_shift(turn: &mut Turn<'_>) -> Result<u32, Stop> {
    let days = turn.shop.days()?;
    let clock = turn.shop.clock_date(turn.now_ms);
    match decide_date(clock, Some(days.latest.unwrap_or(turn.shop.enrolled_date())), days.latest_closed) {
        Dating::Date(date) => Ok(date),
        Dating::NeedsSupervisor { date, why } => {
            let text = calendar::text(date);
            let (code, reason) = match (why, text.clone()) {
                (DatingDoubt::DayClosed, date) => (Code::ClosedDate, ApproveReason::ClosedDate { date }),
                (DatingDoubt::ClockBehind, date) => (Code::ClockBehind, ApproveReason::ClockBehind { date }),
                (DatingDoubt::ClockFarAhead, date) => (Code::ClockAhead, ApproveReason::ClockAhead { date }),
            };
            let wanted = Approval::new(ApproveAction::OpenDate, Fen::ZERO).named(&text);
            let agreed = turn.authorise(wanted.because(reason));
            if agreed.is_err() {
                turn.say(Say::new(code).with("date", text));
            }
            agreed.map(|_| date)
        }
    }
}

/// 缴款, 换零 or more float.
pub(crate) fn move_cash(turn: &mut Turn<'_>, kind: CashMoveKind, amount_fen: i64) -> Done {
    let shift = turn.own_shift()?;
    let amount = cash(amount_fen).ok().filter(|amount| amount.is_positive()).ok_or(Code::AmountInvalid)?;
    let (kind, action, done) = match kind {
        CashMoveKind::Drop => (CashMove::Drop, ApproveAction::DropCash, Code::CashMoved),
        CashMoveKind::Exchange => (CashMove::Exchange, ApproveAction::ExchangeCash, Code::CashExchanged),
        CashMoveKind::AddFloat => (CashMove::AddFloat, ApproveAction::AddFloat, Code::FloatAdded),
    };
    if is_odd(turn, amount) {
        turn.agree(Say::new(Code::CashAmountOdd).with("amount", yuan(amount)))?;
    }
    let approver = Some(turn.authorise(Approval::new(action, amount))?);
    let (id, by) = (turn.mint(), turn.person()?.code.clone());
    turn.entries.push(Entry::CashMoved(CashMoved { id, shift: shift.id, kind, amount, by, approver }));
    turn.kicks_drawer = true;
    turn.desk.closed = None;
    turn.say(Say::new(done).with("amount", yuan(amount)));
    Ok(())
}

fn counted(count: &[DenominationCount]) -> Result<(CashCount, Fen), Stop> {
    let mut pieces = CashCount::default();
    for row in count {
        let sum = pieces.0.entry(row.denomination_fen).or_default();
        *sum = sum.saturating_add(row.pieces);
    }
    pieces.0.retain(|_, pieces| *pieces > 0);
    let worth = pieces.total().ok_or(Code::CountInvalid)?;
    Ok((pieces, worth))
}

/// Asks for a yes to what was counted, and for another when that is nothing.
fn agree_to_count(turn: &Turn<'_>, code: Code, count: &CashCount, counted: Fen) -> Done {
    let pieces: u64 = count.0.values().map(|pieces| u64::from(*pieces)).sum();
    turn.agree(Say::new(code).with("amount", yuan(counted)).with("pieces", say::count(pieces)))?;
    if pieces == 0 { turn.agree(Code::NothingCounted) } else { Ok(()) }
}

/// Refuses a count before anybody counts.
pub(crate) fn begin_count(turn: &mut Turn<'_>, purpose: CountPurpose) -> Done {
    match purpose {
        CountPurpose::CloseShift => may_close(turn)?,
        CountPurpose::AuditShift => may_audit(turn)?,
    };
    turn.desk.closed = None;
    turn.found = Some(Found::MayCount);
    Ok(())
}

/// What a customer has paid of an unfinished sale lies in the drawer and is in no sum yet.
fn may_audit<'a>(turn: &Turn<'a>) -> Result<&'a Shift, Stop> {
    turn.person()?;
    let shift = turn.shift()?;
    open_payment(turn).map_or(Ok(shift), |say| Err(say.into()))
}

/// What is unfinished blocks the close.
fn may_close<'a>(turn: &Turn<'a>) -> Result<&'a Shift, Stop> {
    turn.person()?;
    let shift = turn.shift()?;
    turn.refuse_open_basket(Code::BasketBlocksClose)?;
    let Some(first) = turn.shop.parked.first() else { return Ok(shift) };
    let first = view::parked(first, &turn.shop.book.settings);
    let say = Say::new(Code::ParkedBlocksClose).with("count", turn.shop.parked.len());
    Err(say.with("at", first.at).with("first", first.first).with("due", yuan(Fen(first.due_fen))).into())
}

/// 中途对账: a supervisor counts while the shift goes on. The count at 班结 is blind, so a cashier's screen does not tell
/// what should be in the drawer.
pub(crate) fn audit(turn: &mut Turn<'_>, count: &[DenominationCount]) -> Done {
    let shift = may_audit(turn)?;
    let (count, counted) = counted(count)?;
    agree_to_count(turn, Code::AuditCount, &count, counted)?;
    let wanted = Approval::new(ApproveAction::AuditShift, counted);
    let by = turn.authorise(wanted.named(&turn.shop.shift_cashier().unwrap_or_default()))?;
    let expected = turn.shop.cash_in_drawer(shift.id)?;
    let code = if turn.person()?.role >= Role::Supervisor { Code::Audited } else { Code::AuditDone };
    let say = Say::new(code).with("counted", yuan(counted));
    turn.say(match code {
        Code::Audited => say.with("expected", yuan(expected)).with("over", yuan(counted - expected)),
        _ => say,
    });
    let cashier = Some(shift.cashier.clone());
    let shift = shift.id;
    turn.entries.push(Entry::ShiftAudited(ShiftAudited { shift, count, counted, expected, by, cashier }));
    Ok(())
}

/// 班结. What the drawer should have held is recorded and not shown.
pub(crate) fn close(turn: &mut Turn<'_>, count: &[DenominationCount]) -> Done {
    let shift = may_close(turn)?;
    let person = turn.person()?.code.clone();
    let (count, counted) = counted(count)?;
    agree_to_count(turn, Code::CloseCount, &count, counted)?;
    let expected = turn.shop.cash_in_drawer(shift.id)?;
    if turn.desk.counted_again != Some(shift.id)
        && (counted - expected).size() > turn.shop.book.settings.count_apart
    {
        turn.agree(Say::new(Code::CountApart).with("amount", yuan(counted)))?;
    }
    let is_old = turn.shop.shift_is_old(turn.now_ms);
    let wanted = Approval::new(ApproveAction::CloseOthersShift, counted)
        .named(&turn.shop.shift_cashier().unwrap_or_default())
        .because(match is_old {
            true => ApproveReason::OlderShift { date: calendar::text(shift.business_date) },
            false => ApproveReason::OthersShift,
        });
    let approver = turn.authorise_if(is_old || shift.cashier != person, wanted)?;
    let sums = totals::sums(&turn.shop.totals_of_shift(shift.id)?);
    let closed = ShiftClosed { shift: shift.id, by: person, approver, count, counted, expected, sums };
    turn.entries.push(Entry::ShiftClosed(closed));
    turn.desk.shift_is_old = false;
    turn.clear_counter();
    turn.say(Code::ShiftClosed);
    Ok(())
}

/// 日结 of the oldest date that is not closed.
pub(crate) fn close_day(turn: &mut Turn<'_>) -> Done {
    let by = turn.person()?.code.clone();
    if turn.shop.shift.is_some() {
        return Err(Code::ShiftOpenBlocksDay.into());
    }
    turn.shop.needs_all()?;
    let date = turn.shop.days()?.oldest_unclosed.ok_or(Code::NothingWaiting)?;
    let last_number = turn.shop.next_number(date)?.saturating_sub(1);
    let text = calendar::text(date);
    turn.agree(Say::new(Code::CloseDayAsk).with("date", &text).with("count", last_number))?;
    let sums = totals::sums(&turn.shop.totals_of_day(date)?);
    turn.date = Some(date);
    turn.entries.push(Entry::DayClosed(DayClosed { date, by, last_number, sums }));
    turn.say(Say::new(Code::DayClosed).with("date", text));
    Ok(())
}

/// Opens the drawer without a sale.
pub(crate) fn open_drawer(turn: &mut Turn<'_>) -> Done {
    let shift = turn.own_shift()?.id;
    let by = turn.person()?.code.clone();
    let approver = Some(turn.authorise(Approval::new(ApproveAction::OpenDrawer, Fen::ZERO))?);
    turn.entries.push(Entry::DrawerOpened(DrawerOpened { shift, by, approver }));
    turn.kicks_drawer = true;
    if !turn.shop.has_printer {
        // The drawer hangs on the printer: there is the key.
        turn.say(Code::NoPrinter);
    }
    Ok(())
}
