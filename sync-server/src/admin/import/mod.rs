//! Publishes a chain's catalogue from a folder of files, as `docs/import.md` describes them: JSON for what is nested,
//! CSV for what people keep in spreadsheets.
//!
//! Nothing is published if any row of any file is refused, and rows that change nothing are not published again. What a
//! row may hold is decided in `suanpan_domain::catalogue`; here is only how it is read and where it stands.

mod changes;
#[cfg(test)]
mod docs;
mod entry;
mod faults;
mod files;
mod json;
mod rows;
mod table;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use suanpan_domain::catalogue::{self, Chain, Fault, Row, Staff, Table};
use suanpan_journal::SiteCode;
use suanpan_sync::FeedChange;

use self::changes::Beside;
use self::entry::{Entry, Import};
use self::faults::{Faults, Place};
use self::rows::column;
use super::{hash_password, verify_password};
use crate::clock::now_ms;
use crate::error::HubError;
use crate::store::{NewRow, RowName, Site, Store};

pub use self::changes::Manner;

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Files read.
    pub files: usize,
    /// Rows in them.
    pub rows: usize,
    /// Rows that changed something and were published, or would be.
    pub published: u64,
    /// Of a dry run, what would change: the first of it.
    pub changes: Vec<String>,
    /// What holds, is not listed and was left alone.
    pub left_alone: Option<String>,
    /// What may not be meant, with file, line and column: the first of them.
    pub warnings: Vec<String>,
    /// How many warnings there are.
    pub warned: usize,
}

/// Imports a folder, or one of its files.
///
/// *Errors:* `Import` with everything that is refused, `Random`, `Store`.
pub async fn import(store: &Store, path: &Path, manner: Manner, by: &str) -> Result<Imported, HubError> {
    let mut import = Import::default();
    let files = files::files(path, &mut import.faults);
    for (path, file, name) in &files {
        import.file(path, *file, name);
    }
    import.refuse_twice();
    let sites = store.sites().await?;
    import.keep_zones(&sites);
    let mut beside = Beside::new(&import.entries, &sites, manner.complete);
    store.each_held(now_ms(), |name, body| beside.take(name, &body)).await?;
    import.refuse_named(&beside);
    import.check(beside.chain);
    if import.faults.is_refused() {
        return Err(HubError::Import(import.faults.refusal()));
    }
    let count = import.entries.len();
    let (mut sites, mut rows) = (Vec::new(), Vec::with_capacity(count));
    for entry in import.entries {
        sites.extend(site(&entry));
        rows.push(published_row(store, entry).await?);
    }
    let (gone, left) = match manner.complete {
        true => (beside.unlisted, Vec::new()),
        false => (Vec::new(), beside.unlisted),
    };
    rows.extend(gone.iter().map(changes::withdrawal));
    let rows: Arc<[NewRow]> = rows.into();
    let (published, changes) = match manner.dry_run {
        true => {
            let news = store.news_of(&rows).await?;
            (news.len() as u64, changes::lines(&rows, &news))
        }
        false => (store.publish_with(sites, rows, by.to_owned()).await?, Vec::new()),
    };
    let (warnings, warned) = import.faults.warnings();
    let left_alone = changes::left_alone(&left);
    Ok(Imported { files: files.len(), rows: count, published, changes, left_alone, warnings, warned })
}

impl Import {
    fn file(&mut self, path: &Path, file: usize, name: &str) {
        match name {
            "items.csv" => rows::items(self, path, file),
            "prices.csv" => rows::prices(self, path, file),
            "staff.csv" => rows::staff(self, path, file),
            _ => {
                let Some((_, table)) = files::LISTS.iter().find(|(list, _)| *list == name) else { return };
                self.list(path, file, *table);
            }
        }
    }

    fn list(&mut self, path: &Path, file: usize, table: Table) {
        for json::Element { row, body, place } in json::read(path, file, table, &mut self.faults) {
            for fault in catalogue::faults(table, &body, &row) {
                note(&mut self.faults, &place, &fault.field, &fault);
            }
            let (mut site, key) = (None, key(&row));
            let mut is_known = true;
            if table == Table::Settings {
                site = key.parse().ok();
                is_known = site.is_some();
            }
            if let Row::Settings(settings) = &row {
                for (field, code) in [("site", Some(&key)), ("zone", settings.zone.as_ref())] {
                    if let Some(code) = code.filter(|code| code.parse::<SiteCode>().is_err()) {
                        let line = place.line_of(field);
                        self.faults.refuse(file, line, field, "1 to 16 letters or digits", code);
                    }
                }
            }
            self.entries.push(Entry { place, table, site, key, row, secret: None, is_known });
        }
    }

    /// Refuses a key that comes twice in its file, naming both lines.
    fn refuse_twice(&mut self) {
        let mut seen: HashMap<(Table, Option<&SiteCode>, String), u64> = HashMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.key.is_empty()) {
            // Printed numbers have a site in capitals.
            let key = match entry.table {
                Table::Settings => (entry.table, None, entry.key.to_ascii_uppercase()),
                _ => (entry.table, entry.site.as_ref(), entry.key.clone()),
            };
            let name = key_column(entry.table);
            let line = entry.place.line_of(name);
            if let Some(first) = seen.insert(key, line) {
                let expected = format!("each {name} once: it stands on line {first} already");
                self.faults.refuse(entry.place.file, line, name, &expected, &entry.key);
            }
        }
    }

    /// A store stays in its zone if its row names none.
    fn keep_zones(&mut self, sites: &[Site]) {
        for entry in &mut self.entries {
            if let Row::Settings(settings) = &mut entry.row
                && settings.zone.is_none()
            {
                let known = sites.iter().find(|it| Some(&it.site) == entry.site.as_ref());
                settings.zone = known.and_then(|it| it.zone.as_ref()).map(SiteCode::to_string);
            }
        }
    }

    /// Refuses to withdraw a row that another names which stays.
    fn refuse_named(&mut self, beside: &Beside) {
        for (row, by) in beside.named() {
            // The row stands nowhere: it is missing below the column of its file.
            let Some(entry) = self.entries.iter().find(|entry| entry.table == row.table) else { continue };
            let (row, by) = (changes::title_of(row), changes::title_of(by));
            let expected = format!("{row}, which {by} names: list it, or let that go too");
            self.faults.refuse(entry.place.file, 1, key_column(entry.table), &expected, "no such row");
        }
    }

    /// Looks at every row beside all the others, and beside what is published.
    fn check(&mut self, mut chain: Chain) {
        for entry in &self.entries {
            if let (Row::Settings(_), Some(site)) = (&entry.row, &entry.site) {
                if let Some(spelt) = chain.spelt(site.as_str()).filter(|spelt| *spelt != site.as_str()) {
                    let expected = format!("a code of its own: there is a site {spelt}");
                    let place = &entry.place;
                    self.faults.refuse(place.file, place.line_of("site"), "site", &expected, site.as_str());
                }
                chain.site(site.as_str());
            }
        }
        for entry in &self.entries {
            let site = entry.site.as_ref().map_or("", SiteCode::as_str);
            match entry.is_known {
                true => {
                    if let Some(fault) = chain.put(site, &entry.key, &entry.row) {
                        note(&mut self.faults, &entry.place, column(entry.table, &fault.field), &fault);
                    }
                }
                false => chain.name(entry.table, &entry.key),
            }
        }
        for entry in self.entries.iter().filter(|entry| entry.is_known) {
            let site = entry.site.as_ref().map_or("", SiteCode::as_str);
            for fault in chain.check(site, &entry.key, &entry.row) {
                let is_csv = matches!(entry.table, Table::Item | Table::Price | Table::Staff);
                let column = if is_csv { column(entry.table, &fault.field) } else { &fault.field };
                note(&mut self.faults, &entry.place, column, &fault);
            }
        }
    }
}

fn note(faults: &mut Faults, place: &Place, column: &str, fault: &Fault) {
    let line = place.line_of(column);
    match fault.is_warning {
        true => faults.warn(place.file, line, column, &fault.expected, &fault.found),
        false => faults.refuse(place.file, line, column, &fault.expected, &fault.found),
    }
}

/// The column or field that is a row's key.
fn key_column(table: Table) -> &'static str {
    match table {
        Table::QuickTab | Table::LabelLayout => "id",
        Table::Settings => "site",
        _ => "code",
    }
}

/// The key of a row of a list.
fn key(row: &Row) -> String {
    match row {
        Row::Tax(tax) => tax.code.clone(),
        Row::Tender(tender) => tender.code.clone(),
        Row::QuickTab(tab) => tab.id.clone(),
        Row::LabelLayout(layout) => layout.id.clone(),
        Row::Settings(settings) => settings.site.clone(),
        Row::Item(_) | Row::Price(_) | Row::Staff(_) | Row::Dictionary(_) => String::new(),
    }
}

/// The site that a row of settings is of.
fn site(entry: &Entry) -> Option<Site> {
    let (Row::Settings(settings), Some(site)) = (&entry.row, &entry.site) else { return None };
    Some(Site {
        site: site.clone(),
        zone: settings.zone.as_ref().and_then(|zone| zone.parse().ok()),
        name: settings.name.clone(),
        utc_offset_min: settings.utc_offset_min,
        day_starts_min: settings.day_starts_min,
    })
}

async fn published_row(store: &Store, entry: Entry) -> Result<NewRow, HubError> {
    let RowName { scope, table, key } = entry.name();
    let Entry { mut row, secret, .. } = entry;
    if let (Row::Staff(person), Some(secret)) = (&mut row, secret) {
        let published = store.row(scope.clone(), table.name(), key.clone()).await?;
        let published = published.and_then(|body| serde_json::from_str::<Staff>(&body).ok());
        person.pin_hash = match published {
            // The hash that is published stays if it is of the same PIN.
            Some(before) if verify_password(&secret.pin, &before.pin_hash) => before.pin_hash,
            _ => hash_password(&secret.pin)?,
        };
    }
    let body = row.write().map_err(|error| HubError::Import(error.to_string()))?;
    let change = FeedChange::Put { body };
    Ok(NewRow { scope, table: table.name().to_owned(), key, effective_at_ms: 0, change })
}
