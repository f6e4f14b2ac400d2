//! Emptied models, and how far they are filled.

use std::collections::BTreeMap;

use super::behind::behind;
use super::list::MODELS;
use super::model::{Model, Subject};
use super::read_by::JUDGED;
use crate::store::sql::{Sql, values};
use crate::store::{Store, StoreError, day, lease};

/// How a model stands in the database.
pub(super) struct Kept {
    pub(super) version: u32,
    /// The last position that is in it; none: all are.
    pub(super) through: Option<u64>,
}

/// All that the database has, those of other releases among them.
pub(super) fn kept(sql: &dyn Sql) -> Result<BTreeMap<String, Kept>, StoreError> {
    let found = sql.all("select name, version, through from model", values![], |row| {
        Ok((row.get(0)?, Kept { version: row.get(1)?, through: row.get(2)? }))
    })?;
    Ok(found.into_iter().collect())
}

/// How a model of this release stands; nothing for one that another release has numbered.
pub(super) fn own<'a>(kept: &'a BTreeMap<String, Kept>, model: &dyn Model) -> Option<&'a Kept> {
    let Subject { name, version, .. } = model.subject();
    kept.get(name).filter(|it| it.version == version)
}

/// How far each of this release's models is that lacks something.
pub(in crate::store) fn lacking(sql: &dyn Sql) -> Result<Vec<u64>, StoreError> {
    let kept = kept(sql)?;
    Ok(MODELS.into_iter().filter_map(|model| own(&kept, model)?.through).collect())
}

impl Store {
    /// Empties the models that are new in this release, or mean something else in it, to be filled. A later release's it
    /// leaves alone.
    ///
    /// *Errors:* `Fenced` and the store's.
    pub(in crate::store) async fn renew_models(&self, token: u64) -> Result<(), StoreError> {
        self.write(move |sql| {
            lease::check(sql, token)?;
            let kept = kept(sql)?;
            for model in MODELS {
                let Subject { name, version, .. } = model.subject();
                if kept.get(name).is_some_and(|it| it.version >= version) {
                    continue;
                }
                tracing::info!(model = name, version, "filled from all that is stored");
                clear(sql, model)?;
            }
            Ok(())
        })
        .await
    }

    /// Whether documents lack something: without them nothing new is added.
    ///
    /// *Errors:* the store's.
    pub async fn waits_for_documents(&self) -> Result<bool, StoreError> {
        self.read(|sql| Ok(behind(sql)?.contains_key("document"))).await
    }
}

/// Empties all models, and has what is parked tried again.
pub(in crate::store) fn clear_all(sql: &dyn Sql) -> Result<(), StoreError> {
    sql.execute("delete from meta where key = 'reader'", values![])?;
    MODELS.into_iter().try_for_each(|model| clear(sql, model))
}

/// Empties a model, which lacks everything then.
fn clear(sql: &dyn Sql, model: &dyn Model) -> Result<(), StoreError> {
    let Subject { name, version, tables } = model.subject();
    for table in tables {
        sql.execute(&format!("delete from {table}"), values![])?;
    }
    sql.execute(
        "insert into model (name, version, through)
         values (?, ?, (select 0 from stamp limit 1))
         on conflict (name) do update set version = excluded.version, through = excluded.through,
           emptied = model.emptied + 1",
        values![name, version],
    )?;
    if JUDGED.contains(&name) {
        // What was published stays; days are judged again by the figures to come.
        day::look_at_all(sql)?;
    }
    Ok(())
}

/// Notes that models of another release lack what comes from a position on.
pub(super) fn fall_behind(sql: &dyn Sql, name: &str, first: u64) -> Result<(), StoreError> {
    sql.execute(
        "update model set through = ? where name = ? and through is null",
        values![first.saturating_sub(1), name],
    )
    .map(drop)
}

/// Notes that some models have everything before a position.
pub(super) fn move_on(sql: &dyn Sql, models: &[&dyn Model], next: u64) -> Result<(), StoreError> {
    for model in models {
        sql.execute(
            "update model set through = case when exists (select 1 from stamp where gseq >= ?1) then ?1 - 1 end
             where name = ?2",
            values![next, model.subject().name],
        )?;
    }
    Ok(())
}
