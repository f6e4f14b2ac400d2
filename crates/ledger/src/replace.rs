//! Moves the ledger to a new file: carry over, make durable, then switch the pointer.

use std::path::Path;

use rusqlite::Connection;
use suanpan_journal::{Missing, StationId};

use crate::folder::{Family, Rest, sync_dir, sync_file};
use crate::holes::{insert_hole, lost};
use crate::salvage::{Carrier, Heap};
use crate::schema::LEDGER;
use crate::working::copy_working;
use crate::{Damage, DbError, Durability, OpenError, Replacement, db, fold, schema, tail};

/// Segments that fit between the last one carried over and the next: those that were lost whole come back from the
/// hub and take their place in the order. More than ten years have days.
pub(crate) const ORD_ROOM: i64 = 4096;

/// New files tried before giving up. A disk that refuses three in a row is not going to take the fourth.
const TRIES_MAX: u32 = 3;

/// Code of [`Damage::WriteFailed`].
const WRITE_FAILED: &str = "LDG-DMG-006";

/// Entries read at a time.
const PIECE: usize = 10_000;

/// Makes a new current file out of what can be read of `old`, or of its end when there is much more than selling needs.
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
    // One rest at a time: of a file that still waits for one all is read, which is little. The file that it waits for
    // has what that one was made of, and is read again, but after a failed write: what was told not to be saved must
    // not come back.
    let waiting = family.rest().map_err(io)?;
    let Filled { salvaged, missing, rest, is_anothers } =
        match fill(&building, old, station, &damage, waiting)? {
            Filled { salvaged: 0, rest: Some(rest), .. } if rest.code != WRITE_FAILED => {
                std::fs::remove_file(&building).map_err(io)?;
                fill(&building, Some(&rest.file), station, &damage, None)?
            }
            filled => filled,
        };
    sync_file(&building).map_err(io)?;
    std::fs::rename(&building, &file).map_err(io)?;
    sync_dir(file.parent().unwrap_or(Path::new("."))).map_err(io)?;
    family.point_to(&file, rest.as_ref()).map_err(io)?;
    let kept = old.filter(|old| old.exists()).map(Path::to_path_buf);
    let damage = if is_anothers { Damage::Anothers } else { damage };
    let to_come = rest.map_or(0, |rest| rest.count);
    let replacement = Replacement { damage, kept, file, salvaged, to_come, missing };
    if old.is_some() {
        tracing::error!(
            damage.code = replacement.damage.code(),
            damage.what = %replacement.damage,
            ledger.file = %replacement.file.display(),
            ledger.salvaged = replacement.salvaged,
            ledger.to_come = replacement.to_come,
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

/// What a new file was made of.
#[derive(Default)]
struct Filled {
    salvaged: u64,
    missing: Vec<Missing>,
    rest: Option<Rest>,
    is_anothers: bool,
}

fn fill(
    building: &Path,
    old: Option<&Path>,
    station: StationId,
    damage: &Damage,
    waiting: Option<Rest>,
) -> Result<Filled, OpenError> {
    let error = |source: DbError| OpenError::db(building, source);
    let new = db::build(building).map_err(error)?;
    schema::create(&new, &LEDGER).map_err(error)?;
    fold::stamp(&new).map_err(error)?;
    let Some(old) = old else {
        db::finish(new).map_err(error)?;
        return Ok(Filled::default());
    };
    let (heap, from) = read(old, waiting.as_ref(), station)?;
    if heap.is_anothers {
        db::finish(new).map_err(error)?;
        return Ok(Filled { is_anothers: true, ..Filled::default() });
    }
    let begins = |before| {
        let (file, code) = (old.to_path_buf(), damage.code().to_owned());
        Rest { file, before, count: heap.count(0, before), code }
    };
    let rest = waiting.or_else(|| from.map(begins));
    let filled = (|| -> Result<Filled, DbError> {
        let transaction = new.unchecked_transaction()?;
        let mut carrier = Carrier::new(station, heap, from.unwrap_or(0)..i64::MAX, &new)?;
        while carrier.step(&new, PIECE)? {}
        carrier.ends(&new, 0..i64::MAX)?;
        let begin = rest.as_ref().map_or(0, |rest| rest.before);
        // Its first entry has nothing before it that would prove it, and comes once more.
        let first: Option<i64> =
            new.query_row("select min(id) from entry where id >= ?1 and kind <> 0", [begin], |row| {
                row.get(0)
            })?;
        let rest = rest.map(|rest| match first {
            Some(before) if rest.code != WRITE_FAILED => Rest { before, ..rest },
            _ => rest,
        });
        let mut missing = lost(&new, rest.as_ref())?;
        let salvaged = carrier.salvaged();
        let is_condemned = matches!(damage, Damage::WriteFailed(_));
        if let (Some(head), false) = (&salvaged.head, is_condemned) {
            let open_end = Missing { segment: head.segment, from: head.seq + 1, to: None, to_hash: None };
            insert_hole(&new, &open_end)?;
            missing.push(open_end);
        }
        let room = if is_condemned { 1 } else { ORD_ROOM };
        tail::reserve_ord(&new, salvaged.ord_max + room)?;
        transaction.commit()?;
        Ok(Filled { salvaged: salvaged.entries, missing, rest, is_anothers: false })
    })();
    let filled = filled.map_err(error)?;
    carry_working_state(old, &new);
    db::finish(new).map_err(error)?;
    Ok(filled)
}

/// Reads a damaged file, and where it is read from: from its beginning if `None`.
fn read(old: &Path, waiting: Option<&Rest>, station: StationId) -> Result<(Heap, Option<i64>), OpenError> {
    let mut heap = Heap::read(old, station)?;
    let Some(rest) = waiting else {
        let from = heap.tail();
        return Ok((heap, from));
    };
    if rest.code == WRITE_FAILED {
        return Ok((heap, None));
    }
    match Heap::read(&rest.file, station) {
        Ok(older) => Ok((heap.with(older, rest.before), Some(rest.before))),
        Err(error) => {
            tracing::warn!(error.code = error.code(), error.what = %error, "ledger.replace");
            Ok((heap, None))
        }
    }
}

/// The open basket and the print queue, as far as SQLite can read them: losing them costs a rescan, never a sale.
fn carry_working_state(old: &Path, new: &Connection) {
    let carried = db::open(old, Durability::Full).and_then(|old| copy_working(&old, new));
    if let Err(error) = carried {
        tracing::warn!(error.what = %error, "ledger.working_state_lost");
    }
}
