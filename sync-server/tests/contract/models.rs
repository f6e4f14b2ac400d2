//! What reports read is filled anew while the rest stands, and no position ever changes.

use std::path::Path;

use serde_json::json;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::shift::ShiftAudited;
use sync_server::Hub;

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
async fn start_again(hub: TestHub) -> TestHub {
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let running = Hub::open(config(folder.path())).unwrap().serve().await.unwrap();
    TestHub { running, folder, http, api_key }
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
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let again = Hub::open(config(folder.path())).unwrap();
    again.rebuild().await.unwrap();
    let running = again.serve().await.unwrap();
    let hub = TestHub { running, folder, http, api_key };
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

#[tokio::test]
async fn an_entry_that_is_understood_only_later_is_in_the_figures_and_announced_at_the_end() {
    let hub = TestHub::start().await;
    let (refuse, take) = match database_of(hub.folder.path()) {
        None => (
            "create trigger no_three before insert on document when new.number = 3 begin
               select raise(abort, 'no three'); end",
            "drop trigger no_three",
        ),
        Some(_) => (
            "alter table document add constraint no_three check (number <> 3)",
            "alter table document drop constraint no_three",
        ),
    };
    run_on(hub.folder.path(), refuse);
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..6 {
        till.sell(100, 80);
    }
    till.push_all(&hub).await;
    assert_eq!(hub.day().await[0]["paid_fen"], 5 * 80);
    let before = positions(hub.folder.path());
    run_on(hub.folder.path(), take);
    run_on(hub.folder.path(), "update meta set value = 'of an older release' where key = 'reader'");
    let hub = start_again(hub).await;
    let mut rounds = 0;
    while hub.day().await[0]["paid_fen"] != 6 * 80 {
        rounds += 1;
        assert!(rounds < 10_000, "it is not tried again");
    }
    assert_eq!(hub.hub().store().gauges().await.unwrap().parked, 0);
    let after = positions(hub.folder.path());
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()..], ["7 1 1 3"]);
    assert_eq!(documents(hub.folder.path()), ["1 1", "2 2", "4 4", "5 5", "6 6", "7 3"]);

    // A rebuild finds it where it was announced.
    let shown = (after, documents(hub.folder.path()), hub.day().await);
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let again = Hub::open(config(folder.path())).unwrap();
    assert_eq!(again.rebuild().await.unwrap(), 7);
    let running = again.serve().await.unwrap();
    let hub = TestHub { running, folder, http, api_key };
    assert_eq!((positions(hub.folder.path()), documents(hub.folder.path()), hub.day().await), shown);
}
