//! A station's disk: its journal, as far as it can be read, and what it remembers of the hub.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use suanpan_journal::{Chain, Hash, Parent, Records, SegmentId, StationId, push_record};
use suanpan_sync::{Ack, CheckedPush, SegmentStatus};

use crate::feed::Catalogue;
use crate::lost::Kept;
use crate::oracle::Sale;

/// An entry's record and hash.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) record: Rc<Vec<u8>>,
    pub(crate) hash: Hash,
}

/// Entries that a salvage could not read and that did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) from: u64,
    /// `None` when nobody here knows how far the segment went.
    pub(crate) to: Option<u64>,
    /// Hash of entry `to`, when the entry after it proves it.
    pub(crate) to_hash: Option<Hash>,
}

/// One segment of a journal.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) parent: Parent,
    pub(crate) id: SegmentId,
    /// What can be read.
    pub(crate) entries: BTreeMap<u64, Entry>,
    pub(crate) missing: Vec<Missing>,
}

impl Written {
    pub(crate) fn new(parent: Parent, id: SegmentId) -> Written {
        Written { parent, id, entries: BTreeMap::new(), missing: Vec::new() }
    }

    pub(crate) fn head_seq(&self) -> u64 {
        self.entries.last_key_value().map_or(0, |(seq, _)| *seq)
    }

    pub(crate) fn head(&self, station: StationId) -> Chain {
        let seq = self.head_seq();
        let open = || Chain::open(station, self.id, &self.parent).hash;
        Chain { segment: self.id, seq, hash: self.entries.get(&seq).map_or_else(open, |entry| entry.hash) }
    }

    /// The hash of an entry, of the opening, or of the last entry of what is missing.
    pub(crate) fn hash_at(&self, station: StationId, seq: u64) -> Option<Hash> {
        if seq == 0 {
            return Some(Chain::open(station, self.id, &self.parent).hash);
        }
        let end = || self.missing.iter().find(|it| it.to == Some(seq)).and_then(|it| it.to_hash);
        self.entries.get(&seq).map(|entry| entry.hash).or_else(end)
    }

    /// The first readable run in a range: its first and last entry.
    pub(crate) fn run(&self, from: u64, to: u64) -> Option<(u64, u64)> {
        let mut seqs = self.entries.range(from..=to).map(|(seq, _)| *seq);
        let first = seqs.next()?;
        Some((first, seqs.fold(first, |last, seq| if seq == last + 1 { seq } else { last })))
    }

    /// Takes fetched entries, each onto the one before it and onto the one after. Says whether they fit; if not, nothing
    /// changed.
    fn take(&mut self, station: StationId, checked: &CheckedPush) -> bool {
        let seqs = checked.from_seq..;
        let follows = self.hash_at(station, checked.from_seq - 1) == Some(checked.prev_hash);
        let is_same =
            |(seq, hash): (u64, &Hash)| self.entries.get(&seq).is_none_or(|known| known.hash == *hash);
        if !follows || !seqs.clone().zip(&checked.hashes).all(is_same) || !self.leads_on(checked) {
            return false;
        }
        for ((seq, record), hash) in seqs.zip(Records::new(&checked.records).flatten()).zip(&checked.hashes) {
            let mut bytes = Vec::new();
            push_record(&mut bytes, &record.header, record.payload);
            self.entries.entry(seq).or_insert(Entry { record: Rc::new(bytes), hash: *hash });
        }
        self.note_missing();
        true
    }

    /// Whether the entry after the fetched ones is chained to them.
    fn leads_on(&self, checked: &CheckedPush) -> bool {
        let seq = checked.to_seq();
        let Some(next) = self.entries.get(&(seq + 1)) else { return true };
        let mut chain = Chain { segment: self.id, seq, hash: checked.head_hash() };
        let record = Records::new(&next.record).flatten().next();
        record.is_some_and(|record| chain.verify(&record, &next.hash).is_ok())
    }

    /// Writes the gaps down again. What is past the last entry stays as it was noted.
    pub(crate) fn note_missing(&mut self) {
        let noted = std::mem::take(&mut self.missing);
        let mut last = 0;
        for seq in self.entries.keys() {
            if *seq > last + 1 {
                let to = Some(seq - 1);
                let to_hash = noted.iter().find(|it| it.to == to).and_then(|it| it.to_hash);
                self.missing.push(Missing { from: last + 1, to, to_hash });
            }
            last = *seq;
        }
        let ends = noted.into_iter().filter(|it| it.to.is_none_or(|to| to > last));
        self.missing.extend(ends.map(|it| Missing { from: it.from.max(last + 1), ..it }));
    }
}

/// What the station remembers of the hub.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) cursors: BTreeMap<SegmentId, (u64, u64)>,
    pub(crate) ack: Option<Ack>,
    /// Feed entries that were applied.
    pub(crate) kept: Kept,
}

/// A station's disk. A copy of it is a backup, or a clone.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) journal: Vec<Written>,
    pub(crate) memory: Memory,
    /// What of the memory a power cut leaves.
    pub(crate) synced: Memory,
    pub(crate) catalogue: Catalogue,
}

impl Disk {
    pub(crate) fn written(&self, id: SegmentId) -> Option<&Written> {
        self.journal.iter().find(|it| it.id == id)
    }

    /// The ids of its sales.
    pub(crate) fn sales(&self) -> BTreeSet<u64> {
        ids(self.journal.iter().flat_map(|it| it.entries.values()))
    }

    /// The ids of a segment's sales in a range.
    pub(crate) fn sales_between(&self, id: SegmentId, from: u64, to: u64) -> BTreeSet<u64> {
        ids(self.written(id).into_iter().flat_map(|it| it.entries.range(from..=to).map(|(_, entry)| entry)))
    }

    pub(crate) fn status(&self, written: &Written) -> SegmentStatus {
        let (acked_seq, epoch) = self.memory.cursors.get(&written.id).copied().unwrap_or((0, 0));
        SegmentStatus { segment: written.id, head_seq: written.head_seq(), acked_seq, epoch }
    }

    /// Puts fetched entries back. Says whether they fit to what is here.
    pub(crate) fn take_back(&mut self, station: StationId, checked: &CheckedPush) -> bool {
        let place = self.journal.iter().position(|it| it.id == checked.segment);
        let place = match (place, checked.parent) {
            (Some(place), _) => place,
            (None, Some(parent)) => {
                // Older than what this app writes, so it goes before it.
                self.journal.insert(0, Written::new(parent, checked.segment));
                0
            }
            (None, None) => return false,
        };
        self.journal[place].take(station, checked)
    }
}

fn ids<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeSet<u64> {
    entries.flat_map(|entry| Sale::all(&entry.record)).map(|sale| sale.id).collect()
}
