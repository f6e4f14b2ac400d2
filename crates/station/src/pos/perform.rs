//! Which use case a command is, and what a command may do while something is waited for.

use suanpan_contract::pos::{Command, Work};
use suanpan_contract::{Code, TEXT_LEN_MAX};
use suanpan_domain::barcode::GS1_CHARS_MAX;

use super::counter::Question;
use super::kinds::{Asked, Desk, Done, Stop, Turn};
use super::{cited, edit, paper, park, pay, query, refund, ring, shift, sign_in, weigh};
use crate::people;
use crate::question::{self, carry_out};
use crate::say::Say;
use crate::settings::change;

/// Decides one command.
pub(crate) fn perform(turn: &mut Turn<'_>, command: &Command) -> Done {
    refuse_long_text(command)?;
    match command {
        Command::Scan { text } => scan(turn, text),
        Command::Enter { .. } if turn.desk.has_error() => Err(Code::ScanRefusedPending.into()),
        Command::Approve { staff, pin } => question::approve_by_pin(turn, staff, pin),
        Command::Confirm => question::confirm(turn),
        Command::Clear => question::clear(turn),
        other if !passes(&turn.desk, other) => Err(Code::PromptOpen.into()),
        other => carry_out(turn, other),
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
            question::approve(turn, person)
        }
        Some(Asked::Own(Question::Reference { tender, amount })) => {
            let (tender, amount_fen) = (tender.clone(), Some(amount.0));
            carry_out(turn, &Command::Tender { tender, amount_fen, reference: Some(text.to_owned()) })
        }
        Some(Asked::Own(Question::Weigh { item, .. })) => {
            Err(Say::new(Code::ScanWhileWeighing).with("name", &item.name).into())
        }
        Some(_) => Err(Code::ScanWhileAsked.into()),
        None if turn.desk.person.is_none() => sign_in::sign_in_by_card(turn, text),
        None => carry_out(turn, &Command::Scan { text: text.to_owned() }),
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
        Command::TypeWeight { .. } | Command::SetTare { .. } => {
            matches!(asked, Asked::Own(Question::Weigh { .. }))
        }
        // The cashier pressed the wrong key: another item takes the place of the one that waits.
        Command::AddItem { .. } | Command::Enter { .. } => {
            matches!(asked, Asked::Own(Question::Weigh { .. } | Question::Choose { .. }))
        }
        Command::Choose { .. } => matches!(asked, Asked::Own(Question::Choose { .. })),
        Command::Tender { .. } => matches!(asked, Asked::Own(Question::Reference { .. })),
        Command::SignIn { .. } => matches!(asked, Asked::Own(Question::Relieve { .. })),
        _ => false,
    }
}

/// Decides a command that nothing stands in the way of.
pub(crate) fn plain(turn: &mut Turn<'_>, command: &Command) -> Done {
    match command {
        Command::SignIn { staff, pin, relieve } => sign_in::sign_in(turn, staff, pin, *relieve),
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

        Command::Reprint { document } => paper::reprint(turn, document.as_deref()),
        Command::TestPrint => paper::test_print(turn),
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
        Command::SetLanguage { language } => change::set_language(turn, *language),
        Command::GetDevices => change::devices(turn),
        Command::SetDevices { devices } => change::set_devices(turn, devices),
        Command::Quit => change::quit(turn),

        Command::View => Ok(()),
        Command::Enrol { .. } => Err(Code::AlreadyEnrolled.into()),
        Command::Approve { .. } | Command::Confirm | Command::Clear => Err(Code::BadRequest.into()),
    }
}

/// The work that a command ends when it is carried out.
pub(crate) fn ended(command: &Command) -> Option<Work> {
    match command {
        Command::MoveCash { .. } => Some(Work::MoveCash),
        Command::AuditShift { .. } | Command::CloseShift { .. } => Some(Work::Count),
        Command::Refund { .. } | Command::RefundCited { .. } => Some(Work::Refund),
        Command::SetDevices { .. } => Some(Work::Devices),
        _ => None,
    }
}

/// True of what puts goods into the basket.
pub(crate) fn rings(command: &Command) -> bool {
    let is_new = matches!(command, Command::Scan { .. } | Command::Enter { .. } | Command::AddItem { .. });
    is_new || answers(command)
}

/// True of what answers a question by goods.
pub(crate) fn answers(command: &Command) -> bool {
    matches!(command, Command::Choose { .. } | Command::TypeWeight { .. })
}

fn refuse_long_text(command: &Command) -> Result<(), Stop> {
    match texts(command).iter().all(|text| text.chars().count() <= TEXT_LEN_MAX) {
        true => Ok(()),
        false => Err(Code::BadRequest.into()),
    }
}

/// What was typed or scanned. A command that is added says here what of it may be long.
fn texts(command: &Command) -> Vec<&str> {
    match command {
        Command::Scan { text } | Command::Enter { text } => vec![text],
        Command::Enrol { hub_url, code } => vec![hub_url, code],
        Command::SignIn { staff, pin, relieve: _ } | Command::Approve { staff, pin } => vec![staff, pin],
        Command::LiftLockout { staff } => vec![staff],
        Command::AddItem { item } => vec![item],
        Command::Recall { basket } => vec![basket],
        Command::Tender { tender, amount_fen: _, reference } => {
            vec![tender, reference.as_deref().unwrap_or_default()]
        }
        Command::Search { query } => vec![query],
        Command::FindDocuments { number } | Command::RefundLookup { number } => vec![number],
        Command::Preview { document } => vec![document],
        Command::Reprint { document } => vec![document.as_deref().unwrap_or_default()],
        Command::RefundQuote { sale, .. } | Command::Refund { sale, .. } => vec![sale],
        Command::RefundCited { number, tender, lines } | Command::CitedQuote { number, tender, lines } => {
            lines.iter().map(|line| line.item.as_str()).chain([number.as_str(), tender.as_str()]).collect()
        }
        Command::View
        | Command::SetLanguage { .. }
        | Command::Lock
        | Command::OpenShift { .. }
        | Command::MoveCash { .. }
        | Command::BeginCount { .. }
        | Command::AuditShift { .. }
        | Command::CloseShift { .. }
        | Command::CloseDay
        | Command::OpenDrawer
        | Command::Multiply { .. }
        | Command::TypeWeight { .. }
        | Command::SetTare { .. }
        | Command::Select { .. }
        | Command::SetQuantity { .. }
        | Command::SetPrice { .. }
        | Command::Discount { .. }
        | Command::RemoveLine { .. }
        | Command::VoidBasket
        | Command::Park
        | Command::ClearTenders
        | Command::Choose { .. }
        | Command::Confirm
        | Command::Clear
        | Command::FindSlips
        | Command::RefundLeave
        | Command::GetDevices
        | Command::SetDevices { .. }
        | Command::TestPrint
        | Command::Quit => vec![],
    }
}
