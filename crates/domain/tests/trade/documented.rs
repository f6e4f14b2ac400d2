//! `docs/payloads.md` is what another team writes a station from: no field of a sample is missing there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of a JSON value's fields, however deep. What is keyed by codes of the trade has no names.
fn fields(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                names.insert(name.clone());
                if !["count", "tenders", "taxes"].contains(&name.as_str()) || value.is_array() {
                    fields(value, names);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| fields(value, names)),
        _ => {}
    }
}

/// What a text sets as code: `` `a b` `` names `a` and `b`.
fn named(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let code = text.split('`').skip(1).step_by(2);
    code.flat_map(|code| code.split(|c: char| !is_of_name(c))).map(str::to_owned).collect()
}

#[test]
fn every_field_of_every_payload_is_described_where_its_kind_is() {
    let text = std::fs::read_to_string(root().join("docs/payloads.md")).unwrap();
    let (shared, kinds) = text.split_once("## Documents").unwrap();
    let shared = named(shared);
    let mut described = 0;
    for file in std::fs::read_dir(root().join("tests/golden/v1/entries")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let kind = name.split('-').next().unwrap().trim_start_matches('0').to_owned();
        let heading = format!("\n### {kind} ");
        let (_, section) = kinds.split_once(&heading).unwrap_or_else(|| panic!("no section for kind {kind}"));
        let section = named(section.split("\n##").next().unwrap());
        let mut sample = BTreeSet::new();
        fields(&serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap(), &mut sample);
        let missing: Vec<_> =
            sample.iter().filter(|name| !section.contains(*name) && !shared.contains(*name)).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{} is not all described", path.display());
        described += 1;
    }
    assert!(described >= 28, "the samples were read");
}
