//! What is known to be missing: entries that were written once and could not be read back.

use rusqlite::{Connection, OptionalExtension};
use suanpan_journal::{Hash, Missing, SegmentId};

use crate::DbError;
use crate::folder::Rest;
use crate::rows::id_of;

/// Every hole of a file.
pub(crate) fn missing(conn: &Connection) -> Result<Vec<Missing>, DbError> {
    let mut statement =
        conn.prepare("select segment_id, from_seq, to_seq, to_hash from hole order by segment_id, from_seq")?;
    let rows = statement.query_map([], |row| {
        let to: Option<i64> = row.get(2)?;
        Ok(Missing {
            segment: SegmentId(row.get(0)?),
            from: row.get::<_, i64>(1)?.unsigned_abs(),
            to: to.map(i64::unsigned_abs),
            to_hash: row.get::<_, Option<[u8; 32]>>(3)?.map(Hash),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn insert_hole(conn: &Connection, hole: &Missing) -> Result<(), DbError> {
    let hash = hole.to_hash.map(|hash| hash.0);
    let row = (hole.segment.0, hole.from as i64, hole.to.map(|to| to as i64), hash);
    conn.execute("insert or replace into hole values (?1, ?2, ?3, ?4)", row)?;
    Ok(())
}

/// The holes of a file without the one that stands for what is still to come.
pub(crate) fn lost(conn: &Connection, rest: Option<&Rest>) -> Result<Vec<Missing>, DbError> {
    let mut missing = missing(conn)?;
    if let Some(rest) = rest {
        let ords = missing.iter().map(|hole| ord_of_segment(conn, hole)).collect::<Result<Vec<_>, _>>()?;
        let mut ords = ords.into_iter();
        missing.retain(|hole| !explains(rest, hole, ords.next().flatten()));
    }
    Ok(missing)
}

/// Says whether a hole of the current file only stands for what is still to come.
pub(crate) fn explains(rest: &Rest, hole: &Missing, ord: Option<i64>) -> bool {
    ord.is_some_and(|ord| id_of(ord, hole.from) < rest.before)
}

/// The ord of the segment that a hole is in.
pub(crate) fn ord_of_segment(conn: &Connection, hole: &Missing) -> Result<Option<i64>, DbError> {
    let sql = "select ord from segment where segment_id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([hole.segment.0], |row| row.get(0)).optional()?)
}
