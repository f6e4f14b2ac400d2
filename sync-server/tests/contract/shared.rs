//! Hubs that share a database. A folder has one hub: on SQLite these stories have nothing to tell.

use std::sync::Arc;

use reqwest::Method;
use suanpan_domain::entry::Entry;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_sync::{FeedChange, PushReply, RefundReply, RefundRequest, Scope, feed_genesis, follow_feed};
use sync_server::access::{Role, User};
use sync_server::project::Group;
use sync_server::store::{LEASE_MS, NewRow, Store, StoreError};
use sync_server::{Config, Hub};

use crate::postgresql::{change_a_migration, cut_connections, database_of};
use crate::refunds::reply;
use crate::support::*;

/// Two hubs on one database, with one signing key.
pub(crate) async fn two_hubs() -> Option<(TestHub, TestHub)> {
    let one = TestHub::start().await;
    database_of(one.folder.path())?;
    let folder = tempfile::tempdir().unwrap();
    for file in ["hub.key", "schema"] {
        std::fs::copy(one.folder.path().join(file), folder.path().join(file)).unwrap();
    }
    let running = Hub::start(config(folder.path())).await.unwrap();
    let two = TestHub { running, folder, http: client(), api_key: one.api_key.clone() };
    Some((one, two))
}

fn connect(database: &str) -> Result<Arc<Store>, StoreError> {
    Store::connect(database, None, 0)
}

fn row(key: String) -> NewRow {
    let change = FeedChange::Put { body: "{}".into() };
    NewRow { scope: Scope::Chain, table: "price".into(), key, effective_at_ms: 0, change }
}

fn stored(reply: &PushReply) -> u64 {
    match reply {
        PushReply::Ack { ack, .. } => ack.arrival,
        other => panic!("an ack, not {other:?}"),
    }
}

#[tokio::test]
async fn a_push_that_reaches_two_hubs_at_once_is_stored_once() {
    let Some((one, two)) = two_hubs().await else { return };
    let mut till = one.till("HT01", 1).await;
    for n in 1..=20 {
        till.sell(100, 80);
        let (here, there) = tokio::join!(till.push(&one, n, n), till.push(&two, n, n));
        assert_eq!(stored(&here), stored(&there), "both speak of the one batch");
    }
    assert_eq!(one.day().await[0]["sales"], 20);
    assert_eq!(two.day().await[0]["paid_fen"], 20 * 80);
}

#[tokio::test]
async fn two_ends_of_a_copied_till_that_reach_two_hubs_at_once_are_both_kept() {
    let Some((one, two)) = two_hubs().await else { return };
    let mut till = one.till("HT01", 1).await;
    till.sell(100, 80);
    stored(&till.push(&one, 1, 1).await);
    let mut twin = till.clone();
    for n in 2..=10 {
        till.sell(100, 80);
        twin.sell(200, 160);
        let (here, there) = tokio::join!(till.push(&one, n, n), twin.push(&two, n, n));
        assert_ne!(stored(&here), stored(&there));
    }
    assert_eq!(one.day().await[0]["sales"], 19);
}

#[tokio::test]
async fn tills_of_many_stores_push_to_two_hubs_and_every_sale_is_counted_once() {
    let Some((one, two)) = two_hubs().await else { return };
    let mut tills = Vec::new();
    for number in 1..=8 {
        tills.push(one.till("HT01", number).await);
    }
    let hubs = [&one, &two];
    let pushed = tills.into_iter().map(|mut till| async move {
        for n in 1..=10 {
            till.sell(100, 80);
            let hub = hubs[n % 2];
            stored(&till.push(hub, n, n).await);
        }
    });
    // Eight at once.
    let mut pushed = pushed.map(Box::pin).collect::<Vec<_>>();
    std::future::poll_fn(|context| {
        pushed.retain_mut(|push| push.as_mut().poll(context).is_pending());
        if pushed.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    assert_eq!(two.day().await[0]["sales"], 80);
    assert_eq!(two.hub().store().gauges().await.unwrap().gseq, 80);
}

#[tokio::test]
async fn two_tills_that_ask_two_hubs_for_one_receipt_at_once_are_told_the_same() {
    let Some((one, two)) = two_hubs().await else { return };
    let (first, mut second) = (one.till("HT01", 1).await, one.till("HT01", 2).await);
    let number = |no: u32| format!("HT01-9-{DATE}-{no:04}-a7");
    for no in 1..=20 {
        let number = number(no);
        let (here, there) = tokio::join!(reply(&one, &first, &number), reply(&two, &second, &number));
        let (has, is_told, till) = match &here {
            RefundReply::Elsewhere { .. } => (there, here, 2),
            _ => (here, there, 1),
        };
        assert!(matches!(has, RefundReply::Unknown { .. }), "{has:?}");
        assert_eq!(is_told, RefundReply::Elsewhere { till, site: None });
    }
    // What one hub let a till have another lets go, and the refund ends it wherever it arrives.
    let number = number(21);
    let RefundReply::Unknown { reservation, .. } = reply(&one, &second, &number).await else {
        panic!("none")
    };
    assert_eq!(reply(&two, &first, &number).await, RefundReply::Elsewhere { till: 2, site: None });
    let origin = Origin::Cited { number: number.clone(), reservation };
    second.entry(&Entry::Refund(Refund { origin, ..refund(1, &number, 500, 400) }));
    second.push_all(&two).await;
    one.settled().await;
    assert!(matches!(reply(&one, &first, &number).await, RefundReply::Unknown { .. }));
    let body = serde_json::to_vec(&RefundRequest { number: number.clone() }).unwrap();
    first.send(&two, Method::DELETE, "/api/v1/refunds", &body).await;
    assert!(matches!(reply(&one, &second, &number).await, RefundReply::Unknown { .. }));
}

#[tokio::test]
async fn prices_published_at_two_hubs_at_once_get_versions_without_gaps() {
    let Some((one, two)) = two_hubs().await else { return };
    for n in 0..10 {
        let publish = |hub: &TestHub, name: &str| {
            let rows = (0..5).map(|i| row(format!("{name}-{n}-{i}"))).collect();
            let store = hub.hub().store().clone();
            async move { store.publish(rows).await.unwrap() }
        };
        assert_eq!(tokio::join!(publish(&one, "a"), publish(&two, "b")), (5, 5));
    }
    let store = two.hub().store();
    let (_, heads) = store.heads(vec![Scope::Chain]).await.unwrap();
    let to = heads.iter().map(|it| suanpan_sync::ScopeVersion { scope: Scope::Chain, version: it.version });
    let entries = store.feed_page(vec![], to.collect()).await.unwrap().entries;
    let hash = entries.iter().fold(feed_genesis(&Scope::Chain), |hash, entry| follow_feed(&hash, entry));
    assert_eq!((hash, entries.len() as u64), (heads[0].hash, heads[0].version));
}

#[tokio::test]
async fn a_till_that_waits_at_one_hub_is_woken_by_what_another_publishes() {
    let Some((one, two)) = two_hubs().await else { return };
    let till = one.till("HT01", 1).await;
    let site = Scope::Site("HT01".parse().unwrap());
    let (epoch, heads) = two.hub().store().heads(vec![Scope::Chain, site]).await.unwrap();
    let path = format!("/api/v1/wake?seen={epoch}.{}.{}", heads[0].version, heads[1].version);
    let publish = two.hub().store().publish(vec![row("x".into())]);
    let (woken, published) = tokio::join!(till.send(&one, Method::GET, &path, &[]), publish);
    assert_eq!(published.unwrap(), 1);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&woken.1).unwrap()["changed"], true);
}

#[tokio::test]
async fn one_hub_projects_and_what_it_does_after_its_lease_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = database_of(folder.path()) else { return };
    let (one, two) = (connect(&database).unwrap(), connect(&database).unwrap());
    let first = one.lead(0).await.unwrap().unwrap();
    assert_eq!(two.lead(LEASE_MS - 1).await.unwrap(), None, "another holds it");
    assert_eq!(one.lead(LEASE_MS - 1).await.unwrap(), Some(first), "kept");
    let second = two.lead(3 * LEASE_MS).await.unwrap().unwrap();
    assert!(second > first);
    assert_eq!(
        one.apply(first, std::sync::Arc::new(Group::of(vec![]))).await.unwrap_err().code(),
        "HUB-STO-013"
    );
    two.apply(second, std::sync::Arc::new(Group::of(vec![]))).await.unwrap();
    assert_eq!(one.lead(3 * LEASE_MS).await.unwrap(), None);
    two.resign().await.unwrap();
    assert!(one.lead(3 * LEASE_MS).await.unwrap().is_some(), "given up, so free at once");
}

#[tokio::test]
async fn a_hub_moves_from_its_folder_to_postgresql_and_tills_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = database_of(folder.path()) else { return };
    let mut moved = TestHub::start_as(Config::embedded(folder.path()), folder).await;
    let mut till = moved.till("HT01", 1).await;
    for n in 1..=5 {
        till.sell(100, 80);
        stored(&till.push(&moved, n, n).await);
    }
    let shown = (moved.day().await, till.push(&moved, 5, 5).await);
    let scope: Scope = "site:HT01".parse().unwrap();
    let manager = User { name: "li".into(), roles: vec![Role::Manager], scope };
    moved.hub().put_user(manager.clone(), None).await.unwrap();
    let busy = Hub::migrate_store(moved.folder.path(), &database).unwrap_err();
    assert_eq!(busy.code(), "HUB-STO-010", "the hub still serves");
    moved.running.stop().await;
    let path = moved.folder.path().to_owned();
    assert_eq!(Hub::migrate_store(&path, &database).unwrap(), 5);
    assert_eq!(Hub::migrate_store(&path, &database).unwrap_err().code(), "HUB-STO-014", "once");
    moved.running = Hub::start(config(&path)).await.unwrap();
    assert_eq!((moved.day().await, till.push(&moved, 5, 5).await), shown);
    let moved_manager = moved.hub().store().user("li".into()).await.unwrap().unwrap().0;
    assert_eq!(moved_manager, manager, "of one store there too");
    till.sell(100, 80);
    assert!(stored(&till.push(&moved, 6, 6).await) > stored(&shown.1));
    assert_eq!(moved.day().await[0]["sales"], 6);
}

#[tokio::test]
async fn another_hub_projects_when_one_stops() {
    let Some((one, two)) = two_hubs().await else { return };
    let mut till = one.till("HT01", 1).await;
    till.sell(100, 80);
    stored(&till.push(&one, 1, 1).await);
    assert_eq!(two.day().await[0]["sales"], 1);
    one.running.stop().await;
    till.sell(100, 80);
    stored(&till.push(&two, 2, 2).await);
    assert_eq!(two.day().await[0]["sales"], 2);
}

#[tokio::test]
async fn a_hub_whose_connections_were_cut_connects_again() {
    let hub = TestHub::start().await;
    let Some(database) = database_of(hub.folder.path()) else { return };
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    stored(&till.push(&hub, 1, 1).await);
    let schema = std::fs::read_to_string(hub.folder.path().join("schema")).unwrap();
    cut_connections(&database, &schema);
    till.sell(100, 80);
    stored(&till.push(&hub, 2, 2).await);
    assert_eq!(hub.day().await[0]["sales"], 2);
}

#[test]
fn a_database_with_a_changed_migration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = database_of(folder.path()) else { return };
    drop(connect(&database).unwrap());
    drop(connect(&database).unwrap());
    change_a_migration(&database);
    assert_eq!(connect(&database).unwrap_err().code(), "HUB-STO-007");
}

#[test]
fn a_database_elsewhere_is_not_spoken_to_in_the_clear() {
    for (address, code) in [
        ("postgres://hub@10.0.0.5/suanpan", "HUB-STO-012"),
        ("host=localhost hostaddr=10.0.0.5", "HUB-STO-012"),
        ("host=localhost,db.example user=hub", "HUB-STO-012"),
        ("postgres://hub@/x?nonsense=1", "HUB-STO-011"),
    ] {
        assert_eq!(connect(address).unwrap_err().code(), code, "{address}");
        let replica = Store::connect("postgres://hub@localhost/suanpan", Some(address), 0);
        assert_eq!(replica.unwrap_err().code(), code, "{address}");
    }
}

/// Long after any test: a lease that was taken then has not ended.
const LATER_MS: i64 = 9_000_000_000_000;

#[tokio::test]
async fn reports_read_a_replica_that_is_not_far_behind_and_else_the_database_itself() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(replica) = database_of(other.path()) else { return };
    let replicated = connect(&replica).unwrap();
    let hub = TestHub::start_as(Config { reports: Some(replica), ..config(folder.path()) }, folder).await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    stored(&till.push(&hub, 1, 1).await);
    assert_eq!(hub.day().await[0]["sales"], 1, "nobody has kept a lease on the replica");
    let store_days = "/api/v1/reports/store-days?from=2023-06-16&to=2023-06-16";
    assert_eq!(hub.report(store_days).await["rows"].as_array().unwrap().len(), 1);
    replicated.lead(LATER_MS).await.unwrap().unwrap();
    assert_eq!(hub.day().await.as_array().unwrap().len(), 0, "the replica has no sales");
    assert_eq!(hub.report(store_days).await["rows"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_hub_starts_and_reports_while_its_replica_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    if config.database.is_none() {
        return;
    }
    config.reports = Some("postgres://hub@127.0.0.1:1/suanpan".to_owned());
    let hub = TestHub::start_as(config, folder).await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    stored(&till.push(&hub, 1, 1).await);
    assert_eq!(hub.day().await[0]["sales"], 1);
}

#[test]
fn a_hub_on_postgresql_leaves_backups_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::embedded(folder.path());
    config.database = Some("postgres://hub@localhost/suanpan".to_owned());
    let refused = Hub::back_up(&config, folder.path()).unwrap_err();
    assert_eq!(refused.code(), "HUB-ADM-003");
}
