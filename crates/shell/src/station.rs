//! The station behind the window, from before it is open.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use suanpan_contract::{Code, Language};
use suanpan_station::settings::MachineSettings;
use suanpan_station::{AtWindow, Start, StartError, StationConfig};
use tauri::{AppHandle, Manager};

use crate::news::News;

/// One station, opened on a thread of its own while the window comes up.
#[derive(Default)]
pub(crate) struct Station(OnceLock<Result<Box<dyn AtWindow>, StartFailure>>);

/// Why there is no station, as the page tells it.
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
        StartFailure::with(Code::LedgerFailed, "a command ended without an answer".to_owned())
    }

    /// A command that the station does not understand: nothing was done.
    pub(crate) fn unread(what: String) -> StartFailure {
        StartFailure::with(Code::BadRequest, what)
    }

    fn with(code: Code, what: String) -> StartFailure {
        StartFailure { code, args: BTreeMap::from([("what".to_owned(), what)]), language: None }
    }

    fn of(error: &StartError, folder: &Path) -> StartFailure {
        let language = Some(MachineSettings::load(folder).settings.language);
        StartFailure { code: error.code(), args: error.args(), language }
    }
}

impl Station {
    /// The station, waiting until it is open.
    pub(crate) fn running(&self) -> Result<&dyn AtWindow, StartFailure> {
        self.0.wait().as_deref().map_err(Clone::clone)
    }

    /// Whether opening it has failed.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.0.get(), Some(Err(_)))
    }
}

/// Opens the station and keeps the window's picture new; enrols first when it is asked to and has not been.
pub(crate) fn open(
    app: &AppHandle,
    start: Start,
    config: StationConfig,
    enrolment: Option<(String, String)>,
) {
    let folder = config.data_dir.clone();
    let opened = start(config).map_err(|error| {
        tracing::error!(error.code = error.code().text(), error.what = %error, "station.start");
        StartFailure::of(&error, &folder)
    });
    if let Ok(station) = &opened {
        let window = app.clone();
        station.on_change(Arc::new(move |view| window.state::<News>().tell(view)));
        if let Some((hub_url, code)) = enrolment {
            station.enrol(hub_url, code);
        }
    }
    // Opened once, from `main`.
    let _ = app.state::<Station>().0.set(opened);
}
