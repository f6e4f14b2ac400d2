//! `docs/import.md` lists what every column holds: it is made of the rules themselves and of the sample chain.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use suanpan_domain::catalogue::{
    Item, ItemBarcode, LabelField, LabelLayout, PushDictionary, QuickKey, QuickTab, Row, SiteSettings, Staff,
    Table, TaxCode, Tender, rules,
};
use suanpan_domain::pricing::Price;

use super::files::{LISTS, NAMES};
use super::rows::FILES;

/// Columns that are not the field of their name, in their own words.
const WORDS: [(&str, &str, &str); 10] = [
    ("items.csv", "aliases", "other names, at most 20 of 1 to 40 characters, parted by `/`"),
    (
        "items.csv",
        "barcodes",
        "at most 50 barcodes, parted by a blank and nothing else; `*12` behind one that is a case of twelve. A GTIN whose check digit is wrong, or that lacks its leading zero, is read with a warning",
    ),
    ("items.csv", "plu", "nothing, or 4 to 7 digits"),
    ("items.csv", "tax_class", "nothing, or 19 digits"),
    ("prices.csv", "site", "the code of a site, or nothing for the whole chain"),
    ("prices.csv", "code", "the code of an item"),
    (
        "prices.csv",
        "yuan",
        "digits and at most two decimals, above 0 and up to 100000.00; ten times the price before, or a tenth, gives a warning",
    ),
    ("prices.csv", "gift", "may be left out: yes where the price is 0"),
    ("staff.csv", "pin", "4 to 12 digits, hashed on import"),
    ("staff.csv", "card", "nothing, or 16 to 64 letters, digits or signs, hashed on import"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(root().join("sync-server/sample").join(name)).unwrap()
}

/// What a field may hold: its own words if it has some.
fn holds(file: &str, table: Table, field: &str) -> String {
    let own = WORDS.iter().find(|(name, column, _)| (*name, *column) == (file, field));
    let rule = rules(table).iter().find(|(name, _)| *name == field).map(|(_, rule)| rule.to_string());
    let code = ("site", "the code of a site".to_owned());
    own.map(|(_, _, words)| (*words).to_owned())
        .or(rule)
        .or(Some(code.1).filter(|_| field == code.0))
        .unwrap_or_else(|| panic!("{file}: nobody says what {field} holds"))
}

fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

fn csv_table(file: &str, table: Table, columns: impl Iterator<Item = &'static str>) -> String {
    let text = sample(file);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let example = |column: &str| {
        let at = rows[0].iter().position(|name| *name == column)?;
        rows[1..].iter().map(|row| row[at]).find(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut out = format!("\n## {file}\n\n| column | holds | example |\n|---|---|---|\n");
    for column in columns {
        let example = cell(&example(column).unwrap_or_default());
        writeln!(out, "| `{column}` | {} | {example} |", holds(file, table, column)).unwrap();
    }
    out
}

fn json_table(file: &str, table: Table) -> String {
    let rows: Vec<Value> = serde_json::from_str(&sample(file)).unwrap();
    let mut out = format!("\n## {file}\n\n| field | holds | example |\n|---|---|---|\n");
    for (field, rule) in rules(table) {
        let example = rows.iter().find_map(|row| find(row, field)).map(|value| match value {
            Value::Array(_) | Value::Object(_) => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        });
        let name = field.replace("flags.", "each of flags");
        let needed = if is_needed(table, &rows, field) { "" } else { "; may be left out" };
        writeln!(out, "| `{name}` | {rule}{needed} | {} |", cell(&example.unwrap_or_default())).unwrap();
    }
    out
}

/// The first value of a field such as `keys.item`.
fn find(value: &Value, field: &str) -> Option<Value> {
    match field.split_once('.') {
        None => value.get(field).cloned(),
        Some((list, "")) => value.get(list)?.get(0).cloned(),
        Some((list, part)) => value.get(list)?.get(0)?.get(part).cloned(),
    }
}

/// Whether no station reads a row without the field.
fn is_needed(table: Table, rows: &[Value], field: &str) -> bool {
    let mut row = rows[0].clone();
    match field.split_once('.') {
        None => drop(row.as_object_mut().unwrap().remove(field)),
        Some((_, "")) => {}
        Some((list, part)) => drop(row[list][0].as_object_mut().unwrap().remove(part)),
    }
    field.ends_with('.') || Row::read(table, &row.to_string()).is_err()
}

fn tables() -> String {
    let csv: BTreeMap<_, _> = FILES.into_iter().collect();
    let lists: BTreeMap<_, _> = LISTS.into_iter().collect();
    let one = |name: &str| match csv.get(name) {
        Some(columns) => {
            csv_table(name, columns.table, columns.needed.iter().chain(columns.optional).copied())
        }
        None => json_table(name, lists[name]),
    };
    NAMES.iter().map(|name| one(name)).collect()
}

#[test]
fn bindings_of_import_files_are_described_as_they_are() {
    const BEGIN: &str = "<!-- From here on made by ./dev bindings. -->\n";
    let path = root().join("docs/import.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (intro, described) = text.split_once(BEGIN).unwrap();
    if std::env::var_os("SUANPAN_WRITE_BINDINGS").is_some() {
        std::fs::write(&path, format!("{intro}{BEGIN}{}", tables())).unwrap();
    } else {
        assert!(described == tables(), "docs/import.md is old: run ./dev bindings");
    }
}

/// The names of a struct's fields, as its own reader asks for them.
struct Names(Vec<&'static str>);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("only a struct's names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields.to_vec();
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn names<T: DeserializeOwned>(within: &str) -> Vec<String> {
    let mut names = Names(Vec::new());
    let _ = T::deserialize(&mut names);
    assert!(!names.0.is_empty());
    names.0.iter().map(|name| format!("{within}{name}")).collect()
}

#[test]
fn every_field_of_every_table_has_its_rule() {
    for (table, parts) in [
        (Table::Item, [names::<Item>(""), names::<ItemBarcode>("barcodes.")].concat()),
        (Table::Price, names::<Price>("")),
        (Table::Tax, names::<TaxCode>("")),
        (Table::Tender, names::<Tender>("")),
        (Table::Staff, names::<Staff>("")),
        (Table::Settings, names::<SiteSettings>("")),
        (Table::QuickTab, [names::<QuickTab>(""), names::<QuickKey>("keys.")].concat()),
        (Table::LabelLayout, [names::<LabelLayout>(""), names::<LabelField>("fields.")].concat()),
        (Table::Dictionary, names::<PushDictionary>("")),
    ] {
        let mut ruled: Vec<_> = rules(table)
            .iter()
            .map(|(field, _)| (*field).to_owned())
            .filter(|field| !field.ends_with('.'))
            .collect();
        let mut fields = parts;
        ruled.sort();
        fields.sort();
        assert_eq!(ruled, fields, "{table:?}");
    }
}
