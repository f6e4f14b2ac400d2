//! What somebody is asked to allow.

use serde::{Deserialize, Serialize};

use crate::{DeviceSettings, PriceView, QuantityView, TakenView};

/// What exactly somebody is asked to allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ApproveView {
    /// Id of the basket's line that it is about.
    pub line: Option<u32>,
    /// Name of the item or person, or a receipt's number; `None` is the whole basket, or the till.
    pub name: Option<String>,
    /// How it is now.
    pub from: Option<ApproveValue>,
    /// How it will be.
    pub to: Option<ApproveValue>,
    /// Why somebody has to allow it.
    pub reason: ApproveReason,
    /// What is paid out, by tender.
    pub tenders: Vec<TakenView>,
    /// What the hub said of the receipt that is refunded.
    pub hub: HubWord,
}

/// A figure that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApproveValue {
    /// Money.
    Money {
        /// Fen.
        fen: i64,
    },
    /// A price on its basis.
    Price {
        /// Price.
        price: PriceView,
    },
    /// A weight or a count.
    Quantity {
        /// Quantity.
        quantity: QuantityView,
    },
    /// Printer, paper and scale.
    Devices {
        /// All of them.
        devices: DeviceSettings,
    },
}

/// Why somebody has to allow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApproveReason {
    /// It always is for somebody with more authority.
    #[default]
    Always,
    /// More than a cashier decides alone.
    AboveAmount {
        /// Fen.
        limit_fen: i64,
        /// What it comes to with what was taken off the basket before.
        sum_fen: i64,
    },
    /// A larger share than a cashier takes off alone.
    AboveShare {
        /// Basis points.
        limit_bp: u16,
        /// What is off a line by its own discount and the basket's together.
        share_bp: u16,
    },
    /// Cash for what was not paid in cash.
    NotPaidInCash,
    /// The shift is another cashier's.
    OthersShift,
    /// The shift is of an earlier date.
    OlderShift {
        /// `yyyy-mm-dd`.
        date: String,
    },
    /// The business date is closed.
    ClosedDate {
        /// `yyyy-mm-dd`.
        date: String,
    },
    /// The clock is before the last business date.
    ClockBehind {
        /// `yyyy-mm-dd`.
        date: String,
    },
    /// The clock is far after the last business date.
    ClockAhead {
        /// `yyyy-mm-dd`.
        date: String,
    },
    /// Locked after wrong PINs.
    LockedOut {
        /// `HH:MM`.
        until: String,
    },
}

/// What a supervisor is asked to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it allows; messages/ has the sentence")]
pub enum ApproveAction {
    TypedWeight,
    PriceOverride,
    Discount,
    RemoveLine,
    LowerQuantity,
    VoidBasket,
    OpenDrawer,
    Refund,
    RefundToCash,
    RefundCited,
    DropCash,
    ExchangeCash,
    AddFloat,
    AuditShift,
    CloseOthersShift,
    OpenDate,
    LiftLockout,
    SetDevices,
}

impl ApproveAction {
    /// The name in the journal, such as `void_basket`.
    pub fn name(self) -> &'static str {
        match self {
            ApproveAction::TypedWeight => "typed_weight",
            ApproveAction::PriceOverride => "price_override",
            ApproveAction::Discount => "discount",
            ApproveAction::RemoveLine => "remove_line",
            ApproveAction::LowerQuantity => "lower_quantity",
            ApproveAction::VoidBasket => "void_basket",
            ApproveAction::OpenDrawer => "open_drawer",
            ApproveAction::Refund => "refund",
            ApproveAction::RefundToCash => "refund_to_cash",
            ApproveAction::RefundCited => "refund_cited",
            ApproveAction::DropCash => "drop_cash",
            ApproveAction::ExchangeCash => "exchange_cash",
            ApproveAction::AddFloat => "add_float",
            ApproveAction::AuditShift => "audit_shift",
            ApproveAction::CloseOthersShift => "close_others_shift",
            ApproveAction::OpenDate => "open_date",
            ApproveAction::LiftLockout => "lift_lockout",
            ApproveAction::SetDevices => "set_devices",
        }
    }
}

/// What the hub said of a receipt that is refunded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HubWord {
    /// Nobody else refunds it now.
    #[default]
    Kept,
    /// It has no such receipt: the number is wrong, or its till has not sent it yet.
    NoSuchReceipt,
    /// It was not heard: HQ checks the receipt afterwards.
    Silent,
}
