//! What an import would change, in words; and what it withdraws or leaves alone of what it does not list.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use suanpan_domain::catalogue::{Table, shown, written_out};
use suanpan_sync::{FeedChange, Scope};

use super::Entry;
use crate::store::{NewRow, News, RowName};

/// What is done with the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manner {
    /// Nothing is published: what would change is told.
    pub dry_run: bool,
    /// Rows that hold and that their file no longer lists are withdrawn.
    pub complete: bool,
}

/// What may be withdrawn. Taxes, tenders and stores stay: what was sold refers to them.
const WITHDRAWN: [Table; 5] = [Table::Item, Table::Price, Table::Staff, Table::QuickTab, Table::LabelLayout];

/// Changes that are listed; of the others the number is told.
const LISTED_MAX: usize = 200;

/// Longest value that is shown, in characters.
const SHOWN_MAX: usize = 60;

/// The tables whose file is among those read, and whose rows may be withdrawn.
pub(super) fn read_tables(entries: &[Entry]) -> Vec<Table> {
    WITHDRAWN.into_iter().filter(|table| entries.iter().any(|entry| entry.table == *table)).collect()
}

/// Rows that hold and are not listed, of the chain or of a site of which their file speaks: a list of one store's people
/// says nothing of another's.
pub(super) fn unlisted(held: Vec<RowName>, entries: &[Entry]) -> Vec<RowName> {
    let listed: HashSet<RowName> = entries.iter().map(Entry::name).collect();
    let spoken_of: HashSet<(Table, &Scope)> = listed.iter().map(|row| (row.table, &row.scope)).collect();
    let is_meant = |row: &RowName| spoken_of.contains(&(row.table, &row.scope)) && !listed.contains(row);
    held.into_iter().filter(is_meant).collect()
}

/// Such a row, withdrawn.
pub(super) fn withdrawal(row: &RowName) -> NewRow {
    NewRow {
        scope: row.scope.clone(),
        table: row.table.name().to_owned(),
        key: row.key.clone(),
        effective_at_ms: 0,
        change: FeedChange::Delete,
    }
}

/// What stays although it is not listed, for whoever imported it.
pub(super) fn left_alone(rows: &[RowName]) -> Option<String> {
    let counts: Vec<String> = WITHDRAWN
        .into_iter()
        .map(|table| (table, rows.iter().filter(|row| row.table == table).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(table, count)| format!("{count} of {}", table.name()))
        .collect();
    let counts = counts.join(", ");
    (!counts.is_empty())
        .then(|| format!("not listed and left as they are: {counts} (--complete withdraws them)"))
}

/// A line for each change.
pub(super) fn lines(news: &[News]) -> Vec<String> {
    let more = news.len().saturating_sub(LISTED_MAX);
    let more = (more > 0).then(|| format!("and {more} more"));
    news.iter().take(LISTED_MAX).map(line).chain(more).collect()
}

fn line(news: &News) -> String {
    let NewRow { scope, table, key, change, .. } = &news.row;
    let place = match scope {
        Scope::Chain => String::new(),
        scope => format!(" at {scope}"),
    };
    let name = format!("{table} {}{place}", shown(key));
    written_out(&match (&news.before, change) {
        (_, FeedChange::Delete) => format!("- {name}"),
        (None, FeedChange::Put { .. }) => format!("+ {name}"),
        (Some(before), FeedChange::Put { body }) => {
            let changes: Vec<String> =
                fields(before, body).iter().map(|(field, was, is)| change_of(field, was, is)).collect();
            format!("~ {name}: {}", changes.join(", "))
        }
    })
}

/// The fields that differ, with what they were and are.
fn fields(before: &str, after: &str) -> Vec<(String, Value, Value)> {
    let object = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let (before, after) = (object(before), object(after));
    let added = after.keys().filter(|name| !before.contains_key(*name));
    let both = before.keys().chain(added);
    let value = |of: &Map<String, Value>, name: &String| of.get(name).cloned().unwrap_or_default();
    both.map(|name| (name.clone(), value(&before, name), value(&after, name)))
        .filter(|(_, was, is)| was != is)
        .collect()
}

fn change_of(field: &str, was: &Value, is: &Value) -> String {
    // What guards a secret is nobody's to read.
    if matches!(field, "pin_hash" | "card_sha256") {
        return format!("{field} is another");
    }
    format!("{field} {} → {}", short(was), short(is))
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
