use std::collections::BTreeMap;

use suanpan_domain::entry::Entry;
use suanpan_domain::totals::Posting;
use suanpan_journal::{Hash, SegmentId, StationId};

use crate::fold::{Difference, compare};
use crate::folder::{Family, Rest};
use crate::holes::lost;
use crate::rows::{self, Row};
use crate::schema::{self, Fitness, LEDGER};
use crate::{Damage, DbError, Durability, Lock, Missing, OpenError, db, tail, wal, whose};

/// What a complete check of a data folder found.
#[derive(Debug, Default)]
pub struct Verification {
    /// Entries read.
    pub entries: u64,
    /// Entries whose payload this version cannot read; they are kept, and counted in no total.
    pub unread: u64,
    /// The first thing that is wrong with the file or its chain.
    pub damage: Option<Damage>,
    /// Entries of a damaged file that come behind the sale, and are not here yet.
    pub to_come: u64,
    /// Entries that were lost in an earlier damage and have not come back.
    pub missing: Vec<Missing>,
    /// The first projected row that the journal does not give.
    pub difference: Option<Difference>,
    /// Totals by business date, folded from the entries.
    pub days: Vec<(u32, Vec<Posting>)>,
}

impl Verification {
    /// Says whether everything that was ever written is here, unchanged and rightly summed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_none() && self.to_come == 0 && self.missing.is_empty() && self.difference.is_none()
    }
}

/// Checks a whole data folder without changing it: structure, every hash, every projection.
///
/// *Errors:* `NoLedger`, `NewerVersion`, `Io`; damage is an answer, not an error.
pub fn verify(lock: &Lock, station: StationId) -> Result<Verification, OpenError> {
    let dir = lock.dir();
    let family = Family::new(dir, "ledger");
    let current = family.current().map_err(|source| OpenError::io(dir, source))?;
    let file = current.ok_or_else(|| OpenError::NoLedger { dir: dir.to_path_buf() })?;
    let mut found = Verification::default();
    if !file.exists() {
        found.damage = Some(Damage::Missing);
        return Ok(found);
    }
    if wal::read(&file).map_err(|source| OpenError::io(&file, source))?.damaged {
        found.damage = Some(Damage::Wal);
        return Ok(found);
    }
    let rest = family.rest().map_err(|source| OpenError::io(dir, source))?;
    found.to_come = rest.as_ref().map_or(0, |rest| rest.count);
    match check(&file, station, rest.as_ref(), &mut found) {
        Ok(None) => {}
        Ok(Some(newer)) => {
            return Err(OpenError::NewerVersion { file, found: newer, known: LEDGER.len() as i64 });
        }
        Err(Damage::Unreadable(source)) if source.is_of_the_machine() => {
            return Err(OpenError::db(&file, source));
        }
        Err(damage) => found.damage = Some(damage),
    }
    Ok(found)
}

fn check(
    file: &std::path::Path,
    station: StationId,
    rest: Option<&Rest>,
    found: &mut Verification,
) -> Result<Option<i64>, Damage> {
    let conn = db::open(file, Durability::Full)?;
    if let Fitness::Newer { found } = schema::inspect(&conn, &LEDGER)? {
        return Ok(Some(found));
    }
    if whose::is_ours(&conn, station)? == Some(false) {
        return Err(Damage::Anothers);
    }
    found.missing = lost(&conn, rest)?;
    let structure: String =
        conn.query_row("pragma integrity_check(1)", [], |row| row.get(0)).map_err(DbError::from)?;
    if structure != "ok" {
        return Err(Damage::Unreadable(DbError { extended: rusqlite::ffi::SQLITE_CORRUPT }));
    }
    found.entries = tail::walk(&conn, station, 0, i64::MAX)?.count;
    tail::check_parents(&conn)?;
    fold_days(&conn, found)?;
    found.difference = compare(&conn)?;
    Ok(None)
}

/// The hash of every entry of a segment, by its seq, without changing the folder: what tells which entry of a run is not
/// the one that was written. Empty if the segment is not here.
///
/// *Errors:* `NoLedger`, `Io`.
pub fn hashes(lock: &Lock, segment: SegmentId) -> Result<BTreeMap<u64, Hash>, OpenError> {
    let dir = lock.dir();
    let current = Family::new(dir, "ledger").current().map_err(|source| OpenError::io(dir, source))?;
    let file = current.ok_or_else(|| OpenError::NoLedger { dir: dir.to_path_buf() })?;
    let read = || {
        let conn = db::open(&file, Durability::Full)?;
        let Some(found) = rows::segments(&conn)?.into_iter().find(|row| row.segment == segment) else {
            return Ok(BTreeMap::new());
        };
        let mut statement = conn.prepare("select id, hash from entry where id between ?1 and ?2")?;
        let range = (rows::id_of(found.ord, 1), rows::id_of(found.ord, u64::from(u32::MAX)));
        let hashes = statement.query_map(range, |row| Ok((rows::seq_of(row.get(0)?), Hash(row.get(1)?))))?;
        Ok::<_, DbError>(hashes.collect::<Result<_, _>>()?)
    };
    read().map_err(|source| OpenError::db(&file, source))
}

fn fold_days(conn: &rusqlite::Connection, found: &mut Verification) -> Result<(), DbError> {
    let sql = "select id, at_ms, business_date, kind, payload, hash from entry where kind <> 0 order by id";
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut days = BTreeMap::<u32, Vec<Posting>>::new();
    while let Some(row) = rows.next()? {
        let row: Row = rows::Row::read(row)?;
        match Entry::decode(row.kind, &row.payload) {
            Ok(entry) => {
                let day = days.entry(row.business_date).or_default();
                for posting in suanpan_domain::totals::postings(&entry) {
                    add(day, posting);
                }
            }
            Err(_) => found.unread += 1,
        }
    }
    days.retain(|_, postings| !postings.is_empty());
    found.days = days.into_iter().collect();
    Ok(())
}

fn add(day: &mut Vec<Posting>, posting: Posting) {
    match day.iter_mut().find(|have| have.dimension == posting.dimension && have.key == posting.key) {
        Some(have) => {
            have.count += posting.count;
            have.fen += posting.fen;
            have.grams.0 += posting.grams.0;
            have.pieces.0 += posting.pieces.0;
        }
        None => day.push(posting),
    }
}
