//! A file of sales becomes a till's day, at the till and at the hub, to the fen, whatever is killed meanwhile.
#![allow(unreachable_pub)]

mod data;
mod hub;
mod kills;
#[cfg(unix)]
mod read_only;
mod runs;
mod totals;
