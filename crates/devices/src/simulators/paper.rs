//! ESC/POS bytes → what stands on the paper.

use encoding_rs::GB18030;
use suanpan_domain::receipt::{Paper, columns};

/// One thing that a printer did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Printed {
    /// A row of characters.
    Row {
        /// The characters, leading blanks kept.
        text: String,
        /// Bold.
        bold: bool,
        /// Times the ordinary width and height.
        scale: (u8, u8),
    },
    /// A QR code.
    Qr(String),
    /// A bar code.
    Code128(String),
    /// Blank rows.
    Feed(u8),
    /// The knife.
    Cut,
    /// A pulse to the drawer on connector pin 2 or 5.
    Drawer {
        /// 2 or 5.
        pin: u8,
    },
    /// The job asked for the paper sensor, and all before it was worked off.
    SensorAsked,
}

/// What the parser makes of the bytes it has.
enum Step {
    /// A whole command of this length.
    Done(usize, Option<Printed>),
    /// More bytes are needed.
    Wait,
    /// No printer understands this; one byte is skipped.
    Fault(String),
}

/// Reads a stream of commands. Faults are kept, never forgiven.
pub struct PaperParser {
    paper: Paper,
    pending: Vec<u8>,
    row: Vec<u8>,
    bold: bool,
    scale: (u8, u8),
    chinese: bool,
    centred: bool,
    bar_width: u8,
    qr_data: Option<String>,
    qr_module: u8,
    faults: Vec<String>,
}

impl PaperParser {
    /// A printer just switched on.
    pub fn new(paper: Paper) -> Self {
        Self {
            paper,
            pending: Vec::new(),
            row: Vec::new(),
            bold: false,
            scale: (1, 1),
            chinese: false,
            centred: false,
            bar_width: 3,
            qr_data: None,
            qr_module: 3,
            faults: Vec::new(),
        }
    }

    /// Takes bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Works off the next command that does something visible, if all its bytes are there.
    pub fn step(&mut self) -> Option<Printed> {
        loop {
            match self.next() {
                Step::Done(len, printed) => {
                    self.pending.drain(..len);
                    if printed.is_some() {
                        return printed;
                    }
                }
                Step::Wait => return None,
                Step::Fault(fault) => {
                    self.faults.push(fault);
                    self.pending.drain(..1);
                }
            }
        }
    }

    /// Works off everything there is.
    pub fn run(&mut self) -> Vec<Printed> {
        std::iter::from_fn(|| self.step()).collect()
    }

    /// What a printer would have garbled, oldest first; a job cut short is one.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        if !self.pending.is_empty() {
            faults.push(format!("unfinished command {:02x?}", self.pending));
        }
        if !self.row.is_empty() {
            faults.push("a row without its line feed".to_owned());
        }
        faults
    }

    fn next(&mut self) -> Step {
        let Some(&first) = self.pending.first() else { return Step::Wait };
        match first {
            b'\n' => {
                let row = self.end_row();
                Step::Done(1, Some(row))
            }
            0x1b => self.esc(),
            0x1c => self.fs(),
            0x1d => self.gs(),
            0x20..0x7f => self.text(1),
            0x81..=0xfe => self.two_bytes(),
            _ => Step::Fault(format!("byte {first:02x}")),
        }
    }

    fn text(&mut self, len: usize) -> Step {
        self.row.extend_from_slice(&self.pending[..len]);
        Step::Done(len, None)
    }

    fn two_bytes(&mut self) -> Step {
        let Some(&trail) = self.pending.get(1) else { return Step::Wait };
        if !self.chinese {
            return Step::Fault("a hanzi outside Chinese mode".to_owned());
        }
        match trail {
            0x40..=0x7e | 0x80..=0xfe => self.text(2),
            0x30..=0x39 => Step::Fault("a four-byte form of GB18030".to_owned()),
            _ => Step::Fault(format!("trail byte {trail:02x}")),
        }
    }

    fn end_row(&mut self) -> Printed {
        let bytes = std::mem::take(&mut self.row);
        let (text, _, bad) = GB18030.decode(&bytes);
        if bad {
            self.faults.push(format!("text {bytes:02x?}"));
        }
        if columns(&text) * usize::from(self.scale.0) > self.paper.columns() {
            self.faults.push(format!("row wider than the paper: {text}"));
        }
        Printed::Row { text: text.into_owned(), bold: self.bold, scale: self.scale }
    }

    fn esc(&mut self) -> Step {
        let Some(&command) = self.pending.get(1) else { return Step::Wait };
        let argument = self.pending.get(2).copied();
        match (command, argument) {
            (b'@', _) => {
                let (pending, faults) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.faults));
                *self = Self { pending, faults, ..Self::new(self.paper) };
                Step::Done(2, None)
            }
            (b'E' | b'a' | b'd' | b'p', None) => Step::Wait,
            (b'E', Some(on @ (0 | 1))) => {
                self.bold = on == 1;
                Step::Done(3, None)
            }
            (b'a', Some(n @ (0 | 1))) => {
                self.centred = n == 1;
                Step::Done(3, None)
            }
            (b'd', Some(lines)) => Step::Done(3, Some(Printed::Feed(lines))),
            (b'p', Some(m @ (0 | 1))) => match self.pending.get(3..5) {
                None => Step::Wait,
                Some([0, _]) => Step::Fault("a drawer pulse of no length".to_owned()),
                Some(_) => Step::Done(5, Some(Printed::Drawer { pin: if m == 0 { 2 } else { 5 } })),
            },
            _ => Step::Fault(format!("ESC {command:02x} {argument:02x?}")),
        }
    }

    fn fs(&mut self) -> Step {
        match self.pending.get(1) {
            None => Step::Wait,
            Some(b'&') => {
                self.chinese = true;
                Step::Done(2, None)
            }
            Some(b'.') => {
                self.chinese = false;
                Step::Done(2, None)
            }
            Some(command) => Step::Fault(format!("FS {command:02x}")),
        }
    }

    fn gs(&mut self) -> Step {
        let Some(&command) = self.pending.get(1) else { return Step::Wait };
        let Some(&argument) = self.pending.get(2) else { return Step::Wait };
        match (command, argument) {
            (b'!', n) if n & 0x88 == 0 => {
                self.scale = ((n >> 4) + 1, (n & 0x0f) + 1);
                Step::Done(3, None)
            }
            (b'r', 1) => Step::Done(3, Some(Printed::SensorAsked)),
            (b'V', 0 | 1) => Step::Done(3, Some(Printed::Cut)),
            (b'V', 0x42) if self.pending.len() < 4 => Step::Wait,
            (b'V', 0x42) => Step::Done(4, Some(Printed::Cut)),
            (b'h', 1..) | (b'f', 0 | 1) | (b'H', 0..=3) => Step::Done(3, None),
            (b'w', dots @ 2..=6) => {
                self.bar_width = dots;
                Step::Done(3, None)
            }
            (b'k', 73) => self.code128(),
            (b'(', b'k') => self.qr(),
            _ => Step::Fault(format!("GS {command:02x} {argument:02x}")),
        }
    }

    fn code128(&mut self) -> Step {
        let Some(&len) = self.pending.get(3) else { return Step::Wait };
        let end = 4 + usize::from(len);
        let Some(data) = self.pending.get(4..end) else { return Step::Wait };
        let Some((text, symbols)) = read_code128(data) else {
            return Step::Fault(format!("bar code {data:02x?}"));
        };
        let dots = (symbols * 11 + 24) * usize::from(self.bar_width);
        if dots > self.paper.dots() {
            return Step::Fault(format!("bar code of {dots} dots"));
        }
        self.check_graphic("a bar code");
        Step::Done(end, Some(Printed::Code128(text)))
    }

    fn qr(&mut self) -> Step {
        let Some(&[low, high]) = self.pending.get(3..5) else { return Step::Wait };
        let end = 5 + usize::from(u16::from_le_bytes([low, high]));
        let Some(body) = self.pending.get(5..end) else { return Step::Wait };
        match body {
            [0x31, 0x41, 0x32, 0x00] | [0x31, 0x45, 0x30..=0x33] => Step::Done(end, None),
            [0x31, 0x43, module @ 1..=16] => {
                self.qr_module = *module;
                Step::Done(end, None)
            }
            [0x31, 0x50, 0x30, data @ ..] => {
                self.qr_data = Some(String::from_utf8_lossy(data).into_owned());
                Step::Done(end, None)
            }
            [0x31, 0x51, 0x30] => self.print_qr(end),
            _ => Step::Fault(format!("GS ( k {body:02x?}")),
        }
    }

    fn print_qr(&mut self, end: usize) -> Step {
        let Some(data) = self.qr_data.take() else {
            return Step::Fault("a QR code without data".to_owned());
        };
        // Version 15 holds every code a receipt may carry: 77 modules.
        let modules = if data.len() <= 84 { 37 } else { 77 };
        if modules * usize::from(self.qr_module) > self.paper.dots() {
            return Step::Fault(format!("QR code of {modules} modules"));
        }
        self.check_graphic("a QR code");
        Step::Done(end, Some(Printed::Qr(data)))
    }

    fn check_graphic(&mut self, what: &str) {
        if !self.centred || !self.row.is_empty() {
            self.faults.push(format!("{what} not in the middle of its own row"));
        }
    }
}

/// Reads bar code data into its text and the number of its symbols, changes of set included.
fn read_code128(data: &[u8]) -> Option<(String, usize)> {
    let (mut text, mut symbols, mut digits) = (String::new(), 0, None);
    let mut rest = data;
    while let [first, tail @ ..] = rest {
        rest = tail;
        symbols += 1;
        match (first, digits) {
            (b'{', _) => {
                let (&command, tail) = tail.split_first()?;
                rest = tail;
                match command {
                    b'B' => digits = Some(false),
                    b'C' => digits = Some(true),
                    b'{' if digits == Some(false) => text.push('{'),
                    _ => return None,
                }
            }
            (pair @ 0..=99, Some(true)) => text.push_str(&format!("{pair:02}")),
            (byte @ 0x20..0x7f, Some(false)) => text.push(char::from(*byte)),
            _ => return None,
        }
    }
    (!text.is_empty()).then_some((text, symbols))
}
