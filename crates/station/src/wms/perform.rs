//! Which use case a command is, and what a command may do while something is waited for.

use suanpan_contract::wms::Command;
use suanpan_contract::{Code, TEXT_LEN_MAX};

use super::kinds::{Asked, Done, Turn};
use crate::people;
use crate::question::{self, carry_out};
use crate::settings::change;

/// Decides one command.
pub(crate) fn perform(turn: &mut Turn<'_>, command: &Command) -> Done {
    refuse_long_text(command)?;
    match command {
        Command::Scan { text } => card(turn, text),
        Command::Approve { staff, pin } => question::approve_by_pin(turn, staff, pin),
        Command::Confirm => question::confirm(turn),
        Command::Clear => question::clear(turn),
        other if turn.desk.asked.is_some() && !passes(other) => Err(Code::PromptOpen.into()),
        other => carry_out(turn, other),
    }
}

/// What may be done beside answering.
fn passes(command: &Command) -> bool {
    matches!(
        command,
        Command::View | Command::Lock | Command::Quit | Command::GetDevices | Command::SetLanguage { .. }
    )
}

/// A card: who approves, or who signs in.
fn card(turn: &mut Turn<'_>, text: &str) -> Done {
    match &turn.desk.asked {
        Some(Asked::Approve { .. }) => {
            let person = people::by_card(turn, text)?;
            question::approve(turn, person)
        }
        Some(_) => Err(Code::ScanWhileAsked.into()),
        None if turn.desk.person.is_none() => {
            let person = people::by_card(turn, text)?;
            people::seat(turn, person);
            Ok(())
        }
        None => Err(Code::NothingWaiting.into()),
    }
}

/// Decides a command that nothing stands in the way of.
pub(crate) fn plain(turn: &mut Turn<'_>, command: &Command) -> Done {
    match command {
        Command::View => Ok(()),
        Command::SignIn { staff, pin } => {
            if let Some(person) = people::by_pin(turn, staff, pin)? {
                people::seat(turn, person);
            }
            Ok(())
        }
        Command::Lock => people::lock(turn),
        Command::LiftLockout { staff } => people::lift_lockout(turn, staff),
        Command::SetLanguage { language } => change::set_language(turn, *language),
        Command::GetDevices => change::devices(turn),
        Command::SetDevices { devices } => change::set_devices(turn, devices),
        Command::Quit => change::quit(turn),
        Command::Enrol { .. } => Err(Code::AlreadyEnrolled.into()),
        Command::Scan { .. } | Command::Approve { .. } | Command::Confirm | Command::Clear => {
            Err(Code::BadRequest.into())
        }
    }
}

fn refuse_long_text(command: &Command) -> Done {
    let texts: [&str; 2] = match command {
        Command::Scan { text } => [text, ""],
        Command::Enrol { hub_url, code } => [hub_url, code],
        Command::SignIn { staff, pin } | Command::Approve { staff, pin } => [staff, pin],
        Command::LiftLockout { staff } => [staff, ""],
        Command::View
        | Command::Lock
        | Command::SetLanguage { .. }
        | Command::GetDevices
        | Command::SetDevices { .. }
        | Command::Quit
        | Command::Confirm
        | Command::Clear => return Ok(()),
    };
    match texts.iter().all(|text| text.chars().count() <= TEXT_LEN_MAX) {
        true => Ok(()),
        false => Err(Code::BadRequest.into()),
    }
}
