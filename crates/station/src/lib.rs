//! One station of a site: the till's use cases, the driver that talks to the hub, the search, and what wires them
//! to ledger and devices.
//!
//! Deliberately absent: any window, any HTTP of its own for screens, and any rule of the trade: prices, rounding,
//! refunds and totals are decided in `domain`. Start reading at [`pos::Till`].

mod clock;
mod files;
pub mod identity;
pub mod pos;
pub mod replay;
pub mod search;
pub mod settings;
pub mod sync;

pub use clock::{Clock, SystemClock};
