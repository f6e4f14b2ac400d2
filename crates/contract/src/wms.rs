//! What a warehouse desk's screen and its station say to each other.

use serde::{Deserialize, Serialize};

use crate::{
    ApproveAction, ApproveView, Code, DeviceSettings, DiskView, Language, MessageView, NetworkView, Outcome,
    PrinterView,
};

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

/// The picture of a warehouse desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
pub struct DeskView {
    /// Grows with every change; the UI drops a picture older than the one it shows.
    pub revision: u64,
    /// Language of the screen.
    pub language: Language,
    /// Which screen is up.
    pub screen: Screen,
    /// The status strip.
    pub status: StatusView,
    /// The message line.
    pub message: Option<MessageView>,
    /// What the station waits for.
    pub prompt: Option<Prompt>,
}

/// Which screen is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// The station is not enrolled yet.
    Enrol,
    /// The catalogue has not arrived yet.
    Waiting,
    /// Nobody is signed in, or the screen is locked.
    SignIn,
    /// At work.
    Desk,
}

/// The status strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
pub struct StatusView {
    /// Name of the site.
    pub site: String,
    /// The desk's number at its site; 0 before it is enrolled.
    pub desk: u16,
    /// Name of who is signed in.
    pub person: Option<String>,
    /// Site-local time when the picture was made, milliseconds since 1970.
    pub now_ms: i64,
    /// Minutes east of UTC.
    pub utc_offset_min: i32,
    /// Printer.
    pub printer: PrinterView,
    /// The network line.
    pub network: NetworkView,
    /// Entries of a damaged ledger that are still being carried over; absent when all are here.
    pub to_come: Option<u64>,
    /// Free disk, told before it matters.
    pub disk: DiskView,
}

/// What the station waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prompt {
    /// A question.
    Confirm {
        /// Its sentence.
        code: Code,
        /// Values of the sentence.
        args: std::collections::BTreeMap<String, String>,
    },
    /// A supervisor's or manager's card or PIN is wanted.
    Approve {
        /// What is to be approved.
        action: ApproveAction,
        /// A manager, not just a supervisor.
        needs_manager: bool,
        /// What exactly, and why a person does not decide it alone.
        about: Box<ApproveView>,
    },
}
