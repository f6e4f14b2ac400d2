//! Reads CSV as the people do who wrote it: lines are numbered as their editor numbers them, with LF, CRLF or CR and with
//! cells of several lines; a quote left open is refused where it opens instead of swallowing the rest.

use std::io::{BufRead, Read};

/// Bytes of one row. A quote left open is seen here, and not when the memory is full.
const ROW_MAX: usize = 1024 * 1024;

/// The three bytes with which Windows' programs mark UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What cannot be read as CSV, and the line on which it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct CsvError {
    /// The line, from 1.
    pub line: u64,
    /// What was expected.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

/// One row: its cells, and the line on which each begins.
#[derive(Debug, Default)]
pub struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    lines: Vec<u64>,
}

impl Record {
    /// How many cells it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True before a row was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a cell without its quotes; line breaks in it are LF.
    #[must_use]
    pub fn cell(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let begin = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(begin..end)
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.cell(index))
    }

    /// The line on which a cell begins; that of the row for a cell that it lacks.
    #[must_use]
    pub fn line(&self, index: usize) -> u64 {
        self.lines.get(index).or(self.lines.first()).copied().unwrap_or(1)
    }

    fn begin(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.lines.clear();
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// The rows of a CSV file, one after the other.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    line: u64,
    record: Record,
}

/// Where the next byte belongs.
enum At {
    Begin,
    Plain,
    Quoted(u64),
    Closed,
}

impl<R: BufRead> Records<R> {
    /// Reads from the beginning; a byte-order mark is left out.
    ///
    /// *Errors:* the input's.
    pub fn new(mut input: R) -> std::io::Result<Records<R>> {
        let marked = input.fill_buf()?.starts_with(MARK);
        input.consume(if marked { MARK.len() } else { 0 });
        Ok(Records { input, line: 1, record: Record::default() })
    }

    /// The next row that is not a blank line; `None` at the end.
    ///
    /// *Errors:* `CsvError`.
    pub fn read(&mut self) -> Result<Option<&Record>, CsvError> {
        self.record.begin();
        let mut at = At::Begin;
        self.record.lines.push(self.line);
        loop {
            let byte = self.byte()?;
            if self.record.bytes.len() > ROW_MAX {
                let found = format!("more, from line {} on", self.record.line(0));
                return Err(self.error("a row of at most 1 MiB (a quote may be left open)", found));
            }
            at = match (at, byte) {
                (At::Quoted(opened), None) => {
                    let found = "the end of the file".to_owned();
                    return Err(CsvError { line: opened, expected: "a quote that is closed", found });
                }
                (At::Quoted(_), Some(b'"')) => At::Closed,
                (At::Quoted(opened), Some(byte)) => {
                    let kept = if self.ends_line(byte)? { b'\n' } else { byte };
                    self.record.bytes.push(kept);
                    At::Quoted(opened)
                }
                (At::Closed, Some(b'"')) => {
                    self.record.bytes.push(b'"');
                    At::Quoted(self.line)
                }
                (At::Begin, Some(b'"')) => At::Quoted(self.line),
                (_, Some(b',')) => {
                    self.record.end_cell();
                    self.record.lines.push(self.line);
                    At::Begin
                }
                (_, None) => {
                    let is_blank = self.is_blank();
                    self.record.end_cell();
                    return Ok(Some(&self.record).filter(|_| !is_blank));
                }
                (at, Some(byte)) => {
                    if self.ends_line(byte)? {
                        if !self.is_blank() {
                            self.record.end_cell();
                            return Ok(Some(&self.record));
                        }
                        self.record.lines = vec![self.line];
                        At::Begin
                    } else if matches!(at, At::Closed) && !byte.is_ascii_whitespace() {
                        let found = char::from(byte).to_string();
                        return Err(self.error("a comma or the end of the line after a closing quote", found));
                    } else if matches!(at, At::Closed) {
                        At::Closed
                    } else {
                        self.record.bytes.push(byte);
                        At::Plain
                    }
                }
            };
        }
    }

    fn is_blank(&self) -> bool {
        self.record.bytes.is_empty() && self.record.ends.is_empty()
    }

    /// Whether a byte ends a line, which is counted; the LF of a CRLF is taken along.
    fn ends_line(&mut self, byte: u8) -> Result<bool, CsvError> {
        if byte == b'\r' && self.peek()? == Some(b'\n') {
            self.input.consume(1);
        }
        let ends = matches!(byte, b'\r' | b'\n');
        self.line += u64::from(ends);
        Ok(ends)
    }

    fn byte(&mut self) -> Result<Option<u8>, CsvError> {
        let byte = self.peek()?;
        self.input.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    fn peek(&mut self) -> Result<Option<u8>, CsvError> {
        loop {
            match self.input.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let found = error.to_string();
                    return Err(CsvError { line: self.line, expected: "a readable file", found });
                }
            }
        }
    }

    fn error(&self, expected: &'static str, found: String) -> CsvError {
        CsvError { line: self.line, expected, found }
    }
}

/// What to do about bytes that are not UTF-8.
#[must_use]
pub fn not_utf8(bytes: &[u8]) -> &'static str {
    let mut rest = bytes;
    let mut pairs = 0u32;
    loop {
        match rest {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] if rest.len() == bytes.len() => {
                return "UTF-8, not UTF-16: in Excel 「另存为」「CSV UTF-8（逗号分隔）」, in Notepad the encoding UTF-8";
            }
            [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, after @ ..] => {
                pairs += 1;
                rest = after;
            }
            [0..=0x7f, after @ ..] => rest = after,
            [] if pairs > 0 => {
                return "UTF-8, not GBK: in Excel 「另存为」「CSV UTF-8（逗号分隔）」, in Notepad the encoding UTF-8";
            }
            _ => return "UTF-8",
        }
    }
}

/// Opens a file that is one, whatever links lead to it, and is not too large.
///
/// *Errors:* what was expected and what is there.
pub fn open(path: &std::path::Path, bytes_max: u64) -> Result<impl BufRead, (String, String)> {
    let readable = |error: std::io::Error| ("a readable file".to_owned(), error.to_string());
    let facts = std::fs::metadata(path).map_err(readable)?;
    if !facts.is_file() {
        let found = if facts.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(("a file".to_owned(), found.to_owned()));
    }
    if facts.len() > bytes_max {
        let expected = format!("a file of at most {} MiB", bytes_max / (1024 * 1024));
        return Err((expected, format!("{} bytes", facts.len())));
    }
    let file = std::fs::File::open(path).map_err(readable)?;
    Ok(std::io::BufReader::with_capacity(256 * 1024, file.take(bytes_max)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as their line and cells.
    fn check(text: &str, want: &[(u64, &[&str])]) {
        let mut records = Records::new(text.as_bytes()).unwrap();
        let mut found = Vec::new();
        while let Some(record) = records.read().unwrap() {
            let cells: Vec<String> =
                record.cells().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect();
            found.push((record.line(0), cells));
        }
        let want: Vec<(u64, Vec<String>)> = want
            .iter()
            .map(|(line, cells)| (*line, cells.iter().map(|it| (*it).to_owned()).collect()))
            .collect();
        assert_eq!(found, want, "{text:?}");
    }

    #[test]
    fn rows_stand_on_the_lines_that_an_editor_shows() {
        check("", &[]);
        check("\r\n\n", &[]);
        check("a,b\n1,2\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("\u{feff}a\r\n1\r\n2", &[(1, &["a"]), (2, &["1"]), (3, &["2"])]);
        check("a\r1\r2\r", &[(1, &["a"]), (2, &["1"]), (3, &["2"])]);
        check("a\r\n\r\n\r\n1\r\n", &[(1, &["a"]), (4, &["1"])]);
        check("\"x\r\ny\",b\r\n1,2\r\n", &[(1, &["x\ny", "b"]), (3, &["1", "2"])]);
        check("a,,\n,,\n", &[(1, &["a", "", ""]), (2, &["", "", ""])]);
        check("\"say \"\"hi\"\"\" ,5\" pipe\n", &[(1, &["say \"hi\"", "5\" pipe"])]);
    }

    #[test]
    fn a_cell_knows_its_own_line() {
        let mut records = Records::new(&b"\"a\r\nb\r\nc\",d\r\ne"[..]).unwrap();
        let record = records.read().unwrap().unwrap();
        assert_eq!((record.line(0), record.line(1), record.line(7)), (1, 3, 1));
        assert_eq!(records.read().unwrap().unwrap().line(0), 4);
    }

    #[test]
    fn a_quote_left_open_is_refused_where_it_opens() {
        for (text, line) in [("a\n1\n\"2\n3\n4\n", 3), ("a\n\"1\"2\n", 2), ("a,\"b\nc", 1)] {
            let mut records = Records::new(text.as_bytes()).unwrap();
            let error = loop {
                match records.read() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{text:?} was read"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.line, line, "{text:?}");
        }
        let open = format!("a\n\"{}", "x\n".repeat(ROW_MAX));
        let mut records = Records::new(open.as_bytes()).unwrap();
        records.read().unwrap();
        assert!(records.read().unwrap_err().found.contains("line 2"));
    }

    #[test]
    fn an_encoding_is_named_with_its_remedy() {
        for (bytes, named) in [
            (&b"\xb2\xa4\xb2\xcb"[..], "not GBK"),
            (b"10101,\xb2\xa4\xb2\xcb,", "not GBK"),
            (b"\xff\xfea\0", "not UTF-16"),
            (b"\xe8\x8f", "not GBK"),
            (b"abc\xff", "UTF-8"),
        ] {
            assert!(not_utf8(bytes).contains(named), "{bytes:?}: {}", not_utf8(bytes));
        }
        assert_eq!(not_utf8(b"abc\xff"), "UTF-8");
    }
}
