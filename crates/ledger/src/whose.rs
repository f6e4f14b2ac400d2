//! Whose ledger a file is. A segment's first hash is made of its station's id, and its first entry's of that.
//!
//! A file of another till, put into this one's folder by a copied disk or a restored backup, must not be carried over: its
//! sales would go to the hub once more, as this till's.

use rusqlite::Connection;
use suanpan_journal::{Hash, StationId, entry_hash};

use crate::DbError;
use crate::rows::{self, Row, SegmentRow, id_of};

/// Segments that are looked at, the newest first, until one tells: a file is one station's from its beginning on.
pub(crate) const LOOKS_MAX: usize = 32;

/// Says whether a segment was begun by this station; `None` if its opening and first entry prove neither.
pub(crate) fn began(
    station: StationId,
    told: impl IntoIterator<Item = SegmentRow>,
    opening: &Row,
    first: &Row,
) -> Option<bool> {
    let leads = |hash: &Hash| entry_hash(hash, &first.header(), &first.payload) == first.hash;
    // A changed bit in our own opening is damage: the segment's own row, or what is left of the opening, still leads on.
    let told = told.into_iter().chain(SegmentRow::told_by(opening));
    if told.map(|row| row.chain(station).hash).any(|hash| leads(&hash)) {
        return Some(true);
    }
    leads(&opening.hash).then_some(false)
}

/// Says whether a file is this station's or another's; `None` if nothing in it proves either.
pub(crate) fn is_ours(conn: &Connection, station: StationId) -> Result<Option<bool>, DbError> {
    for segment in rows::segments(conn)?.into_iter().rev().take(LOOKS_MAX) {
        let row = |seq| rows::entry_by_id(conn, id_of(segment.ord, seq));
        if let (Some(opening), Some(first)) = (row(0)?, row(1)?)
            && let Some(is_ours) = began(station, [segment], &opening, &first)
        {
            return Ok(Some(is_ours));
        }
    }
    Ok(None)
}
