//! The working state of a till: what is on the counter now. A command works on a copy and keeps it only when the
//! ledger has taken the entries.

use suanpan_contract::{ClosedView, Command, Level, MessageView, RefundView};
use suanpan_domain::barcode::{Gs1, Label};
use suanpan_domain::catalogue::{Item, Role, Staff};
use suanpan_domain::entry::Credential;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::Price;
use suanpan_domain::sale::Basket;
use suanpan_ledger::ItemByCode;

use super::approval::Approval;
use super::refund::Refundable;
use super::say::Say;

/// Somebody who has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) types_weight: bool,
    pub(crate) with: Credential,
}

impl Person {
    pub(crate) fn of(staff: &Staff, with: Credential) -> Person {
        Person {
            code: staff.code.clone(),
            name: staff.name.clone(),
            role: staff.role,
            types_weight: staff.typed_weight || staff.role >= Role::Supervisor,
            with,
        }
    }
}

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

/// What the till waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A weight for an item.
    Weigh { item: Box<Item>, price: Price },
    /// Which of several items a code means.
    Choose { found: Vec<(Means, ItemByCode)> },
    /// A yes, after which the command is carried out.
    Confirm { say: Say, then: Then },
    /// Somebody with the role, after which the command is carried out.
    Approve { wanted: Box<Approval>, then: Then },
    /// The reference of a tender that may be taken.
    Reference { tender: String, amount: Fen },
    /// Whether this person takes over the open shift.
    Relieve { person: Person },
}

/// A command that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Then {
    pub(crate) command: Box<Command>,
    /// What the cashier has said yes to.
    pub(crate) agreed: Vec<Say>,
    /// What was waited for before.
    pub(crate) under: Option<Box<Asked>>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    pub(crate) person: Option<Person>,
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
    pub(crate) asked: Option<Asked>,
    pub(crate) closed: Option<ClosedView>,
    pub(crate) message: Option<MessageView>,
    /// The sale that was looked up to be refunded.
    pub(crate) refundable: Option<Box<Refundable>>,
    /// The refund that is being put together.
    pub(crate) refund: Option<RefundView>,
    /// The cashier was told that receipts are unsent, and may close the app now.
    pub(crate) quit_warned: bool,
}

impl Desk {
    /// An error that the cashier has not acknowledged.
    pub(crate) fn has_error(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.level == Level::Error)
    }

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
}
