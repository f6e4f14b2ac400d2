//! What a stable code says is told to IT in one place: every code of hub, ledger, station and sync has its row there.

use std::collections::BTreeMap;

use super::source::{Finding, Source};

const SENTENCES: &str = "docs/codes.md";

/// Codes of other families have their sentences on the screen.
const FAMILIES: &[&str] = &["HUB", "LDG", "STA", "SYN"];

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut said = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path == SENTENCES) {
        said.extend(source.text.lines().zip(1_u32..).filter_map(|(line, at)| Some((row(line)?, at))));
    }
    let mut used = BTreeMap::new();
    for source in sources.iter().filter(|source| is_code_of_ours(source)) {
        for code in source.text.split('"').filter(|text| is_code(text)) {
            used.entry(code).or_insert(&source.path);
        }
    }
    let unsaid = used.iter().filter(|(code, _)| !said.contains_key(*code));
    let unsaid = unsaid.map(|(code, path)| format!("{path}: {code} has no row in {SENTENCES}"));
    let unused = said.iter().filter(|(code, _)| !used.contains_key(*code));
    unsaid.chain(unused.map(|(code, at)| format!("{SENTENCES}:{at}: no source has {code}"))).collect()
}

fn is_code_of_ours(source: &Source) -> bool {
    let mut folders = source.path.split('/');
    let is_ours = match folders.next() {
        Some("crates") => folders.nth(1) == Some("src"),
        Some("sync-server") => folders.next() == Some("src"),
        _ => false,
    };
    is_ours && source.is(&["rs"])
}

/// The code of a table's row.
fn row(line: &str) -> Option<&str> {
    let (code, _) = line.strip_prefix("| `")?.split_once("` |")?;
    is_code(code).then_some(code)
}

fn is_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [family, area, number] = parts[..] else { return false };
    let is_number = number.len() == 3 && number.bytes().all(|it| it.is_ascii_digit());
    FAMILIES.contains(&family)
        && is_number
        && area.len() == 3
        && area.bytes().all(|it| it.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::source::{Source, source};

    fn check(code: Source, rows: &str, expected: &[&str]) {
        assert_eq!(super::check(&[code, source("docs/codes.md", rows)]), expected, "of {rows:?}");
    }

    #[test]
    fn a_code_without_its_row_and_a_row_without_its_code_are_named() {
        let hub = || source("sync-server/src/a.rs", "Busy => \"HUB-STO-001\",\nGone => \"HUB-STO-002\",");
        let row = "| Code | What happened |\n| --- | --- |\n| `HUB-STO-001` | It is busy. |\n";
        let unsaid = "sync-server/src/a.rs: HUB-STO-002 has no row in docs/codes.md";
        check(hub(), row, &[unsaid]);
        check(hub(), &format!("{row}| `HUB-STO-002` | It is gone; see `HUB-STO-009`. |"), &[]);
        let unused = "docs/codes.md:4: no source has SYN-WIR-001";
        check(hub(), &format!("{row}| `SYN-WIR-001` | It is long. |"), &[unsaid, unused]);
    }

    #[test]
    fn codes_of_other_families_and_of_other_places_need_no_row() {
        check(source("crates/a/src/b.rs", "\"POS-LED-008\" \"HUB-STO-1\" \"HUB-sto-001\""), "", &[]);
        check(source("crates/a/src/b.rs", "// HUB-STO-001\n\"HUB-STO-001 busy\""), "", &[]);
        check(source("sync-server/tests/a.rs", "\"HUB-STO-001\""), "", &[]);
    }
}
