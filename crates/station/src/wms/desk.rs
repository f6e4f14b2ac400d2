//! The warehouse desk as its hosts see it, and what it does at a station.

use std::convert::Infallible;

use suanpan_contract::wms::{Command, DeskView, Reply};

use super::kinds::{Core, Done, Shop, Turn, Wms};
use super::perform::{perform, plain};
use super::picture;
use crate::decide::Answered;
use crate::role::{Basic, Role, Unenrolled};
use crate::start::{StartError, StationConfig};
use crate::station::Station;
use crate::sync::Hub;

/// A running warehouse desk. Dropping it stops it.
pub struct Desk(Station<Wms>);

impl Desk {
    /// Opens the folder and is ready to work; starts devices and the hub's driver.
    ///
    /// *Errors:* [`StartError`]; another process at work in the folder, a ledger of a newer version.
    pub fn start(config: StationConfig) -> Result<Desk, StartError> {
        Station::start(config).map(Desk)
    }

    /// Carries a command out and gives the picture after it. [`Command::Enrol`] waits for the hub. Call it off the window's
    /// own thread.
    pub fn dispatch(&self, command: Command) -> Reply {
        let (Answered { outcome, found, .. }, view) = self.0.dispatch(&command);
        Reply { view, found, outcome }
    }

    /// The picture as it is now.
    pub fn view(&self) -> DeskView {
        self.0.view()
    }

    /// Calls back with every picture that no command of this host brought about. Called from the desk's own thread; must
    /// not wait and must not call the desk.
    pub fn on_change(&self, listener: impl Fn(&DeskView) + Send + 'static) {
        self.0.on_change(listener);
    }
}

impl Role for Wms {
    type View = DeskView;
    type Before = ();

    fn basic(command: &Command) -> Basic<'_> {
        match command {
            Command::View => Basic::View,
            Command::Clear => Basic::Clear,
            Command::Quit => Basic::Quit,
            Command::SetLanguage { language } => Basic::SetLanguage(*language),
            Command::Enrol { hub_url, code } => Basic::Enrol { hub_url, code },
            _ => Basic::Other,
        }
    }

    fn perform(turn: &mut Turn<'_>, command: &Command) -> Done {
        perform(turn, command)
    }

    fn carry_out(turn: &mut Turn<'_>, command: &Command) -> Done {
        plain(turn, command)
    }

    fn confirmed(_: &mut Turn<'_>, nothing: Infallible) -> Done {
        match nothing {}
    }

    fn keeps_message(command: Option<&Command>, found: bool) -> bool {
        found || matches!(command, None | Some(Command::View))
    }

    fn ask(nothing: Infallible, _: Option<&Hub>) -> Infallible {
        nothing
    }

    fn tell(nothing: Infallible, _: &Hub) {
        match nothing {}
    }

    fn remember(_: &mut (), nothing: &Infallible) {
        match *nothing {}
    }

    fn view(core: &Core) -> DeskView {
        picture::view(core)
    }

    fn unenrolled(machine: Unenrolled) -> DeskView {
        picture::unenrolled(machine)
    }

    fn journal_date(shop: &Shop, now_ms: i64) -> u32 {
        shop.clock_date(now_ms)
    }
}
