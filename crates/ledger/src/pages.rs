//! Reads rows out of a database's pages without SQLite, so that damage elsewhere in the file does not matter.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>. Whatever looks like a row of the wanted shape is offered; the
//! hash chain decides whether it is one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use suanpan_journal::{Chain, Hash, PAYLOAD_LEN_MAX, Parent, SegmentId};

use crate::db::PAGE;
use crate::rows::{Row, SegmentRow};
use crate::wal::Wal;

const LEAF: u8 = 0x0d;
/// A leaf of a table without row ids.
const KEY_LEAF: u8 = 0x0a;
/// Bytes of a record that stay on its leaf when it is too long, from the file format.
const LOCAL_MAX: usize = PAGE - 35;
const LOCAL_MIN: usize = (PAGE - 12) * 32 / 255 - 23;
/// A header and numbers beside the payload.
const RECORD_LEN_MAX: usize = PAYLOAD_LEN_MAX + 256;

/// Where a row was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index into the log's pages, or the database's page after them.
    page: u32,
    offset: u16,
}

/// A database file and its log as a heap of pages.
pub(crate) struct Pages {
    file: Option<File>,
    count: u32,
    wal: Vec<(u32, Vec<u8>)>,
    newest: HashMap<u32, u32>,
    held: Option<(u32, Vec<u8>)>,
}

impl Pages {
    /// Opens what there is; a missing file has no pages.
    pub(crate) fn open(path: &Path, wal: Wal) -> io::Result<Pages> {
        let (file, len) = match File::open(path) {
            Ok(file) => {
                let len = file.metadata()?.len();
                (Some(file), len)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (None, 0),
            Err(error) => return Err(error),
        };
        let count = u32::try_from(len / PAGE as u64).unwrap_or(u32::MAX - (1 << 20));
        let newest = (0_u32..).zip(&wal.pages).map(|(at, (number, _))| (*number, at)).collect();
        Ok(Pages { file, count, wal: wal.pages, newest, held: None })
    }

    /// Calls back for every row that has the shape of an entry, of a segment, or of a hole whose end is proven.
    pub(crate) fn scan(
        &mut self,
        mut entry: impl FnMut(i64, Place),
        mut segment: impl FnMut(SegmentRow),
        mut end: impl FnMut(Chain),
    ) {
        let logged = self.wal.len() as u32;
        for page in 0..logged + self.count {
            let Some(bytes) = self.page(page) else { continue };
            // Page 1 begins with the file's header and holds the schema: it never looks like a leaf here.
            if ![LEAF, KEY_LEAF].contains(&bytes[0]) {
                continue;
            }
            let bytes = bytes.to_vec();
            let cells = usize::from(be16(&bytes, 3)).min((PAGE - 8) / 2);
            for cell in 0..cells {
                let offset = be16(&bytes, 8 + 2 * cell);
                let Some(head) = CellHead::read(&bytes, usize::from(offset)) else { continue };
                match head.shape() {
                    Some(Shape::Entry) => entry(head.id, Place { page, offset }),
                    Some(Shape::Segment) => {
                        let record = self.record(&bytes, &head);
                        record.and_then(|it| segment_row(&head, &it)).into_iter().for_each(&mut segment);
                    }
                    Some(Shape::Hole) => {
                        let record = self.record(&bytes, &head);
                        record.and_then(|it| hole_end(&head, &it)).into_iter().for_each(&mut end);
                    }
                    None => {}
                }
            }
        }
    }

    /// Reads the entry at a place that [`Pages::scan`] gave.
    pub(crate) fn entry(&mut self, place: Place) -> Option<Row> {
        let bytes = self.page(place.page)?.to_vec();
        let head = CellHead::read(&bytes, usize::from(place.offset))?;
        let record = self.record(&bytes, &head)?;
        entry_row(&head, &record)
    }

    /// A page by place number: the log's pages first, then the file's. Unreadable sectors read as no page.
    fn page(&mut self, at: u32) -> Option<&[u8]> {
        let logged = self.wal.len() as u32;
        if at < logged {
            return self.wal.get(at as usize).map(|(_, bytes)| bytes.as_slice());
        }
        if self.held.as_ref().is_none_or(|(held, _)| *held != at) {
            let mut bytes = self.held.take().map_or_else(|| vec![0; PAGE], |(_, bytes)| bytes);
            let file = self.file.as_mut()?;
            file.seek(SeekFrom::Start(u64::from(at - logged) * PAGE as u64)).ok()?;
            file.read_exact(&mut bytes).ok()?;
            self.held = Some((at, bytes));
        }
        self.held.as_ref().map(|(_, bytes)| bytes.as_slice())
    }

    /// The newest version of a page by its number in the file, from 1.
    fn numbered(&mut self, number: u32) -> Option<&[u8]> {
        let logged = self.wal.len() as u32;
        let at = match self.newest.get(&number) {
            Some(at) => *at,
            None => logged.checked_add(number.checked_sub(1)?).filter(|at| *at < logged + self.count)?,
        };
        self.page(at)
    }

    /// A whole record, gathered from its overflow pages.
    fn record(&mut self, leaf: &[u8], head: &CellHead) -> Option<Vec<u8>> {
        let local = head.local_len();
        let mut record = leaf.get(head.start..head.start.checked_add(local)?)?.to_vec();
        if local == head.len {
            return Some(record);
        }
        let mut next = be32(leaf, head.start + local)?;
        while record.len() < head.len {
            let left = head.len - record.len();
            let page = self.numbered(next)?;
            record.extend_from_slice(&page[4..4 + left.min(PAGE - 4)]);
            next = be32(page, 0)?;
        }
        Some(record)
    }
}

enum Shape {
    Entry,
    Segment,
    Hole,
}

/// The start of a leaf's cell: length, row id where the table has any, and the record's column types.
struct CellHead {
    id: i64,
    len: usize,
    start: usize,
    types: Vec<u64>,
    body: usize,
}

impl CellHead {
    fn read(page: &[u8], at: usize) -> Option<CellHead> {
        let (len, at) = varint(page, at)?;
        let (id, start) = if page.first() == Some(&LEAF) { varint(page, at)? } else { (0, at) };
        let len = usize::try_from(len).ok().filter(|len| *len <= RECORD_LEN_MAX)?;
        let (head_len, mut at) = varint(page, start)?;
        // Six columns of at most nine bytes each: anything longer is another table's row.
        let head_len = usize::try_from(head_len).ok().filter(|len| *len <= 64)?;
        let mut types = Vec::with_capacity(6);
        while at < start + head_len {
            let (kind, next) = varint(page, at)?;
            types.push(kind);
            at = next;
        }
        Some(CellHead { id: id as i64, len, start, types, body: head_len })
    }

    fn shape(&self) -> Option<Shape> {
        let hash = blob(32);
        match self.types[..] {
            [0, at, date, kind, payload, last]
                if [at, date, kind].iter().all(|kind| is_integer(*kind))
                    && is_blob(payload)
                    && last == hash =>
            {
                Some(Shape::Entry)
            }
            [0, id, parent, seq, last]
                if id == blob(16) && parent == blob(16) && is_integer(seq) && last == hash =>
            {
                Some(Shape::Segment)
            }
            [id, from, to, last] if id == blob(16) && is_integer(from) && is_integer(to) && last == hash => {
                Some(Shape::Hole)
            }
            _ => None,
        }
    }

    fn local_len(&self) -> usize {
        if self.len <= LOCAL_MAX {
            return self.len;
        }
        let local = LOCAL_MIN + (self.len - LOCAL_MIN) % (PAGE - 4);
        if local <= LOCAL_MAX { local } else { LOCAL_MIN }
    }

    /// The columns' bytes.
    fn columns<'a>(&self, record: &'a [u8]) -> Option<Vec<&'a [u8]>> {
        let mut at = self.body;
        self.types
            .iter()
            .map(|kind| {
                let column = record.get(at..at.checked_add(column_len(*kind))?)?;
                at += column.len();
                Some(column)
            })
            .collect()
    }
}

fn entry_row(head: &CellHead, record: &[u8]) -> Option<Row> {
    let columns = head.columns(record)?;
    Some(Row {
        id: head.id,
        at_ms: integer(head.types[1], columns[1]),
        business_date: u32::try_from(integer(head.types[2], columns[2])).ok()?,
        kind: u16::try_from(integer(head.types[3], columns[3])).ok()?,
        payload: columns[4].to_vec(),
        hash: Hash(columns[5].try_into().ok()?),
    })
}

fn segment_row(head: &CellHead, record: &[u8]) -> Option<SegmentRow> {
    let columns = head.columns(record)?;
    let parent = Parent {
        segment: SegmentId(columns[2].try_into().ok()?),
        seq: u64::try_from(integer(head.types[3], columns[3])).ok()?,
        hash: Hash(columns[4].try_into().ok()?),
    };
    Some(SegmentRow { ord: head.id, segment: SegmentId(columns[1].try_into().ok()?), parent })
}

/// The entry at which a hole ends, by the hash that the entry after it proved.
fn hole_end(head: &CellHead, record: &[u8]) -> Option<Chain> {
    let columns = head.columns(record)?;
    let segment = SegmentId(columns[0].try_into().ok()?);
    let seq = u64::try_from(integer(head.types[2], columns[2])).ok()?;
    Some(Chain { segment, seq, hash: Hash(columns[3].try_into().ok()?) })
}

const fn blob(len: u64) -> u64 {
    12 + 2 * len
}

fn is_blob(kind: u64) -> bool {
    kind >= 12 && kind.is_multiple_of(2)
}

fn is_integer(kind: u64) -> bool {
    matches!(kind, 1..=6 | 8 | 9)
}

fn column_len(kind: u64) -> usize {
    match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind as usize,
        5 => 6,
        6 | 7 => 8,
        _ => usize::try_from((kind - 12) / 2).unwrap_or(usize::MAX),
    }
}

fn integer(kind: u64, bytes: &[u8]) -> i64 {
    match kind {
        8 => 0,
        9 => 1,
        _ => {
            let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
            bytes.iter().fold(if negative { -1 } else { 0 }, |value, byte| value << 8 | i64::from(*byte))
        }
    }
}

fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for n in 0..9 {
        let byte = *bytes.get(at.checked_add(n)?)?;
        if n == 8 {
            return Some((value << 8 | u64::from(byte), at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, at + n + 1));
        }
    }
    None
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u16::from_be_bytes(*word))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}
