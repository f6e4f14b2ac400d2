use suanpan_domain::ids::Id;

/// How a print job stands. Numbers are stored and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PrintState {
    /// Committed, not known to have been sent. After a restart it may have printed.
    Queued = 0,
    /// The printer took it and said that it is well.
    Printed = 1,
    /// The printer refused it.
    Failed = 2,
    /// It was sent and the printer's state could not be read.
    Unknown = 3,
}

impl PrintState {
    pub(crate) fn from_number(number: u8) -> Option<PrintState> {
        let all = [PrintState::Queued, PrintState::Printed, PrintState::Failed, PrintState::Unknown];
        all.into_iter().find(|state| *state as u8 == number)
    }
}

/// One receipt or slip on its way to the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintJob {
    /// Job id: a retry carries the same.
    pub id: Id,
    /// What is printed.
    pub document: Id,
    /// 0 the first time, then 补打第 n 次.
    pub copy: u16,
    /// How it stands.
    pub state: PrintState,
    /// Since when, ms since 1970-01-01 UTC.
    pub at_ms: i64,
}
