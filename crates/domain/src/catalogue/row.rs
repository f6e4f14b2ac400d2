//! One row by itself: reading its body, and what is wrong with it whatever else the catalogue holds.

use serde_json::Value;

use super::{
    Item, LabelLayout, PushDictionary, QuickTab, Rule, SiteSettings, Staff, Table, TaxCode, Tender, rules,
    shown, unseen,
};
use crate::barcode::is_valid;
use crate::pricing::Price;

/// A row's body, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// [`Table::Item`].
    Item(Item),
    /// [`Table::Price`].
    Price(Price),
    /// [`Table::Tax`].
    Tax(TaxCode),
    /// [`Table::Tender`].
    Tender(Tender),
    /// [`Table::Staff`].
    Staff(Staff),
    /// [`Table::Settings`].
    Settings(Box<SiteSettings>),
    /// [`Table::QuickTab`].
    QuickTab(QuickTab),
    /// [`Table::LabelLayout`].
    LabelLayout(LabelLayout),
    /// [`Table::Dictionary`].
    Dictionary(PushDictionary),
}

/// What is wrong with a field, or worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, such as `tare_g` or `keys[3].item`; `key` for the row's key.
    pub field: String,
    /// What was expected there.
    pub expected: String,
    /// What was found, short, and with what nobody sees written out.
    pub found: String,
    /// The row may be published all the same.
    pub is_warning: bool,
}

impl Fault {
    /// What must not be published.
    pub(super) fn refused(field: impl Into<String>, expected: impl Into<String>, found: &str) -> Fault {
        Fault { field: field.into(), expected: expected.into(), found: shown(found), is_warning: false }
    }

    /// What may be meant.
    pub(super) fn warned(field: impl Into<String>, expected: impl Into<String>, found: &str) -> Fault {
        Fault { is_warning: true, ..Fault::refused(field, expected, found) }
    }
}

impl Row {
    /// Reads a body as a till does.
    ///
    /// *Errors:* what is missing or of another type.
    pub fn read(table: Table, body: &str) -> Result<Row, serde_json::Error> {
        Ok(match table {
            Table::Item => Row::Item(serde_json::from_str(body)?),
            Table::Price => Row::Price(serde_json::from_str(body)?),
            Table::Tax => Row::Tax(serde_json::from_str(body)?),
            Table::Tender => Row::Tender(serde_json::from_str(body)?),
            Table::Staff => Row::Staff(serde_json::from_str(body)?),
            Table::Settings => Row::Settings(serde_json::from_str(body)?),
            Table::QuickTab => Row::QuickTab(serde_json::from_str(body)?),
            Table::LabelLayout => Row::LabelLayout(serde_json::from_str(body)?),
            Table::Dictionary => Row::Dictionary(serde_json::from_str(body)?),
        })
    }

    /// Writes the body as it is published.
    ///
    /// *Errors:* none that a row can have.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        match self {
            Row::Item(row) => serde_json::to_string(row),
            Row::Price(row) => serde_json::to_string(row),
            Row::Tax(row) => serde_json::to_string(row),
            Row::Tender(row) => serde_json::to_string(row),
            Row::Staff(row) => serde_json::to_string(row),
            Row::Settings(row) => serde_json::to_string(row),
            Row::QuickTab(row) => serde_json::to_string(row),
            Row::LabelLayout(row) => serde_json::to_string(row),
            Row::Dictionary(row) => serde_json::to_string(row),
        }
    }

    /// The rows that one of this key names, by table and key: without them it says nothing.
    pub fn names<'a>(&'a self, key: &'a str) -> Vec<(Table, &'a str)> {
        match self {
            Row::Item(item) => vec![(Table::Tax, &item.tax)],
            Row::Price(_) => vec![(Table::Item, key)],
            Row::QuickTab(tab) => tab.keys.iter().map(|key| (Table::Item, key.item.as_str())).collect(),
            Row::Tax(_)
            | Row::Tender(_)
            | Row::Staff(_)
            | Row::Settings(_)
            | Row::LabelLayout(_)
            | Row::Dictionary(_) => Vec::new(),
        }
    }
}

/// What is wrong with a body that [`Row::read`] has read: fields against [`rules`], and fields against each other.
pub fn faults(table: Table, body: &Value, row: &Row) -> Vec<Fault> {
    let mut found = Vec::new();
    each_value(body, "", &mut |path, value| {
        let text = text_of(value);
        if let Some(character) = value.as_str().and_then(unseen) {
            let expected =
                format!("no characters that cannot be seen, such as U+{:04X}", u32::from(character));
            found.push(Fault::refused(path, expected, &text));
            return;
        }
        match rule(table, path) {
            Some(rule) if !value.is_null() && !rule.takes(&text) => {
                found.push(Fault::refused(path, rule.to_string(), &text));
            }
            _ => {}
        }
    });
    within(row, &mut found);
    found
}

/// Fields for which [`Row::read`] does not read a body: of another type than theirs, or beyond what they may hold.
pub fn slips(table: Table, body: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    each_value(body, "", &mut |path, value| {
        let Some(rule) = rule(table, path).filter(|_| !value.is_null()) else { return };
        let text = text_of(value);
        let is_type = match rule {
            Rule::Whole(..) => value.is_i64() || value.is_u64(),
            Rule::Flag => value.is_boolean(),
            Rule::List(_) => value.is_array(),
            _ => value.is_string(),
        };
        let quotes = if value.is_string() { "without quotes" } else { "in quotes" };
        match (rule.takes(&text), is_type) {
            (true, true) => {}
            (true, false) => found.push(Fault::refused(path, format!("{rule}, {quotes}"), &text)),
            (false, _) => found.push(Fault::refused(path, rule.to_string(), &text)),
        }
    });
    found
}

/// Fields that no station knows: in a file they are slips of the pen, in a newer hub's row they are news.
pub fn unknown_fields(table: Table, body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    each_value(body, "", &mut |path, _| {
        if rule(table, path).is_none() {
            found.push(path.to_owned());
        }
    });
    found
}

/// The rule of a path such as `keys[3].item`.
fn rule(table: Table, path: &str) -> Option<Rule> {
    let mut name = String::new();
    for part in path.split('[') {
        // After a bracket comes `3]` or `3].item`.
        match part.split_once(']') {
            Some((_, "")) => name.push('.'),
            Some((_, rest)) => name.push_str(rest),
            None => name.push_str(part),
        }
    }
    rules(table).iter().find(|(field, _)| *field == name).map(|(_, rule)| *rule)
}

/// Visits every field with its path; a list as a whole by its length, and then its parts.
fn each_value(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                each_value(value, &path, visit);
            }
        }
        Value::Array(parts) => {
            visit(path, value);
            for (nth, value) in parts.iter().enumerate() {
                each_value(value, &format!("{path}[{nth}]"), visit);
            }
        }
        _ => visit(path, value),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.len().to_string(),
        other => other.to_string(),
    }
}

/// What the fields of a row say against each other.
fn within(row: &Row, found: &mut Vec<Fault>) {
    match row {
        Row::Item(item) => item_within(item, found),
        Row::Tax(tax) if tax.exempt && tax.rate_bp != 0 => {
            found.push(Fault::refused("rate_bp", "0 for what is exempt", &tax.rate_bp.to_string()));
        }
        Row::Tax(tax) if (1..100).contains(&tax.rate_bp) => found.push(Fault::warned(
            "rate_bp",
            "basis points (1300 for 13 %): this is less than 1 %",
            &tax.rate_bp.to_string(),
        )),
        Row::Tender(tender) => tender_within(tender, found),
        Row::QuickTab(tab) => {
            for (nth, key) in tab.keys.iter().enumerate() {
                if tab.keys.iter().take(nth).any(|other| other.item == key.item) {
                    found.push(Fault::warned(
                        format!("keys[{nth}].item"),
                        "each item once on a tab",
                        &key.item,
                    ));
                }
            }
        }
        Row::LabelLayout(layout) => {
            if let Err(error) = layout.check() {
                found.push(Fault::refused("fields", error.to_string(), &layout.id));
            }
        }
        _ => {}
    }
}

fn item_within(item: &Item, found: &mut Vec<Fault>) {
    for (nth, barcode) in item.barcodes.iter().enumerate() {
        let code = barcode.code.as_str();
        let field = format!("barcodes[{nth}].code");
        if item.barcodes.iter().take(nth).any(|other| other.code == code) {
            found.push(Fault::refused(field, "each barcode once", code));
        } else if let Some(expected) = two_in_one(code) {
            found.push(Fault::refused(field, expected, code));
        } else if let Some(expected) = gtin_doubt(code) {
            found.push(Fault::warned(field, expected, code));
        }
    }
    for (nth, alias) in item.aliases.iter().enumerate() {
        if *alias == item.name || item.aliases.iter().take(nth).any(|other| other == alias) {
            found.push(Fault::warned(format!("aliases[{nth}]"), "other names, each once", alias));
        }
    }
}

/// Two GTINs that stand together without anything between them.
fn two_in_one(code: &str) -> Option<&'static str> {
    let (first, second) = code.split_at_checked(code.len().checked_div(2)?)?;
    let is_two = matches!(code.len(), 16 | 24 | 26 | 28) && is_valid(first) && is_valid(second);
    is_two.then_some("barcodes parted by a blank: these are two")
}

/// Why digits that look like a GTIN may not be what a scanner reads.
fn gtin_doubt(code: &str) -> Option<String> {
    if !code.bytes().all(|byte| byte.is_ascii_digit()) || !(7..=14).contains(&code.len()) || is_valid(code) {
        return None;
    }
    let with_zeros = [8, 12, 13, 14]
        .into_iter()
        .filter(|digits| *digits > code.len())
        .map(|digits| format!("{code:0>digits$}"))
        .find(|padded| is_valid(padded));
    match with_zeros {
        Some(padded) => Some(format!("a GTIN with its leading zeros, perhaps {padded}")),
        None if matches!(code.len(), 8 | 12 | 13 | 14) => {
            Some("a GTIN whose last digit is its check digit".to_owned())
        }
        None => None,
    }
}

fn tender_within(tender: &Tender, found: &mut Vec<Fault>) {
    for (flag, is_set, needed, has) in [
        ("gives_change", tender.gives_change, "counts_in_drawer", tender.counts_in_drawer),
        ("rounds", tender.rounds, "gives_change", tender.gives_change),
        ("counts_in_drawer", tender.counts_in_drawer, "opens_drawer", tender.opens_drawer),
    ] {
        if is_set && !has {
            found.push(Fault::refused(flag, format!("false where {needed} is false"), "true"));
        }
    }
    if tender.gives_change && tender.needs_reference {
        found.push(Fault::refused("needs_reference", "false for cash", "true"));
    }
}
