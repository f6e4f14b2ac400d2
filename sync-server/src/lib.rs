//! The hub: takes every station's entries, keeps them as they came, adds them up for HQ, and hands out the
//! catalogue.
//!
//! *Invariant:* an ack leaves only after what it speaks of is durable. The hub sums recorded fen and never prices.
//!
//! Deliberately absent: anything a till needs to sell. A till that never reaches a hub sells all the same.
//!
//! Start reading at [`Hub`], then `access` (who may do what), `http` (every route), `intake` (upload), `supply` (download), `project`
//! (read models) and `store` (all SQL).
#![deny(missing_docs)]

pub mod access;
pub mod admin;
pub mod app;
#[cfg(test)]
mod bindings;
mod clock;
mod config;
pub mod csv;
mod dictionary;
mod door;
mod error;
mod files;
mod http;
mod hub;
pub mod identity;
mod intake;
pub mod journal;
mod limit;
mod newest;
mod private;
pub mod project;
mod refund;
mod refusal;
mod returns;
mod station_cache;
pub mod store;
mod supply;
mod together;
mod told;

pub use config::{Config, Tls};
pub use dictionary::Trained;
pub use error::HubError;
pub use hub::{Hub, RunningHub};
