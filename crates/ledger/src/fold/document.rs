use rusqlite::Connection;
use suanpan_domain::entry::Entry;

use super::projection::{At, Projection, run};

/// Sales and refunds by their printed numbers.
pub(super) struct Documents;

impl Projection for Documents {
    fn table(&self) -> &'static str {
        "document"
    }

    fn order(&self) -> &'static str {
        "business_date, number, entry_id"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        let (number, id) = match entry {
            Entry::Sale(sale) => (sale.number, sale.id),
            Entry::Refund(refund) => (refund.number, refund.id),
            _ => return Ok(()),
        };
        run(conn, "insert into document values (?1, ?2, ?3, ?4)", (at.business_date, number, at.id, id.0))
    }
}
