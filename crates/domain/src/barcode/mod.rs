//! What a scan is: a barcode, a scale label, a payment code, one of our own receipts, GS1 data, or just a code.
//!
//! A scan is decided by its characters alone. Which item a code means is the catalogue's business, and whether some
//! code is a staff card is the caller's, who asks the staff list before or after.

mod gs1;
mod gtin;
mod label;
mod layouts;
#[cfg(test)]
mod tests;

pub use gs1::{GS, GS1_CHARS_MAX, Gs1, Gs1Fault};
pub use gtin::{barcode_key, cases, check_digit, is_valid, normalise, spellings};
pub use label::{
    LABEL_DIGITS_MAX, Label, LabelError, LabelledGoods, LayoutError, is_plu, plu_key, price_check_digit,
};
pub use layouts::LayoutFault;

use crate::catalogue::{LabelLayout, is_unseen, narrow};
use crate::ids::{DocumentNumber, EntryRef};

/// The most characters of a plain code: staff cards and supplier codes are shorter, a web address is not a code.
pub const CODE_CHARS_MAX: usize = 64;

/// A wallet whose payment code a customer showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wallet {
    /// 18 digits from 10–15.
    WeChat,
    /// 16–24 digits from 25–30.
    Alipay,
    /// 19 digits from 62.
    UnionPay,
}

/// What was scanned (or typed and entered).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Nothing but blanks and control characters.
    Empty,
    /// More than [`CODE_CHARS_MAX`] characters and nothing known.
    TooLong,
    /// A GTIN in the catalogue's form. Look it up as a barcode, then what was typed as an item code.
    Gtin(String),
    /// A label of the shop's scales.
    Label(Label),
    /// A label's length and flag, with a wrong check digit: 「标签校验错：回秤台重打」.
    LabelCheckFailed {
        /// Key of the first layout that claimed it.
        layout: String,
    },
    /// Two layouts read the label, each something else: which one the scale printed nobody can tell.
    LabelAmbiguous {
        /// Keys of the two.
        layouts: [String; 2],
    },
    /// A customer's payment code: 「这是付款码，请先结算」 on the selling screen. Its digits are not kept.
    PaymentCode(Wallet),
    /// A printed receipt number.
    Document(DocumentNumber),
    /// The QR code of a receipt.
    Entry(EntryRef),
    /// GS1 data with a GTIN.
    Gs1(Gs1),
    /// GS1 data that cannot be understood whole, and is not used in part.
    Gs1Refused(Gs1Fault),
    /// Anything else of at most [`CODE_CHARS_MAX`] characters: an item code, a PLU, a staff card.
    Code(String),
}

/// A scan as it is looked up: without control and unseen characters other than [`GS`], blanks at its ends, a symbology identifier
/// before a plain code, and blanks among digits; full-width characters as plain ones. At most [`GS1_CHARS_MAX`] characters
/// and one more, so that longer ones are seen to be too long.
pub fn clean(scan: &str) -> String {
    let kept = scan.chars().filter(|c| *c == GS || !(c.is_control() || is_unseen(*c)));
    let text = narrow(&kept.take(GS1_CHARS_MAX.saturating_add(1)).collect::<String>());
    let text = match gs1::without_symbology(&text) {
        (code, false) => code,
        (_, true) => &text,
    };
    let digits: String = text.split_whitespace().collect();
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits } else { text.to_owned() }
}

/// Decides what a scan is, with the chain's label layouts, after [`clean`].
///
/// A label wins over a payment code only when its check digit holds; chains keep to flags 20–24, which no wallet uses. It
/// never panics, and reads at most [`GS1_CHARS_MAX`] characters of any input.
pub fn classify(scan: &str, layouts: &[LabelLayout]) -> Scan {
    let text = clean(scan);
    if text.is_empty() {
        return Scan::Empty;
    }
    if let Some(gs1) = gs1::read(&text).filter(|_| text.len() <= GS1_CHARS_MAX) {
        return gs1.map_or_else(Scan::Gs1Refused, Scan::Gs1);
    }
    if text.chars().count() > CODE_CHARS_MAX {
        return Scan::TooLong;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return of_digits(&text, layouts);
    }
    if let Ok(entry) = text.parse() {
        return Scan::Entry(entry);
    }
    text.parse().map_or_else(|_| Scan::Code(text), Scan::Document)
}

fn of_digits(digits: &str, layouts: &[LabelLayout]) -> Scan {
    let claimed = || layouts.iter().filter(|layout| layout.claims(digits));
    let mut read = claimed().filter_map(|layout| layout.read(digits));
    if let Some(label) = read.next() {
        return match read.find(|other| !other.says_the_same(&label)) {
            Some(other) => Scan::LabelAmbiguous { layouts: [label.layout, other.layout] },
            None => Scan::Label(label),
        };
    }
    if let Some(wallet) = wallet(digits) {
        return Scan::PaymentCode(wallet);
    }
    if let Some(layout) = claimed().next() {
        return Scan::LabelCheckFailed { layout: layout.id.clone() };
    }
    normalise(digits).map_or_else(|| Scan::Code(digits.to_owned()), Scan::Gtin)
}

/// The wallet whose payment code a text is, whatever blanks, wide digits, unseen characters or symbology identifier a
/// scanner or a hand put into it. The 28 digits of an order at a wallet, or the 12 of a bank's, are none.
pub fn payment_code(text: &str) -> Option<Wallet> {
    let kept = narrow(text).chars().filter(|c| !c.is_whitespace() && !is_unseen(*c)).collect::<String>();
    // `]` and two characters: a scanner's symbology identifier.
    let digits = if kept.starts_with(']') { kept.get(3..)? } else { &kept };
    wallet(digits).filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
}

fn wallet(digits: &str) -> Option<Wallet> {
    let prefix: u8 = digits.get(..2)?.parse().ok()?;
    match (prefix, digits.len()) {
        (10..=15, 18) => Some(Wallet::WeChat),
        (25..=30, 16..=24) => Some(Wallet::Alipay),
        (62, 19) => Some(Wallet::UnionPay),
        _ => None,
    }
}
