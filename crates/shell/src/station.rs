//! The station behind the window, from before it is open.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use serde::Serialize;
use suanpan_contract::{Code, Command, Language, Screen};
use suanpan_station::pos::{StartError, StationConfig, Till};
use suanpan_station::settings::MachineSettings;
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
    /// What this machine's screen speaks; a command that ended leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
}

impl StartFailure {
    /// A command that ended without an answer: nothing it decided was written.
    pub(crate) fn panicked() -> StartFailure {
        let what = "a command ended without an answer".to_owned();
        let args = BTreeMap::from([("what".to_owned(), what)]);
        StartFailure { code: Code::LedgerFailed, args, language: None }
    }

    fn of(error: &StartError, folder: &Path) -> StartFailure {
        let language = Some(MachineSettings::load(folder).settings.language);
        StartFailure { code: error.code(), args: error.args(), language }
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
    let folder = config.data_dir.clone();
    let opened = Till::start(config).map_err(|error| {
        tracing::error!(error.code = error.code().text(), error.what = %error, "station.start");
        StartFailure::of(&error, &folder)
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
