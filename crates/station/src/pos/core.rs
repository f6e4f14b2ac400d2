//! The till behind its mutex: decides a command on a copy, has the ledger write it, and only then makes it so.

use std::sync::Arc;

use suanpan_contract::{Code, Command, Found, Level, MessageView, ScaleView};
use suanpan_devices::PrintQueue;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_ledger::Lock;

pub(crate) use super::cuts::NextCut;
use super::desk::{Asked, Desk, Then};
use super::foreign::Answer;
use super::perform::{perform, rings};
use super::picture::Keys;
use super::print::Extra;
use super::refund::Kept;
use super::say::{Done, Say, Stop};
use super::shop::Shop;
use super::turn::Turn;
use crate::clock::Clock;
use crate::settings::MachineSettings;

/// See the module.
pub(crate) struct Core {
    pub(crate) shop: Shop,
    pub(crate) desk: Desk,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where the hub is; empty for a station without one.
    pub(crate) hub_url: String,
    pub(crate) queue: Option<PrintQueue>,
    /// Grows with every message.
    pub(crate) sequence: u64,
    /// Grows with every picture.
    pub(crate) revision: u64,
    /// The shift whose cashier was asked to make a drop.
    pub(crate) drop_asked: Option<Id>,
    pub(crate) keys: Keys,
    /// The weight that the screen was last told.
    pub(crate) scale_shown: Option<ScaleView>,
    /// Items and prices that wait for the open basket.
    pub(crate) next_cut: Option<NextCut>,
    /// Printer and scale must be started anew, which is done without the mutex.
    pub(crate) devices_changed: bool,
    /// The receipt that the hub is to be asked for, without the mutex.
    pub(crate) question: Option<String>,
    /// The disk does not have the open basket as it is.
    pub(crate) basket_unsaved: bool,
    /// Something was committed: time for the driver to send it.
    pub(crate) committed: bool,
    /// The catalogue changed: the search index is to be built again.
    pub(crate) rebuilds_index: bool,
    /// The counter is empty: there is time to tidy up.
    pub(crate) tidies: bool,
    /// Steps of reading the journal again that this start has left.
    pub(crate) scrubs_left: u32,
    /// When the catalogue was last copied in this run.
    pub(crate) spared_at_ms: Option<i64>,
    /// Held as long as the till runs.
    pub(crate) lock: Lock,
}

/// What a turn decided, free of what it looked at.
pub(crate) struct Decision {
    pub(crate) now_ms: i64,
    pub(crate) desk: Desk,
    pub(crate) entries: Vec<Entry>,
    pub(crate) date: Option<u32>,
    pub(crate) extra: Option<Extra>,
    pub(crate) uses_scale: bool,
    pub(crate) kicks_drawer: bool,
    pub(crate) new_settings: Option<MachineSettings>,
    pub(crate) say: Option<Say>,
}

impl Core {
    /// Carries a command out.
    pub(crate) fn dispatch(&mut self, command: &Command) -> Option<Found> {
        self.turn(command, |turn| perform(turn, command))
    }

    /// Carries a command out again, with what the hub said of the receipt that it is about.
    pub(crate) fn dispatch_with(&mut self, command: &Command, answer: Answer) -> Option<Found> {
        self.shop.told.remember(&answer);
        self.turn(command, |turn| {
            turn.answer = Some(answer);
            perform(turn, command)
        })
    }

    /// The receipt that the hub keeps for this till and may let go.
    pub(crate) fn reserved(&mut self) -> Option<String> {
        let refundable = self.desk.refundable.as_deref()?;
        (refundable.kept != Kept::Unasked && refundable.hub_knows).then(|| refundable.number.clone())
    }

    /// Carries out what a device brings about.
    pub(crate) fn turn(
        &mut self,
        command: &Command,
        decide: impl FnOnce(&mut Turn<'_>) -> Done,
    ) -> Option<Found> {
        self.turn_at(self.clock.now_ms(), command, decide)
    }

    /// The same at a time of the caller's: a replay has its own.
    pub(crate) fn turn_at(
        &mut self,
        now_ms: i64,
        command: &Command,
        decide: impl FnOnce(&mut Turn<'_>) -> Done,
    ) -> Option<Found> {
        self.revision += 1;
        let mut turn = Turn::new(&self.shop, now_ms, self.desk.clone());
        let done = decide(&mut turn);
        let (found, is_answered, agreed) =
            (turn.found.take(), turn.is_answered, std::mem::take(&mut turn.agreed));
        let then = turn.performing.take().unwrap_or_else(|| command.clone());
        let Turn { desk, entries, date, extra, uses_scale, kicks_drawer, new_settings, say, .. } = turn;
        let asked = desk.asked.clone();
        match done {
            Ok(()) => {
                // A receipt that is opened leaves no sentence about the one before it.
                let is_query = match command {
                    Command::View | Command::RefundLeave => true,
                    Command::RefundLookup { .. } => false,
                    _ => found.is_some(),
                };
                let decision = Decision {
                    now_ms,
                    desk,
                    entries,
                    date,
                    extra,
                    uses_scale,
                    kicks_drawer,
                    new_settings,
                    say,
                };
                self.keep(decision, is_query);
                found
            }
            Err(stop) => {
                // A command that comes again with the hub's answer finds its approval still to be given.
                if is_answered && !matches!(stop, Stop::AskHub(_)) {
                    self.desk.asked = asked;
                }
                self.stop(stop, say, then, agreed);
                None
            }
        }
    }

    fn stop(&mut self, stop: Stop, say: Option<Say>, command: Command, agreed: Vec<Say>) {
        let under = self.desk.asked.clone().map(Box::new);
        let then = Then { command: Box::new(command), agreed, under };
        match stop {
            Stop::Refused(say) => {
                let is_refused_unseen = matches!(say.code, Code::ScanRefusedPending | Code::PromptOpen);
                if rings(&then.command) && !is_refused_unseen && self.desk.asked.is_none() {
                    self.desk.forget_typed_ahead();
                }
                self.tell(&say);
            }
            Stop::Approval(wanted) => self.desk.asked = Some(Asked::Approve { wanted, then }),
            Stop::Confirm(say) => self.desk.asked = Some(Asked::Confirm { say, then }),
            Stop::Relieve => {
                let person = self.desk.person.clone();
                self.desk.asked = person.map(|person| Asked::Relieve { person });
            }
            Stop::AskHub(number) => self.question = Some(number),
        }
        if let Some(say) = say {
            self.tell(&say);
        }
    }

    /// Puts a sentence on the message line. An error stays until it is acknowledged or another one comes.
    pub(crate) fn tell(&mut self, say: &Say) {
        let level = say.code.level();
        let error = self.desk.message.as_mut().filter(|message| message.level == Level::Error);
        if let (Code::ScanRefusedPending, Some(first)) = (say.code, error) {
            // The first one says what is wrong; those after it are counted.
            self.sequence += 1;
            (first.sequence, first.refused) = (self.sequence, first.refused.saturating_add(1));
            return;
        }
        if self.desk.has_error() && level != Level::Error {
            return;
        }
        self.sequence += 1;
        let (sequence, args) = (self.sequence, say.args.clone());
        self.desk.message = Some(MessageView { sequence, level, code: say.code, args, refused: 0 });
    }

    pub(crate) fn tell_code(&mut self, code: Code) {
        self.tell(&Say::new(code));
    }
}
