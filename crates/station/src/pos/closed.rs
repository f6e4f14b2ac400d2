//! What was just closed, as the screen shows it until other work begins: what to hand over, and what came in.

use suanpan_contract::TakenView;
use suanpan_contract::pos::ClosedView;
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_domain::sale::{Sale, Tendered};

use super::kinds::Core;
use super::view;

/// After a start, what was closed so shortly before is shown again: the power may have gone before anybody read it.
const SHOWN_AGAIN_MS: i64 = 10 * 60_000;

/// A sale. Its number is known only with the commit: the segment of the entry ends it.
pub(crate) fn sale(sale: &Sale) -> ClosedView {
    let received: Fen = sale.tenders.iter().map(|tendered| tendered.given.unwrap_or(tendered.amount)).sum();
    ClosedView {
        document: sale.id.to_string(),
        number: String::new(),
        is_refund: false,
        due_fen: sale.due.0,
        rounding_fen: sale.rounding.0,
        received_fen: received.0,
        change_fen: sale.change.0,
        tenders: sale.tenders.iter().map(view::taken).collect(),
    }
}

/// A refund of a sale, if that is at hand.
pub(crate) fn refund(refund: &Refund, sale: Option<&Sale>) -> ClosedView {
    ClosedView {
        document: refund.id.to_string(),
        number: String::new(),
        is_refund: true,
        due_fen: refund.total.0,
        rounding_fen: 0,
        received_fen: 0,
        change_fen: 0,
        tenders: going_back(&refund.tenders, sale),
    }
}

/// Each tender with the reference under which the sale took it: by it the payment is found on its terminal.
pub(crate) fn going_back(tenders: &[Tendered], sale: Option<&Sale>) -> Vec<TakenView> {
    let reference = |code: &str| {
        sale?.tenders.iter().find(|taken| taken.tender == code).and_then(|taken| taken.reference.clone())
    };
    let shown = |paid: &Tendered| TakenView { reference: reference(&paid.tender), ..view::taken(paid) };
    tenders.iter().map(shown).collect()
}

/// Shows the last document of the open shift again, if it is so young.
pub(crate) fn show_again(core: &mut Core) {
    let shop = &core.shop;
    let (Some(shift), Ok(Some(last))) = (&shop.shift, shop.ledger.last_document()) else { return };
    let age_ms = core.clock.now_ms().saturating_sub(last.at_ms);
    let closed = match &last.entry {
        Entry::Sale(it) if it.shift == shift.id => sale(it),
        Entry::Refund(it) if it.shift == shift.id => {
            let of = match &it.origin {
                Origin::Sale { sale, .. } => shop.ledger.document(*sale).ok().flatten(),
                Origin::Cited { .. } => None,
            };
            let of = of
                .and_then(|document| if let Entry::Sale(sale) = document.entry { Some(sale) } else { None });
            refund(it, of.as_ref())
        }
        _ => return,
    };
    if (0..SHOWN_AGAIN_MS).contains(&age_ms) {
        let number = shop.row(&last).map(|row| row.number).unwrap_or_default();
        core.desk.closed = Some(ClosedView { number, ..closed });
    }
}
