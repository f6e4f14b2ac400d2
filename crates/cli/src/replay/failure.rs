use std::io;

use suanpan_station::replay::ReplayError;
use suanpan_station::sync::CallError;
use sync_server::HubError;

use super::refusal::Refusal;

/// Why a replay did not begin, or did not come to its end. What was rung stays; the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFailure {
    /// A file is not as it should be.
    #[error("{0}")]
    Refusal(String),
    /// The till.
    #[error("{code} {0}", code = .0.code())]
    Till(#[from] ReplayError),
    /// The embedded hub.
    #[error("{code} {0}", code = .0.code())]
    Hub(#[from] HubError),
    /// The embedded hub's folder was exchanged.
    #[error("the hub in this folder is not the one at which the till is enrolled")]
    OtherHub,
    /// The system gives no threads.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The hub does not take what was rung.
    #[error("the hub has {acked} of {written} entries and takes no more; run again to go on")]
    Stalled {
        /// Entries that it has.
        acked: u64,
        /// Entries in the ledger.
        written: u64,
    },
    /// The hub does not give its figures.
    #[error("the hub does not give its figures: {0}")]
    Report(#[from] CallError),
}

impl From<Refusal> for ReplayFailure {
    fn from(refusal: Refusal) -> ReplayFailure {
        ReplayFailure::Refusal(refusal.to_string())
    }
}
