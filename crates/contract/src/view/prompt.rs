//! What the till says and what it waits for.

use serde::{Deserialize, Serialize};

use crate::{Code, ItemHit, Level, PriceView};

/// The message line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MessageView {
    /// Grows with every message, also a repeated one: the UI plays the tone once for each.
    pub sequence: u64,
    /// How grave it is.
    pub level: Level,
    /// What it is; its sentence is in `messages/`.
    pub code: Code,
    /// Values for the sentence's `{name}` places.
    pub args: std::collections::BTreeMap<String, String>,
}

/// What the station waits for; it never covers the basket or the totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prompt {
    /// A weighed item without a stable weight: put it on the scale, or type the weight.
    Weigh {
        /// Item code.
        item: String,
        /// Name.
        name: String,
        /// Price.
        price: PriceView,
        /// Tare that will be taken off.
        tare_g: i64,
        /// Whether the person signed in may type a weight alone.
        may_type: bool,
    },
    /// One barcode on several items.
    Choose {
        /// Candidates.
        items: Vec<ItemHit>,
    },
    /// A question, such as cash far above what is due.
    Confirm {
        /// Its sentence.
        code: Code,
        /// Values of the sentence.
        args: std::collections::BTreeMap<String, String>,
    },
    /// A supervisor's or manager's card or PIN is wanted.
    Approve {
        /// What is to be approved.
        action: ApproveAction,
        /// Money at stake.
        amount_fen: i64,
        /// A manager, not just a supervisor.
        needs_manager: bool,
    },
    /// Another cashier's shift is open: relieve it, or a supervisor closes it.
    Relieve {
        /// Its cashier.
        cashier: String,
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
    MoveCash,
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
            ApproveAction::MoveCash => "move_cash",
            ApproveAction::AuditShift => "audit_shift",
            ApproveAction::CloseOthersShift => "close_others_shift",
            ApproveAction::OpenDate => "open_date",
            ApproveAction::LiftLockout => "lift_lockout",
            ApproveAction::SetDevices => "set_devices",
        }
    }
}
