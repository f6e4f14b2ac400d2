//! What a till answers.

use serde::{Deserialize, Serialize};

use super::{DocumentRow, ItemHit, RefundableSale, SlipRow, TillView};
use crate::{DeviceSettings, Outcome, PreviewLine};

/// What the station answers: the picture after the command, and what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct Reply {
    /// The whole till.
    pub view: TillView,
    /// What a query found.
    pub found: Option<Found>,
    /// What came of the command.
    pub outcome: Outcome,
    /// The work that this ended, also when the command only answered a question about it.
    pub ended: Option<Work>,
}

/// Work that has a panel of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Cash was moved.
    MoveCash,
    /// The drawer was counted: 班结 or 中途对账.
    Count,
    /// A refund was paid out.
    Refund,
    /// The devices were changed.
    Devices,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Found {
    /// Items, best first, at most 20.
    Items {
        /// Hits.
        items: Vec<ItemHit>,
        /// The first is the one that was meant: no other matches as well. Only then may Enter take it unselected.
        sure: bool,
    },
    /// Documents, newest first, at most 50.
    Documents {
        /// Rows.
        documents: Vec<DocumentRow>,
    },
    /// Slips, newest first, at most 20.
    Slips {
        /// Rows.
        slips: Vec<SlipRow>,
    },
    /// A receipt, line by line in a fixed pitch.
    Preview {
        /// Rows of at most 48 columns.
        lines: Vec<PreviewLine>,
    },
    /// A sale that may be refunded.
    Sale {
        /// It.
        sale: RefundableSale,
    },
    /// This till's devices.
    Devices {
        /// Settings.
        devices: DeviceSettings,
    },
    /// The app may close now.
    MayQuit,
    /// The drawer may be counted now.
    MayCount,
}
