//! Money, weights and prices as paper shows them.

use super::labels::Lang;
use crate::money::Fen;
use crate::pricing::{Per, Price};
use crate::quantity::Quantity;

/// Yuan with two decimals: `-1234.05`. No thousands mark, so that no one reads a comma as a decimal point.
pub fn yuan(fen: Fen) -> String {
    let sign = if fen.0 < 0 { "-" } else { "" };
    let (whole, rest) = split(fen.0, 100);
    format!("{sign}{whole}.{rest:02}")
}

/// Kilograms to the gram, or pieces with their word.
pub(super) fn quantity(quantity: Quantity, unit: &str, lang: Lang) -> String {
    match quantity {
        Quantity::G(grams) => {
            let (whole, rest) = split(grams.0, 1_000);
            format!("{whole}.{rest:03} kg")
        }
        Quantity::Pc(pieces) => format!("{} {}", pieces.0, piece(unit, lang)),
    }
}

/// A price on its own basis: `5.98/500g`.
pub(super) fn price(price: Price, unit: &str, lang: Lang) -> String {
    let per = match price.per {
        Per::Jin => "500g",
        Per::Kilogram => "kg",
        Per::Piece => piece(unit, lang),
    };
    format!("{}/{per}", yuan(price.fen))
}

fn piece(unit: &str, lang: Lang) -> &str {
    if unit.is_empty() { lang.labels().piece } else { unit }
}

fn split(number: i64, parts: u64) -> (u64, u64) {
    let magnitude = number.unsigned_abs();
    (magnitude.checked_div(parts).unwrap_or(0), magnitude.checked_rem(parts).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{Grams, Pieces};

    #[test]
    fn figures_keep_every_fen_and_gram() {
        for (fen, want) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_405, "1234.05"), (-100, "-1.00")] {
            assert_eq!(yuan(Fen(fen)), want);
        }
        assert_eq!(yuan(Fen(i64::MIN)), "-92233720368547758.08");
        assert_eq!(quantity(Quantity::G(Grams(328)), "", Lang::ZhCn), "0.328 kg");
        assert_eq!(quantity(Quantity::Pc(Pieces(2)), "袋", Lang::En), "2 袋");
        assert_eq!(quantity(Quantity::Pc(Pieces(2)), "", Lang::En), "2 pc");
        assert_eq!(price(Price { fen: Fen(598), per: Per::Jin }, "", Lang::ZhCn), "5.98/500g");
    }
}
