//! A two-way byte link to a printer, with deadlines.

use std::io::ErrorKind;
use std::time::Instant;

use super::Reason;

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
