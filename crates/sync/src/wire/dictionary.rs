use std::cell::RefCell;

use sha2::{Digest, Sha256};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::{CParameter, DCtx};

use super::container::{Codec, Container, content_size};
use super::{WireError, columns, within};
use crate::limits::{DICTIONARY_MAX, RECORDS_MAX};

/// A till packs one push at a time and has the time: a hundred sales take 20 ms.
const LEVEL: i32 = 19;

/// Names a dictionary: the first bytes of its SHA-256.
pub type DictionaryId = [u8; 8];

/// What a chain's sales have in common, so that no push need say it: names of fields, goods, prices.
///
/// It serves the way from a station to the hub and nothing else. The hub packs what it stores without it, so that no
/// stored byte depends on a dictionary, and a hub that does not have one is sent the same records without.
pub struct Dictionary {
    id: DictionaryId,
    bytes: Vec<u8>,
    unpacks: DecoderDictionary<'static>,
}

impl Dictionary {
    /// Takes the bytes of a zstd dictionary.
    ///
    /// *Errors:* `TooLong`, `Malformed`.
    pub fn new(bytes: Vec<u8>) -> Result<Dictionary, WireError> {
        within("dictionary", bytes.len(), DICTIONARY_MAX)?;
        // What is no dictionary is refused here; the prepared one would abort.
        let packs =
            Compressor::with_dictionary(LEVEL, &bytes).and_then(|mut packer| packer.compress(b"sale"));
        let sound = Decompressor::with_dictionary(&bytes).and(packs);
        sound.map_err(|_| WireError::Malformed { what: "dictionary" })?;
        let hash = Sha256::digest(&bytes);
        let id = hash.first_chunk().copied().unwrap_or_default();
        Ok(Dictionary { id, unpacks: DecoderDictionary::copy(&bytes), bytes })
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

    /// Packs a run by it; where that is not smaller, gives it as it was packed without.
    #[must_use]
    pub(crate) fn pack(&self, records: &[u8], plain: Container) -> Container {
        match self.frame(records) {
            Some(frame) if frame.len().saturating_add(self.id.len()) < plain.bytes.len() => {
                Container { codec: Codec::Dictionary, bytes: [self.id.as_slice(), &frame].concat() }
            }
            _ => plain,
        }
    }

    /// Bytes of a run that is packed without it, and by it.
    #[must_use]
    pub fn packed_len(&self, records: &[u8]) -> (usize, usize) {
        let plain = Container::pack(records);
        let len = plain.bytes.len();
        (len, self.pack(records, plain).bytes.len())
    }

    fn frame(&self, records: &[u8]) -> Option<Vec<u8>> {
        let columns = columns::split(records).filter(|it| it.len() <= RECORDS_MAX)?;
        let mut packer = Compressor::with_dictionary(LEVEL, &self.bytes).ok()?;
        // The dictionary is named before the frame.
        packer.set_parameter(CParameter::DictIdFlag(false)).ok()?;
        packer.compress(&columns).ok()
    }

    /// Unpacks what was packed by it, at most [`RECORDS_MAX`] bytes.
    ///
    /// *Errors:* `Dictionary` for another's, `TooLong`, `Cut`, `Malformed`.
    pub fn unpack(&self, container: &Container) -> Result<Vec<u8>, WireError> {
        let (id, frame) = container.dictionary().ok_or(WireError::Malformed { what: "records" })?;
        if id != self.id {
            return Err(WireError::Dictionary);
        }
        let size = content_size("records", frame, RECORDS_MAX)?;
        let mut columns = Vec::with_capacity(size);
        let done = UNPACKER.with_borrow_mut(|unpacker| {
            unpacker.decompress_using_ddict(&mut columns, frame, self.unpacks.as_ddict())
        });
        match done {
            Ok(len) if len == size => columns::join(&columns),
            _ => Err(WireError::Malformed { what: "records" }),
        }
    }
}

thread_local! {
    /// Making one costs more than unpacking a sale.
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Dictionary({:02x?}, {} bytes)", self.id, self.bytes.len())
    }
}
