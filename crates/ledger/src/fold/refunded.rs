use rusqlite::Connection;
use suanpan_domain::entry::Entry;
use suanpan_domain::refund::Origin;

use super::projection::{At, Projection, run};

/// Own receipts of which something was given back.
pub(super) struct Refunded;

impl Projection for Refunded {
    fn table(&self) -> &'static str {
        "refunded"
    }

    fn order(&self) -> &'static str {
        "sale_id, entry_id"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        let Entry::Refund(refund) = entry else { return Ok(()) };
        match &refund.origin {
            Origin::Sale { sale, .. } => run(conn, "insert into refunded values (?1, ?2)", (sale.0, at.id)),
            Origin::Cited { .. } => Ok(()),
        }
    }
}
