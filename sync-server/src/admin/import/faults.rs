//! What is wrong with the files of an import, gathered: whoever mends them sees all of it at once.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use suanpan_domain::catalogue::{shown, written_out};

/// Faults that are listed; of the others the number is told. More than a screenful is one mistake made many times.
const LISTED_MAX: usize = 100;

/// Where a row stands: its file, its line, and of fields that stand on other lines theirs.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) line: u64,
    pub(super) fields: Vec<(String, u64)>,
}

impl Place {
    pub(super) fn line_of(&self, field: &str) -> u64 {
        self.fields.iter().find(|(name, _)| name == field).map_or(self.line, |(_, line)| *line)
    }
}

/// Some of the faults in the order of the files, and how many there are.
#[derive(Default)]
struct List {
    listed: Vec<(usize, u64, String)>,
    count: usize,
}

/// Everything that was found.
#[derive(Default)]
pub(super) struct Faults {
    files: Vec<PathBuf>,
    refused: List,
    warned: List,
}

impl Faults {
    /// Takes in a file that will be spoken of; gives its number.
    pub(super) fn file(&mut self, path: &Path) -> usize {
        self.files.push(path.to_owned());
        self.files.len() - 1
    }

    /// Notes what must not be published.
    pub(super) fn refuse(&mut self, file: usize, line: u64, column: &str, expected: &str, found: &str) {
        let text = self.text(file, line, column, expected, found);
        self.refused.add(file, line, text);
    }

    /// Notes what may be meant.
    pub(super) fn warn(&mut self, file: usize, line: u64, column: &str, expected: &str, found: &str) {
        let text = self.text(file, line, column, expected, found);
        self.warned.add(file, line, text);
    }

    fn text(&self, file: usize, line: u64, column: &str, expected: &str, found: &str) -> String {
        let file = self.files.get(file).map(|path| path.display().to_string()).unwrap_or_default();
        let place = match line {
            0 => file,
            _ => format!("{file}, line {line}, column {}", shown(column)),
        };
        // Names of columns and of other rows come from the files too.
        written_out(&format!("{place}: expected {expected}, found \"{}\"", shown(found)))
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused.count > 0
    }

    /// All that is refused, for a person to read.
    pub(super) fn refusal(self) -> String {
        match self.refused.count {
            1 => format!("{}; nothing was imported", self.refused.lines().concat()),
            count => {
                let mut text = format!("{count} faults, nothing was imported:");
                for line in self.refused.lines() {
                    // Writing to a text cannot fail.
                    let _ = write!(text, "\n{line}");
                }
                text
            }
        }
    }

    /// The warnings, and how many there are.
    pub(super) fn warnings(self) -> (Vec<String>, usize) {
        let count = self.warned.count;
        (self.warned.lines(), count)
    }
}

impl List {
    fn add(&mut self, file: usize, line: u64, text: String) {
        self.count += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push((file, line, text));
        }
    }

    fn lines(mut self) -> Vec<String> {
        self.listed.sort_by_key(|(file, line, _)| (*file, *line));
        let more = self.count - self.listed.len();
        let more = (more > 0).then(|| format!("and {more} more"));
        self.listed.into_iter().map(|(_, _, text)| text).chain(more).collect()
    }
}
