//! Batches of a hundred sales from a hundred stations: to the ack, and to the reports.

use std::time::{Duration, Instant};

use suanpan_tests::postgres::Server;

use super::limit::{Limits, Syncs};
use super::stations::Station;
use super::{PUSH, Rig, limit, send_all};
use crate::report::Bench;

const STATIONS: u16 = 100;
/// Sales in a batch.
const BATCH: u32 = 100;

/// How often the reports are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Stations and the pushes that they will send.
struct Load {
    stations: Vec<Station>,
    bodies: Vec<Vec<Vec<u8>>>,
}

impl Load {
    /// So many batches of each station.
    fn new(batches: u32) -> Load {
        let mut stations: Vec<Station> = (0..STATIONS).map(Station::new).collect();
        let pushes = |station: &mut Station| (0..batches).map(|_| station.push(BATCH)).collect();
        let bodies = stations.iter_mut().map(pushes).collect();
        Load { stations, bodies }
    }

    fn sales(&self) -> f64 {
        self.bodies.iter().map(Vec::len).sum::<usize>() as f64 * f64::from(BATCH)
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
    send_all(rig.running.url(), requests).await;
    start.elapsed().as_secs_f64()
}

/// On the hub's own file, so many batches of each station.
pub(crate) fn on_sqlite(batches: u32) -> Vec<Bench> {
    let mut load = Load::new(batches);
    let limits = load.limits();
    let [to_ack, to_sums, to_rows] = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let rig = Rig::start(&load.stations, None).await;
        let syncs = Syncs::now(rig.folder.path());
        let start = Instant::now();
        let to_ack = send(&rig, &mut load).await;
        let flushes = syncs.since();
        let mut to_sums = None;
        while rig.pending().await > 0 {
            if to_sums.is_none() && rig.reported().await == load.sales() {
                to_sums = Some(start.elapsed().as_secs_f64());
            }
            tokio::time::sleep(LOOK).await;
        }
        let to_rows = start.elapsed().as_secs_f64();
        assert_eq!(rig.reported().await, load.sales());
        let sales = load.sales();
        eprintln!("  {sales} sales: acked after {to_ack:.2} s, in the reports after {to_rows:.2} s{flushes}");
        [to_ack, to_sums.unwrap_or(to_rows), to_rows]
    });
    let [acked, aggregated, projected] = [to_ack, to_sums, to_rows].map(|seconds| load.sales() / seconds);
    let (bare, naive) = (acked / limits.bare_per_s, projected / limits.naive_per_s);
    let sums = aggregated / limits.naive_per_s;
    vec![
        Bench::beside("ingest_sqlite_per_s", acked, "1/s", 200_000.0, bare, "the bare loop"),
        Bench::beside("aggregated_per_s", aggregated, "1/s", 82_000.0, sums, "one insert a sale"),
        Bench::beside("projected_per_s", projected, "1/s", 80_000.0, naive, "one insert a sale"),
    ]
}

/// On a PostgreSQL that is started for it and whose commits wait for the disk.
pub(crate) fn on_postgres(batches: u32) -> Vec<Bench> {
    let Some(server) = Server::start("-c synchronous_commit=on") else {
        eprintln!("  skipped: PostgreSQL is not installed");
        return vec![];
    };
    let mut load = Load::new(batches);
    let limits = load.limits();
    let [to_ack, to_rows] = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let rig = Rig::start(&load.stations, Some(server.address())).await;
        let (start, before) = (Instant::now(), wal_flushes(&server));
        let to_ack = send(&rig, &mut load).await;
        let flushes = wal_flushes(&server) - before;
        while rig.pending().await > 0 {
            tokio::time::sleep(LOOK).await;
        }
        let to_rows = start.elapsed().as_secs_f64();
        assert_eq!(rig.reported().await, load.sales());
        eprintln!("  acked after {to_ack:.2} s, {flushes} flushes of the server's log before the last ack");
        [to_ack, to_rows]
    });
    let [acked, projected] = [to_ack, to_rows].map(|seconds| load.sales() / seconds);
    let (bare, naive) = (acked / limits.bare_per_s, projected / limits.naive_per_s);
    vec![
        Bench::beside("ingest_postgres_per_s", acked, "1/s", 150_000.0, bare, "the bare loop on SQLite"),
        Bench::stated("projected_postgres_per_s", projected, "1/s", naive, "one insert a sale on SQLite"),
    ]
}

/// On tables that lie on the servers of the Citus cluster whose coordinator is named, beside one plain server.
pub(crate) fn on_spread(batches: u32) -> Vec<Bench> {
    let Ok(coordinator) = std::env::var("SUANPAN_TEST_CITUS") else {
        eprintln!("  skipped: SUANPAN_TEST_CITUS names no coordinator");
        return vec![];
    };
    let Some(server) = Server::start("-c synchronous_commit=on") else {
        eprintln!("  skipped: PostgreSQL is not installed");
        return vec![];
    };
    let schema = format!("bench_{}", std::process::id());
    psql(&coordinator, &format!("create schema {schema}"));
    let spread = format!("{coordinator} options='-c search_path={schema}'");
    let servers = sync_server::store::distribute(&spread, 0).expect("tables on every server");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let [plain, spread] = [server.address(), spread].map(|database| {
        let mut load = Load::new(batches);
        runtime.block_on(async {
            let rig = Rig::start(&load.stations, Some(database)).await;
            let start = Instant::now();
            let to_ack = send(&rig, &mut load).await;
            while rig.pending().await > 0 {
                tokio::time::sleep(LOOK).await;
            }
            let to_rows = start.elapsed().as_secs_f64();
            assert_eq!(rig.reported().await, load.sales());
            eprintln!(
                "  {} sales: acked after {to_ack:.2} s, in the reports after {to_rows:.2} s",
                load.sales()
            );
            [to_ack, to_rows].map(|seconds| load.sales() / seconds)
        })
    });
    eprintln!("  the tables lie on {servers} servers");
    psql(&coordinator, &format!("drop schema {schema} cascade"));
    let beside = "one plain server";
    vec![
        Bench::stated("ingest_spread_per_s", spread[0], "1/s", spread[0] / plain[0], beside),
        Bench::stated("projected_spread_per_s", spread[1], "1/s", spread[1] / plain[1], beside),
    ]
}

fn psql(database: &str, text: &str) {
    let done = std::process::Command::new("psql").args(["--no-psqlrc", "-qc", text, database]).status();
    assert!(done.expect("psql").success(), "{text}");
}

fn wal_flushes(server: &Server) -> u64 {
    server.ask("select wal_sync from pg_stat_wal").parse().expect("a count")
}
