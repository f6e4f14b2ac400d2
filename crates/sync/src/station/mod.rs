//! A station's side, as machines without I/O: [`Upload`] and [`Download`] say what to call the hub for, and are told what
//! came of it. Whoever runs them has the line, the timers and the disk.

mod call;
mod download;
mod here;
mod lost;
mod recover;
mod stores;
mod upload;

pub use call::{Call, NoAnswer, Step};
pub use download::Download;
pub use here::{Here, Identity, Note};
pub use stores::{DOES_NOT_FIT, Kept, Memory, Receipts, SnapshotSink, Stores, StoresError};
pub use upload::{Line, Upload};
