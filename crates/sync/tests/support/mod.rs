//! A station and a hub in memory, around the real decisions.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;

use suanpan_journal::{Chain, Hash, Parent, SegmentId, SigningKey, StationId, push_record, segment_hash};
use suanpan_sync::{
    Ack, BranchHead, CheckedPush, Hole, Known, Lacking, LostTail, Offer, Opened, Push, PushReply,
    RecordedHole, Start, Verdict, classify, declare_hole, epoch_after,
};

pub const STATION: StationId = StationId([7; 16]);

pub fn station_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub fn hub_key() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

pub fn segment(n: u8) -> SegmentId {
    SegmentId([n; 16])
}

/// One segment as a station writes it.
#[derive(Clone, Debug)]
pub struct Written {
    pub id: SegmentId,
    pub parent: Parent,
    pub payloads: Vec<Vec<u8>>,
}

impl Written {
    pub fn new(id: SegmentId, parent: Parent, payloads: &[&str]) -> Written {
        Written { id, parent, payloads: payloads.iter().map(|it| it.as_bytes().to_vec()).collect() }
    }

    pub fn head(&self) -> u64 {
        self.payloads.len() as u64
    }

    pub fn chain_at(&self, seq: u64) -> Chain {
        let mut chain = Chain::open(STATION, self.id, &self.parent);
        for payload in self.payloads.iter().take(seq as usize) {
            chain.append(1_700_000_000_000, 20_231_115, 1, payload).unwrap();
        }
        chain
    }

    pub fn hash_at(&self, seq: u64) -> Option<Hash> {
        (seq <= self.head()).then(|| self.chain_at(seq).hash)
    }

    pub fn push(&self, from: u64, to: u64) -> Push {
        let mut chain = self.chain_at(from - 1);
        let start = match from {
            1 => Start::Opening(self.parent),
            _ => Start::After { seq: chain.seq, hash: chain.hash },
        };
        let mut run = Vec::new();
        for payload in &self.payloads[from as usize - 1..to as usize] {
            let header = chain.append(1_700_000_000_000, 20_231_115, 1, payload).unwrap();
            push_record(&mut run, &header, payload);
        }
        Push::seal(&station_key(), STATION, self.id, start, &run).unwrap()
    }
}

/// A branch: the hash of every entry from its fork on and the number of the batch that brought it, and where it forked.
#[derive(Clone)]
pub struct Branch {
    pub from: Option<u32>,
    pub at_seq: u64,
    pub root: Option<Hash>,
    pub entries: BTreeMap<u64, (Hash, u64)>,
}

#[derive(Clone, Default)]
pub struct StoredSegment {
    pub branches: Vec<Branch>,
    pub heads: Vec<BranchHead>,
    pub holes: Vec<RecordedHole>,
}

impl StoredSegment {
    pub fn arrival_of(&self, seq: u64, hash: Hash) -> Option<u64> {
        let found = self.branches.iter().filter_map(|branch| branch.entries.get(&seq));
        found.into_iter().find(|(it, _)| *it == hash).map(|(_, arrival)| *arrival)
    }

    /// Whether a hole's entries are stored, at this branch or another.
    fn is_filled(&self, hole: &RecordedHole) -> bool {
        self.arrival_of(hole.to_seq, hole.to_hash).is_some()
    }
}

impl Known for StoredSegment {
    type Error = std::convert::Infallible;

    fn heads(&self) -> &[BranchHead] {
        &self.heads
    }

    fn holes(&self) -> &[RecordedHole] {
        &self.holes
    }

    fn stored_at(&mut self, branch: u32, seq: u64) -> Result<Option<Hash>, Self::Error> {
        let owner = self.owner(branch, seq)?;
        let owner = &self.branches[owner as usize];
        Ok(if seq == 0 { owner.root } else { owner.entries.get(&seq).map(|(hash, _)| *hash) })
    }

    fn owner(&mut self, mut branch: u32, seq: u64) -> Result<u32, Self::Error> {
        while let Branch { from: Some(from), at_seq, .. } = self.branches[branch as usize]
            && seq <= at_seq
        {
            branch = from;
        }
        Ok(branch)
    }
}

/// A clock that goes on through every restore.
fn tick() -> i64 {
    thread_local!(static NOW: std::cell::Cell<i64> = const { std::cell::Cell::new(1_000) });
    NOW.set(NOW.get() + 1);
    NOW.get()
}

/// A hub in memory: the store a real one keeps, without its bytes.
#[derive(Clone, Default)]
pub struct MemoryHub {
    pub epoch: u64,
    pub arrivals: u64,
    pub segments: BTreeMap<SegmentId, StoredSegment>,
    pub lost_tail: Option<LostTail>,
}

impl MemoryHub {
    pub fn new() -> MemoryHub {
        MemoryHub { epoch: 1, ..MemoryHub::default() }
    }

    pub fn take(&mut self, body: &[u8]) -> Result<PushReply, String> {
        let push = Push::decode(body).map_err(|error| error.to_string())?;
        let checked = push.check(STATION, &station_key().public()).map_err(|error| error.to_string())?;
        if let Some(shown) = &push.shown {
            self.believe(shown);
        }
        let stored = self.segments.entry(checked.segment).or_default();
        let arrival = self.arrivals + 1;
        let verdict = classify(&Offer::from(&checked), stored).unwrap();
        Ok(match verdict {
            Verdict::Append { branch } => {
                store(stored, branch, &checked, arrival);
                self.ack(&checked)
            }
            Verdict::Branch { branch, from, at_seq } => {
                let root = from.is_none().then_some(checked.prev_hash);
                stored.branches.push(Branch { from, at_seq, root, entries: BTreeMap::new() });
                stored.heads.push(BranchHead { branch, seq: at_seq, hash: checked.prev_hash });
                store(stored, branch, &checked, arrival);
                self.ack(&checked)
            }
            Verdict::Same => self.ack(&checked),
            Verdict::Have { head, cut_at } => PushReply::Have { head, cut_at },
            Verdict::Gap(have) => PushReply::Gap { have },
            Verdict::Fill { branch } => {
                put(stored, branch, &checked, arrival);
                self.ack(&checked)
            }
            Verdict::TooManyBranches => return Err("too many branches".into()),
        })
    }

    /// Takes a station's word that some entries are nowhere.
    pub fn declare(&mut self, hole: &Hole) {
        let known = self.segments.entry(hole.segment).or_default();
        if known.heads.is_empty() {
            known.branches.push(Branch { from: None, at_seq: 0, root: None, entries: BTreeMap::new() });
            known.heads.push(BranchHead { branch: 0, seq: 0, hash: Hash::ZERO });
        }
        let (holes, opened) = declare_hole(hole, known).unwrap();
        known.holes = holes;
        if let Some(Opened { branch, from, at_seq, at_hash }) = opened {
            known.branches.push(Branch { from: Some(from), at_seq, root: None, entries: BTreeMap::new() });
            known.heads.push(BranchHead { branch, seq: at_seq, hash: at_hash });
        }
    }

    fn believe(&mut self, shown: &Ack) {
        shown.verify(&hub_key().public(), STATION).unwrap();
        let stored = self.segments.get(&shown.segment);
        let held =
            stored.and_then(|it| it.arrival_of(shown.have_seq, shown.have_hash)) == Some(shown.arrival);
        self.epoch = epoch_after(self.epoch, shown.hub_epoch, held, tick()).unwrap_or(self.epoch);
    }

    pub fn lacking(&self) -> Vec<Lacking> {
        let of = |(id, stored): (&SegmentId, &StoredSegment)| {
            let segment = *id;
            let lacks = |it: &RecordedHole| Lacking { segment, from_seq: it.from_seq, to_seq: it.to_seq };
            stored.holes.iter().filter(|it| !stored.is_filled(it)).map(lacks).collect::<Vec<_>>()
        };
        self.segments.iter().flat_map(of).collect()
    }

    fn ack(&mut self, push: &CheckedPush) -> PushReply {
        let what = (push.segment, push.to_seq(), push.head_hash());
        let arrival = self.segments[&push.segment].arrival_of(push.to_seq(), push.head_hash()).unwrap();
        self.arrivals = self.arrivals.max(arrival);
        let ack = Ack::sign(&hub_key(), STATION, (self.epoch, arrival), what, 64 * 1024, 0);
        PushReply::Ack { ack, lost_tail: self.lost_tail, re_enrol: false, lacking: self.lacking() }
    }

    /// Every hash of a segment's branch 0, in order.
    pub fn hashes(&self, id: SegmentId) -> Vec<Hash> {
        let first = self.segments.get(&id).and_then(|it| it.branches.first());
        first.map(|it| it.entries.values().map(|(hash, _)| *hash).collect()).unwrap_or_default()
    }
}

fn store(stored: &mut StoredSegment, branch: u32, push: &CheckedPush, arrival: u64) {
    if stored.branches.is_empty() {
        let root = Some(segment_hash(STATION, push.segment, &push.parent.unwrap()));
        stored.branches.push(Branch { from: None, at_seq: 0, root, entries: BTreeMap::new() });
        stored.heads.push(BranchHead { branch: 0, seq: 0, hash: push.prev_hash });
    }
    put(stored, branch, push, arrival);
    stored.heads[branch as usize] = BranchHead { branch, seq: push.to_seq(), hash: push.head_hash() };
}

fn put(stored: &mut StoredSegment, branch: u32, push: &CheckedPush, arrival: u64) {
    for (seq, hash) in (push.from_seq..).zip(&push.hashes) {
        let before = stored.branches[branch as usize].entries.insert(seq, (*hash, arrival));
        assert!(before.is_none(), "entry {seq} was stored twice");
    }
    // What was stored is no longer missing.
    for hole in stored.holes.iter_mut().filter(|hole| hole.branch == branch) {
        if (push.from_seq..=push.to_seq()).contains(&hole.from_seq) {
            hole.from_seq = push.to_seq() + 1;
        }
    }
    stored.holes.retain(|hole| hole.from_seq <= hole.to_seq);
}
