//! A copy of a hub's folder while its hub serves: one consistent state, proved to be whole, and under its name only then.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::backup::{Backup, StepResult};
use suanpan_domain::calendar;

use super::{APPLICATION_ID, Sqlite, connect, make_private};
use crate::store::copy::promises;
use crate::store::error::StoreError;
use crate::store::sql::{Sql, values};
use crate::store::threads::Connection;

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The file: a whole database, to be put as `hub.db` into an empty folder beside the signing key.
    pub file: PathBuf,
    /// Batches in it.
    pub batches: u64,
}

/// Copies the database of a folder into a file that does not exist yet, or into a folder under the time's name. A hub
/// may be serving meanwhile; what it stores after the start is not in the copy. The signing key never is.
///
/// *Errors:* `File`, `DiskFull`, `Damaged`, `Differs`, `Database`. Then nothing is there under the name.
pub fn back_up(folder: &Path, to: &Path, now_ms: i64) -> Result<BackedUp, StoreError> {
    let file = if to.is_dir() { to.join(name(now_ms)) } else { to.to_owned() };
    sweep(&file);
    // Two that run at once write two files.
    let partial = ending(&file, &format!(".{}{PARTIAL}", std::process::id()));
    let make = || {
        refuse_existing(&file)?;
        make_private(&partial)?;
        let _held = hold(&partial).map_err(|source| failed(&partial, source))?;
        let (original, _scratch) = open(folder, &file)?;
        let batches = copy(&original, &partial)?;
        publish(&partial, &file)?;
        Ok(batches)
    };
    let made = make();
    if made.is_err() {
        // There may be none.
        drop(std::fs::remove_file(&partial));
    }
    made.map(|batches| BackedUp { file, batches })
}

/// What the name of a file ends with that is not whole yet.
const PARTIAL: &str = ".partial";

/// Before which stands this where it is the original's own files.
const ORIGINAL: &str = ".original";

/// Files beside a copy of the original, removed with it.
struct Scratch {
    file: PathBuf,
    _held: Held,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        BESIDE.iter().for_each(|end| drop(std::fs::remove_file(ending(&self.file, end))));
    }
}

/// What the database puts beside a file, and the file itself.
const BESIDE: [&str; 4] = ["", "-journal", "-wal", "-shm"];

fn ending(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Opens the original. Where its folder cannot be written to, as on a disk that is kept as evidence, its files are copied
/// beside the backup first: the database reads its log with a file of its own beside it.
fn open(folder: &Path, backup: &Path) -> Result<(Sqlite, Option<Scratch>), StoreError> {
    let original = folder.join("hub.db");
    match connect(&original) {
        Err(error) if is_closed(&error) && original.is_file() => {}
        opened => return Ok((Sqlite::over(opened?)?, None)),
    }
    // Whoever serves the folder holds this.
    if let Ok(lock) = std::fs::File::open(folder.join("hub.lock"))
        && matches!(lock.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
    {
        return Err(StoreError::Locked(folder.display().to_string()));
    }
    let file = ending(backup, &format!("{ORIGINAL}.{}{PARTIAL}", std::process::id()));
    make_private(&file)?;
    let scratch = Scratch { _held: hold(&file).map_err(|source| failed(&file, source))?, file };
    for end in ["", "-wal"].into_iter().filter(|end| ending(&original, end).is_file()) {
        let (from, to) = (ending(&original, end), ending(&scratch.file, end));
        make_private(&to)?;
        let copied = std::fs::File::open(&from).and_then(|mut from| {
            std::io::copy(&mut from, &mut std::fs::File::options().write(true).open(&to)?)
        });
        copied.map_err(|source| failed(&from, source))?;
    }
    Ok((Sqlite::over(connect(&scratch.file)?)?, Some(scratch)))
}

/// Whether a file could not be opened, or only be read.
fn is_closed(error: &StoreError) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    let StoreError::Database(cause) = error else { return false };
    let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(CannotOpen | ReadOnly))
}

/// A file that says that it is being written.
#[cfg(unix)]
type Held = std::fs::File;
#[cfg(not(unix))]
type Held = ();

/// Says that a file is being written; whoever was killed over it says so no more.
#[cfg(unix)]
fn hold(partial: &Path) -> std::io::Result<Held> {
    let held = std::fs::File::open(partial)?;
    held.try_lock()?;
    Ok(held)
}

/// Windows removes no file that another process has open.
#[cfg(not(unix))]
fn hold(_: &Path) -> std::io::Result<Held> {
    Ok(())
}

/// Removes what backups into this folder left behind that were killed. What cannot be removed stays.
fn sweep(file: &Path) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((backup, process)) = name.strip_suffix(PARTIAL).and_then(|it| it.rsplit_once('.')) else {
            continue;
        };
        let backup = backup.strip_suffix(ORIGINAL).unwrap_or(backup);
        let is_a_backups = backup == own || (backup.starts_with("hub-") && backup.ends_with("Z.db"));
        if !is_a_backups
            || !process.chars().all(|digit| digit.is_ascii_digit())
            || hold(&entry.path()).is_err()
        {
            continue;
        }
        tracing::warn!(file = name, "a backup that was broken off is removed");
        BESIDE.iter().for_each(|end| drop(std::fs::remove_file(ending(&entry.path(), end))));
    }
}

fn name(now_ms: i64) -> String {
    let (date, minute) = calendar::local(now_ms, 0);
    let second = now_ms.div_euclid(1_000).rem_euclid(60);
    format!("hub-{date}-{:02}{:02}{second:02}Z.db", minute.div_euclid(60), minute.rem_euclid(60))
}

/// Copies, and holds the copy against the original of the same moment.
fn copy(source: &Sqlite, to: &Path) -> Result<u64, StoreError> {
    let id: i32 = source.0.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Err(StoreError::Damaged("database: it is not a hub's"));
    }
    let mut target = rusqlite::Connection::open(to)?;
    target.pragma_update(None, "synchronous", "off")?;
    source.begin_read(None)?;
    let promised = promises(source)?;
    // All pages in one step, or every commit of the hub would begin the copy anew.
    if Backup::new(&source.0, &mut target)?.step(-1)? != StepResult::Done {
        return Err(StoreError::Busy);
    }
    source.rollback()?;
    // One file, without a log beside it.
    target.pragma_update(None, "journal_mode", "delete")?;
    let target = Sqlite::over(target)?;
    let sql: &dyn Sql = &target;
    let found: String = sql.only("pragma integrity_check(1)", values![], |row| row.get(0))?;
    if found != "ok" {
        tracing::error!(found, "the original is damaged");
        return Err(StoreError::Damaged("page"));
    }
    if promises(&target)? != promised {
        return Err(StoreError::Differs);
    }
    sql.only("select count(*) from batch", values![], |row| row.get(0))
}

/// Makes the copy durable, and then its name.
fn publish(partial: &Path, file: &Path) -> Result<(), StoreError> {
    let failed = |source| failed(file, source);
    let written = std::fs::File::options().write(true).open(partial).map_err(failed)?;
    written.sync_all().map_err(failed)?;
    refuse_existing(file)?;
    std::fs::rename(partial, file).map_err(failed)?;
    sync_folder(file).map_err(failed)
}

fn refuse_existing(file: &Path) -> Result<(), StoreError> {
    if file.exists() { Err(failed(file, std::io::ErrorKind::AlreadyExists.into())) } else { Ok(()) }
}

fn failed(file: &Path, source: std::io::Error) -> StoreError {
    StoreError::File { path: file.display().to_string(), source: Arc::new(source) }
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Windows keeps a name with its file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// 2026-11-21 09:00 in China.
    const NOW_MS: i64 = 1_795_222_800_000;

    fn files(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_folder_that_is_served_is_backed_up_into_one_file_that_a_hub_opens() {
        let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let serving = Store::open(folder.path(), 0).unwrap();
        let made = back_up(folder.path(), to.path(), NOW_MS).unwrap();
        assert_eq!(files(to.path()), ["hub-20261121-010000Z.db"]);
        drop(serving);
        let restored = tempfile::tempdir().unwrap();
        std::fs::copy(&made.file, restored.path().join("hub.db")).unwrap();
        drop(Store::open(restored.path(), 0).unwrap());
    }

    #[test]
    fn what_a_killed_backup_left_is_swept_and_what_one_writes_now_is_not() {
        let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(Store::open(folder.path(), 0).unwrap());
        let left = [
            "hub-20261120-010000Z.db.7.partial",
            "hub-20261120-010000Z.db.7.partial-journal",
            "hub-20261120-010000Z.db.original.7.partial",
            "hub-20261120-010000Z.db.original.7.partial-wal",
        ];
        let kept = ["hub-20261121-005959Z.db.8.partial", "mine.partial", "monday.db.9.partial"];
        for name in left.iter().chain(&kept) {
            std::fs::write(to.path().join(name), "half").unwrap();
        }
        let _running = hold(&to.path().join(kept[0])).unwrap();
        back_up(folder.path(), to.path(), NOW_MS).unwrap();
        let mut found = files(to.path());
        found.sort();
        assert_eq!(found, [kept[0], "hub-20261121-010000Z.db", kept[1], kept[2]].map(str::to_owned));
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(Store::open(folder.path(), 0).unwrap());
        let file = to.path().join("monday.db");
        std::fs::write(&file, "of monday").unwrap();
        assert_eq!(back_up(folder.path(), &file, 0).unwrap_err().code(), "HUB-STO-009");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "of monday");
        assert_eq!(files(to.path()), ["monday.db"]);
    }

    #[test]
    fn what_is_damaged_or_no_hubs_is_refused_and_leaves_nothing_under_the_name() {
        let to = tempfile::tempdir().unwrap();
        let damaged = tempfile::tempdir().unwrap();
        drop(Store::open(damaged.path(), 0).unwrap());
        let file = damaged.path().join("hub.db");
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8_192].fill(0xa7);
        std::fs::write(&file, bytes).unwrap();
        let another = tempfile::tempdir().unwrap();
        let other = rusqlite::Connection::open(another.path().join("hub.db")).unwrap();
        other.execute_batch("create table batch (id integer)").unwrap();
        let (empty, gone) = (tempfile::tempdir().unwrap(), to.path().join("no folder").join("x.db"));
        for (folder, to) in
            [(&damaged, to.path()), (&another, to.path()), (&empty, to.path()), (&empty, &gone)]
        {
            back_up(folder.path(), to, NOW_MS).unwrap_err();
        }
        assert!(files(to.path()).is_empty() && files(empty.path()).is_empty());
    }
}
