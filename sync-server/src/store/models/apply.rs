use std::sync::Arc;

use super::document;
use super::fill::{clear_all, fall_behind, kept, move_on, own};
use super::list::MODELS;
use super::model::{Adding, Model};
use super::parked::park_all;
use crate::clock::now_ms;
use crate::project::Group;
use crate::store::audit::{Change, record};
use crate::store::sql::{Sql, values};
use crate::store::{PendingBatch, Position, Store, StoreError, day, lease};

impl Store {
    /// Stamps batches with the global sequence and adds what they mean to the read models, in one transaction that the
    /// newest holder of the lease alone may commit.
    ///
    /// *Errors:* `Fenced` and the store's; then nothing was stamped or added.
    pub async fn apply(&self, token: u64, group: Arc<Group>) -> Result<(), StoreError> {
        let applied = self.write(move |sql| apply(sql, token, &group)).await;
        self.mind_fence(applied)
    }

    /// Whether the database would take a group, which it does not.
    ///
    /// *Errors:* `Fenced` and the store's, but for what it says of the data.
    pub async fn would_apply(&self, token: u64, group: Arc<Group>) -> Result<bool, StoreError> {
        let tried = self.write(move |sql| {
            apply(sql, token, &group)?;
            Err::<(), _>(StoreError::Undone)
        });
        match self.mind_fence(tried.await) {
            Ok(()) | Err(StoreError::Undone) => Ok(true),
            Err(error) if error.is_about_data() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Has all figures added up anew by the hub that projects, or by the next that does, as somebody ordered it: the read models
    /// are empty until then, and what is parked is tried again. Positions stay.
    ///
    /// *Errors:* the store's.
    pub async fn rebuild(&self, by: String) -> Result<(), StoreError> {
        self.write(move |sql| {
            lease::lock(sql)?;
            clear_all(sql)?;
            record(sql, now_ms(), &Change::new(&by, "figures.rebuild", "figures"))
        })
        .await?;
        self.pending.send_replace(());
        Ok(())
    }

    /// The same, of a hub that has the lease and found them wrong.
    ///
    /// *Errors:* the store's.
    pub async fn forget_projections(&self, token: u64) -> Result<(), StoreError> {
        self.write(move |sql| {
            lease::check(sql, token)?;
            clear_all(sql)
        })
        .await
    }
}

fn apply(sql: &dyn Sql, token: u64, group: &Group) -> Result<(), StoreError> {
    lease::check(sql, token)?;
    let (kept, filled) = (kept(sql)?, group.filled_after());
    let takes = |model: &&dyn Model| own(&kept, *model).is_some_and(|it| it.through == filled);
    let models: Vec<_> = MODELS.into_iter().filter(takes).collect();
    // Which document came twice, documents alone tell. Or since the group was read another hub filled the models, or a commit
    // of this one came through after all.
    if models.is_empty() || filled.is_none() && !takes(&(&document::Documents as &dyn Model)) {
        return Err(StoreError::Fenced);
    }
    let gseqs = positions(sql, group)?;
    let adding = Adding { group, gseqs: &gseqs, doubled: document::doubled(sql, group, &gseqs)? };
    models.iter().try_for_each(|model| model.add(sql, &adding))?;
    // Of a part of the models nobody can say that an entry is in no figure.
    if filled.is_none() || models.len() == MODELS.len() {
        park_all(sql, &adding)?;
        day::touch(sql, group.days().into_iter())?;
    }
    if filled.is_some() {
        let ends = adding.pieces().last().map(|it| it.gseq.saturating_add(it.batch.entries.into()));
        return move_on(sql, &models, ends.unwrap_or(0));
    }
    let is_ours = |name: &str| models.iter().any(|model| model.subject().name == name);
    let first = gseqs.first().copied().unwrap_or(0);
    let others = kept.iter().filter(|(name, it)| it.through.is_none() && first > 0 && !is_ours(name));
    others.into_iter().try_for_each(|(name, _)| fall_behind(sql, name, first))
}

/// The positions of a group's batches; those that have none get the next ones.
fn positions(sql: &dyn Sql, group: &Group) -> Result<Vec<u64>, StoreError> {
    let first = next_gseq(sql)?;
    let mut next = first;
    let mut all = Vec::with_capacity(group.batches.len());
    for (batch, projected) in &group.batches {
        let (waited, row, seq) = match batch.position {
            Position::At { gseq, .. } => {
                all.push(gseq);
                continue;
            }
            Position::Next => (no_longer_waits(sql, batch)?, batch.id, 0),
            // Below zero: an older hub, which would count from the batch's first entry, finds none.
            Position::Again => (is_no_longer_parked(sql, batch)?, -batch.id, projected.from_seq),
        };
        if !waited {
            // Since the group was read another hub projected it, or a commit of this one came through after all.
            return Err(StoreError::Fenced);
        }
        sql.execute(
            "insert into stamp (gseq, station, batch, entries, seq) values (?, ?, ?, ?, ?)",
            values![next, batch.station.0, row, batch.entries, seq],
        )?;
        all.push(next);
        next = next.saturating_add(batch.entries.into());
    }
    if next != first {
        sql.execute("update meta set value = ? where key = 'next_gseq'", values![next.to_string()])?;
    }
    Ok(all)
}

fn no_longer_waits(sql: &dyn Sql, batch: &PendingBatch) -> Result<bool, StoreError> {
    let waited = sql
        .execute("delete from pending where station = ? and batch = ?", values![batch.station.0, batch.id])?;
    Ok(waited > 0)
}

fn is_no_longer_parked(sql: &dyn Sql, batch: &PendingBatch) -> Result<bool, StoreError> {
    if batch.part.only.is_empty() {
        let whole = sql.execute(
            "delete from parked where seq = 0 and station = ?1
               and gseq in (select gseq from stamp where station = ?1 and batch = ?2)",
            values![batch.station.0, batch.id],
        )?;
        return Ok(whole > 0);
    }
    let mut parked = true;
    for seq in &batch.part.only {
        let gone = sql.execute(
            "delete from parked where station = ? and segment = ? and branch = ? and seq = ?",
            values![batch.station.0, batch.segment.0, batch.branch, seq],
        )?;
        parked &= gone > 0;
    }
    Ok(parked)
}

fn next_gseq(connection: &dyn Sql) -> Result<u64, StoreError> {
    let text: String =
        connection.only("select value from meta where key = 'next_gseq'", values![], |row| row.get(0))?;
    text.parse().map_err(|_| StoreError::Damaged("global sequence"))
}
