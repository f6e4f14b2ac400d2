//! One command being decided: a copy of the desk, the entries it will write, the paper it will print.

use suanpan_contract::{Code, Command, Found};
use suanpan_domain::entry::{Approved, Entry};
use suanpan_domain::ids::Id;
use suanpan_domain::sale::Basket;
use suanpan_ledger::Shift;

use super::approval::Approval;
use super::desk::{Desk, Person};
use super::foreign::Answer;
use super::print::Extra;
use super::say::{Done, Say, Stop};
use super::shop::Shop;
use crate::settings::MachineSettings;

/// See the module. Nothing outside of it changes until its entries are committed.
pub(crate) struct Turn<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) now_ms: i64,
    pub(crate) desk: Desk,
    /// What will be written, in order.
    pub(crate) entries: Vec<Entry>,
    /// Business date of the entries, when it is not the open shift's.
    pub(crate) date: Option<u32>,
    /// A paper to print beside those of the entries.
    pub(crate) extra: Option<Extra>,
    /// The scale's reading has become a line: the goods must leave the scale before it counts again.
    pub(crate) uses_scale: bool,
    /// The drawer opens once the entries are written.
    pub(crate) kicks_drawer: bool,
    pub(crate) say: Option<Say>,
    pub(crate) found: Option<Found>,
    /// This machine's settings, when they change.
    pub(crate) new_settings: Option<MachineSettings>,
    /// The command itself, when it comes after an approval or a yes.
    pub(crate) performing: Option<Command>,
    /// A question was answered: it is not asked again, whatever comes of the command.
    pub(crate) is_answered: bool,
    /// Who has just approved this command.
    pub(crate) approval: Option<Person>,
    /// What the cashier has said yes to, of this command's questions.
    pub(crate) agreed: Vec<Say>,
    /// What the hub said of a receipt, when the command comes again with it.
    pub(crate) answer: Option<Answer>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(shop: &'a Shop, now_ms: i64, desk: Desk) -> Turn<'a> {
        Turn {
            shop,
            now_ms,
            desk,
            entries: vec![],
            date: None,
            extra: None,
            uses_scale: false,
            kicks_drawer: false,
            say: None,
            found: None,
            new_settings: None,
            performing: None,
            is_answered: false,
            approval: None,
            agreed: vec![],
            answer: None,
        }
    }

    /// Says a sentence, unless a graver one was said already in this turn.
    pub(crate) fn say(&mut self, say: impl Into<Say>) {
        let say = say.into();
        let grave = |say: &Say| say.code.level() as u8;
        if self.say.as_ref().is_none_or(|have| grave(have) < grave(&say)) {
            self.say = Some(say);
        }
    }

    pub(crate) fn mint(&self) -> Id {
        self.shop.mint(self.now_ms)
    }

    /// The time by which the basket's prices are looked up.
    pub(crate) fn priced_at_ms(&self) -> i64 {
        self.desk.priced_at_ms.unwrap_or_else(|| self.shop.pricing_time(self.now_ms))
    }

    /// Who is signed in.
    pub(crate) fn person(&self) -> Result<&Person, Stop> {
        self.desk.person.as_ref().ok_or_else(|| Code::NotSignedIn.into())
    }

    /// The open shift.
    pub(crate) fn shift(&self) -> Result<&'a Shift, Stop> {
        self.shop.shift.as_ref().ok_or_else(|| Code::ShiftNotOpen.into())
    }

    /// The open shift, which the person signed in answers for: what every sale and refund needs. In a shift of an
    /// earlier date nothing new begins; what lies on the counter is finished, since it would block the close.
    pub(crate) fn own_shift(&self) -> Result<&'a Shift, Stop> {
        self.person()?;
        let shift = self.shift()?;
        if self.desk.shift_is_old && !self.desk.has_lines() {
            return Err(self.older_shift(shift));
        }
        self.own_shift_of_any_date()
    }

    /// The same whatever its date: a parked basket blocks the close of an older shift as well.
    pub(crate) fn own_shift_of_any_date(&self) -> Result<&'a Shift, Stop> {
        let person = self.person()?;
        let shift = self.shift()?;
        if shift.cashier == person.code { Ok(shift) } else { Err(Stop::Relieve) }
    }

    pub(crate) fn older_shift(&self, shift: &Shift) -> Stop {
        let date = suanpan_domain::calendar::text(shift.business_date);
        Say::new(Code::OlderShiftOpen).with("date", date).into()
    }

    /// The basket with at least one line.
    pub(crate) fn basket(&mut self) -> Result<&mut Basket, Stop> {
        let basket = self.desk.basket.as_mut().filter(|basket| !basket.is_empty());
        basket.ok_or_else(|| Code::BasketEmpty.into())
    }

    /// Asks the cashier, unless a yes was said to this with these figures.
    pub(crate) fn agree(&self, say: impl Into<Say>) -> Done {
        let say = say.into();
        if self.agreed.contains(&say) { Ok(()) } else { Err(Stop::Confirm(say)) }
    }

    /// The staff number of who answers for an action: the person signed in if their role reaches, else whoever has
    /// just approved it. Every use of a supervisor's authority is logged, also one's own.
    pub(crate) fn authorise(&mut self, wanted: Approval) -> Result<String, Stop> {
        let role = wanted.role;
        let own = self.desk.person.as_ref().filter(|person| person.role >= role);
        let approver = own.or(self.approval.as_ref().filter(|approver| approver.role >= role));
        let Some(approver) = approver else { return Err(Stop::Approval(Box::new(wanted))) };
        let (code, with) = (approver.code.clone(), approver.with);
        let staff = self.desk.person.as_ref().map_or(String::new(), |person| person.code.clone());
        let Approval { action, amount, .. } = wanted;
        let entry = Approved { action: action.name().to_owned(), staff, by: code.clone(), with, amount };
        self.entries.push(Entry::Approved(entry));
        Ok(code)
    }

    /// [`Turn::authorise`] only above what a cashier may decide alone.
    pub(crate) fn authorise_if(&mut self, needed: bool, wanted: Approval) -> Result<Option<String>, Stop> {
        if needed { self.authorise(wanted).map(Some) } else { Ok(None) }
    }

    /// Refuses while goods lie on the counter.
    pub(crate) fn refuse_open_basket(&self, code: Code) -> Done {
        if self.desk.has_lines() { Err(code.into()) } else { Ok(()) }
    }

    /// No refund is being put together any more.
    pub(crate) fn clear_refund(&mut self) {
        (self.desk.refundable, self.desk.refund) = (None, None);
    }

    /// Nothing lies on the counter any more.
    pub(crate) fn clear_counter(&mut self) {
        let desk = &mut self.desk;
        (desk.basket, desk.priced_at_ms, desk.selected, desk.closed) = (None, None, None, None);
        desk.forget_typed_ahead();
    }
}
