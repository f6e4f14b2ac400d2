//! Stations that wait for a wake-up: what each costs the hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use suanpan_sync::{PullReply, PullRequest};
use tokio::sync::Semaphore;

use super::line::Line;
use super::process::{Process, allow_connections};
use super::stations::Station;
use crate::report::Bench;

/// Stations that connect at once.
const AT_ONCE: usize = 64;
/// The longest that they need to be there all.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is measured is a hub at rest.
const REST: Duration = Duration::from_secs(2);

pub(crate) fn measure(stations: u16) -> Vec<Bench> {
    if !allow_connections(u64::from(stations)) {
        return vec![];
    }
    let all: Vec<Station> = (0..stations).map(Station::new).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let [before, after] = runtime.block_on(async {
        let hub = Arc::new(Process::start(&all).await);
        let before = hub.memory_mb();
        let (waiting, places) = (Arc::<AtomicU32>::default(), Arc::new(Semaphore::new(AT_ONCE)));
        let mut polling = tokio::task::JoinSet::new();
        for station in all {
            polling.spawn(poll(Arc::clone(&hub), station, Arc::clone(&waiting), Arc::clone(&places)));
        }
        let all_wait = async {
            while waiting.load(Ordering::Relaxed) < u32::from(stations) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all_wait).await.expect("every station waits");
        tokio::time::sleep(REST).await;
        let after = hub.memory_mb();
        polling.shutdown().await;
        [before, after]
    });
    eprintln!("  {stations} polls over TLS: {:.1} KiB each", (after - before) * 1024.0 / f64::from(stations));
    vec![Bench::stated("idle_10k_rss_mb", after, "MB", after / before, "the hub without them")]
}

/// Pulls once, then waits for wake-ups for ever.
async fn poll(hub: Arc<Process>, mut station: Station, waiting: Arc<AtomicU32>, places: Arc<Semaphore>) {
    let place = places.acquire().await.expect("a place");
    let mut line = Line::over(hub.connect().await.expect("a connection"));
    let body = serde_json::to_vec(&PullRequest::default()).expect("a pull");
    let (status, answer) = line.ask(&station.request("/api/v1/pull", &body)).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    let Ok(PullReply::Changes { wake, .. }) = serde_json::from_slice(&answer) else { panic!("changes") };
    drop(place);
    waiting.fetch_add(1, Ordering::Relaxed);
    loop {
        let (status, answer) = line.ask(&station.get(&format!("/api/v1/wake?seen={wake}"))).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
}
