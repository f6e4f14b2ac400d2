//! 开班, 缴款 and 换零, 中途对账, 班结, 日结, and opening the drawer without a sale.

use suanpan_contract::{ApproveAction, ApproveReason, CashMoveKind, Code, DenominationCount};
use suanpan_domain::calendar::{self, Dating, DatingDoubt, decide_date};
use suanpan_domain::entry::{DrawerOpened, Entry};
use suanpan_domain::money::Fen;
use suanpan_domain::shift::{
    CashCount, CashMove, CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened,
};
use suanpan_domain::totals;

use super::approval::Approval;
use super::say::{Done, Say, Stop, yuan};
use super::turn::Turn;

/// 开班 with a float.
pub(crate) fn open(turn: &mut Turn<'_>, float_fen: i64) -> Done {
    let cashier = turn.person()?.code.clone();
    if let Some(shift) = turn.shop.shift.as_ref() {
        let is_old = turn.shop.shift_is_old(turn.now_ms);
        return Err(if is_old { turn.older_shift(shift) } else { Code::ShiftAlreadyOpen.into() });
    }
    let float = cash(float_fen)?;
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
    let (kind, action) = match kind {
        CashMoveKind::Drop => (CashMove::Drop, ApproveAction::DropCash),
        CashMoveKind::Exchange => (CashMove::Exchange, ApproveAction::ExchangeCash),
        CashMoveKind::AddFloat => (CashMove::AddFloat, ApproveAction::AddFloat),
    };
    let approver = Some(turn.authorise(Approval::new(action, amount))?);
    let (id, by) = (turn.mint(), turn.person()?.code.clone());
    turn.entries.push(Entry::CashMoved(CashMoved { id, shift: shift.id, kind, amount, by, approver }));
    turn.kicks_drawer = true;
    turn.say(Say::new(Code::CashMoved).with("amount", yuan(amount)));
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

/// 中途对账: a supervisor counts while the shift goes on.
pub(crate) fn audit(turn: &mut Turn<'_>, count: &[DenominationCount]) -> Done {
    turn.person()?;
    let shift = turn.shift()?;
    let (count, counted) = counted(count)?;
    let wanted = Approval::new(ApproveAction::AuditShift, counted);
    let by = turn.authorise(wanted.named(&turn.shop.shift_cashier().unwrap_or_default()))?;
    let expected = turn.shop.cash_in_drawer(shift.id)?;
    let say = Say::new(Code::Audited)
        .with("expected", yuan(expected))
        .with("counted", yuan(counted))
        .with("over", yuan(counted - expected));
    turn.say(say);
    turn.entries.push(Entry::ShiftAudited(ShiftAudited { shift: shift.id, count, counted, expected, by }));
    Ok(())
}

/// 班结. What the drawer should have held is recorded and not shown.
pub(crate) fn close(turn: &mut Turn<'_>, count: &[DenominationCount]) -> Done {
    let person = turn.person()?.code.clone();
    let shift = turn.shift()?;
    turn.refuse_open_basket(Code::BasketBlocksClose)?;
    if !turn.shop.parked.is_empty() {
        return Err(Say::new(Code::ParkedBlocksClose).with("count", turn.shop.parked.len()).into());
    }
    let (count, counted) = counted(count)?;
    let is_old = turn.shop.shift_is_old(turn.now_ms);
    let wanted = Approval::new(ApproveAction::CloseOthersShift, counted)
        .named(&turn.shop.shift_cashier().unwrap_or_default())
        .because(match is_old {
            true => ApproveReason::OlderShift { date: calendar::text(shift.business_date) },
            false => ApproveReason::OthersShift,
        });
    let approver = turn.authorise_if(is_old || shift.cashier != person, wanted)?;
    let expected = turn.shop.cash_in_drawer(shift.id)?;
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
    let sums = totals::sums(&turn.shop.totals_of_day(date)?);
    turn.date = Some(date);
    turn.entries.push(Entry::DayClosed(DayClosed { date, by, last_number, sums }));
    turn.say(Say::new(Code::DayClosed).with("date", calendar::text(date)));
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
