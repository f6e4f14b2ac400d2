//! What the feeds hold now, beside which new rows are judged.

use suanpan_domain::catalogue::{Chain, Row, Table};
use suanpan_sync::Scope;

use super::people::sites;
use super::sql::{Sql, values};
use super::{Store, StoreError};

impl Store {
    /// The catalogue that holds now, as far as its rows speak of each other.
    ///
    /// *Errors:* the store's.
    pub async fn chain(&self, now_ms: i64) -> Result<Chain, StoreError> {
        self.read(move |sql| holding(sql, &Table::ALL, now_ms)).await
    }
}

/// The same of some tables. What no station could read is left out: it does not hold anywhere.
pub(super) fn holding(sql: &dyn Sql, tables: &[Table], now_ms: i64) -> Result<Chain, StoreError> {
    let mut chain = Chain::default();
    sites(sql)?.iter().for_each(|site| chain.site(site.site.as_str()));
    let scopes: Vec<String> =
        sql.all("select scope from scope_head order by scope", values![], |row| row.get(0))?;
    for scope in scopes {
        let site = match scope.parse().map_err(|_| StoreError::Damaged("scope"))? {
            Scope::Chain => String::new(),
            Scope::Site(site) => site.to_string(),
            Scope::Zone(_) => scope.clone(),
        };
        for table in tables {
            let mut last: Option<(String, Option<String>)> = None;
            let mut hold = |row: Option<(String, Option<String>)>| {
                if let Some((key, Some(body))) = row
                    && let Ok(row) = Row::read(*table, &body)
                {
                    chain.hold(&site, &key, &row);
                }
            };
            sql.each(
                "select key, body from feed where scope = ? and tbl = ? and effective_at_ms <= ?
                 order by key, effective_at_ms, version",
                values![scope, table.name(), now_ms],
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
    Ok(chain)
}
