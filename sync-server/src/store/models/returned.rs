//! Receipts of which something came back, and whether their sales bear that out. A receipt is judged again when another
//! refund of it arrives, and, while the hub does not have it, when anything arrives that its till sold that day.

use std::collections::{BTreeMap, BTreeSet};

use suanpan_domain::calendar;
use suanpan_domain::ids::DocumentNumber;
use suanpan_journal::SiteCode;
use suanpan_sync::Recorded;

use super::behind::behind;
use super::model::Numbering;
use super::read_by::FIGURES;
use crate::access::Reach;
use crate::returns::{Wrong, compare, decoded};
use crate::store::first_rows::{FirstRows, LIST_LIMIT};
use crate::store::recorded::{refunds, sales};
use crate::store::reports::{ROWS_LIMIT, with_pending};
use crate::store::sql::{Sql, ToValue, Value, values};
use crate::store::within::within;
use crate::store::{Attention, OfflineRefund, ReportFilter, Store, StoreError, lease, reserved};

/// Receipts judged in one transaction: for each a few stored pushes are unpacked, and meanwhile no till is answered.
const JUDGED_AT_ONCE: u32 = 10;

/// Receipts that are looked at in one read.
const SUSPECTS_AT_ONCE: usize = LIST_LIMIT as usize;

/// So many times, for whoever sees few of a chain's stores: then the list says that it is cut.
const LOOKS_MAX: usize = 30;

const UNKNOWN: &str = "unknown";
const DOUBLE: &str = "double";
const DIFFERS: &str = "differs";

impl Store {
    /// Refunds that were paid out while the hub was not heard, the newest first, and how many batches still wait to be
    /// looked at.
    ///
    /// *Errors:* `TooMany` and the store's.
    pub async fn report_offline_refunds(
        &self,
        filter: ReportFilter,
    ) -> Result<(Vec<OfflineRefund>, i64), StoreError> {
        self.read_report(move |sql| offline_refunds(sql, &filter, ROWS_LIMIT)).await
    }

    /// Judges some receipts that are due; false when none is.
    ///
    /// *Errors:* `Fenced` and the store's.
    pub async fn judge_refunds(&self, token: u64) -> Result<bool, StoreError> {
        if !self.read(is_any_due).await? {
            return Ok(false);
        }
        let judged = self
            .write(move |sql| {
                lease::check(sql, token)?;
                judge_due(sql)
            })
            .await;
        self.mind_fence(judged)?;
        Ok(true)
    }
}

fn is_any_due(sql: &dyn Sql) -> Result<bool, StoreError> {
    // Not before every receipt is here.
    if behind(sql)?.contains_key("document") {
        return Ok(false);
    }
    Ok(sql.one("select 1 from returned where due = 1 limit 1", values![], |_| Ok(()))?.is_some())
}

/// Notes which receipts some documents are about: those that they cite, and those of their tills' days that were unknown.
pub(super) fn touch<'a>(
    sql: &dyn Sql,
    cited: &BTreeSet<&str>,
    numberings: impl Iterator<Item = &'a Numbering>,
) -> Result<(), StoreError> {
    for cites in cited {
        sql.execute(
            "insert into returned (number, due) values (?, 1) on conflict (number) do update set due = 1",
            values![*cites],
        )?;
    }
    for (site, business_date, till) in numberings {
        sql.execute(
            "update returned set due = 1
             where wrong = 'unknown' and site = ? and business_date = ? and till = ?",
            values![site.to_ascii_uppercase(), business_date, till],
        )?;
    }
    Ok(())
}

/// Judges some of the receipts that are due.
pub(super) fn judge_due(sql: &dyn Sql) -> Result<(), StoreError> {
    let due = sql.all(
        "select number from returned where due = 1 order by number limit ?",
        values![JUDGED_AT_ONCE],
        |row| row.get::<String>(0),
    )?;
    due.iter().try_for_each(|number| judge(sql, number))
}

fn judge(sql: &dyn Sql, cites: &str) -> Result<(), StoreError> {
    let number: Option<DocumentNumber> = cites.parse().ok();
    let sold = number.as_ref().map_or_else(|| Ok(vec![]), |number| readable(sales(sql, number)))?;
    let (sales, _) = decoded(&sold);
    let (_, refunds) = decoded(&readable(refunds(sql, cites))?);
    reserved::end(sql, cites, &refunds)?;
    for offline in refunds.iter().filter(|refund| refund.origin.is_offline()) {
        sql.execute("update document set offline = 1 where id = ? and offline = 0", values![offline.id.0])?;
    }
    let wrong = compare(&sales, &refunds).map(|wrong| match wrong {
        Wrong::Unknown => UNKNOWN,
        Wrong::Double => DOUBLE,
        Wrong::Differs => DIFFERS,
    });
    let paid: i64 = sales.iter().fold(0, |sum, sale| sale.due.0.saturating_add(sum));
    let refunded: i64 = refunds.iter().fold(0, |sum, refund| refund.total.0.saturating_add(sum));
    // What is no printed number is nobody's receipt.
    let (site, business_date, till) =
        number.map_or((String::new(), 0, 0), |number| (number.site, number.business_date, number.till));
    let newest: u64 =
        sql.only("select coalesce(max(gseq), 0) from document where cites = ?", values![cites], |row| {
            row.get(0)
        })?;
    sql.execute(
        "update returned set due = 0, wrong = cast(? as text), paid_fen = ?, refunded_fen = ?, site = ?,
           business_date = ?, till = ?, gseq = ? where number = ?",
        values![wrong, paid, refunded, site, business_date, till, newest, cites],
    )?;
    Ok(())
}

/// A push that its disk has spoiled since holds up nothing else.
fn readable(found: Result<Vec<Recorded>, StoreError>) -> Result<Vec<Recorded>, StoreError> {
    match found {
        Err(StoreError::Damaged(_)) => Ok(vec![]),
        found => found,
    }
}

/// A receipt with which something is wrong.
struct Suspect {
    wrong: String,
    number: String,
    paid_fen: i64,
    refunded_fen: i64,
    gseq: i64,
}

/// What somebody has to look at who sees the sites where it was paid out: the newest refunds first.
pub(in crate::store) fn attention(sql: &dyn Sql, reach: &Reach) -> Result<FirstRows<Attention>, StoreError> {
    let (mut found, mut before, mut is_cut) = (Vec::new(), i64::MAX, true);
    for _ in 0..LOOKS_MAX {
        if found.len() >= LIST_LIMIT as usize {
            break;
        }
        let some = sql.all(
            "select wrong, number, paid_fen, refunded_fen, gseq from returned
             where wrong is not null and gseq < ? order by gseq desc limit ?",
            values![before, SUSPECTS_AT_ONCE],
            |row| {
                let (wrong, number) = (row.get(0)?, row.get(1)?);
                let (paid_fen, refunded_fen, gseq) = (row.get(2)?, row.get(3)?, row.get(4)?);
                Ok(Suspect { wrong, number, paid_fen, refunded_fen, gseq })
            },
        )?;
        let Some(last) = some.last() else {
            is_cut = false;
            break;
        };
        before = last.gseq;
        let mut seen = refunds_seen(sql, reach, &some)?;
        found.extend(some.into_iter().filter_map(|it| {
            let (site, refunds) = seen.remove(&it.number)?;
            Some(of_suspect(it, site, refunds.join(" ")))
        }));
    }
    let mut listed = FirstRows::of(found);
    listed.is_cut |= is_cut;
    Ok(listed)
}

/// The refunds of some receipts, by theirs: the first site of a reach that paid one out, and the printed numbers of all
/// that were.
fn refunds_seen(
    sql: &dyn Sql,
    reach: &Reach,
    of: &[Suspect],
) -> Result<BTreeMap<String, (String, Vec<String>)>, StoreError> {
    let (only, all) = (reach.only().map(SiteCode::as_str), reach.listed());
    let mut values = vec![only.to_value(), all.to_value()];
    values.extend(of.iter().map(|it| it.number.to_value()));
    // One statement, however many are asked for: the last one fills it.
    values.resize(2 + SUSPECTS_AT_ONCE, values.last().copied().unwrap_or(Value::Null));
    let mut seen = BTreeMap::<String, (String, Vec<String>)>::new();
    let marks = (3..3 + SUSPECTS_AT_ONCE).map(|nth| format!("?{nth}")).collect::<Vec<_>>().join(", ");
    let question = format!(
        "select cites, site, printed from document where cites in ({marks}) and {} order by gseq",
        within("site")
    );
    sql.each(&question, &values, &mut |row| {
        let (site, printed): (String, _) = (row.get(1)?, row.get(2)?);
        let (first, refunds) = seen.entry(row.get(0)?).or_insert_with(|| (site.clone(), Vec::new()));
        if site < *first {
            *first = site;
        }
        refunds.push(printed);
        Ok(())
    })?;
    Ok(seen)
}

fn of_suspect(it: Suspect, site: String, refunds: String) -> Attention {
    let Suspect { wrong, number, paid_fen, refunded_fen, .. } = it;
    match wrong.as_str() {
        UNKNOWN => Attention::UnknownRefund { number, site, refunded_fen, refunds },
        DOUBLE => Attention::DoubleRefund { number, site, paid_fen, refunded_fen, refunds },
        _ => Attention::RefundDiffers { number, site, paid_fen, refunded_fen, refunds },
    }
}

/// Refunds that were paid out while the hub was not heard, and how many batches still wait to be looked at.
pub(in crate::store) fn offline_refunds(
    sql: &dyn Sql,
    filter: &ReportFilter,
    limit: u32,
) -> Result<(Vec<OfflineRefund>, i64), StoreError> {
    with_pending(sql, filter, &FIGURES, offline(sql, filter, limit)?)
}

/// Refunds that were paid out while the hub was not heard, the newest first. They are few, and found by that alone: site by
/// site every document of the dates would be looked at.
fn offline(sql: &dyn Sql, filter: &ReportFilter, limit: u32) -> Result<Vec<OfflineRefund>, StoreError> {
    let (only, all) = (filter.reach.only().map(SiteCode::as_str), filter.reach.listed());
    sql.all(&offline_refunds_sql(), values![only, all, filter.from, filter.to, filter.till, limit], |row| {
        Ok(OfflineRefund {
            date: calendar::text(row.get(0)?),
            site: row.get(1)?,
            till: row.get(2)?,
            receipt: row.get(3)?,
            refund: row.get(4)?,
            cashier: row.get(5)?,
            refunded_fen: row.get(6)?,
            pending: 0,
        })
    })
}

fn offline_refunds_sql() -> String {
    format!(
        "select business_date, site, till, cites, printed, cashier, fen from document
         where offline = 1 and {} and business_date between ?3 and ?4 and (cast(?5 as bigint) is null or till = ?5)
         order by business_date desc, site, till, number desc limit ?6",
        within("site")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn offline_refunds_are_found_without_a_look_at_other_documents() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let steps = store.read(|sql| {
            let question = format!("explain query plan {}", offline_refunds_sql());
            let (nobody, date) = (None::<&str>, 20_260_101_u32);
            sql.all(&question, values![nobody, nobody, date, date, None::<u16>, 100_u32], |row| {
                row.get::<String>(3)
            })
        });
        let steps = steps.await.unwrap();
        let of_document: Vec<_> = steps.iter().filter(|step| step.contains(" document")).collect();
        assert_eq!(of_document.len(), 1, "{steps:?}");
        assert!(of_document[0].contains("USING INDEX document_offline"), "{steps:?}");
    }
}
