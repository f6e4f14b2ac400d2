//! The journal as rows: ids, openings, and reading them back.

use rusqlite::{Connection, OptionalExtension};
use suanpan_journal::{Chain, Hash, Header, Parent, Record, SegmentId, StationId, segment_hash};

use crate::DbError;

const SEQ_BITS: u32 = 32;

/// Kind of a segment's opening row; the domain's kinds begin at 1.
pub(crate) const OPENING: u16 = 0;

/// The row id of an entry: ids grow in the order of writing, and (segment, seq) needs no index.
pub(crate) fn id_of(ord: i64, seq: u64) -> i64 {
    ord << SEQ_BITS | (seq as i64 & i64::from(u32::MAX))
}

pub(crate) fn ord_of(id: i64) -> i64 {
    id >> SEQ_BITS
}

pub(crate) fn seq_of(id: i64) -> u64 {
    (id & i64::from(u32::MAX)) as u64
}

/// A row of `entry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) at_ms: i64,
    pub(crate) business_date: u32,
    pub(crate) kind: u16,
    pub(crate) payload: Vec<u8>,
    pub(crate) hash: Hash,
}

impl Row {
    pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
        Ok(Row {
            id: row.get(0)?,
            at_ms: row.get(1)?,
            business_date: row.get(2)?,
            kind: row.get(3)?,
            payload: row.get(4)?,
            hash: Hash(row.get(5)?),
        })
    }

    pub(crate) fn header(&self) -> Header {
        Header {
            seq: seq_of(self.id),
            at_ms: self.at_ms,
            business_date: self.business_date,
            kind: self.kind,
            payload_len: u32::try_from(self.payload.len()).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn record(&self) -> Record<'_> {
        Record { header: self.header(), payload: &self.payload }
    }

    pub(crate) fn insert(&self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached("insert into entry values (?1, ?2, ?3, ?4, ?5, ?6)")?.execute((
            self.id,
            self.at_ms,
            self.business_date,
            self.kind,
            &self.payload,
            self.hash.0,
        ))?;
        Ok(())
    }
}

/// A row of `segment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub(crate) ord: i64,
    pub(crate) segment: SegmentId,
    pub(crate) parent: Parent,
}

impl SegmentRow {
    /// The opening's row: the segment's row again, where its entries are, under a hash that checks it.
    pub(crate) fn opening(&self, station: StationId, at_ms: i64, business_date: u32) -> Row {
        let mut payload = Vec::with_capacity(72);
        payload.extend_from_slice(&self.segment.0);
        payload.extend_from_slice(&self.parent.segment.0);
        payload.extend_from_slice(&self.parent.seq.to_be_bytes());
        payload.extend_from_slice(&self.parent.hash.0);
        let hash = segment_hash(station, self.segment, &self.parent);
        Row { id: id_of(self.ord, 0), at_ms, business_date, kind: OPENING, payload, hash }
    }

    /// Reads an opening back, if its hash checks.
    pub(crate) fn from_opening(station: StationId, row: &Row) -> Option<SegmentRow> {
        SegmentRow::told_by(row).filter(|opened| opened.chain(station).hash == row.hash)
    }

    /// What an opening says, whoever wrote it.
    pub(crate) fn told_by(row: &Row) -> Option<SegmentRow> {
        let (segment, rest) = row.payload.split_first_chunk()?;
        let (parent_segment, rest) = rest.split_first_chunk()?;
        let (seq, hash) = rest.split_first_chunk()?;
        let parent = Parent {
            segment: SegmentId(*parent_segment),
            seq: u64::from_be_bytes(*seq),
            hash: Hash(hash.try_into().ok()?),
        };
        Some(SegmentRow { ord: ord_of(row.id), segment: SegmentId(*segment), parent })
    }

    pub(crate) fn insert(&self, conn: &Connection) -> rusqlite::Result<()> {
        conn.execute(
            "insert into segment values (?1, ?2, ?3, ?4, ?5)",
            (self.ord, self.segment.0, self.parent.segment.0, self.parent.seq as i64, self.parent.hash.0),
        )?;
        Ok(())
    }

    pub(crate) fn chain(&self, station: StationId) -> Chain {
        Chain::open(station, self.segment, &self.parent)
    }
}

pub(crate) fn segments(conn: &Connection) -> Result<Vec<SegmentRow>, DbError> {
    let sql = "select ord, segment_id, parent_segment, parent_seq, parent_hash from segment order by ord";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let parent = Parent {
            segment: SegmentId(row.get(2)?),
            seq: row.get::<_, i64>(3)? as u64,
            hash: Hash(row.get(4)?),
        };
        Ok(SegmentRow { ord: row.get(0)?, segment: SegmentId(row.get(1)?), parent })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many entries there are, openings not counted.
pub(crate) fn count(conn: &Connection) -> Result<u64, DbError> {
    let sql = "select count(*) from entry where kind <> ?1";
    Ok(conn.query_row(sql, [OPENING], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

pub(crate) fn entry_by_id(conn: &Connection, id: i64) -> rusqlite::Result<Option<Row>> {
    let sql = "select id, at_ms, business_date, kind, payload, hash from entry where id = ?1";
    conn.prepare_cached(sql)?.query_row([id], Row::read).optional()
}

/// The last entry of the file in the order of writing.
pub(crate) fn last_entry(conn: &Connection) -> Result<Option<Row>, DbError> {
    let sql = "select id, at_ms, business_date, kind, payload, hash from entry order by id desc limit 1";
    Ok(conn.prepare_cached(sql)?.query_row([], Row::read).optional()?)
}

/// The last entry before an id, as a chain head, with its segment's ord.
pub(crate) fn last_before(conn: &Connection, id: i64) -> Result<Option<(Chain, i64)>, DbError> {
    let sql = "select e.id, e.hash, s.segment_id from entry e join segment s on s.ord = e.id >> 32 \
               where e.id < ?1 order by e.id desc limit 1";
    let found = conn.prepare_cached(sql)?.query_row([id], |row| {
        let id = row.get(0)?;
        let chain = Chain { segment: SegmentId(row.get(2)?), seq: seq_of(id), hash: Hash(row.get(1)?) };
        Ok((chain, ord_of(id)))
    });
    Ok(found.optional()?)
}

/// The head of a segment: its last entry here, or its opening.
pub(crate) fn head_of(conn: &Connection, segment: &SegmentRow) -> Result<Option<Chain>, DbError> {
    let sql = "select id, hash from entry where id between ?1 and ?2 order by id desc limit 1";
    let range = (id_of(segment.ord, 0), id_of(segment.ord, u64::from(u32::MAX)));
    let head = conn.prepare_cached(sql)?.query_row(range, |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
    Ok(head.optional()?.map(|(id, hash)| Chain {
        segment: segment.segment,
        seq: seq_of(id),
        hash: Hash(hash),
    }))
}
