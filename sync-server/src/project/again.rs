//! What an older hub parked and this one understands: announced anew, at the end, so that whoever reads on by position
//! hears of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::alone::apply;
use super::{Group, Parked};
use crate::store::{Part, PendingBatch, Store, StoreError};

/// Tries what is parked, once for each release.
///
/// *Errors:* the store's.
pub(super) async fn understand(store: &Arc<Store>) -> Result<(), StoreError> {
    if !store.has_untried().await? {
        return Ok(());
    }
    let mut after = 0;
    loop {
        let batches = store.parked_after(after).await?;
        let Some(last) = batches.last() else { break };
        after = last.id;
        for batch in batches {
            let again = parts(batch);
            if !again.is_empty() {
                let Some(token) = store.lead(crate::clock::now_ms()).await? else { return Ok(()) };
                apply(store, token, Group::of(again)).await?;
            }
        }
    }
    store.note_tried().await
}

/// What is understood of a batch, in runs without a gap.
fn parts(batch: PendingBatch) -> Vec<PendingBatch> {
    let Part::Only(tried) = batch.part.clone() else { return Vec::new() };
    let read = Group::of(vec![batch.clone()]);
    let still: BTreeSet<u64> =
        read.batches.iter().flat_map(|(_, it)| it.parked.iter().map(|Parked { seq, .. }| *seq)).collect();
    // Seq 0: not even the push can be read.
    if still.contains(&0) {
        return Vec::new();
    }
    let mut runs: Vec<BTreeSet<u64>> = Vec::new();
    for seq in tried.difference(&still).copied() {
        match runs.last_mut().filter(|run| run.last() == Some(&seq.saturating_sub(1))) {
            Some(run) => drop(run.insert(seq)),
            None => runs.push(BTreeSet::from([seq])),
        }
    }
    let part = |run: BTreeSet<u64>| {
        let entries = u32::try_from(run.len()).unwrap_or(u32::MAX);
        PendingBatch { part: Part::Only(run), entries, ..batch.clone() }
    };
    runs.into_iter().map(part).collect()
}
