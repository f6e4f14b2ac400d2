use super::model::{Adding, Model, Piece, Subject};
use crate::project::Shift;
use crate::store::StoreError;
use crate::store::sql::{Sql, values};

/// Shifts: whose, from when to when, and what the drawer had too much or too little. A relief that arrives before its shift's
/// opening, out of a hole, is not kept: the shift is then told under who opened it.
pub(super) struct Shifts;

impl Model for Shifts {
    fn subject(&self) -> Subject {
        Subject { name: "shift", version: 2, tables: &["shift"] }
    }

    fn add(&self, sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError> {
        adding
            .pieces()
            .try_for_each(|piece| piece.projected.shifts.iter().try_for_each(|shift| add(sql, &piece, shift)))
    }
}

fn add(sql: &dyn Sql, Piece { batch, .. }: &Piece<'_>, shift: &Shift) -> Result<(), StoreError> {
    let (site, till) = (batch.site.as_str(), batch.till);
    match shift {
        Shift::Opened { id, business_date, no, cashier, at_ms } => sql.execute(
            "insert into shift (id, site, till, business_date, no, cashier, opened_at_ms)
                 values (?, ?, ?, ?, ?, ?, ?)
                 on conflict (id) do update set no = excluded.no, cashier = excluded.cashier,
                   opened_at_ms = excluded.opened_at_ms
                 where shift.site = excluded.site and shift.till = excluded.till",
            values![id, site, till, business_date, no, cashier, at_ms],
        )?,
        Shift::Relieved { id, business_date, cashier } => sql.execute(
            "insert into shift (id, site, till, business_date, no, cashier) values (?, ?, ?, ?, 0, ?)
                 on conflict (id) do update set cashier = excluded.cashier
                 where shift.site = excluded.site and shift.till = excluded.till",
            values![id, site, till, business_date, cashier],
        )?,
        Shift::Closed { id, business_date, counted_by, at_ms, over_short_fen } => sql.execute(
            "insert into shift (id, site, till, business_date, no, cashier, closed_at_ms, over_short_fen)
                 values (?, ?, ?, ?, 0, ?, ?, ?)
                 on conflict (id) do update set closed_at_ms = excluded.closed_at_ms,
                   over_short_fen = excluded.over_short_fen
                 where shift.site = excluded.site and shift.till = excluded.till",
            values![id, site, till, business_date, counted_by, at_ms, over_short_fen],
        )?,
    };
    Ok(())
}
