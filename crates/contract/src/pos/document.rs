//! Receipts and slips that were given.

use serde::{Deserialize, Serialize};

use crate::PrintView;

/// A document of this till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct DocumentRow {
    /// Document id.
    pub document: String,
    /// Printed number.
    pub number: String,
    /// True for a refund.
    pub is_refund: bool,
    /// Site-local `mm-dd HH:MM`.
    pub at: String,
    /// Cashier's staff number.
    pub cashier: String,
    /// Amount, positive also for refunds.
    pub amount_fen: i64,
    /// Whether its receipt printed.
    pub print: PrintView,
    /// Whether the hub has it.
    pub received: bool,
}

/// A paper of this till that no customer gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct SlipRow {
    /// Its place in the journal.
    pub slip: String,
    /// Which paper.
    pub kind: SlipKind,
    /// Site-local `mm-dd HH:MM`.
    pub at: String,
    /// Staff number of who made it.
    pub by: String,
    /// Cash that was moved or counted; none for 日结.
    pub amount_fen: Option<i64>,
}

/// Papers that no customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(rename_all = "snake_case")]
pub enum SlipKind {
    /// 缴款, 换零, 备用金.
    Cash,
    /// 中途对账.
    Audit,
    /// 班结.
    Shift,
    /// 日结.
    Day,
}
