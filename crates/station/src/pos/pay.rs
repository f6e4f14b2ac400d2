//! Taking tenders, and closing the sale when nothing remains.

use suanpan_contract::{ClosedView, Code};
use suanpan_domain::catalogue::Tender;
use suanpan_domain::entry::{Entry, TendersCleared};
use suanpan_domain::money::Fen;
use suanpan_domain::sale::Sale;
use suanpan_domain::sale::settle::{self, Stamp, Taken};

use super::say::{Done, Say, Stop, yuan};
use super::turn::Turn;
use super::view;

/// Takes a tender; the one that covers the rest closes the sale.
pub(crate) fn tender(
    turn: &mut Turn<'_>,
    code: &str,
    amount: Option<i64>,
    reference: Option<String>,
) -> Done {
    let shift = turn.own_shift()?;
    let rule = turn.shop.book.settings.rounding;
    let tender = turn.shop.book.tender(code).ok_or(Code::UnknownTender)?.clone();
    let left = settle::remaining(turn.basket()?, rule);
    let wanted = if tender.rounds { left.in_cash() } else { left.amount };
    let amount = amount.map_or(wanted, Fen);
    refuse_early(&tender, amount, wanted, reference.as_deref())?;
    ask_if_far_above(turn, &tender, amount, wanted)?;
    let taken = settle::take(turn.basket()?, &tender, amount, reference, rule)?;
    match taken {
        Taken::Partly(remaining) => {
            let left = if tender.rounds { remaining.in_cash() } else { remaining.amount };
            turn.say(Say::new(Code::TenderTaken).with("amount", yuan(amount)).with("left", yuan(left)));
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

/// The refusals whose sentences carry values.
fn refuse_early(tender: &Tender, amount: Fen, wanted: Fen, reference: Option<&str>) -> Done {
    if amount > wanted && !tender.gives_change {
        return Err(Say::new(Code::TenderOverpays).with("amount", yuan(wanted)).into());
    }
    if tender.needs_reference && reference.is_none_or(|text| text.trim().is_empty()) {
        return Err(Say::new(Code::ReferenceNeeded).with("tender", &tender.name).into());
    }
    Ok(())
}

fn ask_if_far_above(turn: &Turn<'_>, tender: &Tender, amount: Fen, wanted: Fen) -> Done {
    let over = amount - wanted;
    if !tender.gives_change || over <= turn.shop.book.settings.cash_over_ask || turn.confirmed {
        return Ok(());
    }
    let say = Say::new(Code::CashFarAbove).with("amount", yuan(amount)).with("over", yuan(over));
    Err(Stop::Confirm(say))
}

fn close(turn: &mut Turn<'_>, sale: Sale) {
    let received: Fen = sale.tenders.iter().map(|tendered| tendered.given.unwrap_or(tendered.amount)).sum();
    turn.clear_counter();
    turn.desk.closed = Some(ClosedView {
        document: sale.id.to_string(),
        // Known only with the commit: the segment of the entry ends the number.
        number: String::new(),
        is_refund: false,
        due_fen: sale.due.0,
        rounding_fen: sale.rounding.0,
        received_fen: received.0,
        change_fen: sale.change.0,
        tenders: sale.tenders.iter().map(view::taken).collect(),
    });
    turn.kicks_drawer = sale.tenders.iter().any(|tendered| turn.shop.book.opens_drawer(&tendered.tender));
    turn.entries.push(Entry::Sale(sale));
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
    let amount: Fen = cleared.tenders.iter().map(|tendered| tendered.amount).sum();
    turn.entries.push(Entry::TendersCleared(cleared));
    turn.say(Say::new(Code::TendersCleared).with("amount", yuan(amount)));
    Ok(())
}
