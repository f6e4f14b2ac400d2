//! The two files as documents to ring.

use std::io;
use std::path::Path;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use suanpan_journal::Hash;
use suanpan_station::replay::{Document, Line, Source};

use super::args::Args;
use super::baskets;
use super::refusal::Refusal;
use super::rows::{ItemRow, SaleRow, read_items, read_sales};

/// The files' times are China's.
const UTC_OFFSET_MS: i64 = 8 * 3_600_000;

/// Both files, checked to the last row.
pub(super) struct Files {
    items: Vec<ItemRow>,
    rows: Vec<SaleRow>,
    pub(super) source: Source,
}

impl Files {
    pub(super) fn read(args: &Args) -> Result<Files, Refusal> {
        let items = read_items(&args.items)?;
        let rows = read_sales(&args.sales, &items)?;
        Ok(Files { items, rows, source: Source { items: digest(&args.items)?, sales: digest(&args.sales)? } })
    }

    /// How many documents there are.
    pub(super) fn len(&self) -> usize {
        baskets::documents(&self.rows).len()
    }

    /// The business dates, ascending.
    pub(super) fn dates(&self) -> Vec<u32> {
        let mut dates: Vec<u32> = self.rows.iter().map(|row| row.date).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    }

    /// The documents in the order of the file.
    pub(super) fn documents(&self) -> impl Iterator<Item = Document> {
        (0..).zip(baskets::documents(&self.rows)).filter_map(|(index, group)| {
            let first = group.first()?;
            Some(Document {
                index,
                line: first.line,
                at_ms: at_ms(first)?,
                business_date: first.date,
                is_return: baskets::is_return(group),
                lines: group.iter().filter_map(|row| self.line(row)).collect(),
            })
        })
    }

    fn line(&self, row: &SaleRow) -> Option<Line> {
        let ItemRow { code, name, .. } = self.items.get(row.item)?;
        Some(Line { item: code.clone(), name: name.clone(), grams: row.grams, price: row.price })
    }
}

fn at_ms(row: &SaleRow) -> Option<i64> {
    let (year, month, day) = (row.date / 10_000, row.date / 100 % 100, row.date % 100);
    let midnight =
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.and_time(chrono::NaiveTime::MIN);
    Some(midnight.and_utc().timestamp_millis() + i64::from(row.time_ms) - UTC_OFFSET_MS)
}

fn digest(path: &Path) -> Result<Hash, Refusal> {
    let unreadable =
        |error: io::Error| Refusal::new(path, 0, "(file)", &error.to_string(), "a readable file");
    let mut digest = Sha256::new();
    io::copy(&mut std::fs::File::open(path).map_err(unreadable)?, &mut digest).map_err(unreadable)?;
    Ok(Hash(digest.finalize().into()))
}
