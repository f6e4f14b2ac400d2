//! Just enough of Rust's grammar to tell code from comments and text.

/// The source with comments and the insides of literals replaced by spaces. *Shape:* the same lines, and the
/// same number of characters in each.
pub(crate) fn without_comments_and_text(rust: &str) -> String {
    let chars: Vec<char> = rust.chars().collect();
    let mut code = String::with_capacity(rust.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_literal_or_comment(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment or literal that starts at `at` ends, or `at` when none starts there.
fn end_of_literal_or_comment(chars: &[char], at: usize) -> usize {
    let starts = |with: &str| with.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let in_word = at > 0 && is_word(chars[at - 1]);
    if starts("//") {
        return position(chars, at, |rest| rest[0] == '\n');
    }
    if starts("/*") {
        return end_of_block_comment(chars, at);
    }
    if chars[at] == '"' {
        return end_of_text(chars, at, '"');
    }
    if !in_word && (starts("r") || starts("br")) {
        let hashes_at = if starts("r") { at + 1 } else { at + 2 };
        let hashes = chars[hashes_at..].iter().take_while(|c| **c == '#').count();
        if chars.get(hashes_at + hashes) == Some(&'"') {
            let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let inside = hashes_at + hashes + 1;
            return (position(chars, inside, |rest| rest.starts_with(&close)) + close.len()).min(chars.len());
        }
    }
    // A quote starts a character (`'x'`, `'\n'`) or a lifetime (`'a`), which is left as code.
    let is_character = chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'');
    if chars[at] == '\'' && is_character { end_of_text(chars, at, '\'') } else { at }
}

fn position(chars: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| found(&chars[*at..])).unwrap_or(chars.len())
}

fn end_of_text(chars: &[char], open: usize, quote: char) -> usize {
    let mut at = open + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn end_of_block_comment(chars: &[char], open: usize) -> usize {
    let mut depth = 0;
    let mut at = open;
    while at < chars.len() {
        let step = match chars[at..] {
            ['/', '*', ..] => 1,
            ['*', '/', ..] => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            return at;
        }
    }
    at
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::without_comments_and_text;

    /// What is left of `rust` besides spaces; its shape never changes.
    fn check(rust: &str, left: &str) {
        let code = without_comments_and_text(rust);
        let shape = |text: &str| text.split('\n').map(|line| line.chars().count()).collect::<Vec<_>>();
        assert_eq!(code.replace(' ', ""), left, "of {rust}");
        assert_eq!(shape(&code), shape(rust), "of {rust}");
    }

    #[test]
    fn comments_and_literals_become_spaces_and_code_stays() {
        check("a // b\nc", "a\nc");
        check("a /* b /* c */ \n d */ e", "a\ne");
        check(r#"f("{ \" }", "}")"#, "f(,)");
        check("r#\"{\"#;r\"{\";br\"{\";r##\"\"#\"##;", ";;;;");
        check("bar\"{\" + r", "bar+r");
        check(r"'{' '\'' '\u{41}' '算' &'a T<'b>", "&'aT<'b>");
        check("\"two\nlines\" x", "\nx");
        check("x \"open", "x");
    }
}
