//! A PostgreSQL of three nodes under Patroni, with etcd and haproxy, as Debian installs them, on loopback. It ends with
//! this process, however that ends.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::hub::free_port;

/// Servers. Two of them have every commit: the primary and its synchronous standby.
const NODES: usize = 3;

/// Looks whether something is as wanted: three minutes altogether.
const LOOKS_MAX: u32 = 1_800;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What of a node's log is shown when the cluster is not as wanted.
const LOG_SHOWN: usize = 3_000;

pub(crate) struct Cluster {
    folder: TempDir,
    shell: Child,
    /// Where Patroni and PostgreSQL of each node listen.
    nodes: Vec<(u16, u16)>,
    database: u16,
    reports: u16,
    tills: u16,
}

impl Cluster {
    /// Starts one before hubs that will listen at these ports. Returns when there is a primary with a synchronous
    /// standby.
    pub(crate) fn start(hubs: [u16; 2]) -> Cluster {
        ["etcd", "haproxy", "patroni", "psql"].into_iter().for_each(is_installed);
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("cluster.sh", include_str!("cluster.sh")),
            ("haproxy.cfg", include_str!("haproxy.cfg")),
            ("patroni.yml", include_str!("patroni.yml")),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let nodes: Vec<(u16, u16)> = (0..NODES).map(|_| (free_port(), free_port())).collect();
        let (database, reports, tills) = (free_port(), free_port(), free_port());
        let mut shell = as_somebody(folder.path());
        shell.current_dir(folder.path()).process_group(0).stdin(Stdio::piped()).env("PROGRAMS", programs());
        for (number, (api, port)) in nodes.iter().enumerate() {
            shell.env(format!("API_{number}"), api.to_string()).env(format!("PG_{number}"), port.to_string());
        }
        let ports = [
            ("ETCD", free_port()),
            ("ETCD_PEER", free_port()),
            ("DATABASE", database),
            ("REPORTS", reports),
            ("TILLS", tills),
        ];
        let hubs = ["HUB_A", "HUB_B"].into_iter().zip(hubs);
        shell.envs(ports.into_iter().chain(hubs).map(|(name, port)| (name, port.to_string())));
        let shell = shell.spawn().unwrap();
        let mut cluster = Cluster { folder, shell, nodes, database, reports, tills };
        (0..NODES).for_each(|node| cluster.start_node(node));
        cluster.has_standby();
        cluster
    }

    /// The database by way of haproxy, which knows the primary.
    pub(crate) fn database_url(&self) -> String {
        format!("postgres://suanpan@127.0.0.1:{}/postgres", self.database)
    }

    /// The database without haproxy: whichever of the servers takes writes.
    pub(crate) fn servers_url(&self) -> String {
        let servers: Vec<String> = self.nodes.iter().map(|(_, port)| format!("127.0.0.1:{port}")).collect();
        format!("postgres://suanpan@{}/postgres?target_session_attrs=read-write", servers.join(","))
    }

    /// A standby by way of haproxy.
    pub(crate) fn reports_url(&self) -> String {
        format!("postgres://suanpan@127.0.0.1:{}/postgres", self.reports)
    }

    /// The hubs by way of haproxy.
    pub(crate) fn hub_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.tills)
    }

    /// Starts a node, for the first time or again.
    pub(crate) fn start_node(&mut self, node: usize) {
        let (api, port) = self.nodes[node];
        writeln!(self.shell.stdin.as_mut().unwrap(), "{node} {api} {port}").unwrap();
    }

    /// Which node is the primary.
    pub(crate) fn primary(&self) -> usize {
        wait_for("a primary", || self.position("/primary"))
    }

    /// Returns when a standby confirms every commit.
    pub(crate) fn has_standby(&self) {
        wait_for("a synchronous standby", || self.position("/sync"));
    }

    /// Returns when haproxy sends tills on to a hub.
    pub(crate) fn has_hub(&self) {
        wait_for("a hub", || says_yes(self.tills, "/health").then_some(()));
    }

    fn position(&self, question: &str) -> Option<usize> {
        self.nodes.iter().position(|(api, _)| says_yes(*api, question))
    }

    /// How many connections hubs have to servers that are not the primary.
    pub(crate) fn sessions_at_standbys(&self) -> u32 {
        const QUERY: &str = "select count(*) from pg_stat_activity
                             where pg_is_in_recovery() and application_name = 'suanpan-hub'";
        let ask = |(_, port): &(u16, u16)| {
            let server = format!("postgres://suanpan@127.0.0.1:{port}/postgres");
            let answer = Command::new("psql").args([&server, "-Atc", QUERY]).output().unwrap();
            assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
            String::from_utf8(answer.stdout).unwrap().trim().parse::<u32>().unwrap()
        };
        self.nodes.iter().map(ask).sum()
    }

    /// kill -9 of every process of a node's PostgreSQL. Its Patroni lives on.
    pub(crate) fn kill_server(&self, node: usize) {
        kill_below(&self.node_folder(node).join("data"));
    }

    /// kill -9 of every process of a node.
    pub(crate) fn kill_node(&self, node: usize) {
        kill_below(&self.node_folder(node));
    }

    fn node_folder(&self, node: usize) -> PathBuf {
        // As the kernel names it.
        self.folder.path().canonicalize().unwrap().join(format!("node{node}"))
    }

    fn logs(&self) -> String {
        let names = ["etcd.log", "haproxy.log", "node0/log", "node1/log", "node2/log"];
        names.iter().fold(String::new(), |mut shown, name| {
            let log = std::fs::read(self.folder.path().join(name)).unwrap_or_default();
            let end = String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_SHOWN)..]).into_owned();
            write!(shown, "\n== {name}\n{end}").unwrap();
            shown
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

fn is_installed(program: &str) {
    let look = "PATH=$PATH:/usr/sbin; command -v $0";
    let found = Command::new("sh").args(["-c", look, program]).stdout(Stdio::null()).status();
    assert!(found.unwrap().success(), "{program} is not installed: ./dev setup test");
}

/// A shell on the cluster's script. PostgreSQL refuses to run as root: then it is the package's own user.
fn as_somebody(folder: &Path) -> Command {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        let mut shell = Command::new("sh");
        shell.arg("cluster.sh");
        return shell;
    }
    let given = Command::new("chown").args(["-R", "postgres:"]).arg(folder).status();
    assert!(given.unwrap().success(), "there is no user postgres: ./dev setup test");
    let mut shell = Command::new("setpriv");
    shell.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups", "sh", "cluster.sh"]);
    shell
}

/// The programs of the newest server that is installed.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL: ./dev setup test");
    let programs = versions.map(|version| version.unwrap().path().join("bin"));
    programs.filter(|bin| bin.join("postgres").exists()).max().expect("PostgreSQL: ./dev setup test")
}

/// Looks until something is so.
#[expect(clippy::disallowed_methods, reason = "Patroni and haproxy tell nobody when something changes")]
pub(crate) fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    for _ in 0..LOOKS_MAX {
        if let Some(seen) = look() {
            return seen;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("waited in vain for {what}");
}

fn says_yes(port: u16, question: &str) -> bool {
    let asked = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        write!(stream, "GET {question} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    asked().is_ok_and(|answer| answer.split(' ').nth(1) == Some("200"))
}

/// Kills what works in a folder or below it.
fn kill_below(folder: &Path) {
    let mut killed = 0;
    for process in std::fs::read_dir("/proc").unwrap() {
        let process = process.unwrap();
        if std::fs::read_link(process.path().join("cwd")).is_ok_and(|works_in| works_in.starts_with(folder)) {
            // It may have ended since.
            let done = Command::new("kill").arg("-9").arg(process.file_name()).stderr(Stdio::null()).status();
            killed += u32::from(done.unwrap().success());
        }
    }
    assert!(killed > 0, "nothing runs in {}", folder.display());
}
