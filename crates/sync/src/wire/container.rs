use std::borrow::Cow;
use std::cell::RefCell;

use zstd::zstd_safe::{DCtx, DDict, get_frame_content_size};

use super::{WireError, bytes::Reader, within};
use crate::limits::RECORDS_MAX;

/// A hundred sales in under a millisecond; level 3 makes them a tenth longer, and level 12 a hundredth shorter in four times
/// the time.
const ZSTD_LEVEL: i32 = 8;

/// A hundred sales in a tenth of a millisecond: for what a hub packs anew while a till waits.
const QUICK_LEVEL: i32 = 1;

/// Names a dictionary: the first bytes of its SHA-256.
pub type DictionaryId = [u8; 8];

/// How a container's bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// As they are.
    Raw = 0,
    /// One zstd frame that states its content size.
    Zstd = 1,
    /// The name of a [`Dictionary`](crate::Dictionary), then one such frame that was made with it, of the
    /// run in columns.
    Dictionary = 2,
}

impl Codec {
    /// Reads a codec byte.
    ///
    /// *Errors:* `Codec`.
    pub fn from_byte(byte: u8) -> Result<Codec, WireError> {
        match byte {
            0 => Ok(Codec::Raw),
            1 => Ok(Codec::Zstd),
            2 => Ok(Codec::Dictionary),
            found => Err(WireError::Codec { found }),
        }
    }
}

/// A run of records as it travels and is stored. The hash chain covers the records, never the packing, so a
/// container may be packed anew.
#[derive(Clone, PartialEq, Eq)]
pub struct Container {
    /// How `bytes` are packed.
    pub codec: Codec,
    /// The packed bytes.
    pub bytes: Vec<u8>,
}

impl Container {
    /// Packs a run, in whichever codec is smaller.
    #[must_use]
    pub fn pack(records: &[u8]) -> Container {
        Container::pack_at(ZSTD_LEVEL, records)
    }

    /// Packs a run faster and a little larger.
    #[must_use]
    pub fn pack_quickly(records: &[u8]) -> Container {
        Container::pack_at(QUICK_LEVEL, records)
    }

    fn pack_at(level: i32, records: &[u8]) -> Container {
        match zstd::bulk::compress(records, level) {
            Ok(bytes) if bytes.len() < records.len() => Container { codec: Codec::Zstd, bytes },
            _ => Container { codec: Codec::Raw, bytes: records.to_vec() },
        }
    }

    /// Unpacks at most [`RECORDS_MAX`] bytes.
    ///
    /// *Errors:* `Dictionary` if it takes one, `TooLong`, `Malformed`.
    pub fn unpack(&self) -> Result<Cow<'_, [u8]>, WireError> {
        match self.codec {
            Codec::Raw => {
                within("records", self.bytes.len(), RECORDS_MAX)?;
                Ok(Cow::Borrowed(&self.bytes))
            }
            Codec::Zstd => unzstd("records", &self.bytes, RECORDS_MAX, None).map(Cow::Owned),
            Codec::Dictionary => Err(WireError::Dictionary),
        }
    }

    /// The dictionary that it was packed by, and the frame; `None` if by none.
    #[must_use]
    pub fn dictionary(&self) -> Option<(DictionaryId, &[u8])> {
        let (id, frame) = self.bytes.split_first_chunk()?;
        (self.codec == Codec::Dictionary).then_some((*id, frame))
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(self.codec as u8);
        out.extend_from_slice(&self.bytes);
    }

    /// Reads a container that fills the rest of a message.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Container, WireError> {
        let codec = Codec::from_byte(reader.u8("container")?)?;
        Ok(Container { codec, bytes: reader.rest().to_vec() })
    }
}

impl std::fmt::Debug for Container {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Container({:?}, {} bytes)", self.codec, self.bytes.len())
    }
}

/// Decompresses a frame, by a dictionary or without, that states a content size within the limit; the stated size is what is
/// allocated.
pub(crate) fn unzstd(
    what: &'static str,
    frame: &[u8],
    max: usize,
    by: Option<&DDict<'_>>,
) -> Result<Vec<u8>, WireError> {
    let malformed = WireError::Malformed { what };
    let Ok(Some(size)) = get_frame_content_size(frame) else { return Err(malformed) };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    within(what, size, max)?;
    let mut bytes = Vec::with_capacity(size);
    let done = UNPACKER.with_borrow_mut(|unpacker| match by {
        Some(dictionary) => unpacker.decompress_using_ddict(&mut bytes, frame, dictionary),
        None => unpacker.decompress(&mut bytes, frame),
    });
    if done == Ok(size) { Ok(bytes) } else { Err(malformed) }
}

thread_local! {
    /// Making one costs more than unpacking a sale.
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_run_comes_back(records in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let packed = Container::pack(&records);
            prop_assert_eq!(packed.unpack().unwrap().into_owned(), records);
        }

        #[test]
        fn any_bytes_unpack_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Container { codec: Codec::Zstd, bytes }.unpack();
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let bomb =
            Container { codec: Codec::Zstd, bytes: zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap() };
        assert!(bomb.bytes.len() < 10_000);
        assert_eq!(
            bomb.unpack(),
            Err(WireError::TooLong { what: "records", len: 64 << 20, max: RECORDS_MAX })
        );
    }
}
