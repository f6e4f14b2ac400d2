//! Disks of one till that parted, and of which each has lost some of what it wrote: whatever they send and declare, and in
//! whatever order, the hub has every entry that one of them can read, once, and acks nothing else.

mod support;

use proptest::prelude::*;
use suanpan_journal::{Hash, Parent};
use suanpan_sync::{Hole, PushReply};
use support::*;

/// Longest history, in entries.
const LONGEST: u64 = 12;

/// More turns than any of these cases takes.
const TURNS_MAX: usize = 4_000;

/// A disk: what it wrote, what it cannot read of that, and how far its upload is.
struct Disk {
    written: Written,
    lost: Vec<bool>,
    next: u64,
    cut_at: Option<u64>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entry = |seq: u64| match self.can_read(seq) {
            true => String::from_utf8_lossy(&self.written.payloads[seq as usize - 1]).into_owned(),
            false => "lost".to_owned(),
        };
        out.debug_list().entries((1..=self.written.head()).map(entry)).finish()
    }
}

impl Disk {
    fn can_read(&self, seq: u64) -> bool {
        (1..=self.written.head()).contains(&seq) && !self.lost[seq as usize]
    }

    /// The hash of an entry that it can read, or that the entry after it proves.
    fn own_hash(&self, seq: u64) -> Option<Hash> {
        let is_known = seq == 0 || self.can_read(seq) || self.can_read(seq + 1);
        self.written.hash_at(seq).filter(|_| is_known)
    }

    fn entries(&self) -> impl Iterator<Item = (u64, Hash)> {
        let seqs = (1..=self.written.head()).filter(|seq| self.can_read(*seq));
        seqs.map(|seq| (seq, self.written.chain_at(seq).hash))
    }

    /// Sends up to `size` entries, or declares what it cannot read. Says whether there was anything.
    fn turn(&mut self, hub: &mut MemoryHub, size: u64) -> bool {
        let (next, id) = (self.next, self.written.id);
        let Some(first) = (next..=self.written.head()).find(|seq| self.can_read(*seq)) else { return false };
        if first > next {
            let seqs = (next, first - 1);
            let to_hash = self.written.chain_at(first - 1).hash;
            hub.declare(&Hole::declare(&station_key(), STATION, id, seqs, to_hash).unwrap());
            self.next = first;
            return true;
        }
        let last = (next..next + size).take_while(|seq| self.can_read(*seq)).last().unwrap();
        let last = self.cut_at.take().filter(|cut| *cut >= next).map_or(last, |cut| cut.min(last));
        match hub.take(&self.written.push(next, last).encode()).unwrap() {
            PushReply::Ack { .. } => {
                for seq in next..=last {
                    let hash = self.written.chain_at(seq).hash;
                    assert!(
                        hub.segments[&id].arrival_of(seq, hash).is_some(),
                        "{seq} is acked and not stored"
                    );
                }
                self.next = last + 1;
            }
            PushReply::Have { head, cut_at } => {
                assert_eq!(self.own_hash(head.seq), Some(head.hash), "a hub has what it says");
                (self.next, self.cut_at) = (head.seq + 1, cut_at);
            }
            PushReply::Gap { have } => {
                let ours = have.iter().filter(|head| self.own_hash(head.seq) == Some(head.hash));
                self.next = ours.map(|head| head.seq).max().unwrap_or(0) + 1;
            }
            other => panic!("{other:?}"),
        }
        true
    }
}

/// Histories of up to `LONGEST` entries that part from the first one, and what each disk lost.
fn disks() -> impl Strategy<Value = Vec<Disk>> {
    let disk = (
        0..LONGEST,
        1..=LONGEST,
        proptest::collection::vec(prop::bool::weighted(0.35), LONGEST as usize + 1),
    );
    proptest::collection::vec(disk, 2..4).prop_map(|disks| {
        let made = disks.into_iter().zip(0_u64..).map(|((parts_at, head, lost), nth)| {
            let payload =
                |seq: u64| if seq <= parts_at { format!("{seq}") } else { format!("{seq} of {nth}") };
            let payloads: Vec<String> = (1..=head).map(payload).collect();
            let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
            Disk { written: Written::new(segment(1), Parent::ROOT, &payloads), lost, next: 1, cut_at: None }
        });
        made.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]
    #[test]
    fn what_a_disk_can_read_is_at_the_hub_once(
        mut disks in disks(),
        turns in proptest::collection::vec((any::<prop::sample::Index>(), 1..6_u64, prop::bool::weighted(0.1)), 0..60),
    ) {
        let mut hub = MemoryHub::new();
        for (which, size, forgets) in turns {
            let at = which.index(disks.len());
            let disk = &mut disks[at];
            // An app that starts again may know of no ack.
            if forgets {
                disk.next = 1;
            }
            disk.turn(&mut hub, size);
        }
        let mut count = 0;
        loop {
            for disk in &mut disks {
                while disk.turn(&mut hub, 5) {
                    count += 1;
                    prop_assert!(count < TURNS_MAX, "the upload does not come to rest");
                }
            }
            // What the hub lacks is offered by whoever has any of it.
            let mut offers = false;
            for lacking in hub.lacking() {
                for disk in &mut disks {
                    let new = |(seq, hash): &(u64, Hash)| hub.segments[&segment(1)].arrival_of(*seq, *hash).is_none();
                    let range = lacking.from_seq..=lacking.to_seq;
                    if disk.entries().filter(|(seq, _)| range.contains(seq)).any(|it| new(&it)) {
                        disk.next = disk.next.min(lacking.from_seq);
                        offers = true;
                    }
                }
            }
            if !offers {
                break;
            }
        }
        let Some(stored) = hub.segments.get(&segment(1)) else { return Ok(()) };
        let mut all: Vec<(u64, Hash)> =
            stored.branches.iter().flat_map(|it| it.entries.iter().map(|(seq, (hash, _))| (*seq, *hash))).collect();
        all.sort_unstable();
        let mut wanted: Vec<(u64, Hash)> = disks.iter().flat_map(Disk::entries).collect();
        wanted.sort_unstable();
        wanted.dedup();
        prop_assert_eq!(all, wanted, "each once, and all of them");
    }
}
