//! What IT orders by a command. The hub that serves the folder carries it out while tills go on; where none does, and on
//! PostgreSQL, the command does it itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use suanpan_journal::SiteCode;
use suanpan_sync::Scope;

use super::{Imported, Manner, api_key, enrol_code, import, put_user};
use crate::access::{Role, User};
use crate::dictionary;
use crate::error::HubError;
use crate::store::Store;

/// An order. It has no `Debug`: a password may be in it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Publish a catalogue. The path is absolute, and whoever carries it out reads it.
    Import {
        /// File or folder.
        path: PathBuf,
        /// What is done with it.
        manner: Manner,
    },
    /// Make a one-time code for a till.
    EnrolCode {
        /// Its site.
        site: SiteCode,
        /// Its number, from 1.
        till: u16,
    },
    /// Make an API key.
    ApiKey {
        /// What it is for.
        name: String,
        /// It may read journals too.
        journal: bool,
    },
    /// Add a person at HQ, or give one a new role and password.
    User {
        /// Name to sign in with.
        name: String,
        /// What they do.
        roles: Vec<Role>,
        /// Where.
        scope: Scope,
        /// Without one, one is made.
        password: Option<String>,
    },
    /// Learn how tills may pack what they send.
    Dictionary,
}

/// What came of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was asked for, line by line.
    pub lines: Vec<String>,
    /// What whoever ordered it should know beside that.
    pub notes: Vec<String>,
}

/// Why an order was not carried out; then nothing was changed, unless the text says that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{code} {text}")]
pub struct Refused {
    /// The stable code.
    pub code: String,
    /// What to do.
    pub text: String,
}

impl From<HubError> for Refused {
    fn from(error: HubError) -> Refused {
        Refused { code: error.code().to_owned(), text: error.to_string() }
    }
}

impl Order {
    /// Does it.
    ///
    /// *Errors:* `Import`, `UnknownSite`, `Rejected`, `Random`, `Store`.
    pub(crate) async fn carry_out(self, store: &Store) -> Result<Done, HubError> {
        let line = |line: String| Done { lines: vec![line], notes: Vec::new() };
        match self {
            Order::Import { path, manner } => Ok(imported(import(store, &path, manner).await?, manner)),
            Order::EnrolCode { site, till } => enrol_code(store, &site, till).await.map(line),
            Order::ApiKey { name, journal } => {
                let is_former = store.is_api_key(name.clone()).await?;
                let mut done = line(api_key(store, &name, journal).await?);
                if is_former {
                    done.notes.push(format!("the former key of the name {name:?} no longer works"));
                }
                Ok(done)
            }
            Order::User { name, roles, scope, password } => {
                user(store, User { name, roles, scope }, password).await
            }
            Order::Dictionary => {
                let made = dictionary::train(store).await?;
                let (records, without, with) = (made.records, made.bytes_without, made.bytes_with);
                Ok(line(format!(
                    "made of {records} records: one alone takes {with} bytes instead of {without}"
                )))
            }
        }
    }
}

fn imported(done: Imported, manner: Manner) -> Done {
    let warnings = done.warnings.iter().map(|warning| format!("warning: {warning}"));
    let notes = warnings.chain(done.left_alone).collect();
    let warned = if done.warned > 0 { format!(", {} warnings", done.warned) } else { String::new() };
    let published = if manner.dry_run { "would be published" } else { "published" };
    let sum = format!("{} files, {} rows, {} {published}{warned}", done.files, done.rows, done.published);
    Done { lines: done.changes.into_iter().chain([sum]).collect(), notes }
}

async fn user(store: &Store, user: User, password: Option<String>) -> Result<Done, HubError> {
    let former = store.user(user.name.clone()).await?;
    let made = put_user(store, user.clone(), password).await?;
    let mut done =
        Done { lines: vec![made.unwrap_or_else(|| "the password is set".to_owned())], notes: vec![] };
    if let Some((former, _)) = former {
        let (was, is) = (former.described(), user.described());
        let roles =
            if was == is { format!("is {is} as before") } else { format!("was {was} and is {is} now") };
        let name = user.name;
        let note = format!("{name:?} was there already and {roles}; the former password no longer works");
        done.notes.push(note);
    }
    Ok(done)
}
