use serde::{Deserialize, Serialize};
use suanpan_journal::SiteCode;

/// Refunds of one sale that the hub tells at most: more parts than anybody brings back one by one.
pub const REFUNDS_MAX: usize = 200;

/// A receipt is kept at least this long for the till that asked for it, in ms.
pub const REFUND_KEPT_MS: i64 = 5 * 60_000;

/// A till asks for a sale, to refund it; or lets it go, when it is sent with `DELETE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// The printed number.
    pub number: String,
}

/// The hub's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum RefundReply {
    /// The sale is kept for this till for some minutes.
    Reserved {
        /// Names the reservation in the refund's entry.
        reservation: String,
        /// The sale, and what was refunded of it so far; two sales when the number finds two.
        documents: Vec<Recorded>,
    },
    /// Another till has it now.
    Elsewhere {
        /// Its number at its site.
        till: u16,
        /// Its site, if that is not the asking station's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteCode>,
    },
    /// The hub has no such sale, or not yet. It keeps the number for this till all the same.
    Unknown {
        /// Names the reservation in the refund's entry; `None` of a hub of 0.1.0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reservation: Option<String>,
        /// What was refunded on the number so far.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        documents: Vec<Recorded>,
    },
}

/// An entry as its till recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Kind of the payload.
    pub kind: u16,
    /// The till's clock, in ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The payload's JSON text, byte for byte.
    pub payload: String,
}
