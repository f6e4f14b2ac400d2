//! What the screen and the station say to each other: one list of commands, one picture of the whole till, and a
//! closed list of codes with a sentence for the cashier and one for IT in each language.
//!
//! It computes nothing. The station answers every [`Command`] with a [`Reply`]; the UI draws [`TillView`] and formats
//! fen and grams, and never adds them. TypeScript is generated from these types by the test in `bindings.rs`.
#![deny(missing_docs)]

#[cfg(test)]
mod bindings;
mod code;
mod command;
pub mod messages;
mod view;

pub use code::{Code, Level};
pub use command::*;
pub use view::*;
