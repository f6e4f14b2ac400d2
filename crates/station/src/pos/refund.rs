//! Refunds: of this till's sales, of another till's through the hub, and offline of a receipt a supervisor cites.

use suanpan_contract::{
    ApproveAction, ApproveReason, CitedLineInput, ClosedView, Code, Found, RefundLineInput,
};
use suanpan_domain::catalogue::SoldBy;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::{DocumentNumber, Id};
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::refund::{self, Disposition, Origin, Refund, RefundLine, Returned, Wanted};
use suanpan_domain::sale::{Basket, NewLine, Sale, Tendered};
use suanpan_ledger::Document;

use super::approval::Approval;
use super::foreign::Question;
use super::say::{Done, Say, Stop, yuan};
use super::turn::Turn;
use super::view;

/// What is shown of a number that was not found: more than any number has, less than fills the message line.
const NUMBER_CHARS_MAX: usize = 40;

/// A sale that may be refunded, wherever it was rung.
#[derive(Clone, Debug)]
pub(crate) struct Refundable {
    pub(crate) sale: Sale,
    pub(crate) number: String,
    pub(crate) at_ms: i64,
    pub(crate) returned: Returned,
    /// The hub's reservation, for another till's sale.
    pub(crate) reservation: Option<String>,
}

/// Looks a sale up by its printed number, or by its id when a number found two.
pub(crate) fn look_up(turn: &mut Turn<'_>, number: &str) -> Done {
    turn.own_shift()?;
    let (found, question) = if let Ok(id) = number.trim().parse::<Id>() {
        let question = Question { number: id.to_string(), is_ours: true };
        (turn.shop.document(id)?.into_iter().collect(), question)
    } else {
        let number: DocumentNumber = number.parse().map_err(|_| not_found(number))?;
        let question = Question { number: number.to_string(), is_ours: turn.shop.is_ours(&number) };
        (turn.shop.documents_by_number(&number)?, question)
    };
    match found.as_slice() {
        [] => {
            if question.is_ours {
                turn.shop.needs_all()?;
            }
            Err(Stop::AskHub(question))
        }
        [one] => {
            let refundable = own_sale(turn, one)?.ok_or_else(|| not_found(number))?;
            show(turn, &refundable);
            Ok(())
        }
        several => {
            turn.say(Say::new(Code::ReceiptFoundTwice).with("number", number).with("count", several.len()));
            let documents = several.iter().filter_map(|document| turn.shop.row(document)).collect();
            turn.found = Some(Found::Documents { documents });
            Ok(())
        }
    }
}

pub(crate) fn not_found(number: &str) -> Stop {
    let shown: String = number.trim().chars().take(NUMBER_CHARS_MAX).collect();
    Say::new(Code::ReceiptNotFound).with("number", shown).into()
}

pub(crate) fn show(turn: &mut Turn<'_>, refundable: &Refundable) {
    turn.found = Some(Found::Sale { sale: view::refundable(refundable, &turn.shop.book.settings) });
}

fn own_sale(turn: &Turn<'_>, document: &Document) -> Result<Option<Refundable>, Stop> {
    let Entry::Sale(sale) = &document.entry else { return Ok(None) };
    let refunds = turn.shop.refunds_of(sale.id)?;
    Ok(Some(Refundable {
        sale: sale.clone(),
        number: turn.shop.number_of(document, sale.number).to_string(),
        at_ms: document.at_ms,
        returned: Returned::from_refunds(&refunds),
        reservation: None,
    }))
}

/// Refunds lines of a sale that was looked up.
pub(crate) fn refund(turn: &mut Turn<'_>, sale: &str, lines: &[RefundLineInput], to_cash: bool) -> Done {
    let shift = turn.own_shift()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let id: Id = sale.parse().map_err(|_| Code::BadRequest)?;
    let refundable = match turn.shop.document(id)? {
        Some(document) => own_sale(turn, &document)?,
        None => turn.desk.foreign.take().map(|foreign| *foreign).filter(|foreign| foreign.sale.id == id),
    };
    let Some(Refundable { sale, number, returned, reservation, .. }) = refundable else {
        return Err(not_found(sale));
    };
    let wanted: Result<Vec<Wanted>, Stop> = lines.iter().map(|line| wanted(&sale, line)).collect();
    let lines = refund::lines(&sale, &returned, &wanted?)?;
    let total: Fen = lines.iter().map(|line| line.amount).sum();
    let (tenders, action) = payout(turn, &sale, &returned, total, to_cash)?;
    let taken = tenders.iter().map(view::taken).collect();
    let wanted = Approval::new(action, total).named(&number).paying(taken);
    let reason = match action {
        ApproveAction::RefundToCash => ApproveReason::NotPaidInCash,
        _ => ApproveReason::Always,
    };
    let approver = Some(turn.authorise(wanted.because(reason))?);
    let origin = Origin::Sale { sale: sale.id, number, reservation };
    let number = turn.shop.next_number(shift.business_date)?;
    let (id, cashier) = (turn.mint(), turn.person()?.code.clone());
    let shift = shift.id;
    close(turn, Refund { id, number, shift, cashier, approver, origin, lines, total, tenders });
    Ok(())
}

fn wanted(sale: &Sale, line: &RefundLineInput) -> Result<Wanted, Stop> {
    let sold = sale.lines.get(usize::from(line.line)).ok_or(Code::LineGone)?;
    let quantity = sold.quantity.with_number(line.quantity);
    Ok(Wanted { line: line.line, quantity, disposition: disposition(line.restock) })
}

fn disposition(restock: bool) -> Disposition {
    if restock { Disposition::Restock } else { Disposition::Loss }
}

/// To the sale's own tenders, or in cash. What cannot go back where it came from is paid in cash, which takes the
/// same approval as cash for a non-cash sale.
fn payout(
    turn: &Turn<'_>,
    sale: &Sale,
    returned: &Returned,
    total: Fen,
    to_cash: bool,
) -> Result<(Vec<Tendered>, ApproveAction), Stop> {
    let book = &turn.shop.book;
    let own = refund::tenders(sale, returned, total)?;
    let goes_back =
        |tendered: &Tendered| book.tender(&tendered.tender).is_some_and(|tender| tender.refundable_to);
    if !to_cash && own.iter().all(goes_back) {
        return Ok((own, ApproveAction::Refund));
    }
    let cash = &book.cash().ok_or(Code::UnknownTender)?.code;
    if to_cash {
        let paid = refund::tenders_in_cash(sale, returned, total, cash)?;
        let action =
            if paid.stands_in.is_positive() { ApproveAction::RefundToCash } else { ApproveAction::Refund };
        return Ok((paid.tenders, action));
    }
    let stays: Fen = own.iter().filter(|tendered| !goes_back(tendered)).map(|tendered| tendered.amount).sum();
    let mut paid: Vec<Tendered> = own.into_iter().filter(goes_back).collect();
    match paid.iter_mut().find(|tendered| tendered.tender == *cash) {
        Some(tendered) => tendered.amount += stays,
        None => paid.push(Tendered { tender: cash.clone(), amount: stays, given: None, reference: None }),
    }
    Ok((paid, ApproveAction::RefundToCash))
}

/// Offline: goods of another till's receipt, priced as the customer's paper shows.
pub(crate) fn cited(turn: &mut Turn<'_>, number: &str, lines: &[CitedLineInput], tender: &str) -> Done {
    let shift = turn.own_shift()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let cited: DocumentNumber = number.parse().map_err(|_| not_found(number))?;
    // It may have been refunded here before.
    turn.shop.needs_all()?;
    if !turn.shop.documents_by_number(&cited)?.is_empty() {
        return Err(Code::RefundOwnSaleCited.into());
    }
    let tender =
        turn.shop.book.tender(tender).filter(|tender| tender.refundable_to).ok_or(Code::UnknownTender)?;
    let lines = cited_lines(turn, lines)?;
    let total: Fen = lines.iter().map(|line| line.amount).sum();
    let tenders = vec![Tendered { tender: tender.code.clone(), amount: total, given: None, reference: None }];
    let taken = tenders.iter().map(view::taken).collect();
    let wanted = Approval::new(ApproveAction::RefundCited, total).named(&cited.to_string()).paying(taken);
    let approver = Some(turn.authorise(wanted)?);
    let origin = Origin::Cited { number: cited.to_string() };
    let number = turn.shop.next_number(shift.business_date)?;
    let (id, cashier) = (turn.mint(), turn.person()?.code.clone());
    let shift = shift.id;
    close(turn, Refund { id, number, shift, cashier, approver, origin, lines, total, tenders });
    Ok(())
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
        let tax = turn.shop.book.tax(&item.tax).ok_or_else(no_price)?;
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

fn close(turn: &mut Turn<'_>, refund: Refund) {
    turn.kicks_drawer = refund.tenders.iter().any(|tendered| turn.shop.book.opens_drawer(&tendered.tender));
    turn.desk.closed = Some(ClosedView {
        document: refund.id.to_string(),
        number: String::new(),
        is_refund: true,
        due_fen: refund.total.0,
        rounding_fen: 0,
        received_fen: 0,
        change_fen: 0,
        tenders: refund.tenders.iter().map(view::taken).collect(),
    });
    turn.say(Say::new(Code::Refunded).with("amount", yuan(refund.total)));
    turn.entries.push(Entry::Refund(refund));
}
