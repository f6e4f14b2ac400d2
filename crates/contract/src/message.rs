//! What a station says.

use serde::{Deserialize, Serialize};

use crate::{Code, Level};

/// The message line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MessageView {
    /// Grows with every message, also a repeated one: the UI plays the tone once for each.
    pub sequence: u64,
    /// How grave it is.
    pub level: Level,
    /// What it is; its sentence is in `messages/`.
    pub code: Code,
    /// Values for the sentence's `{name}` places.
    pub args: std::collections::BTreeMap<String, String>,
    /// Scans that were refused since, because nobody has acknowledged this error: [`Code::ScanRefusedPending`] counts them.
    pub refused: u32,
}
