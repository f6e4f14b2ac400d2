//! What prints, and what became of it.

use serde::{Deserialize, Serialize};

/// A line of a receipt on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PreviewLine {
    /// Text in a fixed pitch; a hanzi is two columns.
    pub text: String,
    /// Emphasised.
    pub bold: bool,
    /// Double height.
    pub tall: bool,
    /// Double width: each character takes two columns of the paper, a hanzi four.
    pub wide: bool,
    /// Centred.
    pub centre: bool,
    /// The text stands for a QR code or barcode of these characters.
    pub is_code: bool,
}

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PrintView {
    /// In the queue.
    Waiting,
    /// The printer took it and said so.
    Printed,
    /// It did not print.
    Failed,
    /// Nobody can tell; never repeated unasked.
    Uncertain,
    /// No printer is set up.
    NotAsked,
}
