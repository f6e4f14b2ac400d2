//! One line of a basket.

use serde::{Deserialize, Serialize};

use crate::money::{Fen, div_round_half_up};
use crate::pricing::{Price, PricingError};
use crate::quantity::Quantity;
use crate::tax::Tax;

/// Where a line's weight came from; for counted goods, [`WeightSource::Label`] says that a label counted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightSource {
    /// A scale label.
    Label,
    /// A label that prints the amount alone: the weight is an estimate.
    Derived,
    /// The till's own scale, stable.
    Scale,
    /// Typed by a person whose role allows it.
    Typed,
}

/// A discount as it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// Fen off.
    Fen(Fen),
    /// Basis points off: 10 % off (九折) is 1,000.
    Bp(u16),
}

impl Discount {
    /// Fen off an amount, never more than the amount.
    pub fn of(self, amount: Fen) -> Fen {
        let off = match self {
            Discount::Fen(fen) => fen,
            Discount::Bp(bp) => {
                let exact = i128::from(amount.0).saturating_mul(i128::from(bp));
                div_round_half_up(exact, 10_000).map_or(Fen::ZERO, Fen)
            }
        };
        off.max(Fen::ZERO).min(amount)
    }

    /// The share of an amount it takes off, in basis points rounded up: what a limit of authority is compared to.
    pub fn basis_points(self, amount: Fen) -> u16 {
        match self {
            Discount::Bp(bp) => bp,
            Discount::Fen(_) if !amount.is_positive() => 0,
            Discount::Fen(fen) => {
                let exact = i128::from(fen.0)
                    .saturating_mul(10_000)
                    .saturating_add(i128::from(amount.0))
                    .saturating_sub(1);
                exact
                    .checked_div(i128::from(amount.0))
                    .and_then(|bp| u16::try_from(bp.max(0)).ok())
                    .unwrap_or(u16::MAX)
            }
        }
    }
}

/// What the station knows when it rings a line.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// Item code.
    pub item: String,
    /// Item name as shown.
    pub name: String,
    /// Word for one piece; empty for weighed goods.
    pub unit: String,
    /// Weight or count.
    pub quantity: Quantity,
    /// Catalogue price.
    pub price: Price,
    /// The amount a label prints: kept as it is, never recomputed.
    pub printed_amount: Option<Fen>,
    /// Tax as of now.
    pub tax: Tax,
    /// Where the weight came from; `None` for counted goods that no label counted.
    pub source: Option<WeightSource>,
    /// Tare that was taken off, grams.
    pub tare_g: i64,
    /// What the device read: a label's or barcode's digits (the same label twice is warned of), or the scale's raw frame.
    pub scanned: Option<String>,
}

/// A line of an open basket.
///
/// *Invariant:* `0 ≤ discount ≤ gross`; a line with a printed amount has that gross and does not change quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Stable within the basket, from 1; not the position on the screen.
    pub id: u32,
    /// Item code.
    #[serde(rename = "i")]
    pub item: String,
    /// Item name.
    #[serde(rename = "n")]
    pub name: String,
    /// Word for one piece.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Weight or count.
    #[serde(rename = "q")]
    pub quantity: Quantity,
    /// Price that is charged.
    #[serde(rename = "p")]
    pub price: Price,
    /// Catalogue price, when the charged one overrides it.
    #[serde(rename = "lp", default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Amount before discounts, fen.
    #[serde(rename = "g")]
    pub gross: Fen,
    /// The gross is a label's printed amount.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub printed: bool,
    /// Its own discount.
    #[serde(rename = "disc", default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// Tax as of ringing.
    #[serde(rename = "t")]
    pub tax: Tax,
    /// Where the weight came from.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<WeightSource>,
    /// Tare, grams.
    #[serde(rename = "ta", default, skip_serializing_if = "super::is_zero")]
    pub tare_g: i64,
    /// Digits of the label or barcode, or the scale's raw frame.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
    /// Staff number of who approved its price, discount or typed weight.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

impl Line {
    pub(super) fn ring(id: u32, new: NewLine) -> Result<Line, PricingError> {
        if !new.quantity.in_range() {
            return Err(PricingError::QuantityOutOfRange);
        }
        let gross = match new.printed_amount {
            Some(amount) if amount > Fen::MAX || amount < Fen::ZERO => {
                return Err(PricingError::AmountTooLarge);
            }
            Some(amount) => amount,
            None => new.price.amount(new.quantity)?,
        };
        Ok(Line {
            id,
            item: new.item,
            name: new.name,
            unit: new.unit,
            quantity: new.quantity,
            price: new.price,
            list_price: None,
            gross,
            printed: new.printed_amount.is_some(),
            discount: None,
            tax: new.tax,
            source: new.source,
            tare_g: new.tare_g,
            scanned: new.scanned,
            approver: None,
        })
    }

    /// Takes another gross. A discount in fen goes when there is less than it was granted on.
    pub(super) fn change_gross(&mut self, gross: Fen) {
        if gross < self.gross && matches!(self.discount, Some(Discount::Fen(_))) {
            self.discount = None;
        }
        self.gross = gross;
    }

    /// The share that is off it when the basket's discount takes so much of what its own leaves, basis points.
    pub(super) fn share_off(&self, of_basket: u16) -> u16 {
        let own = self.discount.map_or(0, |discount| discount.basis_points(self.gross));
        let [own, of_basket] = [own, of_basket].map(|bp| u32::from(bp.min(10_000)));
        let both = own.saturating_mul(of_basket) / 10_000;
        u16::try_from(own.saturating_add(of_basket).saturating_sub(both)).unwrap_or(u16::MAX)
    }

    /// True when a scale label decided its quantity, which then does not change.
    pub fn from_label(&self) -> bool {
        self.printed || matches!(self.source, Some(WeightSource::Label | WeightSource::Derived))
    }

    /// Its own discount in fen.
    pub fn discount_fen(&self) -> Fen {
        self.discount.map_or(Fen::ZERO, |discount| discount.of(self.gross))
    }

    /// Amount after its own discount, before any basket discount.
    pub fn amount(&self) -> Fen {
        self.gross - self.discount_fen()
    }
}
