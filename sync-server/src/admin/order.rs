//! What IT orders by a command. The hub that serves the folder carries it out while tills go on; where none does, and on
//! PostgreSQL, the command does it itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use suanpan_domain::calendar;
use suanpan_journal::SiteCode;
use suanpan_sync::Scope;

use super::{Imported, Manner, api_key, enrol_code, import, put_user};
use crate::access::{Action, Reach, Role, User};
use crate::clock::now_ms;
use crate::dictionary;
use crate::error::HubError;
use crate::store::{AUDIT_PAGE, ApiKey, AuditRow, KeyRights, ListedStation, Person, Standing, Store};

const DAY_MS: i64 = 24 * 3_600_000;

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
        /// The station that has the number is to be replaced.
        #[serde(default)]
        replace: bool,
    },
    /// Make an API key.
    ApiKey {
        /// What it is for.
        name: String,
        /// It may read journals too.
        journal: bool,
        /// It is good for these alone; none for reports and how the hub is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        actions: Vec<Action>,
        /// Of these sites; none for the whole chain.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sites: Vec<SiteCode>,
        /// For so many days; for ever if it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u16>,
    },
    /// Let somebody in no more.
    DisableUser {
        /// Who.
        name: String,
    },
    /// Let a key in no more.
    DisableKey {
        /// Which.
        name: String,
    },
    /// Say who may sign in, and which keys there are.
    Access,
    /// Say which stations there are, and how each stands.
    Stations,
    /// Give a station another standing, or accept what is held of it.
    Station {
        /// What its id begins with.
        id: String,
        /// What to do.
        deed: Deed,
    },
    /// Say who changed what.
    Audit {
        /// After this number.
        after: u64,
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
    /// Add all figures up anew.
    Rebuild,
}

/// What is done about a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// It delivers what it has, and gets nothing any more: it was replaced, or moved.
    Retire,
    /// The same, and what it delivers is in no figure before it is accepted: it was stolen.
    Revoke,
    /// It does what a till does again.
    Restore,
    /// What it delivered while it was revoked is in the figures from now on.
    Accept,
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
    /// Does it, as whoever gave it.
    ///
    /// *Errors:* `Import`, `UnknownSite`, `Rejected`, `Random`, `Store`.
    pub(crate) async fn carry_out(self, store: &Store, by: &str) -> Result<Done, HubError> {
        let line = |line: String| Done { lines: vec![line], notes: Vec::new() };
        match self {
            Order::Import { path, manner } => Ok(imported(import(store, &path, manner, by).await?, manner)),
            Order::EnrolCode { site, till, replace } => {
                enrol_code(store, (&site, till), replace, by).await.map(line)
            }
            Order::ApiKey { name, journal, actions, sites, days } => {
                let is_former = store.is_api_key(name.clone()).await?;
                let mut done =
                    line(api_key(store, &name, rights((journal, actions), sites, days)?, by).await?);
                if is_former {
                    done.notes.push(format!("the former key of the name {name:?} no longer works"));
                }
                Ok(done)
            }
            Order::User { name, roles, scope, password } => {
                user(store, User { name, roles, scope }, password, by).await
            }
            Order::DisableUser { name } => {
                match store.disable_user(name.clone(), now_ms(), by.to_owned()).await? {
                    true => Ok(line(format!("{name:?} may sign in no more"))),
                    false => Err(HubError::Rejected("there is nobody of this name: `access` lists them")),
                }
            }
            Order::DisableKey { name } => {
                match store.disable_api_key(name.clone(), now_ms(), by.to_owned()).await? {
                    true => Ok(line(format!("the key {name:?} works no more"))),
                    false => Err(HubError::Rejected("there is no key of this name: `access` lists them")),
                }
            }
            Order::Access => access(store).await,
            Order::Stations => stations(store).await,
            Order::Station { id, deed } => station(store, &id, deed, by).await.map(line),
            Order::Audit { after } => audit(store, after).await,
            Order::Rebuild => {
                store.rebuild(by.to_owned()).await?;
                let entries = store.gauges().await?.gseq;
                Ok(line(format!(
                    "the figures of {entries} entries are added up anew: reports say what they lack until then"
                )))
            }
            Order::Dictionary => {
                let made = dictionary::train(store, by).await?;
                let (records, without, with) = (made.records, made.bytes_without, made.bytes_with);
                Ok(line(format!(
                    "made of {records} records: one alone takes {with} bytes instead of {without}"
                )))
            }
        }
    }
}

fn rights(
    (journal, actions): (bool, Vec<Action>),
    sites: Vec<SiteCode>,
    days: Option<u16>,
) -> Result<KeyRights, HubError> {
    if days == Some(0) {
        return Err(HubError::Rejected("a key holds for one day at least"));
    }
    let sites = if sites.is_empty() { Reach::whole_chain() } else { Reach::of(sites) };
    let expires_at_ms = days.map(|days| now_ms().saturating_add(i64::from(days).saturating_mul(DAY_MS)));
    if journal && !actions.is_empty() {
        return Err(HubError::Rejected(
            "a key that may read journals besides: name read_journals among its actions",
        ));
    }
    let rights = match (actions.is_empty(), journal) {
        (false, _) => KeyRights::of(actions),
        (true, true) => KeyRights::journals(),
        (true, false) if sites == Reach::whole_chain() => KeyRights::reports(),
        (true, false) => KeyRights::reports_of(sites.clone()),
    };
    Ok(KeyRights { sites, expires_at_ms, ..rights })
}

/// Everybody and every key, a line each.
async fn access(store: &Store) -> Result<Done, HubError> {
    let since = |word: &str, at_ms: Option<i64>| at_ms.map(|at_ms| format!(", {word} {}", utc(at_ms)));
    let person = |person: Person| {
        let disabled = since("disabled", person.disabled_at_ms).unwrap_or_default();
        format!("person {}: {}{disabled}", person.user.name, person.user.described())
    };
    let key = |key: ApiKey| {
        let KeyRights { actions, sites, expires_at_ms } = &key.rights;
        let may = actions.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ");
        let of = sites.listed().map_or(String::new(), |sites| format!(" of {}", sites.trim_matches(',')));
        let times = [
            since("until", *expires_at_ms),
            Some(since("last used", key.used_at_ms).unwrap_or_else(|| ", never used".to_owned())),
            since("disabled", key.disabled_at_ms),
        ];
        format!("key {}: {may}{of}{}", key.name, times.into_iter().flatten().collect::<String>())
    };
    let people = store.people().await?.into_iter().map(person);
    Ok(Done { lines: people.chain(store.api_keys().await?.into_iter().map(key)).collect(), notes: vec![] })
}

/// Stations, a line each.
async fn stations(store: &Store) -> Result<Done, HubError> {
    let line = |it: ListedStation| {
        let held = if it.held > 0 { format!(", {} deliveries held", it.held) } else { String::new() };
        let (site, till, seen) = (it.site, it.till, utc(it.last_seen_ms));
        format!("{} {site}/{till} {}, last heard {seen}{held}", it.station, it.standing.name())
    };
    Ok(Done { lines: store.listed_stations().await?.into_iter().map(line).collect(), notes: vec![] })
}

async fn station(store: &Store, id: &str, deed: Deed, by: &str) -> Result<String, HubError> {
    let all = store.listed_stations().await?;
    let mut found = all.iter().filter(|it| !id.is_empty() && it.station.to_string().starts_with(id));
    let (Some(ListedStation { station, site, till, .. }), None) = (found.next(), found.next()) else {
        return Err(HubError::Rejected(
            "no station's id, or more than one, begins so: `stations` lists them",
        ));
    };
    let standing = match deed {
        Deed::Retire => Standing::Retired,
        Deed::Revoke => Standing::Revoked,
        Deed::Restore => Standing::Active,
        Deed::Accept => {
            let batches = store.accept_held(*station, now_ms(), by.to_owned()).await?;
            return Ok(format!("{station} {site}/{till}: {batches} deliveries accepted"));
        }
    };
    if !store.set_standing(*station, standing, now_ms(), by.to_owned()).await? {
        let why = format!("{site}/{till} has another station by now: retire that one first");
        return Err(HubError::NumberTaken(why));
    }
    Ok(format!("{station} {site}/{till} is {}", standing.name()))
}

/// Changes, a line each, read as they are sealed.
async fn audit(store: &Store, after: u64) -> Result<Done, HubError> {
    let line = |row: AuditRow| {
        let was = row.before.map_or(String::new(), |was| format!(" was {was}"));
        let is = row.after.map_or(String::new(), |is| format!(" is {is}"));
        let AuditRow { seq, at_ms, actor, action, object, hash, .. } = row;
        format!("{seq} {} {actor}: {action} {object}{was}{is} [{}]", utc(at_ms), &hash.to_string()[..16])
    };
    let rows = store.audit(after).await?;
    let more = rows.len() as u64;
    let last = rows.last().map(|row| row.seq);
    let notes = match last {
        Some(last) if more == AUDIT_PAGE => vec![format!("there may be more: --after {last}")],
        _ => vec![],
    };
    Ok(Done { lines: rows.into_iter().map(line).collect(), notes })
}

fn utc(at_ms: i64) -> String {
    let (date, minute) = calendar::local(at_ms, 0);
    format!("{} {:02}:{:02} UTC", calendar::text(date), minute / 60, minute % 60)
}

fn imported(done: Imported, manner: Manner) -> Done {
    let warnings = done.warnings.iter().map(|warning| format!("warning: {warning}"));
    let notes = warnings.chain(done.left_alone).collect();
    let warned = if done.warned > 0 { format!(", {} warnings", done.warned) } else { String::new() };
    let published = if manner.dry_run { "would be published" } else { "published" };
    let sum = format!("{} files, {} rows, {} {published}{warned}", done.files, done.rows, done.published);
    Done { lines: done.changes.into_iter().chain([sum]).collect(), notes }
}

async fn user(store: &Store, user: User, password: Option<String>, by: &str) -> Result<Done, HubError> {
    let former = store.user(user.name.clone()).await?;
    let made = put_user(store, user.clone(), password, by).await?;
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
