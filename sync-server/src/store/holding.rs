//! What the feeds hold now, beside which new rows are judged.

use std::collections::HashSet;

use suanpan_domain::catalogue::{Chain, Row, Table};
use suanpan_sync::Scope;

use super::feed::{news, row_before};
use super::people::sites;
use super::sql::{Sql, values};
use super::{NewRow, News, RowName, Store, StoreError};
use crate::clock::now_ms;

impl Store {
    /// The catalogue that holds now, as far as its rows speak of each other, without some rows that are to go.
    ///
    /// *Errors:* the store's.
    pub async fn chain_without(&self, gone: HashSet<RowName>, now_ms: i64) -> Result<Chain, StoreError> {
        self.read(move |sql| holding(sql, &Table::ALL, &gone, now_ms)).await
    }

    /// The rows of some tables that hold now.
    ///
    /// *Errors:* the store's.
    pub async fn names(&self, tables: Vec<Table>, now_ms: i64) -> Result<Vec<RowName>, StoreError> {
        self.read(move |sql| {
            let mut names = Vec::new();
            each(sql, &tables, now_ms, &mut |name, _| names.push(name))?;
            Ok(names)
        })
        .await
    }

    /// What rows would change if they were published now.
    ///
    /// *Errors:* the store's.
    pub async fn news_of(&self, rows: Vec<NewRow>) -> Result<Vec<News>, StoreError> {
        self.read(move |sql| {
            let mut found = Vec::new();
            for row in rows {
                if news(sql, &row, now_ms())?.is_some() {
                    let before = row_before(sql, &row, now_ms())?.and_then(|(body, _)| body);
                    found.push(News { row, before });
                }
            }
            Ok(found)
        })
        .await
    }
}

/// The same of some tables. What no station could read is left out: it does not hold anywhere.
pub(super) fn holding(
    sql: &dyn Sql,
    tables: &[Table],
    gone: &HashSet<RowName>,
    now_ms: i64,
) -> Result<Chain, StoreError> {
    let mut chain = Chain::default();
    sites(sql)?.iter().for_each(|site| chain.site(site.site.as_str()));
    each(sql, tables, now_ms, &mut |name, body| {
        let site = match &name.scope {
            Scope::Chain => String::new(),
            Scope::Site(site) => site.to_string(),
            zone @ Scope::Zone(_) => zone.to_string(),
        };
        if !gone.contains(&name)
            && let Ok(row) = Row::read(name.table, &body)
        {
            chain.hold(&site, &name.key, &row);
        }
    })?;
    Ok(chain)
}

/// Visits every row of some tables that holds now, with its body.
fn each(
    sql: &dyn Sql,
    tables: &[Table],
    now_ms: i64,
    visit: &mut dyn FnMut(RowName, String),
) -> Result<(), StoreError> {
    let scopes: Vec<String> =
        sql.all("select scope from scope_head order by scope", values![], |row| row.get(0))?;
    for name in scopes {
        let scope: Scope = name.parse().map_err(|_| StoreError::Damaged("scope"))?;
        for table in tables {
            let mut last: Option<(String, Option<String>)> = None;
            let mut hold = |row: Option<(String, Option<String>)>| {
                if let Some((key, Some(body))) = row {
                    visit(RowName { scope: scope.clone(), table: *table, key }, body);
                }
            };
            sql.each(
                "select key, body from feed where scope = ? and tbl = ? and effective_at_ms <= ?
                 order by key, effective_at_ms, version",
                values![name, table.name(), now_ms],
                &mut |row| {
                    let next: (String, Option<String>) = (row.get(0)?, row.get(1)?);
                    let before = last.take_if(|(key, _)| *key != next.0);
                    hold(before);
                    last = Some(next);
                    Ok(())
                },
            )?;
            hold(last);
        }
    }
    Ok(())
}
