//! Emptied models, and how far they are filled.

use std::collections::BTreeMap;

use super::behind::{JUDGED, behind};
use super::list::MODELS;
use super::model::Model;
use crate::store::sql::{Sql, values};
use crate::store::{Store, StoreError, day, lease};

impl Store {
    /// Empties the models that are new in this release, or mean something else in it, to be filled.
    ///
    /// *Errors:* `Fenced` and the store's.
    pub(in crate::store) async fn renew_models(&self, token: u64) -> Result<(), StoreError> {
        self.write(move |sql| {
            lease::check(sql, token)?;
            let versions = "select name, version from model";
            let found =
                sql.all(versions, values![], |row| Ok((row.get::<String>(0)?, row.get::<u32>(1)?)))?;
            let found: BTreeMap<_, _> = found.into_iter().collect();
            for model in MODELS.into_iter().filter(|it| found.get(it.name()) != Some(&it.version())) {
                tracing::info!(
                    model = model.name(),
                    version = model.version(),
                    "filled from all that is stored"
                );
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

/// Empties all models.
pub(in crate::store) fn clear_all(sql: &dyn Sql) -> Result<(), StoreError> {
    MODELS.into_iter().try_for_each(|model| clear(sql, model))
}

/// Empties a model, which lacks everything then.
fn clear(sql: &dyn Sql, model: &dyn Model) -> Result<(), StoreError> {
    for table in model.tables() {
        sql.execute(&format!("delete from {table}"), values![])?;
    }
    sql.execute(
        "insert into model (name, version, through)
         values (?, ?, (select 0 from stamp limit 1))
         on conflict (name) do update set version = excluded.version, through = excluded.through",
        values![model.name(), model.version()],
    )?;
    if JUDGED.contains(&model.name()) {
        // What was published stays; days are judged again by the figures to come.
        day::look_at_all(sql)?;
    }
    Ok(())
}

/// Notes that some models have everything before a position.
pub(super) fn move_on(sql: &dyn Sql, models: &[&dyn Model], next: u64) -> Result<(), StoreError> {
    for model in models {
        sql.execute(
            "update model set through = case when exists (select 1 from stamp where gseq >= ?1) then ?1 - 1 end
             where name = ?2",
            values![next, model.name()],
        )?;
    }
    Ok(())
}
