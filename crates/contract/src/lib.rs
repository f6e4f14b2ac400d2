//! What the screen and the station say to each other: one list of commands and one picture of the whole for each role, and a
//! closed list of codes with a sentence for whoever stands there and one for IT in each language.
//!
//! It computes nothing. A till answers every [`Command`] with a [`Reply`], a warehouse desk every [`wms::Command`] with a
//! [`wms::Reply`]; the UI draws the picture and formats fen and grams, and never adds them. TypeScript is generated from these types by the test in `bindings.rs`.
#![deny(missing_docs)]

#[cfg(test)]
mod bindings;
mod code;
mod command;
pub mod messages;
mod view;
pub mod wms;

pub use code::{Code, Level};
pub use command::*;
pub use view::*;
