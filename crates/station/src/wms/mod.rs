//! The warehouse's desk: who is there, and how the machine is. What the warehouse does comes with its stock.

mod desk;
mod kinds;
mod perform;
mod picture;

pub use desk::Desk;
