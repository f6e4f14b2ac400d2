//! Money in integer fen.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// An amount of money.
///
/// *Units:* fen (1/100 yuan), signed. *Invariant:* every amount that enters the system is bounded by [`Fen::MAX`],
/// so sums of the at most [`crate::sale::LINES_MAX`] lines of a document, and of every document of a chain for a
/// century, stay far inside `i64`; the operators saturate only so that no input can make them panic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);
    /// The largest amount one line, tender or drawer movement may have: ¥10,000,000.00.
    pub const MAX: Fen = Fen(1_000_000_000);

    /// True for amounts above zero.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// True for exactly zero.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The amount without its sign.
    pub fn size(self) -> Fen {
        Fen(self.0.saturating_abs())
    }

    /// Rounds down (towards zero) to a multiple of `step` fen; a step of 0 or 1 changes nothing.
    pub fn floor_to(self, step: i64) -> Fen {
        if step <= 1 {
            return self;
        }
        Fen(self.0.saturating_sub(self.0.checked_rem(step).unwrap_or(0)))
    }
}

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0.saturating_add(other.0))
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0.saturating_sub(other.0))
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(self.0.saturating_neg())
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        *self = Fen(self.0.saturating_add(other.0));
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Fen) {
        *self = Fen(self.0.saturating_sub(other.0));
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(iter: I) -> Fen {
        iter.fold(Fen::ZERO, |total, part| Fen(total.0.saturating_add(part.0)))
    }
}

/// Divides and rounds half away from zero.
///
/// *Errors:* `None` when the divisor is not positive or the result does not fit.
pub fn div_round_half_up(numerator: i128, divisor: i128) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    let half = divisor.checked_div(2)?;
    let magnitude = numerator.checked_abs()?.checked_add(half)?.checked_div(divisor)?;
    let signed = if numerator < 0 { magnitude.checked_neg()? } else { magnitude };
    i64::try_from(signed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero() {
        for (numerator, divisor, want) in
            [(5, 10, 1), (4, 10, 0), (-5, 10, -1), (15, 10, 2), (0, 7, 0), (7, 3, 2), (8, 3, 3)]
        {
            assert_eq!(div_round_half_up(numerator, divisor), Some(want), "{numerator}/{divisor}");
        }
        assert_eq!(div_round_half_up(1, 0), None);
    }

    #[test]
    fn rounding_down_never_gains() {
        assert_eq!(Fen(1239).floor_to(10), Fen(1230));
        assert_eq!(Fen(1239).floor_to(100), Fen(1200));
        assert_eq!(Fen(1239).floor_to(1), Fen(1239));
    }
}
