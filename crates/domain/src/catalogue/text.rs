//! Characters that nobody sees, and wide ones where narrow ones are meant.

use std::fmt::Write;

/// The most characters of a value that a refusal shows.
const SHOWN_MAX: usize = 40;

/// The first character that neither screen nor paper shows: a control character, one of no width, one that turns the
/// direction of what follows, or the mark of one that was lost.
pub fn unseen(text: &str) -> Option<char> {
    text.chars().find(|character| is_unseen(*character))
}

pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

/// A code or number as it is kept: wide digits, letters and signs made narrow, no blanks at the ends.
pub fn narrow(text: &str) -> String {
    let narrowed = |character: char| match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character).saturating_sub(0xfee0)).unwrap_or(character)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    };
    text.chars().map(narrowed).collect::<String>().trim().to_owned()
}

/// A value for a refusal: short, and with what nobody sees written out.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", written_out(text.get(..end).unwrap_or_default())),
        None => written_out(text),
    }
}

/// A text with what nobody sees written out, such as `\u{200b}`.
pub fn written_out(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        // Writing to a text cannot fail.
        let _ = match is_unseen(character) {
            true => write!(out, "\\u{{{:x}}}", u32::from(character)),
            false => write!(out, "{character}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_and_written_out() {
        for (text, found, seen) in [
            ("菠菜", None, "菠菜"),
            ("净藕(1)", None, "净藕(1)"),
            ("菠\u{200b}菜", Some('\u{200b}'), "菠\\u{200b}菜"),
            ("a\0", Some('\0'), "a\\u{0}"),
            ("\u{1b}[31m", Some('\u{1b}'), "\\u{1b}[31m"),
            ("\u{202e}abc", Some('\u{202e}'), "\\u{202e}abc"),
            ("a\u{fffd}", Some('\u{fffd}'), "a\\u{fffd}"),
        ] {
            assert_eq!((unseen(text), shown(text).as_str()), (found, seen), "{text:?}");
        }
        assert_eq!(shown(&"菜".repeat(41)).chars().count(), 41);
    }

    #[test]
    fn wide_digits_and_signs_become_narrow() {
        assert_eq!(narrow("　１２．５０ "), "12.50");
        assert_eq!(narrow("ＨＴ０１"), "HT01");
        assert_eq!(narrow("a\u{3000}b"), "a b");
    }
}
