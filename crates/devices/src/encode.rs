//! Laid-out lines → ESC/POS bytes.
//!
//! The `escpos` crate writes what it writes rightly: initialisation, emphasis, size, justification, feeds, QR codes.
//! Four things are written here byte by byte. Text, because the crate's encoder emits GB18030's four-byte forms, which
//! printers show as garbage. The drawer, because the crate sends `1B 70 m` without its two pulse times, so that the
//! printer swallows the next two bytes. Code 128, which the crate lacks. The cut, because the crate does not feed the
//! last line past the knife.

use std::cell::RefCell;

use encoding_rs::GB18030;
use escpos::driver::Driver;
use escpos::printer::Printer;
use escpos::utils::{JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption};
use suanpan_domain::receipt::{CODE128_MODULE_DOTS, Line, Run, Size, Style};

/// Connector pin of the printer's drawer socket that the drawer is wired to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawerPin {
    /// Pin 2, the usual one.
    #[default]
    Two,
    /// Pin 5, the second drawer.
    Five,
}

impl DrawerPin {
    fn number(self) -> u8 {
        match self {
            Self::Two => 0,
            Self::Five => 1,
        }
    }

    /// The pulse in the order of the job: 50 ms on, 500 ms off.
    fn pulse(self) -> [u8; 5] {
        [0x1b, 0x70, self.number(), 0x19, 0xfa]
    }

    /// The pulse at once, ahead of the buffer: works while the printer waits for paper. 100 ms on.
    pub(crate) fn pulse_now(self) -> [u8; 5] {
        [0x10, 0x14, 0x01, self.number(), 0x01]
    }
}

/// A line that the printer's language cannot say. Layout never makes one; a line built by hand may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line exceeds what the printer's commands can carry")]
pub struct EncodeError;

/// A full-width mark that says "a character is missing here": what typesetters set for a glyph they lack.
const MISSING: [u8; 2] = [0xa1, 0xfe];

/// QR module in dots for a short code, and for a longer one so that it still fits 58 mm paper.
const QR_MODULE_DOTS: (u8, u8) = (6, 4);

/// Longest code printed with the larger module: version 5, 37 modules of 6 dots.
const QR_SHORT_LEN: usize = 84;

/// Turns lines into one job's bytes: initialise, Chinese mode, drawer, paper.
///
/// The drawer goes first, so that the cashier reaches for change while the paper still prints.
///
/// *Errors:* [`EncodeError`] when a QR or bar code exceeds its length field.
pub fn job_bytes(lines: &[Line], drawer: Option<DrawerPin>) -> Result<Vec<u8>, EncodeError> {
    let mut out = Printer::new(Bytes::default(), Protocol::default(), None);
    out.init()?.custom(&[0x1c, 0x26])?;
    if let Some(pin) = drawer {
        out.custom(&pin.pulse())?;
    }
    let mut now = Style::NORMAL;
    for line in lines {
        match line {
            Line::Text { text, style } => {
                set_style(&mut out, &mut now, *style)?;
                let mut bytes = gb18030(text);
                bytes.push(b'\n');
                out.custom(&bytes)?;
            }
            Line::Qr(data) => qr(&mut out, data)?,
            Line::Code128(runs) => code128(&mut out, runs)?,
            Line::Feed(lines) => {
                out.feeds(*lines)?;
            }
            Line::Cut => {
                out.custom(&[0x1d, 0x56, 0x42, 0x00])?;
            }
        }
    }
    set_style(&mut out, &mut now, Style::NORMAL)?;
    out.print()?;
    Ok(out.driver().0.into_inner())
}

fn set_style(out: &mut Printer<Bytes>, now: &mut Style, wanted: Style) -> Result<(), EncodeError> {
    if now.bold != wanted.bold {
        out.bold(wanted.bold)?;
    }
    if now.size != wanted.size {
        let (width, height) = match wanted.size {
            Size::Normal => (1, 1),
            Size::Tall => (1, 2),
            Size::Big => (2, 2),
        };
        out.size(width, height)?;
    }
    *now = wanted;
    Ok(())
}

fn qr(out: &mut Printer<Bytes>, data: &str) -> Result<(), EncodeError> {
    let module = if data.len() <= QR_SHORT_LEN { QR_MODULE_DOTS.0 } else { QR_MODULE_DOTS.1 };
    let option = QRCodeOption::new(QRCodeModel::Model2, module, QRCodeCorrectionLevel::M);
    out.justify(JustifyMode::CENTER)?.qrcode_option(data, option)?.justify(JustifyMode::LEFT)?;
    Ok(())
}

fn code128(out: &mut Printer<Bytes>, runs: &[Run]) -> Result<(), EncodeError> {
    let mut data = Vec::new();
    for run in runs {
        match run {
            Run::B(text) if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
                data.extend_from_slice(b"{B");
                // The brace opens a command of the bar code, so a printed brace is written twice.
                data.extend_from_slice(text.replace('{', "{{").as_bytes());
            }
            Run::C(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                data.extend_from_slice(b"{C");
                let pairs = digits.as_bytes().chunks_exact(2);
                data.extend(pairs.map(|pair| (pair[0] - b'0') * 10 + (pair[1] - b'0')));
            }
            Run::B(_) | Run::C(_) => return Err(EncodeError),
        }
    }
    let len = u8::try_from(data.len()).map_err(|_| EncodeError)?;
    out.justify(JustifyMode::CENTER)?;
    // Height 64 dots, narrowest bar, text below in the ordinary font.
    out.custom(&[0x1d, 0x68, 64, 0x1d, 0x77, CODE128_MODULE_DOTS, 0x1d, 0x66, 0, 0x1d, 0x48, 2])?;
    out.custom(&[0x1d, 0x6b, 73, len])?.custom(&data)?.justify(JustifyMode::LEFT)?;
    Ok(())
}

/// Encodes text for the printer's font: one byte for ASCII, two for everything else, never four.
fn gb18030(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut utf8 = [0; 4];
        let (encoded, _, _) = GB18030.encode(variant(c).unwrap_or(c).encode_utf8(&mut utf8));
        match *encoded {
            [ascii @ 0x20..0x7f] => bytes.push(ascii),
            [lead, trail] => bytes.extend_from_slice(&[lead, trail]),
            _ => bytes.extend_from_slice(&MISSING),
        }
    }
    bytes
}

/// The common form of a rare hanzi that food is named with: a reader knows it at once, printers have it.
fn variant(c: char) -> Option<char> {
    Some(match c {
        '𩽾' => '鮟',
        '𩾌' => '鱇',
        _ => return None,
    })
}

/// Collects the bytes that the `escpos` crate would send.
#[derive(Default)]
struct Bytes(RefCell<Vec<u8>>);

impl Driver for Bytes {
    fn name(&self) -> String {
        "bytes".to_owned()
    }

    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}

impl From<escpos::errors::PrinterError> for EncodeError {
    fn from(_: escpos::errors::PrinterError) -> Self {
        Self
    }
}
