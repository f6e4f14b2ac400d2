use std::io;
use std::path::PathBuf;

use suanpan_contract::Code;
use suanpan_ledger::{OpenError, QueryError};

use crate::identity::IdentityError;
use crate::pos::StartError;
use crate::sync::CallError;

/// Why a replay does not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The folder holds a replay of other files.
    #[error("{}: this folder holds a replay of other files; take another folder", dir.display())]
    OtherFiles {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder has a ledger that no replay began.
    #[error("{}: this folder is a till's own; take another folder", dir.display())]
    TillsOwn {
        /// The folder.
        dir: PathBuf,
    },
    /// No enrolment, and no code to enrol with.
    #[error("this folder is not enrolled: give an enrolment code")]
    NotEnrolled,
    /// The hub did not enrol it.
    #[error("the hub did not enrol this till: {reason}")]
    Enrol {
        /// What came of it.
        reason: String,
    },
    /// A small file of the folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The identity is of no use.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Another process works in the folder, or it cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The till does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A document or close was not written; the code is the cashier's sentence.
    #[error("the ledger did not take it: {code:?}")]
    NotSaved {
        /// What the till said.
        code: Option<Code>,
    },
    /// The hub's driver did not start: its address is not one, or its memory cannot be opened.
    #[error("this till cannot talk to a hub at that address")]
    NoDriver,
    /// The hub was asked and did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl ReplayError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ReplayError::OtherFiles { .. } => "STA-RPL-001",
            ReplayError::TillsOwn { .. } => "STA-RPL-002",
            ReplayError::NotEnrolled => "STA-RPL-003",
            ReplayError::Enrol { .. } => "STA-RPL-004",
            ReplayError::Io { .. } => "STA-RPL-005",
            ReplayError::Identity(_) => "STA-RPL-006",
            ReplayError::Open(error) => error.code(),
            ReplayError::Start(_) => "STA-RPL-007",
            ReplayError::Query(error) => error.code(),
            ReplayError::NotSaved { .. } => "STA-RPL-008",
            ReplayError::NoDriver => "STA-RPL-009",
            ReplayError::Call(_) => "STA-RPL-010",
        }
    }
}
