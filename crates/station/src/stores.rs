//! The hub driver's way to the station's ledger and catalogue, in turns as short as a command's.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use suanpan_journal::{Chain, Hash, Parent, SegmentId};
use suanpan_ledger::{CutHead, FeedRow, Missing, QueryError, Run, SegmentHead, Snapshot};
use suanpan_sync::{FeedChange, FeedEntry, FeedHead};

use crate::core::{Core, NextCut};
use crate::cuts::Told;
use crate::inner::Inner;
use crate::role::Role;
use crate::sync::{Receipts, SnapshotSink, Stores, StoresError};

/// Between two pieces of a long count: others have their turn with the station, and most of the processor while a window
/// starts. Nobody waits for the count.
const BREATH: Duration = Duration::from_millis(5);

/// See the module.
pub(crate) struct Backroom<R: Role>(pub(crate) Arc<Inner<R>>);

type Answer<T> = Result<T, StoresError>;

impl<R: Role> Backroom<R> {
    fn with<T, E: Told>(&self, work: impl FnOnce(&mut Core<R>) -> Result<T, E>) -> Answer<T> {
        let gone = || StoresError { code: "STA-STR-002", what: "the station is not enrolled".to_owned() };
        self.0.with(work).ok_or_else(gone)?.map_err(Told::told)
    }
}

impl<R: Role> Stores for Backroom<R> {
    fn segments(&self) -> Answer<Vec<SegmentHead>> {
        self.with(|core| core.shop.ledger.segments())
    }

    fn head(&self) -> Answer<Option<Chain>> {
        self.with(|core| core.shop.ledger.head())
    }

    fn run(&self, segment: SegmentId, seqs: RangeInclusive<u64>, bytes_max: usize) -> Answer<Option<Run>> {
        self.with(|core| core.shop.ledger.run(segment, seqs, bytes_max))
    }

    fn hash_at(&self, segment: SegmentId, seq: u64) -> Answer<Option<Hash>> {
        self.with(|core| core.shop.ledger.hash_at(segment, seq))
    }

    fn missing(&self) -> Answer<Vec<Missing>> {
        // While a salvage is under way nothing is taken back: the driver asks again when older segments appear.
        self.with(|core| match core.shop.ledger.is_whole() {
            true => core.shop.ledger.missing(),
            false => Ok(vec![]),
        })
    }

    fn takes_back(&self) -> Answer<bool> {
        self.with(|core| Ok::<_, StoresError>(core.shop.ledger.is_whole()))
    }

    fn restore(&self, segment: SegmentId, parent: &Parent, records: &[u8]) -> Answer<Option<u64>> {
        self.with(|core| core.shop.ledger.restore(segment, parent, records))
    }

    fn close_open_end(&self, segment: SegmentId) -> Answer<()> {
        self.with(|core| core.shop.ledger.close_open_end(segment))
    }

    fn receipts(&self, unacked: &[(SegmentId, u64)]) -> Answer<Receipts> {
        for (segment, first) in unacked {
            while !self.with(|core| core.shop.ledger.count_documents(*segment, first.saturating_sub(1)))? {
                std::thread::park_timeout(BREATH);
            }
        }
        self.with(|core| {
            let ledger = &core.shop.ledger;
            let mut receipts = Receipts::default();
            for (segment, first) in unacked {
                receipts.unsent += ledger.documents_after(*segment, first.saturating_sub(1))?;
            }
            // What is being written may be newer than all that the driver has seen.
            let writing = ledger.segment();
            if !unacked.iter().any(|(segment, _)| *segment == writing) {
                receipts.unsent += ledger.documents_after(writing, 0)?;
            }
            receipts.missing = ledger.missing()?.len() as u64;
            receipts.last_number = R::last_number(&core.shop)?;
            Ok::<_, QueryError>(receipts)
        })
    }

    fn receipt_number(&self, segment: SegmentId, seq: u64) -> Answer<u32> {
        self.with(|core| {
            let found = core.shop.ledger.entry(segment, seq)?;
            Ok::<_, QueryError>(found.map_or(0, |document| R::number(&document.entry)))
        })
    }

    fn feed_heads(&self) -> Answer<Vec<FeedHead>> {
        let heads = self.with(|core| match &core.next_cut {
            Some(next) => Ok(next.heads().to_vec()),
            None => core.shop.catalogue.heads(),
        })?;
        // A head that cannot be read asks for everything anew.
        Ok(heads.iter().filter_map(|head| serde_json::from_slice(&head.signed).ok()).collect())
    }

    fn push_dictionary(&self) -> Answer<Option<String>> {
        self.with(|core| {
            Ok::<_, QueryError>(core.shop.catalogue.push_dictionary(core.clock.now_ms())?.map(|it| it.zstd))
        })
    }

    fn apply_cut(&self, cut: &[FeedHead], entries: &[FeedEntry]) -> Answer<()> {
        let heads: Vec<CutHead> = cut.iter().map(head).collect();
        let rows: Vec<FeedRow> = entries.iter().cloned().map(row).collect();
        let applied = self.with(|core| core.take_cut(heads, &rows))?;
        if applied {
            self.0.catalogue_changed();
        }
        Ok(())
    }

    fn begin_snapshot(&self) -> Answer<Box<dyn SnapshotSink>> {
        let snapshot = self.with(|core| core.shop.catalogue.begin_snapshot())?;
        Ok(Box::new(Delivery { snapshot, inner: Arc::clone(&self.0) }))
    }
}

/// A whole new catalogue being filled beside the one in use.
struct Delivery<R: Role> {
    snapshot: Snapshot,
    inner: Arc<Inner<R>>,
}

impl<R: Role> SnapshotSink for Delivery<R> {
    fn chunk(&mut self, entries: Vec<FeedEntry>) -> Answer<()> {
        self.snapshot.add(entries.into_iter().map(row).collect()).map_err(Told::told)
    }

    fn finish(self: Box<Self>, cut: &[FeedHead]) -> Answer<()> {
        let Delivery { snapshot, inner } = *self;
        let heads: Vec<CutHead> = cut.iter().map(head).collect();
        let applied = Backroom(Arc::clone(&inner)).with(|core| {
            core.next_cut = Some(NextCut::Set(snapshot, heads));
            core.apply_next_cut()
        })?;
        if applied {
            inner.catalogue_changed();
        }
        Ok(())
    }
}

fn head(head: &FeedHead) -> CutHead {
    CutHead {
        scope: head.scope.to_string(),
        version: head.version,
        hash: head.hash,
        signed: serde_json::to_vec(head).unwrap_or_default(),
    }
}

fn row(entry: FeedEntry) -> FeedRow {
    FeedRow {
        scope: entry.scope.to_string(),
        version: entry.version,
        table: entry.table,
        key: entry.key,
        effective_at_ms: entry.effective_at_ms,
        body: match entry.change {
            FeedChange::Put { body } => Some(body),
            FeedChange::Delete => None,
        },
    }
}
