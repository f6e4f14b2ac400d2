//! The replica of what HQ published: items, prices, staff, settings, with what comes into force later.

mod apply;
mod read;
mod spare;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use suanpan_journal::Hash;

use crate::db::{self, Durability};
use crate::folder::{Family, sync_dir, sync_file};
use crate::schema::{self, Migration};
use crate::sync_state::{Opening, open_checked};
use crate::{Damage, Lock, OpenError};

pub use apply::Snapshot;
pub use read::ItemByCode;
pub use spare::Spare;

const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    name: "catalogue",
    sql: include_str!("../../migrations/catalogue/0001_catalogue.sql"),
    opened_from: 1,
}];

/// A scope's head that is applied here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutHead {
    /// Scope on the wire: `chain`, `zone:CODE` or `site:CODE`.
    pub scope: String,
    /// Its version.
    pub version: u64,
    /// Hash of its feed up to there.
    pub hash: Hash,
    /// The head as the hub signed it.
    pub signed: Vec<u8>,
}

/// One change of one row, as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Scope on the wire. The narrower wins: chain, then zone, then site.
    pub scope: String,
    /// Position in the scope, from 1.
    pub version: u64,
    /// Name of the table, see `domain::catalogue::Table`. Tables of a later version are kept.
    pub table: String,
    /// Which row.
    pub key: String,
    /// From when it holds, by the station's clock, in ms since 1970-01-01 UTC; 0 for at once.
    pub effective_at_ms: i64,
    /// The row as JSON, or `None` when this scope no longer has one.
    pub body: Option<String>,
}

/// The catalogue's replica, in a file of its own: `catalogue-N.db`, named by `catalogue.current`.
#[derive(Debug)]
pub struct Catalogue {
    family: Family,
    file: PathBuf,
    conn: Connection,
}

/// A catalogue and what was wrong with the one before.
#[derive(Debug)]
pub struct OpenedCatalogue {
    /// The catalogue; after damage the last spare, or an empty one until the hub's snapshot is in.
    pub catalogue: Catalogue,
    /// Set when the file was damaged or gone: it is kept under `kept`, and what the spare lacks is to be asked for again.
    pub damage: Option<Damage>,
    /// The damaged file, if there is one.
    pub kept: Option<PathBuf>,
}

impl Catalogue {
    /// Opens the folder's catalogue, or begins an empty one.
    ///
    /// *Errors:* `NewerVersion`, `Io`, `Database`.
    pub fn open(lock: &Lock) -> Result<OpenedCatalogue, OpenError> {
        Catalogue::open_own(lock, &|_| true)
    }

    /// The same for a station that knows its own catalogue by the heads that are applied: another shop's is kept aside, and
    /// nothing is sold by it.
    pub fn open_own(lock: &Lock, is_own: &dyn Fn(&[CutHead]) -> bool) -> Result<OpenedCatalogue, OpenError> {
        let dir = lock.dir();
        let family = Family::new(dir, "catalogue");
        let error = |source| OpenError::io(dir, source);
        let used = family.was_used().map_err(error)?;
        let current = family.current().map_err(error)?;
        let damage = match &current {
            Some(file) if file.exists() => match open_checked(file, &MIGRATIONS, Durability::Full) {
                Ok(conn) => {
                    let catalogue = Catalogue { family: family.clone(), file: file.clone(), conn };
                    if catalogue.is_own(is_own) {
                        return Ok(OpenedCatalogue { catalogue, damage: None, kept: None });
                    }
                    Damage::Anothers
                }
                Err(Opening::Refused(error)) => return Err(error),
                Err(Opening::Damaged(damage)) => damage,
            },
            _ => Damage::Missing,
        };
        let kept = current.filter(|file| file.exists());
        if used {
            tracing::error!(damage.code = damage.code(), damage.what = %damage, "catalogue.replaced");
        }
        let catalogue = match used.then(|| Catalogue::fall_back(dir, &family, is_own)).flatten() {
            Some(catalogue) => catalogue,
            None => {
                let file = family.next().map_err(error)?;
                let (building, conn) = build(&file)?;
                finish(family, &file, &building, conn)?
            }
        };
        Ok(OpenedCatalogue { catalogue, damage: used.then_some(damage), kept })
    }

    /// Copies the catalogue as it stands, which takes as long as reading it. Make it durable with [`Spare::keep`],
    /// which needs no catalogue.
    ///
    /// *Errors:* `Io`, `Database`; an earlier spare stays.
    pub fn spare(&self) -> Result<Spare, OpenError> {
        db::checkpoint(&self.conn, true).map_err(|source| OpenError::db(&self.file, source))?;
        Spare::of(&self.file)
    }

    /// Makes the spare the current file, if it is the station's own.
    fn fall_back(dir: &Path, family: &Family, is_own: &dyn Fn(&[CutHead]) -> bool) -> Option<Catalogue> {
        let (file, conn) = spare::copied_back(dir, family, &MIGRATIONS)?;
        let catalogue = Catalogue { family: family.clone(), file, conn };
        catalogue.is_own(is_own).then_some(())?;
        family.point_to(&catalogue.file, None).ok()?;
        Some(catalogue)
    }

    /// Heads that cannot be read are no proof against it.
    fn is_own(&self, is_own: &dyn Fn(&[CutHead]) -> bool) -> bool {
        self.heads().map_or(true, |heads| is_own(&heads))
    }
}

/// Begins a file beside the current one.
fn build(file: &Path) -> Result<(PathBuf, Connection), OpenError> {
    let building = file.with_extension("building");
    if building.exists() {
        std::fs::remove_file(&building).map_err(|source| OpenError::io(&building, source))?;
    }
    let made = db::build(&building).and_then(|conn| schema::create(&conn, &MIGRATIONS).map(|()| conn));
    Ok((building.clone(), made.map_err(|source| OpenError::db(&building, source))?))
}

/// Makes a built file durable and current, and opens it.
fn finish(family: Family, file: &Path, building: &Path, conn: Connection) -> Result<Catalogue, OpenError> {
    let io = |source| OpenError::io(building, source);
    db::finish(conn).map_err(|source| OpenError::db(building, source))?;
    sync_file(building).map_err(io)?;
    std::fs::rename(building, file).map_err(io)?;
    sync_dir(file.parent().unwrap_or(Path::new("."))).map_err(io)?;
    family.point_to(file, None).map_err(io)?;
    let opened = db::open(file, Durability::Full).and_then(db::start_log);
    let conn = opened.map_err(|source| OpenError::db(file, source))?;
    Ok(Catalogue { family, file: file.to_path_buf(), conn })
}
