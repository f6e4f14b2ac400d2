//! Whether the hub answers. Every call says what it found; when none has for a while, the hub is asked whether it is there.
//!
//! A line that is cut without a word, a hub that takes connections and answers none, a machine that slept: each looks to a
//! waiting call like a hub that has nothing to say. Within twenty seconds it is told apart.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::cause::CallError;
use crate::Clock;

/// A hub that has said nothing for so long is asked.
const QUIET: Duration = Duration::from_secs(8);

/// It answers within this also when the line carries much else.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(9);

/// After this a hub that is gone is told as gone.
const NOTICED_MAX: Duration = Duration::from_secs(20);

const _: () = assert!(QUIET.as_secs() + ANSWER_TIMEOUT.as_secs() < NOTICED_MAX.as_secs());

/// A hub that does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Away {
    /// When it answered last, by the station's clock; `None` if it has not since the start.
    pub(super) since_ms: Option<i64>,
    /// What came of asking it.
    pub(super) why: Option<CallError>,
}

/// What the calls have found.
pub(super) struct Reach {
    clock: Arc<dyn Clock>,
    heard: Mutex<Heard>,
    /// A call has failed: the hub is asked at once.
    doubt: Notify,
    away: watch::Sender<Option<Away>>,
}

struct Heard {
    at: Instant,
    at_ms: Option<i64>,
}

impl Reach {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Reach {
        let heard = Mutex::new(Heard { at: Instant::now(), at_ms: None });
        let away = watch::Sender::new(Some(Away { since_ms: None, why: None }));
        Reach { clock, heard, doubt: Notify::new(), away }
    }

    /// The hub has said something.
    pub(super) fn heard(&self) {
        {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            *heard = Heard { at: Instant::now(), at_ms: Some(self.clock.now_ms()) };
        }
        self.away.send_if_modified(|away| away.take().is_some());
    }

    /// A call came to nothing.
    pub(super) fn failed(&self) {
        if self.away.borrow().is_none() {
            self.doubt.notify_one();
        }
    }

    /// When the hub was heard last, by the station's clock.
    pub(super) fn last_ms(&self) -> Option<i64> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).at_ms
    }

    /// Whether it is away, and its changes.
    pub(super) fn away(&self) -> watch::Receiver<Option<Away>> {
        self.away.subscribe()
    }

    pub(super) fn last(&self) -> Instant {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).at
    }

    /// Returns when the hub has been quiet, or a call has failed.
    pub(super) async fn is_due(&self) {
        loop {
            let due = self.last() + QUIET;
            if due <= Instant::now() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = self.doubt.notified() => return,
            }
        }
    }

    pub(super) fn is_away(&self, why: CallError) {
        let since_ms = self.last_ms();
        self.away.send_replace(Some(Away { since_ms, why: Some(why) }));
    }
}
