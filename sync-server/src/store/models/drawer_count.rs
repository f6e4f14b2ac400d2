use super::model::{Adding, Model, Subject};
use crate::store::StoreError;
use crate::store::sql::{Sql, values};

/// 中途对账: drawers that were counted while their shift went on.
pub(super) struct DrawerCounts;

impl Model for DrawerCounts {
    fn subject(&self) -> Subject {
        Subject { name: "drawer_count", version: 1, tables: &["drawer_count"] }
    }

    fn add(&self, sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError> {
        for piece in adding.pieces() {
            for count in &piece.projected.counts {
                sql.execute(
                    "insert into drawer_count (site, business_date, till, gseq, shift, cashier, by_staff, at_ms,
                       over_short_fen)
                     values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    values![
                        piece.batch.site.as_str(),
                        count.business_date,
                        piece.batch.till,
                        piece.position(count.seq),
                        count.shift,
                        count.cashier.as_deref().unwrap_or_default(),
                        count.by,
                        count.at_ms,
                        count.over_short_fen
                    ],
                )?;
            }
        }
        Ok(())
    }
}
