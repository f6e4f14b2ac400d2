//! Reading a CSV file with a fixed header, row by row, with positions for refusals.

use std::fs::File;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::refusal::Refusal;

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
}

impl Row<'_> {
    /// The text of a column by its index.
    pub(super) fn field(&self, index: usize) -> &str {
        self.fields.get(index).copied().unwrap_or("")
    }

    /// Refuses a column of this row.
    pub(super) fn refuse(&self, index: usize, expected: &str) -> Refusal {
        let column = self.columns.get(index).copied().unwrap_or("");
        Refusal::new(self.file, self.line, column, self.field(index), expected)
    }
}

/// Reads every row of a file through `read`. A byte-order mark and CRLF are accepted.
pub(super) fn read_rows<T>(
    path: &Path,
    columns: &[&'static str],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let whole = |line, found: String, expected: &str| Refusal::new(path, line, "(file)", &found, expected);
    let file = File::open(path).map_err(|error| whole(0, error.to_string(), "a readable file"))?;
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::None).from_reader(file);
    let mut record = ByteRecord::new();
    let mut rows = Vec::new();
    let mut is_header = true;
    loop {
        let more = reader.read_byte_record(&mut record);
        let line = record.position().map_or(0, csv::Position::line);
        if !more.map_err(|error| whole(line, error.to_string(), "CSV"))? {
            break;
        }
        let fields = texts(path, line, columns, &record)?;
        if is_header {
            check_header(path, columns, &fields)?;
            is_header = false;
            continue;
        }
        if fields.len() != columns.len() {
            let expected = format!("{} columns ({})", columns.len(), columns.join(","));
            return Err(Refusal::new(path, line, "(row)", &format!("{} columns", fields.len()), &expected));
        }
        if rows.len() >= ROWS_MAX {
            return Err(whole(line, format!("more than {ROWS_MAX} rows"), "a smaller file"));
        }
        rows.push(read(&Row { file: path, line, columns, fields })?);
    }
    if is_header {
        return Err(whole(1, String::new(), &format!("the header {}", columns.join(","))));
    }
    Ok(rows)
}

fn texts<'a>(
    path: &Path,
    line: u64,
    columns: &[&'static str],
    record: &'a ByteRecord,
) -> Result<Vec<&'a str>, Refusal> {
    let name = |index: usize| columns.get(index).copied().unwrap_or("(row)");
    let text = |(index, bytes): (usize, &'a [u8])| {
        if bytes.len() > FIELD_LEN_MAX {
            let found = format!("{} bytes", bytes.len());
            return Err(Refusal::new(
                path,
                line,
                name(index),
                &found,
                &format!("at most {FIELD_LEN_MAX} bytes"),
            ));
        }
        std::str::from_utf8(bytes)
            .map_err(|_| Refusal::new(path, line, name(index), &String::from_utf8_lossy(bytes), "UTF-8 text"))
    };
    record.iter().enumerate().map(text).collect()
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
