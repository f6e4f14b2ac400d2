//! Price changes: a hundred thousand to one till, one to five hundred stations.

use std::time::Instant;

use rusqlite::{Connection, params};
use suanpan_journal::SigningKey;
use suanpan_sync::{FeedHead, PullReply, Staging};
use tokio::sync::mpsc;

use super::line::Line;
use super::process::allow_connections;
use super::shop::{Counter, price, publish, publish_items};
use super::stations::Station;
use super::{Rig, SEED};
use crate::report::{Bench, percentile};

/// Changes that each station gets, one at a time.
const TURNS: u64 = 20;

/// So many changes in one publication, each of another item of the chain.
pub(crate) fn many(changes: u32) -> Vec<Bench> {
    let bare_s = bare(changes);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rig = runtime.block_on(Rig::of_the_sample_chain());
    let code = runtime.block_on(rig.enrol_code());
    runtime.block_on(publish_items(&rig.running, changes));
    let folder = tempfile::tempdir().expect("a folder");
    let counter = Counter::open(folder.path(), rig.running.url(), &code);
    counter.until_price(changes - 1, 500);
    let rows = (0..changes).map(|n| price(n, 600)).collect();
    let start = Instant::now();
    let published = runtime.block_on(publish(&rig.running, rows));
    let published_s = start.elapsed().as_secs_f64();
    assert_eq!(published, u64::from(changes));
    counter.until_price(changes - 1, 600);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(counter.price(0), Some(600));
    eprintln!("  {changes} changes: published after {published_s:.2} s, in force after {seconds:.2} s");
    eprintln!("  beside it: a bare loop that inserts as many rows into a file {bare_s:.2} s");
    vec![Bench::beside("feed_100k_s", seconds, "s", 5.0, seconds / bare_s, "the bare loop")]
}

/// As many rows as a till gets, into a table of its own.
fn bare(rows: u32) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let conn = Connection::open(folder.path().join("bare.db")).expect("a database");
    conn.pragma_update(None, "journal_mode", "wal").expect("a log");
    conn.pragma_update(None, "synchronous", "full").expect("durable");
    conn.execute_batch("create table price (key text primary key, body text not null) without rowid")
        .expect("a table");
    let start = Instant::now();
    let transaction = conn.unchecked_transaction().expect("a transaction");
    for n in 0..rows {
        let row = params![format!("7{n:07}"), r#"{"fen":600,"per":"pc"}"#];
        conn.prepare_cached("insert into price values (?1, ?2)").expect("sql").execute(row).expect("a row");
    }
    transaction.commit().expect("a commit");
    start.elapsed().as_secs_f64()
}

/// One change at a time, from its commit to the checked cut at each of so many stations that wait for a wake-up.
pub(crate) fn one(connected: u16) -> Vec<Bench> {
    // Both ends of each connection are of this process.
    if !allow_connections(u64::from(connected) * 2) {
        return vec![];
    }
    let stations: Vec<Station> = (0..connected).map(Station::new).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let latencies = runtime.block_on(async {
        let rig = Rig::start(&stations, None).await;
        publish(&rig.running, vec![price(0, 1)]).await;
        let (applied, mut cuts) = mpsc::unbounded_channel();
        let mut following = tokio::task::JoinSet::new();
        for station in stations {
            let (url, applied) = (rig.running.url().to_owned(), applied.clone());
            following.spawn(async move { follow(station, &url, &applied).await });
        }
        let mut latencies = vec![];
        for version in 1..=TURNS + 1 {
            let mut committed = Instant::now();
            if version > 1 {
                publish(&rig.running, vec![price(0, i64::try_from(version).expect("small"))]).await;
                committed = Instant::now();
            }
            for _ in 0..connected {
                let (at, applied): (u64, Instant) = cuts.recv().await.expect("a cut");
                assert_eq!(at, version, "every station gets every change");
                if version > 1 {
                    latencies.push(applied.saturating_duration_since(committed).as_secs_f64() * 1e3);
                }
            }
            // All are to wait for the next change.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        following.shutdown().await;
        latencies
    });
    eprintln!(
        "  {} cuts: p50 {:.1} ms, slowest {:.1} ms",
        latencies.len(),
        percentile(&latencies, 50),
        percentile(&latencies, 100)
    );
    vec![Bench::against_goal("feed_one_p99_ms", percentile(&latencies, 99), "ms", 1_000.0)]
}

/// A station that pulls, checks, and waits for a wake-up, for ever; tells of each cut of the chain that it took.
async fn follow(mut station: Station, url: &str, applied: &mpsc::UnboundedSender<(u64, Instant)>) {
    let hub = SigningKey::from_seed(&SEED).public();
    let mut line = Line::open(url).await;
    let mut heads: Vec<FeedHead> = vec![];
    loop {
        let mut staging = Staging::new(heads.clone());
        let body = serde_json::to_vec(&staging.request()).expect("a pull");
        let (status, answer) = line.ask(&station.request("/api/v1/pull", &body)).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        let Ok(PullReply::Changes { cut, entries, more: false, wake }) = serde_json::from_slice(&answer)
        else {
            panic!("one page of changes")
        };
        staging.add(&hub, cut, entries, false).expect("a sound page");
        if let Some(staged) = staging.finish().expect("a whole cut") {
            heads = staged.cut;
            let version = heads.iter().map(|head| head.version).max().unwrap_or(0);
            if applied.send((version, Instant::now())).is_err() {
                return;
            }
        }
        let (status, answer) = line.ask(&station.get(&format!("/api/v1/wake?seen={wake}"))).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
}
