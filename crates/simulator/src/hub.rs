//! The hub in memory: the real decisions around a store that can be copied, lost and put back.

use std::collections::BTreeMap;
use std::rc::Rc;

use suanpan_journal::{Hash, Parent, SegmentId, SigningKey, StationId};
use suanpan_sync::{
    Ack, BranchHead, CheckedPush, FeedEntry, Fork, ForkKind, Known, LostTail, Offer, Opened, Push, PushReply,
    RecordedHole, Scope, SnapshotManifest, Verdict, classify, epoch_after,
};

use crate::feed::Feeds;
use crate::oracle::Sale;

/// A station as the hub knows it.
pub(crate) struct Sender<'a> {
    pub(crate) station: StationId,
    pub(crate) key: &'a SigningKey,
}

/// A stored push.
pub(crate) struct Batch {
    arrival: u64,
    branch: u32,
    from_seq: u64,
    hashes: Vec<Hash>,
    body: Vec<u8>,
    sales: Vec<Sale>,
}

#[derive(Clone)]
pub(crate) struct Branch {
    from: Option<u32>,
    at_seq: u64,
    root: Option<Hash>,
    parent: Option<Parent>,
}

/// One segment as stored.
#[derive(Clone, Default)]
pub(crate) struct Stored {
    branches: Vec<Branch>,
    pub(crate) heads: Vec<BranchHead>,
    pub(crate) holes: Vec<RecordedHole>,
    batches: Vec<Rc<Batch>>,
}

impl Stored {
    fn owner_of(&self, mut branch: u32, seq: u64) -> u32 {
        while let Some(from) = self.branches[branch as usize].from {
            if seq > self.branches[branch as usize].at_seq {
                break;
            }
            branch = from;
        }
        branch
    }

    fn batch_with(&self, branch: u32, seq: u64) -> Option<&Batch> {
        let owner = self.owner_of(branch, seq);
        let holds = |it: &&Rc<Batch>| {
            it.branch == owner && (it.from_seq..it.from_seq + it.hashes.len() as u64).contains(&seq)
        };
        self.batches.iter().find(holds).map(Rc::as_ref)
    }

    fn hash_of(&self, branch: u32, seq: u64) -> Option<Hash> {
        if seq == 0 {
            return self.branches[self.owner_of(branch, 0) as usize].root;
        }
        self.batch_with(branch, seq).map(|it| it.hashes[(seq - it.from_seq) as usize])
    }

    /// Whether an entry is stored at some branch.
    pub(crate) fn is_stored(&self, seq: u64, hash: Hash) -> bool {
        self.arrival_of(seq, hash).is_some()
    }

    /// Whether an entry of a branch is stored.
    pub(crate) fn has(&self, branch: u32, seq: u64) -> bool {
        self.batch_with(branch, seq).is_some()
    }

    /// A segment of which nothing is known but a hole at its start.
    pub(crate) fn open_unknown(&mut self) {
        self.branches.push(Branch { from: None, at_seq: 0, root: None, parent: None });
        self.heads.push(BranchHead { branch: 0, seq: 0, hash: Hash::ZERO });
    }

    /// A branch of which nothing is known but a hole after an entry of another.
    pub(crate) fn open_for_hole(&mut self, it: &Opened) {
        self.branches.push(Branch { from: Some(it.from), at_seq: it.at_seq, root: None, parent: None });
        self.heads.push(BranchHead { branch: it.branch, seq: it.at_seq, hash: it.at_hash });
    }

    fn arrival_of(&self, seq: u64, hash: Hash) -> Option<u64> {
        let stored = self.heads.iter().find(|head| self.hash_of(head.branch, seq) == Some(hash))?;
        self.batch_with(stored.branch, seq).map(|it| it.arrival)
    }

    fn branch_with(&self, seq: u64, hash: Hash) -> Option<&BranchHead> {
        let ends = |branch: u32| {
            self.holes.iter().any(|it| (it.branch, it.to_seq, it.to_hash) == (branch, seq, hash))
        };
        let has = |branch: u32| self.hash_of(branch, seq) == Some(hash) || ends(self.owner_of(branch, seq));
        self.heads.iter().find(|head| has(head.branch))
    }
}

impl Known for Stored {
    type Error = std::convert::Infallible;

    fn heads(&self) -> &[BranchHead] {
        &self.heads
    }

    fn holes(&self) -> &[RecordedHole] {
        &self.holes
    }

    fn stored_at(&mut self, branch: u32, seq: u64) -> Result<Option<Hash>, Self::Error> {
        Ok(self.hash_of(branch, seq))
    }

    fn owner(&mut self, branch: u32, seq: u64) -> Result<u32, Self::Error> {
        Ok(self.owner_of(branch, seq))
    }
}

/// A side that a newer segment left behind.
#[derive(Clone)]
struct LeftBehind {
    station: StationId,
    segment: SegmentId,
    fork: Fork,
    fetched: bool,
}

/// A change that tills applied and that this hub lost.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) entry: FeedEntry,
    pub(crate) is_decided: bool,
}

/// Everything that the hub has on its disk. A copy of it is a backup.
#[derive(Clone)]
pub(crate) struct HubDisk {
    epoch: u64,
    arrivals: u64,
    pub(crate) segments: BTreeMap<(StationId, SegmentId), Rc<Stored>>,
    left_behind: Vec<LeftBehind>,
    pub(crate) feeds: Feeds,
    /// Of snapshots that were offered.
    pub(crate) chunks: Rc<BTreeMap<Hash, Vec<u8>>>,
    /// What the feeds lost, as tills remember it.
    pub(crate) lost: BTreeMap<(Scope, String), Listed>,
    /// What happened in the transaction under way, for the report.
    pub(crate) notes: Vec<&'static str>,
}

impl HubDisk {
    pub(crate) fn new() -> HubDisk {
        HubDisk {
            epoch: 1,
            arrivals: 0,
            segments: BTreeMap::new(),
            left_behind: Vec::new(),
            feeds: Feeds::default(),
            chunks: Rc::default(),
            lost: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Compares what a station shows with what is here.
    pub(crate) fn believe(&mut self, shown: u64, held: bool, now_ms: i64) {
        self.epoch = epoch_after(self.epoch, shown, held, now_ms).unwrap_or(self.epoch);
    }

    /// Takes a push inside a transaction. The reply must not leave before the commit.
    ///
    /// *Errors:* why the push is refused.
    pub(crate) fn push(
        &mut self,
        hub: &SigningKey,
        from: &Sender<'_>,
        push: Push,
        now_ms: i64,
    ) -> Result<PushReply, String> {
        let checked =
            push.check(from.station, &from.key.public()).map_err(|error| error.code().to_owned())?;
        if let Some(shown) = push.shown.as_ref().filter(|it| it.verify(&hub.public(), from.station).is_ok()) {
            let stored = self.segments.get(&(from.station, shown.segment));
            let arrival = stored.and_then(|it| it.arrival_of(shown.have_seq, shown.have_hash));
            self.believe(shown.hub_epoch, arrival == Some(shown.arrival), now_ms);
        }
        let body = Push { shown: None, ..push }.encode();
        let stored = Rc::make_mut(self.segments.entry((from.station, checked.segment)).or_default());
        match classify(&Offer::from(&checked), stored) {
            Ok(Verdict::Append { branch }) => self.append(from.station, branch, &checked, body),
            Ok(Verdict::Branch { branch, from: elder, at_seq }) => {
                open_branch(stored, elder, at_seq, &checked);
                self.store(from.station, branch, &checked, body);
            }
            Ok(Verdict::Fill { branch }) => {
                self.notes.push("hole filled");
                self.store(from.station, branch, &checked, body);
            }
            Ok(Verdict::Same) => {}
            Ok(Verdict::Have { head, cut_at }) => {
                self.notes.extend(cut_at.map(|_| "range cut at a hole's end"));
                return Ok(PushReply::Have { head, cut_at });
            }
            Ok(Verdict::Gap(have)) => return Ok(PushReply::Gap { have }),
            Ok(Verdict::TooManyBranches) => return Err("HUB-PSH-001".into()),
        }
        Ok(self.ack(hub, from.station, &checked))
    }

    fn ack(&self, hub: &SigningKey, station: StationId, push: &CheckedPush) -> PushReply {
        let stored = &self.segments[&(station, push.segment)];
        let arrival = stored.arrival_of(push.to_seq(), push.head_hash()).unwrap_or(0);
        let what = (push.segment, push.to_seq(), push.head_hash());
        let ack = Ack::sign(hub, station, (self.epoch, arrival), what, 64 * 1024, 0);
        let mut own = self.left_behind.iter().filter(|it| it.station == station);
        let re_enrol = own.clone().any(|it| it.fork.old_side_grew);
        let lost_tail = own.find(|it| !it.fetched && !it.fork.old_side_grew).and_then(|it| {
            let ForkKind::LostTail { from_seq, to_seq } = it.fork.kind() else { return None };
            Some(LostTail { segment: it.segment, from_seq, to_seq })
        });
        PushReply::Ack { ack, lost_tail, re_enrol, lacking: self.lacking(station) }
    }

    fn append(&mut self, station: StationId, branch: u32, push: &CheckedPush, body: Vec<u8>) {
        for left in self.left_behind.iter_mut().filter(|it| it.station == station) {
            left.fork.old_side_grew |= left.segment == push.segment;
        }
        let stored = Rc::make_mut(self.segments.entry((station, push.segment)).or_default());
        if stored.branches.is_empty() {
            open_branch(stored, None, 0, push);
        }
        self.store(station, branch, push, body);
        if let Some(parent) = push.parent.filter(|it| !it.is_root()) {
            self.hang(station, push.segment, &parent);
        }
    }

    fn store(&mut self, station: StationId, branch: u32, push: &CheckedPush, body: Vec<u8>) {
        self.arrivals += 1;
        let sales = Sale::all(&push.records).collect();
        let batch = Batch {
            arrival: self.arrivals,
            branch,
            from_seq: push.from_seq,
            hashes: push.hashes.clone(),
            body,
            sales,
        };
        let stored = Rc::make_mut(self.segments.entry((station, push.segment)).or_default());
        stored.batches.push(Rc::new(batch));
        let head = &mut stored.heads[branch as usize];
        if head.seq < push.to_seq() {
            *head = BranchHead { branch, seq: push.to_seq(), hash: push.head_hash() };
        }
        stored.trim_holes(branch, push.from_seq, push.to_seq());
    }

    /// A new segment that hangs on an old entry leaves behind what came after that.
    fn hang(&mut self, station: StationId, child: SegmentId, parent: &Parent) {
        let mut found = Vec::new();
        if let Some(old) = self.segments.get(&(station, parent.segment)) {
            let head = old.branch_with(parent.seq, parent.hash).filter(|head| head.seq > parent.seq);
            found.extend(head.map(|head| (parent.segment, parent.seq, head.seq)));
        }
        let hangs_there = |branch: &Branch| {
            branch.parent.is_some_and(|it| it.segment == parent.segment && it.seq >= parent.seq)
        };
        for ((of, segment), sibling) in &self.segments {
            let other = *of == station && *segment != child;
            if other && sibling.branches.iter().any(hangs_there) {
                found.push((*segment, 0, sibling.heads[0].seq));
            }
        }
        for (segment, at_seq, old_head_seq) in found {
            let known =
                |it: &LeftBehind| (it.station, it.segment, it.fork.at_seq) == (station, segment, at_seq);
            if !self.left_behind.iter().any(known) {
                let fork = Fork { at_seq, old_head_seq, old_side_grew: false };
                self.left_behind.push(LeftBehind { station, segment, fork, fetched: false });
            }
        }
    }

    /// The stored pushes of a segment's longest branch from a seq on. None left says that the station has them all.
    pub(crate) fn fetch(&mut self, station: StationId, segment: SegmentId, from_seq: u64) -> Vec<Vec<u8>> {
        let bodies: Vec<Vec<u8>> = self.segments.get(&(station, segment)).map_or(Vec::new(), |stored| {
            let longest = stored.heads.iter().max_by_key(|head| head.seq).map_or(0, |head| head.branch);
            let wanted =
                |it: &&Rc<Batch>| it.branch == longest && it.from_seq + it.hashes.len() as u64 > from_seq;
            let mut batches: Vec<&Rc<Batch>> = stored.batches.iter().filter(wanted).collect();
            batches.sort_by_key(|it| it.from_seq);
            batches.into_iter().map(|it| it.body.clone()).collect()
        });
        if bodies.is_empty() {
            for left in self.left_behind.iter_mut().filter(|it| it.station == station) {
                left.fetched |= left.segment == segment && left.fork.old_head_seq < from_seq;
            }
        }
        bodies
    }

    /// Offers everything that was published. Chunks are kept under their names.
    pub(crate) fn snapshot(&mut self, hub: &SigningKey, scopes: &[Scope]) -> SnapshotManifest {
        let (named, bytes): (Vec<_>, Vec<_>) = self.feeds.chunks(scopes).into_iter().unzip();
        Rc::make_mut(&mut self.chunks).extend(named.iter().map(|it| it.hash).zip(bytes));
        SnapshotManifest::sign(hub, self.feeds.cut(hub, self.epoch, scopes), named)
    }

    /// Every stored sale, as often as it is stored.
    pub(crate) fn sales(&self) -> impl Iterator<Item = &Sale> {
        self.segments.values().flat_map(|stored| stored.batches.iter().flat_map(|batch| &batch.sales))
    }
}

fn open_branch(stored: &mut Stored, from: Option<u32>, at_seq: u64, push: &CheckedPush) {
    let branch = stored.branches.len() as u32;
    let root = from.is_none().then_some(push.prev_hash);
    stored.branches.push(Branch { from, at_seq, root, parent: push.parent });
    stored.heads.push(BranchHead { branch, seq: at_seq, hash: push.prev_hash });
}
