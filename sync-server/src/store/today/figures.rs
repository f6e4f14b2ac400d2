//! What the sites sold on a date: kept, and read again only of sites of which something came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use suanpan_domain::totals::Dimension;
use suanpan_journal::SiteCode;

use crate::store::sql::{Sql, values};
use crate::store::within::{within, within_each};
use crate::store::{ReportFilter, StoreError};

/// For so long figures are carried on by what changed. Then they are read whole, whatever became of them meanwhile.
const CARRIED_ON_MS: i64 = 60_000;

/// Figures that are kept at most, of different sites or dates.
const KEPT_MAX: usize = 16;

/// What sites sold on a date.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) sites: BTreeMap<String, SiteFigures>,
    /// The position from which on nothing is in them.
    next: u64,
    /// What was read, as [`complete`] tells; nothing when it lacked something.
    models: Option<Vec<ModelRow>>,
    read_at_ms: i64,
}

/// What a site sold.
#[derive(Debug, Clone, Default)]
pub(super) struct SiteFigures {
    pub(super) hours: Vec<Sold>,
    /// By till.
    pub(super) numbers: BTreeMap<u16, Numbers>,
}

/// What a site sold in an hour of its clock.
#[derive(Debug, Clone)]
pub(super) struct Sold {
    pub(super) hour: u32,
    pub(super) sales: i64,
    pub(super) sold_fen: i64,
    pub(super) refunds: i64,
    /// Below zero.
    pub(super) refunded_fen: i64,
}

impl Sold {
    pub(super) fn paid_fen(&self) -> i64 {
        self.sold_fen.saturating_add(self.refunded_fen)
    }
}

/// Which receipts of a till arrived.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    /// The highest number.
    pub(super) last: u32,
    /// Different numbers.
    pub(super) received: u32,
}

impl Numbers {
    pub(super) fn missing(self) -> u32 {
        self.last.saturating_sub(self.received)
    }
}

/// Of whom and when: the sites of a reach and a date.
type Question = (Option<String>, u32);

/// The figures that were last read.
#[derive(Debug, Default)]
pub(in crate::store) struct Kept(Mutex<BTreeMap<Question, Arc<Figures>>>);

impl Kept {
    pub(super) fn get(&self, filter: &ReportFilter) -> Option<Arc<Figures>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(filter.reach.listed(), filter.from)).cloned()
    }

    pub(super) fn put(&self, filter: &ReportFilter, figures: Arc<Figures>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert((filter.reach.listed(), filter.from), figures);
    }
}

/// A model's name, its version, and how often it was emptied.
type ModelRow = (String, u32, u64);

/// All models, if none lacks anything.
fn complete(sql: &dyn Sql) -> Result<Option<Vec<ModelRow>>, StoreError> {
    let models =
        sql.all("select name, version, emptied, through from model order by name", values![], |row| {
            let through: Option<u64> = row.get(3)?;
            Ok(through.is_none().then_some((row.get(0)?, row.get(1)?, row.get(2)?)))
        })?;
    Ok(models.into_iter().collect())
}

/// The figures of a date, carried on from what was read before where that may be.
pub(super) fn figures(
    sql: &dyn Sql,
    filter: &ReportFilter,
    now_ms: i64,
    before: Option<&Figures>,
) -> Result<Figures, StoreError> {
    let models = complete(sql)?;
    let next =
        sql.only("select cast(value as bigint) from meta where key = 'next_gseq'", values![], |row| {
            row.get(0)
        })?;
    let is_young = |it: &Figures| now_ms.abs_diff(it.read_at_ms) < CARRIED_ON_MS.unsigned_abs();
    let Some(before) = before.filter(|it| models.is_some() && it.models == models && is_young(it)) else {
        return Ok(Figures { sites: read(sql, filter)?, next, models, read_at_ms: now_ms });
    };
    let mut sites = before.sites.clone();
    let changed = filter.reach.among(&changed(sql, before.next)?);
    if !changed.sites().is_empty() {
        changed.sites().iter().for_each(|site| drop(sites.remove(site.as_str())));
        sites.extend(read(sql, &ReportFilter { reach: changed, ..filter.clone() })?);
    }
    Ok(Figures { sites, next, models, read_at_ms: before.read_at_ms })
}

/// Sites of whose stations something was added from a position on.
fn changed(sql: &dyn Sql, from: u64) -> Result<BTreeSet<SiteCode>, StoreError> {
    let sites = sql.all(
        "select distinct s.site from (select distinct station from stamp where gseq >= ?) t
         join station s on s.station = t.station",
        values![from],
        |row| row.get::<String>(0),
    )?;
    Ok(sites.into_iter().filter_map(|site| site.parse().ok()).collect())
}

fn read(sql: &dyn Sql, filter: &ReportFilter) -> Result<BTreeMap<String, SiteFigures>, StoreError> {
    let mut sites = BTreeMap::<String, SiteFigures>::new();
    let (sales, refunds) = (Dimension::Sales as u8, Dimension::Refunds as u8);
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    sql.each(&sold_sql(), values![only, all, filter.from, sales, refunds], &mut |row| {
        let sold = Sold {
            hour: row.get(1)?,
            sales: row.get(2)?,
            sold_fen: row.get(3)?,
            refunds: row.get(4)?,
            refunded_fen: row.get(5)?,
        };
        sites.entry(row.get(0)?).or_default().hours.push(sold);
        Ok(())
    })?;
    let numbers = format!(
        "select site, till, last_number, received from numbering where {} and business_date = ?3",
        within_each("site")
    );
    sql.each(&numbers, values![only, all, filter.from], &mut |row| {
        let numbers = Numbers { last: row.get(2)?, received: row.get(3)? };
        sites.entry(row.get(0)?).or_default().numbers.insert(row.get(1)?, numbers);
        Ok(())
    })?;
    Ok(sites)
}

/// Of each till only its sales and refunds are read: what it sold by item or tender lies between them. Tills first, whether a
/// station stands there still or not: SQLite keeps the order of a cross join.
fn sold_sql() -> String {
    let of = |dimension: &str, column: &str| {
        format!("cast(coalesce(sum({column}) filter (where t.dimension = {dimension}), 0) as bigint)")
    };
    format!(
        "select t.site, t.hour, {}, {}, {}, {}
         from (
           select site, till from station where {}
           union select site, till from numbering where {} and business_date = ?3
         ) s cross join total t
         where t.site = s.site and t.business_date = ?3 and t.till = s.till and t.dimension in (?4, ?5)
         group by t.site, t.hour order by t.site, t.hour",
        of("?4", "count"),
        of("?4", "fen"),
        of("?5", "count"),
        of("?5", "fen"),
        within("site"),
        within_each("site"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;
    use crate::store::Store;

    #[tokio::test]
    async fn of_a_date_only_sales_and_refunds_of_each_till_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let steps = store.read(|sql| {
            let question = format!("explain query plan {}", sold_sql());
            sql.all(&question, values![None::<&str>, None::<&str>, 20_260_101_u32, 1_u8, 2_u8], |row| {
                row.get::<String>(3)
            })
        });
        let steps = steps.await.unwrap();
        let by_key = "(site=? AND business_date=? AND till=? AND dimension=?)";
        assert!(steps.iter().any(|step| step.starts_with("SEARCH t ") && step.contains(by_key)), "{steps:?}");
    }

    /// What the two sites of a chain have sold, in fen.
    type Paid = [i64; 2];

    async fn paid(store: &Store, reach: Reach, now_ms: i64) -> Paid {
        let today = store.today(reach, Some(20_260_101), now_ms, 0).await.unwrap();
        let of = |code: &str| today.stores.iter().filter(|it| it.site == code).map(|it| it.paid_fen).sum();
        [of("HT01"), of("HT02")]
    }

    /// Each site sells for so much, of which the positions do not tell.
    async fn sell_unsaid(store: &Store, fen: i64) {
        let sold = store.write(move |sql| sql.execute("update total set fen = ?", values![fen]));
        sold.await.unwrap();
    }

    /// Something of a site's till comes.
    async fn told(store: &Store, nth: u8) {
        let told = store.write(move |sql| {
            sql.execute(
                "insert into stamp (batch, gseq, station, entries, seq)
                 select ?1, cast(value as bigint), ?2, 1, 0 from meta where key = 'next_gseq'",
                values![nth, [nth; 16]],
            )?;
            sql.execute("update meta set value = value + 1 where key = 'next_gseq'", values![])
        });
        told.await.unwrap();
    }

    async fn two_sites() -> (tempfile::TempDir, Arc<Store>) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let made = store.write(|sql| {
            for (nth, code) in [(1_u8, "HT01"), (2, "HT02")] {
                sql.execute("insert into site (site, name, utc_offset_min, day_starts_min) values (?, 'a store', 480, 0)", values![code])?;
                sql.execute(
                    "insert into station (station, site, till, public_key, enrolled_at_ms, last_seen_ms)
                     values (?, ?, 1, ?, 0, 0)",
                    values![[nth; 16], code, [nth; 32]],
                )?;
                sql.execute(
                    "insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
                     values (?, 20260101, 1, 9, ?, '', 1, 500, 0, 0)",
                    values![code, Dimension::Sales as u8],
                )?;
            }
            Ok(())
        });
        made.await.unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn only_sites_of_which_something_came_are_read_again() {
        let (_folder, store) = two_sites().await;
        let all = Reach::whole_chain;
        assert_eq!(paid(&store, all(), 0).await, [500, 500]);
        sell_unsaid(&store, 700).await;
        assert_eq!(paid(&store, all(), 1_000).await, [500, 500], "nothing came");
        told(&store, 2).await;
        assert_eq!(paid(&store, all(), 2_000).await, [500, 700], "of the second store something did");
        let first = Reach::of(vec!["HT01".parse().unwrap()]);
        assert_eq!(paid(&store, first, 2_000).await, [700, 0], "another question has figures of its own");
        assert_eq!(paid(&store, all(), CARRIED_ON_MS).await, [700, 700], "all of it after a minute");
    }

    #[tokio::test]
    async fn what_lacks_something_or_was_filled_anew_is_read_whole() {
        let (_folder, store) = two_sites().await;
        for (fen, model) in [
            (700, "update model set emptied = emptied + 1 where name = 'total'"),
            (800, "update model set version = version + 1 where name = 'shift'"),
            (900, "update model set through = 0 where name = 'total'"),
            (950, "update model set through = null"),
        ] {
            paid(&store, Reach::whole_chain(), 0).await;
            sell_unsaid(&store, fen).await;
            store.write(move |sql| sql.execute(model, values![])).await.unwrap();
            assert_eq!(paid(&store, Reach::whole_chain(), 1_000).await, [fen, fen], "{model}");
        }
    }
}
