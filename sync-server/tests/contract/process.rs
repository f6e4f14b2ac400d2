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
fn the_hubs_folder_and_what_is_in_it_are_its_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("hub-data");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = || std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let open = || files().filter(|file| mode(file) & 0o077 != 0).collect::<Vec<_>>();
    let opened = || sync_server::Hub::open(sync_server::Config::embedded(&folder)).unwrap();
    let hub = opened();
    assert!(files().count() >= 4, "database, log, lock, key: {:?}", files().collect::<Vec<_>>());
    // The lock holds nothing.
    let telling: Vec<_> = open().into_iter().filter(|file| !file.ends_with("hub.lock")).collect();
    assert_eq!((mode(&folder), telling), (0o700, vec![]));
    let key = hub.public_key();
    drop(hub);
    for path in files().chain([folder.clone()]) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let hub = opened();
    assert_eq!((mode(&folder), open()), (0o700, vec![]), "what an earlier version left open");
    assert_eq!(hub.public_key(), key);
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
