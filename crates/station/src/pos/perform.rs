//! Which use case a command is, and what a command may do while something is waited for.

use suanpan_contract::{Code, Command, TEXT_LEN_MAX};
use suanpan_domain::barcode::GS1_CHARS_MAX;
use suanpan_domain::catalogue::Role;

use super::desk::{Asked, Desk, Person, Then};
use super::say::{Done, Say, Stop};
use super::turn::Turn;
use super::{cited, edit, park, pay, people, print, query, refund, ring, settings, shift, weigh};

/// Decides one command.
pub(crate) fn perform(turn: &mut Turn<'_>, command: &Command) -> Done {
    refuse_long_text(command)?;
    match command {
        Command::Scan { text } => scan(turn, text),
        Command::Enter { .. } if turn.desk.has_error() => Err(Code::ScanRefusedPending.into()),
        Command::Approve { staff, pin } => approve_by_pin(turn, staff, pin),
        Command::Confirm => confirm(turn),
        Command::Clear => clear(turn),
        other if !passes(&turn.desk, other) => Err(Code::PromptOpen.into()),
        other => plain(turn, other),
    }
}

/// A scan never confirms anything: while something is waited for it is refused, or it is a supervisor's card or the
/// reference that is waited for.
fn scan(turn: &mut Turn<'_>, text: &str) -> Done {
    if turn.desk.has_error() {
        return Err(Code::ScanRefusedPending.into());
    }
    if text.chars().count() > GS1_CHARS_MAX {
        return Err(Code::ScanTooLong.into());
    }
    match &turn.desk.asked {
        Some(Asked::Approve { .. }) => {
            let person = people::by_card(turn, text)?;
            approve(turn, person)
        }
        Some(Asked::Reference { tender, amount }) => {
            let (tender, amount_fen) = (tender.clone(), Some(amount.0));
            plain(turn, &Command::Tender { tender, amount_fen, reference: Some(text.to_owned()) })
        }
        Some(Asked::Weigh { item, .. }) => {
            Err(Say::new(Code::ScanWhileWeighing).with("name", &item.name).into())
        }
        Some(_) => Err(Code::ScanWhileAsked.into()),
        None if turn.desk.person.is_none() => people::sign_in_by_card(turn, text),
        None => plain(turn, &Command::Scan { text: text.to_owned() }),
    }
}

/// What may be done beside answering.
fn passes(desk: &Desk, command: &Command) -> bool {
    let Some(asked) = &desk.asked else { return true };
    match command {
        Command::Lock | Command::Quit | Command::Select { .. } => true,
        Command::Search { .. } | Command::FindDocuments { .. } => true,
        Command::FindSlips | Command::Preview { .. } | Command::RefundLeave => true,
        Command::GetDevices | Command::SetLanguage { .. } | Command::View => true,
        Command::TypeWeight { .. } | Command::SetTare { .. } => matches!(asked, Asked::Weigh { .. }),
        // The cashier pressed the wrong key: another item takes the place of the one that waits.
        Command::AddItem { .. } | Command::Enter { .. } => {
            matches!(asked, Asked::Weigh { .. } | Asked::Choose { .. })
        }
        Command::Choose { .. } => matches!(asked, Asked::Choose { .. }),
        Command::Tender { .. } => matches!(asked, Asked::Reference { .. }),
        Command::SignIn { .. } => matches!(asked, Asked::Relieve { .. }),
        _ => false,
    }
}

fn plain(turn: &mut Turn<'_>, command: &Command) -> Done {
    turn.performing = Some(command.clone());
    match command {
        Command::SignIn { staff, pin, relieve } => people::sign_in(turn, staff, pin, *relieve),
        Command::Lock => people::lock(turn),
        Command::LiftLockout { staff } => people::lift_lockout(turn, staff),

        Command::OpenShift { float_fen } => shift::open(turn, *float_fen),
        Command::MoveCash { kind, amount_fen } => shift::move_cash(turn, *kind, *amount_fen),
        Command::BeginCount { purpose } => shift::begin_count(turn, *purpose),
        Command::AuditShift { count } => shift::audit(turn, count),
        Command::CloseShift { count } => shift::close(turn, count),
        Command::CloseDay => shift::close_day(turn),
        Command::OpenDrawer => shift::open_drawer(turn),

        Command::Scan { text } => ring::code(turn, text, false),
        Command::Enter { text } => ring::code(turn, text, true),
        Command::Multiply { pieces } => ring::multiply(turn, *pieces),
        Command::AddItem { item } => ring::add_item(turn, item),
        Command::Choose { index } => ring::choose(turn, *index),
        Command::TypeWeight { grams } => weigh::type_weight(turn, *grams),
        Command::SetTare { grams } => weigh::set_tare(turn, *grams),
        Command::Select { line } => edit::select(turn, *line),
        Command::SetQuantity { line, quantity } => edit::set_quantity(turn, *line, *quantity),
        Command::SetPrice { line, price_fen } => edit::set_price(turn, *line, *price_fen),
        Command::Discount { line, discount } => edit::discount(turn, *line, *discount),
        Command::RemoveLine { line } => edit::remove_line(turn, *line),
        Command::VoidBasket => edit::void_basket(turn),
        Command::Park => park::park(turn),
        Command::Recall { basket } => park::recall(turn, basket),

        Command::Tender { tender, amount_fen, reference } => {
            pay::tender(turn, tender, *amount_fen, reference.clone())
        }
        Command::ClearTenders => pay::clear_tenders(turn),

        Command::Reprint { document } => print::reprint(turn, document.as_deref()),
        Command::TestPrint => print::test_print(turn),
        Command::RefundLookup { number } => refund::look_up(turn, number),
        Command::RefundQuote { sale, lines, to_cash } => refund::quote(turn, sale, lines, *to_cash),
        Command::Refund { sale, lines, to_cash } => refund::refund(turn, sale, lines, *to_cash),
        Command::CitedQuote { number, lines, tender } => cited::quote(turn, number, lines, tender),
        Command::RefundCited { number, lines, tender } => cited::refund(turn, number, lines, tender),
        Command::RefundLeave => refund::leave(turn),

        Command::Search { query } => query::search(turn, query),
        Command::FindDocuments { number } => query::find_documents(turn, number),
        Command::FindSlips => query::find_slips(turn),
        Command::Preview { document } => query::preview(turn, document),
        Command::SetLanguage { language } => settings::set_language(turn, *language),
        Command::GetDevices => settings::devices(turn),
        Command::SetDevices { devices } => settings::set_devices(turn, devices),
        Command::Quit => settings::quit(turn),

        Command::View => Ok(()),
        Command::Enrol { .. } => Err(Code::AlreadyEnrolled.into()),
        Command::Approve { .. } | Command::Confirm | Command::Clear => Err(Code::BadRequest.into()),
    }
}

fn approve_by_pin(turn: &mut Turn<'_>, staff: &str, pin: &str) -> Done {
    if !matches!(turn.desk.asked, Some(Asked::Approve { .. })) {
        return Err(Code::NothingWaiting.into());
    }
    match people::by_pin(turn, staff, pin)? {
        Some(person) => approve(turn, person),
        None => Ok(()),
    }
}

/// One approval, one action: the command is carried out with it and it is gone.
fn approve(turn: &mut Turn<'_>, person: Person) -> Done {
    let Some(Asked::Approve { wanted, then }) = turn.desk.asked.clone() else {
        return Err(Code::NothingWaiting.into());
    };
    if turn.desk.person.as_ref().is_some_and(|asking| asking.code == person.code) {
        return Err(Code::ApproverMustDiffer.into());
    }
    if person.role < wanted.role {
        let is_managers = wanted.role == Role::Manager;
        return Err(if is_managers { Code::NotAllowedManager } else { Code::NotAllowed }.into());
    }
    turn.approval = Some(person);
    go_on(turn, then)
}

/// Carries out the command that an answer was waited for.
fn go_on(turn: &mut Turn<'_>, then: Then) -> Done {
    turn.desk.asked = then.under.map(|under| *under);
    turn.agreed = then.agreed;
    turn.is_answered = true;
    plain(turn, &then.command)
}

fn confirm(turn: &mut Turn<'_>) -> Done {
    match turn.desk.asked.take() {
        Some(Asked::Confirm { say, mut then }) => {
            then.agreed.push(say);
            go_on(turn, then)
        }
        Some(Asked::Relieve { person }) => people::take_over(turn, person),
        _ => Err(Code::NothingWaiting.into()),
    }
}

/// 清除: first the error, then what was waited for, then what was typed ahead.
fn clear(turn: &mut Turn<'_>) -> Done {
    let desk = &mut turn.desk;
    if desk.has_error() {
        desk.message = None;
        return Ok(());
    }
    desk.message = None;
    match desk.asked.take() {
        // What the scale or a key would have rung is given up whole; what was typed or chosen may be done again.
        Some(Asked::Confirm { then, .. }) if rings(&then.command) && !answers(&then.command) => {}
        Some(Asked::Approve { then, .. } | Asked::Confirm { then, .. }) => {
            desk.asked = then.under.map(|under| *under);
        }
        Some(_) | None => {}
    }
    if desk.asked.is_none() {
        desk.forget_typed_ahead();
    }
    Ok(())
}

/// True of what puts goods into the basket.
pub(crate) fn rings(command: &Command) -> bool {
    let is_new = matches!(command, Command::Scan { .. } | Command::Enter { .. } | Command::AddItem { .. });
    is_new || answers(command)
}

fn answers(command: &Command) -> bool {
    matches!(command, Command::Choose { .. } | Command::TypeWeight { .. })
}

fn refuse_long_text(command: &Command) -> Result<(), Stop> {
    let texts: [&str; 2] = match command {
        Command::Scan { text } | Command::Enter { text } => [text, ""],
        Command::Enrol { hub_url, code } => [hub_url, code],
        Command::SignIn { staff, pin, .. } | Command::Approve { staff, pin } => [staff, pin],
        Command::Search { query } => [query, ""],
        Command::Tender { tender, reference, .. } => [tender, reference.as_deref().unwrap_or_default()],
        Command::FindDocuments { number } | Command::RefundLookup { number } => [number, ""],
        Command::RefundCited { number, tender, .. } | Command::CitedQuote { number, tender, .. } => {
            [number, tender]
        }
        Command::AddItem { item } => [item, ""],
        _ => ["", ""],
    };
    if texts.iter().any(|text| text.chars().count() > TEXT_LEN_MAX) {
        return Err(Code::BadRequest.into());
    }
    Ok(())
}
