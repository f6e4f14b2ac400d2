//! The devices on a till's counter: receipt printer, cash drawer, scale.
//!
//! It deliberately lacks the barcode scanner (a keyboard to the screen), any knowledge of a sale (it prints lines that
//! `domain::receipt` laid out) and any wall clock. A device that cannot be read is told as unknown, never as well.
//!
//! Vocabulary: a *job* is one visit to the printer; an *outcome* says whether its paper came out; a *reading* is one
//! weight with the moment it arrived. Start reading at [`PrintQueue`] and [`Scale`].

mod encode;
mod place;
mod printer;
mod queue;
mod scale;
pub mod simulators;

pub use encode::{DrawerPin, EncodeError, job_bytes};
pub use place::{Misplaced, check_device, check_file};
pub use printer::{Outcome, Patience, Printer, PrinterSettings, PrinterStatus, PrinterTarget, Reason};
pub use queue::{JOBS_WAITING_MAX, Job, PrintEvent, PrintQueue, RECENT_JOBS_MAX, SubmitError};
pub use scale::{
    BadFrame, Frame, Reading, Scale, ScaleSettings, ScaleView, SerialFormat, WEIGHT_G_MAX, parse_frame,
};
