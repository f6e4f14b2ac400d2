use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use suanpan_journal::SegmentId;

use crate::db::{self, Durability};
use crate::schema::{self, Fitness, Migration};
use crate::{Damage, DbError, Lock, OpenError, QueryError};

const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    name: "sync",
    sql: include_str!("../migrations/sync/0001_sync.sql"),
    opened_from: 1,
}];

/// How far the hub has a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The segment.
    pub segment: SegmentId,
    /// Last acked entry; 0 for none.
    pub acked_seq: u64,
    /// The hub's epoch of that ack.
    pub epoch: u64,
    /// The ack as it was signed.
    pub ack: Option<Vec<u8>>,
}

/// A range that the hub refused, to show to IT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The segment.
    pub segment: SegmentId,
    /// First entry of the range.
    pub from_seq: u64,
    /// The hub's stable code.
    pub code: String,
    /// Station clock, ms since 1970-01-01 UTC.
    pub at_ms: i64,
}

/// A feed entry as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFeed {
    /// Scope on the wire, such as `site:TH01`.
    pub scope: String,
    /// Version in the scope.
    pub version: u64,
    /// When it arrived, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Its bytes.
    pub entry: Vec<u8>,
}

/// `sync.db`: cursors, acks, refusals, kept feed entries. In a file of its own, so that the driver never makes a
/// cashier wait. A file that cannot be read is thrown away: losing it costs a resend.
#[derive(Debug)]
pub struct SyncState {
    conn: Connection,
}

impl SyncState {
    /// Opens the folder's file, or begins a new one.
    ///
    /// *Errors:* `NewerVersion`, `Io`, `Database`.
    pub fn open(lock: &Lock) -> Result<SyncState, OpenError> {
        let path = lock.dir().join("sync.db");
        if path.exists() {
            match open_sound(&path) {
                Ok(conn) => return Ok(SyncState { conn }),
                Err(Opening::Refused(error)) => return Err(error),
                Err(Opening::Damaged(damage)) => {
                    tracing::warn!(damage.code = damage.code(), damage.what = %damage, "sync_state.lost");
                    for name in ["sync.db", "sync.db-wal"].map(|name| lock.dir().join(name)) {
                        if name.exists() {
                            std::fs::remove_file(&name).map_err(|source| OpenError::io(&name, source))?;
                        }
                    }
                }
            }
        }
        let made = db::build(&path).and_then(|conn| {
            schema::create(&conn, &MIGRATIONS)?;
            db::finish(conn)
        });
        made.map_err(|source| OpenError::db(&path, source))?;
        match open_sound(&path) {
            Ok(conn) => Ok(SyncState { conn }),
            Err(Opening::Refused(error)) => Err(error),
            Err(Opening::Damaged(_)) => Err(OpenError::db(&path, DbError { extended: 0 })),
        }
    }

    /// Every cursor.
    pub fn cursors(&self) -> Result<Vec<Cursor>, QueryError> {
        let mut statement =
            self.conn.prepare_cached("select segment_id, acked_seq, epoch, ack from cursor")?;
        let rows = statement.query_map([], |row| {
            Ok(Cursor {
                segment: SegmentId(row.get(0)?),
                acked_seq: row.get::<_, i64>(1)?.unsigned_abs(),
                epoch: row.get::<_, i64>(2)?.unsigned_abs(),
                ack: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Sets a cursor; without an ack the one that is kept stays.
    pub fn save_cursor(&mut self, cursor: &Cursor) -> Result<(), QueryError> {
        let sql = "insert into cursor values (?1, ?2, ?3, ?4) on conflict do update \
                   set acked_seq = ?2, epoch = ?3, ack = coalesce(?4, ack)";
        let row = (cursor.segment.0, cursor.acked_seq as i64, cursor.epoch as i64, &cursor.ack);
        self.run(sql, row)
    }

    /// Refused ranges.
    pub fn refusals(&self) -> Result<Vec<Refusal>, QueryError> {
        let sql = "select segment_id, from_seq, code, at_ms from refused order by at_ms";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(Refusal {
                segment: SegmentId(row.get(0)?),
                from_seq: row.get::<_, i64>(1)?.unsigned_abs(),
                code: row.get(2)?,
                at_ms: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes a refused range.
    pub fn refuse(&mut self, refusal: &Refusal) -> Result<(), QueryError> {
        let row = (refusal.segment.0, refusal.from_seq as i64, &refusal.code, refusal.at_ms);
        self.run("insert or replace into refused values (?1, ?2, ?3, ?4)", row)
    }

    /// Forgets the refusals of a segment: the hub took it after all.
    pub fn accepted(&mut self, segment: SegmentId) -> Result<(), QueryError> {
        self.run("delete from refused where segment_id = ?1", [segment.0])
    }

    /// Keeps received feed entries, and forgets those that arrived before `forget_before_ms`.
    pub fn keep_feed(&mut self, entries: &[KeptFeed], forget_before_ms: i64) -> Result<(), QueryError> {
        let transaction = self.conn.unchecked_transaction()?;
        for kept in entries {
            let row = (&kept.scope, kept.version as i64, kept.at_ms, &kept.entry);
            self.run("insert or replace into feed values (?1, ?2, ?3, ?4)", row)?;
        }
        self.run("delete from feed where at_ms < ?1", [forget_before_ms])?;
        Ok(transaction.commit()?)
    }

    /// Kept entries of a scope after a version, in order, at most `limit`.
    pub fn kept_feed(&self, scope: &str, after: u64, limit: u32) -> Result<Vec<KeptFeed>, QueryError> {
        let sql = "select scope, version, at_ms, entry from feed where scope = ?1 and version > ?2 \
                   order by version limit ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((scope, after as i64, limit), |row| {
            Ok(KeptFeed {
                scope: row.get(0)?,
                version: row.get::<_, i64>(1)?.unsigned_abs(),
                at_ms: row.get(2)?,
                entry: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A small value by name, such as the newest ack or the wake token.
    pub fn value(&self, name: &str) -> Result<Option<Vec<u8>>, QueryError> {
        let mut statement = self.conn.prepare_cached("select value from value where name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Sets a small value.
    pub fn set_value(&mut self, name: &str, value: &[u8]) -> Result<(), QueryError> {
        self.run("insert or replace into value values (?1, ?2)", (name, value))
    }

    fn run(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), QueryError> {
        self.conn.prepare_cached(sql)?.execute(parameters)?;
        Ok(())
    }
}

/// Why a file other than the ledger was not opened.
pub(crate) enum Opening {
    Refused(OpenError),
    Damaged(Damage),
}

fn open_sound(path: &Path) -> Result<Connection, Opening> {
    let conn = open_checked(path, &MIGRATIONS, Durability::Full)?;
    conn.pragma_update(None, "wal_autocheckpoint", 1_000)
        .map_err(|error| Opening::Damaged(DbError::from(error).into()))?;
    Ok(conn)
}

/// Opens a file and brings its schema up to date.
pub(crate) fn open_checked(
    path: &Path,
    migrations: &[Migration],
    durability: Durability,
) -> Result<Connection, Opening> {
    let file: PathBuf = path.to_path_buf();
    let opened = (|| -> Result<Result<Connection, i64>, Damage> {
        let conn = db::open(path, durability)?;
        match schema::inspect(&conn, migrations)? {
            Fitness::Newer { found } => return Ok(Err(found)),
            Fitness::Older => schema::apply(&conn, migrations)?,
            Fitness::Ready => {}
        }
        Ok(Ok(db::start_log(conn)?))
    })();
    match opened {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(found)) => {
            Err(Opening::Refused(OpenError::NewerVersion { file, found, known: migrations.len() as i64 }))
        }
        Err(Damage::Unreadable(source)) if source.is_of_the_machine() => {
            Err(Opening::Refused(OpenError::db(path, source)))
        }
        Err(damage) => Err(Opening::Damaged(damage)),
    }
}
