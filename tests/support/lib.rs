//! What the tests outside the crates share: real parts, started and stopped.

#[cfg(feature = "e2e")]
#[path = "../e2e/support/mod.rs"]
pub mod e2e;

pub mod catalogue;
pub mod files;
#[cfg(unix)]
pub mod postgres;
pub mod rig;
pub mod sales;
