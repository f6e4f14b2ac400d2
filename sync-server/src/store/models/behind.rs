//! Which models lack something.

use std::collections::BTreeMap;

use suanpan_journal::SiteCode;

use crate::store::sql::{Sql, values};
use crate::store::within::within;
use crate::store::{ReportFilter, StoreError};

/// The models that lack something, and the last position that is in each.
pub(in crate::store) fn behind(sql: &dyn Sql) -> Result<BTreeMap<String, u64>, StoreError> {
    let found = sql.all("select name, through from model where through is not null", values![], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(found.into_iter().collect())
}

/// Stamped batches of each site that one of some models lacks.
pub(in crate::store) fn lag(
    sql: &dyn Sql,
    models: &[&str],
    filter: &ReportFilter,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let behind = behind(sql)?;
    let Some(through) = models.iter().filter_map(|model| behind.get(*model)).min() else {
        return Ok(BTreeMap::new());
    };
    let lacking = sql.all(
        &format!(
            "select s.site, cast(sum(t.batches) as bigint)
             from (select station, count(*) as batches from stamp where gseq > ?4 group by station) t
             join station s on s.station = t.station
             where {} and (cast(?3 as bigint) is null or s.till = ?3) group by s.site",
            within("s.site")
        ),
        values![filter.reach.only().map(SiteCode::as_str), filter.reach.listed(), filter.till, through],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(lacking.into_iter().collect())
}
