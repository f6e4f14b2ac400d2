//! Who sells: signing in, and taking over another cashier's shift.

use suanpan_contract::Code;
use suanpan_domain::catalogue::Role;
use suanpan_domain::entry::Entry;
use suanpan_domain::shift::ShiftRelieved;

use super::counter::Question;
use super::kinds::{Asked, Done, Stop, Turn};
use super::pay::open_payment;
use crate::desk::Person;
use crate::people;
use crate::say::Say;

/// Signs in with staff number and PIN.
pub(crate) fn sign_in(turn: &mut Turn<'_>, staff: &str, pin: &str, relieve: bool) -> Done {
    match people::by_pin(turn, staff, pin)? {
        Some(person) => enter(turn, person, relieve),
        None => Ok(()),
    }
}

/// Signs in with a card.
pub(crate) fn sign_in_by_card(turn: &mut Turn<'_>, card: &str) -> Done {
    let person = people::by_card(turn, card)?;
    enter(turn, person, false)
}

/// Lets somebody proven in. Another cashier's shift asks first; a supervisor may look in to close or audit it.
/// Nobody is asked to take over a shift of an earlier date: it is closed, and then there is a new one.
fn enter(turn: &mut Turn<'_>, person: Person, relieve: bool) -> Done {
    turn.desk.asked = None;
    let is_old = turn.shop.shift_is_old(turn.now_ms);
    let others = turn.shop.shift.as_ref().filter(|shift| shift.cashier != person.code && !is_old);
    match others {
        Some(_) if relieve => return take_over(turn, person),
        Some(_) if person.role < Role::Supervisor => {
            turn.desk.asked = Some(Asked::Own(Question::Relieve { person }));
            return Ok(());
        }
        _ => {}
    }
    seat(turn, person);
    Ok(())
}

fn seat(turn: &mut Turn<'_>, person: Person) {
    people::seat(turn, person);
    turn.desk.shift_is_old = turn.shop.shift_is_old(turn.now_ms);
    if let (true, Some(Stop::Refused(say))) =
        (turn.desk.shift_is_old, turn.shop.shift.as_ref().map(|shift| turn.older_shift(shift)))
    {
        turn.say(say);
    }
    if let Some(say) = open_payment(turn) {
        turn.say(say);
    }
}

/// The answer yes to [`Question::Relieve`]: 顶班. A shift of an earlier date is for a supervisor, who finishes what was
/// left on the counter and closes it.
pub(crate) fn take_over(turn: &mut Turn<'_>, person: Person) -> Done {
    let shift = turn.shift()?;
    if turn.shop.shift_is_old(turn.now_ms) && person.role < Role::Supervisor {
        return Err(turn.older_shift(shift));
    }
    let (from, to) = (shift.cashier.clone(), person.code.clone());
    turn.say(Say::new(Code::Relieved).with("name", &person.name));
    if turn.desk.person.as_ref() != Some(&person) {
        seat(turn, person);
    }
    turn.entries.push(Entry::ShiftRelieved(ShiftRelieved { shift: shift.id, from, to }));
    Ok(())
}
