//! How pushes are packed: as an older release does, or by a dictionary that a hub may not have, or not know of.

use suanpan_sync::{Codec, Container, Dictionary, Push, WireError};

use crate::hub::HubDisk;
use crate::till::{Release, Till};

// What all records here have in common is zeros.
thread_local!(static DICTIONARY: Dictionary = match Dictionary::new(vec![0; 64]) {
    Ok(dictionary) => dictionary,
    Err(_) => unreachable!("any bytes may be one"),
});

impl Release {
    /// The best codec that it knows.
    pub(crate) fn codec(self) -> Codec {
        match self {
            Release::Older => Codec::Raw,
            Release::Today | Release::Newer => Codec::Dictionary,
        }
    }
}

impl Till {
    /// Packs a push. Whichever way: the signature is over what is in it.
    pub(crate) fn pack(&self, push: Push, run: Vec<u8>) -> Push {
        match self.codec {
            Codec::Raw => Push { container: Container { codec: Codec::Raw, bytes: run }, ..push },
            // The dictionary comes with the first cut.
            Codec::Dictionary if !self.disk.catalogue.heads.is_empty() => {
                DICTIONARY.with(|it| push.packed_by(it)).unwrap_or(push)
            }
            Codec::Dictionary | Codec::Zstd => push,
        }
    }

    /// A push was refused: says whether only for its packing. Until the next cut it is packed otherwise.
    pub(crate) fn packs_otherwise(&mut self, code: &str) -> bool {
        let again = self.codec == Codec::Dictionary && WireError::is_of_packing(code);
        if again {
            self.codec = Codec::Zstd;
        }
        again
    }
}

impl HubDisk {
    /// Reads a push as a hub of today or of an older release does; gives it packed without the dictionary.
    ///
    /// *Errors:* the code of why it is refused.
    pub(crate) fn unpack(&mut self, body: &[u8], is_older: bool) -> Result<Push, String> {
        let code = |error: WireError| error.code().to_owned();
        let push = Push::decode(body).map_err(code)?;
        match push.container.dictionary() {
            None => Ok(push),
            Some(_) if is_older => Err(code(WireError::Codec { found: 2 })),
            // It is in the feeds, and gone with them.
            Some(_) if self.feeds.is_empty() => Err(code(WireError::Dictionary)),
            Some(_) => {
                self.notes.push("push packed by the dictionary");
                DICTIONARY.with(|it| push.packed_without(it)).map_err(code)
            }
        }
    }
}
