//! Carries every entry whose hash checks from a file that is no longer trusted into a new one.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use rusqlite::Connection;
use suanpan_domain::entry::kind;
use suanpan_journal::{Chain, Hash, Missing, StationId, entry_hash};

use crate::fold::fold_row;
use crate::holes::insert_hole;
use crate::pages::{Pages, Place};
use crate::rows::{self, OPENING, Row, SegmentRow, id_of, ord_of, seq_of};
use crate::{DbError, OpenError, wal, whose};

/// What a salvage brought over.
#[derive(Debug, Default)]
pub(crate) struct Salvaged {
    pub(crate) entries: u64,
    /// The last entry that was carried over: the parent of the next segment.
    pub(crate) head: Option<Chain>,
    pub(crate) ord_max: i64,
}

/// Entries read back from the end of a damaged file at least, before selling starts: more than were written since what
/// the log holds was copied into the database, and a few hundred milliseconds of work.
const TAIL_MIN: usize = 4_096;

/// Business dates that are there before selling starts: today's and the one before.
const TAIL_DATES: usize = 2;

/// Entries before and after a range that are read with it, because neighbours prove each other.
const SEAM: i64 = 2;

/// Damaged files as a heap of pages, and what in them looks like entries, by id.
pub(crate) struct Heap {
    files: Vec<Pages>,
    places: Vec<(i64, Seen)>,
    segments: Vec<SegmentRow>,
    /// Where holes end that an earlier salvage left.
    ends: Vec<Chain>,
    /// The file is another station's: then nothing of it is here.
    pub(crate) is_anothers: bool,
}

/// Where something was seen that looks like an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    file: usize,
    place: Place,
}

impl Heap {
    /// Looks through every page, in the log too. A missing file is an empty heap, and so is another station's.
    pub(crate) fn read(file: &Path, station: StationId) -> Result<Heap, OpenError> {
        let log = wal::read(file).map_err(|source| OpenError::io(file, source))?;
        let mut pages = Pages::open(file, log).map_err(|source| OpenError::io(file, source))?;
        let (mut places, mut segments, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let entry = |id, place| places.push((id, Seen { file: 0, place }));
        pages.scan(entry, |row| segments.push(row), |end| ends.push(end));
        places.sort_unstable();
        let mut heap = Heap { files: vec![pages], places, segments, ends, is_anothers: false };
        if heap.is_of_another(station) {
            (heap.places, heap.segments, heap.ends) = (vec![], vec![], vec![]);
            heap.is_anothers = true;
        }
        Ok(heap)
    }

    fn is_of_another(&mut self, station: StationId) -> bool {
        let mut ords: Vec<i64> = self.places.iter().map(|(id, _)| ord_of(*id)).collect();
        ords.dedup();
        for ord in ords.into_iter().rev().take(whose::LOOKS_MAX) {
            let rows = self.rows(self.first(id_of(ord, 0))..self.first(id_of(ord, 2)));
            let (openings, firsts): (Vec<Row>, Vec<Row>) =
                rows.into_iter().partition(|row| seq_of(row.id) == 0);
            let told = || self.segments.iter().filter(|row| row.ord == ord).copied();
            let pairs = openings.iter().flat_map(|opening| firsts.iter().map(move |first| (opening, first)));
            let proven: Vec<bool> =
                pairs.filter_map(|(opening, first)| whose::began(station, told(), opening, first)).collect();
            if !proven.is_empty() {
                return !proven.contains(&true);
            }
        }
        false
    }

    /// Adds the file of which this one was made, from an id on: what one of them has lost the other may have.
    pub(crate) fn with(mut self, older: Heap, from: i64) -> Heap {
        let before = self.files.len();
        let seen = older.places[older.first(from.saturating_sub(SEAM))..].iter();
        self.places
            .extend(seen.map(|(id, seen)| (*id, Seen { file: before + seen.file, place: seen.place })));
        self.places.sort_unstable();
        self.files.extend(older.files);
        self.segments.extend(older.segments);
        self.ends.extend(older.ends);
        self
    }

    /// Where the part begins that selling needs: the newest dates, and the last shift with all that belongs to it.
    /// `None` when that is all there is.
    pub(crate) fn tail(&mut self) -> Option<i64> {
        let (mut dates, mut has_shift, mut read) = (BTreeSet::new(), false, 0);
        let mut from = i64::MAX;
        for (id, seen) in self.places.iter().rev() {
            let Some(row) = self.files[seen.file].entry(seen.place) else { continue };
            let is_enough = read >= TAIL_MIN && has_shift && dates.len() >= TAIL_DATES;
            if is_enough && *id < from && !dates.contains(&row.business_date) {
                return Some(from);
            }
            dates.insert(row.business_date);
            has_shift |= row.kind == kind::SHIFT_OPENED.number;
            (from, read) = (*id, read + 1);
        }
        None
    }

    /// Entries seen before an id, from a place on.
    pub(crate) fn count(&self, at: usize, before: i64) -> u64 {
        let seen = self.places.get(at..self.first(before)).unwrap_or_default();
        seen.chunk_by(|(a, _), (b, _)| a == b).filter(|seen| seq_of(seen[0].0) > 0).count() as u64
    }

    /// The last seq of a segment that was seen right after another one, readable or not: so far the segment went.
    fn seen(&self, ord: i64) -> u64 {
        let of_segment = &self.places[self.first(id_of(ord, 1))..self.first(id_of(ord + 1, 0))];
        let seqs = of_segment.iter().map(|(id, _)| seq_of(*id));
        seqs.fold((0, 0), |(before, seen), seq| (seq, if before + 1 == seq { seq } else { seen })).1
    }

    fn first(&self, id: i64) -> usize {
        self.places.partition_point(|(seen, _)| *seen < id)
    }

    fn rows(&mut self, places: Range<usize>) -> Vec<Row> {
        let seen = self.places[places].iter();
        seen.filter_map(|(_, seen)| self.files[seen.file].entry(seen.place)).collect()
    }

    /// A segment's row, with its opening if that can be read.
    fn segment(&mut self, station: StationId, ord: i64) -> Option<(SegmentRow, Option<Row>)> {
        let opening = self.first(id_of(ord, 0))..self.first(id_of(ord, 1));
        let rows = self.rows(opening).into_iter().filter(|row| row.kind == OPENING);
        let opened =
            rows.filter_map(|row| Some((SegmentRow::from_opening(station, &row)?, Some(row)))).next();
        opened.or_else(|| self.segments.iter().find(|row| row.ord == ord).map(|row| (*row, None)))
    }
}

/// Carries a range of a heap's entries into a new file, in pieces.
///
/// An entry is taken when its bytes and the hash of the entry before it give its own recorded hash, or when the entry
/// after it proves it, or a hole whose end is known: a changed byte costs at most the entry it is in, and the next when the
/// hash went too.
pub(crate) struct Carrier {
    station: StationId,
    heap: Heap,
    ids: Range<i64>,
    /// The next place to read.
    at: usize,
    segment: Option<Carried>,
    links: Vec<Link>,
    /// Entries in the range that were not read.
    left: u64,
    salvaged: Salvaged,
}

/// The segment that is being carried over.
struct Carried {
    row: SegmentRow,
    opening: Option<Row>,
    is_begun: bool,
    /// The last seq that was read, and that was taken; 0 for none.
    read: u64,
    last: u64,
}

impl Carrier {
    /// Begins at the start of `ids`, or goes on after the last of them that `new` has.
    pub(crate) fn new(
        station: StationId,
        heap: Heap,
        ids: Range<i64>,
        new: &Connection,
    ) -> Result<Carrier, DbError> {
        let at = heap.first(ids.start.saturating_sub(SEAM));
        let salvaged = Salvaged::default();
        let (segment, links) = (None, vec![]);
        let mut carrier = Carrier { station, heap, ids, at, segment, links, left: 0, salvaged };
        if let Some((head, ord)) = rows::last_before(new, carrier.ids.end)? {
            carrier.at = carrier.heap.first(id_of(ord, head.seq) + 1);
            carrier.begin(ord);
            if let Some(carried) = &mut carrier.segment {
                (carried.is_begun, carried.read, carried.last) = (true, head.seq, head.seq);
            }
            carrier.links = vec![Link { hash: head.hash, proves: None }];
        }
        carrier.left = carrier.heap.count(carrier.at, carrier.ids.end);
        Ok(carrier)
    }

    /// Reads up to `limit` ids, within the caller's transaction. Says whether more are left.
    pub(crate) fn step(&mut self, new: &Connection, limit: usize) -> Result<bool, DbError> {
        for _ in 0..limit {
            let end = self.ids.end.saturating_add(SEAM);
            let Some((id, _)) = self.heap.places.get(self.at).filter(|(id, _)| *id < end) else {
                return Ok(false);
            };
            let (id, seq) = (*id, seq_of(*id));
            let of_id =
                self.at..self.at + self.heap.places[self.at..].partition_point(|(same, _)| *same == id);
            self.at = of_id.end;
            self.left -= u64::from(seq > 0 && id < self.ids.end);
            if self.segment.as_ref().is_none_or(|carried| carried.row.ord != ord_of(id)) {
                self.begin(ord_of(id));
            }
            let Some(carried) = self.segment.as_mut().filter(|_| seq > 0) else { continue };
            if carried.read + 1 != seq {
                let before = |end: &&Chain| (end.segment, end.seq + 1) == (carried.row.segment, seq);
                let ends = self.heap.ends.iter().filter(before);
                self.links = ends.map(|end| Link { hash: end.hash, proves: None }).collect();
            }
            carried.read = seq;
            let (taken, links) = follow(&self.links, self.heap.rows(of_id));
            self.links = links;
            for (before, row) in taken {
                if self.ids.contains(&row.id) {
                    self.take(new, before, &row)?;
                }
            }
        }
        Ok(true)
    }

    fn begin(&mut self, ord: i64) {
        self.segment = None;
        let Some((row, opening)) = self.heap.segment(self.station, ord) else { return };
        self.links = vec![Link { hash: row.chain(self.station).hash, proves: None }];
        self.segment = Some(Carried { row, opening, is_begun: false, read: 0, last: 0 });
        self.salvaged.ord_max = self.salvaged.ord_max.max(ord);
    }

    fn take(&mut self, new: &Connection, before: Hash, row: &Row) -> Result<(), DbError> {
        let Some(carried) = &mut self.segment else { return Ok(()) };
        let (segment, seq) = (carried.row.segment, seq_of(row.id));
        if !std::mem::replace(&mut carried.is_begun, true) {
            let made = || carried.row.opening(self.station, row.at_ms, row.business_date);
            carried.row.insert(new)?;
            carried.opening.take().unwrap_or_else(made).insert(new)?;
        }
        if carried.last + 1 < seq {
            let gap = Missing { segment, from: carried.last + 1, to: Some(seq - 1), to_hash: Some(before) };
            insert_hole(new, &gap)?;
        }
        row.insert(new)?;
        fold_row(new, row)?;
        carried.last = seq;
        self.salvaged.entries += 1;
        self.salvaged.head = Some(Chain { segment, seq, hash: row.hash });
        Ok(())
    }

    /// Writes down the ends that are missing of the segments in `ords`: those that were seen and cannot be read, and
    /// those that a next segment's parent knows of.
    pub(crate) fn ends(&self, new: &Connection, ords: Range<i64>) -> Result<(), DbError> {
        let segments = rows::segments(new)?;
        for row in segments.iter().filter(|row| ords.contains(&row.ord)) {
            let parents = segments.iter().map(|other| other.parent);
            let told = parents.filter(|parent| parent.segment == row.segment).map(|parent| parent.seq).max();
            let end = told.unwrap_or(0).max(self.heap.seen(row.ord));
            let last = rows::head_of(new, row)?.map_or(0, |head| head.seq);
            if end > last {
                let (from, to) = (last + 1, Some(end));
                insert_hole(new, &Missing { segment: row.segment, from, to, to_hash: None })?;
            }
        }
        Ok(())
    }

    /// What was carried over since [`Carrier::new`].
    pub(crate) fn salvaged(&self) -> &Salvaged {
        &self.salvaged
    }

    /// Entries in the range that were not read yet.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }
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
