//! Keys of scripts.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use suanpan_journal::Hash;

use super::Store;
use super::audit::{Change, record};
use super::error::StoreError;
use super::sql::{Row, Sql, values};
use crate::access::{Action, Reach};

/// How often it is written down that a key was used.
const TOUCH_MS: i64 = 60_000;

/// Before the hash of a key that may less than an older hub would let it: of some sites or days, or of some actions.
const NARROW: [&[u8]; 2] = [b"suanpan/narrow-key/v1", b"suanpan/narrow-key/v2"];

const COLUMNS: &str = "name, actions, journal, sites, expires_at_ms, used_at_ms, disabled_at_ms";

/// What a script's key is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRights {
    /// For these, of [`Action::OF_KEYS`].
    pub actions: BTreeSet<Action>,
    /// Of these sites.
    pub sites: Reach,
    /// Until then.
    pub expires_at_ms: Option<i64>,
}

impl KeyRights {
    /// Of the whole chain, for ever.
    #[must_use]
    pub fn of(actions: impl IntoIterator<Item = Action>) -> KeyRights {
        let actions = actions.into_iter().collect();
        KeyRights { actions, sites: Reach::whole_chain(), expires_at_ms: None }
    }

    /// The reports of the whole chain and how the hub is, for ever.
    #[must_use]
    pub fn reports() -> KeyRights {
        KeyRights::of([Action::ReadFigures, Action::ReadDays, Action::Watch])
    }

    /// The reports of some sites: how the hub is, is told of all of it.
    #[must_use]
    pub fn reports_of(sites: Reach) -> KeyRights {
        KeyRights { sites, ..KeyRights::of([Action::ReadFigures, Action::ReadDays]) }
    }

    /// Reports, how the hub is, and journals: every line of every receipt.
    #[must_use]
    pub fn journals() -> KeyRights {
        KeyRights::of(Action::OF_KEYS)
    }

    fn may_read_journals(&self) -> bool {
        self.actions.contains(&Action::ReadJournals)
    }

    /// Its actions, unless every hub knows them.
    fn listed_actions(&self) -> Option<String> {
        let reports = match self.is_of_chain() {
            true => KeyRights::reports(),
            false => KeyRights::reports_of(self.sites.clone()),
        };
        let is_known = [reports, KeyRights::journals()].iter().any(|known| known.actions == self.actions);
        (!is_known).then(|| self.actions.iter().map(|action| action.name()).collect::<Vec<_>>().join(","))
    }

    /// The name under which its hash is kept, where a hub that does not know its limits would find it under its own.
    fn stored(&self, key: Hash) -> Hash {
        match (self.listed_actions(), self.is_of_chain() && self.expires_at_ms.is_none()) {
            (Some(_), _) => narrow(NARROW[1], key),
            (None, false) => narrow(NARROW[0], key),
            (None, true) => key,
        }
    }

    fn is_of_chain(&self) -> bool {
        self.sites == Reach::whole_chain()
    }

    /// Why nobody can have this, if that is so.
    #[must_use]
    pub fn is_impossible(&self) -> Option<&'static str> {
        let has = |action| self.actions.contains(&action);
        match self.is_of_chain() {
            _ if self.actions.is_empty()
                || self.actions.iter().any(|action| !Action::OF_KEYS.contains(action)) =>
            {
                Some("a key is good for some of read_figures, read_days, read_journals and watch")
            }
            false if has(Action::ReadJournals) => {
                Some("journals are read for the whole chain: give the key no site")
            }
            false if has(Action::Watch) => {
                Some("a key of some sites does not watch: that is told of the whole hub")
            }
            _ => None,
        }
    }
}

/// A script's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What it is for.
    pub name: String,
    /// What it is good for.
    pub rights: KeyRights,
    /// When it was last used, to the minute.
    pub used_at_ms: Option<i64>,
    /// Since when it is good for nothing.
    pub disabled_at_ms: Option<i64>,
}

impl Store {
    /// Adds an API key by its hash; a key of the same name is replaced.
    ///
    /// *Errors:* the store's.
    pub async fn put_api_key(
        &self,
        name: String,
        key: Hash,
        rights: KeyRights,
        now_ms: i64,
        by: String,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let was = key_named(sql, &name)?.map(|key| described(&key));
            let (key, actions) = (rights.stored(key), rights.listed_actions());
            let (journal, listed) = (rights.may_read_journals(), rights.sites.listed());
            sql.execute(
                "insert into api_key (name, key_sha256, created_at_ms, actions, journal, sites, expires_at_ms)
                 values (?, ?, ?, ?, ?, ?, ?)
                 on conflict (name) do update set key_sha256 = excluded.key_sha256,
                   created_at_ms = excluded.created_at_ms, actions = excluded.actions, journal = excluded.journal,
                   sites = excluded.sites, expires_at_ms = excluded.expires_at_ms, used_at_ms = null,
                   disabled_at_ms = null",
                values![name, key.0, now_ms, actions, journal, listed, rights.expires_at_ms],
            )?;
            let change = Change::new(&by, "key.put", format!("key {name}")).before(was.as_ref());
            let is = ApiKey { name, rights, used_at_ms: None, disabled_at_ms: None };
            record(sql, now_ms, &change.after(&described(&is)))
        })
        .await
    }

    /// Lets a key in no more; false if there is none of this name.
    ///
    /// *Errors:* the store's.
    pub async fn disable_api_key(&self, name: String, now_ms: i64, by: String) -> Result<bool, StoreError> {
        self.write(move |sql| {
            let Some(was) = key_named(sql, &name)? else { return Ok(false) };
            // No key has this hash, at an older hub neither.
            let none = Hash(Sha256::digest(format!("disabled {name}")).into());
            sql.execute(
                "update api_key set key_sha256 = ?, disabled_at_ms = coalesce(disabled_at_ms, ?) where name = ?",
                values![none.0, now_ms, name],
            )?;
            let change = Change::new(&by, "key.disable", format!("key {name}")).before(Some(&described(&was)));
            record(sql, now_ms, &change)?;
            Ok(true)
        })
        .await
    }

    /// All keys, by name.
    ///
    /// *Errors:* the store's.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|sql| sql.all(&format!("select {COLUMNS} from api_key order by name"), values![], api_key))
            .await
    }

    /// Whether there is an API key of this name.
    ///
    /// *Errors:* the store's.
    pub async fn is_api_key(&self, name: String) -> Result<bool, StoreError> {
        self.read(move |sql| Ok(key_named(sql, &name)?.is_some())).await
    }

    /// The key of a hash, unless it has ended; that it is used is written down.
    ///
    /// *Errors:* the store's.
    pub async fn api_key(&self, key: Hash, now_ms: i64) -> Result<Option<ApiKey>, StoreError> {
        let found = self
            .read(move |sql| {
                let query = format!("select {COLUMNS} from api_key where key_sha256 in (?, ?, ?)");
                let [one, two] = NARROW.map(|narrower| narrow(narrower, key).0);
                sql.one(&query, values![key.0, one, two], api_key)
            })
            .await?;
        let found = found.filter(|key| key.rights.expires_at_ms.is_none_or(|at_ms| at_ms > now_ms));
        if let Some(key) = &found
            && now_ms.saturating_sub(key.used_at_ms.unwrap_or(0)) >= TOUCH_MS
        {
            let name = key.name.clone();
            let used = "update api_key set used_at_ms = ? where name = ?";
            self.write(move |sql| sql.execute(used, values![now_ms, name]).map(drop)).await?;
        }
        Ok(found)
    }
}

fn narrow(narrower: &[u8], key: Hash) -> Hash {
    Hash(Sha256::new().chain_update(narrower).chain_update(key.0).finalize().into())
}

fn key_named(sql: &dyn Sql, name: &str) -> Result<Option<ApiKey>, StoreError> {
    sql.one(&format!("select {COLUMNS} from api_key where name = ?"), values![name], api_key)
}

fn api_key(row: &Row<'_>) -> Result<ApiKey, StoreError> {
    let (actions, sites): (Option<String>, Option<String>) = (row.get(1)?, row.get(3)?);
    let has_journals: bool = row.get(2)?;
    let mut actions = match actions {
        // A later hub's other actions are none of this one's.
        Some(listed) => listed.split(',').filter_map(Action::from_name).collect(),
        None => KeyRights::journals().actions,
    };
    // An older hub that makes a key of this name anew says this, and leaves the rest as it was.
    actions.retain(|action| match action {
        Action::ReadJournals => has_journals,
        Action::Watch => sites.is_none(),
        _ => true,
    });
    Ok(ApiKey {
        name: row.get(0)?,
        rights: KeyRights {
            actions,
            sites: match sites {
                Some(listed) => Reach::from_listed(&listed).ok_or(StoreError::Damaged("sites"))?,
                None => Reach::whole_chain(),
            },
            expires_at_ms: row.get(4)?,
        },
        used_at_ms: row.get(5)?,
        disabled_at_ms: row.get(6)?,
    })
}

fn described(key: &ApiKey) -> serde_json::Value {
    let KeyRights { actions, sites, expires_at_ms } = &key.rights;
    serde_json::json!({
        "actions": actions, "sites": sites.listed(), "expires_at_ms": expires_at_ms,
        "disabled_at_ms": key.disabled_at_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_that_does_not_know_a_keys_limits_does_not_find_it() {
        let key = Hash([7; 32]);
        let [of_sites, of_actions] = NARROW.map(|narrower| narrow(narrower, key));
        let one_store = Reach::of(vec!["HT01".parse().unwrap()]);
        let week = |rights: KeyRights| KeyRights { expires_at_ms: Some(7), ..rights };
        for (rights, stored) in [
            (KeyRights::reports(), key),
            (KeyRights::journals(), key),
            (week(KeyRights::reports()), of_sites),
            (KeyRights::reports_of(one_store.clone()), of_sites),
            (KeyRights::of([Action::Watch]), of_actions),
            (KeyRights::of([Action::ReadFigures, Action::ReadDays]), of_actions),
            (week(KeyRights::of([Action::ReadJournals])), of_actions),
            (KeyRights { sites: one_store, ..KeyRights::of([Action::ReadDays]) }, of_actions),
        ] {
            assert_eq!(rights.stored(key), stored, "{rights:?}");
        }
    }
}
