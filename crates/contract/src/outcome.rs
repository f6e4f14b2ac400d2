//! What comes of a command.

use serde::{Deserialize, Serialize};

use crate::Code;

/// The longest scan or text a command may carry, characters; longer input is refused, never cut.
pub const TEXT_LEN_MAX: usize = 10_000;

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// It was refused: the message says why, and nothing changed.
    Refused,
    /// A PIN was wrong: it may be typed again.
    Mistyped,
    /// Whoever tried has typed too many wrong ones: a manager lets them in.
    LockedOut,
    /// What it is about is not known here and was not to be had of the hub.
    Unknown,
    /// The station asks first: the prompt says what.
    Asked,
}

impl Outcome {
    /// What came of a command by what was said of it, where that tells more than whether it was refused: a wrong PIN is
    /// counted, and its command done, but nobody was let in.
    #[must_use]
    pub fn said_by(code: Code) -> Option<Outcome> {
        match code {
            Code::SignInWrong => Some(Outcome::Mistyped),
            Code::LockedOut => Some(Outcome::LockedOut),
            Code::ReceiptNotFound | Code::RefundNeedsHub => Some(Outcome::Unknown),
            _ => None,
        }
    }
}
