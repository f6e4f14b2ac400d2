use rusqlite::{Connection, OptionalExtension};
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_journal::{Chain, Hash, SegmentId};

use crate::db::Meaning;
use crate::fold::{At, fold};
use crate::ledger::COMMITS_MAX;
use crate::print::PrintJob;
use crate::rows::{Row, entry_by_id, id_of};
use crate::working::{OpenBasket, Working, write_working};
use crate::{CommitError, Damage, DbError, Ledger, OpenError};

/// Entries of one commit: a sale with everything that was noted while it was rung.
const ENTRIES_MAX: usize = 64;

/// One thing to write down.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// Station clock, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Business date, `yyyymmdd`.
    pub business_date: u32,
    /// What happened.
    pub entry: &'a Entry,
}

/// Where an entry stands in the journal, and what the QR code of a receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRef {
    /// Segment.
    pub segment: SegmentId,
    /// Seq in it.
    pub seq: u64,
    /// Hash of the entry.
    pub hash: Hash,
}

/// Entries that are on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Where each stands, in the order given.
    pub entries: Vec<EntryRef>,
}

enum Failure {
    Duplicate,
    Database(DbError),
}

impl Failure {
    fn is_full(&self) -> bool {
        matches!(self, Failure::Database(error) if error.meaning() == Meaning::Full)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Failure {
        Failure::Database(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Database(error.into())
    }
}

impl Ledger {
    /// Writes entries, their projections and the working state in one transaction, and returns when the disk has
    /// them. Print and open the drawer only after that.
    ///
    /// *Errors:* [`CommitError`]. With `Recovered` the outcome is told once; with every other but `Unknown` nothing
    /// was saved.
    ///
    /// *Invariant:* at most 64 entries, and each sale's id is new to the journal.
    pub fn append(
        &mut self,
        entries: &[NewEntry<'_>],
        working: &Working<'_>,
    ) -> Result<Committed, CommitError> {
        debug_assert!(entries.len() <= ENTRIES_MAX);
        if self.conn.is_none() {
            return Err(CommitError::Stopped);
        }
        if self.commits > COMMITS_MAX {
            self.checkpoint(false)?;
        }
        let mut chain = self.chain;
        let mut rows = Vec::with_capacity(entries.len() + 1);
        for new in entries {
            let payload = new.entry.encode()?;
            let header = chain.append(new.at_ms, new.business_date, new.entry.kind(), &payload)?;
            rows.push(Row {
                id: id_of(self.segment.ord, header.seq),
                at_ms: new.at_ms,
                business_date: new.business_date,
                kind: header.kind,
                payload,
                hash: chain.hash,
            });
        }
        let mut done = self.commit(entries, &rows, working);
        if done.as_ref().is_err_and(Failure::is_full) && self.give_up_reserve() {
            done = self.commit(entries, &rows, working);
        }
        match done {
            Ok(()) => {}
            Err(Failure::Duplicate) => return Err(CommitError::Duplicate),
            Err(Failure::Database(error)) => return Err(self.settle_failure(error, &chain)),
        }
        self.begun |= !rows.is_empty();
        self.commits += 1;
        self.moved = false;
        self.chain = chain;
        let segment = chain.segment;
        let places = rows.iter().map(|row| EntryRef { segment, seq: row.header().seq, hash: row.hash });
        Ok(Committed { entries: places.collect() })
    }

    /// Keeps the open basket, or forgets it, as durably as a sale.
    ///
    /// *Errors:* as [`Ledger::append`]; the basket in memory is what counts.
    pub fn save_basket(&mut self, basket: OpenBasket<'_>) -> Result<(), CommitError> {
        self.append(&[], &Working { basket, print: &[] }).map(|_| ())
    }

    /// Notes how a job stands. A printed job is forgotten once it is not the newest.
    ///
    /// *Errors:* as [`Ledger::append`].
    pub fn set_print_job(&mut self, job: PrintJob) -> Result<(), CommitError> {
        let working = Working { basket: OpenBasket::Keep, print: &[job] };
        self.append(&[], &working).map(|_| ())
    }

    fn commit(&self, entries: &[NewEntry<'_>], rows: &[Row], working: &Working<'_>) -> Result<(), Failure> {
        let Some(conn) = &self.conn else { return Ok(()) };
        let transaction = conn.unchecked_transaction()?;
        if let (false, Some(first)) = (self.begun, rows.first()) {
            self.segment.insert(conn)?;
            self.segment.opening(self.station, first.at_ms, first.business_date).insert(conn)?;
        }
        for (row, new) in rows.iter().zip(entries) {
            refuse_duplicate(conn, new.entry)?;
            row.insert(conn)?;
            let at = At { id: row.id, at_ms: row.at_ms, business_date: row.business_date };
            fold(conn, at, new.entry)?;
        }
        write_working(conn, working)?;
        Ok(transaction.commit()?)
    }

    /// Says what became of entries whose commit failed.
    fn settle_failure(&mut self, error: DbError, wanted: &Chain) -> CommitError {
        match error.meaning() {
            Meaning::Full => CommitError::DiskFull,
            Meaning::Other => CommitError::Refused(error),
            // A new file cures damage. It does not cure a mistake of this program: do not make file after file.
            Meaning::Impossible if self.moved => CommitError::Refused(error),
            Meaning::Impossible | Meaning::Condemned => {
                let ord = self.segment.ord;
                let unchanged = *wanted == self.chain;
                let replacement = match self.move_on(Damage::WriteFailed(error)) {
                    Ok(replacement) => replacement,
                    Err(error) => return error,
                };
                // The new file was read from the disk and synced: what it holds is the truth from now on.
                let id = id_of(ord, wanted.seq);
                match self.conn.as_ref().map_or(Ok(None), |conn| entry_by_id(conn, id)) {
                    Ok(last) => {
                        let saved = !unchanged && last.is_some_and(|row| row.hash == wanted.hash);
                        CommitError::Recovered { saved, replacement: Box::new(replacement) }
                    }
                    Err(error) => {
                        self.conn = None;
                        CommitError::Unknown { source: OpenError::db(&self.file, error.into()) }
                    }
                }
            }
        }
    }
}

/// A sale's id is minted before the transaction and written once: a retry after an unclear answer never doubles it.
fn refuse_duplicate(conn: &Connection, entry: &Entry) -> Result<(), Failure> {
    let Some(id) = document_id(entry) else { return Ok(()) };
    let sql = "select entry_id from document where document_id = ?1 limit 1";
    let found: Option<i64> = conn.prepare_cached(sql)?.query_row([id.0], |row| row.get(0)).optional()?;
    let Some(found) = found else { return Ok(()) };
    // The journal, not its index, says that this sale was written.
    let written = entry_by_id(conn, found)?.and_then(|row| Entry::decode(row.kind, &row.payload).ok());
    match written.as_ref().and_then(document_id) == Some(id) {
        true => Err(Failure::Duplicate),
        false => Err(DbError { extended: rusqlite::ffi::SQLITE_CORRUPT_INDEX }.into()),
    }
}

fn document_id(entry: &Entry) -> Option<Id> {
    match entry {
        Entry::Sale(sale) => Some(sale.id),
        Entry::Refund(refund) => Some(refund.id),
        _ => None,
    }
}
