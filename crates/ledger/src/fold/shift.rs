use rusqlite::Connection;
use suanpan_domain::entry::Entry;

use super::projection::{At, Projection, run};

/// Shifts, and whose each is.
pub(super) struct Shifts;

impl Projection for Shifts {
    fn table(&self) -> &'static str {
        "shift"
    }

    fn order(&self) -> &'static str {
        "shift_id"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        match entry {
            Entry::ShiftOpened(shift) => run(
                conn,
                "insert into shift values (?1, ?2, ?3, ?4, ?5, ?6, null) on conflict do nothing",
                (shift.id.0, shift.no, at.business_date, &shift.cashier, shift.float.0, at.at_ms),
            ),
            Entry::ShiftRelieved(relief) => {
                run(conn, "update shift set cashier = ?2 where shift_id = ?1", (relief.shift.0, &relief.to))
            }
            Entry::ShiftClosed(close) => {
                run(conn, "update shift set closed_at_ms = ?2 where shift_id = ?1", (close.shift.0, at.at_ms))
            }
            _ => Ok(()),
        }
    }
}
