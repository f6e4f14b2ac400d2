//! Whether the projector gets on: what it cannot do is in no figure, however many pushes are acked.

use std::sync::{Mutex, PoisonError};

use crate::store::StoreError;

/// Rounds that failed for so long, in ms, are no hiccup of a database that another server takes over.
const STANDSTILL_MS: i64 = 30_000;

/// Rounds that fail since.
#[derive(Debug, Clone)]
pub struct Standstill {
    /// The hub's clock.
    pub since_ms: i64,
    /// Why the first of them failed.
    pub error: StoreError,
}

/// The projector's rounds, as whoever watches the hub sees them.
#[derive(Debug, Default)]
pub struct Headway(Mutex<Option<Standstill>>);

impl Headway {
    /// Notes how a round ended.
    pub fn note<T>(&self, round: &Result<T, StoreError>, now_ms: i64) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match round {
            Ok(_) => *failing = None,
            Err(error) => {
                failing.get_or_insert_with(|| Standstill { since_ms: now_ms, error: error.clone() });
            }
        }
    }

    /// Since when every round fails, if the last one did.
    #[must_use]
    pub fn failing(&self) -> Option<Standstill> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, if that is so long ago that the figures stand still.
    #[must_use]
    pub fn standstill(&self, now_ms: i64) -> Option<Standstill> {
        self.failing().filter(|failing| now_ms.saturating_sub(failing.since_ms) >= STANDSTILL_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_still_when_rounds_fail_and_go_on_failing() {
        let headway = Headway::default();
        let failed = || Err::<(), _>(StoreError::Damaged("total"));
        headway.note(&failed(), 1_000);
        headway.note(&failed(), 20_000);
        assert_eq!(headway.failing().map(|it| it.since_ms), Some(1_000));
        assert!(headway.standstill(30_999).is_none());
        assert_eq!(headway.standstill(31_000).map(|it| it.since_ms), Some(1_000));
        headway.note(&Ok(()), 32_000);
        assert!(headway.failing().is_none());
        headway.note(&failed(), 33_000);
        assert!(headway.standstill(62_999).is_none(), "counted anew");
    }
}
