//! How many sales and refunds stand after an entry, each counted once however often it is asked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::Connection;
use suanpan_domain::entry::kind;

/// What was counted of each segment of one file, by the segment's ord. Forgotten when entries come in between.
#[derive(Debug, Default)]
pub(crate) struct Counted(RefCell<HashMap<i64, Span>>);

/// Documents among the ids `from..=to`, all of which were looked at.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: i64,
    to: i64,
    documents: u64,
}

impl Counted {
    /// Documents among a segment's ids. Looks only at those that were not counted before, and at those that are no longer
    /// asked for.
    pub(crate) fn documents(
        &self,
        conn: &Connection,
        ord: i64,
        ids: RangeInclusive<i64>,
    ) -> rusqlite::Result<u64> {
        let (from, last) = ids.into_inner();
        let known = self.0.borrow().get(&ord).copied();
        let known = known.filter(|span| (span.from..=span.to + 1).contains(&from));
        let mut span = known.unwrap_or(Span { from, to: from - 1, documents: 0 });
        let (gone, _) = count(conn, span.from..=from - 1)?;
        let (new, newest) = count(conn, span.to + 1..=last)?;
        span = Span { from, to: newest.unwrap_or(span.to), documents: span.documents - gone + new };
        self.0.borrow_mut().insert(ord, span);
        Ok(span.documents)
    }

    pub(crate) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Sales and refunds among ids, and the last id there is.
fn count(conn: &Connection, ids: RangeInclusive<i64>) -> rusqlite::Result<(u64, Option<i64>)> {
    if ids.is_empty() {
        return Ok((0, None));
    }
    let sql =
        "select count(*) filter (where kind in (?3, ?4)), max(id) from entry where id between ?1 and ?2";
    let range = (ids.start(), ids.end(), kind::SALE.number, kind::REFUND.number);
    let found = conn.prepare_cached(sql)?.query_row(range, |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    Ok((found.0.unsigned_abs(), found.1))
}
