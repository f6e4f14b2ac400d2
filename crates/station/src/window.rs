//! A station of any role at a window: commands and pictures as JSON.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use suanpan_contract::{pos, wms};

use crate::pos::Till;
use crate::start::{StartError, StationConfig};
use crate::wms::Desk;

/// An answer as the page gets it.
#[derive(Debug)]
pub struct Shown {
    /// The reply, JSON.
    pub reply: String,
    /// The app may close now.
    pub may_quit: bool,
}

/// A station behind a window.
pub trait AtWindow: Send + Sync {
    /// Carries out a command, which is JSON.
    ///
    /// *Errors:* what is wrong with it; nothing was done.
    fn call(&self, command: &str) -> Result<Shown, String>;

    /// Enrols it, unless it is enrolled.
    fn enrol(&self, hub_url: String, code: String);

    /// Calls back with every picture that no command brought about, JSON. Must not wait and must not call the station.
    fn on_change(&self, show: Arc<dyn Fn(String) + Send + Sync>);
}

/// Starts a station of one role.
pub type Start = fn(StationConfig) -> Result<Box<dyn AtWindow>, StartError>;

impl Till {
    /// Starts a till for a window.
    ///
    /// *Errors:* those of [`Till::start`].
    pub fn at_window(config: StationConfig) -> Result<Box<dyn AtWindow>, StartError> {
        Ok(Box::new(Till::start(config)?))
    }
}

impl Desk {
    /// Starts a warehouse desk for a window.
    ///
    /// *Errors:* those of [`Desk::start`].
    pub fn at_window(config: StationConfig) -> Result<Box<dyn AtWindow>, StartError> {
        Ok(Box::new(Desk::start(config)?))
    }
}

impl AtWindow for Till {
    fn call(&self, command: &str) -> Result<Shown, String> {
        let reply = self.dispatch(read(command)?);
        let may_quit = reply.found == Some(pos::Found::MayQuit);
        Ok(Shown { reply: json(&reply), may_quit })
    }

    fn enrol(&self, hub_url: String, code: String) {
        if self.view().screen == pos::Screen::Enrol {
            self.dispatch(pos::Command::Enrol { hub_url, code });
        }
    }

    fn on_change(&self, show: Arc<dyn Fn(String) + Send + Sync>) {
        Till::on_change(self, move |view| show(json(view)));
    }
}

impl AtWindow for Desk {
    fn call(&self, command: &str) -> Result<Shown, String> {
        let reply = self.dispatch(read(command)?);
        let may_quit = reply.found == Some(wms::Found::MayQuit);
        Ok(Shown { reply: json(&reply), may_quit })
    }

    fn enrol(&self, hub_url: String, code: String) {
        if self.view().screen == wms::Screen::Enrol {
            self.dispatch(wms::Command::Enrol { hub_url, code });
        }
    }

    fn on_change(&self, show: Arc<dyn Fn(String) + Send + Sync>) {
        Desk::on_change(self, move |view| show(json(view)));
    }
}

fn read<C: DeserializeOwned>(command: &str) -> Result<C, String> {
    serde_json::from_str(command).map_err(|error| error.to_string())
}

fn json(shown: &impl Serialize) -> String {
    serde_json::to_string(shown).unwrap_or_default()
}
