use super::bytes::{Reader, put_varint};
use super::push::Push;
use super::{WireError, within};
use crate::limits::{FETCH_MAX, PUSH_BODY_MAX};

/// The hub's answer to a fetch: stored pushes as they came, each with the station's own signature, so the
/// station checks them with its own key and trusts nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntriesReply {
    /// In order of seq. The first may start before the entry that was asked for.
    pub pushes: Vec<Push>,
}

/// Writes pushes one after the other, each with its length, until the next would exceed [`FETCH_MAX`].
#[must_use]
pub fn encode_entries<'a>(bodies: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for body in bodies {
        let after = out.len().saturating_add(body.len()).saturating_add(10);
        if after > FETCH_MAX {
            break;
        }
        put_varint(&mut out, body.len() as u64);
        out.extend_from_slice(body);
    }
    out
}

/// Reads what [`encode_entries`] wrote.
///
/// *Errors:* `TooLong`, `Cut`, and those of [`Push::decode`].
pub fn decode_entries(bytes: &[u8]) -> Result<EntriesReply, WireError> {
    within("entries", bytes.len(), FETCH_MAX)?;
    let mut reader = Reader::new(bytes);
    let mut pushes = Vec::new();
    while !reader.rest().is_empty() {
        let len = usize::try_from(reader.varint("length")?).unwrap_or(usize::MAX);
        within("push", len, PUSH_BODY_MAX)?;
        pushes.push(Push::decode(reader.take("push", len)?)?);
    }
    Ok(EntriesReply { pushes })
}
