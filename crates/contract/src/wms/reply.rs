//! What a warehouse desk answers.

use serde::{Deserialize, Serialize};

use super::DeskView;
use crate::{DeviceSettings, Outcome};

/// What the station answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
pub struct Reply {
    /// The whole desk.
    pub view: DeskView,
    /// What a query found.
    pub found: Option<Found>,
    /// What came of the command.
    pub outcome: Outcome,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Found {
    /// This desk's devices.
    Devices {
        /// Settings.
        devices: DeviceSettings,
    },
    /// The app may close now.
    MayQuit,
}
