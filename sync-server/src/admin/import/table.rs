//! Reads a CSV file whose columns are found by the names in its header.

use std::path::Path;

use suanpan_domain::catalogue::{Fault, Table, narrow, rules, unseen};

use super::faults::{Faults, Place};
use crate::csv::{self, CsvError, Record, Records};

/// Bytes of one file: a million items.
const FILE_MAX: u64 = 512 * 1024 * 1024;

/// The columns of a file.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// The table whose rules the cells keep to.
    pub(super) table: Table,
    /// Those that must be there.
    pub(super) needed: &'static [&'static str],
    /// Those that may be.
    pub(super) optional: &'static [&'static str],
}

/// One row of a file, and what is wrong with its cells.
pub(super) struct Cells<'a> {
    columns: Columns,
    names: &'a [String],
    texts: Vec<String>,
    pub(super) place: Place,
    /// Columns that are refused.
    bad: Vec<String>,
    faults: &'a mut Faults,
}

/// Reads every row of a file through `each`; what cannot be read is noted.
pub(super) fn read(
    path: &Path,
    file: usize,
    columns: Columns,
    faults: &mut Faults,
    mut each: impl FnMut(Cells<'_>),
) {
    let opened = csv::open(path, FILE_MAX).and_then(|input| {
        Records::new(input).map_err(|error| ("a readable file".to_owned(), error.to_string()))
    });
    let mut records = match opened {
        Ok(records) => records,
        Err((expected, found)) => return faults.refuse(file, 0, "(file)", &expected, &found),
    };
    let mut names: Option<Vec<String>> = None;
    loop {
        let record = match records.read() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(CsvError { line, expected, found }) => {
                return faults.refuse(file, line, "(file)", expected, &found);
            }
        };
        let texts = match texts(record, names.as_deref()) {
            Ok(texts) => texts,
            // One encoding is wrong in all of the file.
            Err((line, column, expected, found)) => {
                return faults.refuse(file, line, &column, expected, &found);
            }
        };
        if texts.iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        match &names {
            None => match header(&texts, columns) {
                Ok(found) => names = Some(found),
                Err((column, expected, found)) => {
                    return faults.refuse(file, record.line(0), &column, &expected, &found);
                }
            },
            Some(names) => row(record, texts, (names, columns), file, faults, &mut each),
        }
    }
    if names.is_none() {
        faults.refuse(file, 1, "(file)", &format!("the columns {}", columns.needed.join(",")), "");
    }
}

type BadText = (u64, String, &'static str, String);

fn texts(record: &Record, names: Option<&[String]>) -> Result<Vec<String>, BadText> {
    let name = |index| names.and_then(|names| names.get(index)).cloned().unwrap_or("(row)".to_owned());
    let text = |(index, bytes): (usize, &[u8])| {
        let bad = |_| {
            let found = String::from_utf8_lossy(bytes).into_owned();
            (record.line(index), name(index), csv::not_utf8(bytes), found)
        };
        std::str::from_utf8(bytes).map(str::to_owned).map_err(bad)
    };
    record.cells().enumerate().map(text).collect()
}

/// The names of the columns; those of empty columns, as a spreadsheet leaves them at the right, are empty.
fn header(texts: &[String], columns: Columns) -> Result<Vec<String>, (String, String, String)> {
    let names: Vec<String> = texts.iter().map(|text| narrow(text)).collect();
    let all = || columns.needed.iter().chain(columns.optional);
    let expected = format!("the columns {}", columns.needed.join(","));
    for (nth, name) in names.iter().enumerate() {
        if !name.is_empty() && names.iter().take(nth).any(|other| other == name) {
            return Err((name.clone(), "each column once".to_owned(), name.clone()));
        }
        if !name.is_empty() && !all().any(|known| known == name) {
            return Err((name.clone(), format!("{expected}, parted by commas"), name.clone()));
        }
    }
    let missing = columns.needed.iter().find(|needed| !names.iter().any(|name| name == *needed));
    match missing {
        Some(missing) => Err(((*missing).to_owned(), expected, texts.join(","))),
        None => Ok(names),
    }
}

fn row(
    record: &Record,
    mut texts: Vec<String>,
    (names, columns): (&[String], Columns),
    file: usize,
    faults: &mut Faults,
    each: &mut impl FnMut(Cells<'_>),
) {
    let place = Place { file, line: record.line(0), fields: lines(record, names) };
    let beyond = texts.split_off(names.len().min(texts.len()));
    if texts.len() < names.len() || beyond.iter().any(|text| !text.trim().is_empty()) {
        let found = format!("{} cells", record.len());
        return faults.refuse(file, place.line, "(row)", &format!("{} cells", names.len()), &found);
    }
    let mut cells = Cells { columns, names, texts, place, bad: Vec::new(), faults };
    for (name, text) in names.iter().zip(cells.texts.clone()) {
        if let Some(character) = unseen(&in_one_line(&text)) {
            let expected =
                format!("no characters that cannot be seen, such as U+{:04X}", u32::from(character));
            cells.refuse(name, &expected);
        } else if name.is_empty() && !text.trim().is_empty() {
            cells.refuse(name, "nothing in a column without a name");
        } else if is_error(text.trim()) {
            cells.refuse(name, "a value: this is a spreadsheet's error");
        } else if is_formula(text.trim()) {
            let line = cells.place.line_of(name);
            let found = cells.found(name);
            cells.faults.warn(file, line, name, "text: this looks like a formula", &found);
        }
    }
    each(cells);
}

fn lines(record: &Record, names: &[String]) -> Vec<(String, u64)> {
    let elsewhere = (0..record.len()).filter(|index| record.line(*index) != record.line(0));
    elsewhere.filter_map(|index| Some((names.get(index)?.clone(), record.line(index)))).collect()
}

/// A cell whose lines are joined.
fn in_one_line(text: &str) -> String {
    let parts = text.split(['\n', '\t']).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

impl Cells<'_> {
    /// The table of the file.
    pub(super) fn table(&self) -> Table {
        self.columns.table
    }

    /// A cell as it is.
    pub(super) fn raw(&self, column: &str) -> &str {
        let at = self.names.iter().position(|name| name == column);
        at.and_then(|at| self.texts.get(at)).map_or("", String::as_str)
    }

    /// Text for people.
    pub(super) fn text(&self, column: &str) -> String {
        in_one_line(self.raw(column))
    }

    /// A code or number, with wide digits made narrow.
    pub(super) fn code(&mut self, column: &str) -> String {
        let code = narrow(self.raw(column));
        if is_shortened(&code) {
            self.refuse(column, "all digits: a spreadsheet has shortened them, so format the column as text");
        }
        code
    }

    pub(super) fn optional(&mut self, column: &str) -> Option<String> {
        Some(self.code(column)).filter(|text| !text.is_empty())
    }

    /// A whole number; an empty cell is 0.
    pub(super) fn number<T: std::str::FromStr + Default>(&mut self, column: &str) -> T {
        match self.code(column).as_str() {
            "" => T::default(),
            text => text.parse().unwrap_or_else(|_| {
                self.refuse(column, &self.rule(column));
                T::default()
            }),
        }
    }

    /// `yes`, or nothing.
    pub(super) fn flag(&mut self, column: &str) -> bool {
        match self.code(column).as_str() {
            "" | "no" => false,
            "yes" => true,
            _ => {
                self.refuse(column, "yes or nothing");
                false
            }
        }
    }

    /// One of the words of a column.
    pub(super) fn word<T: Copy>(&mut self, column: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.code(column);
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.refuse(column, &self.rule(column));
        }
        found
    }

    /// What a column may hold, in words.
    fn rule(&self, column: &str) -> String {
        let rule = rules(self.columns.table).iter().find(|(field, _)| *field == column);
        rule.map(|(_, rule)| rule.to_string()).unwrap_or_default()
    }

    /// Refuses a cell, once.
    pub(super) fn refuse(&mut self, column: &str, expected: &str) {
        if !self.is_bad(column) {
            self.bad.push(column.to_owned());
            let line = self.place.line_of(column);
            let found = self.found(column);
            self.faults.refuse(self.place.file, line, column, expected, &found);
        }
    }

    /// What stands in a cell; of what nobody else may know, how long it is.
    fn found(&self, column: &str) -> String {
        let text = self.raw(column).trim();
        match column {
            "pin" | "card" => format!("{} characters", text.chars().count()),
            _ => text.to_owned(),
        }
    }

    pub(super) fn is_bad(&self, column: &str) -> bool {
        self.bad.iter().any(|bad| bad == column)
    }

    /// Notes what the rules of the table say of the row, where its cells are not refused already.
    pub(super) fn note(&mut self, column: &str, fault: &Fault) {
        if self.is_bad(column) {
            return;
        }
        let (place, found) = (&self.place, self.found(column));
        let line = place.line_of(column);
        match fault.is_warning {
            true => self.faults.warn(place.file, line, column, &fault.expected, &found),
            false => self.faults.refuse(place.file, line, column, &fault.expected, &found),
        }
    }
}

/// True for what a spreadsheet writes where it could not work a cell out, or had no room for it.
fn is_error(text: &str) -> bool {
    const ERRORS: [&str; 9] =
        ["#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"];
    ERRORS.contains(&text) || (text.starts_with("##") && text.bytes().all(|byte| byte == b'#'))
}

/// True for `=A1`, `@SUM(A1)`, `-(A1)`: a number with its sign is none.
fn is_formula(text: &str) -> bool {
    let begins = |text: &str| text.starts_with(|next: char| next.is_alphabetic() || next == '(');
    text.starts_with(['=', '@']) || text.strip_prefix(['+', '-']).is_some_and(begins)
}

/// True for `6.99E+12`, as spreadsheets show long numbers.
fn is_shortened(text: &str) -> bool {
    let Some((digits, power)) = text.split_once("E+").or_else(|| text.split_once("e+")) else { return false };
    let numeric =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    numeric(digits) && numeric(power)
}
