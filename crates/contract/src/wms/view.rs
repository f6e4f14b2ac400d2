//! The whole desk as data.

use serde::{Deserialize, Serialize};

use super::Prompt;
use crate::{DiskView, Language, MessageView, NetworkView, PrinterView};

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
