//! GS1 element strings: DataBar Expanded, DataMatrix and QR on packed fresh goods.
//!
//! Every element is understood or the whole is refused: of a text whose separator was lost on its way, a part would ring
//! goods without the price that is printed on them.

use std::borrow::Cow;

use super::gtin::normalise;
use crate::calendar;
use crate::money::Fen;
use crate::quantity::{Grams, Pieces};

/// FNC1 as scanners send it: ends a field of variable length.
pub const GS: char = '\u{1d}';

/// The most characters of an element string; GS1 itself allows fewer in one symbol.
pub const GS1_CHARS_MAX: usize = 128;

/// Symbology identifiers with which a scanner says that what follows is GS1 data.
const SYMBOLOGIES: [&str; 5] = ["]C1", "]e0", "]d2", "]Q3", "]J1"];

/// The separator as scanners print it when they are set to send nothing that cannot be seen, in lower case.
const PRINTED_SEPARATORS: [&str; 11] =
    ["{gs}", "<gs>", "[gs]", "(gs)", "{fnc1}", "<fnc1>", "[fnc1]", "\\x1d", "\\u001d", "^]", "\u{241d}"];

/// The number of yuan in ISO 4217.
const YUAN: &str = "156";

/// What a till uses of an element string; the rest is read over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1 {
    /// (01), in the catalogue's form.
    pub gtin: String,
    /// (310n) net weight.
    pub grams: Option<Grams>,
    /// (30) or (37) count.
    pub pieces: Option<Pieces>,
    /// (392n) amount, or (393n) with its currency.
    pub amount: Option<Fen>,
    /// (10) lot.
    pub lot: Option<String>,
    /// (17) last day of use, `yyyymmdd`.
    pub expires: Option<u32>,
    /// (13) day of packing, `yyyymmdd`.
    pub packed: Option<u32>,
}

/// Why GS1 data is refused whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gs1Fault {
    /// (393n) names another currency than yuan, by its ISO number.
    Currency(String),
    /// An element that is malformed, missing, there twice, or decides an amount in a way that a till does not reckon:
    /// pounds, a price by the kilogram, parts of a gram or of a fen.
    Element(String),
}

/// Takes off what a scanner puts before a code to name its symbology; true when that says GS1.
pub(super) fn without_symbology(scan: &str) -> (&str, bool) {
    let Some((id, rest)) = scan.split_at_checked(3) else { return (scan, false) };
    if !matches!(id.as_bytes(), [b']', letter, digit] if letter.is_ascii_alphabetic() && digit.is_ascii_digit())
    {
        return (scan, false);
    }
    // Under Caps Lock `]e0` reads `]E0`, which is also the identifier of a plain EAN.
    let is_plain = normalise(rest).is_some();
    (rest, !is_plain && SYMBOLOGIES.iter().any(|known| known.eq_ignore_ascii_case(id)))
}

/// Reads an element string; `None` when it is none: without a symbology identifier or a leading [`GS`], only a text that
/// begins with (01) and a GTIN counts.
pub(super) fn read(scan: &str) -> Option<Result<Gs1, Gs1Fault>> {
    let (body, marked) = without_symbology(scan);
    let body = with_separators(body);
    let elements = body.trim_start_matches(GS);
    let is_marked = marked || elements.len() < body.len();
    let begins_with_gtin = || normalise(elements.strip_prefix("01")?.get(..14)?);
    if !is_marked && begins_with_gtin().is_none() {
        return None;
    }
    Some(read_elements(elements))
}

/// Puts [`GS`] where a scanner printed its name.
fn with_separators(body: &str) -> Cow<'_, str> {
    let folded = body.to_ascii_lowercase();
    if !PRINTED_SEPARATORS.iter().any(|printed| folded.contains(printed)) {
        return Cow::Borrowed(body);
    }
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    while let (Some(rest), Some(original)) = (folded.get(at..), body.get(at..)) {
        let Some(next) = original.chars().next() else { break };
        match PRINTED_SEPARATORS.iter().find(|printed| rest.starts_with(**printed)) {
            Some(printed) => {
                out.push(GS);
                at = at.saturating_add(printed.len());
            }
            None => {
                out.push(next);
                at = at.saturating_add(next.len_utf8());
            }
        }
    }
    Cow::Owned(out)
}

fn read_elements(mut rest: &str) -> Result<Gs1, Gs1Fault> {
    let mut found = Gs1::default();
    while !rest.is_empty() {
        let unreadable = || Gs1Fault::Element(rest.chars().take(8).filter(|c| *c != GS).collect());
        let Element { ai, value, after } = element(rest).ok_or_else(unreadable)?;
        found.take(ai, value)?;
        rest = after.trim_start_matches(GS);
    }
    if found.gtin.is_empty() {
        return Err(Gs1Fault::Element("(01)".to_owned()));
    }
    // Indicator 9 says that the goods vary in measure: without it the list price is not theirs.
    let varies = found.gtin.len() == 14 && found.gtin.starts_with('9');
    if varies && found.grams.is_none() && found.amount.is_none() && found.pieces.is_none() {
        return Err(Gs1Fault::Element("(310n) (392n)".to_owned()));
    }
    Ok(found)
}

struct Element<'a> {
    ai: &'a str,
    value: &'a str,
    after: &'a str,
}

/// Splits off one element: its identifier, value, and what follows.
fn element(text: &str) -> Option<Element<'_>> {
    let (ai_len, lengths) = shape(text.get(..2)?)?;
    let (ai, rest) = text.split_at_checked(ai_len)?;
    let (value, after) = match lengths {
        Lengths::Fixed(len) => rest.split_at_checked(len)?,
        Lengths::UpTo(max) => {
            let (value, after) = rest.split_once(GS).unwrap_or((rest, ""));
            (value.len() <= max).then_some((value, after))?
        }
    };
    let is_sound = !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic());
    (is_sound && ai.bytes().all(|b| b.is_ascii_digit())).then_some(Element { ai, value, after })
}

/// Characters of a value.
enum Lengths {
    Fixed(usize),
    /// It ends at [`GS`], and is no longer: more has swallowed the element after it.
    UpTo(usize),
}

/// Digits of the identifier and lengths of its value, by the identifier's first two digits; `None` for one that GS1 has not
/// given out.
///
/// *Source:* GS1 General Specifications, figure of application identifiers; of a family with several lengths the longest.
fn shape(first_two: &str) -> Option<(usize, Lengths)> {
    use Lengths::{Fixed, UpTo};
    let number: u8 = first_two.bytes().all(|b| b.is_ascii_digit()).then(|| first_two.parse().ok())??;
    Some(match number {
        0 => (2, Fixed(18)),
        1..=3 => (2, Fixed(14)),
        11..=13 | 15..=17 => (2, Fixed(6)),
        20 => (2, Fixed(2)),
        31..=36 => (4, Fixed(6)),
        41 => (3, Fixed(13)),
        10 | 21 | 22 => (2, UpTo(20)),
        30 | 37 => (2, UpTo(8)),
        23..=25 | 40 => (3, UpTo(30)),
        39 => (4, UpTo(18)),
        42 | 71 => (3, UpTo(20)),
        43 | 80..=82 => (4, UpTo(90)),
        70 | 72 => (4, UpTo(30)),
        90 => (2, UpTo(30)),
        91..=99 => (2, UpTo(90)),
        _ => return None,
    })
}

impl Gs1 {
    fn take(&mut self, ai: &str, value: &str) -> Result<(), Gs1Fault> {
        let fault = || Gs1Fault::Element(format!("({ai}){value}"));
        let decimals = ai.get(3..).and_then(|n| n.parse().ok()).unwrap_or(0);
        match ai {
            "01" if self.gtin.is_empty() => self.gtin = normalise(value).ok_or_else(fault)?,
            "10" => self.lot = Some(value.to_owned()),
            "13" => self.packed = Some(date(value).ok_or_else(fault)?),
            "17" => self.expires = Some(date(value).ok_or_else(fault)?),
            "11" | "12" | "15" | "16" => _ = date(value).ok_or_else(fault)?,
            "30" | "37" if self.pieces.is_none() => {
                let pieces = number(value, 8).filter(|pieces| *pieces > 0).ok_or_else(fault)?;
                self.pieces = Some(Pieces(pieces));
            }
            // Pallets, what is in them, made to order, a price by the unit, and coupons: nothing that is rung by its piece.
            "00" | "01" | "02" | "03" | "30" | "37" | "8005" => return Err(fault()),
            _ if ai.starts_with("811") => return Err(fault()),
            _ if ai.starts_with("310") && self.grams.is_none() => {
                self.grams = Some(Grams(exact(value, decimals, 3).ok_or_else(fault)?));
            }
            _ if ai.starts_with("392") && self.amount.is_none() => {
                self.amount = Some(Fen(exact(value, decimals, 2).ok_or_else(fault)?));
            }
            _ if ai.starts_with("393") && self.amount.is_none() => {
                let (currency, amount) = value.split_at_checked(3).ok_or_else(fault)?;
                if currency != YUAN {
                    return Err(Gs1Fault::Currency(currency.to_owned()));
                }
                self.amount = Some(Fen(exact(amount, decimals, 2).ok_or_else(fault)?));
            }
            // Any other measure or amount, or one of these twice.
            _ if ai.starts_with('3') => return Err(fault()),
            _ => {}
        }
        Ok(())
    }
}

fn number(digits: &str, len_max: usize) -> Option<i64> {
    let is_number = digits.len() <= len_max && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

/// A number with `decimals` places, in units of 10^−`places`; `None` when parts of a unit would be left over.
fn exact(digits: &str, decimals: u32, places: u32) -> Option<i64> {
    let value = number(digits, 15)?.checked_mul(10i64.checked_pow(places)?)?;
    let unit = 10i64.checked_pow(decimals)?;
    (value.checked_rem(unit)? == 0).then(|| value.checked_div(unit))?
}

/// `yymmdd` of this century; day 00 is the last of its month.
fn date(value: &str) -> Option<u32> {
    let date = u32::try_from(number(value, 6)?).ok()?.checked_add(20_000_000)?;
    if date.checked_rem(100)? != 0 {
        return Some(date).filter(|date| calendar::is_date(*date));
    }
    (28..=31).rev().filter_map(|day| date.checked_add(day)).find(|date| calendar::is_date(*date))
}
