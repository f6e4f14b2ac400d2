//! Carries every entry whose hash checks from a file that is no longer trusted into a new one.

use std::path::Path;

use rusqlite::Connection;
use suanpan_journal::{Chain, Hash, Header, SegmentId, StationId, entry_hash};

use crate::pages::{Pages, Place};
use crate::project::project_row;
use crate::rows::{OPENING, Row, SegmentRow, ord_of, seq_of};
use crate::{DbError, OpenError, wal};

/// Entries that were written here once and could not be read back. The hub may have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The segment.
    pub segment: SegmentId,
    /// First missing seq.
    pub from: u64,
    /// Last missing seq; `None` when nobody here knows how far the segment went.
    pub to: Option<u64>,
}

/// What a salvage brought over.
#[derive(Debug, Default)]
pub(crate) struct Salvaged {
    pub(crate) entries: u64,
    pub(crate) missing: Vec<Missing>,
    /// The last entry that was carried over: the parent of the next segment.
    pub(crate) head: Option<Chain>,
    pub(crate) ord_max: i64,
}

/// Reads `old` as a heap of pages and fills `new`, whose tables are empty.
///
/// An entry is taken when its bytes and the recorded hash of the entry before it give its own recorded hash; a
/// changed byte in an entry thus costs that entry alone.
pub(crate) fn carry_over(old: &Path, station: StationId, new: &Connection) -> Result<Salvaged, OpenError> {
    let log = wal::read(old).map_err(|source| OpenError::io(old, source))?;
    let mut pages = Pages::open(old, log).map_err(|source| OpenError::io(old, source))?;
    let mut places: Vec<(i64, Place)> = Vec::new();
    let mut segments: Vec<SegmentRow> = Vec::new();
    pages.scan(|id, place| places.push((id, place)), |row| segments.push(row));
    places.sort_unstable();

    let mut carrier = Carrier { station, new, salvaged: Salvaged::default() };
    let mut fill = |carrier: &mut Carrier<'_>| -> Result<(), DbError> {
        let transaction = new.unchecked_transaction()?;
        let mut opened = Vec::new();
        for of_segment in places.chunk_by(|(a, _), (b, _)| ord_of(*a) == ord_of(*b)) {
            let ord = ord_of(of_segment[0].0);
            let listed: Vec<SegmentRow> = segments.iter().filter(|row| row.ord == ord).copied().collect();
            if let Some(done) = carrier.segment(&mut pages, of_segment, &listed)? {
                opened.push(done);
            }
        }
        carrier.holes(&opened)?;
        Ok(transaction.commit()?)
    };
    fill(&mut carrier).map_err(|source| OpenError::db(old, source))?;
    Ok(carrier.salvaged)
}

struct Carrier<'a> {
    station: StationId,
    new: &'a Connection,
    salvaged: Salvaged,
}

/// A segment that was carried over, and how far it is known to have gone.
struct Carried {
    row: SegmentRow,
    last: u64,
    seen: u64,
    gaps: Vec<(u64, u64)>,
}

impl Carrier<'_> {
    fn segment(
        &mut self,
        pages: &mut Pages,
        places: &[(i64, Place)],
        listed: &[SegmentRow],
    ) -> Result<Option<Carried>, DbError> {
        let mut by_seq = places.chunk_by(|(a, _), (b, _)| a == b).peekable();
        let mut opening = None;
        if by_seq.peek().is_some_and(|seen| seq_of(seen[0].0) == 0) {
            let seen = by_seq.next().unwrap_or_default();
            let rows = seen.iter().filter_map(|(_, place)| pages.entry(*place));
            opening = rows.filter(|row| row.kind == OPENING).find_map(|row| {
                SegmentRow::from_opening(self.station, &row).map(|segment| (segment, Some(row)))
            });
        }
        let Some((segment, row)) = opening.or_else(|| listed.first().map(|row| (*row, None))) else {
            return Ok(None);
        };
        let mut carried = Carried { row: segment, last: 0, seen: 0, gaps: Vec::new() };
        let mut known = vec![segment.chain(self.station).hash];
        let mut known_seq = 0;
        for seen in by_seq {
            let seq = seq_of(seen[0].0);
            let rows: Vec<Row> = seen.iter().filter_map(|(_, place)| pages.entry(*place)).collect();
            let follows = known_seq + 1 == seq;
            let taken = rows.iter().find(|row| follows && known.iter().any(|prev| checks(prev, row)));
            known = match taken {
                Some(row) => vec![row.hash],
                None => rows.iter().map(|row| row.hash).collect(),
            };
            known_seq = seq;
            if follows {
                carried.seen = seq;
            }
            let Some(taken) = taken else { continue };
            if carried.last == 0 && self.salvaged.ord_max < segment.ord {
                self.open(&segment, row.as_ref(), taken)?;
            }
            if carried.last + 1 < seq {
                carried.gaps.push((carried.last + 1, seq - 1));
            }
            taken.insert(self.new)?;
            project_row(self.new, taken)?;
            carried.last = seq;
            self.salvaged.entries += 1;
            self.salvaged.head = Some(Chain { segment: segment.segment, seq, hash: taken.hash });
        }
        self.salvaged.ord_max = self.salvaged.ord_max.max(segment.ord);
        Ok((carried.last > 0).then_some(carried))
    }

    fn open(&mut self, segment: &SegmentRow, opening: Option<&Row>, first: &Row) -> Result<(), DbError> {
        segment.insert(self.new)?;
        match opening {
            Some(row) => row.insert(self.new)?,
            None => segment.opening(self.station, first.at_ms, first.business_date).insert(self.new)?,
        }
        self.salvaged.ord_max = segment.ord;
        Ok(())
    }

    /// Writes down what is missing: gaps, ends that a next segment's parent knows of, and the open end of the last.
    fn holes(&mut self, opened: &[Carried]) -> Result<(), DbError> {
        for carried in opened {
            let segment = carried.row.segment;
            let told = opened.iter().map(|other| other.row.parent).filter(|parent| parent.segment == segment);
            let end = told.map(|parent| parent.seq).max().unwrap_or(0).max(carried.seen);
            let mut missing: Vec<Missing> = carried
                .gaps
                .iter()
                .map(|(from, to)| Missing { segment, from: *from, to: Some(*to) })
                .collect();
            if end > carried.last {
                missing.push(Missing { segment, from: carried.last + 1, to: Some(end) });
            }
            for hole in &missing {
                insert_hole(self.new, hole)?;
            }
            self.salvaged.missing.append(&mut missing);
        }
        Ok(())
    }
}

pub(crate) fn insert_hole(conn: &Connection, hole: &Missing) -> Result<(), DbError> {
    let row = (hole.segment.0, hole.from as i64, hole.to.map(|to| to as i64));
    conn.execute("insert or replace into hole values (?1, ?2, ?3)", row)?;
    Ok(())
}

fn checks(prev: &Hash, row: &Row) -> bool {
    let header: Header = row.header();
    entry_hash(prev, &header, &row.payload) == row.hash
}
