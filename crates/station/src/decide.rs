//! One turn of a station: a decision on a copy of the desk, kept when the ledger has taken it, or a sentence or question
//! instead.

use suanpan_contract::{Code, Outcome};

use crate::commit::Decision;
use crate::core::Core;
use crate::desk::{Asked, Then};
use crate::effect::Effect;
use crate::role::Role;
use crate::say::Say;
use crate::turn::{Done, Stop, Turn};

/// What came of a command.
pub(crate) struct Answered<R: Role> {
    pub(crate) outcome: Outcome,
    pub(crate) found: Option<R::Found>,
    /// What was carried out: the command, or the one that it answered a question about.
    pub(crate) did: Option<R::Command>,
}

impl<R: Role> Answered<R> {
    pub(crate) fn nothing(outcome: Outcome) -> Answered<R> {
        Answered { outcome, found: None, did: None }
    }
}

impl<R: Role> Core<R> {
    /// Carries a command out.
    pub(crate) fn dispatch(&mut self, command: &R::Command) -> Answered<R> {
        self.turn_at(self.clock.now_ms(), Some(command), |turn| R::perform(turn, command))
    }

    /// Carries a command out again, with what the hub said.
    pub(crate) fn dispatch_with(&mut self, command: &R::Command, answer: R::Answer) -> Answered<R> {
        R::remember(&mut self.shop.own, &answer);
        self.turn_at(self.clock.now_ms(), Some(command), |turn| {
            turn.answer = Some(answer);
            R::perform(turn, command)
        })
    }

    /// Carries out what no person asked for.
    pub(crate) fn turn(&mut self, decide: impl FnOnce(&mut Turn<'_, R>) -> Done<R>) {
        self.turn_at(self.clock.now_ms(), None, decide);
    }

    /// The same at a time of the caller's, by a command or by none: without one nothing can be asked.
    pub(crate) fn turn_at(
        &mut self,
        now_ms: i64,
        command: Option<&R::Command>,
        decide: impl FnOnce(&mut Turn<'_, R>) -> Done<R>,
    ) -> Answered<R> {
        self.revision += 1;
        let mut turn = Turn::new(&self.shop, now_ms, self.desk.clone());
        let done = decide(&mut turn);
        let (found, is_answered, agreed) =
            (turn.found.take(), turn.is_answered, std::mem::take(&mut turn.agreed));
        let then = turn.performing.take().or_else(|| command.cloned());
        let Turn { desk, entries, date, extra, uses_scale, kicks_drawer, new_settings, orders, say, .. } =
            turn;
        let asked = desk.asked.clone();
        match done {
            Ok(()) => {
                let keeps_message = R::keeps_message(command, found.is_some());
                let outcome = say.as_ref().and_then(|say| Outcome::said_by(say.code));
                let decision = Decision {
                    now_ms,
                    desk,
                    entries,
                    date,
                    extra,
                    uses_scale,
                    kicks_drawer,
                    new_settings,
                    orders,
                    say,
                };
                match self.keep(decision, keeps_message) {
                    true => Answered { outcome: outcome.unwrap_or(Outcome::Done), found, did: then },
                    false => Answered::nothing(Outcome::Refused),
                }
            }
            Err(stop) => {
                // A command that comes again with the hub's answer finds its approval still to be given.
                if is_answered && !matches!(stop, Stop::Errand(_)) {
                    self.desk.asked = asked;
                }
                let outcome = match &stop {
                    Stop::Refused(say) => Outcome::said_by(say.code).unwrap_or(Outcome::Refused),
                    _ => Outcome::Asked,
                };
                self.stop(stop, say, then, agreed);
                Answered::nothing(outcome)
            }
        }
    }

    fn stop(&mut self, stop: Stop<R>, said: Option<Say>, command: Option<R::Command>, agreed: Vec<Say>) {
        let under = self.desk.asked.clone().map(Box::new);
        match (stop, command) {
            (Stop::Refused(say), command) => {
                let is_refused_unseen = matches!(say.code, Code::ScanRefusedPending | Code::PromptOpen);
                let takes = command.is_some_and(|command| R::takes_typed_ahead(&command));
                if takes && !is_refused_unseen && self.desk.asked.is_none() {
                    R::forget_typed_ahead(&mut self.desk.own);
                }
                self.tell(&say);
            }
            (Stop::Ask(question), _) => self.desk.asked = Some(Asked::Own(question)),
            (Stop::Approval(wanted), Some(command)) => {
                let then = Then { command: Box::new(command), agreed, under };
                self.desk.asked = Some(Asked::Approve { wanted, then });
            }
            (Stop::Confirm(say), Some(command)) => {
                let then = Then { command: Box::new(command), agreed, under };
                self.desk.asked = Some(Asked::Confirm { say, then });
            }
            (Stop::Errand(errand), Some(_)) => self.bring_about(Effect::Errand(errand)),
            (Stop::Approval(_) | Stop::Confirm(_) | Stop::Errand(_), None) => {
                tracing::error!("station.nobody_to_ask");
            }
        }
        if let Some(say) = said {
            self.tell(&say);
        }
    }
}
