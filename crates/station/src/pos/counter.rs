//! What lies on a till's counter, and what a till alone waits for.

use suanpan_contract::pos::{ClosedView, RefundView};
use suanpan_domain::barcode::{Gs1, Label};
use suanpan_domain::catalogue::Item;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::Price;
use suanpan_domain::sale::Basket;
use suanpan_ledger::ItemByCode;

use super::receipt::{Cited, Kept, Refundable};
use crate::desk::Person;

/// What was read or pressed to ring an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// A barcode or a key: so many pieces each time.
    Count { pieces: i64, scanned: Option<String> },
    /// A label of the shop's scales.
    Label(Label),
    /// GS1 data on the pack.
    Gs1 { gs1: Gs1, scanned: String },
}

/// What a till alone waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// A weight for an item.
    Weigh { item: Box<Item>, price: Price },
    /// Which of several items a code means.
    Choose { found: Vec<(Means, ItemByCode)> },
    /// The reference of a tender that may be taken.
    Reference { tender: String, amount: Fen },
    /// Whether this person takes over the open shift.
    Relieve { person: Person },
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    /// The open shift was of an earlier date when the person signed in: it is closed before anything is sold.
    pub(crate) shift_is_old: bool,
    pub(crate) basket: Option<Basket>,
    /// When the basket's prices are looked up: the time of its first line.
    pub(crate) priced_at_ms: Option<i64>,
    pub(crate) selected: Option<u32>,
    /// 数量× for the next line.
    pub(crate) multiply: Option<i64>,
    /// Tare of the next weighing, when it is not the item's own.
    pub(crate) tare_g: Option<i64>,
    pub(crate) closed: Option<ClosedView>,
    /// The sale that was looked up to be refunded.
    pub(crate) refundable: Option<Box<Refundable>>,
    /// The receipt that is cited, as far as it was asked for.
    pub(crate) cited: Option<Cited>,
    /// The refund that is being put together.
    pub(crate) refund: Option<RefundView>,
    /// The shift whose drawer was asked to be counted again: once is enough.
    pub(crate) counted_again: Option<Id>,
}

impl Counter {
    pub(crate) fn has_lines(&self) -> bool {
        self.basket.as_ref().is_some_and(|basket| !basket.is_empty())
    }

    /// What was typed for one item is not for the next.
    pub(crate) fn forget_typed_ahead(&mut self) {
        (self.multiply, self.tare_g) = (None, None);
    }

    pub(crate) fn is_tendered(&self) -> bool {
        self.basket.as_ref().is_some_and(|basket| !basket.tenders.is_empty())
    }

    /// The receipt that the hub keeps for this till and may let go.
    pub(crate) fn reserved(&self) -> Option<&str> {
        if let Some(cited) = &self.cited {
            return cited.reservation.is_some().then_some(&cited.number);
        }
        let refundable = self.refundable.as_deref()?;
        (refundable.kept != Kept::Unasked && refundable.hub_knows).then_some(&refundable.number)
    }
}
