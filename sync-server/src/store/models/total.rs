use std::collections::BTreeMap;
use std::sync::Arc;

use suanpan_domain::bounds::SUM_MAX;
use suanpan_journal::SiteCode;

use super::model::{Adding, Model, Subject};
use crate::project;
use crate::store::StoreError;
use crate::store::sql::{Insert, Sql, ToValue, Value};

/// Sums by business date, till, hour and dimension, and those of a site by item.
pub(super) struct Totals;

/// A total has a bound, so that any number of them can be summed.
#[derive(Debug, thiserror::Error)]
#[error("a total of {site}, till {till} would pass {} fen", SUM_MAX.0)]
struct Beyond {
    site: SiteCode,
    till: u16,
}

impl Model for Totals {
    fn subject(&self) -> Subject {
        Subject { name: "total", version: 1, tables: &["total"] }
    }

    fn add(&self, sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError> {
        match adding.doubled.is_empty() {
            true => add(sql, &adding.group.totals),
            false => add(sql, &adding.group.totals_without(&adding.doubled.keys().copied().collect())),
        }
    }
}

fn add(sql: &dyn Sql, totals: &BTreeMap<(SiteCode, u16), project::Totals>) -> Result<(), StoreError> {
    for ((site, till), totals) in totals {
        let beyond = || StoreError::Data(Arc::new(Beyond { site: site.clone(), till: *till }));
        let rows: Vec<_> = totals.in_order().collect();
        if rows.iter().any(|(_, _, sum)| sum.fen.unsigned_abs() > SUM_MAX.0.unsigned_abs()) {
            return Err(beyond());
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|(slot, key, sum)| {
                [
                    site.as_str().to_value(),
                    slot.business_date.to_value(),
                    till.to_value(),
                    slot.hour.to_value(),
                    slot.dimension.to_value(),
                    key.to_value(),
                    sum.count.to_value(),
                    sum.fen.to_value(),
                    sum.grams.to_value(),
                    sum.pieces.to_value(),
                ]
            })
            .collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| row.as_slice()).collect();
        let then = format!(
            "on conflict (site, business_date, till, dimension, key, hour) do update set
               count = total.count + excluded.count, fen = total.fen + excluded.fen,
               grams = total.grams + excluded.grams, pieces = total.pieces + excluded.pieces
             where total.fen + excluded.fen between -{max} and {max}",
            max = SUM_MAX.0
        );
        let into = "total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)";
        let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        if sql.insert(Insert { into, row, then: &then }, &rows)? < rows.len() as u64 {
            return Err(beyond());
        }
    }
    Ok(())
}
