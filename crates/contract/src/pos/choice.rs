//! What can be chosen: picture keys, tenders, found items.

use serde::{Deserialize, Serialize};

use crate::PriceView;

/// A tab of picture keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct QuickTabView {
    /// Key.
    pub id: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// At most twelve.
    pub keys: Vec<QuickKeyView>,
}

/// A picture key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct QuickKeyView {
    /// Item code.
    pub item: String,
    /// Short label.
    pub label: String,
    /// `#rrggbb`.
    pub colour: String,
    /// Price, when there is one.
    pub price: Option<PriceView>,
}

/// A key of the pay panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct TenderView {
    /// Tender code.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Wants a reference.
    pub needs_reference: bool,
    /// May exceed what remains.
    pub gives_change: bool,
    /// A refund may go back to it.
    pub refundable: bool,
}

/// An item that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct ItemHit {
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Category.
    pub category: String,
    /// Price; an item without one cannot be sold.
    pub price: Option<PriceView>,
    /// First barcode.
    pub barcode: Option<String>,
    /// Place of origin.
    pub origin: Option<String>,
    /// Pieces that picking it rings: one, or a case's count.
    pub pieces: i64,
}
