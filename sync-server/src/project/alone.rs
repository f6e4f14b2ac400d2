//! A batch that the database refuses, by itself: what is at fault in it is parked, and the rest is in the figures.

use std::sync::Arc;

use super::{Group, Reading};
use crate::clock::now_ms;
use crate::store::{PendingBatch, Store, StoreError};

/// Entries of a batch that are looked for one by one. A batch with more at fault is parked whole.
const CULPRITS_MAX: usize = 16;

/// Adds a group; one that the database refuses batch by batch.
pub(super) async fn apply(store: &Store, token: u64, group: Group) -> Result<(), StoreError> {
    let group = Arc::new(group);
    match store.apply(token, group.clone()).await {
        Err(error) if error.is_about_data() => apply_each(store, &group).await,
        done => done,
    }
}

/// Adds each batch of a group that was refused by itself.
///
/// *Errors:* the store's, but for what it says of the data.
async fn apply_each(store: &Store, group: &Group) -> Result<(), StoreError> {
    for (batch, projected) in &group.batches {
        let seqs = projected.from_seq..projected.from_seq.saturating_add(projected.entries.into());
        apply_alone(store, batch, &seqs.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

async fn apply_alone(store: &Store, batch: &PendingBatch, seqs: &[u64]) -> Result<(), StoreError> {
    let mut reading = Reading::default();
    loop {
        let refused = match store.apply(token(store).await?, group(batch, &reading)).await {
            Err(error) if error.is_about_data() => error,
            done => return done,
        };
        let (code, station) = (refused.code(), batch.station);
        tracing::error!(code, error = %refused, %station, batch = batch.id, "refused");
        let culprit = first_at_fault(store, batch, &reading, seqs).await?.ok_or(refused)?;
        reading.refused.insert(culprit);
        if reading.refused.len() == CULPRITS_MAX {
            reading.refused.extend(seqs);
        }
    }
}

/// The first entry up to which a batch is refused, but for those that are parked already.
async fn first_at_fault(
    store: &Store,
    batch: &PendingBatch,
    reading: &Reading,
    seqs: &[u64],
) -> Result<Option<u64>, StoreError> {
    // All before `low` may be added, and something before `high` may not.
    let (mut low, mut high) = (0, seqs.len());
    while low < high {
        let middle = low.midpoint(high);
        let part = Reading { until: seqs.get(middle).copied(), ..reading.clone() };
        if store.would_apply(token(store).await?, group(batch, &part)).await? {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(seqs.get(low).copied().filter(|seq| !reading.refuses(*seq)))
}

fn group(batch: &PendingBatch, reading: &Reading) -> Arc<Group> {
    Arc::new(Group::read(vec![batch.clone()], reading.clone()))
}

/// The lease's token, which is kept while this takes long.
async fn token(store: &Store) -> Result<u64, StoreError> {
    store.lead(now_ms()).await?.ok_or(StoreError::Fenced)
}
