//! The printer's state by `DLE EOT n`.

use std::time::{Duration, Instant};

use super::link::{Link, LinkError, Reason};

/// A printer's state as the printer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterStatus {
    /// All answers are well.
    Ready,
    /// Prints, and the roll is near its end.
    PaperLow,
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// Not reachable, switched offline, or in error (knife jammed, head too hot).
    Offline,
    /// The state cannot be read (状态未知). Never shown as well.
    Unknown,
}

impl PrinterStatus {
    /// Why this state cannot print; `Unknown` may print, and its outcome is told as uncertain.
    pub(super) fn refusal(self) -> Option<Reason> {
        match self {
            Self::Ready | Self::PaperLow | Self::Unknown => None,
            Self::PaperOut => Some(Reason::PaperOut),
            Self::CoverOpen => Some(Reason::CoverOpen),
            Self::Offline => Some(Reason::Offline),
        }
    }
}

/// Bytes read past while waiting for an answer: leftovers of earlier questions, automatic status reports.
const STRAY_BYTES_MAX: usize = 256;

const COVER_OPEN: u8 = 0x04;
const PAPER_STOP: u8 = 0x20;
const IN_ERROR: u8 = 0x40;
const NOT_ONLINE: u8 = 0x08;
const PAPER_LOW: u8 = 0x0c;
const PAPER_END: u8 = 0x60;

/// Asks printer (1), cause (2) and paper (4). Trouble told by any answer counts; well takes all three.
pub(super) fn ask(link: &mut dyn Link, patience: Duration) -> PrinterStatus {
    drain(link);
    let [printer, cause, paper] = [1, 2, 4].map(|n| ask_one(link, n, patience));
    let says = |answer: Option<u8>, bits: u8| answer.is_some_and(|byte| byte & bits != 0);
    if says(cause, COVER_OPEN) {
        PrinterStatus::CoverOpen
    } else if says(cause, PAPER_STOP) || says(paper, PAPER_END) {
        PrinterStatus::PaperOut
    } else if says(cause, IN_ERROR) || says(printer, NOT_ONLINE) {
        PrinterStatus::Offline
    } else if [printer, cause, paper].contains(&None) {
        PrinterStatus::Unknown
    } else if says(paper, PAPER_LOW) {
        PrinterStatus::PaperLow
    } else {
        PrinterStatus::Ready
    }
}

fn ask_one(link: &mut dyn Link, n: u8, patience: Duration) -> Option<u8> {
    let deadline = Instant::now() + patience;
    link.send(&[0x10, 0x04, n], deadline).ok()?;
    receive_matching(link, deadline, is_real_time_answer).ok()
}

/// Receives until a byte has the wanted shape; anything else is stray.
pub(super) fn receive_matching(
    link: &mut dyn Link,
    deadline: Instant,
    wanted: fn(u8) -> bool,
) -> Result<u8, LinkError> {
    for _ in 0..STRAY_BYTES_MAX {
        let byte = link.receive(deadline)?;
        if wanted(byte) {
            return Ok(byte);
        }
    }
    Err(LinkError::TimedOut)
}

/// Answers to `DLE EOT` are 0xx1xx10.
fn is_real_time_answer(byte: u8) -> bool {
    byte & 0b1001_0011 == 0b0001_0010
}

/// Answers to `GS r` are 0xx0xxxx.
pub(super) fn is_sensor_answer(byte: u8) -> bool {
    byte & 0b1001_0000 == 0
}

/// Paper end in an answer to `GS r 1`.
pub(super) fn paper_is_out(sensors: u8) -> bool {
    sensors & 0x0c != 0
}

fn drain(link: &mut dyn Link) {
    let now = Instant::now();
    for _ in 0..STRAY_BYTES_MAX {
        if link.receive(now).is_err() {
            break;
        }
    }
}
