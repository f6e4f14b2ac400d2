use std::time::Duration;

use serde::Serialize;

/// A request to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Path with its query.
    pub path: String,
    /// What is posted; `None` for a `GET`.
    pub body: Option<Vec<u8>>,
    /// Longest answer, in bytes.
    pub answer_max: usize,
    /// The whole answer is there within this.
    pub within: Duration,
}

impl Call {
    pub(super) fn get(path: String, answer_max: usize, within: Duration) -> Call {
        Call { path, body: None, answer_max, within }
    }

    pub(super) fn post(path: &str, message: &impl Serialize, answer_max: usize, within: Duration) -> Call {
        let body = serde_json::to_vec(message).unwrap_or_default();
        Call { path: path.to_owned(), body: Some(body), answer_max, within }
    }
}

/// What a machine wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Call the hub, and tell the machine what came of it.
    Call(Call),
    /// Ask again after so long, or when something is committed.
    Wait {
        /// In ms.
        ms: u64,
    },
    /// There is nothing to do until something is committed.
    Idle,
}

/// Why a call brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The hub does not answer, or it failed.
    Away,
    /// It asks to come back later.
    Busy {
        /// When, in ms.
        retry_after_ms: u32,
    },
    /// It refused.
    Refused {
        /// Its stable code.
        code: String,
    },
    /// What answered is no hub.
    Nonsense,
}
