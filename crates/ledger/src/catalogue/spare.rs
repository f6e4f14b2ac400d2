//! An earlier copy of the catalogue: what a till sells by when its file breaks while no hub can be reached.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::db::Durability;
use crate::folder::{Family, sync_dir, sync_file};
use crate::schema::Migration;
use crate::sync_state::open_checked;
use crate::{OpenError, wal};

const SPARE: &str = "catalogue.spare";

/// A copy that counts once it is kept.
#[derive(Debug)]
pub struct Spare {
    copied: PathBuf,
}

impl Spare {
    /// Copies a catalogue's file.
    pub(super) fn of(file: &Path) -> Result<Spare, OpenError> {
        let copied = file.with_file_name(SPARE).with_extension("copying");
        std::fs::copy(file, &copied).map_err(|source| OpenError::io(&copied, source))?;
        Ok(Spare { copied })
    }

    /// Makes the copy durable, in place of the one before.
    ///
    /// *Errors:* the operating system's; an earlier spare stays.
    pub fn keep(self) -> std::io::Result<()> {
        sync_file(&self.copied)?;
        std::fs::rename(&self.copied, self.copied.with_file_name(SPARE))?;
        sync_dir(self.copied.parent().unwrap_or(Path::new(".")))
    }
}

/// The spare as the family's next file, if there is one and every page of it is whole.
pub(super) fn copied_back(
    dir: &Path,
    family: &Family,
    migrations: &[Migration],
) -> Option<(PathBuf, Connection)> {
    let file = family.next().ok()?;
    // The log of an earlier file by this name would be taken for the spare's.
    let _ = std::fs::remove_file(wal::path_of(&file));
    std::fs::copy(dir.join(SPARE), &file).ok()?;
    sync_file(&file).ok()?;
    let conn = open_checked(&file, migrations, Durability::Full).ok()?;
    let whole: String = conn.query_row("pragma quick_check", [], |row| row.get(0)).ok()?;
    (whole == "ok").then_some((file, conn))
}
