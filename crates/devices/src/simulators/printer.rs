//! A receipt printer on TCP, or on a pseudo-terminal in place of `/dev/usb/lp0`.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use suanpan_domain::receipt::Paper;

use super::paper::{PaperParser, Printed};

/// State of the simulated printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrinterState {
    /// Well.
    #[default]
    Ready,
    /// Near the end of the roll.
    PaperLow,
    /// No paper: nothing is worked off, questions are answered.
    PaperOut,
    /// Cover open: likewise.
    CoverOpen,
    /// In error: likewise.
    Error,
}

/// How the printer answers questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mouth {
    /// As the manual says.
    #[default]
    Speaks,
    /// Never, as printers behind one-way cables.
    Mute,
    /// With bytes of no meaning.
    Babbles,
    /// Rightly, after a few stray bytes.
    Stammers,
    /// About its state only: it lacks the command that confirms a job.
    Curt,
}

/// How the printer behaves; tests change it at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Its state.
    pub state: PrinterState,
    /// Its answers.
    pub mouth: Mouth,
    /// Takes bytes but works nothing off until this is cleared.
    pub stalled: bool,
    /// Breaks the connection after this many more bytes.
    pub close_after: Option<usize>,
    /// Runs out of paper after this many more rows.
    pub rows_left: Option<usize>,
}

struct Inside {
    manner: Manner,
    parser: PaperParser,
    printed: Vec<Printed>,
    faults: Vec<String>,
    visits: usize,
    ended: usize,
    stopping: bool,
}

type Shared = Arc<(Mutex<Inside>, Condvar)>;

/// A simulated printer. It ends when dropped.
pub struct PrinterSim {
    shared: Shared,
    address: Option<SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

/// How long one read waits, and so how soon a change of manner is seen.
const READ_WAIT: Duration = Duration::from_millis(10);

impl PrinterSim {
    /// A network printer on a free port of this machine.
    ///
    /// *Errors:* the system's.
    pub fn tcp(paper: Paper) -> std::io::Result<Self> {
        Self::listen("127.0.0.1:0", paper)
    }

    /// A network printer at an address.
    ///
    /// *Errors:* the system's.
    pub fn listen(address: &str, paper: Paper) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = inside(paper);
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            // One visitor at a time, as real printers do.
            for stream in listener.incoming().flatten() {
                if lock(&of_thread).stopping {
                    return;
                }
                if stream.set_read_timeout(Some(READ_WAIT)).is_ok() {
                    serve(stream, &of_thread);
                }
                lock(&of_thread).ended += 1;
                of_thread.1.notify_all();
            }
        });
        Ok(Self { shared, address: Some(address), thread: Some(thread) })
    }

    /// A printer behind a character device, and the device's path.
    ///
    /// *Errors:* the system's.
    #[cfg(unix)]
    pub fn device(paper: Paper) -> std::io::Result<(Self, std::path::PathBuf)> {
        use serialport::SerialPort;
        let (mut ours, theirs) = serialport::TTYPort::pair()?;
        ours.set_timeout(READ_WAIT)?;
        let path = theirs.name().ok_or(ErrorKind::NotFound)?.into();
        let shared = inside(paper);
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            // Held open, so that the device stays raw between two visits.
            let _theirs = theirs;
            serve(ours, &of_thread);
        });
        Ok((Self { shared, address: None, thread: Some(thread) }, path))
    }

    /// `127.0.0.1:port`; empty for a device.
    pub fn address(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// Changes how the printer behaves.
    pub fn behave(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut lock(&self.shared).manner);
        self.shared.1.notify_all();
    }

    /// Everything printed so far.
    pub fn printed(&self) -> Vec<Printed> {
        lock(&self.shared).printed.clone()
    }

    /// The rows of characters printed so far.
    pub fn rows(&self) -> Vec<String> {
        let rows = self.printed().into_iter().filter_map(|printed| match printed {
            Printed::Row { text, .. } => Some(text),
            _ => None,
        });
        rows.collect()
    }

    /// Everything a printer would have garbled.
    pub fn faults(&self) -> Vec<String> {
        let inside = lock(&self.shared);
        inside.faults.iter().cloned().chain(inside.parser.faults()).collect()
    }

    /// Connections made so far.
    pub fn visits(&self) -> usize {
        lock(&self.shared).visits
    }

    /// Waits until what is printed satisfies a condition; `false` when it does not in time.
    pub fn wait(&self, patience: Duration, mut enough: impl FnMut(&[Printed]) -> bool) -> bool {
        self.wait_inside(patience, |inside| enough(&inside.printed))
    }

    /// Waits until this many connections have ended, with all their bytes read; `false` when not in time.
    pub fn wait_ended(&self, patience: Duration, visits: usize) -> bool {
        self.wait_inside(patience, |inside| inside.ended >= visits)
    }

    fn wait_inside(&self, patience: Duration, mut enough: impl FnMut(&Inside) -> bool) -> bool {
        let waiting =
            self.shared.1.wait_timeout_while(lock(&self.shared), patience, |inside| !enough(inside));
        !waiting.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for PrinterSim {
    fn drop(&mut self) {
        lock(&self.shared).stopping = true;
        // Wakes the listener from its wait for a visitor.
        if let Some(address) = self.address {
            drop(TcpStream::connect(address));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn inside(paper: Paper) -> Shared {
    let inside = Inside {
        manner: Manner::default(),
        parser: PaperParser::new(paper),
        printed: Vec::new(),
        faults: Vec::new(),
        visits: 0,
        ended: 0,
        stopping: false,
    };
    Arc::new((Mutex::new(inside), Condvar::new()))
}

fn lock(shared: &Shared) -> MutexGuard<'_, Inside> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut wire: impl Read + Write, shared: &Shared) {
    lock(shared).visits += 1;
    let mut real_time = Vec::new();
    let mut buffer = [0; 512];
    loop {
        let count = match wire.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(_) => return,
        };
        let mut answers = Vec::new();
        let open = {
            let mut inside = lock(shared);
            let open = inside.take(&buffer[..count], &mut real_time, &mut answers) && !inside.stopping;
            inside.work(&mut answers);
            open
        };
        shared.1.notify_all();
        if !answers.is_empty() && wire.write_all(&answers).is_err() {
            return;
        }
        if !open {
            return;
        }
    }
}

impl Inside {
    /// Sorts bytes into real-time commands, obeyed at once wherever they stand, and the rest; `false` to hang up.
    fn take(&mut self, bytes: &[u8], real_time: &mut Vec<u8>, answers: &mut Vec<u8>) -> bool {
        for &byte in bytes {
            if let Some(left) = &mut self.manner.close_after {
                if *left == 0 {
                    return false;
                }
                *left -= 1;
            }
            if real_time.is_empty() && byte != 0x10 {
                self.parser.push(&[byte]);
                continue;
            }
            real_time.push(byte);
            match real_time.as_slice() {
                [0x10] | [0x10, 0x04 | 0x14] | [0x10, 0x14, 0x01] | [0x10, 0x14, 0x01, 0 | 1] => continue,
                [0x10, 0x04, n @ 1..=4] => self.answer(*n, answers),
                [0x10, 0x14, 0x01, m, 1..=8] => {
                    self.printed.push(Printed::Drawer { pin: if *m == 0 { 2 } else { 5 } });
                }
                // A 10 within a bar code's data.
                [0x10, _] => self.parser.push(real_time),
                other => self.faults.push(format!("real-time command {other:02x?}")),
            }
            real_time.clear();
        }
        true
    }

    /// Works off what the state allows.
    fn work(&mut self, answers: &mut Vec<u8>) {
        while !self.manner.stalled
            && matches!(self.manner.state, PrinterState::Ready | PrinterState::PaperLow)
        {
            let Some(done) = self.parser.step() else { return };
            match done {
                Printed::SensorAsked if self.manner.mouth == Mouth::Speaks => {
                    answers.push(if self.manner.state == PrinterState::PaperLow { 0x03 } else { 0x00 });
                }
                Printed::SensorAsked if self.manner.mouth == Mouth::Stammers => {
                    answers.extend([0x9f, 0xff, 0x00])
                }
                Printed::Row { .. } => {
                    if let Some(left) = &mut self.manner.rows_left {
                        *left = left.saturating_sub(1);
                        if *left == 0 {
                            self.manner.state = PrinterState::PaperOut;
                        }
                    }
                }
                _ => {}
            }
            if done != Printed::SensorAsked {
                self.printed.push(done);
            }
        }
    }

    fn answer(&self, n: u8, answers: &mut Vec<u8>) {
        let state = self.manner.state;
        let bits = match (n, state) {
            (1, PrinterState::PaperOut | PrinterState::CoverOpen | PrinterState::Error) => 0x08,
            (2, PrinterState::CoverOpen) => 0x04,
            (2, PrinterState::PaperOut) => 0x20,
            (2, PrinterState::Error) => 0x40,
            (4, PrinterState::PaperLow) => 0x0c,
            (4, PrinterState::PaperOut) => 0x6c,
            _ => 0,
        };
        match self.manner.mouth {
            Mouth::Mute => {}
            Mouth::Babbles => answers.push(0xff),
            Mouth::Stammers => answers.extend([0x00, 0xff, 0x12 | bits]),
            Mouth::Speaks | Mouth::Curt => answers.push(0x12 | bits),
        }
    }
}
