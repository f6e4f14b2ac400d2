//! What the screen and the station say to each other: one list of commands and one picture of the whole for each role, and a
//! closed list of codes with a sentence for whoever stands there and one for IT in each language.
//!
//! It computes nothing. A till answers every [`pos::Command`] with a [`pos::Reply`], a warehouse desk every [`wms::Command`] with a
//! [`wms::Reply`]; the UI draws the picture and formats fen and grams, and never adds them. TypeScript is generated from
//! these types by the test in `bindings.rs`.
#![deny(missing_docs)]

mod approve;
#[cfg(test)]
mod bindings;
mod code;
mod devices;
mod figure;
mod language;
mod message;
pub mod messages;
mod outcome;
mod paper;
pub mod pos;
mod status;
pub mod wms;

pub use approve::*;
pub use code::{Code, Level};
pub use devices::*;
pub use figure::*;
pub use language::*;
pub use message::*;
pub use outcome::*;
pub use paper::*;
pub use status::*;
