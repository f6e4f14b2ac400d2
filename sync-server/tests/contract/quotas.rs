//! What a bad till may do without end: it is bounded, and counted as it happens.

use crate::postgresql::{database_of, hold_writes, run_on};
use crate::support::*;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::{Method, StatusCode};
use suanpan_sync::{PushReply, RefundRequest};
use sync_server::Hub;

#[tokio::test]
async fn segments_that_hang_on_one_entry_are_kept_and_a_few_of_their_forks_told() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    let parent = till.current().chains[1].as_parent();
    for _ in 0..60 {
        till.open(parent);
        till.sell(100, 80);
        assert!(matches!(till.push_all(&hub).await, PushReply::Ack { .. }));
    }
    let today = hub.today(&hub.session().await).await;
    assert_eq!(today["sales"], 61);
    assert_eq!(problems(&today, "lost_tail").len(), 1);
    if database_of(hub.folder.path()).is_none() {
        let file = rusqlite::Connection::open(hub.folder.path().join("hub.db")).unwrap();
        let forks: u32 = file.query_row("select count(*) from fork", [], |row| row.get(0)).unwrap();
        assert!((32..300).contains(&forks), "{forks} of more than 1,400");
    }
}

#[tokio::test]
async fn what_is_parked_is_counted_as_it_is_parked_and_forgotten() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..40 {
        till.write(MORNING_MS, 999, b"");
    }
    till.push_all(&hub).await;
    let cookie = hub.session().await;
    let parked = async || {
        let today = hub.today(&cookie).await;
        let listed: Vec<i64> =
            problems(&today, "parked").iter().map(|it| it["entries"].as_i64().unwrap()).collect();
        (hub.hub().store().gauges().await.unwrap().parked, listed)
    };
    assert_eq!(parked().await, (40, vec![40]));
    // The counter is read, and none of what it counts: a million cost no more.
    run_on(hub.folder.path(), "update parked_count set entries = entries + 1000000");
    assert_eq!(parked().await, (1_000_040, vec![1_000_040]));
    run_on(hub.folder.path(), "update parked_count set entries = entries - 1000000");
    hub.running.stop().await;
    let again = Hub::open(config(hub.folder.path())).unwrap();
    again.rebuild().await.unwrap();
    let hub = TestHub { running: again.serve().await.unwrap(), ..hub };
    hub.settled().await;
    assert_eq!(hub.hub().store().gauges().await.unwrap().parked, 40, "and not those of before too");
}

#[tokio::test]
async fn receipts_of_another_site_that_a_till_looks_up_are_counted_and_there_is_an_end_to_them() {
    let hub = TestHub::start().await;
    let till = hub.till("HT02", 1).await;
    let ask = async |number: String| {
        let body = serde_json::to_vec(&RefundRequest { number }).unwrap();
        till.send(&hub, Method::POST, "/api/v1/refunds", &body).await.0.as_u16()
    };
    assert_eq!(ask(format!("HT02-1-{DATE}-0001-a7")).await, 200);
    for number in ["HT99-1-20230616-0001-a7", "HT01-1-20230616-0001-a7"] {
        assert_eq!(ask(number.to_owned()).await, 200);
    }
    let mut last = 0;
    for number in 1..=70 {
        last = ask(format!("HT01-1-{DATE}-{number:04}-a7")).await;
    }
    assert_eq!(last, 429);
    assert_eq!(ask(format!("HT02-1-{DATE}-0001-a7")).await, 200, "its own site's are not counted");
    let request = hub.http.get(hub.url("/api/v1/hq/today")).header("cookie", hub.session().await);
    let today: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    // Each once; of a store that does not exist there are none, and those beyond its fifty were refused.
    let looked_up = serde_json::json!([{ "site": "HT02", "till": 1, "of": "HT01", "receipts": 48 }]);
    assert_eq!(today["looked_up"], looked_up);
    let text = hub.http.get(hub.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("suanpan_other_sites_receipts_total 72"), "{text}");
}

#[tokio::test]
async fn a_station_has_two_pushes_in_progress_and_the_third_is_told_to_come_later() {
    let hub = TestHub::start().await;
    let (mut till, mut other) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    for nth in 1..=3 {
        till.sell(100, 80);
        other.sell(100, 80);
        // Whoever asks is known from here on, without the database.
        assert!(matches!(other.push(&hub, nth, nth).await, PushReply::Ack { .. }));
    }
    till.send(&hub, Method::GET, "/api/v1/snapshot", &[]).await;
    let held = hold_writes(hub.folder.path()).await;
    let push = async || {
        let body = till.push_of(0, 1, 3).encode();
        let (status, answer) = till.send(&hub, Method::POST, "/api/v1/push", &body).await;
        (status.as_u16(), if status == StatusCode::OK { String::new() } else { code(&answer) })
    };
    let mut pushes = FuturesUnordered::from_iter([push(), push(), push()]);
    assert_eq!(pushes.next().await, Some((503, "HUB-LIM-002".to_owned())), "two wait for the database");
    drop(held);
    assert_eq!(pushes.next().await, Some((200, String::new())));
    assert_eq!(pushes.next().await, Some((200, String::new())));
    assert_eq!(hub.day().await[0]["sales"], 6);
}
