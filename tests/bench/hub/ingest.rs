//! Batches of a hundred sales from a hundred stations: to the ack, and to the reports.

use std::time::{Duration, Instant};

use suanpan_tests::postgres::Server;

use super::limit::{Limits, Syncs};
use super::line::Line;
use super::stations::Station;
use super::{PUSH, Rig, acked, limit};
use crate::report::Bench;

const STATIONS: u16 = 100;
/// Sales in a batch, and batches of a station.
const BATCH: u32 = 100;
const BATCHES: u32 = 40;

/// Stations and the pushes that they will send.
struct Load {
    stations: Vec<Station>,
    bodies: Vec<Vec<Vec<u8>>>,
}

impl Load {
    fn new() -> Load {
        let mut stations: Vec<Station> = (0..STATIONS).map(Station::new).collect();
        let pushes = |station: &mut Station| (0..BATCHES).map(|_| station.push(BATCH)).collect();
        let bodies = stations.iter_mut().map(pushes).collect();
        Load { stations, bodies }
    }

    fn sales() -> f64 {
        f64::from(STATIONS) * f64::from(BATCH) * f64::from(BATCHES)
    }

    fn limits(&self) -> Limits {
        let limits = limit::measure(&self.stations, &self.bodies);
        eprintln!(
            "  beside it: decompress, hash and commit alone {:.0}/s, one insert a sale {:.0}/s",
            limits.bare_per_s, limits.naive_per_s
        );
        limits
    }

    /// Signs the requests: their time must be the hub's.
    fn requests(&mut self) -> Vec<Vec<Vec<u8>>> {
        let each = self.stations.iter_mut().zip(&self.bodies);
        each.map(|(station, bodies)| bodies.iter().map(|body| station.request(PUSH, body)).collect())
            .collect()
    }
}

/// Sends everything; gives the seconds to the last ack.
async fn send(rig: &Rig, load: &mut Load) -> f64 {
    let requests = load.requests();
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
    start.elapsed().as_secs_f64()
}

/// On the hub's own file.
pub(crate) fn on_sqlite() -> Vec<Bench> {
    let mut load = Load::new();
    let limits = load.limits();
    let bytes: usize = load.bodies.iter().flatten().map(Vec::len).sum();
    let (to_ack, to_reports) = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let rig = Rig::start(&load.stations, None).await;
        let syncs = Syncs::now(rig.folder.path());
        let start = Instant::now();
        let to_ack = send(&rig, &mut load).await;
        let flushes = syncs.since();
        while rig.pending().await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let to_reports = start.elapsed().as_secs_f64();
        let sales = Load::sales();
        eprintln!(
            "  {sales} sales: acked after {to_ack:.2} s, in the reports after {to_reports:.2} s{flushes}"
        );
        (to_ack, to_reports)
    });
    let [acked, projected] = [to_ack, to_reports].map(|seconds| Load::sales() / seconds);
    let (bare, naive) = (acked / limits.bare_per_s, projected / limits.naive_per_s);
    vec![
        Bench::beside("ingest_sqlite_per_s", acked, "1/s", 200_000.0, bare, "the bare loop"),
        Bench::beside("projected_per_s", projected, "1/s", 40_000.0, naive, "one insert a sale"),
        Bench::against_goal("wire_bytes_batch100", bytes as f64 / Load::sales(), "B", 50.0),
        Bench::against_goal("wire_bytes_single", Station::new(9_999).push(1).len() as f64, "B", 250.0),
    ]
}

/// On a PostgreSQL that is started for it and whose commits wait for the disk.
pub(crate) fn on_postgres() -> Vec<Bench> {
    let Some(server) = Server::start("-c synchronous_commit=on") else {
        eprintln!("  skipped: PostgreSQL is not installed");
        return vec![];
    };
    let mut load = Load::new();
    let limits = load.limits();
    let to_ack = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let rig = Rig::start(&load.stations, Some(server.address())).await;
        let before = wal_flushes(&server);
        let to_ack = send(&rig, &mut load).await;
        let flushes = wal_flushes(&server) - before;
        eprintln!("  acked after {to_ack:.2} s, {flushes} flushes of the server's log before the last ack");
        to_ack
    });
    let acked = Load::sales() / to_ack;
    let bare = acked / limits.bare_per_s;
    vec![Bench::beside("ingest_postgres_per_s", acked, "1/s", 150_000.0, bare, "the bare loop on SQLite")]
}

fn wal_flushes(server: &Server) -> u64 {
    server.ask("select wal_sync from pg_stat_wal").parse().expect("a count")
}
