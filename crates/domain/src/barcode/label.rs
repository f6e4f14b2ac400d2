//! Labels of the shop's own scales, read by the chain's layouts.

use super::gtin::{check_digit, digit, ends_with_check_digit};
use crate::catalogue::{LabelCheck, LabelFieldKind, LabelLayout, SoldBy};
use crate::money::{Fen, div_round_half_up};
use crate::pricing::Price;
use crate::quantity::{Grams, Pieces, Quantity};
use crate::sale::WeightSource;

/// The most digits of a label: longer ones do not fit the bar code of a label printer.
pub const LABEL_DIGITS_MAX: usize = 32;

/// The most digits of a PLU.
const PLU_DIGITS_MAX: usize = 7;

/// What a label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Key of the layout that read it.
    pub layout: String,
    /// PLU as printed; compare with [`plu_key`].
    pub plu: String,
    /// Net grams, or pieces of a counted item.
    pub weight_or_pieces: Option<i64>,
    /// Printed amount.
    pub amount: Option<Fen>,
    /// All digits, to warn of the same label twice.
    pub digits: String,
}

/// What a label rings, given the item it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelledGoods {
    /// Weight or count.
    pub quantity: Quantity,
    /// [`WeightSource::Label`], or [`WeightSource::Derived`] when the label prints the amount alone.
    pub source: WeightSource,
    /// The printed amount, which is never recomputed.
    pub printed_amount: Option<Fen>,
    /// What today's price makes of the quantity, to notice a scale with older prices; `None` when it was derived.
    pub todays_amount: Option<Fen>,
}

/// Why a label that reads well cannot be rung: reprint it at the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Neither a usable weight nor a usable amount.
    #[error("the label has no usable weight or amount")]
    NoQuantity,
    /// The item's price is not on a basis that the label fits.
    #[error("the label does not fit the item's price")]
    NoPrice,
}

/// Why a layout can read no label. Settings screens show it; reading skips the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The first field is not the flag, there is no flag, or a flag is not as many digits as its field.
    #[error("a layout begins with its flag")]
    Flag,
    /// Not exactly one PLU of 4 to 7 digits.
    #[error("a layout has one PLU of 4 to 7 digits")]
    Plu,
    /// Neither weight nor amount, one of them twice, or longer than 9 digits.
    #[error("a layout has a weight, an amount, or both")]
    Value,
    /// The check digit asked for is missing, twice, not one digit, or not over a 4-digit amount.
    #[error("the check digit is missing or misplaced")]
    Check,
    /// More than [`LABEL_DIGITS_MAX`] digits.
    #[error("the label is too long")]
    TooLong,
}

/// How a PLU is compared: scales pad it with zeros to the width of their field.
pub fn plu_key(plu: &str) -> &str {
    plu.trim_start_matches('0')
}

/// True for what may be a PLU: digits, padded or not, that fit its field.
pub fn is_plu(code: &str) -> bool {
    let digits = plu_key(code);
    (1..=PLU_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

impl LabelLayout {
    /// Digits of a whole label.
    pub fn digits(&self) -> usize {
        self.fields.iter().fold(0, |sum, field| sum.saturating_add(usize::from(field.digits)))
    }

    /// Checks that the layout can read labels at all. *Errors:* [`LayoutError`].
    pub fn validate(&self) -> Result<(), LayoutError> {
        use LabelFieldKind::{Amount, Check, Flag, Plu, PriceCheck, Weight};
        let count = |kind| self.fields.iter().filter(|field| field.kind == kind).count();
        let digits_of = |kind| self.fields.iter().find(|field| field.kind == kind).map(|field| field.digits);
        let flag_digits =
            self.fields.first().filter(|field| field.kind == Flag).map(|field| usize::from(field.digits));
        let is_flag =
            |flag: &String| Some(flag.len()) == flag_digits && flag.bytes().all(|b| b.is_ascii_digit());
        if count(Flag) != 1 || self.flags.is_empty() || !self.flags.iter().all(is_flag) {
            return Err(LayoutError::Flag);
        }
        if count(Plu) != 1 || !digits_of(Plu).is_some_and(|digits| (4..=7).contains(&digits)) {
            return Err(LayoutError::Plu);
        }
        let value_fits =
            |kind| count(kind) <= 1 && digits_of(kind).is_none_or(|digits| (1..=9).contains(&digits));
        if count(Weight).max(count(Amount)) == 0 || !value_fits(Weight) || !value_fits(Amount) {
            return Err(LayoutError::Value);
        }
        let check_is_last = self.fields.last().is_some_and(|field| field.kind == Check);
        let one_digit = |kind| count(kind) <= 1 && digits_of(kind).is_none_or(|digits| digits == 1);
        let gtin_fits = self.check != LabelCheck::Gtin || check_is_last;
        let price_fits = if count(PriceCheck) == 0 {
            self.check != LabelCheck::Price
        } else {
            digits_of(Amount) == Some(4)
        };
        if !one_digit(Check) || !one_digit(PriceCheck) || !gtin_fits || !price_fits {
            return Err(LayoutError::Check);
        }
        if self.digits() > LABEL_DIGITS_MAX { Err(LayoutError::TooLong) } else { Ok(()) }
    }

    /// True when these digits have the layout's length and one of its flags.
    pub(super) fn claims(&self, digits: &str) -> bool {
        digits.len() == self.digits()
            && self.flags.iter().any(|flag| digits.starts_with(flag.as_str()))
            && self.validate().is_ok()
    }

    /// Reads a label that the layout claims; `None` when a check digit is wrong.
    pub(super) fn read(&self, digits: &str) -> Option<Label> {
        let mut rest = digits;
        let mut label = Label {
            layout: self.id.clone(),
            plu: String::new(),
            weight_or_pieces: None,
            amount: None,
            digits: digits.to_owned(),
        };
        let (mut amount_digits, mut price_check) = ("", None);
        for field in &self.fields {
            let (text, after) = rest.split_at_checked(usize::from(field.digits))?;
            rest = after;
            match field.kind {
                LabelFieldKind::Plu => text.clone_into(&mut label.plu),
                LabelFieldKind::Weight => label.weight_or_pieces = Some(text.parse().ok()?),
                LabelFieldKind::Amount => {
                    amount_digits = text;
                    label.amount = Some(Fen(text.parse().ok()?));
                }
                LabelFieldKind::PriceCheck => price_check = text.bytes().next().and_then(digit),
                LabelFieldKind::Flag | LabelFieldKind::Check => {}
            }
        }
        let price_ok = price_check.is_none_or(|have| price_check_digit(amount_digits) == Some(have));
        let gtin_ok = self.check != LabelCheck::Gtin || ends_with_check_digit(digits);
        (price_ok && gtin_ok).then_some(label)
    }

    /// The digits a scale would print, for the tester screen and for trials.
    ///
    /// *Errors:* `None` when the layout is unusable or a value does not fit its field.
    pub fn compose(&self, plu: &str, weight_or_pieces: i64, amount: Fen) -> Option<String> {
        self.validate().ok()?;
        let mut out = String::new();
        let mut amount_digits = String::new();
        for field in self.fields.iter().filter(|field| field.kind == LabelFieldKind::Amount) {
            amount_digits = padded(&amount.0.to_string(), field.digits)?;
        }
        for field in &self.fields {
            match field.kind {
                LabelFieldKind::Flag => out.push_str(self.flags.first()?),
                LabelFieldKind::Plu => out.push_str(&padded(plu, field.digits)?),
                LabelFieldKind::Weight => out.push_str(&padded(&weight_or_pieces.to_string(), field.digits)?),
                LabelFieldKind::Amount => out.push_str(&amount_digits),
                LabelFieldKind::PriceCheck => out.push(printed(price_check_digit(&amount_digits)?)),
                LabelFieldKind::Check => out.push(printed(check_digit(&out)?)),
            }
        }
        Some(out)
    }
}

fn padded(digits: &str, width: u8) -> Option<String> {
    let fits = digits.len() <= usize::from(width) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| format!("{digits:0>width$}", width = usize::from(width)))
}

fn printed(digit: u8) -> char {
    char::from(digit.wrapping_add(b'0'))
}

/// The price check digit of GB/T 18283: the four digits weighted 2−, 2−, 3, 5−, their sum times 3, modulo 10.
///
/// In weight *n*−, the tens of digit × n are subtracted from it. *Errors:* `None` unless there are four digits.
pub fn price_check_digit(amount: &str) -> Option<u8> {
    const TWO_MINUS: [u8; 10] = [0, 2, 4, 6, 8, 9, 1, 3, 5, 7];
    const THREE: [u8; 10] = [0, 3, 6, 9, 2, 5, 8, 1, 4, 7];
    const FIVE_MINUS: [u8; 10] = [0, 5, 9, 4, 8, 3, 7, 2, 6, 1];
    if amount.len() != 4 {
        return None;
    }
    let mut sum = 0u8;
    for (byte, weight) in amount.bytes().zip([TWO_MINUS, TWO_MINUS, THREE, FIVE_MINUS]) {
        sum = sum.checked_add(*weight.get(usize::from(digit(byte)?))?)?;
    }
    sum.checked_mul(3)?.checked_rem(10)
}

impl Label {
    /// True when both are of the same goods, weight and amount.
    pub(super) fn says_the_same(&self, other: &Label) -> bool {
        let says = |label: &Label| (label.weight_or_pieces, label.amount);
        plu_key(&self.plu) == plu_key(&other.plu) && says(self) == says(other)
    }

    /// What the label rings for an item.
    ///
    /// The printed amount is kept. A label without a weight gets one from the amount and the price, flagged
    /// [`WeightSource::Derived`]. *Errors:* [`LabelError`].
    pub fn goods(&self, sold_by: SoldBy, price: Price) -> Result<LabelledGoods, LabelError> {
        if self.amount.is_some_and(|amount| !amount.is_positive()) {
            return Err(LabelError::NoQuantity);
        }
        let quantity_of = |number| match sold_by {
            SoldBy::Weight => Quantity::G(Grams(number)),
            SoldBy::Piece => Quantity::Pc(Pieces(number)),
        };
        let printed = self.weight_or_pieces.filter(|number| *number > 0);
        let (number, source) = match (printed, self.amount) {
            (Some(number), _) => (number, WeightSource::Label),
            (None, Some(amount)) => (derive(sold_by, price, amount)?, WeightSource::Derived),
            (None, None) => return Err(LabelError::NoQuantity),
        };
        let quantity = quantity_of(number);
        if !quantity.in_range() {
            return Err(LabelError::NoQuantity);
        }
        let todays_amount = printed.and_then(|_| price.amount(quantity).ok());
        if self.amount.is_none() && todays_amount.is_none() {
            return Err(LabelError::NoPrice);
        }
        Ok(LabelledGoods { quantity, source, printed_amount: self.amount, todays_amount })
    }
}

/// Grams or pieces that an amount buys: an estimate, at least one.
fn derive(sold_by: SoldBy, price: Price, amount: Fen) -> Result<i64, LabelError> {
    let number = match (sold_by, price.per.grams()) {
        (SoldBy::Weight, Some(_)) => price.grams_for(amount),
        (SoldBy::Piece, None) => div_round_half_up(amount.0.into(), price.fen.0.into()),
        _ => None,
    };
    number.map(|number| number.max(1)).ok_or(LabelError::NoPrice)
}
