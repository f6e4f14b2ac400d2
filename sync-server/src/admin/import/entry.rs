//! What is read of the files.

use sha2::{Digest, Sha256};
use suanpan_domain::catalogue::{Row, SETTINGS_KEY, Table};
use suanpan_journal::{Hash, SiteCode};
use suanpan_sync::Scope;

use super::faults::{Faults, Place};
use crate::store::RowName;

/// A row of a file.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) table: Table,
    pub(super) site: Option<SiteCode>,
    pub(super) key: String,
    pub(super) row: Row,
    pub(super) secret: Option<Secret>,
    /// Whether its row says what others ask of it.
    pub(super) is_known: bool,
}

impl Entry {
    /// The row as the feed names it.
    pub(super) fn name(&self) -> RowName {
        let scope = self.site.clone().map_or(Scope::Chain, Scope::Site);
        let key = if self.table == Table::Settings { SETTINGS_KEY } else { &self.key };
        RowName { scope, table: self.table, key: key.to_owned() }
    }
}

/// What only its person knows.
pub(super) struct Secret {
    pub(super) pin: String,
    pub(super) card: Option<String>,
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct Import {
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Faults,
}

impl Secret {
    pub(super) fn card_sha256(&self) -> Option<String> {
        let card = self.card.as_ref()?;
        let hash = Hash(Sha256::digest(format!("suanpan/card/v1{card}").as_bytes()).into());
        Some(hash.to_string())
    }
}
