//! One frame of a streaming scale: `ST,GS,  0.328 kg`.

/// Heaviest weight believed, in grams: a tonne, more than any scale of a shop.
pub const WEIGHT_G_MAX: i32 = 1_000_000;

/// Digits of a weight, more than any display shows.
const DIGITS_MAX: usize = 12;

/// What a scale says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A weight.
    Weight {
        /// Whole grams, rounded half away from zero where the scale shows fractions; negative below the zero point.
        grams: i32,
        /// The scale calls it settled.
        stable: bool,
        /// Tare is taken off.
        net: bool,
    },
    /// More than the scale can carry: there is no weight.
    Overload,
}

/// A line that is not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// Not `state,kind,weight`.
    #[error("not a frame of the form ST,GS,weight")]
    Shape,
    /// The number is none, or has too many digits.
    #[error("the weight is not a number")]
    Number,
    /// Neither g nor kg.
    #[error("the unit is neither g nor kg")]
    Unit,
    /// Beyond [`WEIGHT_G_MAX`].
    #[error("no shop scale carries this weight")]
    TooHeavy,
}

/// Reads one line without its ending.
///
/// *Shape:* `ST` settled, `US` moving or `OL` overload; `GS` gross or `NT` net; sign, digits, `g` or `kg`.
pub fn parse_frame(line: &[u8]) -> Result<Frame, BadFrame> {
    let text = std::str::from_utf8(line).map_err(|_| BadFrame::Shape)?;
    let parts: Vec<&str> = text.trim().splitn(3, ',').map(str::trim).collect();
    let [state, kind, weight] = parts.as_slice() else { return Err(BadFrame::Shape) };
    let net = match *kind {
        "GS" => false,
        "NT" => true,
        _ => return Err(BadFrame::Shape),
    };
    match *state {
        "OL" => Ok(Frame::Overload),
        "ST" | "US" => Ok(Frame::Weight { grams: parse_weight(weight)?, stable: *state == "ST", net }),
        _ => Err(BadFrame::Shape),
    }
}

fn parse_weight(text: &str) -> Result<i32, BadFrame> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or(BadFrame::Unit)?;
    let (number, unit) = rest.split_at(end);
    let per_unit = match unit {
        "kg" | "KG" => 1_000,
        "g" | "G" => 1,
        _ => return Err(BadFrame::Unit),
    };
    let (whole, fraction) = match number.trim().split_once('.') {
        Some((_, "")) => return Err(BadFrame::Number),
        Some(parts) => parts,
        None => (number.trim(), ""),
    };
    let digits = [whole, fraction].concat();
    if whole.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadFrame::Number);
    }
    let scaled: u64 = digits.parse().map_err(|_| BadFrame::Number)?;
    let parts_per_unit = 10u64.pow(fraction.len() as u32);
    let grams = (scaled * per_unit * 2 + parts_per_unit) / (parts_per_unit * 2);
    match i32::try_from(grams) {
        Ok(grams) if grams <= WEIGHT_G_MAX => Ok(sign * grams),
        _ => Err(BadFrame::TooHeavy),
    }
}

/// Longest line kept: three times the longest frame known.
const LINE_LEN_MAX: usize = 64;

/// Cuts a stream of bytes into lines. A line without end is dropped and counted once.
#[derive(Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    overlong: bool,
}

impl Lines {
    /// Takes one byte; gives a line when it ends, or `None` inside it when the line was overlong.
    pub(super) fn push(&mut self, byte: u8) -> Option<Option<Vec<u8>>> {
        if byte == b'\r' || byte == b'\n' {
            let line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.overlong) {
                return Some(None);
            }
            return (!line.is_empty()).then_some(Some(line));
        }
        if self.line.len() == LINE_LEN_MAX {
            self.overlong = true;
        } else {
            self.line.push(byte);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str, expected: Result<(i32, bool, bool), BadFrame>) {
        let expected = expected.map(|(grams, stable, net)| Frame::Weight { grams, stable, net });
        assert_eq!(parse_frame(line.as_bytes()), expected, "{line:?}");
    }

    #[test]
    fn frames_of_either_unit_sign_and_tare_become_whole_grams() {
        check("ST,GS,  0.328 kg", Ok((328, true, false)));
        check("US,GS,  0.328 kg", Ok((328, false, false)));
        check("ST,NT,+ 12.5kg", Ok((12_500, true, true)));
        check("ST,GS,-  0.020 kg", Ok((-20, true, false)));
        check("ST,GS,     328 g", Ok((328, true, false)));
        check(" ST, GS, 0 g ", Ok((0, true, false)));
        check("ST,GS,1000 KG", Ok((1_000_000, true, false)));
    }

    #[test]
    fn fractions_of_a_gram_round_half_away_from_zero() {
        check("ST,GS, 245.6 g", Ok((246, true, false)));
        check("ST,GS, 245.5 g", Ok((246, true, false)));
        check("ST,GS, 245.49 g", Ok((245, true, false)));
        check("ST,GS,- 245.5 g", Ok((-246, true, false)));
        check("ST,GS, 0.0005 kg", Ok((1, true, false)));
    }

    #[test]
    fn an_overload_has_no_weight() {
        assert_eq!(parse_frame(b"OL,GS,------- kg"), Ok(Frame::Overload));
    }

    #[test]
    fn garbage_is_refused_by_its_fault() {
        check("", Err(BadFrame::Shape));
        check("hello", Err(BadFrame::Shape));
        check("XX,GS,1 kg", Err(BadFrame::Shape));
        check("ST,XX,1 kg", Err(BadFrame::Shape));
        check("ST,GS,kg", Err(BadFrame::Number));
        check("ST,GS,1. kg", Err(BadFrame::Number));
        check("ST,GS,.5 kg", Err(BadFrame::Number));
        check("ST,GS,1,5 kg", Err(BadFrame::Number));
        check("ST,GS,1 2 kg", Err(BadFrame::Number));
        check("ST,GS,--1 kg", Err(BadFrame::Number));
        check("ST,GS,1234567890123 g", Err(BadFrame::Number));
        check("ST,GS,1", Err(BadFrame::Unit));
        check("ST,GS,1 lb", Err(BadFrame::Unit));
        check("ST,GS,1001 kg", Err(BadFrame::TooHeavy));
        assert_eq!(parse_frame(b"ST,GS,\xff kg"), Err(BadFrame::Shape));
    }

    #[test]
    fn a_line_without_end_is_bounded_and_counted_once() {
        let mut lines = Lines::default();
        let mut told = Vec::new();
        told.extend([b'x'; 10_000].into_iter().filter_map(|byte| lines.push(byte)));
        told.extend(b"\r\n\r\nST,GS,1 g\r\n".iter().filter_map(|byte| lines.push(*byte)));
        assert_eq!(told, [None, Some(b"ST,GS,1 g".to_vec())]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse_frame(&line);
        }

        #[test]
        fn every_weight_a_scale_shows_in_kilograms_is_read_to_the_gram(grams in -30_000i32..=30_000) {
            let sign = if grams < 0 { "-" } else { "" };
            let line = format!("ST,GS,{sign}{:3}.{:03} kg", grams.abs() / 1000, grams.abs() % 1000);
            prop_assert_eq!(parse_frame(line.as_bytes()), Ok(Frame::Weight { grams, stable: true, net: false }));
        }
    }
}
