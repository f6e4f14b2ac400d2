//! Publishes a chain's catalogue from a folder of files, as `sample/README.md` describes them: JSON for what is
//! nested, CSV for what people keep in spreadsheets.
//!
//! Nothing is published if any row of any file is refused, and rows that change nothing are not published again.

mod rows;
mod table;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use suanpan_domain::catalogue::{LabelLayout, QuickTab, SETTINGS_KEY, SiteSettings, Table, TaxCode, Tender};
use suanpan_journal::SiteCode;
use suanpan_sync::{FeedChange, Scope};

use crate::error::HubError;
use crate::store::{NewRow, Site, Store};

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

/// Everything read so far.
#[derive(Default)]
struct Import {
    rows: Vec<NewRow>,
    sites: Vec<Site>,
    files: usize,
}

/// Imports a folder, or one of its files.
///
/// *Errors:* `Import`, `Random`, `Store`.
pub async fn import(store: &Store, path: &Path) -> Result<Imported, HubError> {
    let mut import = Import::default();
    for file in files(path)? {
        import.file(store, &file).await?;
    }
    let rows = import.rows.len();
    for site in import.sites {
        store.put_site(site).await?;
    }
    Ok(Imported { files: import.files, rows, published: store.publish(import.rows).await? })
}

/// Refuses a file, saying where and what.
fn refuse(file: &Path, why: impl std::fmt::Display) -> HubError {
    HubError::Import { file: file.display().to_string(), why: why.to_string() }
}

/// The files that are there, in the order in which their rows build on each other.
fn files(path: &Path) -> Result<Vec<PathBuf>, HubError> {
    const NAMES: [&str; 8] = [
        "taxes.json",
        "tenders.json",
        "stores.json",
        "staff.csv",
        "items.csv",
        "prices.csv",
        "quick_tabs.json",
        "label_layouts.json",
    ];
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let found: Vec<PathBuf> =
        NAMES.iter().map(|name| path.join(name)).filter(|file| file.is_file()).collect();
    if found.is_empty() {
        return Err(refuse(path, format!("expected a folder with any of {}", NAMES.join(", "))));
    }
    Ok(found)
}

fn read(file: &Path) -> Result<String, HubError> {
    let size = std::fs::metadata(file).map_err(|error| refuse(file, error))?.len();
    if size > FILE_MAX {
        return Err(refuse(file, format!("{size} bytes, at most {FILE_MAX} are read")));
    }
    let bytes = std::fs::read(file).map_err(|error| refuse(file, error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        refuse(file, format!("byte {}: expected UTF-8", error.utf8_error().valid_up_to()))
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

fn list<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, HubError> {
    serde_json::from_str(&read(file)?).map_err(|error| refuse(file, error))
}

impl Import {
    async fn file(&mut self, store: &Store, file: &Path) -> Result<(), HubError> {
        self.files += 1;
        match file.file_name().and_then(|name| name.to_str()) {
            Some("taxes.json") => {
                for tax in list::<TaxCode>(file)? {
                    self.put(file, Scope::Chain, Table::Tax, &tax.code, &tax)?;
                }
            }
            Some("tenders.json") => {
                for tender in list::<Tender>(file)? {
                    self.put(file, Scope::Chain, Table::Tender, &tender.code, &tender)?;
                }
            }
            Some("quick_tabs.json") => {
                for tab in list::<QuickTab>(file)? {
                    self.put(file, Scope::Chain, Table::QuickTab, &tab.id, &tab)?;
                }
            }
            Some("label_layouts.json") => {
                for layout in list::<LabelLayout>(file)? {
                    self.put(file, Scope::Chain, Table::LabelLayout, &layout.id, &layout)?;
                }
            }
            Some("stores.json") => self.stores(file)?,
            Some("items.csv") => rows::items(self, file)?,
            Some("prices.csv") => rows::prices(self, file)?,
            Some("staff.csv") => rows::staff(self, store, file).await?,
            _ => return Err(refuse(file, "this is none of the files that an import reads")),
        }
        Ok(())
    }

    fn stores(&mut self, file: &Path) -> Result<(), HubError> {
        for settings in list::<SiteSettings>(file)? {
            let site: SiteCode =
                settings.site.parse().map_err(|error| refuse(file, format!("{}: {error}", settings.site)))?;
            self.put(file, Scope::Site(site.clone()), Table::Settings, SETTINGS_KEY, &settings)?;
            self.sites.push(Site {
                site,
                zone: None,
                name: settings.name,
                utc_offset_min: settings.utc_offset_min,
                day_starts_min: settings.day_starts_min,
            });
        }
        Ok(())
    }

    fn put(
        &mut self,
        file: &Path,
        scope: Scope,
        table: Table,
        key: &str,
        body: &impl Serialize,
    ) -> Result<(), HubError> {
        let body = serde_json::to_string(body).map_err(|error| refuse(file, error))?;
        self.rows.push(NewRow {
            scope,
            table: table.name().to_owned(),
            key: key.to_owned(),
            effective_at_ms: 0,
            change: FeedChange::Put { body },
        });
        Ok(())
    }
}
