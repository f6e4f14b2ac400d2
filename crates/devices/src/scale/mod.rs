//! A streaming serial scale: a thread that keeps the latest reading.

mod frame;

use std::io::{ErrorKind, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, DataBits, Parity, SerialPort};

use frame::Lines;
pub use frame::{BadFrame, Frame, WEIGHT_G_MAX, parse_frame};

/// Bits on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum SerialFormat {
    /// Eight bits, no parity, one stop bit.
    #[default]
    #[serde(rename = "8N1")]
    EightNone,
    /// Seven bits, even parity, one stop bit.
    #[serde(rename = "7E1")]
    SevenEven,
}

/// What a till knows about its scale.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ScaleSettings {
    /// `/dev/ttyUSB0`, `COM3`.
    pub port: String,
    /// Bits a second.
    #[serde(default = "usual_baud")]
    pub baud: u32,
    /// Bits on the line.
    #[serde(default)]
    pub format: SerialFormat,
}

fn usual_baud() -> u32 {
    9_600
}

/// One weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Grams; negative below the zero point.
    pub grams: i32,
    /// The scale calls it settled.
    pub stable: bool,
    /// Tare is taken off.
    pub net: bool,
    /// The frame as it came, kept with the sale's line.
    pub raw: String,
    /// When it arrived.
    pub at: Instant,
}

impl Reading {
    /// Whether it is young enough to sell by. A scale streams several frames a second.
    pub fn is_fresh(&self, now: Instant, age_max: Duration) -> bool {
        now.saturating_duration_since(self.at) <= age_max
    }
}

/// What is known of the scale now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScaleView {
    /// The port is open. It says nothing about a scale at its other end: look at the reading's age.
    pub connected: bool,
    /// The latest weight; none before the first, after an overload or a lost port.
    pub reading: Option<Reading>,
    /// The scale says that it carries too much.
    pub overloaded: bool,
    /// Lines that were no frames, since the start.
    pub garbage: u64,
}

/// A scale on a serial port. Dropping it ends the thread.
pub struct Scale {
    view: Arc<Mutex<ScaleView>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How long one read waits, and so how soon the thread sees that it should end.
const READ_WAIT: Duration = Duration::from_millis(100);

/// First and longest wait before the port is opened again: soon after a jolted cable, not busy after a lost one.
const RETRY_WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

impl Scale {
    /// Starts reading. `tell` is called from the thread after each change and must not wait.
    ///
    /// A port that cannot be opened is no error here: it is tried again until it can.
    ///
    /// *Errors:* the system's, when it has no thread to give.
    pub fn start(
        settings: ScaleSettings,
        tell: impl Fn(&ScaleView) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let view = Arc::new(Mutex::new(ScaleView::default()));
        let driver = Driver { settings, view: Arc::clone(&view), stopped, tell: Box::new(tell) };
        let thread = std::thread::Builder::new().name("scale".to_owned()).spawn(move || driver.run())?;
        Ok(Self { view, stop: Some(stop), thread: Some(thread) })
    }

    /// What is known now.
    pub fn view(&self) -> ScaleView {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Scale {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Driver {
    settings: ScaleSettings,
    view: Arc<Mutex<ScaleView>>,
    stopped: Receiver<()>,
    tell: Box<dyn Fn(&ScaleView) + Send>,
}

impl Driver {
    fn run(self) {
        let (first, longest) = RETRY_WAIT;
        let mut wait = first;
        loop {
            if let Ok(port) = open(&self.settings) {
                self.change(|view| view.connected = true);
                wait = first;
                self.read(port);
                self.change(|view| {
                    view.connected = false;
                    view.reading = None;
                    view.overloaded = false;
                });
            }
            match self.stopped.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => wait = (wait * 2).min(longest),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Reads until the port fails or the scale is dropped.
    fn read(&self, mut port: Box<dyn SerialPort>) {
        let mut lines = Lines::default();
        let mut buffer = [0; 256];
        while self.stopped.try_recv() == Err(TryRecvError::Empty) {
            match port.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    for line in buffer[..count].iter().filter_map(|byte| lines.push(*byte)) {
                        self.take(line.as_deref());
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(_) => return,
            }
        }
    }

    /// Takes one line, or `None` for an overlong one.
    fn take(&self, line: Option<&[u8]>) {
        let frame = line.ok_or(BadFrame::Shape).and_then(parse_frame);
        self.change(|view| match frame {
            Ok(Frame::Weight { grams, stable, net }) => {
                let raw = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
                view.reading = Some(Reading { grams, stable, net, raw, at: Instant::now() });
                view.overloaded = false;
            }
            Ok(Frame::Overload) => {
                view.reading = None;
                view.overloaded = true;
            }
            Err(_) => view.garbage = view.garbage.saturating_add(1),
        });
    }

    fn change(&self, change: impl FnOnce(&mut ScaleView)) {
        let view = {
            let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut view);
            view.clone()
        };
        (self.tell)(&view);
    }
}

fn open(settings: &ScaleSettings) -> serialport::Result<Box<dyn SerialPort>> {
    let (bits, parity) = match settings.format {
        SerialFormat::EightNone => (DataBits::Eight, Parity::None),
        SerialFormat::SevenEven => (DataBits::Seven, Parity::Even),
    };
    let port = serialport::new(&settings.port, settings.baud)
        .data_bits(bits)
        .parity(parity)
        .timeout(READ_WAIT)
        .open()?;
    // What waited in the port is a weight of the past.
    port.clear(ClearBuffer::Input)?;
    Ok(port)
}
