//! How pushes are packed: as an older release does, or by a dictionary that a hub may not have, or not know of.

use suanpan_sync::{Codec, Container, Dictionary, Push, WireError};

use crate::hub::HubDisk;

// What all records here have in common is zeros.
thread_local!(static DICTIONARY: Dictionary = match Dictionary::new(vec![0; 64]) {
    Ok(dictionary) => dictionary,
    Err(_) => unreachable!("any bytes may be one"),
});

/// The dictionary as it is published.
pub(crate) fn published() -> String {
    DICTIONARY.with(Dictionary::to_hex)
}

/// A push as an older release packs it. Whichever way: the signature is over what is in it.
pub(crate) fn as_older(body: &[u8]) -> Option<Vec<u8>> {
    let push = Push::decode(body).ok()?;
    let bytes = push.container.unpack().ok()?.into_owned();
    Some(Push { container: Container { codec: Codec::Raw, bytes }, ..push }.encode())
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
