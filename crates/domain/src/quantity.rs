//! Weights in grams and counts in pieces: independent facts, never converted into each other.

use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// A weight. *Units:* grams, net of tare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grams(pub i64);

impl Grams {
    /// The heaviest line a till accepts: 1,000 kg, well above any shop scale.
    pub const MAX: Grams = Grams(1_000_000);
}

impl Sum for Grams {
    fn sum<I: Iterator<Item = Grams>>(iter: I) -> Grams {
        iter.fold(Grams(0), |total, part| Grams(total.0.saturating_add(part.0)))
    }
}

/// A count. *Units:* pieces (bags, boxes, bottles: whatever the item is sold by).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pieces(pub i64);

impl Pieces {
    /// The most pieces of one line.
    pub const MAX: Pieces = Pieces(9_999);
}

/// How much of an item a line holds: a weight or a count, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Weighed goods, in grams.
    G(Grams),
    /// Counted goods, in pieces.
    Pc(Pieces),
}

impl Quantity {
    /// The bare number, grams or pieces.
    pub fn number(self) -> i64 {
        match self {
            Quantity::G(grams) => grams.0,
            Quantity::Pc(pieces) => pieces.0,
        }
    }

    /// The same kind of quantity with another number.
    pub fn with_number(self, number: i64) -> Quantity {
        match self {
            Quantity::G(_) => Quantity::G(Grams(number)),
            Quantity::Pc(_) => Quantity::Pc(Pieces(number)),
        }
    }

    /// Grams, zero for counted goods.
    pub fn grams(self) -> Grams {
        match self {
            Quantity::G(grams) => grams,
            Quantity::Pc(_) => Grams(0),
        }
    }

    /// Pieces as a customer counts them: a weighed bag is one piece.
    pub fn pieces_counted(self) -> Pieces {
        match self {
            Quantity::G(_) => Pieces(1),
            Quantity::Pc(pieces) => pieces,
        }
    }

    /// True when both are weights or both are counts.
    pub fn same_kind(self, other: Quantity) -> bool {
        matches!((self, other), (Quantity::G(_), Quantity::G(_)) | (Quantity::Pc(_), Quantity::Pc(_)))
    }

    /// True when the number is above zero and within the largest line a till accepts.
    pub fn in_range(self) -> bool {
        match self {
            Quantity::G(grams) => grams.0 > 0 && grams <= Grams::MAX,
            Quantity::Pc(pieces) => pieces.0 > 0 && pieces <= Pieces::MAX,
        }
    }
}
