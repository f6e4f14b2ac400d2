//! Reading a CSV file with a fixed header, row by row, with positions for refusals.

use std::path::Path;

use suanpan_domain::catalogue::unseen;
use sync_server::csv::{self, CsvError, Record, Records};

use super::refusal::Refusal;

/// Bytes of one file: the most rows of it are shorter.
const FILE_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The most rows of one file: a decade of a busy store, and a bound on memory.
const ROWS_MAX: usize = 20_000_000;
/// The longest field, bytes.
const FIELD_LEN_MAX: usize = 256;

/// One row: its line in the file and its fields as text.
pub(super) struct Row<'a> {
    pub(super) file: &'a Path,
    pub(super) line: u64,
    columns: &'a [&'static str],
    fields: Vec<&'a str>,
    record: &'a Record,
}

impl Row<'_> {
    /// The text of a column by its index.
    pub(super) fn field(&self, index: usize) -> &str {
        self.fields.get(index).copied().unwrap_or("")
    }

    /// Refuses a column of this row.
    pub(super) fn refuse(&self, index: usize, expected: &str) -> Refusal {
        let column = self.columns.get(index).copied().unwrap_or("");
        Refusal::new(self.file, self.record.line(index), column, self.field(index), expected)
    }
}

/// Reads every row of a file through `read`. A byte-order mark, CRLF and rows of commas alone are accepted.
pub(super) fn read_rows<T>(
    path: &Path,
    columns: &[&'static str],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let whole = |line, found: &str, expected: &str| Refusal::new(path, line, "(file)", found, expected);
    let file = csv::open(path, FILE_MAX).map_err(|(expected, found)| whole(0, &found, &expected))?;
    let mut records = Records::new(file).map_err(|error| whole(0, &error.to_string(), "a readable file"))?;
    let broken = |error: CsvError| whole(error.line, &error.found, error.expected);
    let Some(header) = records.read().map_err(broken)? else {
        return Err(whole(1, "", &format!("the header {}", columns.join(","))));
    };
    check_header(path, columns, &texts(path, columns, header)?)?;
    let mut rows = Vec::new();
    while let Some(record) = records.read().map_err(broken)? {
        if record.cells().all(<[u8]>::is_empty) {
            continue;
        }
        let (line, fields) = (record.line(0), texts(path, columns, record)?);
        if fields.len() != columns.len() {
            let expected = format!("{} columns ({})", columns.len(), columns.join(","));
            return Err(Refusal::new(path, line, "(row)", &format!("{} columns", fields.len()), &expected));
        }
        if rows.len() >= ROWS_MAX {
            return Err(whole(line, &format!("more than {ROWS_MAX} rows"), "a smaller file"));
        }
        rows.push(read(&Row { file: path, line, columns, fields, record })?);
    }
    Ok(rows)
}

fn texts<'a>(path: &Path, columns: &[&'static str], record: &'a Record) -> Result<Vec<&'a str>, Refusal> {
    let name = |index: usize| columns.get(index).copied().unwrap_or("(row)");
    let text = |(index, bytes): (usize, &'a [u8])| {
        let refuse = |found: &str, expected: &str| {
            Refusal::new(path, record.line(index), name(index), found, expected)
        };
        if bytes.len() > FIELD_LEN_MAX {
            return Err(refuse(&format!("{} bytes", bytes.len()), &format!("at most {FIELD_LEN_MAX} bytes")));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| refuse(&String::from_utf8_lossy(bytes), csv::not_utf8(bytes)))?;
        match unseen(text) {
            Some(_) => Err(refuse(text, "no characters that cannot be seen")),
            None => Ok(text),
        }
    };
    record.cells().enumerate().map(text).collect()
}

fn check_header(path: &Path, columns: &[&'static str], fields: &[&str]) -> Result<(), Refusal> {
    for (index, column) in columns.iter().enumerate() {
        let found = fields.get(index).copied().unwrap_or("");
        if found != *column {
            let expected = format!("the header \"{column}\" (whole header: {})", columns.join(","));
            return Err(Refusal::new(path, 1, column, found, &expected));
        }
    }
    if fields.len() > columns.len() {
        let extra = fields.get(columns.len()).copied().unwrap_or("");
        return Err(Refusal::new(path, 1, "(row)", extra, &format!("only {}", columns.join(","))));
    }
    Ok(())
}
