use rusqlite::Connection;
use suanpan_domain::entry::Entry;
use suanpan_domain::totals::{Posting, item_postings, postings};

use super::projection::{At, Projection};

/// Sums by date and shift.
pub(super) struct Totals;

impl Projection for Totals {
    fn table(&self) -> &'static str {
        "total"
    }

    fn order(&self) -> &'static str {
        "business_date, shift_id, dimension, key"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        let shift = match entry {
            Entry::Sale(sale) => sale.shift,
            Entry::Refund(refund) => refund.shift,
            Entry::CashMoved(moved) => moved.shift,
            Entry::ShiftOpened(shift) => shift.id,
            _ => return Ok(()),
        };
        let sql = "insert into total values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do update \
                   set count = count + ?5, fen = fen + ?6, grams = grams + ?7, pieces = pieces + ?8";
        let mut statement = conn.prepare_cached(sql)?;
        for Posting { dimension, key, count, fen, grams, pieces } in
            postings(entry).iter().chain(&item_postings(entry))
        {
            let dimension = *dimension as u8;
            statement.execute((
                at.business_date,
                shift.0,
                dimension,
                key,
                count,
                fen.0,
                grams.0,
                pieces.0,
            ))?;
        }
        Ok(())
    }
}
