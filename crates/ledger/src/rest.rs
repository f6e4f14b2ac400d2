//! Salvage behind the sale: what a damaged file holds beside what selling needs comes while the till sells.
//!
//! A [`Salvage`] carries it into a file of its own, oldest first, so that no commit waits for it. When all is there the
//! ledger lets its own newer entries follow, in pieces between sales, and moves in.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use suanpan_journal::StationId;

use crate::db::{self, Meaning};
use crate::fold::{self, fold_row};
use crate::folder::{Family, Rest, sync_dir, sync_file};
use crate::holes::{explains, insert_hole, missing};
use crate::rows::{self, Row, id_of, ord_of};
use crate::salvage::{Carrier, Heap};
use crate::schema::LEDGER;
use crate::tail::{self, mark, set_mark};
use crate::working::copy_working;
use crate::{CommitError, DbError, Ledger, OpenError, schema};

/// Entries of a piece: some tens of milliseconds. Only those of [`Ledger::join`] make a commit wait; the last of them also
/// copies the log of the file that was made.
const PIECE: usize = 500;

/// The pointer is written again so often before nothing more is accepted.
const TRIES_MAX: u32 = 3;

/// Notes in the file that is being made, gone when it is whole: which file it is made of, up to which id, how many entries
/// came from there, and which ledger it took newer ones from.
const MARKS: [&str; 4] = [FILE, BEFORE, CARRIED, FROM];
const FILE: &str = "rest_file";
const BEFORE: &str = "rest_before";
const CARRIED: &str = "rest_carried";
const FROM: &str = "rest_from";

/// A ledger that has all of a damaged file's readable entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Entries that came behind the sale.
    pub salvaged: u64,
    /// Stable code of what was wrong with the damaged file.
    pub code: String,
    /// The damaged file, as it was.
    pub kept: PathBuf,
}

/// Carries the rest of a damaged file over, piece by piece. Goes on where it was when the till stopped.
pub struct Salvage {
    station: StationId,
    family: Family,
    rest: Rest,
    /// Number of the ledger that it is for.
    ledger: Option<i64>,
    made: Option<Made>,
    is_read: bool,
    /// What went wrong in [`Ledger::join`], for the next step to tell.
    failed: Option<OpenError>,
}

struct Made {
    conn: Connection,
    carrier: Carrier,
}

impl std::fmt::Debug for Salvage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Salvage").field("rest", &self.rest).finish_non_exhaustive()
    }
}

impl Salvage {
    /// Reads the next piece of the damaged file; the first call looks through the whole of it. Touches nothing that the
    /// ledger uses: any thread may call it while the till sells. [`Ledger::join`] is next.
    ///
    /// *Errors:* `Io`, `Database`, also of the last [`Ledger::join`]: drop it, and begin another one later.
    pub fn step(&mut self) -> Result<(), OpenError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.is_read {
            return Ok(());
        }
        let mut made = match self.made.take() {
            Some(made) => made,
            None => self.begin()?,
        };
        let step = (|| -> Result<bool, DbError> {
            let transaction = made.conn.unchecked_transaction()?;
            let before = made.carrier.salvaged().entries;
            let more = made.carrier.step(&made.conn, PIECE)?;
            let added = made.carrier.salvaged().entries.saturating_sub(before);
            let carried = mark(&made.conn, CARRIED)?.unwrap_or(0).saturating_add_unsigned(added);
            set_mark(&made.conn, CARRIED, carried)?;
            transaction.commit()?;
            if !more {
                db::checkpoint(&made.conn, true)?;
            }
            Ok(more)
        })();
        self.rest.count = made.carrier.left();
        self.made = Some(made);
        self.is_read = !step.map_err(|source| self.give_up(source))?;
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.family.beside("rest")
    }

    fn begin(&self) -> Result<Made, OpenError> {
        let path = self.path();
        let error = |source| OpenError::db(&path, source);
        let heap = Heap::read(&self.rest.file, self.station)?;
        let conn = match self.open() {
            Some(conn) => conn,
            None => {
                remove(&path)?;
                self.create().map_err(error)?
            }
        };
        let carrier = Carrier::new(self.station, heap, 0..self.rest.before, &conn).map_err(error)?;
        Ok(Made { conn, carrier })
    }

    /// The file as an earlier run left it, if it is of this salvage.
    fn open(&self) -> Option<Connection> {
        let path = self.path();
        let conn = path.exists().then(|| db::build_in_pieces(&path).ok())??;
        let number = self.family.number(&self.rest.file);
        let is_ours =
            mark(&conn, FILE).ok()? == number && mark(&conn, BEFORE).ok()? == Some(self.rest.before);
        // What followed from a ledger that broke since would not fit the one of today.
        let follows = mark(&conn, FROM).ok()?.is_none_or(|from| Some(from) == self.ledger);
        (is_ours && follows).then_some(conn)
    }

    /// Begins the file.
    fn create(&self) -> Result<Connection, DbError> {
        let conn = db::build_in_pieces(&self.path())?;
        schema::create(&conn, &LEDGER)?;
        fold::stamp(&conn)?;
        set_mark(&conn, BEFORE, self.rest.before)?;
        // Last: with it the file counts.
        set_mark(&conn, FILE, self.family.number(&self.rest.file).unwrap_or(0))?;
        Ok(conn)
    }

    /// Lets the file go that is being made; a full disk is waited out, anything else begins it anew.
    fn give_up(&mut self, source: DbError) -> OpenError {
        let path = self.path();
        (self.made, self.is_read) = (None, false);
        if source.meaning() != Meaning::Full
            && let Err(error) = remove(&path)
        {
            return error;
        }
        OpenError::db(&path, source)
    }

    /// Lets a piece of the ledger's own entries follow. Says whether more are left.
    fn copy(&self, ledger: &Connection) -> Result<bool, DbError> {
        let Some(Made { conn, .. }) = &self.made else { return Ok(true) };
        let transaction = conn.unchecked_transaction()?;
        if mark(conn, FROM)?.is_none() {
            set_mark(conn, FROM, self.ledger.unwrap_or(0))?;
        }
        for segment in rows::segments(ledger)? {
            let known = conn.prepare_cached("select 1 from segment where ord = ?1")?.exists([segment.ord])?;
            if known {
                continue;
            }
            segment.insert(conn)?;
            let opening = id_of(segment.ord, 0);
            if let Some(row) = rows::entry_by_id(ledger, opening)?.filter(|_| opening < self.rest.before) {
                row.insert(conn)?;
            }
        }
        let last: Option<i64> = conn.query_row("select max(id) from entry", [], |row| row.get(0))?;
        let last = last.unwrap_or(0).max(self.rest.before.saturating_sub(1));
        let sql = "select id, at_ms, business_date, kind, payload, hash from entry where id > ?1 order by id limit ?2";
        let mut statement = ledger.prepare_cached(sql)?;
        let mut rows = statement.query((last, PIECE as i64))?;
        let mut copied = 0;
        while let Some(row) = rows.next()? {
            let row = Row::read(row)?;
            row.insert(conn)?;
            fold_row(conn, &row)?;
            copied += 1;
        }
        transaction.commit()?;
        Ok(copied == PIECE)
    }

    /// Completes the file with what the ledger has beside entries, and makes it durable under its name. Gives its path
    /// and the entries that came from the damaged file.
    fn complete(&mut self, ledger: &Connection) -> Result<(PathBuf, u64), OpenError> {
        let path = self.path();
        let error = |source| OpenError::db(&path, source);
        let io = |source| OpenError::io(&path, source);
        let Some(Made { conn, carrier }) = self.made.take() else {
            return Err(error(DbError { extended: 0 }));
        };
        self.is_read = false;
        let carried = self.settle(&conn, &carrier, ledger).map_err(error)?;
        db::checkpoint(&conn, true).map_err(error)?;
        conn.close().map_err(|(_, source)| error(source.into()))?;
        sync_file(&path).map_err(io)?;
        let file = self.family.next().map_err(io)?;
        std::fs::rename(&path, &file).map_err(io)?;
        sync_dir(file.parent().unwrap_or(Path::new("."))).map_err(io)?;
        Ok((file, carried))
    }

    /// Ends that are missing, holes, the open basket and the print queue; and the notes go, in the same transaction.
    fn settle(&self, conn: &Connection, carrier: &Carrier, ledger: &Connection) -> Result<u64, DbError> {
        let transaction = conn.unchecked_transaction()?;
        let carried = mark(conn, CARRIED)?.unwrap_or(0);
        carrier.ends(conn, 0..ord_of(self.rest.before))?;
        let cut = rows::segments(conn)?.into_iter().find(|row| row.ord == ord_of(self.rest.before));
        let last = rows::last_before(conn, self.rest.before)?;
        let last =
            last.filter(|(_, ord)| cut.is_some_and(|cut| cut.ord == *ord)).map_or(0, |(head, _)| head.seq);
        for mut hole in missing(ledger)? {
            let ord = cut.filter(|cut| cut.segment == hole.segment).map(|cut| cut.ord);
            if explains(&self.rest, &hole, ord) {
                hole.from = last + 1;
            }
            if hole.to.is_none_or(|to| hole.from <= to) {
                insert_hole(conn, &hole)?;
            }
        }
        tail::reserve_ord(conn, tail::reserved_ord(ledger)?)?;
        copy_working(ledger, conn)?;
        for name in MARKS {
            conn.execute("delete from mark where name = ?1", [name])?;
        }
        transaction.commit()?;
        Ok(carried.unsigned_abs())
    }
}

fn remove(path: &Path) -> Result<(), OpenError> {
    for path in [path.to_path_buf(), crate::wal::path_of(path)] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(OpenError::io(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Ledger {
    /// Entries of a damaged file that are still to come, as far as they were seen. Until they are here, what was written
    /// before the last days is not found, and sums of those days are not whole.
    #[must_use]
    pub fn to_come(&self) -> u64 {
        self.rest.as_ref().map_or(0, |rest| rest.count)
    }

    /// Says whether everything is here that could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// The salvage of what is still to come; at most one of them may be at work.
    #[must_use]
    pub fn salvage(&self) -> Option<Salvage> {
        let rest = self.rest.clone()?;
        let (station, family) = (self.station, self.family.clone());
        let ledger = family.number(&self.file);
        Some(Salvage { station, family, rest, ledger, made: None, is_read: false, failed: None })
    }

    /// Hears how far a salvage is. When it has read all, lets a piece of the newer entries follow, and after the last of
    /// them moves to the whole file and begins a segment there.
    ///
    /// *Errors:* `Unknown` and `Stopped`: nothing is accepted until the next start. Whatever else goes wrong the next step
    /// tells, and the ledger stays where it is.
    pub fn join(&mut self, salvage: &mut Salvage) -> Result<Option<Whole>, CommitError> {
        let Some(rest) = &mut self.rest else { return Ok(None) };
        let number = self.family.number(&self.file);
        let is_for = (&salvage.rest.file, salvage.rest.before, salvage.ledger);
        if (&rest.file, rest.before, number) != is_for {
            // The ledger has moved meanwhile.
            (salvage.rest, salvage.ledger) = (rest.clone(), number);
            (salvage.made, salvage.is_read) = (None, false);
            return Ok(None);
        }
        rest.count = salvage.rest.count;
        if !salvage.is_read {
            return Ok(None);
        }
        let Some(conn) = &self.conn else { return Err(CommitError::Stopped) };
        let copied = salvage.copy(conn);
        let done = match copied {
            Ok(true) => return Ok(None),
            Ok(false) => salvage.complete(conn),
            Err(source) => Err(salvage.give_up(source)),
        };
        let opened = done.and_then(|(file, salvaged)| {
            let (conn, segment) = self.enter(&file)?;
            Ok((file, salvaged, conn, segment))
        });
        let (file, salvaged, conn, next) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                salvage.failed = Some(error);
                return Ok(None);
            }
        };
        // From here on the pointer may name the new file at the next start: nothing more is written to the one before.
        self.conn = None;
        let pointed = (0..TRIES_MAX).find_map(|_| self.family.point_to(&file, None).ok());
        if pointed.is_none() {
            let source = OpenError::io(&file, std::io::ErrorKind::Other.into());
            return Err(CommitError::Unknown { source });
        }
        self.settle_in(file, conn, next);
        let whole = self.rest.take().map(|rest| Whole { salvaged, code: rest.code, kept: rest.file });
        tracing::warn!(ledger.file = %self.file.display(), ledger.salvaged = salvaged, "ledger.whole");
        Ok(whole)
    }
}
