//! Reads a CSV file whose columns are found by the names in its header.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{read, refuse};
use crate::error::HubError;

/// A whole CSV file.
pub(super) struct Csv {
    file: PathBuf,
    columns: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

/// One row of it.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    csv: &'a Csv,
    record: &'a csv::StringRecord,
}

impl Csv {
    /// Reads a file that must have these columns, in any order, and no others.
    pub(super) fn read(file: &Path, columns: &[&str]) -> Result<Csv, HubError> {
        let text = read(file)?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| refuse(file, error))?;
        let found: Vec<String> = header.iter().map(str::to_owned).collect();
        let same =
            found.len() == columns.len() && columns.iter().all(|name| found.iter().any(|it| it == name));
        if !same {
            return Err(refuse(file, format!("line 1: expected the columns {}", columns.join(","))));
        }
        let rows = reader.records().collect::<Result<_, _>>().map_err(|error| refuse(file, error))?;
        Ok(Csv { file: file.to_owned(), columns: found, rows })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { csv: self, record })
    }
}

impl<'a> Row<'a> {
    /// A cell's text; empty if it is.
    pub(super) fn text(&self, column: &str) -> &'a str {
        let at = self.csv.columns.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).unwrap_or("")
    }

    /// A cell that must not be empty.
    pub(super) fn needed(&self, column: &str) -> Result<String, HubError> {
        match self.text(column) {
            "" => Err(self.refuse(column, "a value")),
            text => Ok(text.to_owned()),
        }
    }

    pub(super) fn optional(&self, column: &str) -> Option<String> {
        Some(self.text(column).to_owned()).filter(|text| !text.is_empty())
    }

    /// A cell read as a number or code; an empty one gives the default.
    pub(super) fn parse<T: FromStr + Default>(&self, column: &str, expected: &str) -> Result<T, HubError> {
        match self.text(column) {
            "" => Ok(T::default()),
            text => text.parse().map_err(|_| self.refuse(column, expected)),
        }
    }

    /// `yes`, or nothing.
    pub(super) fn flag(&self, column: &str) -> Result<bool, HubError> {
        match self.text(column) {
            "" | "no" => Ok(false),
            "yes" => Ok(true),
            _ => Err(self.refuse(column, "yes or nothing")),
        }
    }

    /// Refuses a cell, naming file, line, column and what was expected.
    pub(super) fn refuse(&self, column: &str, expected: &str) -> HubError {
        let line = self.record.position().map_or(0, csv::Position::line);
        let found: String = self.text(column).chars().take(40).collect();
        refuse(
            &self.csv.file,
            format!("line {line}, column {column}: expected {expected}, found \"{found}\""),
        )
    }
}
