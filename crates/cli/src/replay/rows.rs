//! The two files of a replay: items, and scanned lines in time order.

use std::collections::HashMap;
use std::path::Path;

use suanpan_domain::calendar;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Quantity};

use super::refusal::Refusal;
use super::table::{Row, read_rows};

/// The most lines of one document.
pub(super) const LINES_MAX: i64 = 6;

const ITEM_COLUMNS: [&str; 5] = ["item_code", "name", "category_code", "category", "loss_percent"];
const SALE_COLUMNS: [&str; 7] =
    ["date", "time", "item_code", "qty_kg", "unit_price_yuan_per_kg", "kind", "discounted"];

/// An item of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemRow {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) category: String,
}

/// Sold or brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sale,
    Return,
}

/// One scanned line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaleRow {
    /// The file's line on which it stands.
    pub(crate) line: u64,
    /// `yyyymmdd`.
    pub(crate) date: u32,
    /// Milliseconds after midnight, site time.
    pub(crate) time_ms: u32,
    /// Index into the items.
    pub(crate) item: usize,
    pub(crate) grams: Grams,
    /// Fen per kilogram.
    pub(crate) price: Fen,
    pub(crate) kind: Kind,
}

/// Reads the items; codes are unique.
pub(crate) fn read_items(path: &Path) -> Result<Vec<ItemRow>, Refusal> {
    let mut seen = HashMap::new();
    read_rows(path, &ITEM_COLUMNS, |row| {
        let code = row.field(0);
        if code.is_empty() || code.len() > 20 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(row.refuse(0, "1–20 letters or digits"));
        }
        if let Some(line) = seen.insert(code.to_owned(), row.line) {
            return Err(row.refuse(0, &format!("each code once; it stands on line {line} already")));
        }
        if row.field(1).trim().is_empty() {
            return Err(row.refuse(1, "a name"));
        }
        Ok(ItemRow {
            code: code.to_owned(),
            name: row.field(1).to_owned(),
            category: row.field(3).to_owned(),
        })
    })
}

/// Reads the scanned lines against the items.
pub(crate) fn read_sales(path: &Path, items: &[ItemRow]) -> Result<Vec<SaleRow>, Refusal> {
    let by_code: HashMap<&str, usize> =
        items.iter().enumerate().map(|(index, item)| (item.code.as_str(), index)).collect();
    read_rows(path, &SALE_COLUMNS, |row| {
        if !matches!(row.field(6), "yes" | "no") {
            return Err(row.refuse(6, "yes or no"));
        }
        let (grams, price) = (grams(row)?, price(row)?);
        refuse_huge(row, grams, price)?;
        Ok(SaleRow {
            line: row.line,
            date: date(row)?,
            time_ms: time(row)?,
            item: *by_code
                .get(row.field(2))
                .ok_or_else(|| row.refuse(2, "an item_code of the items file"))?,
            grams,
            price,
            kind: match row.field(5) {
                "sale" => Kind::Sale,
                "return" => Kind::Return,
                _ => return Err(row.refuse(5, "sale or return")),
            },
        })
    })
}

fn date(row: &Row<'_>) -> Result<u32, Refusal> {
    let text = Some(row.field(0)).filter(|text| text.len() == 10);
    text.and_then(calendar::parse).ok_or_else(|| row.refuse(0, "a date as yyyy-mm-dd"))
}

fn time(row: &Row<'_>) -> Result<u32, Refusal> {
    use chrono::Timelike;
    let bad = || row.refuse(1, "a time as hh:mm:ss.mmm");
    let time = chrono::NaiveTime::parse_from_str(row.field(1), "%H:%M:%S%.f").map_err(|_| bad())?;
    let millis = time.nanosecond() / 1_000_000;
    if millis >= 1_000 {
        return Err(bad());
    }
    Ok(time.num_seconds_from_midnight() * 1_000 + millis)
}

fn grams(row: &Row<'_>) -> Result<Grams, Refusal> {
    let grams = decimal(row.field(3), 3).filter(|grams| *grams > 0 && *grams <= Grams::MAX.0);
    grams
        .map(Grams)
        .ok_or_else(|| row.refuse(3, "a weight above 0 and up to 1000 kg with at most 3 decimals"))
}

fn price(row: &Row<'_>) -> Result<Fen, Refusal> {
    let fen = decimal(row.field(4), 2).filter(|fen| *fen > 0 && *fen <= Fen::MAX.0 / 100);
    fen.map(Fen).ok_or_else(|| row.refuse(4, "a price above 0 and up to 100000 yuan with at most 2 decimals"))
}

/// Refuses an amount of which a document's lines together could be more than a till takes.
fn refuse_huge(row: &Row<'_>, grams: Grams, price: Fen) -> Result<(), Refusal> {
    let amount = Price { fen: price, per: Per::Kilogram }.amount(Quantity::G(grams));
    let max = Fen::MAX.0 / LINES_MAX;
    match amount {
        Ok(amount) if amount.0 <= max => Ok(()),
        _ => Err(row.refuse(4, &format!("weight × price of at most {} yuan", max / 100))),
    }
}

/// Reads an unsigned decimal as an integer of 10^-places; only digits and one point, at most 9 digits before it.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 9 || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_without_floats() {
        for (text, places, want) in [
            ("0.328", 3, Some(328)),
            ("1", 3, Some(1_000)),
            ("4.00", 2, Some(400)),
            ("22.5", 2, Some(2_250)),
            ("0.12345", 3, None),
            ("-1.000", 3, None),
            ("1e9", 2, None),
            ("1.", 2, None),
            (".5", 2, None),
            ("", 2, None),
            ("１", 2, None),
            ("1234567890", 2, None),
        ] {
            assert_eq!(decimal(text, places), want, "{text}");
        }
    }
}
