//! What an import would change, in words; and what it withdraws or leaves alone of what it does not list.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use suanpan_domain::catalogue::{Chain, Row, Table, shown, written_out};
use suanpan_sync::{FeedChange, Scope};

use super::entry::Entry;
use crate::store::{NewRow, News, RowName, Site};

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

/// What holds beside the files of an import: the catalogue that their rows are judged by, and what they do not list.
pub(super) struct Beside {
    is_complete: bool,
    listed: HashSet<RowName>,
    /// Of what the files speak: a list of one store's people says nothing of another's.
    spoken_of: HashSet<(Table, Scope)>,
    /// Rows that hold and stay.
    pub(super) chain: Chain,
    /// Rows that hold and are not listed.
    pub(super) unlisted: Vec<RowName>,
    /// Rows that may go, each with one that stays and names it.
    names: Vec<(RowName, RowName)>,
}

impl Beside {
    /// Nothing yet but the sites.
    pub(super) fn new(entries: &[Entry], sites: &[Site], is_complete: bool) -> Beside {
        let listed: HashSet<RowName> = entries.iter().map(Entry::name).collect();
        let spoken_of = listed.iter().filter(|row| WITHDRAWN.contains(&row.table));
        let spoken_of = spoken_of.map(|row| (row.table, row.scope.clone())).collect();
        let mut chain = Chain::default();
        sites.iter().for_each(|site| chain.site(site.site.as_str()));
        let (unlisted, names) = (Vec::new(), Vec::new());
        Beside { is_complete, listed, spoken_of, chain, unlisted, names }
    }

    /// Takes in a row that holds.
    pub(super) fn take(&mut self, name: RowName, body: &str) {
        if self.is_unlisted(&name) {
            self.unlisted.push(name.clone());
            if self.is_complete {
                return;
            }
        }
        // What no station could read does not hold anywhere.
        let Ok(row) = Row::read(name.table, body) else { return };
        self.chain.hold(&name.place(), &name.key, &row);
        if self.is_complete && !self.listed.contains(&name) {
            let named = row.names(&name.key).into_iter().map(|(table, key)| of_chain(table, key));
            let may_go = named.filter(|named| self.is_unlisted(named)).collect::<Vec<_>>();
            self.names.extend(may_go.into_iter().map(|named| (named, name.clone())));
        }
    }

    fn is_unlisted(&self, row: &RowName) -> bool {
        !self.listed.contains(row)
            && (self.spoken_of.contains(&(row.table, row.scope.clone())) || self.goes_with_its_item(row))
    }

    /// Where prices are listed at all, one that is not goes with its item, whatever store it is of.
    fn goes_with_its_item(&self, row: &RowName) -> bool {
        let reads = |table| self.spoken_of.iter().any(|(it, _)| *it == table);
        row.table == Table::Price
            && reads(Table::Price)
            && reads(Table::Item)
            && !self.listed.contains(&of_chain(Table::Item, &row.key))
    }

    /// Rows that would go, each with one that stays and names it.
    pub(super) fn named(&self) -> Vec<(&RowName, &RowName)> {
        let gone: HashSet<&RowName> = self.unlisted.iter().collect();
        self.names.iter().filter(|(named, _)| gone.contains(named)).map(|(named, by)| (named, by)).collect()
    }
}

fn of_chain(table: Table, key: &str) -> RowName {
    RowName { scope: Scope::Chain, table, key: key.to_owned() }
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
pub(super) fn lines(rows: &[NewRow], news: &[News]) -> Vec<String> {
    let more = news.len().saturating_sub(LISTED_MAX);
    let more = (more > 0).then(|| format!("and {more} more"));
    let listed = news.iter().take(LISTED_MAX);
    listed.filter_map(|news| Some(line(rows.get(news.nth)?, news.before.as_ref()))).chain(more).collect()
}

/// A row's name, for people.
pub(super) fn title_of(row: &RowName) -> String {
    title(&row.scope, row.table.name(), &row.key)
}

fn title(scope: &Scope, table: &str, key: &str) -> String {
    match scope {
        Scope::Chain => format!("{table} {}", shown(key)),
        scope => format!("{table} {} at {scope}", shown(key)),
    }
}

fn line(row: &NewRow, before: Option<&String>) -> String {
    let name = title(&row.scope, &row.table, &row.key);
    written_out(&match (before, &row.change) {
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
