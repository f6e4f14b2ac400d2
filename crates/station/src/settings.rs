//! This machine's settings: `settings.json`. Losing it costs a visit to the settings screen, never a sale.

use std::path::Path;

use serde::{Deserialize, Serialize};
use suanpan_contract::{DeviceSettings, Language};

use crate::files;

const FILE: &str = "settings.json";

/// What is set on the machine itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineSettings {
    /// Language of screen and receipts.
    pub language: Language,
    /// Printer and scale.
    pub devices: DeviceSettings,
}

impl MachineSettings {
    /// Reads the folder's settings; a missing or damaged file gives the first ones.
    pub fn load(dir: &Path) -> MachineSettings {
        let bytes = files::read(&dir.join(FILE)).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Writes the folder's settings.
    ///
    /// *Errors:* the system's.
    pub fn save(&self, dir: &Path) -> std::io::Result<()> {
        files::write_private(&dir.join(FILE), &serde_json::to_vec_pretty(self).unwrap_or_default())
    }
}
