//! Keys by the names a browser gives them (`KeyboardEvent.key`, or `Numpad…` for the number pad).

/// The WebDriver code point of a named key; a single character stands for itself.
///
/// # Panics
/// On a name that is neither, so that a misspelt key fails the test where it is written.
pub(crate) fn code_point(name: &str) -> char {
    let mut chars = name.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return only;
    }
    match NAMED.iter().find(|(known, _)| *known == name) {
        Some((_, code)) => *code,
        None => panic!("no key is called {name:?}"),
    }
}

const NAMED: &[(&str, char)] = &[
    ("Backspace", '\u{e003}'),
    ("Tab", '\u{e004}'),
    ("Shift", '\u{e008}'),
    ("Control", '\u{e009}'),
    ("Alt", '\u{e00a}'),
    ("Escape", '\u{e00c}'),
    ("PageUp", '\u{e00e}'),
    ("PageDown", '\u{e00f}'),
    ("End", '\u{e010}'),
    ("Home", '\u{e011}'),
    ("ArrowLeft", '\u{e012}'),
    ("ArrowUp", '\u{e013}'),
    ("ArrowRight", '\u{e014}'),
    ("ArrowDown", '\u{e015}'),
    ("Insert", '\u{e016}'),
    ("Delete", '\u{e017}'),
    ("Enter", '\u{e007}'),
    ("Numpad0", '\u{e01a}'),
    ("Numpad1", '\u{e01b}'),
    ("Numpad2", '\u{e01c}'),
    ("Numpad3", '\u{e01d}'),
    ("Numpad4", '\u{e01e}'),
    ("Numpad5", '\u{e01f}'),
    ("Numpad6", '\u{e020}'),
    ("Numpad7", '\u{e021}'),
    ("Numpad8", '\u{e022}'),
    ("Numpad9", '\u{e023}'),
    ("NumpadMultiply", '\u{e024}'),
    ("NumpadAdd", '\u{e025}'),
    ("NumpadSubtract", '\u{e027}'),
    ("NumpadDecimal", '\u{e028}'),
    ("F1", '\u{e031}'),
    ("F2", '\u{e032}'),
    ("F3", '\u{e033}'),
    ("F4", '\u{e034}'),
    ("F5", '\u{e035}'),
    ("F6", '\u{e036}'),
    ("F7", '\u{e037}'),
    ("F8", '\u{e038}'),
    ("F9", '\u{e039}'),
    ("F10", '\u{e03a}'),
    ("F11", '\u{e03b}'),
    ("F12", '\u{e03c}'),
];
