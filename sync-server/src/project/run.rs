use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Group, alone};
use crate::clock::now_ms;
use crate::store::{Store, StoreError};

/// Pause after an error of the store, which a retry alone may outlast.
const RETRY: Duration = Duration::from_secs(1);

/// What nobody told of is looked for this often: what other hubs stored, a lease that became free, and a push whose sender
/// hung up between its commit and its ack.
const LOOK: Duration = Duration::from_millis(250);

/// While many tills wait, the projector rests this many times as long as a group took it, and no longer than this: an ack
/// comes before a report, and a report is never far behind.
const RESTS: u32 = 4;
const REST_MAX: Duration = Duration::from_millis(500);

/// Groups of one round. What waits with an older row number than a group's, because another hub committed it later, is
/// found at the next round.
const GROUPS_MAX: u32 = 50;

/// Runs the projector until the hub stops. Of the hubs that share a database one projects, and the others look on.
pub async fn run(store: Arc<Store>, mut stop: tokio::sync::watch::Receiver<bool>) {
    let mut pending = store.on_pending();
    pending.mark_changed();
    while !*stop.borrow() {
        let round = round(&store).await;
        store.headway.note(&round, now_ms());
        match round {
            Ok(0) => tokio::select! {
                _ = pending.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            },
            Ok(_) => {}
            Err(error) => {
                tracing::error!(code = error.code(), %error, "the projector waits");
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    _ = stop.changed() => {}
                }
            }
        }
    }
    if let Err(error) = store.resign().await {
        tracing::warn!(code = error.code(), %error, "the projector's lease ends by itself");
    }
}

/// One round, which may break off and does not take the projector with it.
async fn round(store: &Arc<Store>) -> Result<usize, StoreError> {
    let store = store.clone();
    let done = tokio::spawn(async move { project_pending(&store).await }).await;
    done.unwrap_or(Err(StoreError::Panicked))
}

/// Projects what waits, or a good part of it, and gives how many batches; 0 when none waits, or when another hub projects.
/// While one group is written the next is read. Then the receipts and store-days that are due are judged.
///
/// *Errors:* the store's.
pub async fn project_pending(store: &Arc<Store>) -> Result<usize, StoreError> {
    if store.lead(now_ms()).await?.is_none() {
        return Ok(0);
    }
    store.heal().await?;
    let (mut count, mut next) = (0_usize, read(store, 0).await?);
    for _ in 0..GROUPS_MAX {
        let Some(token) = store.lead(now_ms()).await? else { break };
        let Some(last) = next.last() else { break };
        count = count.saturating_add(next.batches.len());
        let start = Instant::now();
        let (applied, following) = tokio::join!(apply(store, token, next), read(store, last));
        if store.is_pressed() {
            tokio::time::sleep(start.elapsed().saturating_mul(RESTS).min(REST_MAX)).await;
        }
        applied?;
        next = following?;
    }
    if let Some(token) = store.lead(now_ms()).await? {
        for _ in 0..GROUPS_MAX {
            if !store.judge_refunds(token).await? {
                break;
            }
        }
        store.judge_days(token, now_ms()).await?;
    }
    Ok(count)
}

/// Adds a group; one that the database refuses batch by batch.
async fn apply(store: &Store, token: u64, group: Group) -> Result<(), StoreError> {
    let group = Arc::new(group);
    match store.apply(token, group.clone()).await {
        Err(error) if error.is_about_data() => alone::apply_each(store, &group).await,
        done => done,
    }
}

/// Reads the oldest batches that wait and came after a row.
async fn read(store: &Store, after: i64) -> Result<Group, StoreError> {
    let batches = store.pending(after).await?;
    tokio::task::spawn_blocking(move || Group::of(batches)).await.map_err(|_| StoreError::Panicked)
}
