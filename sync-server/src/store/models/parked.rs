use super::model::{Adding, Piece};
use crate::project::Parked;
use crate::store::StoreError;
use crate::store::sql::{Sql, values};

/// Writes down which entries are in no figure. They stay so until [`super::understood`] finds that they can be read.
pub(super) fn park_all(sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError> {
    for piece in adding.pieces() {
        let doubled = adding.doubled.range((piece.at, 0)..=(piece.at, u64::MAX));
        let all: Vec<_> = piece.projected.parked.iter().chain(doubled.map(|(_, entry)| entry)).collect();
        if let Some(Parked { seq, kind, code, .. }) = all.first() {
            let (station, segment, entries) = (piece.batch.station, piece.batch.segment, all.len());
            tracing::warn!(code, %station, %segment, seq, kind, entries, "parked");
        }
        all.into_iter().try_for_each(|entry| park(sql, &piece, entry))?;
    }
    Ok(())
}

/// Writes one down, unless it is.
fn park(sql: &dyn Sql, piece: &Piece<'_>, entry: &Parked) -> Result<(), StoreError> {
    let batch = piece.batch;
    sql.execute(
        "insert into parked (station, segment, branch, seq, gseq, kind, business_date, code)
         values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
        values![
            batch.station.0,
            batch.segment.0,
            batch.branch,
            entry.seq,
            piece.position(entry.seq),
            entry.kind,
            entry.business_date,
            entry.code
        ],
    )?;
    Ok(())
}
