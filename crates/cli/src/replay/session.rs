//! One run: read, refuse or open, ring every document, wait for the hub, compare.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use suanpan_station::replay::{DayFigures, Folder, ReplayTill};
use suanpan_station::sync::OwnReport;
use sync_server::RunningHub;
use tokio::runtime::Runtime;
use tokio::time::{Interval, interval};

use super::args::Args;
use super::failure::ReplayFailure;
use super::files::Files;
use super::hub;
use super::outcome::Outcome;

/// How often the hub is looked at while waiting for it.
const LOOK: Duration = Duration::from_millis(50);
/// Looks without any progress before waiting ends: two minutes, four times the driver's longest pause.
const LOOKS_MAX: u32 = 2_400;

/// A replay that was not refused.
pub struct Session {
    files: Files,
    // Dropped in this order: the till stops talking before the hub ends.
    till: ReplayTill,
    hub: Option<RunningHub>,
    runtime: Runtime,
    rate: Option<u32>,
}

impl Session {
    /// Reads the files, looks at the folder, and opens till and hub. A refusal changes nothing.
    ///
    /// *Errors:* [`ReplayFailure`].
    pub fn open(args: &Args) -> Result<Session, ReplayFailure> {
        let files = Files::read(args)?;
        let folder = Folder::look(&args.data_dir, files.source)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (hub, code) = match args.hub.as_str() {
            "embedded" => {
                let (hub, code) = runtime.block_on(hub::serve(&args.data_dir, folder.identity()))?;
                (Some(hub), code)
            }
            _ => (None, args.enrol_code.clone()),
        };
        let url = hub.as_ref().map_or(args.hub.as_str(), RunningHub::url);
        let till = folder.open(url, code.as_deref())?;
        Ok(Session { files, till, hub, runtime, rate: args.rate })
    }

    /// How many documents the file holds.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.files.len()
    }

    /// The till that rings them.
    #[must_use]
    pub fn till(&self) -> &ReplayTill {
        &self.till
    }

    /// Rings every document that the ledger has not, and closes the last date. `after_each` is told of each new one,
    /// with its place in the file.
    ///
    /// *Errors:* `Till`.
    pub fn sell(&self, mut after_each: impl FnMut(&ReplayTill, u64)) -> Result<(), ReplayFailure> {
        let bar = bar("Selling", self.files.len() as u64);
        let mut pace = self.rate.map(|rate| self.ticks(Duration::from_secs(1) / rate));
        for document in self.files.documents() {
            if self.till.ring(&document)? {
                after_each(&self.till, document.index);
                if let Some(pace) = &mut pace {
                    self.runtime.block_on(pace.tick());
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(self.till.close()?)
    }

    /// Waits until the hub has everything and has added it up, and compares.
    ///
    /// *Errors:* `Stalled`, `Report`, `Till`.
    pub fn finish(self) -> Result<Outcome, ReplayFailure> {
        self.wait_for_acks()?;
        let days = self.files.dates().into_iter().map(|date| self.till.day(date));
        let days: Vec<DayFigures> = days.collect::<Result<_, _>>()?;
        let outcome = self.wait_for_figures(&days)?;
        let Session { till, hub, runtime, .. } = self;
        drop(till);
        if let Some(hub) = hub {
            runtime.block_on(hub.stop());
        }
        Ok(outcome)
    }

    /// Waits until the hub has acked all that was sold.
    ///
    /// *Errors:* it gets no further.
    pub fn wait_for_acks(&self) -> Result<(), ReplayFailure> {
        let mut upload = self.till.upload()?;
        let bar = bar("Waiting for the hub", upload.written);
        let mut look = self.ticks(LOOK);
        let mut looks = 0;
        while upload.acked < upload.written {
            if looks == LOOKS_MAX {
                return Err(ReplayFailure::Stalled { acked: upload.acked, written: upload.written });
            }
            self.runtime.block_on(look.tick());
            let before = std::mem::replace(&mut upload, self.till.upload()?);
            looks = if upload == before { looks + 1 } else { 0 };
            bar.set_position(upload.acked);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Asks for the hub's figures until they agree, or nothing waits to be added to them any more.
    fn wait_for_figures(&self, days: &[DayFigures]) -> Result<Outcome, ReplayFailure> {
        let (Some(first), Some(last)) = (days.first(), days.last()) else {
            return Ok(Outcome::new(&[], &[]));
        };
        let hub = self.till.hub();
        let mut look = self.ticks(LOOK);
        let mut looks = 0;
        loop {
            looks += 1;
            self.runtime.block_on(look.tick());
            match self.runtime.block_on(hub.own_days(first.date, last.date)) {
                Ok(OwnReport { rows, pending }) => {
                    let outcome = Outcome::new(days, &rows);
                    if outcome.agrees() || pending == 0 || looks >= LOOKS_MAX {
                        return Ok(outcome);
                    }
                }
                // A hub that restarts or is busy gives them in a moment.
                Err(error) if looks >= LOOKS_MAX => return Err(error.into()),
                Err(_) => {}
            }
        }
    }

    fn ticks(&self, every: Duration) -> Interval {
        let _within = self.runtime.enter();
        interval(every)
    }
}

/// On a terminal only; on standard error, so that the figures stay alone on standard output.
fn bar(what: &'static str, len: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
