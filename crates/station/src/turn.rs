//! One command being decided: a copy of the desk, the entries it will write, the paper it will print.

use suanpan_contract::Code;
use suanpan_domain::entry::{Approved, Entry};
use suanpan_domain::ids::Id;

use crate::approval::Approval;
use crate::desk::{Desk, Person};
use crate::kinds::Kinds;
use crate::print::Extra;
use crate::say::Say;
use crate::settings::MachineSettings;
use crate::shop::Shop;

/// Why a use case stopped. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop<K: Kinds> {
    /// Refused, with the reason.
    Refused(Say),
    /// Somebody with more authority has to allow it.
    Approval(Box<Approval>),
    /// Somebody has to say yes.
    Confirm(Say),
    /// The role's own question comes first.
    Ask(K::Question),
    /// The hub is asked, and the command comes again with its answer.
    Errand(K::Errand),
}

/// What a use case gives back.
pub(crate) type Done<K> = Result<(), Stop<K>>;

impl<K: Kinds, S: Into<Say>> From<S> for Stop<K> {
    fn from(say: S) -> Stop<K> {
        Stop::Refused(say.into())
    }
}

/// See the module. Nothing outside of it changes until its entries are committed.
pub(crate) struct Turn<'a, K: Kinds> {
    pub(crate) shop: &'a Shop<K>,
    pub(crate) now_ms: i64,
    pub(crate) desk: Desk<K>,
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
    pub(crate) found: Option<K::Found>,
    /// This machine's settings, when they change.
    pub(crate) new_settings: Option<MachineSettings>,
    /// What the hub is told once the decision is kept.
    pub(crate) orders: Vec<K::Order>,
    /// The command itself, when it comes after an approval or a yes.
    pub(crate) performing: Option<K::Command>,
    /// A question was answered: it is not asked again, whatever comes of the command.
    pub(crate) is_answered: bool,
    /// Who has just approved this command.
    pub(crate) approval: Option<Person>,
    /// What was said yes to, of this command's questions.
    pub(crate) agreed: Vec<Say>,
    /// What the hub said, when the command comes again with it.
    pub(crate) answer: Option<K::Answer>,
}

impl<'a, K: Kinds> Turn<'a, K> {
    pub(crate) fn new(shop: &'a Shop<K>, now_ms: i64, desk: Desk<K>) -> Turn<'a, K> {
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
            orders: vec![],
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

    /// Who is signed in.
    pub(crate) fn person(&self) -> Result<&Person, Stop<K>> {
        self.desk.person.as_ref().ok_or_else(|| Code::NotSignedIn.into())
    }

    /// Asks, unless a yes was said to this with these figures.
    pub(crate) fn agree(&self, say: impl Into<Say>) -> Done<K> {
        let say = say.into();
        if self.agreed.contains(&say) { Ok(()) } else { Err(Stop::Confirm(say)) }
    }

    /// The staff number of who answers for an action: the person signed in if their role reaches, else whoever has
    /// just approved it. Every use of a supervisor's authority is logged, also one's own.
    pub(crate) fn authorise(&mut self, wanted: Approval) -> Result<String, Stop<K>> {
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

    /// [`Turn::authorise`] only above what a person may decide alone.
    pub(crate) fn authorise_if(&mut self, needed: bool, wanted: Approval) -> Result<Option<String>, Stop<K>> {
        if needed { self.authorise(wanted).map(Some) } else { Ok(None) }
    }
}
