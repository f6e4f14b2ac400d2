//! What reports read is filled anew while the rest stands, and no position ever changes.

use std::path::Path;

use serde_json::json;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::shift::ShiftAudited;
use sync_server::Hub;
use sync_server::admin::Order;

use crate::access::ordered;
use crate::postgresql::{database_of, rows_of, run_on};
use crate::support::*;

/// Stamps, in their order, as text.
fn positions(folder: &Path) -> Vec<String> {
    rows_of(
        folder,
        "select gseq || ' ' || batch || ' ' || entries || ' ' || coalesce(seq, 0) from stamp order by gseq",
    )
}

/// Position and number of each document.
fn documents(folder: &Path) -> Vec<String> {
    rows_of(folder, "select gseq || ' ' || number from document order by gseq")
}

/// Starts the hub again on what is in its folder.
pub(crate) async fn start_again(hub: TestHub) -> TestHub {
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let running = Hub::open(config(folder.path())).unwrap().serve().await.unwrap();
    TestHub { running, folder, http, api_key }
}

#[tokio::test]
async fn a_rebuild_is_ordered_while_the_hub_serves_and_tills_sell() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for n in 1..=20 {
        till.sell(100, 80);
        till.push(&hub, n, n).await;
        if n % 5 == 0 {
            let said = ordered(&hub, Order::Rebuild).await;
            assert!(said[0].starts_with("the figures of "), "{said:?}");
        }
    }
    comes_to(&hub, 20 * 80).await;
    assert_eq!(positions(hub.folder.path()).len(), 20);
    let written = hub.hub().store().audit(0).await.unwrap();
    assert_eq!(written.iter().filter(|row| row.action == "figures.rebuild").count(), 4);
}

#[tokio::test]
async fn a_rebuild_changes_no_position_and_no_figure() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    for n in 0..6 {
        one.sell(100 + n, 80 + n);
        two.sell(200, 160);
        one.push(&hub, n as usize + 1, n as usize + 1).await;
        hub.settled().await;
        two.push(&hub, n as usize + 1, n as usize + 1).await;
        hub.settled().await;
    }
    let before = (positions(hub.folder.path()), documents(hub.folder.path()), hub.day().await);
    assert_eq!(before.0.len(), 12);
    let hub = rebuilt(hub).await;
    assert_eq!((positions(hub.folder.path()), documents(hub.folder.path()), hub.day().await), before);
    let taken_back =
        std::panic::catch_unwind(|| run_on(hub.folder.path(), "delete from stamp where gseq = 1"));
    assert!(taken_back.is_err(), "the database itself refuses");
}

#[tokio::test]
async fn a_new_subject_is_filled_from_all_that_is_stored_while_the_others_stand() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.entry(&Entry::ShiftAudited(ShiftAudited {
        shift: Id([1; 16]),
        count: Default::default(),
        counted: Fen(19_300),
        expected: Fen(20_000),
        by: "9001".into(),
        cashier: Some("1101".into()),
    }));
    till.push_all(&hub).await;
    let day = hub.day().await;
    assert_eq!((&day[0]["paid_fen"], &day[0]["pending"]), (&json!(80), &json!(0)));
    let documents_before = documents(hub.folder.path());
    // As a release finds it that did not know of such counts.
    run_on(hub.folder.path(), "delete from drawer_count; delete from model where name = 'drawer_count'");
    let hub = start_again(hub).await;
    let counted = || rows_of(hub.folder.path(), "select till || ' ' || over_short_fen from drawer_count");
    let mut rounds = 0;
    while counted().is_empty() {
        let day = hub.report("/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16").await;
        let (rows, day) = (&day["rows"], &day["rows"][0]);
        assert_eq!(
            (&day["paid_fen"], &day["pending"]),
            (&json!(80), &json!(0)),
            "it stands meanwhile: {rows}"
        );
        rounds += 1;
        assert!(rounds < 10_000, "it is not filled");
    }
    assert_eq!(counted(), ["1 -700"]);
    assert_eq!(documents(hub.folder.path()), documents_before);
    // It takes part in whatever comes next.
    till.sell(200, 160);
    till.push(&hub, 3, 3).await;
    hub.settled().await;
    assert_eq!(rows_of(hub.folder.path(), "select name from model where through is not null"), [""; 0]);
    assert_eq!(hub.day().await[0]["paid_fen"], 240);
}

#[tokio::test]
async fn what_an_older_hub_stamped_is_added_to_the_subjects_that_it_did_not_know() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    hub.settled().await;
    let next = positions(hub.folder.path()).len() + 1;
    let behind = "select name || ' ' || through from model where through is not null";
    let TestHub { running, folder, http: _, api_key: _ } = hub;
    running.stop().await;
    // It writes no seq.
    let stamp = |gseq| {
        let row = format!("select {gseq}, station, id, 1 from batch limit 1");
        run_on(folder.path(), &format!("insert into stamp (gseq, station, batch, entries) {row}"));
    };
    stamp(next);
    assert_eq!(rows_of(folder.path(), behind), [format!("drawer_count {}", next - 1)]);
    run_on(folder.path(), "update model set through = 0 where name = 'total'");
    let refused = std::panic::catch_unwind(|| stamp(next + 1));
    assert!(refused.is_err(), "what is being filled would count it twice");
}

/// A database that takes no document with the number 3, and what ends that.
fn no_three(folder: &Path) -> (&'static str, &'static str) {
    match database_of(folder) {
        None => (
            "create trigger no_three before insert on document when new.number = 3 begin
               select raise(abort, 'no three'); end",
            "drop trigger no_three",
        ),
        Some(_) => (
            "alter table document add constraint no_three check (number <> 3)",
            "alter table document drop constraint no_three",
        ),
    }
}

/// As a hub of another release finds it.
const OF_ANOTHER_RELEASE: &str = "update meta set value = 'of another release' where key = 'reader'";

/// Waits until the day comes to a sum.
async fn comes_to(hub: &TestHub, fen: i64) {
    let mut rounds = 0;
    loop {
        let day = hub.day().await;
        if day[0]["paid_fen"] == fen {
            return;
        }
        rounds += 1;
        assert!(rounds < 100, "{day}, not {fen}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Six sales of 80 fen, of which the database refused the third, and the second once more.
async fn six_without_the_third() -> (TestHub, Till) {
    let hub = TestHub::start().await;
    run_on(hub.folder.path(), no_three(hub.folder.path()).0);
    let mut till = hub.till("HT01", 1).await;
    let sales: Vec<_> = (0..6).map(|_| till.sell(100, 80)).collect();
    till.entry(&Entry::Sale(sales[1].clone()));
    till.push_all(&hub).await;
    comes_to(&hub, 5 * 80).await;
    assert_eq!(parked(&hub), ["HUB-PRJ-007 3", "HUB-PRJ-004 7"]);
    (hub, till)
}

fn parked(hub: &TestHub) -> Vec<String> {
    rows_of(hub.folder.path(), "select code || ' ' || seq from parked order by seq")
}

#[tokio::test]
async fn an_entry_that_is_understood_only_later_is_in_the_figures_and_announced_at_the_end() {
    let (hub, _) = six_without_the_third().await;
    let before = positions(hub.folder.path());
    // The next release cannot add it either: it has no position of its own.
    run_on(hub.folder.path(), OF_ANOTHER_RELEASE);
    let hub = start_again(hub).await;
    while rows_of(hub.folder.path(), "select value from meta where key = 'reader'") == ["of another release"]
    {
        hub.settled().await;
    }
    assert_eq!((positions(hub.folder.path()), parked(&hub).len()), (before.clone(), 2));
    run_on(hub.folder.path(), no_three(hub.folder.path()).1);
    run_on(hub.folder.path(), OF_ANOTHER_RELEASE);
    let hub = start_again(hub).await;
    comes_to(&hub, 6 * 80).await;
    assert_eq!(parked(&hub), ["HUB-PRJ-004 7"]);
    let after = positions(hub.folder.path());
    assert_eq!(after[..before.len()], before);
    // An older hub would take the batch's first entry for it.
    assert_eq!(after[before.len()..], ["8 -1 1 3"]);
    assert_eq!(documents(hub.folder.path()), ["1 1", "2 2", "4 4", "5 5", "6 6", "8 3"]);

    // A rebuild finds it where it was announced, and what came twice once.
    let shown = (after, documents(hub.folder.path()), hub.day().await, parked(&hub));
    let hub = rebuilt(hub).await;
    let again = (positions(hub.folder.path()), documents(hub.folder.path()), hub.day().await, parked(&hub));
    assert_eq!(again, shown);
}

/// Stops the hub, builds its figures anew and starts it.
async fn rebuilt(hub: TestHub) -> TestHub {
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let again = Hub::open(config(folder.path())).unwrap();
    again.rebuild().await.unwrap();
    let running = again.serve().await.unwrap();
    let hub = TestHub { running, folder, http, api_key };
    hub.settled().await;
    // What is parked it tries last, and notes that it has.
    while hub.hub().store().has_untried().await.unwrap() {
        tokio::task::yield_now().await;
    }
    hub
}

#[tokio::test]
async fn a_subject_of_a_new_version_takes_nothing_that_is_parked_and_what_is_understood_then_counts_once() {
    for new in ["'total'", "'document'", "'document', 'total'", "'shift', 'total'"] {
        let (hub, mut till) = six_without_the_third().await;
        run_on(hub.folder.path(), no_three(hub.folder.path()).1);
        run_on(hub.folder.path(), OF_ANOTHER_RELEASE);
        run_on(hub.folder.path(), &format!("update model set version = 0 where name in ({new})"));
        let hub = start_again(hub).await;
        comes_to(&hub, 6 * 80).await;
        till.sell(100, 80);
        till.push(&hub, 8, 8).await;
        comes_to(&hub, 7 * 80).await;
        assert_eq!(parked(&hub), ["HUB-PRJ-004 7"], "{new}");
        let shown = (documents(hub.folder.path()), hub.day().await);
        let hub = rebuilt(hub).await;
        assert_eq!((documents(hub.folder.path()), hub.day().await), shown, "{new}");
    }
}

#[tokio::test]
async fn a_later_releases_subject_holds_nobody_up_and_falls_behind_by_what_it_did_not_see() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    comes_to(&hub, 80).await;
    run_on(
        hub.folder.path(),
        "insert into model (name, version, through) values ('later', 7, null), ('being filled', 7, 0);
         update model set version = 3 where name = 'shift'",
    );
    till.sell(100, 80);
    till.push(&hub, 2, 2).await;
    comes_to(&hub, 160).await;
    let hub = start_again(hub).await;
    till.sell(100, 80);
    till.push(&hub, 3, 3).await;
    comes_to(&hub, 240).await;
    let told =
        "select name || ' ' || version || ' ' || through from model where through is not null order by name";
    assert_eq!(rows_of(hub.folder.path(), told), ["being filled 7 0", "later 7 1", "shift 3 1"]);
}

#[tokio::test]
async fn a_batch_that_could_not_be_read_is_read_when_it_can_be() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..3 {
        till.sell(100, 80);
    }
    till.push(&hub, 1, 2).await;
    till.push(&hub, 3, 3).await;
    comes_to(&hub, 240).await;
    let nothing = database_of(hub.folder.path()).map_or("x'00'", |_| "'\\x00'::bytea");
    run_on(hub.folder.path(), "create table spare as select to_seq, body from batch");
    run_on(hub.folder.path(), &format!("update batch set body = {nothing} where to_seq = 2"));
    let hub = rebuilt(hub).await;
    comes_to(&hub, 80).await;
    assert_eq!(parked(&hub), ["HUB-PRJ-005 0"]);
    let hub = rebuilt(hub).await;
    comes_to(&hub, 80).await;
    run_on(
        hub.folder.path(),
        "update batch set body = (select body from spare where to_seq = 2) where to_seq = 2",
    );
    run_on(hub.folder.path(), OF_ANOTHER_RELEASE);
    let hub = start_again(hub).await;
    comes_to(&hub, 240).await;
    assert_eq!(
        (parked(&hub), documents(hub.folder.path())),
        (vec![], vec!["3 3".into(), "4 1".into(), "5 2".into()])
    );
    let shown = (positions(hub.folder.path()), documents(hub.folder.path()), hub.day().await);
    let hub = rebuilt(hub).await;
    assert_eq!((positions(hub.folder.path()), documents(hub.folder.path()), hub.day().await), shown);
}
