use std::path::PathBuf;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use suanpan_domain::barcode::{barcode_key, plu_key};
use suanpan_domain::catalogue::{Item, Table};
use suanpan_journal::Hash;

use super::{Catalogue, CutHead, FeedRow, build, finish};
use crate::{DbError, OpenError, QueryError};

/// Pages kept in memory while a new set is filled, in KiB: the codes of a million items come in no order.
const BUILD_CACHE_KIB: i64 = 64 * 1024;

/// Bytes of a row's checksum: enough that no accident of bits passes.
const CHECK_SUM: usize = 8;

impl Catalogue {
    /// The heads that are applied.
    pub fn heads(&self) -> Result<Vec<CutHead>, QueryError> {
        let mut statement =
            self.conn.prepare_cached("select scope, version, hash, signed from head order by scope")?;
        let rows = statement.query_map([], |row| {
            Ok(CutHead {
                scope: row.get(0)?,
                version: row.get::<_, i64>(1)?.unsigned_abs(),
                hash: Hash(row.get(2)?),
                signed: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When a cut was last applied, for the age of prices on screen; ms since 1970-01-01 UTC.
    pub fn applied_at_ms(&self) -> Result<Option<i64>, QueryError> {
        Ok(self.conn.query_row("select max(applied_at_ms) from head", [], |row| row.get(0))?)
    }

    /// Keeps entries of a cut that is still being downloaded; nothing is priced by them yet.
    pub fn stage(&mut self, rows: &[FeedRow]) -> Result<(), QueryError> {
        let transaction = self.conn.unchecked_transaction()?;
        let sql = "insert or replace into staged values (?1, ?2, ?3, ?4, ?5, ?6)";
        for row in rows {
            let values =
                (&row.scope, row.version as i64, &row.table, &row.key, row.effective_at_ms, &row.body);
            self.conn.prepare_cached(sql)?.execute(values)?;
        }
        Ok(transaction.commit()?)
    }

    /// How far each scope is staged.
    pub fn staged(&self) -> Result<Vec<(String, u64)>, QueryError> {
        let mut statement = self
            .conn
            .prepare_cached("select scope, max(version) from staged group by scope order by scope")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Applies everything staged up to a cut, and the cut's heads, in one transaction.
    ///
    /// The caller has followed each scope's hash chain to the head. `now_ms` is the station's clock.
    pub fn apply_staged(&mut self, cut: &[CutHead], now_ms: i64) -> Result<(), QueryError> {
        let transaction = self.conn.unchecked_transaction()?;
        for head in cut {
            for row in staged_rows(&self.conn, head)? {
                put(&self.conn, &row, now_ms)?;
            }
            set_head(&self.conn, head, now_ms)?;
        }
        self.conn.execute("delete from staged", [])?;
        Ok(transaction.commit()?)
    }

    /// Stages and applies a cut that came in one piece.
    pub fn apply(&mut self, cut: &[CutHead], rows: &[FeedRow], now_ms: i64) -> Result<(), QueryError> {
        self.stage(rows)?;
        self.apply_staged(cut, now_ms)
    }

    /// Begins a whole new set beside this one.
    ///
    /// *Errors:* `Io`, `Database`.
    pub fn begin_snapshot(&self) -> Result<Snapshot, OpenError> {
        let file = self.family.next().map_err(|source| OpenError::io(&self.file, source))?;
        let (building, conn) = build(&file)?;
        let cached = conn.pragma_update(None, "cache_size", -BUILD_CACHE_KIB);
        // One transaction for all: pages that many chunks write to are written to the file once.
        let begun = cached.and_then(|()| conn.execute_batch("begin"));
        begun.map_err(|source| OpenError::db(&building, source.into()))?;
        Ok(Snapshot { file, building, conn })
    }

    /// Replaces the whole set by a finished snapshot.
    ///
    /// *Errors:* `Io`, `Database`; the set is as it was.
    pub fn replace(&mut self, snapshot: Snapshot, cut: &[CutHead], now_ms: i64) -> Result<(), OpenError> {
        let Snapshot { file, building, conn } = snapshot;
        let heads = cut.iter().try_for_each(|head| set_head(&conn, head, now_ms));
        let filled = heads.and_then(|()| Ok(conn.execute_batch("commit")?));
        filled.map_err(|source| OpenError::db(&building, source))?;
        let old = self.file.clone();
        let next = finish(self.family.clone(), &file, &building, conn)?;
        drop(std::mem::replace(self, next));
        // What an older set said is of no use; one that cannot be removed costs room only.
        for gone in [old.clone(), crate::wal::path_of(&old)] {
            if let Err(error) = std::fs::remove_file(&gone) {
                tracing::debug!(error.kind = ?error.kind(), "catalogue.remove_old");
            }
        }
        Ok(())
    }
}

/// A new set being filled, in a file that does not count before [`Catalogue::replace`].
#[derive(Debug)]
pub struct Snapshot {
    file: PathBuf,
    building: PathBuf,
    conn: Connection,
}

impl Snapshot {
    /// Adds the rows of a chunk: of each row of a scope what holds, and what will by its time, and nothing that was
    /// replaced. After an error the set is of no more use.
    pub fn add(&mut self, mut rows: Vec<FeedRow>) -> Result<(), QueryError> {
        // In the order of the table: most of them are then appended.
        rows.sort_unstable_by(|one, other| (&one.table, &one.key).cmp(&(&other.table, &other.key)));
        for row in &rows {
            insert(&self.conn, row, row.effective_at_ms)?;
        }
        Ok(())
    }
}

pub(super) fn rank(scope: &str) -> u8 {
    match scope.split(':').next() {
        Some("site") => 2,
        Some("zone") => 1,
        _ => 0,
    }
}

pub(super) fn check_sum(
    kind: &str,
    key: &str,
    rank: u8,
    at_ms: i64,
    version: i64,
    body: Option<&str>,
) -> [u8; CHECK_SUM] {
    let mut sha = Sha256::new();
    for text in [kind, key, body.unwrap_or("\0")] {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text);
    }
    sha.update([rank]);
    sha.update(at_ms.to_be_bytes());
    sha.update(version.to_be_bytes());
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = sha.finalize().into();
    [a, b, c, d, e, f, g, h]
}

fn put(conn: &Connection, row: &FeedRow, now_ms: i64) -> Result<(), DbError> {
    let rank = rank(&row.scope);
    // "At once" takes the place of what holds now, and leaves alone what was announced for later.
    let at_ms = match row.effective_at_ms {
        0 => holding_since(conn, row, rank, now_ms)?.unwrap_or(0),
        at_ms => at_ms,
    };
    insert(conn, row, at_ms)?;
    prune(conn, row, rank, now_ms)
}

/// Adds a row that holds from `at_ms`.
fn insert(conn: &Connection, row: &FeedRow, at_ms: i64) -> Result<(), DbError> {
    let (rank, version) = (rank(&row.scope), row.version as i64);
    let sum = check_sum(&row.table, &row.key, rank, at_ms, version, row.body.as_deref());
    let sql = "insert or replace into row_version values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    conn.prepare_cached(sql)?.execute((&row.table, &row.key, rank, at_ms, version, &row.body, sum))?;
    if row.table == Table::Item.name() {
        index_codes(conn, &row.key, row.body.as_deref())?;
    }
    Ok(())
}

fn holding_since(conn: &Connection, row: &FeedRow, rank: u8, now_ms: i64) -> Result<Option<i64>, DbError> {
    let sql = "select max(effective_at_ms) from row_version \
               where kind = ?1 and key = ?2 and rank = ?3 and effective_at_ms <= ?4";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row((&row.table, &row.key, rank, now_ms), |found| found.get(0))?)
}

fn index_codes(conn: &Connection, item: &str, body: Option<&str>) -> Result<(), DbError> {
    let parsed = body.and_then(|body| serde_json::from_str::<Item>(body).ok());
    let Some(parsed) = parsed else { return Ok(()) };
    let sql = "insert or ignore into code values (?1, ?2)";
    let barcodes = parsed.barcodes.iter().map(|barcode| barcode_key(&barcode.code));
    let plu = parsed.plu.as_deref().map(|plu| plu_key(plu).to_owned());
    for code in barcodes.chain(plu) {
        conn.prepare_cached(sql)?.execute((code, item))?;
    }
    Ok(())
}

fn staged_rows(conn: &Connection, head: &CutHead) -> Result<Vec<FeedRow>, DbError> {
    let sql = "select scope, version, kind, key, effective_at_ms, body from staged \
               where scope = ?1 and version <= ?2 order by version";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map((&head.scope, head.version as i64), |row| {
        Ok(FeedRow {
            scope: row.get(0)?,
            version: row.get::<_, i64>(1)?.unsigned_abs(),
            table: row.get(2)?,
            key: row.get(3)?,
            effective_at_ms: row.get(4)?,
            body: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn set_head(conn: &Connection, head: &CutHead, now_ms: i64) -> Result<(), DbError> {
    let row = (&head.scope, head.version as i64, head.hash.0, &head.signed, now_ms);
    conn.execute("insert or replace into head values (?1, ?2, ?3, ?4, ?5)", row)?;
    Ok(())
}

/// Forgets versions that a later one has replaced for good, with a day's grace for a clock that goes back.
fn prune(conn: &Connection, row: &FeedRow, rank: u8, now_ms: i64) -> Result<(), DbError> {
    const GRACE_MS: i64 = 24 * 60 * 60 * 1000;
    let sql = "delete from row_version where kind = ?1 and key = ?2 and rank = ?3 \
               and (effective_at_ms, version) < (\
                 select effective_at_ms, version from row_version \
                 where kind = ?1 and key = ?2 and rank = ?3 and effective_at_ms <= ?4 \
                 order by effective_at_ms desc, version desc limit 1)";
    let before = now_ms.saturating_sub(GRACE_MS).max(0);
    conn.prepare_cached(sql)?.execute((&row.table, &row.key, rank, before))?;
    Ok(())
}
