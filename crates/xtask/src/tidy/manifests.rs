//! Who may import whom: every `Cargo.toml` is read, and an edge that is not written here fails.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::source::{Finding, Source};

/// Our packages, each with those of ours it may depend on.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("suanpan-domain", &[]),
    ("suanpan-journal", &[]),
    ("suanpan-tunnel", &[]),
    ("suanpan-sync", &[JOURNAL]),
    ("suanpan-simulator", &[JOURNAL, SYNC]),
    ("suanpan-ledger", &[DOMAIN, JOURNAL]),
    ("suanpan-devices", &[DOMAIN]),
    ("suanpan-payments", &[DOMAIN]),
    ("suanpan-contract", &[DOMAIN]),
    ("suanpan-station", &[DOMAIN, JOURNAL, LEDGER, SYNC, DEVICES, PAYMENTS, TUNNEL, CONTRACT]),
    ("suanpan-shell", &[STATION, CONTRACT]),
    ("pos-app", &[SHELL]),
    ("wms-app", &[SHELL]),
    ("sync-server", &[DOMAIN, JOURNAL, SYNC, CONTRACT, PAYMENTS, TUNNEL]),
    (CLI, &[DOMAIN, JOURNAL, LEDGER, SYNC, STATION, CONTRACT, HUB]),
    (
        "suanpan-tests",
        &[DOMAIN, JOURNAL, LEDGER, SYNC, DEVICES, PAYMENTS, TUNNEL, STATION, CONTRACT, HUB, CLI],
    ),
    (FUZZ, &[DOMAIN, JOURNAL, LEDGER, SYNC, DEVICES, STATION, HUB, CLI, "suanpan-tests"]),
    ("xtask", &[]),
];
const DOMAIN: &str = "suanpan-domain";
const JOURNAL: &str = "suanpan-journal";
const LEDGER: &str = "suanpan-ledger";
const SYNC: &str = "suanpan-sync";
const DEVICES: &str = "suanpan-devices";
const PAYMENTS: &str = "suanpan-payments";
const TUNNEL: &str = "suanpan-tunnel";
const STATION: &str = "suanpan-station";
const SHELL: &str = "suanpan-shell";
const CONTRACT: &str = "suanpan-contract";
const HUB: &str = "sync-server";
const CLI: &str = "suanpan-cli";
const FUZZ: &str = "suanpan-fuzz";

/// Libraries that mark a layer, with the only packages that may use them.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rusqlite", &[LEDGER, HUB, "suanpan-tests"]),
    ("tauri", &[SHELL, "pos-app", "wms-app"]),
    ("axum", &[HUB, "suanpan-tests"]),
    ("tokio", &[DEVICES, PAYMENTS, TUNNEL, STATION, SHELL, HUB, CLI, FUZZ, "suanpan-tests"]),
];

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut manifests = Vec::new();
    for source in sources.iter().filter(|s| s.path == "Cargo.toml" || s.path.ends_with("/Cargo.toml")) {
        match source.text.parse::<Table>() {
            Ok(manifest) => manifests.push((&source.path, manifest)),
            Err(error) => findings.push(format!("{}: {error}", source.path)),
        }
    }
    let name = |manifest: &Table| Some(manifest.get("package")?.get("name")?.as_str()?.to_owned());
    let ours: Vec<String> = manifests.iter().filter_map(|(_, manifest)| name(manifest)).collect();
    for (path, manifest) in &manifests {
        let Some(package) = name(manifest) else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == package) else {
            findings
                .push(format!("{path}: {package} is new; say in xtask's manifests.rs whom it may import"));
            continue;
        };
        if !manifest.contains_key("lints") {
            findings.push(format!("{path}: lacks [lints], so the workspace's do not apply"));
        }
        for dependency in dependencies(manifest) {
            if ours.contains(&dependency) && !allowed.contains(&dependency.as_str()) {
                findings.push(format!("{path}: {package} may not import {dependency}"));
            }
            let mut marked = ONLY_IN.iter().filter(|(library, _)| *library == dependency);
            if marked.any(|(_, packages)| !packages.contains(&package.as_str())) {
                findings.push(format!("{path}: {dependency} does not belong in {package}"));
            }
        }
    }
    findings
}

/// The package names in every dependency table of a manifest, per-target tables included.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = targets.filter_map(Value::as_table).chain([manifest]);
    let tables = places.flat_map(|place| TABLES.iter().filter_map(|table| place.get(*table)?.as_table()));
    let real_name = |(key, value): (&String, &Value)| {
        value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()
    };
    tables.flatten().map(real_name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::{Finding, Source, source};

    fn manifest(folder: &str, name: &str, rest: &str) -> Source {
        let text = format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{rest}");
        source(&format!("{folder}/Cargo.toml"), &text)
    }

    fn check(package: &str, rest: &str, expected: &[&str]) {
        let ours = ["suanpan-domain", "suanpan-journal", "suanpan-ledger", "sync-server"];
        let mut sources: Vec<Source> = ours
            .iter()
            .filter(|name| **name != package)
            .map(|name| manifest(&format!("crates/{name}"), name, ""))
            .collect();
        sources.push(manifest("x", package, rest));
        let findings: Vec<Finding> = super::check(&sources);
        assert_eq!(findings, expected, "of {package} with {rest}");
    }

    #[test]
    fn an_edge_that_the_house_does_not_allow_is_named() {
        check("suanpan-ledger", "[dependencies]\nsuanpan-journal.workspace = true", &[]);
        let reverse = "x/Cargo.toml: suanpan-journal may not import suanpan-domain";
        check("suanpan-journal", "[dependencies]\nsuanpan-domain.workspace = true", &[reverse]);
        check("suanpan-journal", "[dev-dependencies]\nsuanpan-domain = { path = \"../domain\" }", &[reverse]);
        check(
            "suanpan-journal",
            "[target.'cfg(unix)'.dependencies.suanpan-domain]\npath = \"..\"",
            &[reverse],
        );
        check("suanpan-journal", "[build-dependencies]\nd = { package = \"suanpan-domain\" }", &[reverse]);
    }

    #[test]
    fn a_library_that_marks_a_layer_stays_in_it() {
        check("suanpan-ledger", "[dependencies]\nrusqlite = \"1\"", &[]);
        let misplaced = "x/Cargo.toml: rusqlite does not belong in suanpan-station";
        check("suanpan-station", "[dependencies]\nrusqlite = \"1\"", &[misplaced]);
    }

    #[test]
    fn an_unknown_package_asks_for_its_row() {
        let asked = "x/Cargo.toml: novelty is new; say in xtask's manifests.rs whom it may import";
        check("novelty", "", &[asked]);
    }

    #[test]
    fn a_package_without_the_lints_and_a_broken_manifest_are_named() {
        let findings = super::check(&[source("a/Cargo.toml", "[package]\nname = \"xtask\"")]);
        assert_eq!(findings, ["a/Cargo.toml: lacks [lints], so the workspace's do not apply"]);
        assert_eq!(super::check(&[source("a/Cargo.toml", "[")]).len(), 1);
    }
}
