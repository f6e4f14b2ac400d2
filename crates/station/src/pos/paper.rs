//! What a till prints.

use suanpan_contract::pos::SlipKind;
use suanpan_contract::{Code, PreviewLine};
use suanpan_domain::catalogue::Role;
use suanpan_domain::entry::{Entry, Reprinted};
use suanpan_domain::ids::{EntryRef, Id};
use suanpan_domain::receipt::{
    Block, Slip, audit_slip, cash_slip, day_slip, refund_slip, sale_receipt, shift_slip, test_page,
};
use suanpan_domain::shift::ShiftOpened;
use suanpan_ledger::Written;

use super::kinds::{Done, Shop, Stop, Turn};
use crate::desk::Person;
use crate::print::{self, Extra};
use crate::say::Say;

/// The document that an entry prints a paper for; a closed date stands for itself.
pub(crate) fn prints(entry: &Entry) -> Option<Id> {
    match entry {
        Entry::Sale(sale) => Some(sale.id),
        Entry::Refund(refund) => Some(refund.id),
        Entry::CashMoved(moved) => Some(moved.id),
        Entry::ShiftAudited(audit) => Some(audit.shift),
        Entry::ShiftClosed(closed) => Some(closed.shift),
        Entry::DayClosed(closed) => Some(Id(u128::from(closed.date).to_be_bytes())),
        _ => None,
    }
}

/// The paper of an entry. `shift` is the shift it happened in, as it stood before; `viewer` asks for it later: a
/// supervisor sees what the cashier who counted does not.
pub(crate) fn paper(
    shop: &Shop,
    document: &Written,
    copy: u16,
    shift: Option<&suanpan_ledger::Shift>,
    viewer: Option<&Person>,
) -> Vec<Block> {
    let cashier =
        |code: &str| shop.book.staff(code).map_or(code.to_owned(), |staff| format!("{} {code}", staff.name));
    let no = shift.map_or(0, |shift| shift.no);
    let slip = |name: &str, make: &dyn Fn(&Slip<'_>) -> Vec<Block>| {
        let (site, tenders) = (&shop.book.settings, shop.trade.tenders.as_slice());
        make(&Slip { site, till: shop.till, cashier: name, at_ms: document.at_ms, tenders, copy })
    };
    let is_viewed = viewer.is_some_and(|viewer| viewer.role >= Role::Supervisor);
    let sees_all = |code: &String| {
        is_viewed || shop.book.staff(code).is_some_and(|staff| staff.role >= Role::Supervisor)
    };
    match &document.entry {
        Entry::Sale(sale) => {
            let number = shop.number_of(document, sale.number);
            slip(&cashier(&sale.cashier), &|slip| sale_receipt(slip, &number, sale, None))
        }
        Entry::Refund(refund) => {
            let number = shop.number_of(document, refund.number);
            slip(&cashier(&refund.cashier), &|slip| refund_slip(slip, &number, refund))
        }
        Entry::CashMoved(moved) => slip(&cashier(&moved.by), &|slip| cash_slip(slip, no, moved)),
        Entry::ShiftAudited(audit) => {
            let owner = audit.cashier.as_ref().or(shift.map(|shift| &shift.cashier)).unwrap_or(&audit.by);
            slip(&cashier(owner), &|slip| audit_slip(slip, no, audit, &cashier(&audit.by)))
        }
        Entry::ShiftClosed(closed) => {
            let Some(shift) = shift else { return vec![] };
            let opened = ShiftOpened { id: shift.id, no, cashier: shift.cashier.clone(), float: shift.float };
            let blind = !(sees_all(&closed.by) || closed.approver.as_ref().is_some_and(sees_all));
            slip(&cashier(&shift.cashier), &|slip| {
                shift_slip(slip, shift.opened_at_ms, &opened, closed, blind)
            })
        }
        Entry::DayClosed(closed) => {
            let blind = !sees_all(&closed.by);
            slip(&cashier(&closed.by), &|slip| day_slip(slip, closed, blind))
        }
        _ => vec![],
    }
}

/// The test page.
pub(crate) fn page(shop: &Shop, at_ms: i64) -> Vec<Block> {
    let (site, tenders) = (&shop.book.settings, shop.trade.tenders.as_slice());
    test_page(&Slip { site, till: shop.till, cashier: "", at_ms, tenders, copy: 0 })
}

/// 补打: the copy is journalled and marked.
pub(crate) fn reprint(turn: &mut Turn<'_>, document: Option<&str>) -> Done {
    let by = turn.person()?.code.clone();
    if !turn.shop.has_printer {
        return Err(Code::NoPrinter.into());
    }
    let found = find(turn, document)?;
    let id = prints(&found.entry).ok_or(Code::NothingToPrint)?;
    let copy = turn.shop.copies(id)?.saturating_add(1);
    turn.say(Say::new(Code::Reprinting).with("copy", copy));
    turn.entries.push(Entry::Reprinted(Reprinted { document: id, copy, by }));
    let paper = viewed(turn, &found, copy)?;
    turn.extra = Some(Extra::Reprint { document: id, copy, paper });
    Ok(())
}

fn find(turn: &Turn<'_>, document: Option<&str>) -> Result<Written, Stop> {
    let found = match document {
        Some(text) => match text.parse() {
            Ok(place) => slip(turn, place)?,
            Err(_) => turn.shop.document(text.parse().map_err(|_| Code::BadRequest)?)?,
        },
        None => turn.shop.last_document()?,
    };
    if found.is_none() {
        turn.shop.needs_all()?;
    }
    found.ok_or_else(|| Code::NothingToPrint.into())
}

/// A slip by its place; what 中途对账 told is a supervisor's.
fn slip(turn: &Turn<'_>, place: EntryRef) -> Result<Option<Written>, Stop> {
    let sees_all = turn.person()?.role >= Role::Supervisor;
    let found = turn.shop.entry(place)?;
    Ok(found
        .filter(|found| turn.shop.slip_row(found).is_some_and(|row| sees_all || row.kind != SlipKind::Audit)))
}

/// A document's receipt as it prints, line by line.
pub(crate) fn preview(turn: &Turn<'_>, document: &str) -> Result<Vec<PreviewLine>, Stop> {
    let found = find(turn, Some(document))?;
    Ok(print::preview(&viewed(turn, &found, 0)?, turn.shop.paper))
}

/// The paper as whoever is signed in may see it.
fn viewed(turn: &Turn<'_>, document: &Written, copy: u16) -> Result<Vec<Block>, Stop> {
    let shift = turn.shop.shift_of(&document.entry)?;
    Ok(paper(turn.shop, document, copy, shift.as_ref(), turn.desk.person.as_ref()))
}

/// Prints a page that shows whether the printer is well.
pub(crate) fn test_print(turn: &mut Turn<'_>) -> Done {
    turn.person()?;
    if !turn.shop.has_printer {
        return Err(Code::NoPrinter.into());
    }
    turn.extra = Some(Extra::Page(page(turn.shop, turn.now_ms)));
    Ok(())
}
