//! Questions that change nothing: items by what was typed, documents by number, a receipt on screen.

use suanpan_contract::Code;
use suanpan_contract::pos::{Found, SlipKind};
use suanpan_domain::barcode;
use suanpan_domain::catalogue::Role;
use suanpan_domain::ids::DocumentNumber;
use suanpan_ledger::Written;

use super::kinds::{Done, Stop, Turn};
use super::paper;
use super::receipt::not_found;
use super::view;
use crate::search::{Class, HITS_MAX};

/// Documents listed at once.
const DOCUMENTS_MAX: u32 = 50;

/// The digits that a number is printed with at least.
const NUMBER_LEN: usize = 4;

/// The characters of a printed number's mark.
const MARK_LEN: usize = 2;

/// Slips listed at once: those of some days.
const SLIPS_MAX: usize = 20;

/// 查品. While the index is still being built only whole codes are found.
pub(crate) fn search(turn: &mut Turn<'_>, typed: &str) -> Done {
    let at_ms = turn.priced_at_ms();
    let (mut items, mut best) = (Vec::new(), Vec::new());
    match &turn.shop.index {
        Some(index) => {
            for hit in index.search(typed, HITS_MAX) {
                let Some(item) = turn.shop.item(hit.code, at_ms)? else { continue };
                items.push(view::hit(&item, turn.shop.price(&item, at_ms)?));
                best.push(hit.class);
            }
        }
        None => {
            let found = turn.shop.by_any_code(&barcode::clean(typed), at_ms)?;
            items.extend(found.iter().map(|found| view::hit(&found.item, found.price)));
            best.resize(items.len(), Class::CodeWhole);
        }
    }
    let sure = best.first().is_some_and(|first| best.get(1) != Some(first));
    turn.found = Some(Found::Items { items, sure });
    Ok(())
}

/// The last documents, or those of a printed number or of its closing part: `812`, `0812-a7`, or its last characters, with
/// dashes or without, as they are read from the paper. Digits are a number before they are a mark.
pub(crate) fn find_documents(turn: &mut Turn<'_>, number: &str) -> Done {
    turn.person()?;
    let number = number.trim();
    let date = turn.shop.shift.as_ref().map(|shift| shift.business_date);
    let date = date.or(turn.shop.days()?.latest).unwrap_or_default();
    let found = if number.is_empty() {
        turn.shop.documents_of(date, DOCUMENTS_MAX)?
    } else if let Ok(number) = number.parse::<DocumentNumber>() {
        turn.shop.documents_by_number(&number)?
    } else {
        // What is longer than a number ends in its mark.
        let long = number.len() > NUMBER_LEN;
        let mut found = if long { ending_in(turn, date, number)? } else { vec![] };
        if let (true, Ok(number)) = (found.is_empty(), number.parse()) {
            found = turn.shop.documents_numbered(date, number)?;
        }
        if found.is_empty() && !long { ending_in(turn, date, number)? } else { found }
    };
    if found.is_empty() && !number.is_empty() {
        turn.shop.needs_all()?;
        return Err(not_found(number).into());
    }
    let documents = found.iter().filter_map(|document| turn.shop.row(document)).collect();
    turn.found = Some(Found::Documents { documents });
    Ok(())
}

/// The documents of a date whose printed number ends in these characters: of a mark alone the newest, since it tells no
/// receipt from another.
fn ending_in(turn: &Turn<'_>, date: u32, typed: &str) -> Result<Vec<Written>, Stop> {
    let bare = |text: &str| text.replace('-', "").to_ascii_lowercase();
    let typed = bare(typed);
    let Some((digits, _mark)) = typed.split_at_checked(typed.len().saturating_sub(MARK_LEN)) else {
        return Ok(vec![]);
    };
    // Before the digits of a number may stand the last ones of its date.
    let last = digits.get(digits.len().saturating_sub(NUMBER_LEN)..).unwrap_or_default();
    let power = (0..last.len()).fold(1, |power: u32, _| power.saturating_mul(10));
    let Ok(number) = format!("0{last}").parse() else { return Ok(vec![]) };
    let mut found = turn.shop.documents_ending(date, (number, power))?;
    found.retain(|document| {
        let number = turn.shop.row(document).map(|row| bare(&row.number));
        !typed.is_empty() && number.is_some_and(|number| number.ends_with(&typed))
    });
    found.truncate(DOCUMENTS_MAX as usize);
    Ok(found)
}

/// The last slips; those that tell what should be in the drawer are a supervisor's.
pub(crate) fn find_slips(turn: &mut Turn<'_>) -> Done {
    let sees_all = turn.person()?.role >= Role::Supervisor;
    let found = turn.shop.slips(SLIPS_MAX)?;
    let rows = found.iter().filter_map(|document| turn.shop.slip_row(document));
    let slips = rows.filter(|row| sees_all || row.kind != SlipKind::Audit).collect();
    turn.found = Some(Found::Slips { slips });
    Ok(())
}

/// A document's receipt as it prints.
pub(crate) fn preview(turn: &mut Turn<'_>, document: &str) -> Done {
    turn.person()?;
    let lines = paper::preview(turn, document)?;
    if lines.is_empty() {
        return Err(Code::NothingToPrint.into());
    }
    turn.found = Some(Found::Preview { lines });
    Ok(())
}
