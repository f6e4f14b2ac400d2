//! Puts entries back that the hub kept: a lost tail, or what a salvage could not read.

use rusqlite::Connection;
use suanpan_journal::{Chain, ChainError, Hash, Missing, Parent, Records, SegmentId, StationId};

use crate::holes::{insert_hole, missing};
use crate::rows::{self, Row, SegmentRow, id_of, seq_of};

use crate::{DbError, Ledger};

/// Why a run of entries from the hub was not taken. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The entry before the run is not here: ask from an earlier seq.
    #[error("entry {needed} is needed first")]
    Before {
        /// Seq of the missing entry.
        needed: u64,
    },
    /// The run is not what this station wrote.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The segment that is being written is whole here.
    #[error("the segment is being written here")]
    Current,
    /// The file refused.
    #[error(transparent)]
    Database(#[from] DbError),
    /// An earlier failure stopped this ledger.
    #[error("the ledger stopped after an earlier failure; start again")]
    Stopped,
}

impl From<rusqlite::Error> for RestoreError {
    fn from(error: rusqlite::Error) -> RestoreError {
        RestoreError::Database(error.into())
    }
}

impl Ledger {
    /// Takes a run of an earlier segment's records, each checked onto the entry before it and onto the one after.
    ///
    /// Entries that are here already are skipped. Projections count the restored entries from the next start, or
    /// from [`Ledger::rebuild_projections`]. Gives the number of entries added; `None`, with nothing taken, while a
    /// salvage is under way, after which less may be missing.
    ///
    /// *Errors:* [`RestoreError`].
    pub fn restore(
        &mut self,
        segment: SegmentId,
        parent: &Parent,
        run: &[u8],
    ) -> Result<Option<u64>, RestoreError> {
        if segment == self.segment.segment {
            return Err(RestoreError::Current);
        }
        let conn = self.conn.as_ref().ok_or(RestoreError::Stopped)?;
        if !self.is_whole() {
            return Ok(None);
        }
        let transaction = conn.unchecked_transaction()?;
        let row = match rows::segments(conn)?.into_iter().find(|row| row.segment == segment) {
            Some(row) => row,
            None => SegmentRow { ord: free_ord(conn, parent, self.segment.ord)?, segment, parent: *parent },
        };
        let added = insert(conn, self.station, &row, run)?;
        if added > 0 {
            note_holes(conn, &row)?;
            note_parents_end(conn, &row.parent, self.segment.segment)?;
            conn.execute("insert or replace into mark values ('stale', 1)", [])?;
        }
        transaction.commit()?;
        self.counted.forget();
        self.commits += 1;
        Ok(Some(added))
    }

    /// Notes that nobody has more of a segment's end than is here.
    pub fn close_open_end(&mut self, segment: SegmentId) -> Result<(), RestoreError> {
        let conn = self.conn.as_ref().ok_or(RestoreError::Stopped)?;
        conn.execute("delete from hole where segment_id = ?1 and to_seq is null", [segment.0])?;
        Ok(())
    }
}

fn insert(conn: &Connection, station: StationId, row: &SegmentRow, run: &[u8]) -> Result<u64, RestoreError> {
    let mut chain: Option<Chain> = None;
    let mut added = 0;
    for record in Records::new(run) {
        let record = record.map_err(ChainError::from)?;
        let seq = record.header.seq;
        let mut head = match chain {
            Some(chain) => chain,
            None => anchor(conn, station, row, seq)?,
        };
        head.follow(&record)?;
        chain = Some(head);
        let new = Row {
            id: id_of(row.ord, seq),
            at_ms: record.header.at_ms,
            business_date: record.header.business_date,
            kind: record.header.kind,
            payload: record.payload.to_vec(),
            hash: head.hash,
        };
        if let Some(known) = rows::entry_by_id(conn, new.id)? {
            same(seq, &known.hash, &new.hash)?;
            continue;
        }
        if rows::entry_by_id(conn, id_of(row.ord, 0))?.is_none() {
            row.insert(conn)?;
            row.opening(station, new.at_ms, new.business_date).insert(conn)?;
        }
        new.insert(conn)?;
        added += 1;
    }
    let Some(mut head) = chain else { return Ok(0) };
    if let Some(next) = rows::entry_by_id(conn, id_of(row.ord, head.seq + 1))? {
        head.verify(&next.record(), &next.hash)?;
    }
    Ok(added)
}

fn anchor(
    conn: &Connection,
    station: StationId,
    row: &SegmentRow,
    first: u64,
) -> Result<Chain, RestoreError> {
    if first <= 1 {
        return Ok(row.chain(station));
    }
    let seq = first - 1;
    let before = rows::entry_by_id(conn, id_of(row.ord, seq))?.ok_or(RestoreError::Before { needed: seq })?;
    Ok(Chain { segment: row.segment, seq, hash: before.hash })
}

fn same(seq: u64, known: &Hash, computed: &Hash) -> Result<(), ChainError> {
    if known == computed {
        return Ok(());
    }
    Err(ChainError::Hash { seq, computed: *computed, expected: *known })
}

/// The first free place after the parent's; the order of the rest does not matter to any total.
fn free_ord(conn: &Connection, parent: &Parent, current: i64) -> Result<i64, DbError> {
    let segments = rows::segments(conn)?;
    let after = segments.iter().find(|row| row.segment == parent.segment).map_or(0, |row| row.ord);
    let taken = |ord: &i64| *ord == current || segments.iter().any(|row| row.ord == *ord);
    Ok((after + 1..).find(|ord| !taken(ord)).unwrap_or(i64::from(i32::MAX)))
}

/// Writes the segment's gaps down again; what is not filled stays missing.
fn note_holes(conn: &Connection, row: &SegmentRow) -> Result<(), DbError> {
    let noted = missing(conn)?.into_iter().filter(|hole| hole.segment == row.segment);
    let noted: Vec<Missing> = noted.collect();
    conn.execute("delete from hole where segment_id = ?1", [row.segment.0])?;
    let mut statement = conn.prepare("select id from entry where id between ?1 and ?2 order by id")?;
    let range = (id_of(row.ord, 0), id_of(row.ord, u64::from(u32::MAX)));
    let mut last = 0;
    for id in statement.query_map(range, |found| found.get(0))?.collect::<Result<Vec<i64>, _>>()? {
        let seq = seq_of(id);
        if seq > last + 1 {
            let to_hash = noted.iter().find(|hole| hole.to == Some(seq - 1)).and_then(|hole| hole.to_hash);
            insert_hole(conn, &Missing { segment: row.segment, from: last + 1, to: Some(seq - 1), to_hash })?;
        }
        last = seq;
    }
    for end in noted.iter().filter(|hole| hole.to.is_none_or(|to| to > last)) {
        insert_hole(conn, &Missing { from: end.from.max(last + 1), ..*end })?;
    }
    Ok(())
}

/// What a restored segment hangs on was written too: if its parent's segment ends earlier here, that much is missing.
fn note_parents_end(conn: &Connection, parent: &Parent, current: SegmentId) -> Result<(), DbError> {
    let segments = rows::segments(conn)?;
    let known = segments.iter().find(|row| row.segment == parent.segment && row.segment != current);
    let Some(known) = known else { return Ok(()) };
    let last = rows::head_of(conn, known)?.map_or(0, |head| head.seq);
    if last < parent.seq {
        let (from, to) = (last + 1, Some(parent.seq));
        insert_hole(conn, &Missing { segment: known.segment, from, to, to_hash: Some(parent.hash) })?;
    }
    Ok(())
}
