//! What happens beside the commands: paper that came out, a scale that settled, housekeeping.

use suanpan_contract::{Code, MessageView, PrintView, PrinterView};
use suanpan_devices::{Outcome, Patience, PrintEvent, PrintQueue, Printer, PrinterStatus};
use suanpan_ledger::{DiskState, Salvage, Spare};

use crate::core::Core;
use crate::inner::Indexed;
use crate::print;
use crate::role::Role;
use crate::say::Say;
use crate::scale::Pan;
use crate::settings::change;

/// Between two copies of the catalogue.
const SPARE_MS: i64 = 24 * 60 * 60_000;

impl<R: Role> Core<R> {
    /// Notes a print outcome or the printer's state; true when the picture changed.
    pub(crate) fn print_event(&mut self, event: PrintEvent) -> bool {
        match event {
            PrintEvent::Status(status) => self.printer_is(status),
            PrintEvent::Finished { id, outcome } => self.printed(id, outcome),
        }
    }

    fn printed(&mut self, id: suanpan_domain::ids::Id, outcome: Outcome) -> bool {
        self.note_job(id, print::state_of(outcome), self.clock.now_ms());
        match (print::status_after(outcome), outcome) {
            (Some(status), _) => _ = self.printer_is(status),
            (None, Outcome::Printed) => self.ask_printer(),
            (None, _) => {}
        }
        if let Some(code) = print::said_of(outcome) {
            self.tell(&Say::new(code).with("path", change::printer_place(&self.shop.settings.devices)));
        }
        true
    }

    fn printer_is(&mut self, status: PrinterStatus) -> bool {
        let before = self.shop.printer;
        self.shop.printer = match status {
            PrinterStatus::Ready => PrinterView::Ready,
            PrinterStatus::PaperLow => PrinterView::PaperLow,
            PrinterStatus::PaperOut => PrinterView::PaperOut,
            PrinterStatus::CoverOpen => PrinterView::CoverOpen,
            PrinterStatus::Offline => PrinterView::Offline,
            PrinterStatus::Unknown => PrinterView::Unknown,
        };
        if before == self.shop.printer {
            return false;
        }
        self.take_back(before);
        true
    }

    /// Takes away what was said about the printer and is so no longer. What did not print is still to be printed.
    fn take_back(&mut self, before: PrinterView) {
        use PrinterView::{CoverOpen, Offline, PaperLow, PaperOut, Ready, Unknown};
        let now = self.shop.printer;
        let is_well = matches!(now, Ready | PaperLow);
        let was_ill = matches!(before, PaperOut | CoverOpen | Offline);
        let is_over = |message: &mut MessageView| match message.code {
            Code::PaperOut => !matches!(now, PaperOut | Unknown),
            Code::PrinterOffline => !matches!(now, Offline | Unknown),
            Code::NotPrinted => is_well && was_ill,
            _ => false,
        };
        if self.desk.message.take_if(is_over).is_some() && is_well {
            let print = R::last_print(&self.shop);
            if print.is_some_and(|(_, print)| print == PrintView::Failed) {
                self.tell_code(Code::PrinterBack);
            }
        }
    }

    /// Whether the printer is to be asked again soon: somebody is changing its paper, or looking for its cable.
    pub(crate) fn printer_is_ill(&self) -> bool {
        matches!(self.shop.printer, PrinterView::PaperOut | PrinterView::CoverOpen | PrinterView::Offline)
    }

    /// Asks the printer how it is; the answer comes as an event.
    pub(crate) fn ask_printer(&self) {
        if let Some(queue) = &self.queue {
            // A full queue will tell by its jobs.
            let _ = queue.ask_status();
        }
    }

    /// The scale shows something else: what waits for it goes on.
    pub(crate) fn scale_moved(&mut self) -> bool {
        if R::weighed(self) {
            return true;
        }
        // A scale sends the same weight ten times a second; the screen hears of another one only.
        let shows = self.shop.scale.view();
        shows != std::mem::replace(&mut self.scale_shown, shows)
    }

    /// Takes a new search index.
    pub(crate) fn indexed(&mut self, indexed: Indexed) {
        self.shop.index = Some(indexed.index);
        R::kept(self, indexed.kept);
    }

    /// Reads on in the journal while nothing is in hand, so that damage is found while the hub still knows better; true when it
    /// found any.
    pub(crate) fn scrub(&mut self) -> bool {
        if R::is_busy(&self.desk) || self.scrubs_left == 0 {
            return false;
        }
        self.scrubs_left -= 1;
        match self.shop.ledger.scrub_step() {
            Ok(None) => return false,
            Ok(Some(replacement)) => self.note_replacement(&replacement),
            Err(error) => {
                tracing::error!(error.code = error.code(), error.what = %error, "station.scrub");
                self.tell_code(Code::LedgerFailed);
            }
        }
        true
    }

    /// Hears how far the salvage behind the work is; true when the picture changed.
    pub(crate) fn salvaged(&mut self, salvage: &mut Salvage) -> bool {
        let shown = self.shop.to_come();
        match self.shop.ledger.join(salvage) {
            Ok(Some(whole)) => self.note_whole(&whole),
            Ok(None) => return self.shop.to_come() != shown,
            Err(error) => {
                tracing::error!(error.code = error.code(), error.what = %error, "station.salvage");
                self.tell_code(Code::LedgerFailed);
            }
        }
        true
    }

    /// Copies the catalogue once a start and once a day, while nothing is in hand.
    pub(crate) fn spare_catalogue(&mut self) -> Option<Spare> {
        let now_ms = self.clock.now_ms();
        let is_due = self.spared_at_ms.is_none_or(|at_ms| now_ms.saturating_sub(at_ms) >= SPARE_MS);
        if !is_due || R::is_busy(&self.desk) || !self.shop.book.has_arrived {
            return None;
        }
        self.spared_at_ms = Some(now_ms);
        let spare = self.shop.catalogue.spare();
        spare.inspect_err(|error| tracing::warn!(error.code = error.code(), "station.spare_catalogue")).ok()
    }

    /// Housekeeping while nothing is in hand; true when the picture changed.
    pub(crate) fn tidy(&mut self) -> bool {
        let waited = self.apply_next_cut().unwrap_or_else(|error| {
            tracing::warn!(error.code = error.code, error.what = error.what, "station.cut");
            false
        });
        let new_prices = self.follow_announced() || waited;
        let (before, said_before) = (self.shop.ledger.disk(), self.sequence);
        match self.shop.ledger.between_sales() {
            Ok(Some(replacement)) => self.note_replacement(&replacement),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(error.code = error.code(), error.what = %error, "station.between_sales");
                self.tell_code(Code::LedgerFailed);
            }
        }
        let now = self.shop.ledger.disk();
        let said = |message: &mut MessageView| match message.code {
            Code::DiskLow => now == DiskState::Plenty,
            Code::DiskFull => now != DiskState::Full,
            _ => false,
        };
        let taken_back = now != before && self.desk.message.take_if(said).is_some();
        if now != before && now != DiskState::Plenty {
            self.tell_code(Code::DiskLow);
        }
        new_prices || now != before || taken_back || self.sequence != said_before
    }

    /// Starts printer and scale as the settings say and gives back those before, to be dropped elsewhere.
    pub(crate) fn start_devices(
        &mut self,
        told: impl Fn(PrintEvent) + Send + 'static,
        moved: impl Fn() + Send + 'static,
    ) -> (Option<PrintQueue>, Pan) {
        let devices = self.shop.settings.devices.clone();
        let printer = change::printer(&devices, &self.shop.folder)
            .map(|settings| Printer::new(settings, Patience::default()));
        let queue = printer.map(|printer| PrintQueue::start(printer, told)).transpose();
        let queue = queue.unwrap_or_else(|error| {
            tracing::error!(error.what = %error, "station.print_queue");
            None
        });
        let scale = match devices.scale_port.as_str() {
            "" => Pan::default(),
            port => Pan::start(port, moved).unwrap_or_else(|error| {
                tracing::error!(error.what = %error, "station.scale");
                Pan::default()
            }),
        };
        self.shop.paper = change::paper(&devices);
        self.shop.has_printer = queue.is_some();
        self.shop.printer = if queue.is_some() { PrinterView::Unknown } else { PrinterView::None };
        let before =
            (std::mem::replace(&mut self.queue, queue), std::mem::replace(&mut self.shop.scale, scale));
        self.ask_printer();
        before
    }
}
