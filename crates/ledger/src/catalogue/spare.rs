//! An earlier copy of the catalogue: what a till sells by when its file breaks while no hub can be reached.

use std::path::{Path, PathBuf};

use super::{Catalogue, CutHead};
use crate::db::{self, Durability};
use crate::folder::{Family, sync_dir, sync_file};
use crate::sync_state::open_checked;
use crate::{OpenError, wal};

const SPARE: &str = "catalogue.spare";

/// A copy that counts once it is kept.
#[derive(Debug)]
pub struct Spare {
    copied: PathBuf,
}

impl Catalogue {
    /// Copies the catalogue as it stands, which takes as long as reading it. Make it durable with [`Spare::keep`],
    /// which needs no catalogue.
    ///
    /// *Errors:* `Io`, `Database`; an earlier spare stays.
    pub fn spare(&self) -> Result<Spare, OpenError> {
        db::checkpoint(&self.conn, true).map_err(|source| OpenError::db(&self.file, source))?;
        let copied = self.file.with_file_name(SPARE).with_extension("copying");
        std::fs::copy(&self.file, &copied).map_err(|source| OpenError::io(&copied, source))?;
        Ok(Spare { copied })
    }
}

impl Spare {
    /// Makes the copy durable, in place of the one before.
    ///
    /// *Errors:* the operating system's; an earlier spare stays.
    pub fn keep(self) -> std::io::Result<()> {
        sync_file(&self.copied)?;
        std::fs::rename(&self.copied, self.copied.with_file_name(SPARE))?;
        sync_dir(self.copied.parent().unwrap_or(Path::new(".")))
    }
}

/// Makes the spare the current file, if there is one, every page of it is whole, and it is the station's own.
pub(super) fn fall_back(
    dir: &Path,
    family: &Family,
    is_own: &dyn Fn(&[CutHead]) -> bool,
) -> Option<Catalogue> {
    let spare = dir.join(SPARE);
    let file = family.next().ok()?;
    // The log of an earlier file by this name would be taken for the spare's.
    let _ = std::fs::remove_file(wal::path_of(&file));
    std::fs::copy(&spare, &file).ok()?;
    sync_file(&file).ok()?;
    let conn = open_checked(&file, &super::MIGRATIONS, Durability::Full).ok()?;
    let whole: String = conn.query_row("pragma quick_check", [], |row| row.get(0)).ok()?;
    let catalogue = Catalogue { family: family.clone(), file, conn };
    if whole != "ok" || !catalogue.is_own(is_own) {
        return None;
    }
    family.point_to(&catalogue.file, None).ok()?;
    Some(catalogue)
}
