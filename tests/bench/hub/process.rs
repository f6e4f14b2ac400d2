//! A hub in a process of its own, spoken to by TLS from as many stations as a chain has.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use suanpan_journal::SigningKey;
use suanpan_station::{Clock, SystemClock};
use sync_server::{Config, Hub};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::stations::Station;
use super::{SEED, folder_with_key};

/// Files that a process has open beside its stations' connections.
const OTHER_FILES: u64 = 200;

/// Stations that are made known at once.
const AT_ONCE: usize = 200;

/// Lets this process, and those that it starts, have so many connections; says so if the system does not.
pub(crate) fn allow_connections(connections: u64) -> bool {
    let Rlimit { current, maximum: most } = getrlimit(Resource::Nofile);
    let needed = connections + OTHER_FILES;
    if current.is_none_or(|current| current >= needed) {
        return true;
    }
    if most.is_some_and(|most| most < needed) {
        eprintln!("  skipped: {needed} open files are needed, `ulimit -Hn` allows {}", most.unwrap_or(0));
        return false;
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: most }).expect("more open files");
    true
}

/// `sync-server serve` with TLS. Dropping it ends it.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    tls: TlsConnector,
    /// Gone with the hub.
    _folder: TempDir,
}

impl Process {
    /// Starts one that knows some stations.
    pub(crate) async fn start(stations: &[Station]) -> Process {
        let folder = folder_with_key();
        introduce(folder.path(), stations).await;
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/tests/fixtures");
        let (cert, key) = (fixtures.join("cert.pem"), fixtures.join("key.pem"));
        let mut child = Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path())
            .arg("--tls-cert")
            .arg(&cert)
            .arg("--tls-key")
            .arg(&key)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a hub");
        let mut line = String::new();
        let read = BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line);
        read.expect("where it serves");
        let address = line.trim().strip_prefix("https://").expect("a hub that speaks TLS");
        Process {
            child,
            address: address.parse().expect("an address"),
            tls: trusting(&cert),
            _folder: folder,
        }
    }

    /// Connects, if the hub takes the connection.
    pub(crate) async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        self.tls.connect(ServerName::from(self.address.ip()), socket).await
    }

    /// Its resident memory in MB, as the system counts it.
    pub(crate) fn memory_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes stations known to the hub of a folder before it serves.
async fn introduce(folder: &Path, stations: &[Station]) {
    let hub = Hub::open(Config::embedded(folder)).expect("a hub");
    let (store, key) = (hub.store(), SigningKey::from_seed(&SEED));
    for some in stations.chunks(AT_ONCE) {
        let mut known = tokio::task::JoinSet::new();
        for station in some {
            let (store, enrolment) = (Arc::clone(store), station.certificate(&key).enrolment);
            known.spawn(async move { store.introduce(enrolment, SystemClock.now_ms()).await });
        }
        assert!(known.join_all().await.into_iter().all(|known| known.expect("a write")));
    }
}

/// Trusts one certificate, and remembers no session: a station that was away so long begins anew.
fn trusting(cert: &Path) -> TlsConnector {
    // Another part of the process may have installed it: then it is the same ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).expect("a certificate")).expect("a root");
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

/// The hub's program beside this one, which `./dev bench` has built.
fn program() -> PathBuf {
    let program = std::env::current_exe().expect("this program").with_file_name("sync-server");
    assert!(program.exists(), "{} is not built", program.display());
    program
}
