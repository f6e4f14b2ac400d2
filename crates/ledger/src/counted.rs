//! How many sales and refunds stand after an entry, each counted once however often it is asked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::Connection;
use suanpan_domain::entry::kind;

use crate::db::CACHE_KIB;

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

/// Entries that are looked at in one go: about a millisecond, in which nobody else has the ledger.
const PIECE: i64 = 2_500;

/// What a long count keeps of the file in memory, KiB: none of it is wanted again soon.
const COUNTING_KIB: i64 = 1024;

impl Counted {
    /// Documents among a segment's ids. Looks only at those that were not counted before, and at those that are no longer
    /// asked for.
    pub(crate) fn documents(
        &self,
        conn: &Connection,
        ord: i64,
        ids: RangeInclusive<i64>,
    ) -> rusqlite::Result<u64> {
        while !self.look_at_some(conn, ord, ids.clone())? {}
        Ok(self.0.borrow().get(&ord).map_or(0, |span| span.documents))
    }

    /// Looks at some of them. True when there is none left.
    pub(crate) fn look_at_some(
        &self,
        conn: &Connection,
        ord: i64,
        ids: RangeInclusive<i64>,
    ) -> rusqlite::Result<bool> {
        let (from, last) = ids.into_inner();
        let known = self.0.borrow().get(&ord).copied();
        let known = known.filter(|span| (span.from..=span.to + 1).contains(&from));
        let Span { from: before, to, documents } = known.unwrap_or(Span { from, to: from - 1, documents: 0 });
        let end = newest(conn, to + 1..=last)?.unwrap_or(to);
        let until = end.min(to + PIECE);
        if until < end {
            conn.pragma_update(None, "cache_size", -COUNTING_KIB)?;
        }
        let counted =
            count(conn, before..=from - 1).and_then(|gone| Ok((gone, count(conn, to + 1..=until)?)));
        if until < end {
            conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
        }
        let (gone, new) = counted?;
        self.0.borrow_mut().insert(ord, Span { from, to: until, documents: documents - gone + new });
        Ok(until == end)
    }

    pub(crate) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

fn newest(conn: &Connection, ids: RangeInclusive<i64>) -> rusqlite::Result<Option<i64>> {
    let sql = "select max(id) from entry where id between ?1 and ?2";
    conn.prepare_cached(sql)?.query_row((ids.start(), ids.end()), |row| row.get(0))
}

/// Sales and refunds among ids.
fn count(conn: &Connection, ids: RangeInclusive<i64>) -> rusqlite::Result<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let sql = "select count(*) from entry where id between ?1 and ?2 and kind in (?3, ?4)";
    let range = (ids.start(), ids.end(), kind::SALE.number, kind::REFUND.number);
    let found: i64 = conn.prepare_cached(sql)?.query_row(range, |row| row.get(0))?;
    Ok(found.unsigned_abs())
}
