use super::model::{Adding, Model, Subject};
use crate::store::sql::{Sql, values};
use crate::store::{StoreError, day};

/// Each 日结, as its till recorded it.
pub(super) struct DayCloses;

impl Model for DayCloses {
    fn subject(&self) -> Subject {
        Subject { name: "day_close", version: 1, tables: &["day_close"] }
    }

    fn add(&self, sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError> {
        for piece in adding.pieces() {
            let (batch, site) = (piece.batch, piece.batch.site.as_str());
            for close in &piece.projected.closes {
                let gseq = piece.position(close.seq);
                sql.execute(
                    "insert into day_close (site, business_date, till, gseq, station, last_number, sums)
                     values (?, ?, ?, ?, ?, ?, ?)",
                    values![
                        site,
                        close.business_date,
                        batch.till,
                        gseq,
                        batch.station.0,
                        close.last_number,
                        close.sums
                    ],
                )?;
                day::closing(sql, site, close.business_date)?;
            }
        }
        Ok(())
    }
}
