//! Keeps `ui/src/hq/bindings` equal to what HQ's page reads: `SUANPAN_WRITE_BINDINGS=1` writes it, a plain test run
//! compares.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ts_rs::{Config, TS};

use crate::http::{Me, paths_of_pages};
use crate::store::{Lost, StoreDays, Today};

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
    Today::export_all(&config).unwrap();
    Lost::export_all(&config).unwrap();
    StoreDays::export_all(&config).unwrap();
    Me::export_all(&config).unwrap();
    fs::write(dir.join("paths.ts"), paths()).unwrap();
}

/// Where the page asks the hub.
fn paths() -> String {
    let line = |path: String| {
        let name = path.rsplit('/').next().unwrap_or_default().split('-').enumerate();
        let upper = |word: &str| word[..1].to_uppercase() + &word[1..];
        let name: String =
            name.map(|(nth, word)| if nth == 0 { word.to_owned() } else { upper(word) }).collect();
        format!("  {name}: '{path}',\n")
    };
    let lines: String = paths_of_pages().into_iter().map(line).collect();
    format!(
        "// Made by ./dev bindings of the hub's list of routes.\nexport const PATHS = {{\n{lines}}} as const\n"
    )
}

#[test]
fn the_typescript_bindings_of_hq_are_fresh() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/hq/bindings");
    if std::env::var_os("SUANPAN_WRITE_BINDINGS").is_some() {
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).unwrap();
        export_to(&kept);
    }
    let fresh = tempfile::tempdir().unwrap();
    export_to(fresh.path());
    assert!(files_in(&kept) == files_in(fresh.path()), "ui/src/hq/bindings is stale: run ./dev bindings");
}
