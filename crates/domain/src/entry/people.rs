//! Who works here, and who allowed what.

use serde::{Deserialize, Serialize};

use crate::money::Fen;

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// Staff number and PIN.
    Pin,
    /// Card.
    Card,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Staff number.
    pub staff: String,
    /// PIN or card.
    pub with: Credential,
}

/// A wrong PIN. The PIN is never written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFailed {
    /// Staff number that was tried.
    pub staff: String,
    /// How many in a row.
    pub tries: u8,
    /// Locked until, milliseconds since 1970, when this try locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until_ms: Option<i64>,
}

/// A lockout lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockoutLifted {
    /// Whose.
    pub staff: String,
    /// Manager.
    pub by: String,
}

/// Something a supervisor allowed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// What was asked, such as `refund` or `line_discount`.
    pub action: String,
    /// Whom it was asked for.
    pub staff: String,
    /// Who approved.
    pub by: String,
    /// PIN or card.
    pub with: Credential,
    /// Money at stake.
    pub amount: Fen,
}
