//! Who is at the till: signing in, locking, relieving, lockouts, and proving that a supervisor approves.

use suanpan_contract::{ApproveAction, ApproveReason, Code};
use suanpan_domain::catalogue::{Role, Staff};
use suanpan_domain::entry::{Credential, Entry, LockoutLifted, SignInFailed, SignedIn};
use suanpan_domain::money::Fen;
use suanpan_domain::shift::ShiftRelieved;

use super::approval::Approval;
use super::credential::{owner_of_card, pin_is_right};
use super::desk::{Asked, Person};
use super::pay::open_payment;
use super::say::{Done, Say, Stop};
use super::turn::Turn;
use super::view::clock_text;

/// Under this name wrong staff numbers are journalled: what was typed may be somebody's PIN.
const NOBODY: &str = "?";

/// Signs in with staff number and PIN.
pub(crate) fn sign_in(turn: &mut Turn<'_>, staff: &str, pin: &str, relieve: bool) -> Done {
    match by_pin(turn, staff, pin)? {
        Some(person) => enter(turn, person, relieve),
        None => Ok(()),
    }
}

/// Signs in with a card.
pub(crate) fn sign_in_by_card(turn: &mut Turn<'_>, card: &str) -> Done {
    let person = by_card(turn, card)?;
    enter(turn, person, false)
}

/// Proves a person by PIN. `None`: the wrong PIN is journalled and said.
pub(crate) fn by_pin(turn: &mut Turn<'_>, staff: &str, pin: &str) -> Result<Option<Person>, Stop> {
    let staff = staff.trim();
    let Some(known) = turn.shop.book.staff(staff).cloned() else {
        // Somebody's hash is computed all the same, so that the time does not tell which numbers exist.
        let _ = turn.shop.book.anybody().is_some_and(|anybody| pin_is_right(anybody, pin));
        fail(turn, NOBODY, false)?;
        return Ok(None);
    };
    refuse_locked(turn, &known)?;
    if pin_is_right(&known, pin) {
        return Ok(Some(Person::of(&known, Credential::Pin)));
    }
    fail(turn, &known.code, true)?;
    Ok(None)
}

/// Proves a person by card.
pub(crate) fn by_card(turn: &Turn<'_>, card: &str) -> Result<Person, Stop> {
    let staff = owner_of_card(turn.shop.book.all_staff(), card).ok_or(Code::CardUnknown)?;
    refuse_locked(turn, staff)?;
    Ok(Person::of(staff, Credential::Card))
}

fn refuse_locked(turn: &Turn<'_>, staff: &Staff) -> Done {
    let tries = turn.shop.tries(&staff.code)?;
    match tries.locked_until_ms {
        Some(until) if is_locked(turn, until) => Err(locked_out(turn, until).into()),
        _ => Ok(()),
    }
}

/// A clock that was set back must not lengthen a lockout beyond its own minutes.
fn is_locked(turn: &Turn<'_>, until_ms: i64) -> bool {
    let left = until_ms.saturating_sub(turn.now_ms);
    left > 0 && left <= lockout_ms(turn)
}

fn lockout_ms(turn: &Turn<'_>) -> i64 {
    i64::from(turn.shop.book.settings.lockout_min).saturating_mul(60_000)
}

fn locked_out(turn: &Turn<'_>, until_ms: i64) -> Say {
    Say::new(Code::LockedOut).with("until", clock_text(until_ms, &turn.shop.book.settings))
}

fn fail(turn: &mut Turn<'_>, staff: &str, locks: bool) -> Done {
    let before = turn.shop.tries(staff)?;
    let limit = turn.shop.book.settings.pin_tries.max(1);
    // A lockout that ran out begins a new row of tries.
    let had = if before.locked_until_ms.is_some() { 0 } else { before.tries };
    let tries = had.saturating_add(1);
    let locked_until_ms = (locks && tries >= limit).then(|| turn.now_ms.saturating_add(lockout_ms(turn)));
    turn.say(match locked_until_ms {
        Some(until) => locked_out(turn, until),
        None => Say::new(Code::SignInWrong).with("left", limit.saturating_sub(tries).max(1)),
    });
    let entry = SignInFailed { staff: staff.to_owned(), tries, locked_until_ms };
    turn.entries.push(Entry::SignInFailed(entry));
    Ok(())
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
            turn.desk.asked = Some(Asked::Relieve { person });
            return Ok(());
        }
        _ => {}
    }
    seat(turn, person);
    Ok(())
}

fn seat(turn: &mut Turn<'_>, person: Person) {
    turn.entries.push(Entry::SignedIn(SignedIn { staff: person.code.clone(), with: person.with }));
    turn.desk.shift_is_old = turn.shop.shift_is_old(turn.now_ms);
    turn.desk.person = Some(person);
    if let (true, Some(Stop::Refused(say))) =
        (turn.desk.shift_is_old, turn.shop.shift.as_ref().map(|shift| turn.older_shift(shift)))
    {
        turn.say(say);
    }
    if let Some(say) = open_payment(turn) {
        turn.say(say);
    }
}

/// The answer yes to [`Asked::Relieve`]: 顶班. A shift of an earlier date is for a supervisor, who finishes what was
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

/// Locks the screen. Shift and basket stay.
pub(crate) fn lock(turn: &mut Turn<'_>) -> Done {
    turn.desk.person = None;
    turn.desk.asked = None;
    turn.desk.closed = None;
    turn.desk.forget_typed_ahead();
    turn.clear_refund();
    Ok(())
}

/// A manager lifts a lockout, offline too.
pub(crate) fn lift_lockout(turn: &mut Turn<'_>, staff: &str) -> Done {
    let locked = turn.shop.book.staff(staff.trim()).cloned().ok_or(Code::BadRequest)?;
    let until = turn.shop.tries(&locked.code)?.locked_until_ms;
    let until = until.filter(|until| is_locked(turn, *until)).ok_or(Code::NothingWaiting)?;
    let until = clock_text(until, &turn.shop.book.settings);
    let wanted = Approval::new(ApproveAction::LiftLockout, Fen::ZERO).by_manager().named(&locked.name);
    let by = turn.authorise(wanted.because(ApproveReason::LockedOut { until }))?;
    turn.entries.push(Entry::LockoutLifted(LockoutLifted { staff: locked.code, by }));
    turn.say(Say::new(Code::LockoutLifted).with("name", locked.name));
    Ok(())
}
