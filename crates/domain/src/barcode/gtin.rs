//! GTIN-8, 12, 13 and 14: check digits and the one form a catalogue is searched by.

/// The check digit of the digits before it: weights 3, 1, 3, … from the right.
///
/// *Errors:* `None` when something is not a digit.
pub fn check_digit(body: &str) -> Option<u8> {
    let mut sum = 0u32;
    for (index, byte) in body.bytes().rev().enumerate() {
        let digit = u32::from(digit(byte)?);
        let weight = if index & 1 == 0 { 3 } else { 1 };
        sum = sum.checked_add(digit.checked_mul(weight)?)?;
    }
    let short = 10u32.checked_sub(sum.checked_rem(10)?)?;
    u8::try_from(short.checked_rem(10)?).ok()
}

/// True for 8, 12, 13 or 14 digits of which the last is the right check digit.
pub fn is_valid(code: &str) -> bool {
    matches!(code.len(), 8 | 12 | 13 | 14) && ends_with_check_digit(code)
}

/// True when the last digit is the check digit of those before it.
pub(super) fn ends_with_check_digit(digits: &str) -> bool {
    let Some((body, last)) = digits.split_at_checked(digits.len().saturating_sub(1)) else { return false };
    !body.is_empty()
        && check_digit(body).is_some_and(|check| last.bytes().next() == Some(check.wrapping_add(b'0')))
}

/// The form in which a valid GTIN is stored and searched; `None` for anything else.
///
/// *Shape:* a GTIN-12 gets a leading zero, a GTIN-14 with indicator 0 is the GTIN-13 within it, a GTIN-14 of a case
/// stays as it is, a GTIN-8 stays as it is.
pub fn normalise(code: &str) -> Option<String> {
    if !is_valid(code) {
        return None;
    }
    Some(match code.len() {
        12 => format!("0{code}"),
        14 => code.strip_prefix('0').unwrap_or(code).to_owned(),
        _ => code.to_owned(),
    })
}

/// The key under which a catalogue keeps any barcode: [`normalise`]d if it is a GTIN, else as it is.
pub fn barcode_key(code: &str) -> String {
    normalise(code).unwrap_or_else(|| code.to_owned())
}

/// A code as it is and as a keyboard under Caps Lock writes it, the former first.
pub fn cases(code: &str) -> Vec<String> {
    let mut cases = vec![code.to_owned()];
    if code.bytes().any(|b| b.is_ascii_alphabetic()) {
        let swap =
            |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        let swapped: String = code.chars().map(swap).collect();
        for case in [code.to_ascii_uppercase(), code.to_ascii_lowercase(), swapped] {
            if !cases.contains(&case) {
                cases.push(case);
            }
        }
    }
    cases
}

/// Every way in which one code is written: [`cases`], and a GTIN with and without the zeros before it.
pub fn spellings(code: &str) -> Vec<String> {
    let mut spellings = cases(code);
    let Some(key) = normalise(code) else { return spellings };
    if key.len() == 13 {
        spellings.extend(key.strip_prefix('0').map(str::to_owned));
        spellings.push(format!("0{key}"));
        spellings.push(key);
        spellings.retain({
            let mut seen = std::collections::BTreeSet::new();
            move |spelling| seen.insert(spelling.clone())
        });
    }
    spellings
}

pub(super) fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_follow_the_standard() {
        for (code, want) in [
            ("6901234567892", Some("6901234567892")),
            ("6901234567893", None),
            ("036000291452", Some("0036000291452")),
            ("0036000291452", Some("0036000291452")),
            ("00036000291452", Some("0036000291452")),
            ("16901234567899", Some("16901234567899")),
            ("96385074", Some("96385074")),
            ("96385075", None),
            ("", None),
            ("0", None),
            ("123456789", None),
            ("690123456789x", None),
            ("６９０１", None),
        ] {
            assert_eq!(normalise(code).as_deref(), want, "{code}");
        }
        assert_eq!(barcode_key("036000291452"), "0036000291452");
        assert_eq!(barcode_key("A-17"), "A-17");
    }
}
