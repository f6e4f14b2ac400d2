//! A till's disk, as the machines of its upload and download see it.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use suanpan_journal::{Chain, Hash, Missing, Parent, Run, SegmentHead, SegmentId, StationId};
use suanpan_sync::{
    Ack, DOES_NOT_FIT, FeedEntry, FeedHead, Kept, Memory, Receipts, Scope, SegmentStatus, SnapshotSink,
    Stores, StoresError,
};

use crate::dice::Dice;
use crate::feed::Catalogue;
use crate::journal::Disk;
use crate::packing;

/// Entries of one push at most: few, so that a day makes many.
const RUN_MAX: u64 = 6;

type Answer<T> = Result<T, StoresError>;

/// Where a new catalogue is left until the disk has it.
pub(crate) type Delivered = Arc<Mutex<Option<Catalogue>>>;

/// See the module.
pub(crate) struct Desk<'a> {
    pub(crate) station: StationId,
    pub(crate) disk: RefCell<&'a mut Disk>,
    pub(crate) dice: RefCell<Dice>,
    pub(crate) is_full: bool,
    /// An older release packs by no dictionary.
    pub(crate) is_older: bool,
    pub(crate) delivered: Delivered,
}

impl Desk<'_> {
    fn write<T>(&self, work: impl FnOnce(&mut Disk) -> T) -> Answer<T> {
        if self.is_full {
            return Err(StoresError { code: "FULL", what: "the disk is full".to_owned() });
        }
        Ok(work(&mut self.disk.borrow_mut()))
    }
}

impl Stores for Desk<'_> {
    fn segments(&self) -> Answer<Vec<SegmentHead>> {
        let disk = self.disk.borrow();
        let head =
            |it: &crate::journal::Written| SegmentHead { parent: it.parent, head: it.head(self.station) };
        Ok(disk.journal.iter().map(head).collect())
    }

    fn head(&self) -> Answer<Option<Chain>> {
        Ok(self.disk.borrow().journal.last().map(|it| it.head(self.station)))
    }

    /// Ends as a driver may: anywhere after its first entry. What was cut once is given exactly so.
    fn run(&self, segment: SegmentId, seqs: RangeInclusive<u64>, bytes_max: usize) -> Answer<Option<Run>> {
        let disk = self.disk.borrow();
        let Some(written) = disk.written(segment) else { return Ok(None) };
        let Some((from, last)) = written.run(*seqs.start(), *seqs.end()) else { return Ok(None) };
        let again = bytes_max == u32::MAX as usize;
        let to =
            if again { last } else { self.dice.borrow_mut().between(from, last.min(from + RUN_MAX - 1)) };
        let hash = |seq| written.hash_at(self.station, seq).unwrap_or(Hash::ZERO);
        let entries = written.entries.range(from..=to);
        let bytes = entries.flat_map(|(_, entry)| entry.record.iter().copied()).collect();
        let (count, prev_hash, head_hash) = (to - from + 1, hash(from - 1), hash(to));
        Ok(Some(Run { from, count, prev_hash, head_hash, bytes }))
    }

    fn hash_at(&self, segment: SegmentId, seq: u64) -> Answer<Option<Hash>> {
        let disk = self.disk.borrow();
        Ok(disk.written(segment).and_then(|it| it.hash_at(self.station, seq)))
    }

    fn missing(&self) -> Answer<Vec<Missing>> {
        Ok(self.disk.borrow().journal.iter().flat_map(|it| it.missing.iter().copied()).collect())
    }

    fn takes_back(&self) -> Answer<bool> {
        Ok(true)
    }

    fn restore(&self, segment: SegmentId, parent: &Parent, records: &[u8]) -> Answer<Option<u64>> {
        let new = self.write(|disk| disk.take_back(self.station, segment, parent, records))?;
        let unfit = || StoresError { code: DOES_NOT_FIT, what: format!("entries of {segment}") };
        new.map(Some).ok_or_else(unfit)
    }

    fn close_open_end(&self, segment: SegmentId) -> Answer<()> {
        self.write(|disk| {
            for written in disk.journal.iter_mut().filter(|it| it.id == segment) {
                written.missing.retain(|it| it.to.is_some());
            }
        })
    }

    fn receipts(&self, unacked: &[(SegmentId, u64)]) -> Answer<Receipts> {
        let disk = self.disk.borrow();
        let after = |(id, from): &(SegmentId, u64)| disk.sales_between(*id, *from, u64::MAX).len() as u64;
        let missing = disk.journal.iter().map(|it| it.missing.len() as u64).sum();
        Ok(Receipts { last_number: 0, unsent: unacked.iter().map(after).sum(), missing })
    }

    fn receipt_number(&self, _: SegmentId, _: u64) -> Answer<u32> {
        Ok(0)
    }

    fn feed_heads(&self) -> Answer<Vec<FeedHead>> {
        Ok(self.disk.borrow().catalogue.heads.clone())
    }

    fn push_dictionary(&self) -> Answer<Option<String>> {
        // It comes with the first cut.
        let has = !self.is_older && !self.disk.borrow().catalogue.heads.is_empty();
        Ok(has.then(packing::published))
    }

    fn apply_cut(&self, cut: &[FeedHead], entries: &[FeedEntry]) -> Answer<()> {
        self.write(|disk| {
            disk.catalogue.put(entries);
            disk.catalogue.heads = cut.to_vec();
        })
    }

    fn begin_snapshot(&self) -> Answer<Box<dyn SnapshotSink>> {
        let delivered = Arc::clone(&self.delivered);
        self.write(|_| Box::new(Delivery { new: Catalogue::default(), delivered }) as Box<dyn SnapshotSink>)
    }
}

struct Delivery {
    new: Catalogue,
    delivered: Delivered,
}

impl SnapshotSink for Delivery {
    fn chunk(&mut self, entries: Vec<FeedEntry>) -> Answer<()> {
        self.new.put(&entries);
        Ok(())
    }

    fn finish(mut self: Box<Self>, cut: &[FeedHead]) -> Answer<()> {
        self.new.heads = cut.to_vec();
        *self.delivered.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.new);
        Ok(())
    }
}

impl Memory for Desk<'_> {
    fn cursors(&self) -> Answer<Vec<SegmentStatus>> {
        let disk = self.disk.borrow();
        let status = |(segment, (acked_seq, epoch)): (&SegmentId, &(u64, u64))| SegmentStatus {
            segment: *segment,
            head_seq: 0,
            acked_seq: *acked_seq,
            epoch: *epoch,
        };
        Ok(disk.memory.cursors.iter().map(status).collect())
    }

    fn ack(&self) -> Answer<Option<Ack>> {
        Ok(self.disk.borrow().memory.ack.clone())
    }

    fn save_cursor(&self, cursor: &SegmentStatus, ack: Option<&Ack>) -> Answer<()> {
        self.write(|disk| {
            disk.memory.cursors.insert(cursor.segment, (cursor.acked_seq, cursor.epoch));
            disk.memory.ack = ack.cloned().or(disk.memory.ack.take());
            if self.dice.borrow_mut().chance(500) {
                disk.synced = disk.memory.clone();
            }
        })
    }

    fn refuse(&self, _: SegmentId, _: u64, _: &str, _: i64) -> Answer<()> {
        self.write(|_| ())
    }

    fn keep(&self, entries: &[Kept], forget_before_ms: i64) -> Answer<()> {
        self.write(|disk| {
            let kept = &mut disk.memory.kept;
            kept.extend(
                entries.iter().cloned().map(|it| ((it.scope, it.version), (it.at_ms, Rc::new(it.entry)))),
            );
            kept.retain(|_, (at_ms, _)| *at_ms >= forget_before_ms);
        })
    }

    fn kept(&self, scope: &Scope, after: u64, limit: u32) -> Answer<Vec<Vec<u8>>> {
        Ok(self.disk.borrow().memory.kept(scope, after).take(limit as usize).collect())
    }

    fn told(&self) -> Answer<Option<Vec<u8>>> {
        Ok(self.disk.borrow().memory.told.clone())
    }

    fn set_told(&self, told: &[u8]) -> Answer<()> {
        self.write(|disk| disk.memory.told = Some(told.to_vec()))
    }
}
