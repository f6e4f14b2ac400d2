use crate::{Ledger, QueryError};

impl Ledger {
    /// The latest business date on which a shift was opened or that was closed, and the latest that was closed.
    pub fn latest_days(&self) -> Result<(Option<u32>, Option<u32>), QueryError> {
        let sql = "select max(business_date), \
                   max(case when closed_at_ms is not null then business_date end) from day";
        Ok(self.conn()?.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}
