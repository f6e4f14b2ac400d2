use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, DDict};

use super::container::{Codec, Container, DictionaryId, unzstd};
use super::{WireError, columns, within};
use crate::limits::{DICTIONARY_MAX, RECORDS_MAX};

/// A till packs one push at a time and has the time: a hundred sales take 20 ms.
const LEVEL: i32 = 19;

/// What a chain's sales have in common, so that no push need say it: names of fields, goods, prices.
///
/// It serves the way from a station to the hub and nothing else. The hub packs what it stores without it, so that no
/// stored byte depends on a dictionary, and a hub that does not have one is sent the same records without.
pub struct Dictionary {
    id: DictionaryId,
    bytes: Vec<u8>,
    unpacks: DDict<'static>,
}

impl Dictionary {
    /// Takes the bytes of a zstd dictionary.
    ///
    /// *Errors:* `TooLong`, `Malformed`.
    pub fn new(bytes: Vec<u8>) -> Result<Dictionary, WireError> {
        within("dictionary", bytes.len(), DICTIONARY_MAX)?;
        let unpacks = DDict::try_create(&bytes).ok_or(WireError::Malformed { what: "dictionary" })?;
        let hash = Sha256::digest(&bytes);
        let id = hash.first_chunk().copied().unwrap_or_default();
        Ok(Dictionary { id, unpacks, bytes })
    }

    /// Makes one of records that stations pushed. `None` where they have too little in common, or are too few.
    #[must_use]
    pub fn train(records: &[Vec<u8>]) -> Option<Dictionary> {
        let samples: Vec<Vec<u8>> = records.iter().filter_map(|record| columns::split(record)).collect();
        zstd::dict::from_samples(&samples, DICTIONARY_MAX).ok().and_then(|bytes| Dictionary::new(bytes).ok())
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> DictionaryId {
        self.id
    }

    /// Its bytes, as they are published.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.bytes)
    }

    /// Reads what was published.
    ///
    /// *Errors:* `TooLong`, `Malformed`.
    pub fn from_hex(text: &str) -> Result<Dictionary, WireError> {
        within("dictionary", text.len() / 2, DICTIONARY_MAX)?;
        Dictionary::new(hex::decode(text).map_err(|_| WireError::Malformed { what: "dictionary" })?)
    }

    /// Packs a run by it.
    pub(crate) fn pack(&self, records: &[u8]) -> Option<Container> {
        let columns = columns::split(records).filter(|it| it.len() <= RECORDS_MAX)?;
        let mut packer = Compressor::with_dictionary(LEVEL, &self.bytes).ok()?;
        // The dictionary is named before the frame.
        packer.set_parameter(CParameter::DictIdFlag(false)).ok()?;
        let frame = packer.compress(&columns).ok()?;
        Some(Container { codec: Codec::Dictionary, bytes: [self.id.as_slice(), &frame].concat() })
    }

    /// Bytes of a run that is packed without it, and by it if that is smaller.
    #[must_use]
    pub fn packed_len(&self, records: &[u8]) -> (usize, usize) {
        let without = Container::pack(records).bytes.len();
        (without, self.pack(records).map_or(without, |by| by.bytes.len().min(without)))
    }

    /// Unpacks what was packed by it, at most [`RECORDS_MAX`] bytes.
    ///
    /// *Errors:* `Dictionary` for another's, `TooLong`, `Cut`, `Malformed`.
    pub fn unpack(&self, container: &Container) -> Result<Vec<u8>, WireError> {
        let (id, frame) = container.dictionary().ok_or(WireError::Malformed { what: "records" })?;
        if id != self.id {
            return Err(WireError::Dictionary);
        }
        columns::join(&unzstd("records", frame, RECORDS_MAX, Some(&self.unpacks))?)
    }
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Dictionary({:02x?}, {} bytes)", self.id, self.bytes.len())
    }
}
