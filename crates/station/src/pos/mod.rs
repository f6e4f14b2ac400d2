//! The till: ring, weigh, edit, park, pay, refund, shift. Every use case is a function of a turn in a file of its own.
//!
//! Vocabulary: the *counter* is what lies before the cashier; the *trade* is what the catalogue says of paying.

mod after;
mod cited;
mod closed;
mod counter;
mod edit;
mod hub_word;
mod kinds;
mod known;
mod line;
mod paper;
mod park;
mod pay;
mod perform;
mod picture;
mod query;
mod receipt;
mod refund;
pub mod replay;
mod ring;
mod shift;
mod shop;
mod sign_in;
mod till;
mod told;
mod trade;
mod turn;
mod view;
mod weigh;

pub(crate) use kinds::{Core, Done, Stop, Turn};
pub use till::Till;

pub use crate::start::{StartError, StationConfig};
