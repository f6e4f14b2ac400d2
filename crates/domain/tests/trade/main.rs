//! The trade as its users see it: rung, paid, returned, written down and summed.

#![allow(clippy::arithmetic_side_effects, reason = "sums of small test amounts")]

mod bounds;
mod common;
mod documented;
mod entries;
mod paying;
mod properties;
mod returning;
