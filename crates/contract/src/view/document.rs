//! Receipts that were given, on screen and for refunds.

use serde::{Deserialize, Serialize};

use crate::{QuantityView, TakenView};

/// A document of this till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PrintView {
    /// In the queue.
    Waiting,
    /// The printer took it and said so.
    Printed,
    /// It did not print.
    Failed,
    /// Nobody can tell; never repeated unasked.
    Uncertain,
    /// No printer is set up.
    NotAsked,
}

/// A line of a receipt on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PreviewLine {
    /// Text in a fixed pitch; a hanzi is two columns.
    pub text: String,
    /// Emphasised.
    pub bold: bool,
    /// Double height.
    pub tall: bool,
    /// Double width: each character takes two columns of the paper, a hanzi four.
    pub wide: bool,
    /// Centred.
    pub centre: bool,
    /// The text stands for a QR code or barcode of these characters.
    pub is_code: bool,
}

/// A refund that is being put together: what comes back, and how it would be paid out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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

/// A line of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
