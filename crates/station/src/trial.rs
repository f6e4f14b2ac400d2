//! The key and id that ask to be enrolled, kept from before the hub is asked until the identity is written: a station that
//! loses its power in between asks with them again, and the hub gives the same answer for the same code.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use suanpan_journal::StationId;

use crate::files;

const FILE: &str = "enrolling.json";

/// See the module.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Trial {
    pub(crate) seed: [u8; 32],
    pub(crate) station: StationId,
}

impl Trial {
    /// The one that has begun in this folder, or a new one.
    pub(crate) fn begin(dir: &Path) -> io::Result<Trial> {
        let path = dir.join(FILE);
        match files::read(&path).map(|bytes| bytes.map(|bytes| serde_json::from_slice(&bytes))) {
            Ok(Some(Ok(trial))) => return Ok(trial),
            Ok(None) => {}
            // A code that was spent with the key in it is spent: the hub says so, and gives another one.
            broken => {
                let kept = files::keep_aside(&path)?;
                tracing::warn!(file.kept = %kept.display(), file.read = broken.is_ok(), "station.trial_damaged");
            }
        }
        let (mut seed, mut station) = ([0; 32], [0; 16]);
        getrandom::fill(&mut seed)?;
        getrandom::fill(&mut station)?;
        let trial = Trial { seed, station: StationId(station) };
        files::write_private(&path, &serde_json::to_vec(&trial)?)?;
        Ok(trial)
    }

    /// The identity is written: nothing is left to ask.
    pub(crate) fn end(dir: &Path) {
        if let Err(error) = std::fs::remove_file(dir.join(FILE)) {
            tracing::warn!(error.what = %error, "station.trial_left");
        }
    }
}
