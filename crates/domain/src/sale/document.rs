//! A sale as it is recorded: every figure that was on the receipt, so that nothing is ever computed again.

use serde::{Deserialize, Serialize};

use super::line::WeightSource;
use crate::ids::Id;
use crate::money::Fen;
use crate::pricing::Price;
use crate::quantity::Quantity;
use crate::tax::Tax;

/// A paid basket. Field names are short because a till writes one a minute for years.
///
/// *Invariants:* `due = Σ line.paid = Σ tender.amount`; `Σ line.gross − discount − rounding = due`;
/// `change = Σ (given − amount)` over tenders with `given`; for each line `net + tax_fen = paid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Minted before the transaction, unique in the journal.
    pub id: Id,
    /// Gapless number of the till and business date.
    #[serde(rename = "no")]
    pub number: u32,
    /// Shift it belongs to.
    pub shift: Id,
    /// Cashier's staff number.
    #[serde(rename = "by")]
    pub cashier: String,
    /// Catalogue cut that priced it.
    pub cut: String,
    /// Lines in order.
    pub lines: Vec<SaleLine>,
    /// All discounts, line and basket.
    #[serde(rename = "disc", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub discount: Fen,
    /// 抹零 that the customer was let off, ≥ 0.
    #[serde(rename = "round", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub rounding: Fen,
    /// What was paid.
    pub due: Fen,
    /// How it was paid.
    #[serde(rename = "pay")]
    pub tenders: Vec<Tendered>,
    /// Cash given back.
    #[serde(default, skip_serializing_if = "Fen::is_zero_ref")]
    pub change: Fen,
    /// Who approved the basket's discount.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A line of a recorded sale.
///
/// *Invariants:* `0 ≤ paid ≤ gross`; `0 ≤ rounding ≤ gross − paid`; `net + tax_fen = paid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleLine {
    /// Item code.
    #[serde(rename = "i")]
    pub item: String,
    /// Name as printed.
    #[serde(rename = "n")]
    pub name: String,
    /// Word for one piece; empty for weighed goods.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Weight or count.
    #[serde(rename = "q")]
    pub quantity: Quantity,
    /// Price charged.
    #[serde(rename = "p")]
    pub price: Price,
    /// Catalogue price when it was overridden.
    #[serde(rename = "lp", default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Before discounts: for a label, the printed amount.
    #[serde(rename = "g")]
    pub gross: Fen,
    /// After its discount, its share of the basket's discount and its share of 抹零.
    #[serde(rename = "a")]
    pub paid: Fen,
    /// `paid` without tax.
    pub net: Fen,
    /// Tax within `paid` (`paid − net`).
    #[serde(rename = "tx", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub tax_fen: Fen,
    /// Tax code and rate.
    #[serde(rename = "t")]
    pub tax: Tax,
    /// Share of 抹零 within `gross − paid`.
    #[serde(rename = "r", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub rounding: Fen,
    /// Where the weight came from.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<WeightSource>,
    /// Tare, grams.
    #[serde(rename = "ta", default, skip_serializing_if = "super::is_zero")]
    pub tare_g: i64,
    /// What the label or the scale said, as it was read; kept for weighed goods and labels only.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
    /// Who approved its price, discount or typed weight.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

impl SaleLine {
    /// All discounts on the line, without 抹零.
    pub fn discount(&self) -> Fen {
        self.gross - self.paid - self.rounding
    }
}

/// One tender of a sale or a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tendered {
    /// Tender code of the catalogue.
    #[serde(rename = "c")]
    pub tender: String,
    /// What it pays of the sale.
    #[serde(rename = "a")]
    pub amount: Fen,
    /// What was handed over, when more than `amount`.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Fen>,
    /// The cashier's typed or scanned reference.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl Fen {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde's skip_serializing_if wants")]
    pub(crate) fn is_zero_ref(fen: &Fen) -> bool {
        fen.is_zero()
    }
}
