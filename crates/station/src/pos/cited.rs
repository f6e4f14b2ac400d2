//! Refunds of a receipt that neither this till nor the hub can show: a supervisor cites its number, and the goods are
//! priced as the customer's paper shows. HQ hears of those that the receipt does not bear out.

use suanpan_contract::pos::{CitedLineInput, RefundView};
use suanpan_contract::{ApproveAction, Code, HubWord};
use suanpan_domain::catalogue::SoldBy;
use suanpan_domain::ids::DocumentNumber;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::refund::payout::{self, Payout};
use suanpan_domain::refund::{Origin, RefundLine};
use suanpan_domain::sale::{Basket, Line, NewLine};

use super::hub_word::{self, Word};
use super::kinds::{Done, Stop, Turn};
use super::receipt::{Cited, not_found};
use super::refund::{approval, close, disposition, shown};
use crate::say::{Say, of_goods, yuan};

/// Refunds cited goods.
pub(crate) fn refund(turn: &mut Turn<'_>, number: &str, lines: &[CitedLineInput], tender: &str) -> Done {
    turn.own_shift()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let (number, is_ours) = citable(turn, number)?;
    let rung = rung(turn, lines)?;
    let paid = paid_out(turn, &rung, lines, tender)?;
    let Cited { hub, reservation, before, .. } = ask(turn, &number)?;
    rung.iter().try_for_each(|line| ask_above_price(turn, line))?;
    if is_ours {
        turn.agree(Say::new(Code::RefundOwnNumber).with("number", &number))?;
    }
    if before.is_positive() {
        let say = Say::new(Code::RefundCitedAgain).with("before", yuan(before));
        turn.agree(say.with("amount", yuan(paid.total)))?;
    }
    let wanted = approval(ApproveAction::RefundCited, &number, &paid, None, hub);
    // A receipt that HQ was asked for and does not have is most likely none, nor one of this till that it does not know.
    let is_doubtful = is_ours || hub == HubWord::NoSuchReceipt;
    let wanted = if is_doubtful { wanted.by_manager() } else { wanted };
    let approver = turn.authorise(wanted)?;
    close(turn, Origin::Cited { number, reservation }, paid, approver)
}

/// What is known of a number: by the hub, or what it told before it fell silent, and by this till.
fn ask(turn: &Turn<'_>, number: &str) -> Result<Cited, Stop> {
    let (hub, reservation, told) = match hub_word::word(turn, number)? {
        Word::Silent => (HubWord::Silent, None, vec![]),
        Word::Unknown { reservation, refunds } => (HubWord::NoSuchReceipt, reservation, refunds),
        Word::Reserved { .. } => return Err(Code::RefundOwnSaleCited.into()),
    };
    let mut refunds = turn.shop.refunds_numbered(number)?;
    for refund in told.into_iter().chain(turn.shop.told.of(number)) {
        if refunds.iter().all(|known| known.id != refund.id) {
            refunds.push(refund);
        }
    }
    let before = refunds.iter().map(|refund| refund.total).sum();
    Ok(Cited { number: number.to_owned(), hub, reservation, before })
}

/// Shows what cited goods bring back.
pub(crate) fn quote(turn: &mut Turn<'_>, number: &str, lines: &[CitedLineInput], tender: &str) -> Done {
    turn.own_shift()?;
    let (number, _) = citable(turn, number)?;
    let shown = match lines {
        [] => RefundView::default(),
        _ => shown(&paid_out(turn, &rung(turn, lines)?, lines, tender)?, None),
    };
    let before = turn.desk.cited.take().filter(|cited| cited.number == number);
    let cited = before.map_or_else(|| ask(turn, &number), Ok)?;
    turn.desk.closed = None;
    turn.desk.refund = Some(RefundView { number, hub: cited.hub, returned_fen: cited.before.0, ..shown });
    turn.desk.cited = Some(cited);
    Ok(())
}

/// A printed number, unless this till can look it up or no till can have printed it yet; and whether it is this till's.
fn citable(turn: &Turn<'_>, number: &str) -> Result<(String, bool), Stop> {
    let cited: DocumentNumber = number.parse().map_err(|_| not_found(number))?;
    turn.shop.needs_all()?;
    if cited.business_date > turn.shift()?.business_date {
        return Err(not_found(number).into());
    }
    match turn.shop.documents_by_number(&cited)?.as_slice() {
        [] => Ok((cited.to_string(), turn.shop.is_ours(&cited))),
        _ => Err(Code::RefundOwnSaleCited.into()),
    }
}

/// Asks when a paper is said to show more than the goods cost now: a slip of the finger, or worse.
fn ask_above_price(turn: &Turn<'_>, line: &Line) -> Done {
    let today = line.price.amount(line.quantity)?;
    if line.gross <= today {
        return Ok(());
    }
    let goods = of_goods(&line.name, line.quantity, &line.unit, today);
    turn.agree(goods(Code::CitedAbovePrice).with("paid", yuan(line.gross)))
}

fn paid_out(turn: &Turn<'_>, rung: &[Line], lines: &[CitedLineInput], tender: &str) -> Result<Payout, Stop> {
    let (trade, rounding) = (&turn.shop.trade, turn.shop.book.settings.rounding);
    let tender = trade.tender(tender).filter(|tender| tender.refundable_to).ok_or(Code::UnknownTender)?;
    let dispositions = lines.iter().map(|input| disposition(input.restock));
    let lines = rung.iter().zip(dispositions).map(|(line, to)| RefundLine::cited(line, to)).collect();
    Ok(payout::cited(lines, &tender.code, trade.step_of(&tender.code, rounding))?)
}

/// The goods, at today's price and with the amounts of the customer's paper.
fn rung(turn: &Turn<'_>, inputs: &[CitedLineInput]) -> Result<Vec<Line>, Stop> {
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
    Ok(rung.lines)
}
