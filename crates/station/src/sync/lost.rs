//! Tells a hub that was restored which published changes this station still remembers. They are listed at HQ, and come
//! back only as news that somebody publishes again.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use suanpan_journal::Hash;
use suanpan_ledger::KeptFeed;
use suanpan_sync::limits::{LOST_BYTES, LOST_MAX};
use suanpan_sync::{FeedEntry, FeedHead, LostFeed, LostReport, SnapshotManifest, chained, replaced};

use super::client::{Call, CallError};
use super::download::{PULL_TIMEOUT, Stop};
use super::driver::Link;

/// Remembers what was told, so that a hub that has no catalogue to give is told once.
const TOLD: &str = "lost_told";

/// Longest answer.
const ANSWER_MAX: usize = 1_024;

/// A kept entry's bytes.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The chain's hash before it.
    prev: Hash,
    entry: FeedEntry,
}

/// What to keep of the entries of a cut, which begin after these heads.
pub(super) fn kept(heads: &[FeedHead], entries: &[FeedEntry], at_ms: i64) -> Vec<KeptFeed> {
    let keep = |(prev, entry): (Hash, &FeedEntry)| {
        let bytes = serde_json::to_vec(&Kept { prev, entry: entry.clone() }).unwrap_or_default();
        KeptFeed { scope: entry.scope.to_string(), version: entry.version, at_ms, entry: bytes }
    };
    chained(heads, entries).into_iter().map(keep).collect()
}

/// Before a snapshot of a newer epoch takes the place of what is applied here: shows the hub what it may have lost.
pub(super) async fn tell(link: &Link, manifest: &SnapshotManifest) -> Result<(), Stop> {
    let heads = link.ask(|stores| stores.feed_heads()).await?;
    let replaced = replaced(&heads, manifest);
    let told = serde_json::to_vec(&replaced).unwrap_or_default();
    if replaced.is_empty() {
        return Ok(());
    }
    // A hub that was restored again has forgotten what it was told; with its catalogue in place here nobody could tell it.
    let stays = manifest.chunks.is_empty();
    if stays && link.remember(|state| state.value(TOLD)).await?.as_ref() == Some(&told) {
        return Ok(());
    }
    let lost = link
        .remember(move |state| {
            let mut room = LOST_BYTES;
            let of_head = |(head, _): (FeedHead, u64)| {
                let after = head.version.saturating_sub(LOST_MAX as u64);
                let kept = state.kept_feed(&head.scope.to_string(), after, LOST_MAX as u32)?;
                let kept = kept.into_iter().rev().map_while(|kept| {
                    room = room.checked_sub(kept.entry.len())?;
                    let Kept { prev, entry } = serde_json::from_slice(&kept.entry).ok()?;
                    Some((prev, entry))
                });
                Ok(LostFeed::newest(head, kept))
            };
            replaced.into_iter().map(of_head).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let lost: Vec<LostFeed> = lost.into_iter().filter(|lost| !lost.entries.is_empty()).collect();
    if !lost.is_empty() {
        let body = serde_json::to_vec(&LostReport { lost }).unwrap_or_default();
        let (path, response_max, timeout) = ("/api/v1/lost", ANSWER_MAX, PULL_TIMEOUT);
        match link
            .client
            .call(&Call { method: &Method::POST, path, body: &body, response_max, timeout })
            .await
        {
            Ok(_) => {}
            // The catalogue waits for a hub that is away, and not for one that wants none of it.
            Err(error @ (CallError::Unreachable(_) | CallError::Busy { .. } | CallError::Server(_))) => {
                return Err(error.into());
            }
            Err(error) => tracing::warn!(error.what = %error, "sync.lost"),
        }
    }
    Ok(link.remember(move |state| state.set_value(TOLD, &told)).await?)
}
