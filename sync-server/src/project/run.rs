use std::sync::Arc;
use std::time::{Duration, Instant};

use super::alone::apply;
use super::{Group, again};
use crate::clock::now_ms;
use crate::store::{PendingBatch, Store, StoreError};

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

/// Groups of one round for models that lack something: meanwhile what is new waits.
const FILLED_MAX: u32 = 10;

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
    let mut count = apply_groups(store, From::Lacking, FILLED_MAX).await?;
    if store.waits_for_documents().await? {
        return Ok(count);
    }
    again::understand(store).await?;
    count = count.saturating_add(apply_groups(store, From::Pending, GROUPS_MAX).await?);
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

/// Whence batches are taken.
#[derive(Clone, Copy)]
enum From {
    /// New ones, which no model has.
    Pending,
    /// Those that have a position, for models that lack them.
    Lacking,
}

/// Adds some groups, and gives how many batches.
async fn apply_groups(store: &Arc<Store>, from: From, max: u32) -> Result<usize, StoreError> {
    let (mut count, mut next) = (0_usize, read(store, from, None).await?);
    for _ in 0..max {
        let Some(token) = store.lead(now_ms()).await? else { break };
        let Some(last) = next.last().cloned() else { break };
        count = count.saturating_add(next.batches.len());
        let start = Instant::now();
        let (applied, following) = tokio::join!(apply(store, token, next), read(store, from, Some(last)));
        if store.is_pressed() {
            tokio::time::sleep(start.elapsed().saturating_mul(RESTS).min(REST_MAX)).await;
        }
        applied?;
        next = following?;
    }
    Ok(count)
}

/// Reads the oldest batches after one.
async fn read(store: &Store, from: From, last: Option<PendingBatch>) -> Result<Group, StoreError> {
    let batches = match (from, last) {
        (From::Pending, last) => store.pending(last.map_or(0, |it| it.id)).await?,
        (From::Lacking, last) => store.lacking(last.and_then(|it| it.ends())).await?,
    };
    tokio::task::spawn_blocking(move || Group::of(batches)).await.map_err(|_| StoreError::Panicked)
}
