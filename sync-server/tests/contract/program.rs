//! The hub as a program: what it does when its system has no more to give.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::gate::begin;
use crate::support::*;
use reqwest::{Method, StatusCode};
use suanpan_sync::{EnrolRequest, RefundRequest};
use sync_server::Hub;
use sync_server::access::{Role, User};

struct Program {
    serving: Child,
    url: String,
    log: Arc<Mutex<String>>,
    http: reqwest::Client,
    code: String,
    folder: tempfile::TempDir,
}

impl Program {
    /// Serves a folder with a code for a till and a person, under limits as `ulimit` takes them.
    async fn start(limits: &str, variables: impl FnOnce(&Path) -> Vec<(&'static str, String)>) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let database = config.database.clone();
        let hub = Hub::open(config).unwrap();
        hub.import(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sample")).await.unwrap();
        let code = hub.enrol_code(&"HT01".parse().unwrap(), 1).await.unwrap();
        hub.put_user(User::at_hq("wang", [Role::Operations]), Some("correct horse".into())).await.unwrap();
        tokio::task::spawn_blocking(move || drop(hub)).await.unwrap();
        let mut serve = Command::new("sh");
        serve.args(["-c", &format!("ulimit {limits}; exec \"$0\" serve --listen 127.0.0.1:0")]);
        serve
            .arg(env!("CARGO_BIN_EXE_sync-server"))
            .env("SUANPAN_HUB_DATA", folder.path())
            .env("RUST_LOG", "info");
        serve.envs(variables(folder.path()));
        if let Some(database) = database {
            serve.env("SUANPAN_DATABASE_URL", database);
        }
        let mut serving = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (log, stderr) = (Arc::new(Mutex::new(String::new())), serving.stderr.take().unwrap());
        let lines = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut url = String::new();
        BufReader::new(serving.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let (url, http) = (url.trim().to_owned(), client_at("127.0.0.1"));
        Program { serving, url, log, http, code, folder }
    }

    fn logged(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    async fn enrol(&self, code: &str, till: &Till) -> StatusCode {
        let body = serde_json::to_vec(&EnrolRequest::sign(&till.key, till.station, code)).unwrap();
        self.http.post(format!("{}/api/v1/enrol", self.url)).body(body).send().await.unwrap().status()
    }

    /// Sells something and sends it.
    async fn sell(&self, till: &mut Till) -> StatusCode {
        till.sell(100, 80);
        let last = till.current().records.len();
        self.push(till, last).await
    }

    async fn push(&self, till: &Till, nth: usize) -> StatusCode {
        let body = till.push_of(0, nth, nth).encode();
        let auth = till.signed(&Method::POST, "/api/v1/push", &body, None).header();
        let request = self.http.post(format!("{}/api/v1/push", self.url)).header("authorization", auth);
        request.body(body).send().await.unwrap().status()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.serving.kill().unwrap();
        self.serving.wait().unwrap();
    }
}

#[tokio::test]
async fn half_sent_bodies_keep_no_till_out_and_are_logged() {
    let mut program = Program::start("-n 256", |_| Vec::new()).await;
    let mut till = Till::new(221);
    assert_eq!(program.enrol(&program.code, &till).await, StatusCode::OK);
    let half = b"POST /api/v1/hq/session HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\n{\"name";
    let mut held = Vec::new();
    for _ in 0..600 {
        held.push(begin(&program.url, "127.0.0.2", half).await);
    }
    // From its own address, and from the one where the others come from.
    assert_eq!(program.sell(&mut till).await, StatusCode::OK);
    program.http = client_at("127.0.0.2");
    assert_eq!(program.sell(&mut till).await, StatusCode::OK);
    assert!(program.logged().contains("HUB-LIM-006"), "{}", program.logged());
    drop(held);
}

#[tokio::test]
async fn wrong_passwords_and_codes_are_logged_with_their_address_and_without_the_secret() {
    let program = Program::start("-n 1024", |_| Vec::new()).await;
    assert_eq!(program.enrol("ABCDE-FGHJK", &Till::new(222)).await, StatusCode::FORBIDDEN);
    for name in ["wang", "my secret by mistake"] {
        let body = serde_json::json!({ "name": name, "password": "guess guess" }).to_string();
        let request = program.http.post(format!("{}/api/v1/hq/session", program.url)).body(body);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let mut rounds = 0;
    while program.logged().matches("HUB-AUT-008").count() < 2 {
        rounds += 1;
        assert!(rounds < 1_000_000, "{}", program.logged());
        tokio::task::yield_now().await;
    }
    let logged = program.logged();
    let line = |code: &str| logged.lines().find(|line| line.contains(code)).unwrap_or_default().to_owned();
    assert!(
        line("HUB-AUT-008").contains("address=127.0.0.1") && line("HUB-AUT-008").contains("wang"),
        "{logged}"
    );
    assert!(line("HUB-ENR-001").contains("address=127.0.0.1"), "{logged}");
    for secret in ["guess", "mistake", "ABCDE", "FGHJK"] {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
}

/// Lets a program that runs open so many files.
fn allow_files(program: &Child, files: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit { current: Some(files), maximum: Some(1024) };
    prlimit(Some(Pid::from_child(program)), Resource::Nofile, limit).unwrap();
}

#[tokio::test]
async fn a_connection_that_the_system_does_not_give_is_logged_and_those_after_it_are_taken() {
    let program = Program::start("-n 1024", |_| Vec::new()).await;
    let mut till = Till::new(224);
    assert_eq!(program.enrol(&program.code, &till).await, StatusCode::OK);
    // Fewer than are open already.
    allow_files(&program.serving, 3);
    let waits = begin(&program.url, "127.0.0.2", b"").await;
    let mut rounds = 0;
    while !program.logged().contains("HUB-LIM-007") {
        rounds += 1;
        assert!(rounds < 1_000_000, "{}", program.logged());
        tokio::task::yield_now().await;
    }
    allow_files(&program.serving, 1024);
    assert_eq!(program.sell(&mut till).await, StatusCode::OK);
    drop(waits);
}

#[tokio::test]
async fn a_look_up_of_another_stores_receipt_is_logged_with_who_and_whose() {
    let program = Program::start("-n 1024", |_| Vec::new()).await;
    let till = Till::new(225);
    assert_eq!(program.enrol(&program.code, &till).await, StatusCode::OK);
    for (site, is_logged) in [("HT01", false), ("HT02", true)] {
        let number = format!("{site}-1-{DATE}-0001-a7");
        let body = serde_json::to_vec(&RefundRequest { number }).unwrap();
        let auth = till.signed(&Method::POST, "/api/v1/refunds", &body, None).header();
        let request = program.http.post(format!("{}/api/v1/refunds", program.url)).body(body);
        assert_eq!(request.header("authorization", auth).send().await.unwrap().status(), StatusCode::OK);
        let mut rounds = 0;
        while is_logged && !program.logged().contains("HUB-REF-001") {
            rounds += 1;
            assert!(rounds < 1_000_000, "{}", program.logged());
            tokio::task::yield_now().await;
        }
        assert_eq!(program.logged().contains("HUB-REF-001"), is_logged, "{}", program.logged());
    }
    let logged = program.logged();
    let line = logged.lines().find(|line| line.contains("HUB-REF-001")).unwrap();
    assert!(line.contains(&till.station.to_string()) && line.contains("HT02"), "{line}");
}

#[tokio::test]
async fn what_a_stranger_or_a_till_repeats_without_end_does_not_fill_the_log() {
    let program = Program::start("-n 1024", |_| Vec::new()).await;
    let till = Till::new(224);
    assert_eq!(program.enrol(&program.code, &till).await, StatusCode::OK);
    let guess = serde_json::json!({ "name": "wang", "password": "guess guess" }).to_string();
    for nth in 0..110 {
        let request = program.http.post(format!("{}/api/v1/hq/session", program.url)).body(guess.clone());
        let expected = if nth < 10 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(request.send().await.unwrap().status(), expected, "{nth}");
        program.enrol("ABCDE-FGHJK", &till).await;
    }
    let mut refused = 0;
    for nth in 1..=200 {
        let body = serde_json::json!({ "number": format!("HT02-1-{DATE}-{nth:04}-a7") }).to_string();
        let auth = till.signed(&Method::POST, "/api/v1/refunds", body.as_bytes(), None).header();
        let request = program.http.post(format!("{}/api/v1/refunds", program.url)).body(body);
        let status = request.header("authorization", auth).send().await.unwrap().status();
        refused += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 50, "{refused}");
    // The log is in order: what follows is in it after all that came before.
    program.enrol(&program.code, &Till::new(225)).await;
    let mut rounds = 0;
    while !program.logged().contains("HUB-ENR-003") {
        rounds += 1;
        assert!(rounds < 1_000_000, "{}", program.logged());
        tokio::task::yield_now().await;
    }
    let logged = program.logged();
    for what in ["HUB-LIM-001", "HUB-ENR-001", "is_allowed=false"] {
        let lines = logged.lines().filter(|line| line.contains(what)).count();
        assert!((1..=20).contains(&lines), "{lines} of {what} in {logged}");
    }
}

/// Compiles the library that stands between a process and its disk.
fn shim(into: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/faults/shim.c");
    let shim = into.join("shim.so");
    let done = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .args([&shim, &source])
        .arg("-ldl")
        .status();
    assert!(done.unwrap().success());
    shim.display().to_string()
}

#[tokio::test]
async fn after_a_full_disk_the_log_is_copied_again() {
    let beside = tempfile::tempdir().unwrap();
    let (library, full) = (shim(beside.path()), beside.path().join("full"));
    let program = Program::start("-n 1024", |data| {
        let data = data.canonicalize().unwrap().display().to_string();
        vec![("LD_PRELOAD", library), ("SHIM_DIR", data), ("SHIM_FULL", full.display().to_string())]
    })
    .await;
    let database = program.folder.path().join("hub.db");
    if !database.exists() {
        return; // PostgreSQL keeps its own log.
    }
    let mut till = Till::new(223);
    assert_eq!(program.enrol(&program.code, &till).await, StatusCode::OK);
    for _ in 0..300 {
        assert_eq!(program.sell(&mut till).await, StatusCode::OK);
    }
    std::fs::write(&full, "").unwrap();
    // What fits the log that is there is taken, and cannot be copied from it. A reader can keep the log from being begun
    // anew while all of it is copied: nothing fits, and nothing waits, until the next one.
    let (mut taken, mut is_refused, mut rounds) = (StatusCode::OK, false, 0);
    while !is_refused || !program.logged().contains("the log waits until there is room") {
        let last = till.current().records.len();
        taken = if taken == StatusCode::OK {
            program.sell(&mut till).await
        } else {
            program.push(&till, last).await
        };
        assert!([StatusCode::OK, StatusCode::INSUFFICIENT_STORAGE].contains(&taken), "{taken}");
        is_refused |= taken == StatusCode::INSUFFICIENT_STORAGE;
        rounds += 1;
        assert!(rounds < 20_000, "{is_refused} {}", program.logged());
    }
    let before = std::fs::metadata(&database).unwrap().len();
    std::fs::remove_file(&full).unwrap();
    let last = till.current().records.len();
    assert_eq!(program.push(&till, last).await, StatusCode::OK);
    // The writer's own copying makes the database longer too: what was told to wait has to get on.
    let is_copied = || program.logged().contains("the log is copied beside the writer again");
    while !is_copied() || std::fs::metadata(&database).unwrap().len() == before {
        assert_eq!(program.sell(&mut till).await, StatusCode::OK);
        assert!(till.current().records.len() < 100_000, "{}", program.logged());
    }
}
