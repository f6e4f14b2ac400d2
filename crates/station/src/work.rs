//! What happens beside the commands, on a thread of the station's own: paper that came out, weights, the catalogue, the
//! hub's news, the salvage of a damaged ledger, and housekeeping while it is quiet.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use suanpan_ledger::{OpenError, Spare};

use crate::core::Core;
use crate::effect::Effect;
use crate::enrolling::locked;
use crate::index;
use crate::inner::{Event, Inner};
use crate::role::Role;

/// How often the printer is asked how it is, and the disk looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// How often a printer that does not print is asked: the roll is changed, and the screen says so while somebody looks.
const LOOK_AT_PRINTER: Duration = Duration::from_secs(2);

/// The pause after a piece of the salvage: much of the machine is the sale's.
const BETWEEN_PIECES: Duration = Duration::from_millis(20);

/// Failures of the salvage after which it waits for the next start.
const SALVAGES_MAX: u32 = 10;

/// Works until the station stops.
pub(crate) fn work<R: Role>(inner: &Arc<Inner<R>>, waiting: &Receiver<Event>) {
    let (mut salvages_left, mut quiet_since, mut asked) = (SALVAGES_MAX, Instant::now(), Instant::now());
    loop {
        let is_salvaging = salvages_left > 0
            && salvage(inner).unwrap_or_else(|error| {
                tracing::error!(error.code = error.code(), error.what = %error, "station.salvage");
                salvages_left -= 1;
                false
            });
        match waiting.recv_timeout(if is_salvaging { BETWEEN_PIECES } else { LOOK_AT_PRINTER }) {
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
            Ok(event) => {
                // A scale sends its weight ten times a second, whether somebody is there or not.
                let is_somebody = !matches!(event, Event::Scale);
                happened(inner, Some(event));
                if is_somebody {
                    quiet_since = Instant::now();
                }
            }
        }
        if quiet_since.elapsed() >= HOUSEKEEPING {
            happened(inner, None);
            quiet_since = Instant::now();
        }
        if asked.elapsed() >= LOOK_AT_PRINTER {
            inner.with(|core| core.printer_is_ill().then(|| core.ask_printer()));
            asked = Instant::now();
        }
    }
}

/// Does a piece of the salvage, the long part of it without the station's mutex, and says whether there is more.
///
/// *Errors:* the ledger's.
pub(crate) fn salvage<R: Role>(inner: &Inner<R>) -> Result<bool, OpenError> {
    let mut slot = locked(&inner.salvage);
    let before = slot.take();
    let Some(new) = inner.with(|core| core.shop.ledger.salvage()).flatten() else { return Ok(false) };
    let mut salvage = before.unwrap_or(new);
    salvage.step()?;
    let view = inner.with(|core| {
        let changed = core.salvaged(&mut salvage);
        core.revision += u64::from(changed);
        changed.then(|| R::view(core))
    });
    if let Some(view) = view.flatten() {
        inner.tell(&view);
    }
    *slot = Some(salvage);
    Ok(true)
}

/// Takes an event, or the time to look after things, and tells of the picture that came of it.
pub(crate) fn happened<R: Role>(inner: &Arc<Inner<R>>, event: Option<Event>) {
    let news = locked(&inner.network).take();
    let is_quiet = event.is_none();
    let changed = inner.with(|core| {
        let heard = news.is_some_and(|state| core.network_is(state));
        let changed = core.save_work() | take(core, event) | heard;
        core.revision += u64::from(changed);
        let spare = is_quiet.then(|| core.spare_catalogue()).flatten();
        let rebuilds_index = core.is_due(&Effect::RebuildIndex);
        (changed.then(|| R::view(core)), rebuilds_index, spare)
    });
    let (view, rebuilds_index, spare) = changed.unwrap_or((None, false, None));
    if let Some(Err(error)) = spare.map(Spare::keep) {
        tracing::warn!(error.what = %error, "station.spare_catalogue");
    }
    if let Some(view) = view {
        inner.tell(&view);
    }
    if rebuilds_index {
        index::rebuild(inner);
    }
}

/// Takes an event, or the time to look after things; true when the picture changed.
fn take<R: Role>(core: &mut Core<R>, event: Option<Event>) -> bool {
    match event {
        Some(Event::Print(event)) => core.print_event(event),
        Some(Event::Scale) => core.scale_moved(),
        Some(Event::Index(indexed)) => {
            core.indexed(indexed);
            true
        }
        Some(Event::Tidy) => core.tidy(),
        Some(Event::Catalogue) => true,
        Some(Event::Save | Event::Network | Event::Stop) => false,
        None => {
            core.ask_printer();
            R::look_after(core) | core.tidy() | core.scrub()
        }
    }
}
