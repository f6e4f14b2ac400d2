//! The basket, its lines, what remains to be paid and what was just closed.

use serde::{Deserialize, Serialize};

use crate::{PriceView, QuantityView, TakenView};

/// Basket and totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct BasketView {
    /// Lines in the order they were rung.
    pub lines: Vec<LineView>,
    /// Id of the selected line.
    pub selected: Option<u32>,
    /// Pieces; a weighed bag is one.
    pub pieces: i64,
    /// Net weight.
    pub grams: i64,
    /// All discounts.
    pub discount_fen: i64,
    /// 应收.
    pub due_fen: i64,
}

/// One line of the basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct LineView {
    /// Stable id.
    pub id: u32,
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Weight or count.
    pub quantity: QuantityView,
    /// Price charged.
    pub price: PriceView,
    /// Catalogue price when overridden.
    pub list_price: Option<PriceView>,
    /// Discount of the line.
    pub discount_fen: i64,
    /// Amount after its discount.
    pub amount_fen: i64,
    /// Where the weight came from.
    pub source: Option<SourceView>,
    /// Tare, grams.
    pub tare_g: i64,
}

/// Where a weight came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(rename_all = "snake_case")]
pub enum SourceView {
    /// A label.
    Label,
    /// An amount-only label.
    Derived,
    /// The till's scale.
    Scale,
    /// Typed.
    Typed,
}

/// The newest line of the basket, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct LastItemView {
    /// Name.
    pub name: String,
    /// Weight or count.
    pub quantity: QuantityView,
    /// Source of the weight.
    pub source: Option<SourceView>,
    /// Tare, grams.
    pub tare_g: i64,
    /// Price.
    pub price: PriceView,
}

/// What remains to be paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct PayView {
    /// What remains, without 抹零.
    pub remaining_fen: i64,
    /// What a cash customer would pay.
    pub remaining_cash_fen: i64,
    /// 抹零 if the rest is paid in cash.
    pub rounding_fen: i64,
    /// Tenders taken so far.
    pub taken: Vec<TakenView>,
    /// 数量× waiting for the next line.
    pub multiply: Option<i64>,
}

/// The sale or refund that was just closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct ClosedView {
    /// Document id.
    pub document: String,
    /// Printed number.
    pub number: String,
    /// True for a refund.
    pub is_refund: bool,
    /// Amount due, or paid out.
    pub due_fen: i64,
    /// 抹零.
    pub rounding_fen: i64,
    /// 实收.
    pub received_fen: i64,
    /// 找零.
    pub change_fen: i64,
    /// How it was paid.
    pub tenders: Vec<TakenView>,
}

/// A parked basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct ParkedView {
    /// Basket id.
    pub basket: String,
    /// When it was parked, `HH:MM`.
    pub at: String,
    /// Lines.
    pub lines: u32,
    /// What it would cost.
    pub due_fen: i64,
    /// First item's name.
    pub first: String,
}
