//! Splitting an amount over parts so that the parts add up to it exactly.

use crate::money::Fen;

/// Splits `total` over `weights` by largest remainder; ties go to the earlier part.
///
/// *Units:* fen. *Shape:* one part a weight, in order. *Invariant:* the parts sum to `total`; with
/// `0 ≤ total ≤ Σ weights` no part exceeds its weight. Weights that are not positive get nothing.
/// *Errors:* `None` when `total` is negative, or nothing positive can take a positive total.
pub fn by_largest_remainder(total: Fen, weights: &[Fen]) -> Option<Vec<Fen>> {
    let weight_of = |weight: &Fen| i128::from(weight.0.max(0));
    let sum: i128 = weights.iter().map(weight_of).sum();
    if total.0 < 0 || (sum == 0 && total.0 > 0) {
        return None;
    }
    if total.0 == 0 {
        return Some(vec![Fen::ZERO; weights.len()]);
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = total;
    for (index, weight) in weights.iter().enumerate() {
        let exact = i128::from(total.0).checked_mul(weight_of(weight))?;
        let part = Fen(i64::try_from(exact.checked_div(sum)?).ok()?);
        left -= part;
        parts.push(part);
        remainders.push((std::cmp::Reverse(exact.checked_rem(sum)?), index));
    }
    remainders.sort_unstable();
    for (_, index) in remainders {
        if left.is_zero() {
            break;
        }
        if let Some(part) = parts.get_mut(index) {
            *part += Fen(1);
            left -= Fen(1);
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainder_takes_the_odd_fen() {
        for (total, weights, want) in [
            (100, vec![1, 1, 1], vec![34, 33, 33]),
            (5, vec![300, 0, 100], vec![4, 0, 1]),
            (0, vec![], vec![]),
            (7, vec![7], vec![7]),
        ] {
            let weights: Vec<Fen> = weights.into_iter().map(Fen).collect();
            let want: Vec<Fen> = want.into_iter().map(Fen).collect();
            assert_eq!(by_largest_remainder(Fen(total), &weights), Some(want));
        }
        assert_eq!(by_largest_remainder(Fen(1), &[Fen(0)]), None);
        assert_eq!(by_largest_remainder(Fen(-1), &[Fen(1)]), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_stay_within_their_weights(weights in prop::collection::vec(0i64..1_000_000, 1..60), share in 0u32..=1000) {
            let sum: i64 = weights.iter().sum();
            let total = i64::try_from(i128::from(sum) * i128::from(share) / 1000).unwrap();
            let weights: Vec<Fen> = weights.into_iter().map(Fen).collect();
            let parts = by_largest_remainder(Fen(total), &weights).unwrap();
            prop_assert_eq!(parts.iter().copied().sum::<Fen>(), Fen(total));
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*part >= Fen::ZERO && part <= weight);
            }
        }
    }
}
