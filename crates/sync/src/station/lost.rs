//! Tells a hub that was restored which published changes this station still remembers. They are listed at HQ, and come
//! back only as news that somebody publishes again.

use serde::{Deserialize, Serialize};
use suanpan_journal::Hash;

use super::here::Here;
use super::stores::{Kept, StoresError};
use crate::limits::{LOST_BYTES, LOST_MAX};
use crate::wire::feed::{FeedEntry, FeedHead, SnapshotManifest};
use crate::wire::lost::{LostFeed, LostReport, chained, replaced};

#[derive(Serialize, Deserialize)]
struct Bytes {
    /// The chain's hash before it.
    prev: Hash,
    entry: FeedEntry,
}

impl Kept {
    /// What to keep of the entries of a cut, which begin after these heads.
    pub(super) fn all(heads: &[FeedHead], entries: &[FeedEntry], at_ms: i64) -> Vec<Kept> {
        let keep = |(prev, entry): (Hash, &FeedEntry)| {
            let bytes = serde_json::to_vec(&Bytes { prev, entry: entry.clone() }).unwrap_or_default();
            Kept { scope: entry.scope.clone(), version: entry.version, at_ms, entry: bytes }
        };
        chained(heads, entries).into_iter().map(keep).collect()
    }

    /// Of the kept entries of a head's scope, whose bytes come in order: the longest run that leads to it and fits `room`.
    #[must_use]
    pub fn newest(head: FeedHead, kept: Vec<Vec<u8>>, room: &mut usize) -> LostFeed {
        let kept = kept.into_iter().rev().map_while(|bytes| {
            *room = room.checked_sub(bytes.len())?;
            let Bytes { prev, entry } = serde_json::from_slice(&bytes).ok()?;
            Some((prev, entry))
        });
        LostFeed::newest(head, kept)
    }
}

/// What a hub is told before a snapshot of a newer epoch takes the place of what is applied here.
pub(super) struct Tell {
    /// Remembered afterwards, so that a hub that has no catalogue to give is told once.
    pub(super) told: Vec<u8>,
    /// What it may have lost; empty if nothing of it is remembered.
    pub(super) report: LostReport,
}

impl Tell {
    pub(super) fn of(here: &Here<'_>, manifest: &SnapshotManifest) -> Result<Option<Tell>, StoresError> {
        let replaced = replaced(&here.stores.feed_heads()?, manifest);
        let told = serde_json::to_vec(&replaced).unwrap_or_default();
        // A hub that was restored again has forgotten what it was told; with its catalogue in place here nobody could tell it.
        let stays = manifest.chunks.is_empty();
        if replaced.is_empty() || stays && here.memory.told()?.as_ref() == Some(&told) {
            return Ok(None);
        }
        let (mut lost, mut room) = (Vec::new(), LOST_BYTES);
        for (head, _) in replaced {
            let after = head.version.saturating_sub(LOST_MAX as u64);
            let kept = here.memory.kept(&head.scope, after, LOST_MAX as u32)?;
            lost.push(Kept::newest(head, kept, &mut room));
        }
        lost.retain(|lost| !lost.entries.is_empty());
        Ok(Some(Tell { told, report: LostReport { lost } }))
    }
}
