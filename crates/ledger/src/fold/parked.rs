use rusqlite::Connection;
use suanpan_domain::entry::Entry;

use super::projection::{At, Projection, run};

/// Baskets that wait.
pub(super) struct Parked;

impl Projection for Parked {
    fn table(&self) -> &'static str {
        "parked"
    }

    fn order(&self) -> &'static str {
        "basket_id"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        match entry {
            Entry::BasketParked(parked) => run(
                conn,
                "insert into parked values (?1, ?2) on conflict do update set entry_id = ?2",
                (parked.basket.id.0, at.id),
            ),
            Entry::BasketRecalled(recalled) => {
                run(conn, "delete from parked where basket_id = ?1", [recalled.basket.0])
            }
            _ => Ok(()),
        }
    }
}
