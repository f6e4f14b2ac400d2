//! One visit to a printer: ask its state, send, ask whether the paper came out.

mod link;
mod spooler;
mod status;
mod tcp;
mod usb_lp;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use suanpan_domain::receipt::Paper;

use crate::encode::DrawerPin;
use crate::place::{self, Misplaced};
pub use link::Reason;
use link::{Link, LinkError, SendError};
pub use status::PrinterStatus;

/// Where a printer is reached.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PrinterTarget {
    /// A network printer, `host:port`; the port is 9100 on nearly all.
    Tcp {
        /// `192.168.1.50:9100`.
        address: String,
    },
    /// A USB printer under Linux.
    UsbLp {
        /// `/dev/usb/lp0`.
        path: PathBuf,
    },
    /// A file that jobs are appended to.
    File {
        /// The file; made when absent. See [`check_file`](crate::check_file).
        path: PathBuf,
    },
    /// A Windows printer by its name, sent RAW.
    Spooler {
        /// As Windows' settings show it.
        name: String,
    },
}

/// What a till knows about its printer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PrinterSettings {
    /// Where it is reached.
    pub target: PrinterTarget,
    /// Its paper.
    #[serde(default)]
    pub paper: Paper,
    /// Where the drawer is wired.
    #[serde(default)]
    pub drawer: DrawerPin,
    /// The station's folder, in which no file is written to; empty for none.
    #[serde(skip)]
    pub keep_out: PathBuf,
}

/// How long each step with a printer may take. The queue waits, never a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until a network printer accepts the connection: a switch on the same LAN answers in milliseconds.
    pub connect: Duration,
    /// Until all bytes of a job are taken: a slow serial bridge moves a long receipt in a few seconds.
    pub send: Duration,
    /// Until one real-time status byte is answered: printers answer in tens of milliseconds.
    pub status: Duration,
    /// Until the printer says that it worked off the job: 40 cm of paper take about 4 seconds.
    pub confirm: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self { connect: ms(2_000), send: ms(8_000), status: ms(500), confirm: ms(10_000) }
    }
}

/// Whether a job's paper came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The printer worked the whole job off and has paper; a file has taken all bytes.
    Printed,
    /// Nothing of the job was printed: it may be repeated.
    Failed(Reason),
    /// All or part may have been printed: a person looks before it is repeated, and the repeat is marked.
    Uncertain(Reason),
}

impl From<Misplaced> for Reason {
    fn from(why: Misplaced) -> Reason {
        match why {
            Misplaced::InFolder => Reason::InFolder,
            Misplaced::NotReceipts => Reason::NotReceipts,
            Misplaced::NoFolder => Reason::Unreachable,
            Misplaced::NotADevice => Reason::NotADevice,
        }
    }
}

impl Outcome {
    /// Stable code of what the till tells; `None` when all is well. The codes are those of the till's messages.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Printed => None,
            Self::Failed(Reason::PaperOut) => Some("POS-PRN-001"),
            Self::Failed(Reason::Unreachable | Reason::Offline | Reason::Busy) => Some("POS-PRN-002"),
            Self::Failed(Reason::InFolder) => Some("POS-PRN-010"),
            Self::Failed(Reason::NotReceipts) => Some("POS-PRN-011"),
            Self::Failed(Reason::NotADevice) => Some("POS-PRN-012"),
            Self::Failed(_) => Some("POS-PRN-004"),
            Self::Uncertain(Reason::StatusUnreadable) => Some("POS-PRN-003"),
            Self::Uncertain(_) => Some("POS-PRN-005"),
        }
    }
}

/// A printer as its settings describe it. Connects for each job, so that other tills can use a shared one.
#[derive(Debug)]
pub struct Printer {
    settings: PrinterSettings,
    patience: Patience,
    /// Jobs that it did not confirm although its state was well, or [`CONFIRMS`].
    unconfirmed: AtomicU32,
}

/// Jobs after which a well printer that never confirmed one is taken to lack the command, as some makes do. Waiting in
/// full for each would hold up the next customer's drawer.
const UNCONFIRMED_MAX: u32 = 3;

/// What `unconfirmed` holds once a job was confirmed: the printer has the command, and is waited for ever after.
const CONFIRMS: u32 = u32::MAX;

/// Asks for the paper sensor *in the order of the job*: the answer means that all before it was worked off.
const CONFIRM: [u8; 3] = [0x1d, 0x72, 0x01];

impl Printer {
    /// Describes a printer; nothing is opened yet.
    pub fn new(settings: PrinterSettings, patience: Patience) -> Self {
        Self { settings, patience, unconfirmed: AtomicU32::new(0) }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &PrinterSettings {
        &self.settings
    }

    /// Asks the printer's state now. A file and a mute printer are [`PrinterStatus::Unknown`].
    pub fn status(&self) -> PrinterStatus {
        match &self.settings.target {
            PrinterTarget::File { path } => match place::check_file(path, &self.settings.keep_out) {
                Ok(()) => PrinterStatus::Unknown,
                Err(_) => PrinterStatus::Offline,
            },
            PrinterTarget::Spooler { name } => spooler::status(name),
            PrinterTarget::Tcp { .. } | PrinterTarget::UsbLp { .. } => match self.connect() {
                Ok(mut link) => status::ask(link.as_mut(), self.patience.status),
                Err(_) => PrinterStatus::Offline,
            },
        }
    }

    /// Sends one job's bytes and tells what became of them. Never repeats anything.
    ///
    /// `drawer`: the drawer that the job opens. When the printer refuses paper, the drawer is still opened: the
    /// customer's change does not wait for a new roll.
    pub fn print(&self, bytes: &[u8], drawer: Option<DrawerPin>) -> Outcome {
        match &self.settings.target {
            PrinterTarget::File { path } => append(path, &self.settings.keep_out, bytes),
            PrinterTarget::Spooler { name } => spooler::print(name, bytes, self.patience.confirm),
            PrinterTarget::Tcp { .. } | PrinterTarget::UsbLp { .. } => match self.connect() {
                Ok(mut link) => self.converse(link.as_mut(), bytes, drawer),
                Err(error) => Outcome::Failed(error.reason_before_sending()),
            },
        }
    }

    fn connect(&self) -> Result<Box<dyn Link>, LinkError> {
        match &self.settings.target {
            PrinterTarget::Tcp { address } => tcp::connect(address, self.patience.connect),
            PrinterTarget::UsbLp { path } => usb_lp::open(path),
            PrinterTarget::File { .. } | PrinterTarget::Spooler { .. } => Err(LinkError::Unsupported),
        }
    }

    fn converse(&self, link: &mut dyn Link, bytes: &[u8], drawer: Option<DrawerPin>) -> Outcome {
        let before = status::ask(link, self.patience.status);
        if let Some(reason) = before.refusal() {
            if let Some(pin) = drawer {
                // Best effort: the receipt's failure is told either way, and the cashier has a key.
                let _ = link.send(&pin.pulse_now(), Instant::now() + self.patience.status);
            }
            return Outcome::Failed(reason);
        }
        match link.send(bytes, Instant::now() + self.patience.send) {
            Ok(()) => self.confirm(link, before),
            Err(SendError { sent: 0, error }) => Outcome::Failed(error.reason_before_sending()),
            Err(SendError { error, .. }) => Outcome::Uncertain(error.reason_within_job()),
        }
    }

    /// Waits until the printer has worked the job off.
    fn confirm(&self, link: &mut dyn Link, before: PrinterStatus) -> Outcome {
        let unconfirmed = self.unconfirmed.load(Ordering::Relaxed);
        // One that was mute before the job will hardly speak after it.
        let hopeless = before == PrinterStatus::Unknown || (UNCONFIRMED_MAX..CONFIRMS).contains(&unconfirmed);
        let wait =
            if hopeless { self.patience.status.min(self.patience.confirm) } else { self.patience.confirm };
        let deadline = Instant::now() + wait;
        let answer = link
            .send(&CONFIRM, deadline)
            .map_err(|failure| failure.error)
            .and_then(|()| status::receive_matching(link, deadline, status::is_sensor_answer));
        if answer.is_ok() {
            self.unconfirmed.store(CONFIRMS, Ordering::Relaxed);
        }
        match answer {
            Ok(sensors) if status::paper_is_out(sensors) => Outcome::Uncertain(Reason::PaperOut),
            Ok(_) => Outcome::Printed,
            Err(LinkError::Closed) => Outcome::Uncertain(Reason::Closed),
            Err(_) => {
                let after = status::ask(link, self.patience.status);
                let well = matches!(after, PrinterStatus::Ready | PrinterStatus::PaperLow);
                if well && unconfirmed < UNCONFIRMED_MAX {
                    self.unconfirmed.store(unconfirmed + 1, Ordering::Relaxed);
                }
                Outcome::Uncertain(match after {
                    PrinterStatus::Unknown => Reason::StatusUnreadable,
                    _ => after.refusal().unwrap_or(Reason::TimedOut),
                })
            }
        }
    }
}

fn append(path: &Path, keep_out: &Path, bytes: &[u8]) -> Outcome {
    let mut file = match place::open_file(path, keep_out) {
        Ok(file) => file,
        Err(place::OpenError::Misplaced(why)) => return Outcome::Failed(why.into()),
        Err(place::OpenError::System(error)) => {
            tracing::warn!(printer.path = %path.display(), error.what = %error, "printer.file");
            return Outcome::Failed(Reason::Unreachable);
        }
    };
    match file.write_all(bytes) {
        Ok(()) => Outcome::Printed,
        Err(_) => Outcome::Uncertain(Reason::Closed),
    }
}
