//! What every field of the catalogue may hold, as data: the words of a refusal and of `docs/import.md` are made of it.

use std::fmt;

use super::Table;
use crate::money::Fen;
use crate::quantity::{Grams, Pieces};

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Text for people: so many characters, all of which can be seen.
    Text(usize, usize),
    /// ASCII letters, digits and `-_.`: what is typed, scanned and printed.
    Code(usize),
    /// So many digits.
    Digits(usize, usize),
    /// A whole number from one to another, of some unit.
    Whole(i64, i64, &'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// True or not.
    Flag,
    /// `#rrggbb`.
    Colour,
    /// A list with at most so many parts.
    List(usize),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Text(0, to) => write!(f, "at most {to} characters"),
            Rule::Text(from, to) => write!(f, "{from} to {to} characters"),
            Rule::Code(to) => write!(f, "1 to {to} letters, digits or any of - _ ."),
            Rule::Digits(from, to) if from == to => write!(f, "{from} digits"),
            Rule::Digits(from, to) => write!(f, "{from} to {to} digits"),
            Rule::Whole(from, to, unit) => write!(f, "whole {unit} from {from} to {to}"),
            Rule::OneOf(words) => match words.split_last() {
                Some((last, [])) => write!(f, "{last}"),
                Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
                None => Ok(()),
            },
            Rule::Flag => write!(f, "yes or nothing (true or false in JSON)"),
            Rule::Colour => write!(f, "a colour such as #2f6f4e"),
            Rule::List(to) => write!(f, "at most {to} of them"),
        }
    }
}

impl Rule {
    /// Whether a value's text is one that the field may hold.
    pub fn takes(&self, text: &str) -> bool {
        let within = |from: usize, to: usize| (from..=to).contains(&text.chars().count());
        match self {
            Rule::Text(from, to) => within(*from, *to),
            Rule::Code(to) => {
                within(1, *to)
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            }
            Rule::Digits(from, to) => within(*from, *to) && text.bytes().all(|byte| byte.is_ascii_digit()),
            Rule::Whole(from, to, _) => text.parse().is_ok_and(|number| (*from..=*to).contains(&number)),
            Rule::OneOf(words) => words.contains(&text),
            Rule::Flag => matches!(text, "true" | "false"),
            Rule::Colour => {
                let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
                digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            }
            Rule::List(to) => text.parse().is_ok_and(|count: usize| count <= *to),
        }
    }
}

/// The highest price of one basis: ¥100,000.00, far above anything a fresh-food chain sells.
pub const PRICE_MAX: Fen = Fen(10_000_000);

/// Fields of a table's rows and what each may hold; a field within a list is named `keys.item`.
type Rules = &'static [(&'static str, Rule)];

/// What the fields of a table may hold.
pub fn rules(table: Table) -> Rules {
    match table {
        Table::Item => &ITEM,
        Table::Price => &PRICE,
        Table::Tax => &TAX,
        Table::Tender => &TENDER,
        Table::Staff => &STAFF,
        Table::Settings => &SETTINGS,
        Table::QuickTab => &QUICK_TAB,
        Table::LabelLayout => &LABEL_LAYOUT,
        Table::Dictionary => &DICTIONARY,
    }
}

const ITEM_CODE: Rule = Rule::Code(32);
const FEN: Rule = Rule::Whole(0, Fen::MAX.0, "fen");

const ITEM: [(&str, Rule); 19] = [
    ("code", ITEM_CODE),
    ("name", Rule::Text(1, 80)),
    ("aliases", Rule::List(20)),
    ("aliases.", Rule::Text(1, 40)),
    ("category", Rule::Text(0, 32)),
    ("sold_by", Rule::OneOf(&["weight", "piece"])),
    ("unit", Rule::Text(0, 8)),
    ("plu", Rule::Digits(4, 7)),
    ("barcodes", Rule::List(50)),
    ("barcodes.code", Rule::Code(48)),
    ("barcodes.count", Rule::Whole(1, 9_999, "pieces")),
    ("tax", Rule::Text(1, 16)),
    ("tax_class", Rule::Digits(19, 19)),
    ("tare_g", Rule::Whole(0, 9_999, "grams")),
    ("origin", Rule::Text(0, 32)),
    ("trade_mode", Rule::Text(0, 16)),
    ("external_id", Rule::Text(0, 64)),
    ("age_limit", Rule::Whole(0, 99, "years")),
    ("bag", Rule::Flag),
];

const PRICE: [(&str, Rule); 2] =
    [("fen", Rule::Whole(0, PRICE_MAX.0, "fen")), ("per", Rule::OneOf(&["500g", "kg", "pc"]))];

const TAX: [(&str, Rule); 4] = [
    ("code", Rule::Text(1, 16)),
    ("name", Rule::Text(1, 32)),
    ("rate_bp", Rule::Whole(0, 3_000, "basis points (1300 for 13 %)")),
    ("exempt", Rule::Flag),
];

const TENDER: [(&str, Rule); 11] = [
    ("code", Rule::Text(1, 32)),
    ("name", Rule::Text(1, 32)),
    ("name_en", Rule::Text(1, 40)),
    ("order", Rule::Whole(1, 99, "numbers")),
    ("counts_in_drawer", Rule::Flag),
    ("opens_drawer", Rule::Flag),
    ("gives_change", Rule::Flag),
    ("rounds", Rule::Flag),
    ("needs_reference", Rule::Flag),
    ("refundable_to", Rule::Flag),
    ("invoiceable", Rule::Flag),
];

const STAFF: [(&str, Rule); 6] = [
    ("code", Rule::Code(16)),
    ("name", Rule::Text(1, 32)),
    ("role", Rule::OneOf(&["cashier", "supervisor", "manager"])),
    ("pin_hash", Rule::Text(1, 256)),
    ("card_sha256", Rule::Text(64, 64)),
    ("typed_weight", Rule::Flag),
];

const SETTINGS: [(&str, Rule); 22] = [
    ("chain", Rule::Text(1, 40)),
    ("site", Rule::Code(16)),
    ("zone", Rule::Code(16)),
    ("name", Rule::Text(1, 40)),
    ("address", Rule::Text(0, 80)),
    ("phone", Rule::Text(0, 40)),
    ("footer", Rule::Text(0, 80)),
    ("receipt_language", Rule::OneOf(&["zh-CN", "en"])),
    ("utc_offset_min", Rule::Whole(-720, 840, "minutes")),
    ("day_starts_min", Rule::Whole(0, 1_439, "minutes")),
    ("rounding", Rule::OneOf(&["none", "fen", "jiao"])),
    ("cash_over_ask", FEN),
    ("ask_line", FEN),
    ("ask_pieces", Rule::Whole(1, Pieces::MAX.0, "pieces")),
    ("ask_weight_g", Rule::Whole(1, Grams::MAX.0, "grams")),
    ("drop_prompt", FEN),
    ("count_apart", FEN),
    ("cashier_discount_bp", Rule::Whole(0, 10_000, "basis points (500 for 5 %)")),
    ("cashier_remove", FEN),
    ("cashier_void", FEN),
    ("pin_tries", Rule::Whole(1, 20, "tries")),
    ("lockout_min", Rule::Whole(1, 240, "minutes")),
];

const QUICK_TAB: [(&str, Rule); 8] = [
    ("id", Rule::Text(1, 32)),
    ("name", Rule::Text(1, 12)),
    ("name_en", Rule::Text(0, 32)),
    ("order", Rule::Whole(1, 99, "numbers")),
    ("keys", Rule::List(12)),
    ("keys.item", ITEM_CODE),
    ("keys.label", Rule::Text(1, 12)),
    ("keys.colour", Rule::Colour),
];

const LABEL_LAYOUT: [(&str, Rule); 7] = [
    ("id", Rule::Text(1, 64)),
    ("flags", Rule::List(32)),
    ("flags.", Rule::Digits(1, 4)),
    ("fields", Rule::List(16)),
    ("fields.kind", Rule::OneOf(&["flag", "plu", "weight", "amount", "price_check", "check"])),
    ("fields.digits", Rule::Whole(1, 9, "digits")),
    ("check", Rule::OneOf(&["gtin", "price", "none"])),
];

const DICTIONARY: [(&str, Rule); 1] = [("zstd", Rule::Text(1, 65_536))];
