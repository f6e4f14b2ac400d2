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

/// Before the hash of a key that may less than an older hub would let it.
const NARROW: &[u8] = b"suanpan/narrow-key/v1";

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

    /// The same, and journals: every line of every receipt.
    #[must_use]
    pub fn journals() -> KeyRights {
        KeyRights::of(Action::OF_KEYS)
    }

    fn may_read_journals(&self) -> bool {
        self.actions.contains(&Action::ReadJournals)
    }

    /// Whether it is less than a hub knows that has no such limits.
    fn is_narrow(&self) -> bool {
        self.expires_at_ms.is_some()
            || self.sites != Reach::whole_chain()
            || !self.actions.is_superset(&KeyRights::reports().actions)
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
            let key = if rights.is_narrow() { narrow(key) } else { key };
            let actions = serde_json::to_string(&rights.actions).map_err(|_| StoreError::Damaged("actions"))?;
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
                let query = format!("select {COLUMNS} from api_key where key_sha256 in (?, ?)");
                sql.one(&query, values![key.0, narrow(key).0], api_key)
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

fn narrow(key: Hash) -> Hash {
    Hash(Sha256::new().chain_update(NARROW).chain_update(key.0).finalize().into())
}

fn key_named(sql: &dyn Sql, name: &str) -> Result<Option<ApiKey>, StoreError> {
    sql.one(&format!("select {COLUMNS} from api_key where name = ?"), values![name], api_key)
}

fn api_key(row: &Row<'_>) -> Result<ApiKey, StoreError> {
    let (actions, sites): (Option<String>, Option<String>) = (row.get(1)?, row.get(3)?);
    let actions = match actions {
        Some(listed) => serde_json::from_str(&listed).map_err(|_| StoreError::Damaged("actions"))?,
        None if row.get(2)? => KeyRights::journals().actions,
        None => KeyRights::reports().actions,
    };
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
