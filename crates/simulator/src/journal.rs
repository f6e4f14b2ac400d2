//! A station's disk: its journal, as far as it can be read, and what it remembers of the hub.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use suanpan_journal::{Chain, Hash, Missing, Parent, Records, SegmentId, SigningKey, StationId, push_record};
use suanpan_sync::{Ack, FeedEntry, FeedHead, Kept, Scope};

use crate::feed::Catalogue;
use crate::keys::HUB_KEY;
use crate::oracle::Sale;

/// An entry's record and hash.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) record: Rc<Vec<u8>>,
    pub(crate) hash: Hash,
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

    /// Takes fetched entries, each onto the one before it and onto the one after. Gives how many were new, or `None` if they
    /// do not fit; then nothing changed.
    fn take(&mut self, station: StationId, records: &[u8]) -> Option<u64> {
        let first = Records::new(records).flatten().next()?.header.seq;
        let hash = self.hash_at(station, first.checked_sub(1)?)?;
        let mut chain = Chain { segment: self.id, seq: first - 1, hash };
        let mut new = Vec::new();
        for record in Records::new(records).flatten() {
            chain
                .append(record.header.at_ms, record.header.business_date, record.header.kind, record.payload)
                .ok()?;
            let known = self.entries.get(&chain.seq);
            if known.is_some_and(|known| known.hash != chain.hash) {
                return None;
            }
            if known.is_none() {
                let mut bytes = Vec::new();
                push_record(&mut bytes, &record.header, record.payload);
                new.push((chain.seq, Entry { record: Rc::new(bytes), hash: chain.hash }));
            }
        }
        if !self.leads_on(chain) {
            return None;
        }
        let count = new.len() as u64;
        self.entries.extend(new);
        self.note_missing();
        Some(count)
    }

    /// Whether the entry after the fetched ones is chained to them.
    fn leads_on(&self, mut chain: Chain) -> bool {
        let Some(next) = self.entries.get(&(chain.seq + 1)) else { return true };
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
                self.missing.push(Missing { segment: self.id, from: last + 1, to, to_hash });
            }
            last = *seq;
        }
        let ends = noted.into_iter().filter(|it| it.to.is_none_or(|to| to > last));
        self.missing.extend(ends.map(|it| Missing { from: it.from.max(last + 1), ..it }));
    }
}

type KeptFeed = BTreeMap<(Scope, u64), (i64, Rc<Vec<u8>>)>;

/// What the station remembers of the hub.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) cursors: BTreeMap<SegmentId, (u64, u64)>,
    pub(crate) ack: Option<Ack>,
    /// Feed entries that were applied, and when they came.
    pub(crate) kept: KeptFeed,
    /// What was told of as lost.
    pub(crate) told: Option<Vec<u8>>,
}

impl Memory {
    /// The bytes of kept entries of a scope after a version.
    pub(crate) fn kept(&self, scope: &Scope, after: u64) -> impl Iterator<Item = Vec<u8>> {
        let of_scope = self.kept.range((scope.clone(), after + 1)..=(scope.clone(), u64::MAX));
        of_scope.map(|(_, (_, entry))| entry.to_vec())
    }

    /// Of the kept entries that led to these heads, the newest of each row, with the chain's hash after it.
    pub(crate) fn remembered(&self, heads: Vec<FeedHead>) -> Vec<(FeedEntry, Hash)> {
        let hub = HUB_KEY.with(SigningKey::public);
        let (mut newest, mut room) = (BTreeMap::new(), usize::MAX);
        for head in heads {
            let kept = self.kept(&head.scope, 0).collect();
            let lost = Kept::newest(head, kept, &mut room);
            let hashes = lost.check(&hub).unwrap_or_default();
            newest.extend(
                lost.entries.into_iter().zip(hashes).map(|it| ((it.0.scope.clone(), it.0.key.clone()), it)),
            );
        }
        newest.into_values().collect()
    }
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

    pub(crate) fn acked_seq(&self, id: SegmentId) -> u64 {
        self.memory.cursors.get(&id).map_or(0, |(acked_seq, _)| *acked_seq)
    }

    /// Puts fetched entries back. Gives how many were new, or `None` if they do not fit to what is here.
    pub(crate) fn take_back(
        &mut self,
        station: StationId,
        id: SegmentId,
        parent: &Parent,
        records: &[u8],
    ) -> Option<u64> {
        let place = self.journal.iter().position(|it| it.id == id).unwrap_or_else(|| {
            // Older than what this app writes, so it goes before it.
            self.journal.insert(0, Written::new(*parent, id));
            0
        });
        let new = self.journal[place].take(station, records);
        self.journal.retain(|it| !it.entries.is_empty());
        new
    }
}

fn ids<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeSet<u64> {
    entries.flat_map(|entry| Sale::all(&entry.record)).map(|sale| sale.id).collect()
}
