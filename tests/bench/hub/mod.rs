//! What the hub costs: load and hub on the same cores, every ack after a durable commit.

pub(crate) mod feed;
pub(crate) mod fill;
pub(crate) mod herd;
pub(crate) mod idle;
pub(crate) mod ingest;
mod limit;
mod line;
mod process;
mod relay;
mod shop;
pub(crate) mod snapshot;
mod stations;
pub(crate) mod today;
pub(crate) mod trickle;
pub(crate) mod wire;

use std::path::Path;
use std::time::Duration;

use suanpan_journal::SigningKey;
use suanpan_tests::sales::DATE;
use sync_server::access::Reach;
use sync_server::store::ReportFilter;
use sync_server::{Config, Hub, RunningHub};

use line::Line;
use stations::Station;

const PUSH: &str = "/api/v1/push";
const SEED: [u8; 32] = [9; 32];

/// A folder for a hub, with the signing key of all hubs here.
fn folder_with_key() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let seed: String = SEED.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(folder.path().join("hub.key"), seed).expect("a key");
    folder
}

/// A hub on a folder of its own, which knows some stations.
struct Rig {
    running: RunningHub,
    folder: tempfile::TempDir,
}

impl Rig {
    /// Starts one on a file of its own, or on the database that is named.
    async fn start(stations: &[Station], database: Option<String>) -> Rig {
        let folder = folder_with_key();
        let running =
            Hub::start(Config { database, ..Config::embedded(folder.path()) }).await.expect("a hub");
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

    /// Starts one of the sample chain.
    async fn of_the_sample_chain() -> Rig {
        let rig = Rig::start(&[], None).await;
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/sample");
        rig.running.hub().import(&sample).await.expect("the sample");
        rig
    }

    /// Stops it, lets its file be changed, and starts it on that.
    async fn started_again(self, change: impl FnOnce(&rusqlite::Connection)) -> Rig {
        let Rig { running, folder } = self;
        running.stop().await;
        change(&rusqlite::Connection::open(folder.path().join("hub.db")).expect("its database"));
        let running = Hub::start(Config::embedded(folder.path())).await.expect("a hub");
        Rig { running, folder }
    }

    /// A code for the first till of the sample chain.
    async fn enrol_code(&self) -> String {
        let site = "HT01".parse().expect("a site code");
        self.running.hub().enrol_code(&site, 1).await.expect("a code")
    }

    /// Sales that the report by day shows.
    async fn reported(&self) -> f64 {
        let filter = ReportFilter { reach: Reach::whole_chain(), till: None, from: DATE, to: DATE };
        let (rows, _) = self.running.hub().store().report_days(filter).await.expect("a report");
        rows.iter().map(|row| row.sales as f64).sum()
    }

    async fn pending(&self) -> i64 {
        self.running.hub().store().gauges().await.expect("gauges").pending
    }
}

/// A till waits at least as long.
const AGAIN: Duration = Duration::from_millis(500);

/// Sends the pushes of each station on a line of its own, until the last ack.
async fn send_all(url: &str, requests: Vec<Vec<Vec<u8>>>) {
    let mut pushing = tokio::task::JoinSet::new();
    for requests in requests {
        let url = url.to_owned();
        pushing.spawn(async move {
            let mut line = Line::open(&url).await;
            for request in &requests {
                acked(&mut line, request).await;
            }
        });
    }
    pushing.join_all().await;
}

/// Sends one push until the hub acks it: one that has too much to do asks to come again, as a till does.
async fn acked(line: &mut Line, request: &[u8]) {
    loop {
        let (status, answer) = line.ask(request).await;
        if status != 503 {
            let text = String::from_utf8_lossy(&answer);
            assert!(status == 200 && text.starts_with(r#"{"reply":"ack""#), "{status} {text}");
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}
