//! The commands of `suanpan`, as a library so that tests run them in their own process too.
//!
//! Exit codes: 0 done, 1 the answer is no (a ledger that is not whole, figures that differ), 2 refused before anything
//! was changed.

pub mod demo;
pub mod prove;
pub mod replay;
pub mod verify;

use std::process::ExitCode;

/// The command was refused and changed nothing.
const REFUSED: u8 = 2;

/// Says why on stderr and gives the exit code of a refusal.
fn refuse(why: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("suanpan: {why}");
    ExitCode::from(REFUSED)
}
