//! Talks to the hub: uploads what was sold, downloads items and prices, and never makes a cashier wait.
//!
//! What to do is decided by `suanpan_sync`'s machines; here are the sockets, the timers and the threads for the disk. Upload
//! and download are two loops that never wait for each other. What the station keeps is behind [`Stores`].
//!
//! *Invariant:* only an ack that the hub signed for exactly what was sent moves a cursor. A hub that answers nonsense,
//! slowly or not at all costs a pause.

mod cause;
mod client;
mod driver;
mod enrol;
mod link;
mod loops;
mod memory;
mod reach;
mod refund;
mod report;
mod trust;

pub(crate) use cause::utc;
pub use cause::{CallError, Cause};
pub use client::{HubClient, connect};
pub(crate) use driver::Hub;
pub use driver::{Driver, DriverConfig};
pub use enrol::{EnrolError, enrol};
pub use loops::NetworkState;
pub use report::{OwnDay, OwnReport};
pub use suanpan_sync::{DOES_NOT_FIT, Receipts, SnapshotSink, Stores, StoresError};
