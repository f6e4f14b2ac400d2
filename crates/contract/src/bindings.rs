//! Keeps `ui/src/bindings` equal to these types: `SUANPAN_WRITE_BINDINGS=1` writes it, a plain test run compares.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS};

use crate::{pos, wms};

fn files_in(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let under = PathBuf::from(path.file_name().unwrap());
            files.extend(files_in(&path).into_iter().map(|(name, text)| (under.join(name), text)));
        } else {
            files.insert(path.file_name().unwrap().into(), fs::read_to_string(&path).unwrap());
        }
    }
    files
}

fn export_to(dir: &Path) {
    let config = Config::new().with_large_int("number").with_out_dir(dir);
    pos::Command::export_all(&config).unwrap();
    pos::Reply::export_all(&config).unwrap();
    wms::Command::export_all(&config).unwrap();
    wms::Reply::export_all(&config).unwrap();
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
