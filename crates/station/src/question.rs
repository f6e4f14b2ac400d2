//! Answering what a station waits for: a yes, an approval, or giving it up.

use suanpan_contract::Code;
use suanpan_domain::catalogue;

use crate::desk::{Asked, Person, Then};
use crate::people;
use crate::role::Role;
use crate::turn::{Done, Turn};

/// Approves with staff number and PIN.
pub(crate) fn approve_by_pin<R: Role>(turn: &mut Turn<'_, R>, staff: &str, pin: &str) -> Done<R> {
    if !matches!(turn.desk.asked, Some(Asked::Approve { .. })) {
        return Err(Code::NothingWaiting.into());
    }
    match people::by_pin(turn, staff, pin)? {
        Some(person) => approve(turn, person),
        None => Ok(()),
    }
}

/// One approval, one action: the command is carried out with it and it is gone.
pub(crate) fn approve<R: Role>(turn: &mut Turn<'_, R>, person: Person) -> Done<R> {
    let Some(Asked::Approve { wanted, then }) = turn.desk.asked.clone() else {
        return Err(Code::NothingWaiting.into());
    };
    if turn.desk.person.as_ref().is_some_and(|asking| asking.code == person.code) {
        return Err(Code::ApproverMustDiffer.into());
    }
    if person.role < wanted.role {
        let is_managers = wanted.role == catalogue::Role::Manager;
        return Err(if is_managers { Code::NotAllowedManager } else { Code::NotAllowed }.into());
    }
    turn.approval = Some(person);
    go_on(turn, then)
}

/// Carries out the command that an answer was waited for.
fn go_on<R: Role>(turn: &mut Turn<'_, R>, then: Then<R>) -> Done<R> {
    turn.desk.asked = then.under.map(|under| *under);
    turn.agreed = then.agreed;
    turn.is_answered = true;
    carry_out(turn, &then.command)
}

/// Carries a command out, which comes again should it be asked about.
pub(crate) fn carry_out<R: Role>(turn: &mut Turn<'_, R>, command: &R::Command) -> Done<R> {
    turn.performing = Some(command.clone());
    R::carry_out(turn, command)
}

/// The answer yes.
pub(crate) fn confirm<R: Role>(turn: &mut Turn<'_, R>) -> Done<R> {
    match turn.desk.asked.take() {
        Some(Asked::Confirm { say, mut then }) => {
            then.agreed.push(say);
            go_on(turn, then)
        }
        Some(Asked::Own(question)) => R::confirmed(turn, question),
        _ => Err(Code::NothingWaiting.into()),
    }
}

/// 清除: first the error, then what was waited for, then what was typed ahead.
pub(crate) fn clear<R: Role>(turn: &mut Turn<'_, R>) -> Done<R> {
    let desk = &mut turn.desk;
    let had_error = desk.has_error();
    desk.message = None;
    if had_error {
        return Ok(());
    }
    match desk.asked.take() {
        // What the scale or a key would have rung is given up whole; what was typed or chosen may be done again.
        Some(Asked::Confirm { then, .. }) if R::gives_up(&then.command) => {}
        Some(Asked::Confirm { say, then }) => {
            desk.asked = then.under.map(|under| *under);
            R::declined(turn, &say);
        }
        Some(Asked::Approve { then, .. }) => desk.asked = then.under.map(|under| *under),
        Some(Asked::Own(_)) | None => {}
    }
    if turn.desk.asked.is_none() {
        R::forget_typed_ahead(&mut turn.desk.own);
    }
    Ok(())
}
