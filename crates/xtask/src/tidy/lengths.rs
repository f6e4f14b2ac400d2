//! A file fits a head, a function fits a screen.

use super::code::{is_word, without_comments_and_text};
use super::source::{Finding, Source};

const FILE_LINES_MAX: usize = 500;
const TEST_FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;
const KINDS: &[&str] = &["rs", "ts", "vue", "css", "sh", "sql"];
const GENERATED: &[&str] = &["ui/src/bindings/"];

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let path = &source.path;
    let mut findings = Vec::new();
    if !source.is(KINDS) || source.is_under(GENERATED) {
        return findings;
    }
    let (lines, max) = (source.text.lines().count(), file_lines_max(path));
    if lines > max {
        findings.push(format!("{path}: {lines} lines; split it, a file has at most {max}"));
    }
    if source.is(&["rs"]) {
        for function in functions(&source.text).into_iter().filter(|f| f.lines > FUNCTION_LINES_MAX) {
            let Function { name, line, lines } = function;
            findings
                .push(format!("{path}:{line}: fn {name} has {lines} lines; at most {FUNCTION_LINES_MAX}"));
        }
    }
    findings
}

fn file_lines_max(path: &str) -> usize {
    let is_test = path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with(".test.ts");
    if is_test { TEST_FILE_LINES_MAX } else { FILE_LINES_MAX }
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Every function with a body, nested ones too.
fn functions(rust: &str) -> Vec<Function> {
    let code: Vec<char> = without_comments_and_text(rust).chars().collect();
    let starts = (0..code.len())
        .filter(|at| code[*at..].starts_with(&['f', 'n', ' ']) && (*at == 0 || !is_word(code[*at - 1])));
    let lines_in = |part: &[char]| part.iter().filter(|c| **c == '\n').count();
    let function = |start: usize| {
        let name: String = code[start + 3..].iter().take_while(|c| is_word(**c)).collect();
        let end = end_of_body(&code, start)?;
        let (line, lines) = (lines_in(&code[..start]) + 1, lines_in(&code[start..end]) + 1);
        (!name.is_empty()).then_some(Function { name, line, lines })
    };
    starts.filter_map(function).collect()
}

/// Where the first `{…}` after `start` closes; nothing when a `;` outside brackets comes first.
fn end_of_body(code: &[char], start: usize) -> Option<usize> {
    let (mut brackets, mut braces) = (0, 0);
    for (at, c) in code.iter().enumerate().skip(start) {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if brackets == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => continue,
        }
        if *c == '}' && braces == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::source::source;
    use super::{Function, check, functions};

    #[test]
    fn functions_are_measured_from_their_name_to_their_last_brace() {
        let rust = "fn one() {}\ntrait T { fn none(x: [u8; 2]) -> [u8; 4]; }\n\
                    fn two() -> [u8; 2] {\n  let s = \"}\"; // }\n  fn inner() { }\n}\nlet f: fn(u8) = g;";
        let function = |name: &str, line, lines| Function { name: name.to_owned(), line, lines };
        assert_eq!(functions(rust), [function("one", 1, 1), function("two", 3, 4), function("inner", 5, 1)]);
    }

    #[test]
    fn a_file_one_line_too_long_is_named() {
        let long = |lines| "\n".repeat(lines);
        let refused = |path: &str, lines| !check(&source(path, &long(lines))).is_empty();
        assert!(!refused("crates/domain/src/a.rs", 500) && refused("crates/domain/src/a.rs", 501));
        assert!(!refused("tests/story/a.rs", 800) && refused("tests/story/a.rs", 801));
        assert!(!refused("ui/src/a.test.ts", 800) && refused("ui/src/a.vue", 501));
        assert!(!refused("ui/src/bindings/all.ts", 5000) && !refused("README.md", 5000));
    }

    #[test]
    fn a_function_one_line_too_long_is_named_with_its_line() {
        let body = |lines: usize| format!("\nfn long() {{{}}}", "\n".repeat(lines - 1));
        assert_eq!(check(&source("a.rs", &body(70))), [""; 0]);
        assert_eq!(check(&source("a.rs", &body(71))), ["a.rs:2: fn long has 71 lines; at most 70"]);
    }
}
