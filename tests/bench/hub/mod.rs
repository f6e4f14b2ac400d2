//! What the hub costs: load and hub on the same cores, every ack after a durable commit.

mod limit;
mod line;
mod stations;

use std::time::{Duration, Instant};

use suanpan_journal::SigningKey;
use sync_server::{Config, Hub, RunningHub};

use crate::report::{Bench, percentile};
use line::Line;
use stations::Station;

/// Stations that push batches.
const STATIONS: u16 = 100;
/// Sales in a batch, and batches of a station.
const BATCH: u32 = 100;
const BATCHES: u32 = 40;
/// Stations that push single sales as they sell them; how many a second together, for how long.
const TRICKLING: u16 = 300;
const OFFERED_PER_S: u32 = 5_000;
const TRICKLE_S: u32 = 8;

const PUSH: &str = "/api/v1/push";
const SEED: [u8; 32] = [9; 32];

/// A hub on a folder of its own, which knows some stations.
struct Rig {
    running: RunningHub,
    folder: tempfile::TempDir,
}

impl Rig {
    async fn start(stations: &[Station]) -> Rig {
        let folder = tempfile::tempdir().expect("a folder");
        let seed: String = SEED.iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(folder.path().join("hub.key"), seed).expect("a key");
        let running = Hub::start(Config::embedded(folder.path())).await.expect("a hub");
        let key = SigningKey::from_seed(&SEED);
        let mut line = Line::open(running.url()).await;
        for station in stations {
            let body = serde_json::to_string(&station.certificate(&key)).expect("a certificate");
            let request = format!(
                "POST /api/v1/introduce HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let (status, answer) = line.ask(request.as_bytes()).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        }
        Rig { running, folder }
    }

    async fn pending(&self) -> i64 {
        self.running.hub().store().gauges().await.expect("gauges").pending
    }
}

/// Sends one request until it is acked; a busy hub is asked again.
async fn acked(line: &mut Line, request: &[u8]) {
    let (status, answer) = line.ask(request).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(status == 200 && text.starts_with(r#"{"reply":"ack""#), "{status} {text}");
}

/// Batches of a hundred sales from a hundred stations: to the ack, and to the reports.
pub(crate) fn batches() -> Vec<Bench> {
    let mut stations: Vec<Station> = (0..STATIONS).map(Station::new).collect();
    let bodies: Vec<Vec<Vec<u8>>> =
        stations.iter_mut().map(|station| (0..BATCHES).map(|_| station.push(BATCH)).collect()).collect();
    let bytes: usize = bodies.iter().flatten().map(Vec::len).sum();
    let sales = f64::from(STATIONS) * f64::from(BATCH) * f64::from(BATCHES);
    let per_sale = bytes as f64 / sales;
    let limits = limit::measure(&stations, &bodies);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (to_ack, to_reports, syncs) = runtime.block_on(async {
        let rig = Rig::start(&stations).await;
        let requests: Vec<Vec<Vec<u8>>> = stations
            .iter_mut()
            .zip(&bodies)
            .map(|(station, bodies)| bodies.iter().map(|body| station.request(PUSH, body)).collect())
            .collect();
        let syncs = limit::Syncs::now(rig.folder.path());
        let start = Instant::now();
        let mut pushing = tokio::task::JoinSet::new();
        for requests in requests {
            let url = rig.running.url().to_owned();
            pushing.spawn(async move {
                let mut line = Line::open(&url).await;
                for request in &requests {
                    acked(&mut line, request).await;
                }
            });
        }
        pushing.join_all().await;
        let to_ack = start.elapsed().as_secs_f64();
        let syncs = syncs.since();
        while rig.pending().await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        (to_ack, start.elapsed().as_secs_f64(), syncs)
    });
    eprintln!("  {sales} sales: acked after {to_ack:.2} s, in the reports after {to_reports:.2} s{syncs}");
    eprintln!(
        "  beside it: decompress, hash and commit alone {:.0}/s, one insert a sale {:.0}/s",
        limits.bare_per_s, limits.naive_per_s
    );
    let to_bare = sales / to_ack / limits.bare_per_s;
    vec![
        Bench::at_least("ingest_sqlite_per_s", sales / to_ack, "1/s", 200_000.0, to_bare, "the bare loop"),
        Bench::at_least(
            "projected_per_s",
            sales / to_reports,
            "1/s",
            40_000.0,
            sales / to_reports / limits.naive_per_s,
            "one insert a sale",
        ),
        Bench::against_goal("wire_bytes_batch100", per_sale, "B", 50.0),
        Bench::against_goal("wire_bytes_single", Station::new(9_999).push(1).len() as f64, "B", 250.0),
    ]
}

/// Single sales at a fixed rate, whatever the hub does: latency from the time at which each should have been sent.
pub(crate) fn trickle() -> Vec<Bench> {
    let mut stations: Vec<Station> = (0..TRICKLING).map(Station::new).collect();
    let each = OFFERED_PER_S * TRICKLE_S / u32::from(TRICKLING);
    let bodies: Vec<Vec<Vec<u8>>> =
        stations.iter_mut().map(|station| (0..each).map(|_| station.push(1)).collect()).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let latencies = runtime.block_on(async {
        let rig = Rig::start(&stations).await;
        let every = Duration::from_secs_f64(f64::from(TRICKLING) / f64::from(OFFERED_PER_S));
        let requests: Vec<Vec<Vec<u8>>> = stations
            .iter_mut()
            .zip(&bodies)
            .map(|(station, bodies)| bodies.iter().map(|body| station.request(PUSH, body)).collect())
            .collect();
        let begin = Instant::now() + Duration::from_millis(200);
        let mut pushing = tokio::task::JoinSet::new();
        for (nth, requests) in (0..u32::from(TRICKLING)).zip(requests) {
            let url = rig.running.url().to_owned();
            let first = begin + every * nth / u32::from(TRICKLING);
            pushing.spawn(async move {
                let mut line = Line::open(&url).await;
                let mut latencies = Vec::with_capacity(requests.len());
                for (turn, request) in (0u32..).zip(&requests) {
                    let intended = first + every * turn;
                    tokio::time::sleep_until(intended.into()).await;
                    acked(&mut line, request).await;
                    latencies.push(intended.elapsed().as_secs_f64() * 1e3);
                }
                latencies
            });
        }
        pushing.join_all().await.concat()
    });
    eprintln!(
        "  {} pushes: p50 {:.1} ms, slowest {:.1} ms",
        latencies.len(),
        percentile(&latencies, 50),
        percentile(&latencies, 100)
    );
    vec![Bench::against_goal("trickle_ack_p99_ms", percentile(&latencies, 99), "ms", 50.0)]
}
