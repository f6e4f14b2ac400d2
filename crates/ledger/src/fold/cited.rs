use rusqlite::Connection;
use suanpan_domain::entry::Entry;
use suanpan_domain::refund::Origin;

use super::projection::{At, Projection, run};

/// Other tills' receipts of which something was given back here.
pub(super) struct Cited;

impl Projection for Cited {
    fn table(&self) -> &'static str {
        "cited"
    }

    fn order(&self) -> &'static str {
        "number, entry_id"
    }

    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
        let Entry::Refund(refund) = entry else { return Ok(()) };
        match &refund.origin {
            Origin::Cited { number, .. } => run(conn, "insert into cited values (?1, ?2)", (number, at.id)),
            Origin::Sale { .. } => Ok(()),
        }
    }
}
