//! Which files an import reads.

use std::path::{Path, PathBuf};

use suanpan_domain::catalogue::Table;

use super::faults::Faults;

/// The JSON files, each a list of rows of a table.
pub(super) const LISTS: [(&str, Table); 5] = [
    ("taxes.json", Table::Tax),
    ("tenders.json", Table::Tender),
    ("stores.json", Table::Settings),
    ("quick_tabs.json", Table::QuickTab),
    ("label_layouts.json", Table::LabelLayout),
];

/// All files, in the order in which their rows are published.
pub(super) const NAMES: [&str; 8] = [
    "taxes.json",
    "tenders.json",
    "stores.json",
    "staff.csv",
    "items.csv",
    "prices.csv",
    "quick_tabs.json",
    "label_layouts.json",
];

/// The files that are there, with the number by which faults name each. A file by itself must be one that is read; in a
/// folder, what looks as if it should be read and is not gives a warning.
pub(super) fn files(path: &Path, faults: &mut Faults) -> Vec<(PathBuf, usize, String)> {
    let mut found = Vec::new();
    let all = NAMES.join(", ");
    if !path.is_dir() {
        let file = faults.file(path);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        match NAMES.contains(&name.as_str()) {
            true => found.push((path.to_owned(), file, name)),
            false => faults.refuse(file, 0, "(file)", &format!("a folder, or one of {all}"), &name),
        }
        return found;
    }
    for name in NAMES {
        let file = path.join(name);
        // A link that leads nowhere is there too, and is refused when it is read.
        if file.symlink_metadata().is_ok() {
            let number = faults.file(&file);
            found.push((file, number, name.to_owned()));
        }
    }
    if found.is_empty() {
        let folder = faults.file(path);
        faults.refuse(folder, 0, "(file)", &format!("a folder with any of {all}"), "none of them");
    }
    for name in others(path) {
        let file = faults.file(&path.join(&name));
        faults.warn(file, 0, "(file)", &format!("a name that an import reads ({all})"), &name);
    }
    found
}

/// Names in a folder that look like files of an import: `items (1).csv`, `Prices.csv`, `staff.xlsx`.
fn others(path: &Path) -> Vec<String> {
    let looks = |name: &String| {
        let lower = name.to_ascii_lowercase();
        let is_table = [".csv", ".json", ".xls", ".xlsx"].iter().any(|end| lower.ends_with(end));
        is_table && !name.starts_with(['.', '~']) && !NAMES.contains(&name.as_str())
    };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(looks).collect();
    names.sort();
    names
}
