use std::sync::Arc;
use std::time::Duration;

use super::{Parked, Projected, project};
use crate::clock::now_ms;
use crate::store::UNREADABLE;
use crate::store::{PendingBatch, Store, StoreError};

/// Pause after an error of the store, which a retry alone may outlast.
const RETRY: Duration = Duration::from_secs(1);

/// What nobody told of is looked for this often: what other hubs stored, a lease that became free, and a push whose sender
/// hung up between its commit and its ack.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the projector until the hub stops. Of the hubs that share a database one projects, and the others look on.
pub async fn run(store: Arc<Store>, mut stop: tokio::sync::watch::Receiver<bool>) {
    let mut pending = store.on_pending();
    pending.mark_changed();
    while !*stop.borrow() {
        match project_pending(&store).await {
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

/// Projects some batches and gives how many; 0 when none waits, or when another hub projects.
///
/// *Errors:* the store's.
pub async fn project_pending(store: &Store) -> Result<usize, StoreError> {
    let Some(token) = store.lead(now_ms()).await? else { return Ok(0) };
    let batches = store.pending().await?;
    let count = batches.len();
    if count > 0 {
        let projected = tokio::task::spawn_blocking(move || batches.into_iter().map(read).collect());
        store.apply(token, projected.await.map_err(|_| StoreError::Stopped)?).await?;
    }
    Ok(count)
}

fn read(batch: PendingBatch) -> (PendingBatch, Projected) {
    let projected = project(&batch).unwrap_or_else(|_| Projected {
        entries: 1,
        parked: vec![Parked { seq: 0, kind: 0, code: UNREADABLE }],
        ..Projected::default()
    });
    (batch, projected)
}
