//! Carries every entry whose hash checks from a file that is no longer trusted into a new one.

use std::path::Path;

use rusqlite::Connection;
use suanpan_journal::{Chain, Hash, SegmentId, StationId, entry_hash};

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
    /// Hash of entry `to`, proven by the entry after it; `None` when none follows.
    pub to_hash: Option<Hash>,
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
/// An entry is taken when its bytes and the hash of the entry before it give its own recorded hash, or when the entry
/// after it proves it: a changed byte costs at most the entry it is in, and the next when the hash went too.
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
    gaps: Vec<(u64, u64, Hash)>,
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
        let mut links = vec![Link { hash: segment.chain(self.station).hash, proves: None }];
        let mut read = 0;
        for seen in by_seq {
            let seq = seq_of(seen[0].0);
            if read + 1 == seq {
                carried.seen = seq;
            } else {
                links.clear();
            }
            read = seq;
            let rows: Vec<Row> = seen.iter().filter_map(|(_, place)| pages.entry(*place)).collect();
            let (taken, next) = follow(&links, rows);
            links = next;
            for (before, taken) in taken {
                if carried.last == 0 {
                    self.open(&segment, row.as_ref(), &taken)?;
                }
                self.take(&mut carried, before, &taken)?;
            }
        }
        self.salvaged.ord_max = self.salvaged.ord_max.max(segment.ord);
        Ok((carried.last > 0).then_some(carried))
    }

    fn take(&mut self, carried: &mut Carried, before: Hash, taken: &Row) -> Result<(), DbError> {
        let seq = seq_of(taken.id);
        if carried.last + 1 < seq {
            carried.gaps.push((carried.last + 1, seq - 1, before));
        }
        taken.insert(self.new)?;
        project_row(self.new, taken)?;
        carried.last = seq;
        self.salvaged.entries += 1;
        self.salvaged.head = Some(Chain { segment: carried.row.segment, seq, hash: taken.hash });
        Ok(())
    }

    fn open(&mut self, segment: &SegmentRow, opening: Option<&Row>, first: &Row) -> Result<(), DbError> {
        segment.insert(self.new)?;
        match opening {
            Some(row) => row.insert(self.new)?,
            None => segment.opening(self.station, first.at_ms, first.business_date).insert(self.new)?,
        }
        Ok(())
    }

    /// Writes down what is missing: gaps, ends that a next segment's parent knows of, and the open end of the last.
    fn holes(&mut self, opened: &[Carried]) -> Result<(), DbError> {
        for carried in opened {
            let segment = carried.row.segment;
            let told = opened.iter().map(|other| other.row.parent).filter(|parent| parent.segment == segment);
            let end = told.map(|parent| parent.seq).max().unwrap_or(0).max(carried.seen);
            let gap = |(from, to, hash): &(u64, u64, Hash)| Missing {
                segment,
                from: *from,
                to: Some(*to),
                to_hash: Some(*hash),
            };
            let mut missing: Vec<Missing> = carried.gaps.iter().map(gap).collect();
            if end > carried.last {
                missing.push(Missing { segment, from: carried.last + 1, to: Some(end), to_hash: None });
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
    let hash = hole.to_hash.map(|hash| hash.0);
    let row = (hole.segment.0, hole.from as i64, hole.to.map(|to| to as i64), hash);
    conn.execute("insert or replace into hole values (?1, ?2, ?3, ?4)", row)?;
    Ok(())
}

/// A hash that the entry before may have had.
struct Link {
    hash: Hash,
    /// The entry before and the hash before it, when its recorded hash is not this one: proven, recorded hash apart,
    /// if the next entry was chained to what its bytes give.
    proves: Option<(Hash, Row)>,
}

/// Chooses, among the rows seen with one seq, the one that continues a link. Gives what is proven, each row with the
/// hash before it, and the next links.
fn follow(links: &[Link], rows: Vec<Row>) -> (Vec<(Hash, Row)>, Vec<Link>) {
    for row in &rows {
        let before =
            links.iter().find(|link| entry_hash(&link.hash, &row.header(), &row.payload) == row.hash);
        if let Some(before) = before {
            let taken = before.proves.iter().cloned().chain([(before.hash, row.clone())]).collect();
            return (taken, vec![Link { hash: row.hash, proves: None }]);
        }
    }
    let recorded = rows.iter().map(|row| Link { hash: row.hash, proves: None });
    let computed = links.iter().filter(|link| link.proves.is_none()).flat_map(|link| {
        rows.iter().map(|row| {
            let hash = entry_hash(&link.hash, &row.header(), &row.payload);
            Link { hash, proves: Some((link.hash, Row { hash, ..row.clone() })) }
        })
    });
    (Vec::new(), recorded.chain(computed).collect())
}
