//! Who may do what: every route names an action, a role has some of them, and a person has a role at the whole chain, in
//! a zone or in one store. What is not given here is nobody's.

mod reach;

use serde::{Deserialize, Serialize};
use suanpan_sync::Scope;

pub use reach::Reach;

/// What somebody may want of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// To be let in, or to know that the hub is there.
    Knock,
    /// To deliver what a till wrote.
    Deliver,
    /// To do what else a till does: fetch, ask for a receipt that is to be refunded.
    Trade,
    /// To see and end one's own session.
    OwnSession,
    /// To see reports of sales.
    ReadFigures,
    /// To see reports of store-days.
    ReadDays,
    /// To see HQ's pages of today and of store-days.
    SeePages,
    /// To see over and short of the drawers.
    SeeDrawers,
    /// To excuse a till that does not close its day.
    ExcuseTill,
    /// To see and decide what a restore lost.
    DecideLost,
    /// To read journals: every line of every receipt.
    ReadJournals,
    /// To watch how the hub is.
    Watch,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 12] = [
        Action::Knock,
        Action::Deliver,
        Action::Trade,
        Action::OwnSession,
        Action::ReadFigures,
        Action::ReadDays,
        Action::SeePages,
        Action::SeeDrawers,
        Action::ExcuseTill,
        Action::DecideLost,
        Action::ReadJournals,
        Action::Watch,
    ];

    /// What a script's key may be made for.
    pub const OF_KEYS: [Action; 4] =
        [Action::ReadFigures, Action::ReadDays, Action::ReadJournals, Action::Watch];

    /// Reads a name, as `docs/rights.md` has it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.name() == name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Whether it is for people alone: neither a script nor a station has it.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        matches!(
            self,
            Action::OwnSession
                | Action::SeePages
                | Action::SeeDrawers
                | Action::ExcuseTill
                | Action::DecideLost
        )
    }
}

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 营运: sees that the stores trade and close.
    Operations,
    /// Sees that stations and hub work.
    It,
    /// 审计: reads everything, and changes nothing.
    Auditor,
    /// 店长: sees what becomes of a store, or of the stores of a zone.
    Manager,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Operations, Role::It, Role::Auditor, Role::Manager];

    /// Its name, as commands and HQ's page have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Operations => "operations",
            Role::It => "it",
            Role::Auditor => "auditor",
            Role::Manager => "manager",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether a role has an action.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        match action {
            Action::Knock | Action::OwnSession => true,
            Action::ReadFigures | Action::ReadDays | Action::SeePages => true,
            Action::SeeDrawers => self != Role::It,
            Action::ExcuseTill => self == Role::Operations,
            Action::DecideLost | Action::Watch => self == Role::It,
            Action::ReadJournals => self == Role::Auditor,
            Action::Deliver | Action::Trade => false,
        }
    }
}

/// Somebody at HQ or in a store who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name to sign in with.
    pub name: String,
    /// What they do.
    pub roles: Vec<Role>,
    /// Where.
    pub scope: Scope,
}

impl User {
    /// Somebody at HQ.
    #[must_use]
    pub fn at_hq(name: impl Into<String>, roles: impl Into<Vec<Role>>) -> User {
        User { name: name.into(), roles: roles.into(), scope: Scope::Chain }
    }

    /// Whether any of the roles has an action.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.roles.iter().any(|role| role.may(action))
    }

    /// Whether somebody can be this: managers have a store or a zone and are nothing else, and everybody else has the chain.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let is_manager = self.roles.contains(&Role::Manager);
        !self.roles.is_empty()
            && is_manager != matches!(self.scope, Scope::Chain)
            && (!is_manager || self.roles.len() == 1)
    }

    /// The names of the roles, and where they hold if that is not the whole chain.
    #[must_use]
    pub fn described(&self) -> String {
        let names: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        let names = names.join(" and ");
        match &self.scope {
            Scope::Chain => names,
            scope => format!("{names} of {scope}"),
        }
    }
}
