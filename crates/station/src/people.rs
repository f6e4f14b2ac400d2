//! Who is at the station: proving it, lockouts, leaving.

use suanpan_contract::{ApproveAction, ApproveReason, Code};
use suanpan_domain::catalogue::Staff;
use suanpan_domain::entry::{Credential, Entry, LockoutLifted, SignInFailed, SignedIn};
use suanpan_domain::money::Fen;

use crate::approval::Approval;
use crate::credential::{owner_of_card, pin_is_right};
use crate::desk::Person;
use crate::kinds::Kinds;
use crate::role::Role as StationRole;
use crate::say::Say;
use crate::text::clock_text;
use crate::turn::{Done, Stop, Turn};

/// Under this name wrong staff numbers are journalled: what was typed may be somebody's PIN.
const NOBODY: &str = "?";

/// Proves a person by PIN. `None`: the wrong PIN is journalled and said.
pub(crate) fn by_pin<K: Kinds>(
    turn: &mut Turn<'_, K>,
    staff: &str,
    pin: &str,
) -> Result<Option<Person>, Stop<K>> {
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
pub(crate) fn by_card<K: Kinds>(turn: &Turn<'_, K>, card: &str) -> Result<Person, Stop<K>> {
    let staff = owner_of_card(turn.shop.book.all_staff(), card).ok_or(Code::CardUnknown)?;
    refuse_locked(turn, staff)?;
    Ok(Person::of(staff, Credential::Card))
}

fn refuse_locked<K: Kinds>(turn: &Turn<'_, K>, staff: &Staff) -> Done<K> {
    let tries = turn.shop.tries(&staff.code)?;
    match tries.locked_until_ms {
        Some(until) if is_locked(turn, until) => Err(locked_out(turn, until).into()),
        _ => Ok(()),
    }
}

/// A clock that was set back must not lengthen a lockout beyond its own minutes.
fn is_locked<K: Kinds>(turn: &Turn<'_, K>, until_ms: i64) -> bool {
    let left = until_ms.saturating_sub(turn.now_ms);
    left > 0 && left <= lockout_ms(turn)
}

fn lockout_ms<K: Kinds>(turn: &Turn<'_, K>) -> i64 {
    i64::from(turn.shop.book.settings.lockout_min).saturating_mul(60_000)
}

fn locked_out<K: Kinds>(turn: &Turn<'_, K>, until_ms: i64) -> Say {
    Say::new(Code::LockedOut).with("until", clock_text(until_ms, &turn.shop.book.settings))
}

fn fail<K: Kinds>(turn: &mut Turn<'_, K>, staff: &str, locks: bool) -> Done<K> {
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

/// Lets somebody proven sit down.
pub(crate) fn seat<K: Kinds>(turn: &mut Turn<'_, K>, person: Person) {
    turn.desk.asked = None;
    turn.entries.push(Entry::SignedIn(SignedIn { staff: person.code.clone(), with: person.with }));
    turn.desk.person = Some(person);
}

/// Locks the screen. What is in hand stays.
pub(crate) fn lock<R: StationRole>(turn: &mut Turn<'_, R>) -> Done<R> {
    turn.desk.person = None;
    turn.desk.asked = None;
    R::locked(turn);
    Ok(())
}

/// A manager lifts a lockout, offline too.
pub(crate) fn lift_lockout<K: Kinds>(turn: &mut Turn<'_, K>, staff: &str) -> Done<K> {
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
