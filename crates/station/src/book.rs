//! The small tables of the catalogue that every station keeps in memory: the site's settings and who works there.

use std::collections::BTreeMap;

use suanpan_domain::catalogue::{SiteSettings, Staff};
use suanpan_ledger::{Catalogue, QueryError};

/// See the module. Empty until the catalogue has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    /// True once the site's settings and people are here.
    pub(crate) has_arrived: bool,
    pub(crate) settings: SiteSettings,
    staff: BTreeMap<String, Staff>,
}

impl Book {
    /// Reads the tables as they hold at a time.
    pub(crate) fn read(catalogue: &Catalogue, at_ms: i64) -> Result<Book, QueryError> {
        let settings = catalogue.settings(at_ms)?;
        let staff = catalogue.all_staff(at_ms)?;
        Ok(Book {
            has_arrived: settings.is_some() && !staff.is_empty(),
            settings: settings.unwrap_or_else(no_settings),
            staff: staff.into_iter().map(|staff| (staff.code.clone(), staff)).collect(),
        })
    }

    pub(crate) fn staff(&self, code: &str) -> Option<&Staff> {
        self.staff.get(code)
    }

    pub(crate) fn all_staff(&self) -> impl Iterator<Item = &Staff> {
        self.staff.values()
    }

    /// Any person, for work that must take as long as with the right one.
    pub(crate) fn anybody(&self) -> Option<&Staff> {
        self.staff.values().next()
    }
}

/// What holds before the catalogue has arrived; nothing can be done then.
fn no_settings() -> SiteSettings {
    let named = serde_json::json!({"chain": "", "site": "", "name": ""});
    serde_json::from_value(named).unwrap_or_else(|_| unreachable!("every other field has a default"))
}
