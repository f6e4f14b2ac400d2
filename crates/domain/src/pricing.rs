//! Prices on their own basis, and the amount a quantity costs.

use serde::{Deserialize, Serialize};

use crate::money::{Fen, div_round_half_up};
use crate::quantity::Quantity;

/// What one price buys. Shop signs read 元/500g, so a price keeps the basis it was given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Per {
    /// One piece.
    #[serde(rename = "pc")]
    Piece,
    /// 500 grams (a market pound, 斤).
    #[serde(rename = "500g")]
    Jin,
    /// 1,000 grams.
    #[serde(rename = "kg")]
    Kilogram,
}

impl Per {
    /// Grams of one basis; `None` for pieces.
    pub fn grams(self) -> Option<i64> {
        match self {
            Per::Piece => None,
            Per::Jin => Some(500),
            Per::Kilogram => Some(1_000),
        }
    }
}

/// A tax-inclusive price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Fen for one basis.
    pub fen: Fen,
    /// The basis.
    pub per: Per,
}

/// Why an amount cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// A weight on a price per piece, or a count on a price by weight.
    #[error("the quantity does not fit the price's basis")]
    BasisMismatch,
    /// The quantity is zero, negative or above the largest line.
    #[error("the quantity is out of range")]
    QuantityOutOfRange,
    /// The price is negative, or the amount is above the largest line.
    #[error("the amount is not one a line may have")]
    AmountTooLarge,
}

impl Price {
    /// The amount of a quantity: round half up of grams × fen / basis grams, or pieces × fen.
    ///
    /// *Units:* fen. *Errors:* [`PricingError`].
    pub fn amount(self, quantity: Quantity) -> Result<Fen, PricingError> {
        if !quantity.in_range() {
            return Err(PricingError::QuantityOutOfRange);
        }
        if self.fen < Fen::ZERO {
            return Err(PricingError::AmountTooLarge);
        }
        let divisor = match (quantity, self.per.grams()) {
            (Quantity::G(_), Some(grams)) => grams,
            (Quantity::Pc(_), None) => 1,
            _ => return Err(PricingError::BasisMismatch),
        };
        let numerator = i128::from(quantity.number()).saturating_mul(i128::from(self.fen.0));
        let amount =
            div_round_half_up(numerator, i128::from(divisor)).map(Fen).ok_or(PricingError::AmountTooLarge)?;
        if amount > Fen::MAX { Err(PricingError::AmountTooLarge) } else { Ok(amount) }
    }

    /// The grams that an amount buys at this price, for labels that print the amount alone; an estimate.
    pub fn grams_for(self, amount: Fen) -> Option<i64> {
        let grams = self.per.grams()?;
        let numerator = i128::from(amount.0).checked_mul(i128::from(grams))?;
        div_round_half_up(numerator, i128::from(self.fen.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{Grams, Pieces};

    #[test]
    fn amounts_round_half_up_on_their_own_basis() {
        let g = |grams| Quantity::G(Grams(grams));
        let pc = |pieces| Quantity::Pc(Pieces(pieces));
        for (fen, per, quantity, want) in [
            (400, Per::Jin, g(482), Ok(386)),
            (260, Per::Jin, g(328), Ok(171)),
            (2200, Per::Kilogram, g(68), Ok(150)),
            (480, Per::Piece, pc(2), Ok(960)),
            (1, Per::Kilogram, g(500), Ok(1)),
            (1, Per::Kilogram, g(499), Ok(0)),
            (480, Per::Piece, g(2), Err(PricingError::BasisMismatch)),
            (480, Per::Jin, pc(2), Err(PricingError::BasisMismatch)),
            (480, Per::Jin, g(0), Err(PricingError::QuantityOutOfRange)),
            (480, Per::Jin, g(-5), Err(PricingError::QuantityOutOfRange)),
            (100_000_000, Per::Jin, g(900_000), Err(PricingError::AmountTooLarge)),
            (-1, Per::Jin, g(900), Err(PricingError::AmountTooLarge)),
            (0, Per::Piece, pc(3), Ok(0)),
        ] {
            assert_eq!(Price { fen: Fen(fen), per }.amount(quantity), want.map(Fen), "{quantity:?} at {fen}");
        }
    }
}
