//! Why a use case did not do what was asked of it, each with its stable code. How that is told is `http`'s business.

use suanpan_sync::WireError;

use crate::error::HubError;
use crate::store::StoreError;

/// Nothing of what was asked was done, unless the store says that nobody knows.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// The message is not one.
    Wire(WireError),
    /// The store.
    Store(StoreError),
    /// Wrong name or password.
    Login,
    /// The one-time code is unknown.
    CodeUnknown,
    /// The one-time code's time is over.
    CodeExpired,
    /// The one-time code was used by another station.
    CodeUsed,
    /// The station is enrolled with another key.
    OtherKey,
    /// Another station has the till's number.
    NumberTaken,
    /// The certificate is not one that this hub signed.
    Certificate,
    /// A station's segment has more branches than a till can make.
    TooManyBranches,
    /// A station sent or opened more than a till can; seconds to wait.
    OverQuota(u64),
    /// Too many requests; seconds to wait.
    RateLimit(u64),
    /// The hub has no room for another request.
    Busy,
    /// Nothing is here.
    NotFound,
    /// The hub cannot get random bytes or finish a task.
    Internal,
}

impl Refusal {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Refusal::Wire(error) => error.code(),
            Refusal::Store(StoreError::Beyond) => "HUB-REQ-001",
            Refusal::Store(error) => error.code(),
            Refusal::Login => "HUB-AUT-008",
            Refusal::CodeUnknown => "HUB-ENR-001",
            Refusal::CodeExpired => "HUB-ENR-002",
            Refusal::CodeUsed => "HUB-ENR-003",
            Refusal::OtherKey => "HUB-ENR-004",
            Refusal::Certificate => "HUB-ENR-005",
            Refusal::NumberTaken => "HUB-ENR-006",
            Refusal::TooManyBranches => "HUB-PSH-001",
            Refusal::OverQuota(_) => "HUB-PSH-002",
            Refusal::RateLimit(_) => "HUB-LIM-001",
            Refusal::Busy => "HUB-LIM-002",
            Refusal::NotFound => "HUB-REQ-002",
            Refusal::Internal => "HUB-RUN-006",
        }
    }
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Refusal {
        Refusal::Wire(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        Refusal::Store(error)
    }
}

impl From<HubError> for Refusal {
    fn from(error: HubError) -> Refusal {
        match error {
            HubError::Store(error) => Refusal::Store(error),
            _ => Refusal::Internal,
        }
    }
}
