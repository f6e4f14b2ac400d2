//! Refunds of a receipt that neither this till nor the hub can show: a supervisor cites its number, and the goods are
//! priced as the customer's paper shows. HQ hears of those that the receipt does not bear out.

use suanpan_contract::{ApproveAction, CitedLineInput, Code, RefundView};
use suanpan_domain::catalogue::SoldBy;
use suanpan_domain::ids::DocumentNumber;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::refund::payout::{self, Payout};
use suanpan_domain::refund::{Origin, RefundLine};
use suanpan_domain::sale::{Basket, NewLine};

use super::foreign::{self, Word};
use super::receipt::not_found;
use super::refund::{approval, close, disposition, shown};
use super::role::{Done, Stop, Turn};
use crate::say::{Say, yuan};

/// Refunds cited goods.
pub(crate) fn refund(turn: &mut Turn<'_>, number: &str, lines: &[CitedLineInput], tender: &str) -> Done {
    turn.own_shift()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let number = citable(turn, number)?;
    let paid = paid_out(turn, lines, tender)?;
    let (reservation, before) = paid_before(turn, &number)?;
    if before.is_positive() {
        let say = Say::new(Code::RefundCitedAgain).with("before", yuan(before));
        turn.agree(say.with("amount", yuan(paid.total)))?;
    }
    let approver = turn.authorise(approval(ApproveAction::RefundCited, &number, &paid))?;
    close(turn, Origin::Cited { number, reservation }, paid, approver)
}

/// The hub's reservation, and what went out on a number already: what this till knows, and what the hub tells, or told
/// before it fell silent.
fn paid_before(turn: &Turn<'_>, number: &str) -> Result<(Option<String>, Fen), Stop> {
    let (reservation, told) = match foreign::word(turn, number)? {
        Word::Silent => (None, vec![]),
        Word::Unknown { reservation, refunds } => (reservation, refunds),
        Word::Reserved { .. } => return Err(Code::RefundOwnSaleCited.into()),
    };
    let mut refunds = turn.shop.refunds_citing(number)?;
    for refund in told.into_iter().chain(turn.shop.told.of(number)) {
        if refunds.iter().all(|known| known.id != refund.id) {
            refunds.push(refund);
        }
    }
    Ok((reservation, refunds.iter().map(|refund| refund.total).sum()))
}

/// Shows what cited goods bring back.
pub(crate) fn quote(turn: &mut Turn<'_>, number: &str, lines: &[CitedLineInput], tender: &str) -> Done {
    turn.own_shift()?;
    let number = citable(turn, number)?;
    let shown = match lines {
        [] => RefundView::default(),
        _ => shown(&paid_out(turn, lines, tender)?),
    };
    let before: Fen = turn.shop.refunds_citing(&number)?.iter().map(|refund| refund.total).sum();
    let unverified = true;
    turn.desk.refund = Some(RefundView { number, unverified, returned_fen: before.0, ..shown });
    Ok(())
}

/// A printed number, unless this till can look it up.
fn citable(turn: &Turn<'_>, number: &str) -> Result<String, Stop> {
    let cited: DocumentNumber = number.parse().map_err(|_| not_found(number))?;
    turn.shop.needs_all()?;
    match turn.shop.documents_by_number(&cited)?.as_slice() {
        [] => Ok(cited.to_string()),
        _ => Err(Code::RefundOwnSaleCited.into()),
    }
}

fn paid_out(turn: &Turn<'_>, lines: &[CitedLineInput], tender: &str) -> Result<Payout, Stop> {
    let (trade, rounding) = (&turn.shop.trade, turn.shop.book.settings.rounding);
    let tender = trade.tender(tender).filter(|tender| tender.refundable_to).ok_or(Code::UnknownTender)?;
    Ok(payout::cited(cited_lines(turn, lines)?, &tender.code, trade.step_of(&tender.code, rounding))?)
}

fn cited_lines(turn: &Turn<'_>, inputs: &[CitedLineInput]) -> Result<Vec<RefundLine>, Stop> {
    if inputs.is_empty() {
        return Err(Code::RefundNothing.into());
    }
    let at_ms = turn.priced_at_ms();
    let mut rung = Basket::open(turn.mint(), turn.now_ms, turn.shop.cut()?);
    for input in inputs {
        let unknown = || Say::new(Code::UnknownCode).with("code", &input.item);
        let item = turn.shop.item(&input.item, at_ms)?.ok_or_else(unknown)?;
        let no_price = || Say::new(Code::NoPrice).with("name", &item.name);
        let price = turn.shop.price(&item, at_ms)?.ok_or_else(no_price)?;
        let tax = turn.shop.trade.tax(&item.tax).ok_or_else(no_price)?;
        let quantity = match item.sold_by {
            SoldBy::Weight => Quantity::G(Grams(input.quantity)),
            SoldBy::Piece => Quantity::Pc(Pieces(input.quantity)),
        };
        if input.amount_fen <= 0 {
            return Err(Code::AmountInvalid.into());
        }
        rung.ring(NewLine {
            item: item.code,
            name: item.name,
            unit: item.unit,
            quantity,
            price,
            printed_amount: Some(Fen(input.amount_fen)),
            tax,
            source: None,
            tare_g: 0,
            scanned: None,
        })?;
    }
    let dispositions = inputs.iter().map(|input| disposition(input.restock));
    Ok(rung.lines.iter().zip(dispositions).map(|(line, to)| RefundLine::cited(line, to)).collect())
}
