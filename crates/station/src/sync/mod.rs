//! Talks to the hub: uploads what was sold, downloads items and prices, and never makes a cashier wait.
//!
//! The decisions are `suanpan_sync`'s; here are the sockets, the timers and the order of things. Upload and download
//! are two loops that never wait for each other. What the station keeps is behind [`Stores`].
//!
//! *Invariant:* only an ack that the hub signed for exactly what was sent moves a cursor. A hub that answers nonsense,
//! slowly or not at all costs a pause.

mod cause;
mod client;
mod download;
mod driver;
mod enrol;
mod lost;
mod packing;
mod reach;
mod recover;
mod refund;
mod report;
mod stores;
mod upload;

pub use cause::Cause;
pub(crate) use cause::utc;
pub use client::{CallError, HubClient, connect};
pub use driver::{Driver, DriverConfig, NetworkState};
pub use enrol::{EnrolError, enrol};
pub use report::{OwnDay, OwnReport};
pub use stores::{DOES_NOT_FIT, Receipts, SnapshotSink, Stores, StoresError};
