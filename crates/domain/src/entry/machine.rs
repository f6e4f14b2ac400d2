//! What the machine noticed by itself.

use serde::{Deserialize, Serialize};

/// The clock jumped. Order is by seq; this only tells HQ why times look odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMoved {
    /// Time of the entry before, milliseconds since 1970.
    pub before_ms: i64,
    /// The clock now.
    pub now_ms: i64,
}

/// A ledger file was given up and its readable entries were carried over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReplaced {
    /// Stable code of what was wrong.
    pub code: String,
    /// Entries carried over.
    pub salvaged: u64,
    /// Name under which the old file is kept.
    pub kept_as: String,
}
