use std::collections::BTreeMap;

use suanpan_domain::calendar;
use suanpan_domain::totals::Dimension;
use suanpan_journal::SiteCode;

use super::Store;
use super::models::{FIGURES, lag};
use super::sql::{Row, Sql, values};
use super::within::{within, within_each};
use super::{ByRow, DayRow, OfflineRefund, ReportBy, ReportFilter, StoreError, TotalRow};

/// Rows of one report. A year of a thousand sites by day fits; of more nothing is told, and it is asked for in parts.
pub const REPORT_ROWS_MAX: u32 = 400_000;

/// What a statement may give: one more than is told, to know whether there is one.
pub(super) const ROWS_LIMIT: u32 = REPORT_ROWS_MAX + 1;

impl Store {
    /// Figures by business date and site, and how many batches still wait to be in them.
    ///
    /// *Errors:* `TooMany` and the store's.
    pub async fn report_days(&self, filter: ReportFilter) -> Result<(Vec<DayRow>, i64), StoreError> {
        self.read_report(move |sql| with_pending(sql, &filter, &FIGURES, days(sql, &filter)?)).await
    }

    /// Figures by business date, site and one more thing, and how many batches still wait to be in them.
    ///
    /// *Errors:* `TooMany` and the store's.
    pub async fn report_by(
        &self,
        by: ReportBy,
        filter: ReportFilter,
    ) -> Result<(Vec<ByRow>, i64), StoreError> {
        self.read_report(move |sql| with_pending(sql, &filter, &FIGURES, broken_down(sql, by, &filter)?))
            .await
    }

    /// Every total but those by item, by business date, site and till, and how many batches still wait to be in them.
    ///
    /// *Errors:* `TooMany` and the store's.
    pub async fn report_totals(&self, filter: ReportFilter) -> Result<(Vec<TotalRow>, i64), StoreError> {
        self.read_report(move |sql| with_pending(sql, &filter, &FIGURES, totals(sql, &filter)?)).await
    }
}

/// A row that tells how many of its site's batches are not in it yet.
pub(super) trait OfSite {
    fn site(&self) -> &str;
    fn pending(&mut self) -> &mut i64;
}

macro_rules! of_site {
    ($($row:ty),+) => {$(
        impl OfSite for $row {
            fn site(&self) -> &str {
                &self.site
            }

            fn pending(&mut self) -> &mut i64 {
                &mut self.pending
            }
        }
    )+};
}
of_site!(DayRow, ByRow, TotalRow, OfflineRefund);

/// Gives each row what waits of its site to be in the models that they were read from, and the sum, read on one state.
pub(super) fn with_pending<R: OfSite>(
    sql: &dyn Sql,
    filter: &ReportFilter,
    models: &[&str],
    mut rows: Vec<R>,
) -> Result<(Vec<R>, i64), StoreError> {
    refuse_more(rows.len(), REPORT_ROWS_MAX)?;
    let waiting = pending(sql, filter, models)?;
    for row in &mut rows {
        *row.pending() = waiting.get(row.site()).copied().unwrap_or(0);
    }
    Ok((rows, waiting.into_values().sum()))
}

/// Refuses to tell a part as if it were all.
pub(super) fn refuse_more(rows: usize, max: u32) -> Result<(), StoreError> {
    if rows > max as usize { Err(StoreError::TooMany(max)) } else { Ok(()) }
}

/// Batches of each site that some models lack: they wait for the projector, or are being added anew.
pub(super) fn pending(
    sql: &dyn Sql,
    filter: &ReportFilter,
    models: &[&str],
) -> Result<BTreeMap<String, i64>, StoreError> {
    let waiting: Vec<(String, i64)> = sql.all(
        &format!(
            "select s.site, count(*) from pending p join station s on s.station = p.station
             where {} and (cast(?3 as bigint) is null or s.till = ?3) group by s.site",
            within("s.site")
        ),
        values![filter.reach.only().map(SiteCode::as_str), filter.reach.listed(), filter.till],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut lacking = lag(sql, models, filter)?;
    for (site, batches) in waiting {
        let all: &mut i64 = lacking.entry(site).or_default();
        *all = all.saturating_add(batches);
    }
    Ok(lacking)
}

/// What a table has of a filter, at most so many rows: date, site and some columns, from where, and how grouped and ordered.
pub(super) fn rows<T>(
    sql: &dyn Sql,
    filter: &ReportFilter,
    (columns, from, order): (&str, &str, &str),
    limit: u32,
    mut read: impl FnMut(String, String, &Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    sql.all(
        &format!(
            "select business_date, site, {columns} from {from}
               and {} and business_date between ?3 and ?4 and (cast(?5 as bigint) is null or till = ?5)
             {order} limit ?6",
            within_each("site")
        ),
        values![only, all, filter.from, filter.to, filter.till, limit],
        |row| read(calendar::text(row.get(0)?), row.get(1)?, row),
    )
}

fn totals(connection: &dyn Sql, filter: &ReportFilter) -> Result<Vec<TotalRow>, StoreError> {
    let columns = "till, dimension, key, cast(sum(count) as bigint), cast(sum(fen) as bigint),
        cast(sum(grams) as bigint)";
    let order = "group by business_date, site, till, dimension, key
        order by business_date, site, till, dimension, key";
    let from = "total where dimension <> 10";
    rows(connection, filter, (columns, from, order), ROWS_LIMIT, |date, site, row| {
        let dimension = Dimension::from_number(row.get(3)?).ok_or(StoreError::Damaged("dimension"))?;
        Ok(TotalRow {
            date,
            site,
            till: row.get(2)?,
            total: dimension.name(),
            key: row.get(4)?,
            count: row.get(5)?,
            fen: row.get(6)?,
            grams: row.get(7)?,
            pending: 0,
        })
    })
}

pub(super) fn days(connection: &dyn Sql, filter: &ReportFilter) -> Result<Vec<DayRow>, StoreError> {
    let sum = |dimension: Dimension, column: &str| {
        format!("cast(coalesce(sum({column}) filter (where dimension = {}), 0) as bigint)", dimension as u8)
    };
    let columns = format!(
        "{sales}, {refunds}, {lines}, {grams}, {goods}, {discount}, {rounding}, {paid} + {refunded},
           (select cast(coalesce(sum(last_number - received), 0) as bigint) from numbering n
            where n.site = t.site and n.business_date = t.business_date and (cast(?5 as bigint) is null or n.till = ?5))",
        sales = sum(Dimension::Sales, "count"),
        refunds = sum(Dimension::Refunds, "count"),
        lines = sum(Dimension::Goods, "count"),
        grams = sum(Dimension::Goods, "grams"),
        goods = sum(Dimension::Goods, "fen"),
        discount = sum(Dimension::Discount, "fen"),
        rounding = sum(Dimension::Rounding, "fen"),
        paid = sum(Dimension::Sales, "fen"),
        refunded = sum(Dimension::Refunds, "fen"),
    );
    let order = "group by business_date, site order by business_date, site";
    rows(connection, filter, (&columns, "total t where true", order), ROWS_LIMIT, |date, site, row| {
        Ok(DayRow {
            date,
            site,
            sales: row.get(2)?,
            refunds: row.get(3)?,
            lines: row.get(4)?,
            grams: row.get(5)?,
            amount_fen: row.get(6)?,
            discount_fen: row.get(7)?,
            rounding_fen: row.get(8)?,
            paid_fen: row.get(9)?,
            missing: row.get(10)?,
            pending: 0,
        })
    })
}

fn broken_down(connection: &dyn Sql, by: ReportBy, filter: &ReportFilter) -> Result<Vec<ByRow>, StoreError> {
    // Hours and tills show what was paid, refunds subtracted; counts are of sales.
    let (key, dimensions) = match by {
        ReportBy::Hour => ("substr(cast(100 + hour as text), 2)", "(1, 2)"),
        ReportBy::Station => ("cast(till as text)", "(1, 2)"),
        ReportBy::Item => ("key", "(10)"),
        ReportBy::Tender => ("key", "(6)"),
    };
    let columns = format!(
        "{key} as k, cast(sum(case dimension when 2 then 0 else count end) as bigint),
           cast(sum(fen) as bigint), cast(sum(grams) as bigint), cast(sum(pieces) as bigint)"
    );
    let from = format!("total where dimension in {dimensions}");
    let order = "group by business_date, site, k order by business_date, site, k";
    rows(connection, filter, (&columns, &from, order), ROWS_LIMIT, |date, site, row| {
        Ok(ByRow {
            date,
            site,
            key: row.get(2)?,
            count: row.get(3)?,
            fen: row.get(4)?,
            grams: row.get(5)?,
            pieces: row.get(6)?,
            pending: 0,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;

    #[tokio::test]
    async fn a_report_reads_of_each_site_its_dates_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        for reach in [Reach::whole_chain(), Reach::of(vec!["HT01".parse().unwrap()])] {
            let steps = store.read(move |sql| {
                let question = format!(
                    "explain query plan select hour, sum(fen) from total
                     where {} and business_date between ?3 and ?3 group by hour",
                    within_each("site")
                );
                let (only, all) = (reach.only().map(SiteCode::as_str), reach.listed());
                sql.all(&question, values![only, all, 20_260_101_u32], |row| row.get::<String>(3))
            });
            let steps = steps.await.unwrap();
            let of_total: Vec<_> = steps.iter().filter(|step| step.contains(" total")).collect();
            assert_eq!(of_total.len(), 1, "{steps:?}");
            assert!(of_total[0].contains("(site=? AND business_date>? AND business_date<?)"), "{steps:?}");
        }
    }
}
