//! The station behind the window, from before it is open.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Serialize;
use suanpan_contract::{Code, Command, Screen};
use suanpan_station::pos::{StartError, StationConfig, Till};
use tauri::{AppHandle, Emitter, Manager};

/// The page hears this with a picture that no command of its own brought about.
const VIEW: &str = "view";

/// One till, opened on a thread of its own while the window comes up.
#[derive(Default)]
pub(crate) struct Station(OnceLock<Result<Till, StartFailure>>);

/// Why there is no till, as the page tells it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StartFailure {
    code: Code,
    args: BTreeMap<String, String>,
}

impl StartFailure {
    /// A command that ended without an answer: nothing it decided was written.
    pub(crate) fn panicked() -> StartFailure {
        let what = "a command ended without an answer".to_owned();
        StartFailure { code: Code::LedgerFailed, args: BTreeMap::from([("what".to_owned(), what)]) }
    }
}

impl From<&StartError> for StartFailure {
    fn from(error: &StartError) -> StartFailure {
        StartFailure { code: error.code(), args: error.args() }
    }
}

impl Station {
    /// The till, waiting until it is open.
    pub(crate) fn till(&self) -> Result<&Till, StartFailure> {
        self.0.wait().as_ref().map_err(Clone::clone)
    }

    /// Whether opening it has failed.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.0.get(), Some(Err(_)))
    }
}

/// Opens the station and keeps the window's picture new; enrols first when it is asked to and has not been.
pub(crate) fn open(app: &AppHandle, config: StationConfig, enrolment: Option<Command>) {
    let opened = Till::start(config).map_err(|error| {
        tracing::error!(error.code = error.code().text(), error.what = %error, "station.start");
        StartFailure::from(&error)
    });
    if let Ok(till) = &opened {
        let window = app.clone();
        till.on_change(move |view| {
            // A window that is gone needs no picture.
            let _ = window.emit(VIEW, view);
        });
        if let Some(enrolment) = enrolment
            && till.view().screen == Screen::Enrol
        {
            till.dispatch(enrolment);
        }
    }
    // Opened once, from `main`.
    let _ = app.state::<Station>().0.set(opened);
}
