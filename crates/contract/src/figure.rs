//! Figures that are more than a number.

use serde::{Deserialize, Serialize};

/// A weight or a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuantityView {
    /// Net weight.
    Weight {
        /// Grams.
        grams: i64,
    },
    /// Count.
    Count {
        /// Pieces.
        pieces: i64,
        /// Word for one.
        unit: String,
    },
}

/// A price on its own basis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PriceView {
    /// Fen for one basis.
    pub fen: i64,
    /// `500g`, `kg`, or the word for one piece.
    pub per: String,
}

/// A tender taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TakenView {
    /// Tender code.
    pub tender: String,
    /// What it pays.
    pub amount_fen: i64,
    /// Its reference.
    pub reference: Option<String>,
}
