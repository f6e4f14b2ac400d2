//! What an older hub parked and this one understands: announced anew, at the end, so that whoever reads on by position
//! hears of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Group, Parked};
use crate::clock::now_ms;
use crate::store::{Part, PendingBatch, Store, StoreError};

/// Tries some of what is parked, once for each release. Meanwhile what is new waits.
///
/// *Errors:* the store's.
pub(super) async fn understand(store: &Arc<Store>) -> Result<(), StoreError> {
    if !store.has_untried().await? {
        return Ok(());
    }
    let batches = store.parked_after(store.tried.load(Ordering::Relaxed)).await?;
    let Some(last) = batches.last().map(|batch| batch.id) else {
        store.tried.store(0, Ordering::Relaxed);
        return store.note_tried().await;
    };
    for batch in batches {
        let read = tokio::task::spawn_blocking(move || understood(batch)).await;
        announce(store, read.map_err(|_| StoreError::Panicked)?).await?;
    }
    store.tried.store(last, Ordering::Relaxed);
    Ok(())
}

/// What is understood of a batch, in runs without a gap.
fn understood(batch: PendingBatch) -> Vec<PendingBatch> {
    let read = Group::of(vec![batch.clone()]);
    let parked = read.batches.iter().flat_map(|(_, it)| &it.parked);
    let still: BTreeSet<u64> = parked.map(|Parked { seq, .. }| *seq).collect();
    // Seq 0: not even the push can be read.
    if still.contains(&0) {
        return Vec::new();
    }
    // It was parked whole: what is not understood of it is parked by itself from now on.
    if batch.part.only.is_empty() {
        return vec![batch];
    }
    let mut runs: Vec<BTreeSet<u64>> = Vec::new();
    for seq in batch.part.only.difference(&still).copied() {
        match runs.last_mut().filter(|run| run.last() == Some(&seq.saturating_sub(1))) {
            Some(run) => drop(run.insert(seq)),
            None => runs.push(BTreeSet::from([seq])),
        }
    }
    runs.into_iter().map(|run| part(&batch, run)).collect()
}

fn part(batch: &PendingBatch, only: BTreeSet<u64>) -> PendingBatch {
    let entries = u32::try_from(only.len()).unwrap_or(u32::MAX);
    PendingBatch { part: Part { only, ..Part::default() }, entries, ..batch.clone() }
}

/// Gives them their new positions; those that the database still refuses, none.
async fn announce(store: &Arc<Store>, runs: Vec<PendingBatch>) -> Result<(), StoreError> {
    for run in runs {
        if !take(store, run.clone()).await? && run.part.only.len() > 1 {
            for seq in &run.part.only {
                take(store, part(&run, BTreeSet::from([*seq]))).await?;
            }
        }
    }
    Ok(())
}

/// Says whether the database took it.
async fn take(store: &Arc<Store>, run: PendingBatch) -> Result<bool, StoreError> {
    let token = store.lead(now_ms()).await?.ok_or(StoreError::Fenced)?;
    let group = Arc::new(Group::of(vec![run]));
    match store.apply(token, group).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_about_data() => Ok(false),
        Err(error) => Err(error),
    }
}
