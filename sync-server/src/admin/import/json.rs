//! Reads a JSON file that is a list, and knows on which line every field stands.

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use suanpan_domain::catalogue::{Row, Table, shown, slips, unknown_fields};

use super::faults::{Faults, Place};
use crate::csv;

/// Bytes of one file: lists of a chain's stores, tenders and tabs, each a hundred times what is known.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// One part of the list.
pub(super) struct Element {
    pub(super) row: Row,
    pub(super) body: Value,
    pub(super) place: Place,
}

/// Reads a file; what cannot be read is noted.
pub(super) fn read(path: &Path, file: usize, table: Table, faults: &mut Faults) -> Vec<Element> {
    match text(path) {
        Ok(text) => parts(&text, file, table, faults),
        Err((line, expected, found)) => {
            faults.refuse(file, line, "(file)", &expected, &found);
            Vec::new()
        }
    }
}

fn text(path: &Path) -> Result<String, (u64, String, String)> {
    let mut bytes = Vec::new();
    let mut file = csv::open(path, FILE_MAX).map_err(|(expected, found)| (0, expected, found))?;
    file.read_to_end(&mut bytes).map_err(|error| (0, "a readable file".to_owned(), error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let bytes = error.as_bytes();
        let valid = bytes.get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let rest = bytes.get(valid.len()..).unwrap_or_default();
        let line = lines(&String::from_utf8_lossy(valid)) + 1;
        // The rest of the line is enough to know an encoding by.
        let rest = rest.split(|byte| matches!(byte, b'"' | b'\n')).next().unwrap_or_default();
        (line, csv::not_utf8(rest).to_owned(), String::from_utf8_lossy(rest).into_owned())
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

fn parts(text: &str, file: usize, table: Table, faults: &mut Faults) -> Vec<Element> {
    let mut found = Vec::new();
    let mut walk = Walk { text, at: 0, line: 1, fields: Vec::new() };
    let a_list = "a list: [ rows with commas between them ]";
    if walk.next() != Some(b'[') {
        faults.refuse(file, walk.line, "(file)", a_list, walk.rest());
        return found;
    }
    walk.skip(1);
    while walk.next() != Some(b']') {
        let rest = walk.rest();
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let body = match stream.next() {
            Some(Ok(body)) => body,
            Some(Err(error)) => {
                let line = walk.line + (error.line() as u64).saturating_sub(1);
                faults.refuse(
                    file,
                    line,
                    "(file)",
                    &format!("JSON: {}", why(&error)),
                    first_line(rest, error.line()),
                );
                return found;
            }
            None => {
                faults.refuse(file, walk.line, "(file)", a_list, "the end of the file");
                return found;
            }
        };
        let part = rest.get(..stream.byte_offset()).unwrap_or_default();
        let line = walk.line;
        walk.fields.clear();
        walk.value("");
        let place = Place { file, line, fields: std::mem::take(&mut walk.fields) };
        found.extend(element(part, body, place, table, faults));
        match walk.next() {
            Some(b',') => walk.skip(1),
            Some(b']') => {}
            _ => {
                faults.refuse(file, walk.line, "(file)", "a comma or the end of the list", walk.rest());
                return found;
            }
        }
    }
    walk.skip(1);
    if walk.next().is_some() {
        faults.refuse(file, walk.line, "(file)", "nothing behind the list", walk.rest());
    }
    found
}

fn element(part: &str, body: Value, place: Place, table: Table, faults: &mut Faults) -> Option<Element> {
    for field in unknown_fields(table, &body) {
        faults.refuse(place.file, place.line_of(&field), &field, "a field that there is", &field);
    }
    match Row::read(table, part) {
        Ok(row) => Some(Element { row, body, place }),
        Err(error) => {
            let slips = slips(table, &body);
            for slip in &slips {
                let line = place.line_of(&slip.field);
                faults.refuse(place.file, line, &slip.field, &slip.expected, &slip.found);
            }
            if !slips.is_empty() {
                return None;
            }
            let line = place.line + (error.line() as u64).saturating_sub(1);
            let expected = format!("a row that can be read: {}", why(&error));
            faults.refuse(place.file, line, "(row)", &expected, first_line(part, error.line()));
            None
        }
    }
}

/// What a reader says, without its own count of lines.
fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    shown(text.rsplit_once(" at line ").map_or(text.as_str(), |(why, _)| why))
}

fn first_line(text: &str, line: usize) -> &str {
    text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim()
}

/// Line breaks of a text as an editor counts them.
fn lines(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    (bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count() - pairs) as u64
}

/// Walks over JSON that was read already, to know where its fields stand.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    fields: Vec<(String, u64)>,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.line += lines(self.rest().get(..bytes).unwrap_or_default());
        self.at += bytes;
    }

    /// The next byte that is not blank.
    fn next(&mut self) -> Option<u8> {
        let rest = self.rest();
        self.skip(rest.len() - rest.trim_ascii_start().len());
        self.rest().bytes().next()
    }

    fn value(&mut self, path: &str) {
        self.fields.push((path.to_owned(), self.line));
        match self.next() {
            Some(b'{') => self.many(b'}', |walk, _| {
                let name = walk.text_here();
                walk.next();
                walk.skip(1);
                walk.next();
                walk.value(&if path.is_empty() { name } else { format!("{path}.{name}") });
            }),
            Some(b'[') => self.many(b']', |walk, nth| walk.value(&format!("{path}[{nth}]"))),
            Some(b'"') => drop(self.text_here()),
            _ => {
                let rest = self.rest();
                let len = rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                self.skip(len);
            }
        }
    }

    fn many(&mut self, end: u8, mut each: impl FnMut(&mut Self, usize)) {
        self.skip(1);
        let mut nth = 0;
        while let Some(byte) = self.next().filter(|byte| *byte != end) {
            match byte {
                b',' => self.skip(1),
                _ => {
                    each(self, nth);
                    nth += 1;
                }
            }
        }
        self.skip(1);
    }

    /// A text in quotes, which ends at a quote that is not escaped.
    fn text_here(&mut self) -> String {
        let mut is_escaped = false;
        let rest = self.rest();
        let end = rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        let len = end.map_or(rest.len(), |end| end + 2);
        self.skip(len);
        serde_json::from_str(rest.get(..len).unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_list_knows_its_line() {
        let text = "\u{20}[\r\n {\"id\": \"a \\\" ]\",\r\n  \"keys\": [\r\n   {\"item\": \"1\"},\r\n   {\"item\": \"2\"}]\r\n }\r\n]\r\n";
        let mut walk = Walk { text, at: 0, line: 1, fields: Vec::new() };
        walk.next();
        walk.value("");
        assert_eq!(walk.next(), None);
        for (field, line) in
            [("[0]", 2), ("[0].id", 2), ("[0].keys", 3), ("[0].keys[0].item", 4), ("[0].keys[1].item", 5)]
        {
            assert!(walk.fields.contains(&(field.to_owned(), line)), "{field}: {:?}", walk.fields);
        }
    }
}
