use std::path::{Path, PathBuf};

use rusqlite::Connection;
use suanpan_journal::{Chain, Parent, SegmentId, StationId};

use crate::counted::Counted;
use crate::db::{self, Durability, Meaning};
use crate::fold;
use crate::folder::{Family, Rest};
use crate::holes::missing;
use crate::replace;
use crate::reserve::{DiskState, Reserve};
use crate::rows::{self, SegmentRow};
use crate::schema::{self, Fitness, LEDGER};
use crate::tail;
use crate::{CommitError, Damage, DbError, Lock, OpenError, QueryError, Replacement, wal, whose};

/// Commits after which a commit first makes room itself, if nobody called [`Ledger::between_sales`].
pub(crate) const COMMITS_MAX: u32 = 1024;

/// How a ledger is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What a commit waits for.
    pub durability: Durability,
    /// Size of `reserve.bin` in bytes.
    pub reserve_bytes: u64,
    /// Commits after which the log is copied into the database: 64 make about 2 MB of log and a few ms of work.
    pub commits_per_checkpoint: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { durability: Durability::Full, reserve_bytes: 256 << 20, commits_per_checkpoint: 64 }
    }
}

/// What was found at start.
#[derive(Debug, Default)]
pub struct Report {
    /// The folder was new.
    pub created: bool,
    /// Entries read back and checked since the last mark.
    pub verified: u64,
    /// The file was damaged, and which new one took its place.
    pub replaced: Option<Replacement>,
}

/// An opened ledger and what was found.
#[derive(Debug)]
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// What was found.
    pub report: Report,
}

/// One station's journal and its projections, with one writer.
///
/// Each opening begins a segment, which becomes durable with its first entry.
pub struct Ledger {
    pub(crate) station: StationId,
    pub(crate) options: Options,
    pub(crate) family: Family,
    pub(crate) file: PathBuf,
    /// `None` after a failure that left no file to write to.
    pub(crate) conn: Option<Connection>,
    pub(crate) mint: Box<dyn FnMut() -> SegmentId + Send>,
    pub(crate) segment: SegmentRow,
    pub(crate) chain: Chain,
    /// The segment's opening is in the file.
    pub(crate) begun: bool,
    pub(crate) commits: u32,
    /// The ledger moved to a new file and has committed nothing since.
    pub(crate) moved: bool,
    /// What a damaged file still holds.
    pub(crate) rest: Option<Rest>,
    pub(crate) counted: Counted,
    pub(crate) reserve: Reserve,
    pub(crate) disk: DiskState,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Ledger")
            .field("file", &self.file)
            .field("chain", &self.chain)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the folder's ledger, or makes one.
    ///
    /// A damaged file is kept, every readable entry is carried into a new one, and the report says what is missing. Of a
    /// large file what selling needs comes at once, and the rest by [`Ledger::salvage`]. Of another station's file nothing is
    /// taken; an own one beside it is gone back to.
    /// `mint` gives random segment ids: one now, and one for each later replacement.
    ///
    /// *Errors:* `NewerVersion` and `SqliteTooOld`, having touched nothing; `Io` and `Database` when no new file can
    /// be made.
    pub fn open(
        lock: &Lock,
        station: StationId,
        options: Options,
        mut mint: Box<dyn FnMut() -> SegmentId + Send>,
    ) -> Result<Opened, OpenError> {
        if let Some(found) = db::version_too_old() {
            return Err(OpenError::SqliteTooOld { found });
        }
        let dir = lock.dir();
        let family = Family::new(dir, "ledger");
        let created = !family.was_used().map_err(|source| OpenError::io(dir, source))?;
        let current = family.current().map_err(|source| OpenError::io(dir, source))?;
        let (file, conn, report) = sound_or_replaced(&family, current, station, options.durability, created)?;
        let (segment, chain) =
            next_segment(&conn, station, mint()).map_err(|source| OpenError::db(&file, source))?;
        let rest = family.rest().map_err(|source| OpenError::io(dir, source))?;
        let reserve = Reserve::open(dir, options.reserve_bytes);
        let mut ledger = Ledger {
            station,
            options,
            family,
            file,
            conn: Some(conn),
            mint,
            segment,
            chain,
            begun: false,
            commits: options.commits_per_checkpoint,
            moved: false,
            rest,
            counted: Counted::default(),
            reserve,
            disk: DiskState::Plenty,
        };
        ledger.disk = ledger.reserve.tend();
        Ok(Opened { ledger, report })
    }

    /// The segment that this start writes.
    #[must_use]
    pub fn segment(&self) -> SegmentId {
        self.segment.segment
    }

    /// The station.
    #[must_use]
    pub fn station(&self) -> StationId {
        self.station
    }

    /// Whether there is room for a new sale, as of the last [`Ledger::between_sales`].
    #[must_use]
    pub fn disk(&self) -> DiskState {
        self.disk
    }

    /// Housekeeping while nobody waits: copies the log into the database when it has grown, tends the reserve.
    ///
    /// Gives the replacement when that work failed and the ledger moved to a new file; no sale was in doubt.
    ///
    /// *Errors:* `Unknown` when no new file could be made; nothing is accepted until the next start.
    pub fn between_sales(&mut self) -> Result<Option<Replacement>, CommitError> {
        self.disk = self.reserve.tend();
        if self.commits < self.options.commits_per_checkpoint {
            return Ok(None);
        }
        self.checkpoint(false)
    }

    pub(crate) fn checkpoint(&mut self, truncate: bool) -> Result<Option<Replacement>, CommitError> {
        let Some(conn) = &self.conn else { return Err(CommitError::Stopped) };
        self.commits = 0;
        let mut done = db::checkpoint(conn, truncate);
        if done.is_err_and(|error| error.meaning() == Meaning::Full) && self.give_up_reserve() {
            let Some(conn) = &self.conn else { return Err(CommitError::Stopped) };
            done = db::checkpoint(conn, truncate);
        }
        match done {
            // No room to copy: the commits are safe in the log, and the next call tries again.
            Err(error) if error.meaning() != Meaning::Full => {
                self.move_on(Damage::WriteFailed(error)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Copies the log into the database so that the next start has nothing to do. Optional before dropping.
    pub fn settle(&mut self) -> Result<Option<Replacement>, CommitError> {
        self.checkpoint(true)
    }

    pub(crate) fn give_up_reserve(&mut self) -> bool {
        let given = self.reserve.release();
        self.disk = if given { DiskState::ReserveInUse } else { DiskState::Full };
        tracing::warn!(reserve.released = given, "ledger.disk_full");
        given
    }

    pub(crate) fn conn(&self) -> Result<&Connection, QueryError> {
        self.conn.as_ref().ok_or(QueryError::Stopped)
    }

    /// Leaves the current file for a new one and begins a segment there.
    pub(crate) fn move_on(&mut self, damage: Damage) -> Result<Replacement, CommitError> {
        self.conn = None;
        let moved = replace::replace_with_retries(&self.family, &self.file, self.station, &damage, || {
            self.reserve.release()
        });
        let opened = moved.and_then(|replacement| {
            let io = |source| OpenError::io(&replacement.file, source);
            let rest = self.family.rest().map_err(io)?;
            let (conn, next) = self.enter(&replacement.file)?;
            Ok((replacement, rest, conn, next))
        });
        let (replacement, rest, conn, next) = opened.map_err(|source| CommitError::Unknown { source })?;
        self.rest = rest;
        self.settle_in(replacement.file.clone(), conn, next);
        Ok(replacement)
    }

    /// Opens another file and says which segment begins there.
    pub(crate) fn enter(&mut self, file: &Path) -> Result<(Connection, Next), OpenError> {
        let error = |source| OpenError::db(file, source);
        let conn = db::open(file, self.options.durability).and_then(db::start_log).map_err(error)?;
        let next = next_segment(&conn, self.station, (self.mint)()).map_err(error)?;
        Ok((conn, next))
    }

    /// Writes to another file from now on.
    pub(crate) fn settle_in(&mut self, file: PathBuf, conn: Connection, (segment, chain): Next) {
        (self.file, self.conn) = (file, Some(conn));
        (self.segment, self.chain, self.begun) = (segment, chain, false);
        (self.commits, self.moved) = (0, true);
        self.counted.forget();
    }
}

/// A segment that is about to begin, and its chain.
type Next = (SegmentRow, Chain);

type Sound = (Connection, u64);

/// Opens the current file, or what takes its place when it is damaged, gone, or another station's.
fn sound_or_replaced(
    family: &Family,
    current: Option<PathBuf>,
    station: StationId,
    durability: Durability,
    created: bool,
) -> Result<(PathBuf, Connection, Report), OpenError> {
    let found = match &current {
        None => Err(Damage::Missing),
        Some(file) => open_sound(file, station, durability)?,
    };
    let damage = match (found, &current) {
        (Ok((conn, verified)), Some(file)) => {
            return Ok((file.clone(), conn, Report { created, verified, replaced: None }));
        }
        (found, _) => found.err().unwrap_or(Damage::Missing),
    };
    if damage == Damage::Anothers
        && let Some((replacement, conn)) = go_back(family, &current, station, durability)?
    {
        return Ok((
            replacement.file.clone(),
            conn,
            Report { replaced: Some(replacement), ..Report::default() },
        ));
    }
    let replacement = replace::replace(family, current.as_deref(), station, damage)?;
    let file = replacement.file.clone();
    let conn = db::open(&file, durability).and_then(db::start_log);
    let conn = conn.map_err(|source| OpenError::db(&file, source))?;
    Ok((file, conn, Report { created, verified: 0, replaced: (!created).then_some(replacement) }))
}

/// Makes the newest sound file current that this station has written, when there is one beside a file that is not its own:
/// the till's identity was exchanged, and is back.
fn go_back(
    family: &Family,
    current: &Option<PathBuf>,
    station: StationId,
    durability: Durability,
) -> Result<Option<(Replacement, Connection)>, OpenError> {
    let io = |source| OpenError::io(Path::new("ledger"), source);
    let kept = current.clone().filter(|file| file.exists());
    for file in family.files().map_err(io)?.into_iter().filter(|file| Some(file) != current.as_ref()) {
        let Ok(Ok((conn, _))) = open_sound(&file, station, durability) else { continue };
        let error = |source| OpenError::db(&file, source);
        if whose::is_ours(&conn, station).map_err(error)? != Some(true) {
            continue;
        }
        let missing = missing(&conn).map_err(error)?;
        let salvaged = rows::count(&conn).map_err(error)?;
        family.point_to(&file, None).map_err(io)?;
        let damage = Damage::Anothers;
        tracing::error!(damage.code = damage.code(), ledger.file = %file.display(), "ledger.gone_back");
        return Ok(Some((Replacement { damage, kept, file, salvaged, to_come: 0, missing }, conn)));
    }
    Ok(None)
}

/// Opens a file and reads back what was written since the last mark. `Ok(Err(_))` names damage.
fn open_sound(
    file: &Path,
    station: StationId,
    durability: Durability,
) -> Result<Result<Sound, Damage>, OpenError> {
    if !file.exists() {
        return Ok(Err(Damage::Missing));
    }
    if wal::read(file).map_err(|source| OpenError::io(file, source))?.damaged {
        return Ok(Err(Damage::Wal));
    }
    let opened = (|| {
        let conn = db::open(file, durability)?;
        let fitness = schema::inspect(&conn, &LEDGER)?;
        if !matches!(fitness, Fitness::Newer { .. }) && whose::is_ours(&conn, station)? == Some(false) {
            return Err(Damage::Anothers);
        }
        match fitness {
            Fitness::Newer { found } => return Ok(Err(found)),
            Fitness::Ready => {}
            Fitness::Older => {
                schema::apply(&conn, &LEDGER)?;
                db::checkpoint(&conn, true)?;
            }
        }
        let conn = db::start_log(conn)?;
        let verified = tail::verify(&conn, station)?;
        fold::bring_up(&conn)?;
        Ok(Ok((conn, verified)))
    })();
    match opened {
        Ok(Ok(sound)) => Ok(Ok(sound)),
        Ok(Err(found)) => {
            Err(OpenError::NewerVersion { file: file.to_path_buf(), found, known: LEDGER.len() as i64 })
        }
        Err(Damage::Unreadable(source)) if source.is_of_the_machine() => Err(OpenError::db(file, source)),
        Err(damage) => Ok(Err(damage)),
    }
}

/// The segment that continues the file's last entry.
fn next_segment(conn: &Connection, station: StationId, id: SegmentId) -> Result<Next, DbError> {
    let (ord, parent) = match tail::head(conn)? {
        Some((ord, head)) => (ord + 1, head.as_parent()),
        None => (replace::ORD_ROOM, Parent::ROOT),
    };
    let ord = ord.max(tail::reserved_ord(conn)?);
    let segment = SegmentRow { ord, segment: id, parent };
    Ok((segment, segment.chain(station)))
}
