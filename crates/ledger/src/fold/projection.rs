use rusqlite::{Connection, Params};
use suanpan_domain::entry::Entry;

/// Where an entry stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) id: i64,
    pub(crate) at_ms: i64,
    pub(crate) business_date: u32,
}

/// A table that is folded from entries, and can be dropped and built again.
pub(super) trait Projection: Sync {
    /// Its table.
    fn table(&self) -> &'static str;

    /// The order that makes two of them comparable row by row.
    fn order(&self) -> &'static str;

    /// Goes up when the same entries give other rows.
    fn version(&self) -> i64 {
        1
    }

    /// Folds one entry; one that does not concern it changes nothing.
    fn fold(&self, conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()>;
}

pub(super) fn run(conn: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute(parameters)?;
    Ok(())
}
