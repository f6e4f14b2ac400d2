//! Words that belong nowhere, or in one place only.

use super::code::{is_word, without_comments_and_text};
use super::source::{Finding, Source};

struct Word {
    word: &'static str,
    /// In files with these extensions; every text file when empty.
    kinds: &'static [&'static str],
    /// In these folders; everywhere when empty.
    under: &'static [&'static str],
    /// Not in these folders.
    except: &'static [&'static str],
    /// Whether comments and literals may say it.
    code_only: bool,
    why: &'static str,
}

const ANYWHERE: Word = Word { word: "", kinds: &[], under: &[], except: &[], code_only: false, why: "" };
const UNFINISHED: Word = Word { why: "finish it or write it down outside the code", ..ANYWHERE };
const SKIPPED: Word = Word { kinds: &["rs", "ts"], why: "every test runs", ..ANYWHERE };
const MACHINE: Word = Word { why: "names one machine", ..ANYWHERE };
const SQL: Word = Word {
    kinds: &["rs"],
    except: &["crates/ledger/", "sync-server/src/store/", "sync-server/tests/", "tests/"],
    why: "SQL lives in ledger and in sync-server's store",
    ..ANYWHERE
};
const INEXACT: Word = Word {
    kinds: &["rs"],
    under: &["crates/domain/", "crates/journal/", "crates/sync/", "crates/ledger/"],
    code_only: true,
    why: "money and weight are integers",
    ..ANYWHERE
};

const WORDS: &[Word] = &[
    Word { word: "TODO", ..UNFINISHED },
    Word { word: "FIXME", ..UNFINISHED },
    Word { word: "todo!", ..UNFINISHED },
    Word { word: "unimplemented!", ..UNFINISHED },
    Word { word: "dbg!", ..UNFINISHED },
    Word { word: "#[ignore", ..SKIPPED },
    Word { word: "it.skip", ..SKIPPED },
    Word { word: "it.only", ..SKIPPED },
    Word { word: "test.skip", ..SKIPPED },
    Word { word: "test.only", ..SKIPPED },
    Word { word: "/work/", ..MACHINE },
    Word { word: "/root/", ..MACHINE },
    Word { word: "/Users/", ..MACHINE },
    Word { word: "rusqlite", code_only: true, ..SQL },
    Word { word: "\"select ", ..SQL },
    Word { word: "\"insert into ", ..SQL },
    Word { word: "\"delete from ", ..SQL },
    Word { word: "\"create table ", ..SQL },
    Word { word: "\"pragma ", ..SQL },
    Word { word: "f32", ..INEXACT },
    Word { word: "f64", ..INEXACT },
];

/// This file has to say them.
const SELF: &[&str] = &["crates/xtask/src/tidy/words.rs"];

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.is_under(SELF) {
        return findings;
    }
    let code = if source.is(&["rs"]) { without_comments_and_text(&source.text) } else { source.text.clone() };
    for word in WORDS.iter().filter(|word| word.applies_to(source)) {
        let text = if word.code_only { &code } else { &source.text };
        for (line, _) in text.lines().enumerate().filter(|(_, text)| says(text, word.word)) {
            findings.push(format!("{}:{}: {}: {}", source.path, line + 1, word.word, word.why));
        }
    }
    findings
}

impl Word {
    fn applies_to(&self, source: &Source) -> bool {
        (self.kinds.is_empty() || source.is(self.kinds))
            && (self.under.is_empty() || source.is_under(self.under))
            && !source.is_under(self.except)
    }
}

/// Whether the line has the word as a whole, not as a part of a longer one.
fn says(line: &str, word: &str) -> bool {
    let joins = |edge: Option<char>, neighbour: Option<char>| {
        edge.is_some_and(is_word) && neighbour.is_some_and(is_word)
    };
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !joins(word.chars().next(), before.chars().next_back())
            && !joins(word.chars().next_back(), after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::source;

    fn check(path: &str, text: &str, lines: &[usize]) {
        let found: Vec<String> = super::check(&source(path, text));
        let expected: Vec<String> = lines.iter().map(|line| format!("{path}:{line}: ")).collect();
        let same =
            found.len() == expected.len() && found.iter().zip(&expected).all(|(f, e)| f.starts_with(e));
        assert!(same, "{path} with {text:?}: {found:?}, expected lines {lines:?}");
    }

    #[test]
    fn unfinished_work_is_named_in_every_file() {
        check("README.md", "a\nTODO: b", &[2]);
        check("crates/domain/src/a.rs", "// FIXME\nfn a() { todo!() }", &[1, 2]);
        check("crates/domain/src/a.rs", "const TODOS: u8 = 1;", &[]);
    }

    #[test]
    fn skipped_tests_and_machine_paths_are_named() {
        check("tests/a.rs", "#[ignore = \"slow\"]", &[1]);
        check("ui/src/a.test.ts", "it.only('sells')", &[1]);
        check("docs/a.md", "see /root/notes and http://host/works/", &[1]);
    }

    #[test]
    fn sql_stays_where_the_tables_are() {
        check("crates/station/src/a.rs", "let q = \"select 1\";\nuse rusqlite::Row; // rusqlite", &[2, 1]);
        check("crates/station/src/a.rs", "// why not rusqlite: \"please select one\"", &[]);
        check("crates/ledger/src/a.rs", "let q = \"select 1\";", &[]);
        check("sync-server/src/http/a.rs", "let q = \"pragma user_version\";", &[1]);
        check("sync-server/src/store/a.rs", "let q = \"delete from feed\";", &[]);
    }

    #[test]
    fn the_exact_crates_have_no_floats_in_code() {
        check("crates/domain/src/a.rs", "// an f64 would round\nlet x: f64 = 0.0;", &[2]);
        check("crates/devices/src/a.rs", "let x: f64 = 0.0;", &[]);
    }
}
