//! Reads entries back and checks their chain: the tail at every start, the rest in the background.

use rusqlite::{Connection, OptionalExtension};
use suanpan_journal::{Chain, ChainError, Hash, StationId};

use crate::holes::missing;
use crate::rows::{self, OPENING, Row, SegmentRow, id_of, ord_of, seq_of};
use crate::{Damage, DbError};

/// Entries checked at start, so that it stays quick after a long day or an import; the scrub does the rest.
const TAIL_MAX: i64 = 20_000;

const TAIL: &str = "tail";
pub(crate) const SCRUB: &str = "scrub";
const ROOM: &str = "room";

/// The last entry as a chain head, with its segment's ord.
pub(crate) fn head(conn: &Connection) -> Result<Option<(i64, Chain)>, DbError> {
    let Some(last) = rows::last_entry(conn)? else { return Ok(None) };
    let ord = ord_of(last.id);
    let segment = rows::segments(conn)?.into_iter().find(|row| row.ord == ord);
    Ok(segment.map(|row| (ord, Chain { segment: row.segment, seq: seq_of(last.id), hash: last.hash })))
}

/// The lowest ord that a next segment may take.
pub(crate) fn reserved_ord(conn: &Connection) -> Result<i64, DbError> {
    Ok(mark(conn, ROOM)?.map_or(0, ord_of))
}

pub(crate) fn reserve_ord(conn: &Connection, ord: i64) -> Result<(), DbError> {
    set_mark(conn, ROOM, id_of(ord, 0))
}

pub(crate) fn mark(conn: &Connection, name: &str) -> Result<Option<i64>, DbError> {
    let sql = "select entry_id from mark where name = ?1";
    Ok(conn.query_row(sql, [name], |row| row.get(0)).optional()?)
}

pub(crate) fn set_mark(conn: &Connection, name: &str, id: i64) -> Result<(), DbError> {
    conn.execute("insert or replace into mark values (?1, ?2)", (name, id))?;
    Ok(())
}

/// Checks what was written since the last start, and marks it. Gives the number of entries read.
pub(crate) fn verify(conn: &Connection, station: StationId) -> Result<u64, Damage> {
    let marked = mark(conn, TAIL)?.unwrap_or(0);
    // What lies before the mark is not even counted: its pages would fill the cache.
    let sql = "select id from entry where id > ?1 order by id desc limit 1 offset ?2";
    let recent: Option<i64> =
        conn.query_row(sql, (marked, TAIL_MAX), |row| row.get(0)).optional().map_err(DbError::from)?;
    let walked = walk(conn, station, recent.unwrap_or(marked), i64::MAX)?;
    if walked.count > 0 {
        set_mark(conn, TAIL, walked.last)?;
    }
    Ok(walked.count)
}

/// How far a walk came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walked {
    /// Id of the last entry read.
    pub(crate) last: i64,
    /// Entries read, openings not counted.
    pub(crate) count: u64,
}

/// Checks up to `limit` rows after the entry `from`, whose recorded hash is taken as sound; 0 is the beginning.
pub(crate) fn walk(conn: &Connection, station: StationId, from: i64, limit: i64) -> Result<Walked, Damage> {
    let segments = rows::segments(conn)?;
    let segment_of = |id: i64| segments.iter().find(|row| row.ord == ord_of(id)).ok_or(Damage::Schema);
    let mut walked = Walked { last: from, count: 0 };
    let mut chain: Option<(SegmentRow, Chain)> = None;
    if from > 0 {
        let anchor = rows::entry_by_id(conn, from).map_err(DbError::from)?.ok_or(Damage::Schema)?;
        let segment = *segment_of(from)?;
        let head = Chain { segment: segment.segment, seq: seq_of(from), hash: anchor.hash };
        chain = Some((segment, head));
    }
    let sql =
        "select id, at_ms, business_date, kind, payload, hash from entry where id > ?1 order by id limit ?2";
    let mut statement = conn.prepare_cached(sql).map_err(DbError::from)?;
    let mut rows = statement.query((from, limit)).map_err(DbError::from)?;
    while let Some(row) = rows.next().map_err(DbError::from)? {
        let row = Row::read(row).map_err(DbError::from)?;
        let segment = match chain {
            Some((segment, _)) if segment.ord == ord_of(row.id) => segment,
            _ => *segment_of(row.id)?,
        };
        chain = Some((segment, follow(conn, station, chain, segment, &row)?));
        walked.last = row.id;
        walked.count += u64::from(row.kind != OPENING);
    }
    Ok(walked)
}

/// Checks that each segment continues an entry that is here, if its parent's segment is.
pub(crate) fn check_parents(conn: &Connection) -> Result<(), Damage> {
    let segments = rows::segments(conn)?;
    let holes = missing(conn)?;
    for parent in segments.iter().map(|row| row.parent) {
        let Some(known) = segments.iter().find(|row| row.segment == parent.segment) else { continue };
        let is_lost = |seq: u64| {
            holes.iter().any(|hole| {
                hole.segment == known.segment && hole.from <= seq && hole.to.is_none_or(|to| seq <= to)
            })
        };
        let entry = |source| Damage::Entry { segment: known.segment, source };
        match rows::entry_by_id(conn, id_of(known.ord, parent.seq)).map_err(DbError::from)? {
            Some(row) if row.hash == parent.hash => {}
            None if is_lost(parent.seq) => {}
            Some(row) => {
                let (seq, computed, expected) = (parent.seq, row.hash, parent.hash);
                return Err(entry(ChainError::Hash { seq, computed, expected }));
            }
            None => {
                let found = rows::head_of(conn, known)?.map_or(0, |head| head.seq);
                return Err(entry(ChainError::Seq { expected: parent.seq, found }));
            }
        }
    }
    Ok(())
}

fn follow(
    conn: &Connection,
    station: StationId,
    chain: Option<(SegmentRow, Chain)>,
    segment: SegmentRow,
    row: &Row,
) -> Result<Chain, Damage> {
    let entry = |source| Damage::Entry { segment: segment.segment, source };
    if seq_of(row.id) == 0 {
        let opened = SegmentRow::from_opening(station, row).filter(|opened| *opened == segment);
        return opened.map(|opened| opened.chain(station)).ok_or(Damage::Schema);
    }
    let before = chain.filter(|(before, _)| before.ord == segment.ord).map(|(_, head)| head);
    let mut head = before.unwrap_or_else(|| segment.chain(station));
    match head.verify(&row.record(), &row.hash) {
        Ok(()) => Ok(head),
        Err(ChainError::Seq { expected, found }) => {
            let Some(hash) = hole_before(conn, segment, expected, found)? else {
                return Err(entry(ChainError::Seq { expected, found }));
            };
            let mut head = Chain { segment: segment.segment, seq: found.saturating_sub(1), hash };
            head.verify(&row.record(), &row.hash).map_err(entry)?;
            Ok(head)
        }
        Err(source) => Err(entry(source)),
    }
}

/// The proven hash of the last entry of a known hole that explains a jump.
fn hole_before(
    conn: &Connection,
    segment: SegmentRow,
    expected: u64,
    found: u64,
) -> Result<Option<Hash>, DbError> {
    let sql = "select to_hash from hole where segment_id = ?1 and from_seq = ?2 and to_seq = ?3";
    let key = (segment.segment.0, expected as i64, found.saturating_sub(1) as i64);
    let hash: Option<Option<[u8; 32]>> = conn.query_row(sql, key, |row| row.get(0)).optional()?;
    Ok(hash.flatten().map(Hash))
}
