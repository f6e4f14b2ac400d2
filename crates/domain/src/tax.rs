//! Value-added tax inside tax-inclusive prices.

use serde::{Deserialize, Serialize};

use crate::money::{Fen, div_round_half_up};

/// The tax of a line as it was when the line was rung.
///
/// Exempt is not 0 %: both take nothing out of the price, and they are different codes on every report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Tax code of the catalogue, such as `V9` or `EX`.
    #[serde(rename = "c")]
    pub code: String,
    /// Rate in basis points: 9 % is 900; 0 for zero-rated and exempt.
    #[serde(rename = "bp", default, skip_serializing_if = "is_zero")]
    pub rate_bp: u16,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde's skip_serializing_if wants")]
fn is_zero(rate_bp: &u16) -> bool {
    *rate_bp == 0
}

impl Tax {
    /// Splits a tax-inclusive amount into (net, tax): net is round half up of gross / (1 + r), tax is the rest.
    ///
    /// *Units:* fen. *Invariant:* net + tax = gross.
    pub fn split(&self, gross: Fen) -> (Fen, Fen) {
        let numerator = i128::from(gross.0).saturating_mul(10_000);
        let divisor = i128::from(self.rate_bp).saturating_add(10_000);
        let net = div_round_half_up(numerator, divisor).map_or(gross, Fen);
        (net, gross - net)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_and_tax_add_up_to_gross() {
        for (gross, rate_bp, net) in
            [(10_900, 900, 10_000), (1, 1_300, 1), (100, 0, 100), (-10_900, 900, -10_000), (999, 1_300, 884)]
        {
            let tax = Tax { code: "T".into(), rate_bp };
            let (got_net, got_tax) = tax.split(Fen(gross));
            assert_eq!(got_net, Fen(net), "{gross} at {rate_bp}");
            assert_eq!(got_net + got_tax, Fen(gross));
        }
    }
}
