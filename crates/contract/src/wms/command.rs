//! Everything a warehouse desk's screen can ask of its station.

use serde::{Deserialize, Serialize};

use crate::{DeviceSettings, Language};

/// One request of a warehouse desk's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
#[serde(tag = "cmd", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The picture as it is now.
    View,
    /// Switches the screen's language for this desk.
    SetLanguage {
        /// `zh-CN` or `en`.
        language: Language,
    },
    /// Enrols this station at a hub with a one-time code.
    Enrol {
        /// Address of the hub.
        hub_url: String,
        /// One-time code.
        code: String,
    },
    /// Signs in with staff number and PIN.
    SignIn {
        /// Staff number.
        staff: String,
        /// PIN; never logged.
        pin: String,
    },
    /// Locks the screen.
    Lock,
    /// Lifts a lockout; asks for a manager.
    LiftLockout {
        /// Whose.
        staff: String,
    },
    /// A card at the reader: who signs in, or who approves.
    Scan {
        /// The characters as they came, without the closing Enter.
        text: String,
    },
    /// Answers [`Prompt::Confirm`] with yes.
    Confirm,
    /// Answers [`Prompt::Approve`] with staff number and PIN.
    Approve {
        /// Staff number.
        staff: String,
        /// PIN; never logged.
        pin: String,
    },
    /// 清除: acknowledges the message and gives up the open prompt.
    Clear,
    /// What this desk's devices are.
    GetDevices,
    /// Changes this desk's devices; asks for a supervisor.
    SetDevices {
        /// New settings.
        devices: DeviceSettings,
    },
    /// Closes the app; warns once when entries are unsent.
    Quit,
}
