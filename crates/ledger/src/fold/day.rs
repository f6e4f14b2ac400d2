use rusqlite::Connection;
use suanpan_domain::entry::Entry;

use super::projection::{At, Projection, run};

/// Business dates, open or closed.
pub(super) struct Days;

impl Projection for Days {
    fn table(&self) -> &'static str {
        "day"
    }

    fn order(&self) -> &'static str {
        "business_date"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        match entry {
            // A closed date that a supervisor opened again is closed again.
            Entry::ShiftOpened(_) => run(
                conn,
                "insert into day values (?1, null) on conflict do update set closed_at_ms = null",
                [at.business_date],
            ),
            Entry::DayClosed(close) => run(
                conn,
                "insert into day values (?1, ?2) on conflict do update set closed_at_ms = ?2",
                (close.date, at.at_ms),
            ),
            _ => Ok(()),
        }
    }
}
