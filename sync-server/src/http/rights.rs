//! `docs/rights.md` says who may do what: it is made of the routes and roles themselves.

use std::fmt::Write;

use super::routes::{self, Route};
use crate::access::{Action, Role};

const HEAD: &str = "# Who may do what

Every route of a hub, who it lets in and how much of the chain they see there. A role holds for the whole chain; a manager's for a store or zone,
and a key may be made for some stores, and for some of its actions alone (`api-key --may`): *own* says that what lies beyond is as good as not there (404 to who names it), *chain* that nobody is
let in who has less than all of it. A station sees the figures of its own till. Whoever shows nothing is told 401, and who has another role 403.
Made by `./dev bindings`.

";

/// Who comes, beside the roles: with nothing, as a station, with a key, with a key for journals.
const OTHERS: [&str; 4] = ["nobody", "station", "key", "journal key"];

fn admits_other(who: &str, action: Action) -> bool {
    match action {
        Action::Knock => true,
        Action::Deliver | Action::Trade => who == "station",
        Action::ReadFigures => who != "nobody",
        Action::ReadDays | Action::Watch => who == "key" || who == "journal key",
        Action::ReadJournals => who == "journal key",
        _ => false,
    }
}

/// How much of the chain is seen by whoever is let in.
fn scope(action: Action) -> &'static str {
    match action {
        Action::ReadFigures | Action::ReadDays | Action::SeePages | Action::SeeDrawers => "own",
        Action::ReadJournals | Action::ExcuseTill | Action::DecideLost => "chain",
        Action::Knock | Action::Deliver | Action::Trade | Action::OwnSession | Action::Watch => "",
    }
}

fn rows(text: &mut String) {
    for (prefix, Route { method, path, action, .. }) in routes::all() {
        let others = OTHERS.map(|who| admits_other(who, action));
        let roles = Role::ALL.map(|role| role.may(action));
        let cells: Vec<&str> =
            others.into_iter().chain(roles).map(|admits| if admits { "yes" } else { "" }).collect();
        let (name, scope) = (action.name(), scope(action));
        writeln!(text, "| {method} | `{prefix}{path}` | {name} | {scope} | {} |", cells.join(" | ")).unwrap();
    }
}

fn document() -> String {
    let names: Vec<&str> = OTHERS.into_iter().chain(Role::ALL.map(Role::name)).collect();
    let mut text = format!("{HEAD}| method | path | action | sees | {} |\n", names.join(" | "));
    writeln!(text, "|{}", "---|".repeat(names.len() + 4)).unwrap();
    rows(&mut text);
    text
}

#[test]
fn the_document_of_rights_is_what_the_routes_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md");
    if std::env::var_os("SUANPAN_WRITE_BINDINGS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == document(), "docs/rights.md is stale: run ./dev bindings");
}
