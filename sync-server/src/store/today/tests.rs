use std::sync::Arc;

use suanpan_domain::totals::Dimension;

use super::TodayList;
use super::figures::{CARRIED_ON_MS, sold_sql};
use crate::access::Reach;
use crate::store::Store;
use crate::store::sql::values;

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
    assert_eq!(paid(&store, first, 2_000).await, [700, 0], "one store is read whole");
    assert_eq!(paid(&store, all(), CARRIED_ON_MS).await, [700, 700], "all of it after a minute");
}

#[tokio::test]
async fn what_lacks_something_or_was_filled_anew_is_read_whole() {
    let (_folder, store) = two_sites().await;
    for (fen, model) in [
        (700, "update model set emptied = emptied + 1 where name = 'total'"),
        (800, "update model set version = version + 1 where name = 'document'"),
        (900, "update model set through = 0 where name = 'total'"),
        (950, "update model set through = null"),
    ] {
        paid(&store, Reach::whole_chain(), 0).await;
        sell_unsaid(&store, fen).await;
        store.write(move |sql| sql.execute(model, values![])).await.unwrap();
        assert_eq!(paid(&store, Reach::whole_chain(), 1_000).await, [fen, fen], "{model}");
    }
}

#[tokio::test]
async fn figures_of_a_database_that_is_older_than_they_are_read_whole() {
    let (_folder, store) = two_sites().await;
    told(&store, 1).await;
    paid(&store, Reach::whole_chain(), 0).await;
    // Other batches have the positions that were read: another server took over that had not heard of those.
    let other = store.write(|sql| {
        sql.execute("drop trigger stamp_kept", values![])?;
        sql.execute("update stamp set station = ?, batch = 9", values![[2_u8; 16]])
    });
    other.await.unwrap();
    sell_unsaid(&store, 700).await;
    assert_eq!(paid(&store, Reach::whole_chain(), 1_000).await, [700, 700]);
}

#[tokio::test]
async fn a_station_that_moved_is_read_where_it_was_and_where_it_is() {
    let (_folder, store) = two_sites().await;
    paid(&store, Reach::whole_chain(), 0).await;
    sell_unsaid(&store, 700).await;
    let moved =
        store.write(|sql| sql.execute("update station set site = 'HT02' where site = 'HT01'", values![]));
    moved.await.unwrap();
    let [_, there] = paid(&store, Reach::whole_chain(), 1_000).await;
    assert_eq!(there, 700);
}

#[tokio::test]
async fn one_question_more_forgets_the_one_that_was_asked_longest_ago() {
    let (_folder, store) = two_sites().await;
    let of = |date| store.today(Reach::whole_chain(), Some(date), 0, 0);
    paid(&store, Reach::whole_chain(), 0).await;
    for date in 20_260_102..20_260_128 {
        of(date).await.unwrap();
        of(20_260_101).await.unwrap();
        of(20_250_000 + date % 10_000).await.unwrap();
    }
    sell_unsaid(&store, 700).await;
    assert_eq!(paid(&store, Reach::whole_chain(), 1_000).await, [500, 500], "it was asked for all the time");
}

#[tokio::test]
async fn a_list_that_is_longer_than_the_page_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), 0).unwrap();
    for (shifts, cut) in [(100_u8, vec![]), (101, vec![TodayList::UnclosedShifts])] {
        let opened = store.write(move |sql| {
            sql.execute("delete from shift", values![])?;
            for id in 0..shifts {
                sql.execute(
                    "insert into shift (id, site, till, business_date, no, cashier) values (?, 'HT01', 1, 20260101, 1, '1101')",
                    values![[id; 16]],
                )?;
            }
            Ok(())
        });
        opened.await.unwrap();
        let today = store.today(Reach::whole_chain(), Some(20_260_101), 0, 0).await.unwrap();
        assert_eq!((today.unclosed_shifts.len(), today.cut), (100, cut));
    }
}
