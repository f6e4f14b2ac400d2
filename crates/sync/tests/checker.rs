//! `docs/protocol-check.mjs` knows the protocol's text and none of this code: it reads the golden samples too.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn check(samples: &Path) -> Option<Output> {
    let run = Command::new("node").arg(root().join("docs/protocol-check.mjs")).arg(samples).output();
    if run.is_err() {
        assert!(std::env::var_os("CI").is_none(), "Node is not installed");
        eprintln!("skipped: there is no Node here");
    }
    run.ok()
}

#[test]
fn the_checker_written_from_the_text_alone_reads_every_sample() {
    let Some(run) = check(&root().join("tests/golden/v1")) else { return };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_checker_names_what_is_not_as_the_text_says() {
    let changes = [
        ("segment.json", r#""seq": 41"#, r#""seq": 42"#, "opening"),
        ("certificate.json", r#""till": 3"#, r#""till": 4"#, "certificate"),
        ("sync.json", r#"\"arrival\":77"#, r#"\"arrival\":78"#, "ack"),
        ("sync.json", "time=1700000000000", "time=1700000000001", "request"),
        ("feed.json", r#""effective_at_ms": -1"#, r#""effective_at_ms": 0"#, "feed entry 3"),
        ("feed.json", r#""bytes": 170"#, r#""bytes": 171"#, "snapshot"),
    ];
    for (file, from, to, told) in changes {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["segment.json", "certificate.json", "sync.json", "feed.json"] {
            let text = std::fs::read_to_string(root().join("tests/golden/v1").join(name)).expect("a sample");
            let changed = if name == file { text.replacen(from, to, 1) } else { text.clone() };
            assert!(name != file || changed != text, "{file} has no {from}");
            std::fs::write(folder.path().join(name), changed).expect("a copy");
        }
        let Some(run) = check(folder.path()) else { return };
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(!run.status.success() && said.contains(told), "{file}: {said}");
    }
}
