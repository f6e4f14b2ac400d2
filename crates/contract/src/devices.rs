//! Printer and scale: how they are set, and how they are.

use serde::{Deserialize, Serialize};

/// This till's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(default)]
pub struct DeviceSettings {
    /// Receipt printer.
    pub printer: PrinterTarget,
    /// 58 or 80.
    pub paper_mm: u8,
    /// Serial device of the scale, such as `/dev/ttyUSB0` or `COM3`; empty for none.
    pub scale_port: String,
}

/// Where receipts go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PrinterTarget {
    /// No printer: receipts are on screen only.
    #[default]
    None,
    /// TCP, usually port 9100.
    Tcp {
        /// `host:port`.
        address: String,
    },
    /// A device file such as `/dev/usb/lp0`.
    Device {
        /// Path.
        path: String,
    },
    /// Appends the bytes to a file.
    File {
        /// Path.
        path: String,
    },
    /// The Windows spooler, RAW.
    Spooler {
        /// Printer name.
        name: String,
    },
}

/// The receipt printer as it is; unreadable is never told as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PrinterView {
    /// No printer is set up.
    None,
    /// It said that it is ready.
    Ready,
    /// 状态未知.
    Unknown,
    /// Paper is low.
    PaperLow,
    /// Paper is out.
    PaperOut,
    /// Its cover is open.
    CoverOpen,
    /// It cannot be reached.
    Offline,
}

/// Latest reading of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ScaleView {
    /// Grams as the scale shows them.
    pub grams: i64,
    /// Not moving.
    pub stable: bool,
    /// The goods on it are a line already: they must leave it before it counts again.
    pub sold: bool,
}
