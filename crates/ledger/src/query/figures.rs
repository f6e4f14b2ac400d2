use rusqlite::{OptionalExtension, Params};
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces};
use suanpan_domain::totals::{Dimension, Posting};

use crate::{Ledger, QueryError};

/// A shift as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Shift id.
    pub id: Id,
    /// The till's running number.
    pub no: u32,
    /// Its business date, `yyyymmdd`.
    pub business_date: u32,
    /// Who has the drawer now.
    pub cashier: String,
    /// Cash at the start.
    pub float: Fen,
    /// When it began, ms since 1970-01-01 UTC.
    pub opened_at_ms: i64,
    /// When it ended.
    pub closed_at_ms: Option<i64>,
}

/// Wrong PINs of one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many in a row.
    pub tries: u8,
    /// Locked until then, ms since 1970-01-01 UTC.
    pub locked_until_ms: Option<i64>,
}

const SHIFT: &str =
    "select shift_id, no, business_date, cashier, float_fen, opened_at_ms, closed_at_ms from shift";

impl Ledger {
    /// The totals of a date over all shifts, without those by item.
    pub fn totals_of_day(&self, business_date: u32) -> Result<Vec<Posting>, QueryError> {
        let sql = "select dimension, key, sum(count), sum(fen), sum(grams), sum(pieces) from total \
                   where business_date = ?1 and dimension <> 10 group by dimension, key";
        self.postings(sql, [business_date])
    }

    /// The totals of a shift, without those by item.
    pub fn totals_of_shift(&self, shift: Id) -> Result<Vec<Posting>, QueryError> {
        let sql = "select dimension, key, sum(count), sum(fen), sum(grams), sum(pieces) from total \
                   where shift_id = ?1 and dimension <> 10 \
                   and business_date = (select business_date from shift where shift_id = ?1) \
                   group by dimension, key";
        self.postings(sql, [shift.0])
    }

    /// The totals of a date by item.
    pub fn items_of_day(&self, business_date: u32) -> Result<Vec<Posting>, QueryError> {
        let sql = "select dimension, key, sum(count), sum(fen), sum(grams), sum(pieces) from total \
                   where business_date = ?1 and dimension = 10 group by dimension, key";
        self.postings(sql, [business_date])
    }

    /// Lines sold of each item since a date, for ranking a search.
    pub fn item_lines_since(&self, business_date: u32) -> Result<Vec<(String, i64)>, QueryError> {
        let sql =
            "select key, sum(count) from total where business_date >= ?1 and dimension = 10 group by key";
        let mut statement = self.conn()?.prepare_cached(sql)?;
        let rows = statement.query_map([business_date], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Shifts that were not closed, oldest first.
    pub fn open_shifts(&self) -> Result<Vec<Shift>, QueryError> {
        self.shifts(&format!("{SHIFT} where closed_at_ms is null order by shift_id"), [])
    }

    /// One shift.
    pub fn shift(&self, id: Id) -> Result<Option<Shift>, QueryError> {
        Ok(self.shifts(&format!("{SHIFT} where shift_id = ?1"), [id.0])?.pop())
    }

    /// The running number for the next shift.
    pub fn next_shift_no(&self) -> Result<u32, QueryError> {
        let last: Option<u32> =
            self.conn()?.prepare_cached("select max(no) from shift")?.query_row([], |row| row.get(0))?;
        Ok(last.unwrap_or(0).saturating_add(1))
    }

    /// Dates on which a shift was opened and that were not closed, oldest first.
    pub fn unclosed_days(&self) -> Result<Vec<u32>, QueryError> {
        let sql = "select business_date from day where closed_at_ms is null order by business_date";
        let mut statement = self.conn()?.prepare_cached(sql)?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Wrong PINs of a person since the last right one.
    pub fn tries(&self, staff: &str) -> Result<Tries, QueryError> {
        let sql = "select tries, locked_until_ms from lockout where staff = ?1";
        let found = self
            .conn()?
            .prepare_cached(sql)?
            .query_row([staff], |row| Ok(Tries { tries: row.get(0)?, locked_until_ms: row.get(1)? }));
        Ok(found.optional()?.unwrap_or_default())
    }

    fn shifts(&self, sql: &str, parameters: impl Params) -> Result<Vec<Shift>, QueryError> {
        let mut statement = self.conn()?.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, |row| {
            Ok(Shift {
                id: Id(row.get(0)?),
                no: row.get(1)?,
                business_date: row.get(2)?,
                cashier: row.get(3)?,
                float: Fen(row.get(4)?),
                opened_at_ms: row.get(5)?,
                closed_at_ms: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn postings(&self, sql: &str, parameters: impl Params) -> Result<Vec<Posting>, QueryError> {
        let mut statement = self.conn()?.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut postings = Vec::new();
        while let Some(row) = rows.next()? {
            postings.push(Posting {
                dimension: Dimension::from_number(row.get(0)?).ok_or(QueryError::Shape)?,
                key: row.get(1)?,
                count: row.get(2)?,
                fen: Fen(row.get(3)?),
                grams: Grams(row.get(4)?),
                pieces: Pieces(row.get(5)?),
            });
        }
        Ok(postings)
    }
}
