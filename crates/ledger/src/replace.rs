//! Moves the ledger to a new file: carry over, make durable, then switch the pointer.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use suanpan_journal::StationId;

use crate::folder::{Family, sync_dir, sync_file};
use crate::ledger::MIGRATIONS;
use crate::salvage::{Missing, Salvaged, carry_over, insert_hole};
use crate::{Damage, DbError, Durability, OpenError, db, schema, tail};

/// Segments that fit between the last one carried over and the next: those that were lost whole come back from the
/// hub and take their place in the order. More than ten years have days.
pub(crate) const ORD_ROOM: i64 = 4096;

/// New files tried before giving up. A disk that refuses three in a row is not going to take the fourth.
const TRIES_MAX: u32 = 3;

/// How a ledger came to a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What was wrong.
    pub damage: Damage,
    /// The old file, left as it was; `None` when it was missing.
    pub kept: Option<PathBuf>,
    /// The new file.
    pub file: PathBuf,
    /// Entries carried over.
    pub salvaged: u64,
    /// Entries known to be missing. With `Damage::Missing` nothing is known, and the hub is asked for everything.
    pub missing: Vec<Missing>,
}

/// Makes a new current file out of what can be read of `old`.
pub(crate) fn replace(
    family: &Family,
    old: Option<&Path>,
    station: StationId,
    damage: Damage,
) -> Result<Replacement, OpenError> {
    let file = family.next().map_err(|source| OpenError::io(Path::new("ledger"), source))?;
    let building = file.with_extension("building");
    let io = |source| OpenError::io(&building, source);
    if building.exists() {
        std::fs::remove_file(&building).map_err(io)?;
    }
    let salvaged = fill(&building, old, station, &damage)?;
    sync_file(&building).map_err(io)?;
    std::fs::rename(&building, &file).map_err(io)?;
    sync_dir(file.parent().unwrap_or(Path::new("."))).map_err(io)?;
    family.point_to(&file).map_err(io)?;
    let kept = old.filter(|old| old.exists()).map(Path::to_path_buf);
    let replacement =
        Replacement { damage, kept, file, salvaged: salvaged.entries, missing: salvaged.missing };
    if old.is_some() {
        tracing::error!(
            damage.code = replacement.damage.code(),
            damage.what = %replacement.damage,
            ledger.file = %replacement.file.display(),
            ledger.salvaged = replacement.salvaged,
            ledger.missing = replacement.missing.len(),
            "ledger.replaced"
        );
    }
    Ok(replacement)
}

/// [`replace`], again while it fails and tries are left. `make_room` is called between tries.
pub(crate) fn replace_with_retries(
    family: &Family,
    old: &Path,
    station: StationId,
    damage: &Damage,
    mut make_room: impl FnMut() -> bool,
) -> Result<Replacement, OpenError> {
    let mut tries = 1;
    loop {
        match replace(family, Some(old), station, damage.clone()) {
            Err(error) if tries < TRIES_MAX => {
                tracing::warn!(error.code = error.code(), error.what = %error, tries, "ledger.replace");
                make_room();
                tries += 1;
            }
            done => return done,
        }
    }
}

fn fill(
    building: &Path,
    old: Option<&Path>,
    station: StationId,
    damage: &Damage,
) -> Result<Salvaged, OpenError> {
    let error = |source: DbError| OpenError::db(building, source);
    let new = db::build(building).map_err(error)?;
    schema::create(&new, &MIGRATIONS).map_err(error)?;
    let Some(old) = old else {
        db::finish(new).map_err(error)?;
        return Ok(Salvaged::default());
    };
    let mut salvaged = carry_over(old, station, &new)?;
    if let (Some(head), false) = (&salvaged.head, matches!(damage, Damage::WriteFailed(_))) {
        let open_end = Missing { segment: head.segment, from: head.seq + 1, to: None, to_hash: None };
        insert_hole(&new, &open_end).map_err(error)?;
        salvaged.missing.push(open_end);
    }
    let room = if matches!(damage, Damage::WriteFailed(_)) { 1 } else { ORD_ROOM };
    tail::reserve_ord(&new, salvaged.ord_max + room).map_err(error)?;
    carry_working_state(old, &new);
    db::finish(new).map_err(error)?;
    Ok(salvaged)
}

/// The open basket and the print queue, as far as SQLite can read them: losing them costs a rescan, never a sale.
fn carry_working_state(old: &Path, new: &Connection) {
    let carried = (|| -> Result<(), DbError> {
        let old = db::open(old, Durability::Full)?;
        copy_rows(
            &old,
            new,
            "select one, basket from open_basket",
            "insert into open_basket values (?1, ?2)",
        )?;
        copy_rows(
            &old,
            new,
            "select job_id, document_id, copy, state, at_ms from print_job",
            "insert into print_job values (?1, ?2, ?3, ?4, ?5)",
        )
    })();
    if let Err(error) = carried {
        tracing::warn!(error.what = %error, "ledger.working_state_lost");
    }
}

fn copy_rows(old: &Connection, new: &Connection, read: &str, write: &str) -> Result<(), DbError> {
    let mut read = old.prepare(read)?;
    let columns = read.column_count();
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<rusqlite::types::Value> =
            (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        new.execute(write, rusqlite::params_from_iter(values))?;
    }
    Ok(())
}
