//! Keeps `ui/src/bindings` equal to these types: `SUANPAN_WRITE_BINDINGS=1` writes it, a plain test run compares.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ts_rs::{Config, TS};

use crate::{Command, Reply};

fn files_in(dir: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(dir) else { return BTreeMap::new() };
    let named = entries.map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
    });
    named.collect()
}

fn export_to(dir: &Path) {
    let config = Config::new().with_large_int("number").with_out_dir(dir);
    Command::export_all(&config).unwrap();
    Reply::export_all(&config).unwrap();
    fs::write(dir.join("messages.zh-CN.json"), include_str!("../messages/zh-CN.json")).unwrap();
    fs::write(dir.join("messages.en.json"), include_str!("../messages/en.json")).unwrap();
}

#[test]
fn the_typescript_bindings_are_fresh() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings");
    if std::env::var_os("SUANPAN_WRITE_BINDINGS").is_some() {
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).unwrap();
        export_to(&kept);
    }
    let fresh = tempfile::tempdir().unwrap();
    export_to(fresh.path());
    assert!(files_in(&kept) == files_in(fresh.path()), "ui/src/bindings is stale: run ./dev bindings");
}
