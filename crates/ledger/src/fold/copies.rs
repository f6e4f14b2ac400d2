use rusqlite::Connection;
use suanpan_domain::entry::Entry;

use super::projection::{At, Projection, run};

/// How often a document was printed again.
pub(super) struct Copies;

impl Projection for Copies {
    fn table(&self) -> &'static str {
        "copies"
    }

    fn order(&self) -> &'static str {
        "document_id"
    }

    fn fold(&self, conn: &Connection, _: At, entry: &Entry) -> rusqlite::Result<()> {
        let Entry::Reprinted(print) = entry else { return Ok(()) };
        let sql = "insert into copies values (?1, ?2) on conflict do update set count = max(count, ?2)";
        run(conn, sql, (print.document.0, print.copy))
    }
}
