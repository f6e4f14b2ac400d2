//! What comes back.

use serde::{Deserialize, Serialize};

use crate::{HubWord, QuantityView, TakenView};

/// A refund that is being put together: what comes back, and how it would be paid out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct RefundView {
    /// Printed number of the receipt.
    pub number: String,
    /// What comes back.
    pub lines: Vec<RefundedLine>,
    /// What is paid out.
    pub total_fen: i64,
    /// 抹零: what is held back because cash has no such coins.
    pub held_fen: i64,
    /// What is paid out, by tender.
    pub tenders: Vec<TakenView>,
    /// Cash was chosen whatever the sale's tenders were.
    pub to_cash: bool,
    /// What the hub said of the receipt.
    pub hub: HubWord,
    /// What is known to have been paid out on the cited receipt before.
    pub returned_fen: i64,
}

/// A line of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct RefundedLine {
    /// Name.
    pub name: String,
    /// What comes back of it; 0 pays out what was held back before.
    pub quantity: QuantityView,
    /// What the customer gets for it.
    pub amount_fen: i64,
    /// True: back on the shelf; false: 报损.
    pub restock: bool,
}

/// A sale with what may still come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct RefundableSale {
    /// Sale id.
    pub sale: String,
    /// Printed number.
    pub number: String,
    /// Site-local `mm-dd HH:MM`.
    pub at: String,
    /// What was paid.
    pub due_fen: i64,
    /// What has been given back already.
    pub returned_fen: i64,
    /// Its tenders.
    pub tenders: Vec<TakenView>,
    /// Its lines.
    pub lines: Vec<RefundableLine>,
}

/// A line that may come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct RefundableLine {
    /// Index from 0.
    pub line: u16,
    /// Name.
    pub name: String,
    /// What was sold.
    pub sold: QuantityView,
    /// What may still come back.
    pub left: QuantityView,
    /// What was paid for all of it.
    pub paid_fen: i64,
}
