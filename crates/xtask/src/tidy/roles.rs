//! What a till and a warehouse's desk share knows neither of them, and neither knows the other.

use super::code::without_comments_and_text;
use super::source::{Finding, Source};

const ROLES: [&str; 2] = ["pos", "wms"];

/// Where roles and what they share lie side by side.
const HOUSES: [&str; 4] = ["crates/station/src/", "crates/contract/src/", "crates/shell/src/", "ui/src/"];

/// Where both are brought together.
const DOORS: [&str; 4] = [
    "crates/station/src/lib.rs",
    "crates/station/src/window.rs",
    "crates/contract/src/bindings.rs",
    "crates/shell/src/lib.rs",
];

const GENERATED: &str = "ui/src/bindings/";

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let path = source.path.as_str();
    let Some(inside) = HOUSES.iter().find_map(|house| path.strip_prefix(house)) else { return vec![] };
    if !source.is(&["rs", "ts", "vue"]) || DOORS.contains(&path) || path.starts_with(GENERATED) {
        return vec![];
    }
    let own = inside.split('/').next().unwrap_or_default();
    let others = ROLES.into_iter().filter(|role| *role != own && names(source, role));
    others.map(|role| format!("{path}: names {role}; what both need lies beside the roles")).collect()
}

/// Whether a file imports from a role.
fn names(source: &Source, role: &str) -> bool {
    if source.is(&["rs"]) {
        return without_comments_and_text(&source.text).contains(&format!("{role}::"));
    }
    let folder = format!("/{role}/");
    let imports = source.text.lines().filter(|line| line.starts_with("import ") || line.contains(" from '"));
    imports.into_iter().any(|line| line.contains(&folder))
}

#[cfg(test)]
mod tests {
    use super::super::source::source;
    use super::check;

    #[test]
    fn a_role_names_itself_and_what_is_shared() {
        for (path, text, found) in [
            ("crates/station/src/pos/pay.rs", "use super::kinds::Turn; use crate::pos::Till;", 0),
            ("crates/station/src/pos/pay.rs", "use suanpan_contract::wms::Command;", 1),
            ("crates/station/src/wms/put.rs", "use crate::pos::line;", 1),
            ("crates/station/src/people.rs", "//! See [`crate::pos::Till`].\nuse crate::turn::Turn;", 0),
            ("crates/station/src/people.rs", "fn of(it: crate::wms::Desk) {}", 1),
            ("crates/station/src/window.rs", "use suanpan_contract::{pos, wms}; pos::Found::MayQuit", 0),
            ("ui/src/kit/strip.ts", "import type { TillView } from '../bindings/pos/TillView'", 1),
            ("ui/src/pos/till.ts", "import type { TillView } from '../bindings/pos/TillView'", 0),
            ("sync-server/src/hub.rs", "use suanpan_station::pos::Till;", 0),
        ] {
            assert_eq!(check(&source(path, text)).len(), found, "{path}: {text}");
        }
    }
}
