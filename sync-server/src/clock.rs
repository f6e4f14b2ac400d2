//! The hub's clock: the only place here that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the time, in ms since 1970-01-01 UTC.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the hub's clock driver")]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
