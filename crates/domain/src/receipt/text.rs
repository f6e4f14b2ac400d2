//! Column maths of a receipt printer's character cells.

/// Counts the columns a character takes on a Chinese receipt printer.
///
/// *Invariant:* everything outside ASCII is two columns, because the printer's GB18030 font holds `é` and `“` as
/// full-width glyphs just like a hanzi.
pub fn char_columns(c: char) -> usize {
    if c.is_ascii() { 1 } else { 2 }
}

/// Counts the columns of a whole text.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).fold(0, usize::saturating_add)
}

/// Makes a text safe and readable for a printer: one line, no controls, no invisible marks, no accents.
///
/// Controls must go before layout: an ESC inside an item's name would reach the printer as a command and could open
/// the drawer. Accented Latin letters become plain ones, since the printer would show them double width or not at all.
pub fn printable(text: &str) -> String {
    text.chars().filter_map(printable_char).collect()
}

fn printable_char(c: char) -> Option<char> {
    Some(match c {
        '\t' | '\n' | '\r' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => ' ',
        '¥' => '￥',
        _ if c.is_control() || is_invisible(c) => return None,
        _ => without_accent(c),
    })
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn without_accent(c: char) -> char {
    match c {
        'À'..='Å' | 'Ā' => 'A',
        'Ç' => 'C',
        'È'..='Ë' | 'Ē' | 'Ě' => 'E',
        'Ì'..='Ï' | 'Ī' => 'I',
        'Ñ' => 'N',
        'Ò'..='Ö' | 'Ø' | 'Ō' => 'O',
        'Ù'..='Ü' | 'Ū' => 'U',
        'à'..='å' | 'ā' | 'ǎ' => 'a',
        'ç' => 'c',
        'è'..='ë' | 'ē' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'ǐ' => 'i',
        'ñ' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ǒ' => 'o',
        'ù'..='ü' | 'ū' | 'ǔ' | 'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' => 'u',
        'ý' | 'ÿ' => 'y',
        '²' => '2',
        '³' => '3',
        _ => c,
    }
}

/// Breaks a text into lines of at most `width` columns, losing nothing but the blanks it breaks at.
///
/// Latin words stay whole where a line can hold them; hanzi may break anywhere. An empty text is one empty line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    // A hanzi needs two columns; anything narrower could never make progress.
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text) {
        if columns(&line).saturating_add(columns(word)) <= width {
            line.push_str(word);
            continue;
        }
        if !line.trim_end().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        line.clear();
        for c in word.trim_start().chars() {
            if columns(&line).saturating_add(char_columns(c)) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Splits into what may not be broken: a run of ASCII without blanks, one blank, or one wide character.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if first.is_ascii_graphic() {
            rest.find(|c: char| !c.is_ascii_graphic()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, tail) = rest.split_at(end);
        rest = tail;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, width: usize, expected: &[&str]) {
        assert_eq!(wrap(text, width), expected, "{text:?} in {width} columns");
    }

    #[test]
    fn wrapping_keeps_latin_words_whole_and_breaks_between_hanzi() {
        check("", 10, &[""]);
        check("西红柿", 6, &["西红柿"]);
        check("西红柿", 5, &["西红", "柿"]);
        check("fresh whole milk", 11, &["fresh whole", "milk"]);
        check("蒙牛 milk 250ml", 9, &["蒙牛 milk", "250ml"]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
        check("   西", 2, &["西"]);
        check("柿柿", 1, &["柿", "柿"]);
    }

    #[test]
    fn a_name_cannot_carry_commands_or_invisible_marks_to_the_printer() {
        assert_eq!(printable("a\u{1b}p\u{0}b\u{7f}"), "apb");
        assert_eq!(printable("上\n下\t左\u{200b}右\u{fe0f}"), "上 下 左右");
        assert_eq!(printable("Crème brûlée ¥5"), "Creme brulee ￥5");
    }

    proptest! {
        #[test]
        fn wrapping_fits_every_line_and_loses_only_blanks(text in "[a-z西红柿，é ]{0,60}", width in 2usize..50) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| columns(line) <= width));
            let squeeze = |s: &str| s.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
