//! Questions about what was written down. Every answer is a type of the trade; no row leaves.

mod days;
mod documents;
mod figures;
mod journal;
mod print;

pub use documents::{Parked, Written};
pub use figures::{Shift, Tries};
