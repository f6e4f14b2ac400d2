//! What the feeds hold now, beside which new rows are judged.

use suanpan_domain::catalogue::{Chain, Row, Table};
use suanpan_sync::Scope;

use super::sql::{Sql, values};
use super::{RowName, Store, StoreError};

/// Rows that one read looks at, for some ms: other reads go in between.
const ROWS_AT_ONCE: usize = 10_000;

impl Store {
    /// Visits every row that holds now, with its body. It is all of one moment, although it is read in parts.
    ///
    /// *Errors:* the store's.
    pub async fn each_held(
        &self,
        now_ms: i64,
        mut visit: impl FnMut(RowName, String),
    ) -> Result<(), StoreError> {
        let mut walk = self.read_long(move |sql| Walk::begin(sql, Table::ALL.to_vec(), now_ms)).await?;
        while !walk.is_over() {
            let (rest, rows) = self
                .read_long(move |sql| {
                    let rows = walk.part(sql)?;
                    Ok((walk, rows))
                })
                .await?;
            walk = rest;
            walk.pass(rows, &mut visit);
        }
        Ok(())
    }
}

/// The rows of some tables that hold now, as far as they speak of each other. What no station could read is left out: it
/// does not hold anywhere.
pub(super) fn holding(sql: &dyn Sql, tables: &[Table], now_ms: i64) -> Result<Chain, StoreError> {
    let mut chain = Chain::default();
    let mut walk = Walk::begin(sql, tables.to_vec(), now_ms)?;
    while !walk.is_over() {
        let rows = walk.part(sql)?;
        walk.pass(rows, &mut |name, body| {
            if let Ok(row) = Row::read(name.table, &body) {
                chain.hold(&name.place(), &name.key, &row);
            }
        });
    }
    Ok(chain)
}

/// A row's key, from when it holds, version and body.
type Place = (String, i64, u64, Option<String>);

/// On its way through scopes and tables.
struct Walk {
    /// What is left, the next one last: a scope up to its version when the walk began, and a table.
    left: Vec<(Scope, u64, Table)>,
    now_ms: i64,
    /// The last row that was read: it holds if no other of its key follows.
    last: Option<Place>,
}

impl Walk {
    fn begin(sql: &dyn Sql, tables: Vec<Table>, now_ms: i64) -> Result<Walk, StoreError> {
        let scopes = sql.all("select scope, version from scope_head order by scope", values![], |row| {
            let scope: String = row.get(0)?;
            Ok((scope.parse().map_err(|_| StoreError::Damaged("scope"))?, row.get(1)?))
        })?;
        let of = |(scope, version): (Scope, u64)| {
            tables.iter().map(move |table| (scope.clone(), version, *table)).collect::<Vec<_>>()
        };
        let mut left: Vec<_> = scopes.into_iter().flat_map(of).collect();
        left.reverse();
        Ok(Walk { left, now_ms, last: None })
    }

    fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    /// The next rows of the table; fewer than there may be when the table is at its end.
    fn part(&self, sql: &dyn Sql) -> Result<Vec<Place>, StoreError> {
        let Some((scope, version, table)) = self.left.last() else { return Ok(Vec::new()) };
        let (key, at_ms, after) = match &self.last {
            Some((key, at_ms, version, _)) => (key.as_str(), *at_ms, *version),
            None => ("", i64::MIN, 0),
        };
        sql.all(
            "select key, effective_at_ms, version, body from feed
             where scope = ? and tbl = ? and (key, effective_at_ms, version) > (?, ?, ?)
               and version <= ? and effective_at_ms <= ?
             order by key, effective_at_ms, version limit ?",
            values![scope.to_string(), table.name(), key, at_ms, after, version, self.now_ms, ROWS_AT_ONCE],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
    }

    /// Goes over rows that were read: of each key the last one holds.
    fn pass(&mut self, rows: Vec<Place>, visit: &mut dyn FnMut(RowName, String)) {
        let is_last = rows.len() < ROWS_AT_ONCE;
        let Some((scope, _, table)) = self.left.last().cloned() else { return };
        let mut hold = |held: Option<Place>| {
            if let Some((key, _, _, Some(body))) = held {
                visit(RowName { scope: scope.clone(), table, key }, body);
            }
        };
        for row in rows {
            hold(self.last.take_if(|(key, ..)| *key != row.0));
            self.last = Some(row);
        }
        if is_last {
            hold(self.last.take());
            self.left.pop();
        }
    }
}
