//! What comes of a command.

use serde::{Deserialize, Serialize};

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
    /// The station asks first: the prompt says what.
    Asked,
}
