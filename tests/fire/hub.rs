//! `sync-server` in a process of its own, run as IT runs it, and what can be asked of it from outside.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// Looks at a hub until it has added up what it stored: each look is a request.
const LOOKS_MAX: u32 = 20_000;

/// Asks for a report in which everything is: each time something more may have come in.
const REPORTS_MAX: u32 = 20;

/// The hub of the sample chain. Dropping it ends it.
pub(crate) struct HubProcess {
    /// Today's program, or an older one.
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    /// A PostgreSQL database instead of the folder's.
    database: Option<String>,
    /// A copy of the signing key, away from the hub.
    safe: PathBuf,
    port: u16,
    api_key: String,
    /// What else its program is started with.
    pub(crate) env: Vec<(&'static str, String)>,
    child: Option<Child>,
}

/// A document as the hub lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    pub(crate) number: String,
    pub(crate) fen: i64,
}

impl Listed {
    fn read(line: &str) -> Listed {
        let (number, fen) = line.split_once(',').expect("two columns");
        Listed { number: number.to_owned(), fen: fen.parse().unwrap() }
    }
}

impl HubProcess {
    /// Makes the hub, publishes the sample chain and puts a copy of its key into the safe. It does not run yet.
    pub(crate) fn new(folder: &Path) -> HubProcess {
        HubProcess::on(folder, None, free_port())
    }

    /// The same by another program.
    #[allow(dead_code, reason = "for the fire alone")]
    pub(crate) fn by(program: &Path, folder: &Path) -> HubProcess {
        HubProcess::made(program.to_owned(), folder, None, free_port())
    }

    /// The same on a PostgreSQL database, to listen at this port.
    pub(crate) fn on(folder: &Path, database: Option<String>, port: u16) -> HubProcess {
        HubProcess::made(program(), folder, database, port)
    }

    fn made(program: PathBuf, folder: &Path, database: Option<String>, port: u16) -> HubProcess {
        let safe = folder.join("hub.key in the safe");
        let (folder, api_key) = (folder.join("hub"), String::new());
        let mut hub = HubProcess { program, folder, database, safe, port, api_key, env: vec![], child: None };
        hub.run(&["init"]);
        hub.import();
        std::fs::copy(hub.folder.join("hub.key"), &hub.safe).unwrap();
        hub.api_key = hub.run(&["api-key", "--name", "oracle"]);
        hub
    }

    /// Another hub of the same key on the same database, by whichever address. It does not run yet.
    #[allow(dead_code, reason = "for the failover alone")]
    pub(crate) fn another(&self, folder: &Path, database: String, port: u16) -> HubProcess {
        std::fs::create_dir(folder).unwrap();
        std::fs::copy(&self.safe, folder.join("hub.key")).unwrap();
        let (folder, database) = (folder.to_owned(), Some(database));
        let (program, safe, api_key) = (self.program.clone(), self.safe.clone(), self.api_key.clone());
        HubProcess { program, folder, database, safe, port, api_key, env: vec![], child: None }
    }

    /// Publishes the sample chain, or what of it the hub lacks.
    pub(crate) fn import(&self) {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/sample");
        self.run(&["import", &sample.display().to_string()]);
    }

    /// Publishes one file. The hub must not be serving.
    pub(crate) fn publish(&self, name: &str, text: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        self.run(&["import", &file.display().to_string()]);
    }

    pub(crate) fn enrol_code(&self, site: &str, till: u16) -> String {
        self.run(&["enrol-code", "--site", site, "--till", &till.to_string()])
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Runs a command of the hub's program and gives what it printed.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let done = self.command(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = mortal(&self.program);
        command.args(args).arg("--data-dir").arg(&self.folder);
        command.envs(self.database.iter().map(|database| ("SUANPAN_DATABASE_URL", database)));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Serves at its address; returns when it does.
    pub(crate) fn start(&mut self) {
        let listen = format!("127.0.0.1:{}", self.port);
        let log = std::fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut child = self
            .command(&["serve", "--listen", &listen])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.child = Some(child);
        assert_eq!(line.trim(), self.url(), "the hub serves");
    }

    /// Beside the folder, which may burn.
    fn log_file(&self) -> PathBuf {
        let mut name = self.safe.clone();
        name.set_file_name(format!("log of {}", self.port));
        name
    }

    /// What it told IT.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// What it tells whoever watches it: the status and the document.
    pub(crate) fn health(&self) -> (String, Value) {
        let (head, body) = request(self.port, &self.get_request("/health"));
        (head.split(' ').nth(1).unwrap_or_default().to_owned(), serde_json::from_str(&body).unwrap())
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself: then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The data centre burns: the process dies, and everything in the folder is gone.
    pub(crate) fn burn(&mut self) {
        self.kill();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    /// Has IT's nightly job make a backup, while the hub goes on serving. The key is not in it.
    pub(crate) fn back_up(&self, to: &Path) {
        self.run(&["backup", "--to", &to.display().to_string()]);
    }

    /// Brings a hub up at the old address from the key in the safe and, if there is one, a backup. Nothing else of
    /// the old hub is there.
    pub(crate) fn bring_up(&mut self, backup: Option<&Path>) {
        std::fs::create_dir_all(&self.folder).unwrap();
        std::fs::copy(&self.safe, self.folder.join("hub.key")).unwrap();
        if let Some(backup) = backup {
            std::fs::copy(backup, self.folder.join("hub.db")).unwrap();
        }
        self.api_key = self.run(&["api-key", "--name", "oracle"]);
        self.start();
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn file(&self) -> Connection {
        Connection::open_with_flags(self.folder.join("hub.db"), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
    }

    /// A figure of the hub's metrics.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let text = self.get("/metrics");
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(found, _)| *found == name).and_then(|(_, value)| value.parse().ok()).expect(name)
    }

    /// Returns when everything that is stored is in the figures.
    pub(crate) fn settle(&self) {
        let is_settled = |_: &u32| self.metric("suanpan_batches_pending") == 0;
        assert!((0..LOOKS_MAX).find(is_settled).is_some(), "the hub does not finish adding up");
    }

    /// Every document, in order of its number; one that is there twice is listed twice.
    pub(crate) fn documents(&self) -> Vec<Listed> {
        const QUERY: &str = "select printed, fen from document order by printed";
        if let Some(database) = &self.database {
            let listed = Command::new("psql").args([database, "-AtF,", "-c", QUERY]).output().unwrap();
            assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
            return String::from_utf8(listed.stdout).unwrap().lines().map(Listed::read).collect();
        }
        let database = self.file();
        let mut query = database.prepare(QUERY).unwrap();
        let rows = query.query_map([], |row| Ok(Listed { number: row.get(0)?, fen: row.get(1)? })).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Stations that are to be enrolled anew because two disks write as one.
    pub(crate) fn flagged(&self) -> i64 {
        let sql = "select count(*) from station where re_enrol";
        self.file().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The report by till, as a script of the ERP gets it: (site, till) → (sales, fen), over all days.
    pub(crate) fn report(&self) -> BTreeMap<(String, String), (i64, i64)> {
        let path = "/api/v1/reports/sales-by-station?from=2020-01-01&to=2099-12-31";
        // A till that closes may leave a last push behind, which nobody waits for.
        let look = |_: u32| {
            self.settle();
            serde_json::from_str::<Value>(&self.get(path)).unwrap()
        };
        let report = (0..REPORTS_MAX).map(look).find(|report| report["pending"] == 0);
        let report = report.expect("the hub does not finish adding up");
        let mut sums = BTreeMap::new();
        for row in report["rows"].as_array().unwrap() {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let sum: &mut (i64, i64) = sums.entry((text("site"), text("key"))).or_default();
            sum.0 += row["count"].as_i64().unwrap();
            sum.1 += row["fen"].as_i64().unwrap();
        }
        sums
    }

    /// Documents whose number is known to exist and that are not there.
    pub(crate) fn missing(&self) -> i64 {
        let path = "/api/v1/reports/sales-by-day?from=2020-01-01&to=2099-12-31";
        let report: Value = serde_json::from_str(&self.get(path)).unwrap();
        report["rows"].as_array().unwrap().iter().map(|row| row["missing"].as_i64().unwrap()).sum()
    }

    /// What a script of the ERP gets.
    pub(crate) fn get(&self, path: &str) -> String {
        let (head, body) = request(self.port, &self.get_request(path));
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head} {body}");
        body
    }

    fn get_request(&self, path: &str) -> String {
        let key = &self.api_key;
        format!(
            "GET {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
        )
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        self.kill();
    }
}

/// Sends bytes and gives the answer's head and body.
pub(crate) fn request(port: u16, bytes: &str) -> (String, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

/// A program that is killed when this one is, however it ends.
#[cfg(target_os = "linux")]
fn mortal(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

#[cfg(not(target_os = "linux"))]
fn mortal(program: &Path) -> Command {
    Command::new(program)
}

/// The hub's program beside this test's; built first if this test was built alone.
pub(crate) fn program() -> PathBuf {
    let mut beside = std::env::current_exe().unwrap();
    beside.pop();
    beside.pop();
    let program = beside.join(format!("sync-server{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "-p", "sync-server", "--bins", "--target-dir"]);
        build.arg(beside.parent().unwrap());
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "sync-server builds");
    }
    program
}

/// A port that no connection is given by itself: below 32768. Tests of one process take different ones.
pub(crate) fn free_port() -> u16 {
    static TAKEN: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(0);
    let first = u16::try_from(10_000 + std::process::id() % 9_000).unwrap();
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let nth = TAKEN.fetch_add(50, std::sync::atomic::Ordering::Relaxed);
    (first + nth..first + nth + 50).find(is_free).expect("a free port")
}
