//! Identities that the trade knows: documents, shifts, print jobs, printed numbers and codes.

use std::fmt;
use std::str::FromStr;

use crate::calendar;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A 128-bit identity: 48 bits of milliseconds, then 80 random bits, so that indexes over it append.
///
/// *Shape:* 32 lower-case hex digits as text. The station mints it before the transaction that uses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

/// A text that is not an [`Id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 lower-case hex digits")]
pub struct BadId;

impl Id {
    /// Mints an id from a time (milliseconds since 1970) and ten random bytes.
    pub fn mint(at_ms: i64, random: [u8; 10]) -> Id {
        let [_, _, time @ ..] = at_ms.to_be_bytes();
        let mut bytes = [0; 16];
        let (head, tail) = bytes.split_at_mut(6);
        head.copy_from_slice(&time);
        tail.copy_from_slice(&random);
        Id(bytes)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Id, BadId> {
        let digits = text.as_bytes();
        if digits.len() != 32 || !digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(BadId);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| BadId)?;
        Ok(Id(number.to_be_bytes()))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// The number a customer reads on a receipt: `TH01-2-20261121-0812-a7`.
///
/// *Shape:* site code, till, business date, the till's gapless number of that date, and `xx`, the first byte of
/// the journal segment, which tells two numberings apart after a till lost its disk. A number that still finds
/// two documents lists both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentNumber {
    /// Site code, ASCII letters and digits.
    pub site: String,
    /// Till number at the site.
    pub till: u16,
    /// Business date as `yyyymmdd`.
    pub business_date: u32,
    /// From 1 without gaps, a till and a business date.
    pub number: u32,
    /// First byte of the segment id.
    pub mark: u8,
}

/// A text that is not a printed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a receipt number looks like TH01-2-20261121-0812-a7")]
pub struct BadNumber;

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DocumentNumber { site, till, business_date, number, mark } = self;
        write!(f, "{site}-{till}-{business_date:08}-{number:04}-{mark:02x}")
    }
}

impl FromStr for DocumentNumber {
    type Err = BadNumber;
    fn from_str(text: &str) -> Result<DocumentNumber, BadNumber> {
        let parts: Vec<&str> = text.trim().split('-').collect();
        let [site, till, date, number, mark] = parts.as_slice() else { return Err(BadNumber) };
        if site.is_empty() || site.len() > 16 || !site.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(BadNumber);
        }
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let is_hex = mark.bytes().all(|b| b.is_ascii_hexdigit());
        if date.len() != 8
            || mark.len() != 2
            || !is_hex
            || ![till, date, number].into_iter().all(|p| digits(p))
        {
            return Err(BadNumber);
        }
        Ok(DocumentNumber {
            site: site.to_ascii_uppercase(),
            till: till.parse().map_err(|_| BadNumber)?,
            business_date: calendar::parse(date).ok_or(BadNumber)?,
            number: number.parse().map_err(|_| BadNumber)?,
            mark: u8::from_str_radix(mark, 16).map_err(|_| BadNumber)?,
        })
    }
}

/// A receipt's QR code: which entry of which journal segment it was printed from.
///
/// *Shape:* `SP1:` ‖ segment as 32 upper-case hex digits ‖ `:` ‖ seq, all in QR's compact alphanumeric set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef {
    /// The journal segment's 128-bit id.
    pub segment: [u8; 16],
    /// From 1.
    pub seq: u64,
}

/// A text that is not an [`EntryRef`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a receipt's QR code begins with SP1:")]
pub struct BadEntryRef;

impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SP1:{:032X}:{}", u128::from_be_bytes(self.segment), self.seq)
    }
}

impl FromStr for EntryRef {
    type Err = BadEntryRef;
    fn from_str(text: &str) -> Result<EntryRef, BadEntryRef> {
        let lower = text.trim().to_ascii_lowercase();
        let (segment, seq) =
            lower.strip_prefix("sp1:").and_then(|rest| rest.split_once(':')).ok_or(BadEntryRef)?;
        let Id(segment) = segment.parse().map_err(|_| BadEntryRef)?;
        if !seq.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadEntryRef);
        }
        let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or(BadEntryRef)?;
        Ok(EntryRef { segment, seq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_numbers_read_back() {
        let number =
            DocumentNumber { site: "TH01".into(), till: 2, business_date: 20261121, number: 812, mark: 0xa7 };
        assert_eq!(number.to_string(), "TH01-2-20261121-0812-a7");
        assert_eq!("th01-2-20261121-0812-A7".parse(), Ok(number));
        // Whatever reads is written so that it reads again, a year of three digits too.
        let early = "TH01-2-01261121-0812-a7";
        assert_eq!(early.parse::<DocumentNumber>().map(|number| number.to_string()), Ok(early.to_owned()));
        for bad in [
            "",
            "TH01-2-20261121-0812",
            "TH01-2-2026112-0812-a7",
            "TH 1-2-20261121-1-a7",
            "TH01-x-20261121-1-a7",
            "TH01-+2-20261121-1-a7",
            "TH01-2-20261121-1-+7",
            "TH01-2-20261121--a7",
            "TH01-2-20261301-0001-a7",
        ] {
            assert_eq!(bad.parse::<DocumentNumber>(), Err(BadNumber), "{bad}");
        }
    }

    #[test]
    fn receipt_codes_read_back_from_any_case() {
        let entry = EntryRef { segment: [0xa7; 16], seq: 812 };
        assert_eq!(entry.to_string(), format!("SP1:{}:812", "A7".repeat(16)));
        assert_eq!(entry.to_string().parse(), Ok(entry));
        assert_eq!(entry.to_string().to_lowercase().parse(), Ok(entry));
        for bad in ["", "SP1:", "SP1:a7:1", "SP2:00000000000000000000000000000000:1"] {
            assert_eq!(bad.parse::<EntryRef>(), Err(BadEntryRef), "{bad}");
        }
        for bad_seq in ["0", "", "-1", "+1", "99999999999999999999"] {
            let text = format!("SP1:{}:{bad_seq}", "a7".repeat(16));
            assert_eq!(text.parse::<EntryRef>(), Err(BadEntryRef), "{text}");
        }
    }

    #[test]
    fn ids_sort_by_time_and_read_back() {
        let early = Id::mint(1_000, [255; 10]);
        let late = Id::mint(1_001, [0; 10]);
        assert!(early < late);
        assert_eq!(late.to_string().parse(), Ok(late));
        assert_eq!("00".parse::<Id>(), Err(BadId));
    }
}
