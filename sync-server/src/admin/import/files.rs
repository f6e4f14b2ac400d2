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
/// folder, what is nearly one is refused, and another table gives a warning.
pub(super) fn files(path: &Path, faults: &mut Faults) -> Vec<(PathBuf, usize, String)> {
    let mut found = Vec::new();
    let all = NAMES.join(", ");
    if !path.is_dir() {
        let file = faults.file(path);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        match NAMES.contains(&name.as_str()) {
            true => found.push((path.to_owned(), file, name)),
            false => {
                let expected = resembled(&name).unwrap_or(format!("a folder, or one of {all}"));
                faults.refuse(file, 0, "(file)", &expected, &name);
            }
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
        match resembled(&name) {
            Some(expected) => faults.refuse(file, 0, "(file)", &expected, &name),
            None => faults.warn(file, 0, "(file)", &format!("a name that an import reads ({all})"), &name),
        }
    }
    found
}

/// Endings of what people keep tables in.
const ENDS: [&str; 5] = [".csv", ".json", ".xls", ".xlsx", ".txt"];

/// What systems and people write on a copy.
const COPIES: [&str; 4] = ["copy of", "copy", "副本", "复件"];

/// Digits of a copy's number; a name with more bears a date, and is that of an old file.
const COPY_DIGITS_MAX: usize = 2;

/// What to do about a name that is nearly one of an import's: `Items.csv`, `items (1).csv`, `items - 副本.csv`,
/// `items.xlsx`, `items.csv.txt`. Nobody can tell which of two was meant.
fn resembled(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let mut stem = lower.as_str();
    while let Some(rest) = ENDS.iter().find_map(|end| stem.strip_suffix(end)) {
        stem = rest;
    }
    if stem.len() == lower.len() || stem.chars().filter(char::is_ascii_digit).count() > COPY_DIGITS_MAX {
        return None;
    }
    let is_mark = |mark: char| mark.is_whitespace() || mark.is_ascii_digit() || "()（）-_的".contains(mark);
    let mut before = usize::MAX;
    while stem.len() < before {
        before = stem.len();
        stem = stem.trim_matches(is_mark);
        for copy in COPIES {
            stem = stem.strip_prefix(copy).or(stem.strip_suffix(copy)).unwrap_or(stem);
        }
    }
    let stem = stem.replace([' ', '-'], "_");
    let meant = NAMES.iter().find(|it| it.rsplit_once('.').is_some_and(|(own, _)| own == stem))?;
    let is_sheet = lower.ends_with(".xls") || lower.ends_with(".xlsx");
    Some(match is_sheet && meant.ends_with(".csv") {
        true => format!("{meant}: save this as CSV UTF-8 under that name, or take it out of the folder"),
        false => format!("{meant}: rename this to {meant}, or take it out of the folder"),
    })
}

/// Names in a folder that look like files of an import: `items (1).csv`, `Prices.csv`, `suppliers.xlsx`.
fn others(path: &Path) -> Vec<String> {
    let looks = |name: &String| {
        let lower = name.to_ascii_lowercase();
        let is_table = ENDS.iter().any(|end| lower.ends_with(end))
            && (!lower.ends_with(".txt") || resembled(name).is_some());
        is_table && !name.starts_with(['.', '~']) && !NAMES.contains(&name.as_str())
    };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(looks).collect();
    names.sort();
    names
}
