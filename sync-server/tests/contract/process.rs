//! The hub as a program of its own, on a system that lets it open few files.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::support::config;

/// Serves under a soft and a hard limit of open files; gives the soft limit that it runs with and what it logged.
fn serves_under(limits: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = Command::new("sh");
    serve.args(["-c", &format!("ulimit {limits}; exec \"$0\" serve --listen 127.0.0.1:0")]);
    serve
        .arg(env!("CARGO_BIN_EXE_sync-server"))
        .env("SUANPAN_HUB_DATA", folder.path())
        .env("RUST_LOG", "warn");
    if let Some(database) = config(folder.path()).database {
        serve.env("SUANPAN_DATABASE_URL", database);
    }
    let mut serve = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(serve.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let runs_with = std::fs::read_to_string(format!("/proc/{}/limits", serve.id())).unwrap();
    serve.kill().unwrap();
    serve.wait().unwrap();
    let mut logged = String::new();
    serve.stderr.take().unwrap().read_to_string(&mut logged).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{logged}");
    let files = runs_with.lines().find(|line| line.starts_with("Max open files")).unwrap();
    (files.split_whitespace().nth(3).unwrap().to_owned(), logged)
}

#[test]
fn a_hub_opens_as_many_files_as_it_may_and_says_when_that_is_too_few() {
    let (files, logged) = serves_under("-Sn 128; ulimit -Hn 1000");
    assert_eq!(files, "1000");
    assert!(!logged.contains("too few open files"), "{logged}");
    let (files, logged) = serves_under("-Sn 100; ulimit -Hn 128");
    assert_eq!(files, "128");
    assert!(logged.contains("too few open files") && logged.contains("files.needed"), "{logged}");
}
