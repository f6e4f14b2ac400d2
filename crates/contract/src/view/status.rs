//! The status strip: who, where, which date, and how printer, network and disk are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Code;

/// The status strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StatusView {
    /// Store name.
    pub store: String,
    /// Till number.
    pub till: u16,
    /// Name of who is signed in.
    pub cashier: Option<String>,
    /// Whether that is a supervisor or manager.
    pub is_supervisor: bool,
    /// Running number of the open shift.
    pub shift_no: Option<u32>,
    /// Name of the open shift's cashier, also when somebody else or nobody is signed in.
    pub shift_cashier: Option<String>,
    /// Business date.
    pub business_date: Option<String>,
    /// When the prices in force were published, `HH:MM` today or `mm-dd` before.
    pub prices_as_of: Option<String>,
    /// Site-local time when the picture was made, milliseconds since 1970 and minutes east of UTC.
    pub now_ms: i64,
    /// Minutes east of UTC.
    pub utc_offset_min: i32,
    /// Receipt printer.
    pub printer: PrinterView,
    /// The network line.
    pub network: NetworkView,
    /// Entries of a damaged ledger that are still being carried over while the till sells; absent when all are here.
    pub to_come: Option<u64>,
    /// Free disk, told before it matters.
    pub disk: DiskView,
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

/// Free disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DiskView {
    /// Enough.
    Enough,
    /// Getting full.
    Low,
    /// The reserve is in use: finish the day.
    ReserveInUse,
    /// No new sale can begin.
    Full,
}

/// A code and the values of its sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WhyView {
    /// The code.
    pub code: Code,
    /// For the sentences' places.
    pub args: BTreeMap<String, String>,
}

/// The network line. Counts are receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NetworkView {
    /// ● the hub has everything.
    Online {
        /// Last receipt number of the business date the hub has; 0 when none.
        received_to: u32,
        /// How many of them it lacks.
        missing: u32,
    },
    /// ◐ uploading what was held.
    CatchingUp {
        /// Receipts left.
        left: u32,
    },
    /// ▲ no network.
    Offline {
        /// When the hub was heard last: `HH:MM` today, `mm-dd HH:MM` before; empty if it was not since the start.
        since: String,
        /// Receipts held here.
        held: u32,
        /// What came of asking it, for IT.
        why: Option<WhyView>,
    },
    /// ■ the hub refused something; selling goes on.
    Refused {
        /// Receipt number, or 0 when it is not a receipt.
        number: u32,
    },
}
