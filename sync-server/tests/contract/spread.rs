//! Hubs whose tables lie on several servers: what is read is of one moment, and a server that dies or stands still costs its
//! own tills a moment. They are told by themselves, since other stories need every server.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use suanpan_sync::PushReply;

use crate::models::start_again;
use crate::postgresql::{database_of, is_spread, rows_of, run_on};
use crate::shared::two_hubs;
use crate::support::*;

const SALES_OF_EACH: u64 = 100;
const TILLS: u16 = 6;

#[tokio::test]
async fn what_is_read_while_tills_sell_is_of_one_moment() {
    if is_spread() {
        let reads = sell_and_read(&[]).await;
        assert!(reads > 20, "{reads} reads");
    }
}

#[tokio::test]
async fn a_worker_that_dies_loses_and_doubles_nothing() {
    if is_spread() {
        sell_and_read(&[100, 300, 500]).await;
    }
}

/// Lets tills sell at two hubs, and a worker die after so many sales. Gives how often the figures were read meanwhile: each time
/// they knew of every sale that was acked before.
async fn sell_and_read(deaths: &[u64]) -> u32 {
    let (one, two) = two_hubs().await.unwrap();
    let mut tills = Vec::new();
    for number in 1..=TILLS {
        tills.push(one.till("HT01", number).await);
    }
    let acked = AtomicU64::new(0);
    let (counted, hubs) = (&acked, [&one, &two]);
    let sell = |mut till: Till| async move {
        for n in 1..=SALES_OF_EACH {
            till.sell(100, 80);
            push_until_acked(&till, &hubs, n).await;
            let now = counted.fetch_add(1, Ordering::SeqCst) + 1;
            if deaths.contains(&now) {
                let sessions = processes_at(hubs[0], &first_worker(hubs[0]));
                send(&sessions[..sessions.len() - 1], Signal::KILL);
            }
        }
    };
    let watch = async {
        let (mut read, total) = (0, u64::from(TILLS) * SALES_OF_EACH);
        loop {
            let before = acked.load(Ordering::SeqCst);
            if let Some(known) = sales_and_waiting(&two).await {
                assert!(known >= before, "{known} sales known where {before} were acked");
                read += 1;
            }
            if before == total {
                return read;
            }
        }
    };
    let mut all = tills.into_iter().map(|till| Box::pin(sell(till))).collect::<Vec<_>>();
    let all_sold = std::future::poll_fn(|context| {
        all.retain_mut(|till| till.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    let (read, ()) = tokio::join!(watch, all_sold);
    one.settled().await;
    let day = one.day().await;
    let sales = u64::from(TILLS) * SALES_OF_EACH;
    assert_eq!((day[0]["sales"].as_u64(), day[0]["paid_fen"].as_u64()), (Some(sales), Some(sales * 80)));
    assert_eq!(one.hub().store().gauges().await.unwrap().gseq, i64::try_from(sales).unwrap());
    read
}

/// As a till does: again until it is acked, at whichever hub.
async fn push_until_acked(till: &Till, hubs: &[&TestHub; 2], n: u64) {
    let push = till.push_of(0, n as usize, n as usize).encode();
    for attempt in 0.. {
        let (status, body) = till.send(hubs[attempt % hubs.len()], Method::POST, "/api/v1/push", &push).await;
        if status == StatusCode::OK {
            let reply: PushReply = serde_json::from_slice(&body).unwrap();
            assert!(matches!(reply, PushReply::Ack { .. }), "{reply:?}");
            return;
        }
        assert!(status.is_server_error(), "{status}");
    }
}

/// Sales in the figures and batches, each of one sale, that wait to be; nothing while a server starts again.
async fn sales_and_waiting(hub: &TestHub) -> Option<u64> {
    let path = hub.url("/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16");
    let answer = hub.http.get(path).bearer_auth(&hub.api_key).send().await.unwrap();
    if answer.status() != StatusCode::OK {
        return None;
    }
    let report: serde_json::Value = answer.json().await.unwrap();
    let sales = report["rows"].as_array().unwrap().iter().map(|row| row["sales"].as_u64().unwrap());
    Some(sales.sum::<u64>() + report["pending"].as_u64().unwrap())
}

fn send(processes: &[Pid], signal: Signal) {
    // One that ended meanwhile needs none.
    processes.iter().for_each(|pid| {
        let _ = kill_process(*pid, signal);
    });
}

#[tokio::test]
async fn while_a_worker_stands_still_health_names_it_and_the_tills_of_the_others_are_acked() {
    if !is_spread() {
        return;
    }
    let hub = TestHub::start().await;
    let mut tills = Vec::new();
    for number in 1..=8 {
        let mut till = hub.till("HT01", number).await;
        till.sell(100, 80);
        tills.push(till);
    }
    let first = first_worker(&hub);
    let of_first = stations_at(&hub, &first);
    let frozen = processes_at(&hub, &first);
    send(&frozen, Signal::STOP);
    let stuck = tills.iter().find(|till| of_first.contains(&till.station.to_string())).unwrap();
    let body = stuck.push_of(0, 1, 1).encode();
    let refused = stuck.send(&hub, Method::POST, "/api/v1/push", &body).await;
    let health = client_at("127.0.0.1").get(hub.url("/health")).send().await.unwrap();
    let status = health.status();
    let said: serde_json::Value = health.json().await.unwrap();
    let is_of_first = |till: &Till| of_first.contains(&till.station.to_string());
    let mut acked = 0;
    for till in tills.iter().filter(|till| !is_of_first(till)) {
        acked += 1;
        till.push(&hub, 1, 1).await;
    }
    send(&frozen, Signal::CONT);
    assert_eq!(
        (status, said["down"].clone()),
        (StatusCode::OK, serde_json::json!([format!("127.0.0.1:{first}")]))
    );
    assert!(acked > 0, "some lie elsewhere");
    assert_eq!(refused.0, StatusCode::SERVICE_UNAVAILABLE);
    for till in tills.iter().filter(|till| is_of_first(till)) {
        till.push(&hub, 1, 1).await;
    }
    assert_eq!(hub.day().await[0]["sales"], 8);
    let health = client_at("127.0.0.1").get(hub.url("/health")).send().await.unwrap();
    assert_eq!(health.json::<serde_json::Value>().await.unwrap().get("down"), None);
}

#[tokio::test]
async fn what_a_release_adds_is_added_where_tables_are_spread() {
    if !is_spread() {
        return;
    }
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push(&hub, 1, 1).await;
    assert_eq!(hub.day().await[0]["sales"], 1);
    let folder = hub.folder.path().to_owned();
    run_on(&folder, "select undistribute_table('parked_count')");
    run_on(&folder, "alter table document drop column batch");
    run_on(&folder, "delete from migration where id = 14");
    let hub = start_again(hub).await;
    till.sell(100, 80);
    till.push(&hub, 2, 2).await;
    assert_eq!(hub.day().await[0]["sales"], 2);
    let lies = "select cast(partmethod as text) from pg_dist_partition where logicalrelid = 'parked_count'::regclass";
    assert_eq!(rows_of(&folder, lies), ["h"]);
    let batches = "select cast(count(batch) as text) || ' of ' || count(*) from document";
    assert_eq!(rows_of(&folder, batches), ["1 of 2"]);
}

/// The stations whose rows a worker has.
fn stations_at(hub: &TestHub, port: &str) -> BTreeSet<String> {
    let here = format!(
        "select encode(s.station, 'hex') from station s join citus_shards c
           on c.shardid = get_shard_id_for_distribution_column('station', s.station) where c.nodeport = {port}"
    );
    let database = database_of(hub.folder.path()).unwrap();
    crate::postgresql::rows_in(&database, &here).into_iter().collect()
}

fn first_worker(hub: &TestHub) -> String {
    let first = "select cast(nodeport as text) from pg_dist_node where groupid > 0 order by nodeid limit 1";
    rows_of(hub.folder.path(), first)[0].clone()
}

/// The processes of a worker, the one that started the others last. It starts them again when they are killed.
fn processes_at(hub: &TestHub, port: &str) -> Vec<Pid> {
    let file = format!(
        "select split_part(result, ' ', 1) from master_run_on_worker(array['127.0.0.1'], array[{port}],
           array[$$select replace(pg_read_file('postmaster.pid'), chr(10), ' ')$$], false)"
    );
    let first: i32 = rows_of(hub.folder.path(), &file)[0].parse().unwrap();
    crate::postgresql::processes_of(first)
}
