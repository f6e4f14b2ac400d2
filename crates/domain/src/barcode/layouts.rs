//! Whether a chain's label layouts can be told from each other, from goods and from payment codes.
//!
//! A till reads by the first layout that fits, so what is wrong here is money that goes wrong in silence.

use super::label::LayoutError;
use super::{Scan, classify};
use crate::catalogue::{LabelFieldKind, LabelLayout};
use crate::money::Fen;

/// Labels that are tried: enough for each value of a check digit to come twice.
const SMALL_BAGS: i64 = 20;

/// Why a layout must not be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutFault {
    /// It reads no label at all.
    #[error(transparent)]
    Unreadable(#[from] LayoutError),
    /// One of its flags begins another, so that one of them never counts.
    #[error("flags of which none begins another")]
    FlagTwice,
    /// Labels of this length and flag may be payment codes of a customer.
    #[error("a length and flags with which no payment code begins")]
    PaymentCode,
    /// Labels of this length and flag may be goods' own barcodes.
    #[error("flags that no goods' barcode of this length begins with, such as 20 to 29")]
    Goods,
    /// A till does not read back what a scale prints by it.
    #[error("a layout by which a till reads back what a scale prints")]
    NotReadBack,
}

impl LabelLayout {
    /// Checks one layout before it is published; [`clashes_with`](LabelLayout::clashes_with) checks it against others.
    ///
    /// *Errors:* [`LayoutFault`].
    pub fn check(&self) -> Result<(), LayoutFault> {
        self.validate()?;
        for (nth, flag) in self.flags.iter().enumerate() {
            if self.flags.iter().take(nth).any(|other| overlap(flag, other)) {
                return Err(LayoutFault::FlagTwice);
            }
            if (0..100).any(|two| self.is_payment(flag, two)) {
                return Err(LayoutFault::PaymentCode);
            }
            if matches!(self.digits(), 8 | 12 | 13) && (0..100).any(|two| self.is_goods(flag, two)) {
                return Err(LayoutFault::Goods);
            }
            if !self.reads_back(flag) {
                return Err(LayoutFault::NotReadBack);
            }
        }
        Ok(())
    }

    /// The flag by which labels of this layout could be read by the other one.
    pub fn clashes_with(&self, other: &LabelLayout) -> Option<&str> {
        let is_other = |flag: &&String| other.flags.iter().any(|it| overlap(flag, it));
        let flag = self.flags.iter().find(is_other).filter(|_| self.digits() == other.digits());
        flag.map(String::as_str)
    }

    /// Whether a label with this flag can begin with these two digits and be a wallet's code.
    fn is_payment(&self, flag: &str, two: u8) -> bool {
        let begin = format!("{two:02}");
        let code = format!("{begin:0<width$}", width = self.digits());
        overlap(flag, &begin) && matches!(classify(&code, &[]), Scan::PaymentCode(_))
    }

    /// Whether a label with this flag can begin with these two digits, which GS1 gives to goods.
    fn is_goods(&self, flag: &str, two: u8) -> bool {
        let of_goods = match self.digits() {
            // A GTIN-8 of goods begins with another digit than 0 and 2, a GTIN-12 is a GTIN-13 behind a zero.
            8 => !matches!(two, 0..=9 | 20..=29),
            12 => matches!(two, 0..=19 | 30..=39 | 60..=99),
            _ => matches!(two, 0 | 1 | 3 | 6..=19 | 30..=97),
        };
        of_goods && overlap(flag, &format!("{two:02}"))
    }

    /// Whether a till reads what a scale prints, with the values of some small bags and with the largest of each field.
    fn reads_back(&self, flag: &str) -> bool {
        let one = LabelLayout { flags: vec![flag.to_owned()], ..self.clone() };
        let digits_of =
            |kind| one.fields.iter().find(|it| it.kind == kind).map_or(0, |it| u32::from(it.digits));
        let largest = |kind| 10i64.checked_pow(digits_of(kind)).unwrap_or(1).saturating_sub(1);
        let plu = "1".repeat(usize::try_from(digits_of(LabelFieldKind::Plu)).unwrap_or(0));
        (1..=SMALL_BAGS).chain([i64::MAX]).all(|value| {
            let weight = value.min(largest(LabelFieldKind::Weight));
            let amount = value.min(largest(LabelFieldKind::Amount));
            let printed = one.compose(&plu, weight, Fen(amount));
            let scan = printed.map(|text| classify(&text, std::slice::from_ref(&one)));
            let Some(Scan::Label(label)) = scan else { return false };
            label.plu == plu
                && label.weight_or_pieces.is_none_or(|read| read == weight)
                && label.amount.is_none_or(|read| read == Fen(amount))
        })
    }
}

/// Whether one begins with the other.
fn overlap(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layout of a flag, a PLU of five digits, an amount and a check digit, so many digits long.
    fn layout(flags: &[&str], digits: u8, check: &str) -> LabelLayout {
        let flag = flags.first().map_or(0, |flag| flag.len());
        let last = if check == "gtin" { 1 } else { 0 };
        let mut fields = serde_json::json!([{"kind": "flag", "digits": flag}, {"kind": "plu", "digits": 5},
            {"kind": "amount", "digits": usize::from(digits) - flag - 5 - last}]);
        if check == "gtin" {
            fields.as_array_mut().unwrap().push(serde_json::json!({"kind": "check", "digits": 1}));
        }
        let layout = serde_json::json!({"id": "l", "flags": flags, "fields": fields, "check": check});
        serde_json::from_value(layout).unwrap()
    }

    #[test]
    fn a_layout_is_told_from_goods_and_from_payment_codes_and_reads_what_it_prints() {
        for (flags, digits, check, want) in [
            (&["20", "24"][..], 13, "gtin", Ok(())),
            (&["20"], 13, "none", Ok(())),
            (&["2"], 13, "gtin", Ok(())),
            (&["02"], 13, "gtin", Ok(())),
            (&["99"], 13, "gtin", Ok(())),
            (&["20", "20"], 13, "gtin", Err(LayoutFault::FlagTwice)),
            (&["69"], 13, "gtin", Err(LayoutFault::Goods)),
            (&["6"], 13, "none", Err(LayoutFault::Goods)),
            (&["00"], 12, "gtin", Err(LayoutFault::Goods)),
            (&["69"], 12, "gtin", Err(LayoutFault::Goods)),
            (&["69"], 11, "gtin", Ok(())),
            (&["13"], 15, "none", Err(LayoutFault::PaymentCode)),
            (&["28"], 16, "gtin", Err(LayoutFault::PaymentCode)),
            (&["2"], 16, "gtin", Err(LayoutFault::PaymentCode)),
            (&["01"], 16, "gtin", Ok(())),
            (&["01"], 16, "none", Err(LayoutFault::NotReadBack)),
            (&["20"], 13, "price", Err(LayoutFault::Unreadable(LayoutError::Check))),
            (&[], 13, "gtin", Err(LayoutFault::Unreadable(LayoutError::Flag))),
        ] {
            // Of a wallet's 18 digits more belong to an amount than one may have: a weight takes the rest.
            let mut layout = layout(flags, digits, check);
            if flags == ["13"] {
                layout.fields.insert(2, serde_json::from_str(r#"{"kind": "weight", "digits": 3}"#).unwrap());
            }
            assert_eq!(layout.check(), want, "{flags:?} {digits} {check}");
        }
    }

    #[test]
    fn layouts_of_one_length_clash_where_one_flag_begins_another() {
        for (one, other, want) in [
            ((&["20", "21"][..], 13), (&["21"][..], 13), Some("21")),
            ((&["20"], 13), (&["2"], 13), Some("20")),
            ((&["2"], 13), (&["20"], 13), Some("2")),
            ((&["20"], 13), (&["21"], 13), None),
            ((&["20"], 13), (&["20"], 16), None),
        ] {
            let (one, other) = (layout(one.0, one.1, "gtin"), layout(other.0, other.1, "gtin"));
            assert_eq!(one.clashes_with(&other), want);
        }
    }
}
