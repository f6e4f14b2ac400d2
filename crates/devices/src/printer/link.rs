//! A two-way byte link to a printer, with deadlines.

use std::io::ErrorKind;
use std::time::Instant;

/// Why a job is not known as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No connection, no such device, no such printer.
    #[error("the printer cannot be reached")]
    Unreachable,
    /// Paper is out.
    #[error("the printer is out of paper")]
    PaperOut,
    /// The cover is open.
    #[error("the printer's cover is open")]
    CoverOpen,
    /// The printer says it is offline or in error.
    #[error("the printer is offline or reports an error")]
    Offline,
    /// The printer stopped taking bytes or never confirmed the job.
    #[error("the printer did not take or confirm the job in time")]
    TimedOut,
    /// The connection broke within the job.
    #[error("the connection broke within the job")]
    Closed,
    /// The job was sent, but the printer's state cannot be read.
    #[error("the printer's state cannot be read")]
    StatusUnreadable,
    /// Another program has the device.
    #[error("another program uses the printer")]
    Busy,
    /// This system has no such kind of printer.
    #[error("this system cannot drive this kind of printer")]
    Unsupported,
    /// The file is in the station's own folder.
    #[error("the printer's file is in the station's folder")]
    InFolder,
    /// The file is none that receipts go to.
    #[error("the printer's file is no file of receipts")]
    NotReceipts,
    /// The path is no character device.
    #[error("the printer's path is no device")]
    NotADevice,
    /// The job does not fit the printer's commands.
    #[error("the job does not fit the printer's commands")]
    Unprintable,
    /// The queue was closed before the job began.
    #[error("the print queue was closed before the job began")]
    QueueClosed,
}

/// A link that never blocks beyond its deadlines.
pub(super) trait Link {
    /// Sends all bytes, or tells how many left this machine.
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), SendError>;

    /// Receives one byte.
    fn receive(&mut self, deadline: Instant) -> Result<u8, LinkError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SendError {
    pub(super) sent: usize,
    pub(super) error: LinkError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkError {
    Unreachable,
    TimedOut,
    Closed,
    Busy,
    NotADevice,
    // Only systems without the kind of printer make it.
    Unsupported,
}

impl LinkError {
    pub(super) fn reason_before_sending(self) -> Reason {
        match self {
            Self::Unreachable | Self::Closed => Reason::Unreachable,
            Self::TimedOut => Reason::TimedOut,
            Self::Busy => Reason::Busy,
            Self::NotADevice => Reason::NotADevice,
            Self::Unsupported => Reason::Unsupported,
        }
    }

    pub(super) fn reason_within_job(self) -> Reason {
        match self {
            Self::TimedOut => Reason::TimedOut,
            Self::Unreachable | Self::Closed | Self::Busy | Self::NotADevice | Self::Unsupported => {
                Reason::Closed
            }
        }
    }
}

impl From<std::io::Error> for LinkError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::ResourceBusy => Self::Busy,
            ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::ConnectionRefused => {
                Self::Unreachable
            }
            _ => Self::Closed,
        }
    }
}
