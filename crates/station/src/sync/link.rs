use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use suanpan_sync::{Call, Here, Identity, NoAnswer, Note, Stores, StoresError};
use tokio::sync::watch;

use super::cause::CallError;
use super::client::{self, HubClient};
use super::memory::Remembered;
use crate::Clock;

/// What the loops share: the line, the disk and the clock.
pub(super) struct Link {
    pub(super) client: Arc<HubClient>,
    pub(super) me: Identity,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stores: Arc<dyn Stores + Send + Sync>,
    pub(super) memory: Remembered,
    /// Counts the cuts that were applied.
    pub(super) cuts: AtomicU64,
    /// Receipts that the hub did not have when they were counted last.
    pub(super) held: AtomicU64,
    /// Whether that was none, and the hub answers.
    pub(super) has_sent_all: watch::Sender<bool>,
}

impl Link {
    /// Gives a machine its turn at the disk, on a thread that may wait. One whose turn fails is gone.
    pub(super) async fn turn<M: Send + 'static, T: Send + 'static>(
        self: &Arc<Link>,
        mut machine: M,
        turn: impl FnOnce(&mut M, &Here<'_>) -> Result<T, StoresError> + Send + 'static,
    ) -> Result<(M, T), StoresError> {
        let link = Arc::clone(self);
        let work = move || {
            let here = Here {
                stores: &*link.stores,
                memory: &link.memory,
                now_ms: link.clock.now_ms(),
                random: random(),
                tell: &|note| link.note(note),
            };
            let done = turn(&mut machine, &here)?;
            Ok((machine, done))
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(StoresError { code: "SYN-DRV-001", what: error.to_string() }))
    }

    /// Calls the hub.
    pub(super) async fn call(&self, call: &Call) -> Result<Vec<u8>, CallError> {
        let Call { path, body, answer_max, within } = call;
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let body = body.as_deref().unwrap_or_default();
        let (response_max, timeout) = (*answer_max, *within);
        let answer =
            self.client.call(&client::Call { method: &method, path, body, response_max, timeout }).await;
        answer.inspect_err(|error| tracing::info!(error.what = %error, call.path = path, "sync.call"))
    }

    fn note(&self, note: Note) {
        match note {
            Note::CutApplied => {
                self.cuts.fetch_add(1, Ordering::Relaxed);
            }
            Note::Refused { segment, from_seq, code } => {
                tracing::error!(error.code = code, %segment, seq = from_seq, "sync.refused");
            }
            Note::Mismatch(what) => {
                tracing::error!(error.code = "SYN-DRV-005", error.what = what, "sync.feed")
            }
            Note::NotOurs => tracing::error!(error.code = "SYN-DRV-004", "sync.fetch"),
            Note::SeenTwice => tracing::error!(error.code = "SYN-DRV-003", "sync.seen_twice"),
            Note::Hole(hole) => tracing::warn!(?hole, "sync.hole"),
            Note::Offered(lacking) => tracing::warn!(?lacking, "sync.offer"),
            Note::LostTail(tail) => tracing::warn!(?tail, "sync.lost_tail"),
            Note::TookBack(entries) => tracing::warn!(entries, "sync.fetch"),
            Note::DoesNotFit(what) => tracing::warn!(error.what = what, "sync.fetch"),
            Note::LostShown => tracing::warn!("sync.lost"),
            Note::NoDictionary(what) => tracing::warn!(error.what = what, "sync.dictionary"),
            Note::Nonsense(what) => tracing::info!(error.what = what, "sync.call"),
            Note::Unpacked => tracing::info!("sync.dictionary"),
        }
    }
}

impl From<&CallError> for NoAnswer {
    fn from(error: &CallError) -> NoAnswer {
        match error {
            CallError::Unreachable(_) | CallError::Server(_) => NoAnswer::Away,
            CallError::Busy { retry_after_ms } => NoAnswer::Busy { retry_after_ms: *retry_after_ms },
            CallError::Refused { code } => NoAnswer::Refused { code: code.clone() },
            CallError::Garbage(_) | CallError::Address(_) => NoAnswer::Nonsense,
        }
    }
}

/// A random number; a constant if the system has none, since it only spreads stations.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_be_bytes(bytes),
        Err(_) => 0x5bd1_e995,
    }
}
