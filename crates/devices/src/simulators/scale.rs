//! A streaming scale on a pseudo-terminal.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

/// A real scale's pace: ten frames a second.
const FRAME_EVERY: Duration = Duration::from_millis(100);

enum Order {
    Show { grams: i32, stable: bool, net: bool },
    Send(Vec<u8>),
    Quiet,
}

/// A simulated scale. It starts quiet, streams what it is told to show, and ends when dropped.
pub struct ScaleSim {
    path: PathBuf,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl ScaleSim {
    /// A scale behind a new pseudo-terminal.
    ///
    /// *Errors:* the system's.
    pub fn start() -> std::io::Result<Self> {
        let (ours, theirs) = TTYPort::pair()?;
        let path = theirs.name().ok_or(ErrorKind::NotFound)?.into();
        let (orders, waiting) = channel();
        let thread = std::thread::spawn(move || {
            // Held open, so that the line stays raw while nobody listens.
            let _theirs = theirs;
            stream(ours, &waiting);
        });
        Ok(Self { path, orders: Some(orders), thread: Some(thread) })
    }

    /// The serial port to open.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Streams a gross weight from now on.
    pub fn show(&self, grams: i32, stable: bool) {
        self.order(Order::Show { grams, stable, net: false });
    }

    /// Streams a weight with tare taken off from now on.
    pub fn show_net(&self, grams: i32, stable: bool) {
        self.order(Order::Show { grams, stable, net: true });
    }

    /// Sends bytes once, between two frames: noise, an overload, a frame of another make.
    pub fn send(&self, bytes: &[u8]) {
        self.order(Order::Send(bytes.to_vec()));
    }

    /// Streams nothing from now on, as a scale switched off behind its cable.
    pub fn quiet(&self) {
        self.order(Order::Quiet);
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }
}

/// Pulls the cable: the port vanishes.
impl Drop for ScaleSim {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn stream(mut wire: TTYPort, orders: &Receiver<Order>) {
    let mut showing = None;
    loop {
        match orders.recv_timeout(FRAME_EVERY) {
            Ok(Order::Show { grams, stable, net }) => showing = Some(frame(grams, stable, net)),
            Ok(Order::Quiet) => showing = None,
            Ok(Order::Send(bytes)) => {
                let _ = wire.write_all(&bytes);
                continue;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if let Some(frame) = &showing {
            // A line that nobody reads fills up; what does not fit is lost, as on a real one.
            let _ = wire.write_all(frame.as_bytes());
        }
    }
}

fn frame(grams: i32, stable: bool, net: bool) -> String {
    let state = if stable { "ST" } else { "US" };
    let kind = if net { "NT" } else { "GS" };
    let sign = if grams < 0 { '-' } else { ' ' };
    let (kilograms, rest) = (grams.abs() / 1_000, grams.abs() % 1_000);
    format!("{state},{kind},{sign}{kilograms:2}.{rest:03} kg\r\n")
}
