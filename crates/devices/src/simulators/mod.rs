//! A printer and a scale that speak the real wire formats, for tests, demonstrations and training tills.
//!
//! The printer is strict: it reads the bytes as a printer does and notes everything that a printer would garble.

mod paper;
mod printer;
#[cfg(unix)]
mod scale;

pub use paper::{PaperParser, Printed};
pub use printer::{Manner, Mouth, PrinterSim, PrinterState};
#[cfg(unix)]
pub use scale::ScaleSim;
