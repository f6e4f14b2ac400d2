//! Hubs to replay against: one in the test's process, one in a process of its own that can be killed.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use sync_server::store::Site;
use sync_server::{Config, Hub, RunningHub};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SITE: &str = "TH01";

/// A hub in this process.
pub struct LocalHub {
    running: RunningHub,
    pub runtime: Runtime,
    _folder: TempDir,
}

impl LocalHub {
    pub fn start() -> LocalHub {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::open(Config::embedded(folder.path())).unwrap();
        let running = runtime.block_on(async {
            put_site(&hub).await;
            hub.serve().await.unwrap()
        });
        LocalHub { running, runtime, _folder: folder }
    }

    pub fn url(&self) -> &str {
        self.running.url()
    }

    pub fn code(&self, till: u16) -> String {
        self.runtime.block_on(self.running.hub().enrol_code(&SITE.parse().unwrap(), till)).unwrap()
    }

    pub fn replacement_code(&self, till: u16) -> String {
        self.runtime.block_on(self.running.hub().replacement_code(&SITE.parse().unwrap(), till)).unwrap()
    }

    pub async fn counts(&self) -> Counts {
        counts(self.running.hub()).await
    }
}

/// What a hub has added up. *Invariant:* with nothing missing or doubled, the entries are those of the ledgers.
#[derive(Debug, PartialEq, Eq)]
pub struct Counts {
    /// Entries, each counted once.
    pub entries: u64,
    /// Entries that it put aside: not understood, or a document that it has already.
    pub parked: i64,
}

async fn counts(hub: &Hub) -> Counts {
    let gauges = hub.store().gauges().await.unwrap();
    Counts { entries: gauges.gseq.unsigned_abs(), parked: gauges.parked }
}

async fn put_site(hub: &Hub) {
    let (site, name) = (SITE.parse().unwrap(), "天河店".to_owned());
    let site = Site { site, zone: None, name, utc_offset_min: 480, day_starts_min: 240 };
    hub.store().put_site(site).await.unwrap();
}

/// `sync-server` in a process of its own. Dropping it ends it.
pub struct HubProcess {
    program: PathBuf,
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl HubProcess {
    /// Makes a hub's folder with a site, and gives a code for its first till. It does not run yet.
    pub fn new(runtime: &Runtime) -> (HubProcess, String) {
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::open(Config::embedded(folder.path())).unwrap();
        let code = runtime.block_on(async {
            put_site(&hub).await;
            hub.enrol_code(&SITE.parse().unwrap(), 1).await.unwrap()
        });
        (HubProcess { program: program(), port: free_port(), folder, child: None }, code)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Serves at the same address from the same folder; returns when it does.
    pub fn start(&mut self) {
        let mut child = Command::new(&self.program)
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--data-dir"])
            .arg(self.folder.path())
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.child = Some(child);
        assert_eq!(line.trim(), self.url(), "the hub serves");
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends it and looks into its folder.
    pub fn counts(mut self, runtime: &Runtime) -> Counts {
        self.kill();
        let hub = Hub::open(Config::embedded(self.folder.path())).unwrap();
        runtime.block_on(counts(&hub))
    }

    pub fn is_up(&self) -> bool {
        self.child.is_some()
    }

    /// When its database was last written to: the log takes every commit before it is answered.
    pub fn written_at(&self) -> Option<SystemTime> {
        std::fs::metadata(self.folder.path().join("hub.db-wal")).and_then(|log| log.modified()).ok()
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The hub's program beside this test's; built first if this test was built alone.
fn program() -> PathBuf {
    let mut beside = std::env::current_exe().unwrap();
    beside.pop();
    beside.pop();
    let program = beside.join(format!("sync-server{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "-p", "suanpan-cli", "-p", "sync-server", "--bins", "--target-dir"]);
        build.arg(beside.parent().unwrap());
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "sync-server builds");
    }
    program
}

/// A port that no connection is given by itself: below 32768.
fn free_port() -> u16 {
    let first = u16::try_from(20_000 + std::process::id() % 10_000).unwrap();
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (first..first + 1_000).find(is_free).expect("a free port")
}
