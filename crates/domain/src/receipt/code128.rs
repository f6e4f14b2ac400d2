//! Chooses the code sets of a Code 128 bar code and knows how wide it comes out.

/// Characters of one code set, in order. Set C holds an even number of digits, two to a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// Printable ASCII, one symbol each.
    B(String),
    /// Digits, two to a symbol.
    C(String),
}

impl Run {
    /// The characters of the run, as they are printed below the bars.
    pub fn characters(&self) -> &str {
        match self {
            Run::B(text) => text,
            Run::C(digits) => digits,
        }
    }
}

/// Longest text of a bar code: a receipt number with room to spare; a printer's length byte allows 255.
pub const CODE128_LEN_MAX: usize = 64;

/// A run of digits shorter than this costs more in set changes than set C saves.
const DIGITS_MIN: usize = 4;

/// Splits a text into runs of code sets, or `None` if a bar code cannot hold it.
pub(super) fn runs(data: &str) -> Option<Vec<Run>> {
    if data.is_empty() || data.len() > CODE128_LEN_MAX || !data.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return None;
    }
    let mut runs = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let digits = leading_digits(rest);
        // Nothing shorter than four digits starts a set C, and an odd digit stays behind in B.
        if digits >= DIGITS_MIN {
            let (pairs, tail) = rest.split_at(digits & !1);
            runs.push(if looks_real_time(pairs) {
                Run::B(pairs.to_owned())
            } else {
                Run::C(pairs.to_owned())
            });
            rest = tail;
        } else {
            let end = plain_len(rest);
            let (plain, tail) = rest.split_at(end);
            runs.push(Run::B(plain.to_owned()));
            rest = tail;
        }
    }
    Some(runs)
}

/// Counts the modules (narrowest bars) of a bar code, start, check and stop included, quiet zones not.
pub(super) fn modules(runs: &[Run]) -> usize {
    let symbols = runs.iter().fold(0usize, |sum, run| {
        let (set, data) = match run {
            Run::B(text) => (1, text.len()),
            Run::C(digits) => (1, digits.len() / 2),
        };
        sum.saturating_add(set).saturating_add(data)
    });
    // 11 modules a symbol; the first run's set is the start symbol; then check (11) and stop (13).
    symbols.saturating_mul(11).saturating_add(24)
}

/// Whether set C would send bytes that a printer obeys at once, even inside a bar code.
///
/// Each pair becomes one byte, so 16 then 04, 05 or 20 is `DLE EOT`, `DLE ENQ` or `DLE DC4`: the 1,604th receipt of a
/// day must not ask for a status or open the drawer.
fn looks_real_time(digits: &str) -> bool {
    let pairs: Vec<&[u8]> = digits.as_bytes().chunks(2).collect();
    pairs.windows(2).any(|pair| matches!(pair, [b"16", b"04" | b"05" | b"20"]))
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Length up to the next run of digits that is worth a change to set C.
fn plain_len(text: &str) -> usize {
    let mut at = leading_digits(text);
    while let Some(tail) = text.get(at..).filter(|tail| !tail.is_empty()) {
        let digits = leading_digits(tail);
        if digits >= DIGITS_MIN {
            break;
        }
        at = at.saturating_add(digits.max(1));
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &str, expected: &str) {
        let told = runs(data).map_or("none".to_owned(), |runs| {
            let told = runs.iter().map(|run| match run {
                Run::B(text) => format!("B{text}"),
                Run::C(digits) => format!("C{digits}"),
            });
            told.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(told, expected, "{data}");
    }

    #[test]
    fn long_digits_go_two_to_a_symbol_and_odd_ones_stay_behind() {
        check("S001-02", "BS001-02");
        check("20261121", "C20261121");
        check("S1-20261121-00012", "BS1- C20261121 B- C0001 B2");
        check("123", "B123");
        check("A-1604-a7", "BA- B1604 B-a7");
        check("116044", "C116044");
        check("20162004", "B20162004");
        check("", "none");
        check("西", "none");
        check(&"9".repeat(65), "none");
    }

    #[test]
    fn width_counts_start_check_and_stop() {
        // Start C, four pairs, check, stop: 11 × 6 + 13.
        assert_eq!(runs("20261121").map(|runs| modules(&runs)), Some(79));
    }
}
