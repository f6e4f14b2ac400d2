//! Why a CSV file is refused: which file, line and column, what stood there and what was expected.

use std::fmt;
use std::path::{Path, PathBuf};

use suanpan_domain::catalogue::shown;

/// One refusal. Nothing of the file has been imported.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    file: PathBuf,
    line: u64,
    column: String,
    found: String,
    expected: String,
}

impl Refusal {
    pub(crate) fn new(file: &Path, line: u64, column: &str, found: &str, expected: &str) -> Refusal {
        Refusal {
            file: file.to_owned(),
            line,
            column: column.to_owned(),
            found: shown(found),
            expected: expected.to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { file, line, column, found, expected } = self;
        let file = file.display();
        write!(
            f,
            "{file}, line {line}, column {column}: expected {expected}, found \"{found}\"; nothing was imported"
        )
    }
}

impl std::error::Error for Refusal {}
