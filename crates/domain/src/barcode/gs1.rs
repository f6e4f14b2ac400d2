//! GS1 element strings: DataBar Expanded, DataMatrix and QR on packed fresh goods.

use super::gtin::normalise;
use crate::calendar;
use crate::money::{Fen, div_round_half_up};
use crate::quantity::{Grams, Pieces};

/// FNC1 as scanners send it: ends a field of variable length.
pub const GS: char = '\u{1d}';

/// The most characters of an element string; GS1 itself allows fewer in one symbol.
pub const GS1_CHARS_MAX: usize = 128;

/// Symbology identifiers with which a scanner says that what follows is GS1 data.
const SYMBOLOGIES: [&str; 5] = ["]C1", "]e0", "]d2", "]Q3", "]J1"];

/// What a till uses of an element string; the rest is read over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1 {
    /// (01), in the catalogue's form.
    pub gtin: String,
    /// (310n) net weight.
    pub grams: Option<Grams>,
    /// (30) or (37) count.
    pub pieces: Option<Pieces>,
    /// (392n) amount.
    pub amount: Option<Fen>,
    /// (10) lot.
    pub lot: Option<String>,
    /// (17) last day of use, `yyyymmdd`.
    pub expires: Option<u32>,
    /// (13) day of packing, `yyyymmdd`.
    pub packed: Option<u32>,
}

/// Reads an element string; `None` unless every field is well formed and there is a GTIN with a right check digit.
///
/// Without a symbology identifier or a leading [`GS`], only a text that begins with (01) counts.
pub(super) fn read(scan: &str) -> Option<Gs1> {
    let marked = SYMBOLOGIES.iter().find_map(|id| scan.strip_prefix(id));
    let body = marked.unwrap_or(scan);
    let rest = body.trim_start_matches(GS);
    if marked.is_none() && rest.len() == body.len() && !rest.starts_with("01") {
        return None;
    }
    if rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_graphic() || b == b'\x1d') {
        return None;
    }
    let mut found = Gs1::default();
    let mut rest = rest;
    while !rest.is_empty() {
        let (ai, value, after) = element(rest)?;
        found.take(ai, value)?;
        rest = after.trim_start_matches(GS);
    }
    (!found.gtin.is_empty()).then_some(found)
}

/// Splits off one element: its identifier, value, and what follows.
fn element(text: &str) -> Option<(&str, &str, &str)> {
    let (ai_len, value_len) = lengths(text.get(..2)?)?;
    let (ai, rest) = text.split_at_checked(ai_len)?;
    let (value, after) = match value_len {
        Some(len) => rest.split_at_checked(len)?,
        None => rest.split_once(GS).unwrap_or((rest, "")),
    };
    (!value.is_empty() && !value.contains(GS)).then_some((ai, value, after))
}

/// Digits of the identifier and of a predefined-length value, by the identifier's first two digits.
///
/// *Source:* GS1 General Specifications, element strings with predefined length. Others end at [`GS`]; for those we do
/// not use, the length of the identifier does not matter.
fn lengths(first_two: &str) -> Option<(usize, Option<usize>)> {
    let number: u8 = first_two.bytes().all(|b| b.is_ascii_digit()).then(|| first_two.parse().ok())??;
    Some(match number {
        0 => (2, Some(18)),
        1..=3 => (2, Some(14)),
        4 => (2, Some(16)),
        11..=19 => (2, Some(6)),
        20 => (2, Some(2)),
        31..=36 => (4, Some(6)),
        39 => (4, None),
        41 => (3, Some(13)),
        _ => (2, None),
    })
}

impl Gs1 {
    fn take(&mut self, ai: &str, value: &str) -> Option<()> {
        match ai {
            "01" => self.gtin = normalise(value)?,
            "10" => self.lot = Some(value.to_owned()).filter(|lot| lot.len() <= 20),
            "13" => self.packed = date(value),
            "17" => self.expires = date(value),
            "30" | "37" => self.pieces = Some(Pieces(number(value, 8)?)),
            _ => match (ai.get(..3), ai.get(3..).and_then(|n| n.parse().ok())) {
                (Some("310"), Some(decimals)) => self.grams = Some(Grams(scaled(value, decimals, 3)?)),
                (Some("392"), Some(decimals)) => self.amount = Some(Fen(scaled(value, decimals, 2)?)),
                _ => {}
            },
        }
        Some(())
    }
}

fn number(digits: &str, len_max: usize) -> Option<i64> {
    let is_number = digits.len() <= len_max && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

/// A number with `decimals` places, in units of 10^−`places`.
fn scaled(digits: &str, decimals: u32, places: u32) -> Option<i64> {
    let value = i128::from(number(digits, 15)?);
    let up = 10i128.checked_pow(places)?;
    let down = 10i128.checked_pow(decimals)?;
    div_round_half_up(value.checked_mul(up)?, down)
}

/// `yymmdd` of this century; day 00 is the last of its month.
fn date(value: &str) -> Option<u32> {
    let date = u32::try_from(number(value, 6)?).ok()?.checked_add(20_000_000)?;
    if date.checked_rem(100)? != 0 {
        return Some(date).filter(|date| calendar::is_date(*date));
    }
    (28..=31).rev().filter_map(|day| date.checked_add(day)).find(|date| calendar::is_date(*date))
}
