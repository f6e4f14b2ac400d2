//! The working state of a station: who is there, what is waited for, and what its role has on the desk. A command works on
//! a copy and keeps it only when the ledger has taken the entries.

use std::ops::{Deref, DerefMut};

use suanpan_contract::{Level, MessageView};
use suanpan_domain::catalogue::{Role, Staff};
use suanpan_domain::entry::Credential;

use crate::approval::Approval;
use crate::kinds::Kinds;
use crate::say::Say;

/// Somebody who has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) types_weight: bool,
    pub(crate) with: Credential,
}

impl Person {
    pub(crate) fn of(staff: &Staff, with: Credential) -> Person {
        Person {
            code: staff.code.clone(),
            name: staff.name.clone(),
            role: staff.role,
            types_weight: staff.typed_weight || staff.role >= Role::Supervisor,
            with,
        }
    }
}

/// What a station waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked<K: Kinds> {
    /// A yes, after which the command is carried out.
    Confirm { say: Say, then: Then<K> },
    /// Somebody with the role, after which the command is carried out.
    Approve { wanted: Box<Approval>, then: Then<K> },
    /// Something of the role's own.
    Own(K::Question),
}

/// A command that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Then<K: Kinds> {
    pub(crate) command: Box<K::Command>,
    /// What was said yes to.
    pub(crate) agreed: Vec<Say>,
    /// What was waited for before.
    pub(crate) under: Option<Box<Asked<K>>>,
}

/// See the module. What the role has on the desk is read as if it were the desk's.
#[derive(Clone, Debug)]
pub(crate) struct Desk<K: Kinds> {
    pub(crate) person: Option<Person>,
    pub(crate) asked: Option<Asked<K>>,
    pub(crate) message: Option<MessageView>,
    /// Somebody was told that entries are unsent, and may close the app now.
    pub(crate) quit_warned: bool,
    pub(crate) own: K::Desk,
}

impl<K: Kinds> Default for Desk<K> {
    fn default() -> Desk<K> {
        Desk { person: None, asked: None, message: None, quit_warned: false, own: K::Desk::default() }
    }
}

impl<K: Kinds> Deref for Desk<K> {
    type Target = K::Desk;

    fn deref(&self) -> &K::Desk {
        &self.own
    }
}

impl<K: Kinds> DerefMut for Desk<K> {
    fn deref_mut(&mut self) -> &mut K::Desk {
        &mut self.own
    }
}

impl<K: Kinds> Desk<K> {
    /// An error that nobody has acknowledged.
    pub(crate) fn has_error(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.level == Level::Error)
    }

    /// What is waited for, when it is the role's own.
    pub(crate) fn own_question(&self) -> Option<&K::Question> {
        match &self.asked {
            Some(Asked::Own(question)) => Some(question),
            _ => None,
        }
    }
}
