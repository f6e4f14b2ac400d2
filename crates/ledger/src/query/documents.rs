use rusqlite::{OptionalExtension, Params};
use suanpan_domain::entry::{BasketParked, Entry};
use suanpan_domain::ids::Id;
use suanpan_domain::refund::Refund;
use suanpan_journal::{Hash, SegmentId};

use crate::rows::{Row, entry_by_id, ord_of, seq_of};
use crate::{EntryRef, Ledger, QueryError};

/// Documents listed at once: a screen shows far fewer.
const LIST_MAX: u32 = 500;

/// An entry as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it stands.
    pub at: EntryRef,
    /// Station clock, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Business date, `yyyymmdd`.
    pub business_date: u32,
    /// What happened.
    pub entry: Entry,
}

impl Written {
    /// The `xx` that ends its printed number.
    #[must_use]
    pub fn mark(&self) -> u8 {
        self.at.segment.0[0]
    }
}

/// A basket put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The basket and who parked it.
    pub parked: BasketParked,
}

impl Ledger {
    /// The next printed number of a date: gapless, because only a commit uses it up.
    pub fn next_number(&self, business_date: u32) -> Result<u32, QueryError> {
        let sql = "select max(number) from document where business_date = ?1";
        let last: Option<u32> =
            self.conn()?.prepare_cached(sql)?.query_row([business_date], |row| row.get(0))?;
        Ok(last.unwrap_or(0).saturating_add(1))
    }

    /// Sales and refunds with a printed number; two when a till lost its disk and numbered again.
    pub fn documents_by_number(&self, business_date: u32, number: u32) -> Result<Vec<Written>, QueryError> {
        let sql = "select entry_id from document where business_date = ?1 and number = ?2 order by entry_id";
        self.documents(sql, (business_date, number))
    }

    /// Sales and refunds of a date whose number ends in some digits, as a remainder of a power of ten, newest first, at most 500.
    pub fn documents_ending(
        &self,
        business_date: u32,
        (digits, power): (u32, u32),
    ) -> Result<Vec<Written>, QueryError> {
        let sql = "select entry_id from document where business_date = ?1 and number % ?2 = ?3 \
                   order by number desc, entry_id desc limit ?4";
        self.documents(sql, (business_date, power, digits, LIST_MAX))
    }

    /// The sale or refund with an id; its first copy if a restore brought it twice.
    pub fn document(&self, id: Id) -> Result<Option<Written>, QueryError> {
        let sql = "select entry_id from document where document_id = ?1 order by entry_id limit 1";
        Ok(self.documents(sql, [id.0])?.into_iter().next())
    }

    /// The newest sale or refund.
    pub fn last_document(&self) -> Result<Option<Written>, QueryError> {
        let sql =
            "select entry_id from document order by business_date desc, number desc, entry_id desc limit 1";
        Ok(self.documents(sql, [])?.into_iter().next())
    }

    /// Sales and refunds of a date, newest first, at most 500.
    pub fn documents_of(&self, business_date: u32, limit: u32) -> Result<Vec<Written>, QueryError> {
        let sql = "select entry_id from document where business_date = ?1 \
                   order by number desc, entry_id desc limit ?2";
        self.documents(sql, (business_date, limit.min(LIST_MAX)))
    }

    /// The newest entries of some kinds among the last 5,000, newest first: what was printed in the last days, found
    /// without an index that every sale would pay for.
    pub fn latest_of(&self, kinds: &[u16], limit: usize) -> Result<Vec<Written>, QueryError> {
        let sql = "select id, kind from entry order by id desc limit 5000";
        let conn = self.conn()?;
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u16>(1)?)))?;
        let wanted = rows.filter(|row| row.as_ref().map_or(true, |(_, kind)| kinds.contains(kind)));
        let ids = wanted.take(limit).map(|row| row.map(|(id, _)| id)).collect::<Result<Vec<_>, _>>()?;
        ids.into_iter().map(|id| self.read(entry_by_id(conn, id)?.ok_or(QueryError::Shape)?)).collect()
    }

    /// What was refunded of a sale of this till so far.
    pub fn refunds_of(&self, sale: Id) -> Result<Vec<Refund>, QueryError> {
        self.refunds("select entry_id from refunded where sale_id = ?1 order by entry_id", [sale.0])
    }

    /// What this till refunded by citing another till's number.
    pub fn refunds_citing(&self, number: &str) -> Result<Vec<Refund>, QueryError> {
        self.refunds("select entry_id from cited where number = ?1 order by entry_id", [number])
    }

    /// How often a document was printed again.
    pub fn copies(&self, document: Id) -> Result<u16, QueryError> {
        let sql = "select count from copies where document_id = ?1";
        let found = self.conn()?.prepare_cached(sql)?.query_row([document.0], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(0))
    }

    /// Parked baskets, oldest first.
    pub fn parked(&self) -> Result<Vec<Parked>, QueryError> {
        let found = self.documents("select entry_id from parked order by entry_id", [])?;
        let parked = found.into_iter().filter_map(|document| match document.entry {
            Entry::BasketParked(parked) => Some(Parked { at_ms: document.at_ms, parked }),
            _ => None,
        });
        Ok(parked.collect())
    }

    /// The open basket as it was last saved.
    pub fn open_basket(&self) -> Result<Option<Vec<u8>>, QueryError> {
        let sql = "select basket from open_basket";
        Ok(self.conn()?.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
    }

    /// One entry by its place, as the QR code of a receipt gives it.
    pub fn entry(&self, segment: SegmentId, seq: u64) -> Result<Option<Written>, QueryError> {
        let Some(ord) = self.ord(segment)? else { return Ok(None) };
        let row = entry_by_id(self.conn()?, crate::rows::id_of(ord, seq))?;
        row.filter(|_| seq > 0).map(|row| self.read(row)).transpose()
    }

    fn refunds(&self, sql: &str, parameters: impl Params) -> Result<Vec<Refund>, QueryError> {
        let found = self.documents(sql, parameters)?.into_iter();
        Ok(found
            .filter_map(|document| match document.entry {
                Entry::Refund(refund) => Some(refund),
                _ => None,
            })
            .collect())
    }

    fn documents(&self, sql: &str, parameters: impl Params) -> Result<Vec<Written>, QueryError> {
        let conn = self.conn()?;
        let mut statement = conn.prepare_cached(sql)?;
        let ids = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        ids.into_iter().map(|id| self.read(entry_by_id(conn, id)?.ok_or(QueryError::Shape)?)).collect()
    }

    fn read(&self, row: Row) -> Result<Written, QueryError> {
        let sql = "select segment_id from segment where ord = ?1";
        let segment = self.conn()?.prepare_cached(sql)?.query_row([ord_of(row.id)], |row| row.get(0))?;
        let hash: Hash = row.hash;
        Ok(Written {
            at: EntryRef { segment: SegmentId(segment), seq: seq_of(row.id), hash },
            at_ms: row.at_ms,
            business_date: row.business_date,
            entry: Entry::decode(row.kind, &row.payload)?,
        })
    }
}
