//! The statements of a text. Citus hands a change of a table to other servers as the text that it came in.

/// Cuts a text at the semicolons between its statements: not in a comment, between quotes or in a body between `$$`.
pub(super) fn statements(text: &str) -> Vec<&str> {
    let (mut all, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = text.get(at..) {
        let Some(next) = rest.chars().next() else { break };
        let inside = |opened: usize, end: &str| {
            let body = rest.get(opened..).unwrap_or_default();
            body.find(end).map_or(rest.len(), |length| opened + length + end.len())
        };
        at += match next {
            '-' if rest.starts_with("--") => inside(2, "\n"),
            '$' if rest.starts_with("$$") => inside(2, "$$"),
            '\'' => inside(1, "'"),
            '"' => inside(1, "\""),
            ';' => {
                all.extend(text.get(from..at));
                from = at + 1;
                1
            }
            next => next.len_utf8(),
        };
    }
    all.extend(text.get(from..));
    all.retain(|statement| {
        statement.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_its_statements_and_nowhere_else() {
        for (text, expected) in [
            ("", vec![]),
            ("-- a; b\n", vec![]),
            ("select 1", vec!["select 1"]),
            ("-- a; b\nselect 1; -- c;\nselect 2;\n", vec!["-- a; b\nselect 1", " -- c;\nselect 2"]),
            ("select ';' || \"a;b\"; select '''; '", vec!["select ';' || \"a;b\"", " select '''; '"]),
            ("do $$ begin; end; $$; select '算;盘'", vec!["do $$ begin; end; $$", " select '算;盘'"]),
            ("select 'open; end", vec!["select 'open; end"]),
        ] {
            assert_eq!(statements(text), expected, "{text}");
        }
    }
}
