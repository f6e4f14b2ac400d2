//! The journal as it is handed out to whoever proves a day: stored pushes as they came, each with the place at which the
//! hub keeps it.
//!
//! *Shape of a page:* for each batch `station ‖ segment ‖ u32 branch ‖ u64 from_seq ‖ u64 to_seq ‖ u32 length ‖ push`,
//! big-endian, in that order.

use serde::{Deserialize, Serialize};
use suanpan_journal::{SegmentId, StationId, VerifyingKey};

/// Bytes of pushes in a page; a longer push is alone in its page.
pub const PAGE_BYTES_MAX: usize = 2 << 20;

/// Batches in a page.
pub const PAGE_BATCHES_MAX: u32 = 500;

/// The header that says where the next page begins; the last page has none.
pub const NEXT_HEADER: &str = "suanpan-next";

/// A station whose journal is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct JournalStation {
    /// Its id.
    #[cfg_attr(test, schemars(with = "String"))]
    pub station: StationId,
    /// Its till.
    pub till: u16,
    /// The key that signed its pushes.
    #[cfg_attr(test, schemars(with = "String"))]
    pub public_key: VerifyingKey,
    /// What it delivered while it was revoked and nobody has accepted yet: in no figure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// Entries of one branch that follow each other and are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Held {
    /// Segment of the entries.
    #[cfg_attr(test, schemars(with = "String"))]
    pub segment: SegmentId,
    /// Branch of the segment.
    pub branch: u32,
    /// The first.
    pub from_seq: u64,
    /// The last.
    pub to_seq: u64,
}

/// Where the hub keeps a batch; batches are handed out in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whose.
    pub station: StationId,
    /// Segment of its entries.
    pub segment: SegmentId,
    /// Branch of the segment.
    pub branch: u32,
    /// Seq of its first entry.
    pub from_seq: u64,
}

/// A stored push and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// Its place.
    pub place: Place,
    /// Seq of its last entry.
    pub to_seq: u64,
    /// The push as it came.
    pub body: Vec<u8>,
}

/// The text is not a place, or the page is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page of a journal")]
pub struct NotAPage;

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}.{}.{}", self.station, self.segment, self.branch, self.from_seq)
    }
}

impl std::str::FromStr for Place {
    type Err = NotAPage;

    fn from_str(text: &str) -> Result<Place, NotAPage> {
        let parts: Vec<&str> = text.split('.').collect();
        let [station, segment, branch, from_seq] = parts[..] else { return Err(NotAPage) };
        Ok(Place {
            station: station.parse().map_err(|_| NotAPage)?,
            segment: segment.parse().map_err(|_| NotAPage)?,
            branch: branch.parse().map_err(|_| NotAPage)?,
            from_seq: from_seq.parse().map_err(|_| NotAPage)?,
        })
    }
}

/// Writes a page.
#[must_use]
pub fn encode_page(batches: &[StoredBatch]) -> Vec<u8> {
    let mut out = Vec::new();
    for StoredBatch { place, to_seq, body } in batches {
        out.extend_from_slice(&place.station.0);
        out.extend_from_slice(&place.segment.0);
        out.extend_from_slice(&place.branch.to_be_bytes());
        out.extend_from_slice(&place.from_seq.to_be_bytes());
        out.extend_from_slice(&to_seq.to_be_bytes());
        out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(body);
    }
    out
}

/// Reads a page.
///
/// *Errors:* [`NotAPage`].
pub fn decode_page(mut bytes: &[u8]) -> Result<Vec<StoredBatch>, NotAPage> {
    let mut batches = Vec::new();
    while !bytes.is_empty() {
        let place = Place {
            station: StationId(take(&mut bytes)?),
            segment: SegmentId(take(&mut bytes)?),
            branch: u32::from_be_bytes(take(&mut bytes)?),
            from_seq: u64::from_be_bytes(take(&mut bytes)?),
        };
        let to_seq = u64::from_be_bytes(take(&mut bytes)?);
        let len = usize::try_from(u32::from_be_bytes(take(&mut bytes)?)).unwrap_or(usize::MAX);
        let (body, rest) = bytes.split_at_checked(len).ok_or(NotAPage)?;
        batches.push(StoredBatch { place, to_seq, body: body.to_vec() });
        bytes = rest;
    }
    Ok(batches)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], NotAPage> {
    let (taken, rest) = bytes.split_first_chunk::<N>().ok_or(NotAPage)?;
    *bytes = rest;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(from_seq: u64, body: &[u8]) -> StoredBatch {
        let place = Place { station: StationId([1; 16]), segment: SegmentId([2; 16]), branch: 3, from_seq };
        StoredBatch { place, to_seq: from_seq + 4, body: body.to_vec() }
    }

    #[test]
    fn a_page_and_a_place_read_back_and_a_cut_page_is_refused() {
        let batches = vec![batch(1, b"first"), batch(6, b"")];
        let page = encode_page(&batches);
        assert_eq!(decode_page(&page), Ok(batches.clone()));
        for cut in 1..page.len() {
            let whole = decode_page(&page[..cut]);
            assert!(whole.is_err() || whole == Ok(batches[..1].to_vec()), "{cut}");
        }
        assert_eq!(batches[1].place.to_string().parse(), Ok(batches[1].place));
        assert_eq!("1.2.3".parse::<Place>(), Err(NotAPage));
    }
}
