use std::sync::Arc;
use std::time::Duration;

use super::{Parked, Projected, project};
use crate::store::UNREADABLE;
use crate::store::{PendingBatch, Store, StoreError};

/// Pause after an error of the store, which a retry alone may outlast.
const RETRY: Duration = Duration::from_secs(1);

/// Runs the projector until the hub stops: there is one, because one hub owns the folder.
pub async fn run(store: Arc<Store>, mut stop: tokio::sync::watch::Receiver<bool>) {
    let mut pending = store.on_pending();
    pending.mark_changed();
    while !*stop.borrow() {
        match project_pending(&store).await {
            Ok(0) => tokio::select! {
                _ = pending.changed() => {}
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
}

/// Projects some batches and gives how many; 0 when none waits.
///
/// *Errors:* the store's.
pub async fn project_pending(store: &Store) -> Result<usize, StoreError> {
    let batches = store.pending().await?;
    let count = batches.len();
    if count > 0 {
        let projected = tokio::task::spawn_blocking(move || batches.into_iter().map(read).collect());
        store.apply(projected.await.map_err(|_| StoreError::Stopped)?).await?;
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
