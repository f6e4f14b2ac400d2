//! A segment that begins while the others are being listed.

mod support;

use std::cell::RefCell;
use std::ops::RangeInclusive;

use suanpan_journal::{Chain, Hash, Missing, Parent, Run, SegmentHead, SegmentId, push_record};
use suanpan_sync::{
    Ack, FeedEntry, FeedHead, Here, Identity, Kept, Memory, Push, Receipts, Scope, SegmentStatus,
    SnapshotSink, Start, Step, Stores, StoresError, Upload,
};
use support::{STATION, Written, hub_key, segment, station_key};

type Answer<T> = Result<T, StoresError>;

/// A disk on which the next segment begins just after somebody has listed those before it.
struct Disk {
    here: RefCell<Vec<Written>>,
    next: RefCell<Option<Written>>,
}

impl Stores for Disk {
    fn segments(&self) -> Answer<Vec<SegmentHead>> {
        let listed = self
            .here
            .borrow()
            .iter()
            .map(|it| SegmentHead { parent: it.parent, head: it.chain_at(it.head()) })
            .collect();
        self.here.borrow_mut().extend(self.next.borrow_mut().take());
        Ok(listed)
    }

    fn head(&self) -> Answer<Option<Chain>> {
        Ok(self.here.borrow().last().map(|it| it.chain_at(it.head())))
    }

    fn run(&self, id: SegmentId, seqs: RangeInclusive<u64>, _: usize) -> Answer<Option<Run>> {
        let here = self.here.borrow();
        let Some(written) = here.iter().find(|it| it.id == id) else { return Ok(None) };
        let (from, to) = (*seqs.start(), written.head().min(*seqs.end()));
        let mut chain = written.chain_at(from - 1);
        let (prev_hash, mut bytes) = (chain.hash, Vec::new());
        for payload in &written.payloads[from as usize - 1..to as usize] {
            let header = chain.append(1_700_000_000_000, 20_231_115, 1, payload).unwrap();
            push_record(&mut bytes, &header, payload);
        }
        Ok(Some(Run { from, prev_hash, bytes, count: to + 1 - from, head_hash: chain.hash }))
    }

    fn hash_at(&self, id: SegmentId, seq: u64) -> Answer<Option<Hash>> {
        Ok(self.here.borrow().iter().find(|it| it.id == id).and_then(|it| it.hash_at(seq)))
    }

    fn missing(&self) -> Answer<Vec<Missing>> {
        Ok(vec![])
    }

    fn takes_back(&self) -> Answer<bool> {
        Ok(true)
    }

    fn restore(&self, _: SegmentId, _: &Parent, _: &[u8]) -> Answer<Option<u64>> {
        Ok(Some(0))
    }

    fn close_open_end(&self, _: SegmentId) -> Answer<()> {
        Ok(())
    }

    fn receipts(&self, _: &[(SegmentId, u64)]) -> Answer<Receipts> {
        Ok(Receipts::default())
    }

    fn receipt_number(&self, _: SegmentId, _: u64) -> Answer<u32> {
        Ok(0)
    }

    fn feed_heads(&self) -> Answer<Vec<FeedHead>> {
        Ok(vec![])
    }

    fn push_dictionary(&self) -> Answer<Option<String>> {
        Ok(None)
    }

    fn apply_cut(&self, _: &[FeedHead], _: &[FeedEntry]) -> Answer<()> {
        Ok(())
    }

    fn begin_snapshot(&self) -> Answer<Box<dyn SnapshotSink>> {
        Err(StoresError { code: "STA-STR-003", what: "no catalogue on this disk".to_owned() })
    }
}

/// A station that has never heard of its hub.
struct Forgetful;

impl Memory for Forgetful {
    fn cursors(&self) -> Answer<Vec<SegmentStatus>> {
        Ok(vec![])
    }

    fn ack(&self) -> Answer<Option<Ack>> {
        Ok(None)
    }

    fn save_cursor(&self, _: &SegmentStatus, _: Option<&Ack>) -> Answer<()> {
        Ok(())
    }

    fn refuse(&self, _: SegmentId, _: u64, _: &str, _: i64) -> Answer<()> {
        Ok(())
    }

    fn keep(&self, _: &[Kept], _: i64) -> Answer<()> {
        Ok(())
    }

    fn kept(&self, _: &Scope, _: u64, _: u32) -> Answer<Vec<Vec<u8>>> {
        Ok(vec![])
    }

    fn told(&self) -> Answer<Option<Vec<u8>>> {
        Ok(None)
    }

    fn set_told(&self, _: &[u8]) -> Answer<()> {
        Ok(())
    }
}

#[test]
fn a_segment_that_begins_while_the_others_are_listed_is_sent_with_its_parent() {
    let first = Written::new(segment(1), Parent::ROOT, &["one"]);
    let head = first.chain_at(1);
    let parent = Parent { segment: head.segment, seq: head.seq, hash: head.hash };
    let second = Written::new(segment(2), parent, &["two"]);
    let disk = Disk { here: RefCell::new(vec![first]), next: RefCell::new(Some(second)) };
    let here = Here { stores: &disk, memory: &Forgetful, now_ms: 1_000, random: 0, tell: &|_| () };
    let me = Identity { station: STATION, key: station_key(), hub_key: hub_key().public(), site_hash: 0 };

    let mut hub = support::MemoryHub::new();
    let mut upload = Upload::start(me, &here).unwrap();
    let mut openings = vec![];
    while let Step::Call(call) = upload.next(&here).unwrap() {
        let body = call.body.unwrap();
        let push = Push::decode(&body).unwrap();
        if let Start::Opening(parent) = push.start {
            openings.push((push.segment, parent));
        }
        let reply = hub.take(&body).unwrap();
        upload.hear(&here, Ok(serde_json::to_vec(&reply).unwrap())).unwrap();
    }
    assert_eq!(openings, [(segment(1), Parent::ROOT), (segment(2), parent)]);
}
