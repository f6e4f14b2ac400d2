//! What a till waits for.

use serde::{Deserialize, Serialize};

use super::ItemHit;
use crate::{ApproveAction, ApproveView, Code, PriceView};

/// What the station waits for; it never covers the basket or the totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
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
        /// What exactly, and why the cashier does not decide it alone.
        about: Box<ApproveView>,
    },
    /// The reference of a tender that may be taken: the customer pays first, then its number is typed or scanned.
    Reference {
        /// Tender code.
        tender: String,
        /// What it pays.
        amount_fen: i64,
    },
    /// Another cashier's shift is open: relieve it, or a supervisor closes it.
    Relieve {
        /// Its cashier.
        cashier: String,
    },
}
