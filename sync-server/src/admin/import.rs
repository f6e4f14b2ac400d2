//! Publishes a chain's catalogue from JSON files.
//!
//! *Shape:* a file is an object of tables. `{"scope":"chain","tax":[…],"item":[…],"price":{"1001":{"fen":499,
//! "per":"500g"}},…}`; the scope is `chain`, `zone:CODE` or `site:CODE`. Rows are those of the catalogue; a list's
//! rows are named by their own `code` or `id`, an object's by its keys. `settings` is one row and tells the hub of
//! the site. Staff may carry `pin` in place of `pin_hash`, and `card` in place of `card_sha256`. A file with
//! `"effective_at_ms"` publishes everything in it for then. Rows that change nothing are not published again, and
//! nothing is published if any row of any file is refused.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use suanpan_domain::catalogue::{
    Item, LabelLayout, QuickTab, SETTINGS_KEY, SiteSettings, Staff, Table, TaxCode, Tender,
};
use suanpan_domain::pricing::Price;
use suanpan_journal::{Hash, SiteCode};
use suanpan_sync::{FeedChange, Scope};

use super::{hash_password, verify_password};
use crate::error::HubError;
use crate::store::{NewRow, Site, Store};

/// Files of one import: a chain of ten thousand sites.
const FILES_MAX: usize = 10_001;

/// Bytes of one file: a million items.
const FILE_MAX: u64 = 512 * 1024 * 1024;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Files read.
    pub files: usize,
    /// Rows in them.
    pub rows: usize,
    /// Rows that changed something and were published.
    pub published: u64,
}

/// Imports a file, or every `*.json` of a folder in the order of their names.
///
/// *Errors:* `Import`, `Random`, `Store`.
pub async fn import(store: &Store, path: &Path) -> Result<Imported, HubError> {
    let files = files(path)?;
    let (mut rows, mut sites) = (Vec::new(), Vec::new());
    for file in &files {
        let read = read(file)?;
        let scope = scope(file, &read)?;
        let at = effective_at(file, &read)?;
        for (table, body) in read {
            if table != "scope" && table != "effective_at_ms" {
                Importing { file, scope: &scope, at, store }
                    .table(&table, body, &mut rows, &mut sites)
                    .await?;
            }
        }
    }
    for site in sites {
        store.put_site(site).await?;
    }
    let count = rows.len();
    Ok(Imported { files: files.len(), rows: count, published: store.publish(rows).await? })
}

fn error(file: &Path, why: impl Into<String>) -> HubError {
    HubError::Import { file: file.display().to_string(), why: why.into() }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, HubError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|source| error(path, source.to_string()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    if files.is_empty() || files.len() > FILES_MAX {
        return Err(error(path, format!("expected 1 to {FILES_MAX} .json files, found {}", files.len())));
    }
    Ok(files)
}

fn read(file: &Path) -> Result<Map<String, Value>, HubError> {
    let size = std::fs::metadata(file).map_err(|source| error(file, source.to_string()))?.len();
    if size > FILE_MAX {
        return Err(error(file, format!("{size} bytes, at most {FILE_MAX} are read")));
    }
    let text = std::fs::read_to_string(file).map_err(|source| error(file, source.to_string()))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|source| error(file, source.to_string()))
}

fn scope(file: &Path, read: &Map<String, Value>) -> Result<Scope, HubError> {
    match read.get("scope").and_then(Value::as_str).map(str::parse) {
        Some(Ok(scope)) => Ok(scope),
        _ => Err(error(file, "expected \"scope\": \"chain\", \"zone:CODE\" or \"site:CODE\"")),
    }
}

fn effective_at(file: &Path, read: &Map<String, Value>) -> Result<i64, HubError> {
    match read.get("effective_at_ms") {
        None => Ok(0),
        Some(value) => value.as_i64().ok_or_else(|| error(file, "effective_at_ms: expected a whole number")),
    }
}

struct Importing<'a> {
    file: &'a Path,
    scope: &'a Scope,
    at: i64,
    store: &'a Store,
}

impl Importing<'_> {
    async fn table(
        &self,
        name: &str,
        body: Value,
        rows: &mut Vec<NewRow>,
        sites: &mut Vec<Site>,
    ) -> Result<(), HubError> {
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == name) else {
            return Err(error(self.file, format!("{name}: there is no such table")));
        };
        if table == Table::Settings {
            sites.push(self.site(&body)?);
            rows.push(self.row(table, SETTINGS_KEY.to_owned(), &body)?);
            return Ok(());
        }
        for (key, row) in self.named(table, body)? {
            let row = if table == Table::Staff { self.staff(&key, row).await? } else { row };
            rows.push(self.row(table, key, &row)?);
        }
        Ok(())
    }

    /// The rows of a table with their keys.
    fn named(&self, table: Table, body: Value) -> Result<Vec<(String, Value)>, HubError> {
        match body {
            Value::Object(rows) => Ok(rows.into_iter().collect()),
            Value::Array(rows) => rows
                .into_iter()
                .enumerate()
                .map(|(index, row)| {
                    let key = row.get("code").or_else(|| row.get("id")).and_then(Value::as_str);
                    let place = format!("{}[{index}]", table.name());
                    let key =
                        key.ok_or_else(|| error(self.file, format!("{place}: expected a code or id")))?;
                    Ok((key.to_owned(), row))
                })
                .collect(),
            _ => Err(error(self.file, format!("{}: expected a list or an object", table.name()))),
        }
    }

    /// Reads a row as its type and writes it back, so that what is published is what tills read.
    fn row(&self, table: Table, key: String, row: &Value) -> Result<NewRow, HubError> {
        let body = match table {
            Table::Item => checked::<Item>(row),
            Table::Price => checked::<Price>(row),
            Table::Tax => checked::<TaxCode>(row),
            Table::Tender => checked::<Tender>(row),
            Table::Staff => checked::<Staff>(row),
            Table::Settings => checked::<SiteSettings>(row),
            Table::QuickTab => checked::<QuickTab>(row),
            Table::LabelLayout => checked::<LabelLayout>(row),
        };
        let body = body.map_err(|why| error(self.file, format!("{} {key}: {why}", table.name())))?;
        let change = FeedChange::Put { body };
        Ok(NewRow {
            scope: self.scope.clone(),
            table: table.name().to_owned(),
            key,
            effective_at_ms: self.at,
            change,
        })
    }

    fn site(&self, body: &Value) -> Result<Site, HubError> {
        let settings: SiteSettings = serde_json::from_value(body.clone())
            .map_err(|why| error(self.file, format!("settings: {why}")))?;
        let site: SiteCode =
            settings.site.parse().map_err(|why| error(self.file, format!("settings.site: {why}")))?;
        if *self.scope != Scope::Site(site.clone()) {
            return Err(error(self.file, format!("settings of {site} belong to the scope site:{site}")));
        }
        Ok(Site {
            site,
            zone: None,
            name: settings.name,
            utc_offset_min: settings.utc_offset_min,
            day_starts_min: settings.day_starts_min,
        })
    }

    /// Replaces a PIN and card by their hashes. A PIN that is the published one keeps its hash.
    async fn staff(&self, key: &str, mut row: Value) -> Result<Value, HubError> {
        let Some(fields) = row.as_object_mut() else { return Ok(row) };
        if let Some(pin) = fields.remove("pin") {
            let pin = pin.as_str().map(str::to_owned);
            let pin = pin.ok_or_else(|| error(self.file, format!("staff {key}: expected pin as a text")))?;
            let published = self.store.row(self.scope.clone(), Table::Staff.name(), key.to_owned()).await?;
            let kept = published
                .and_then(|body| serde_json::from_str::<Staff>(&body).ok())
                .map(|staff| staff.pin_hash)
                .filter(|hash| verify_password(&pin, hash));
            let hash = match kept {
                Some(hash) => hash,
                None => hash_password(&pin)?,
            };
            fields.insert("pin_hash".to_owned(), Value::String(hash));
        }
        if let Some(Value::String(card)) = fields.remove("card") {
            let hash = Hash(Sha256::digest(format!("suanpan/card/v1{card}").as_bytes()).into());
            fields.insert("card_sha256".to_owned(), Value::String(hash.to_string()));
        }
        Ok(row)
    }
}

fn checked<T: DeserializeOwned + serde::Serialize>(row: &Value) -> Result<String, String> {
    let typed: T = T::deserialize(row).map_err(|why| why.to_string())?;
    serde_json::to_string(&typed).map_err(|why| why.to_string())
}
