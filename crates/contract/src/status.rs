//! How network and disk are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Code;

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

/// A code and the values of its sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WhyView {
    /// The code.
    pub code: Code,
    /// For the sentences' places.
    pub args: BTreeMap<String, String>,
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
