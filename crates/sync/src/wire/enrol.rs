use serde::{Deserialize, Serialize};
use suanpan_journal::{Certificate, Message, Signature, SigningKey, StationId, Tag, VerifyingKey};

use super::{WireError, within};

const ENROL: Tag = Tag::new("suanpan/enrol/v1");

/// Characters of a one-time code as it is typed, dashes included.
const CODE_MAX: usize = 32;

/// A station asks to be known: it shows a one-time code and proves that it holds the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The one-time code, as typed.
    pub code: String,
    /// The id that the station gave itself.
    pub station: StationId,
    /// The key that will sign for it.
    pub public_key: VerifyingKey,
    /// Made with that key over the rest.
    pub signature: Signature,
}

impl EnrolRequest {
    /// Signs a request.
    #[must_use]
    pub fn sign(key: &SigningKey, station: StationId, code: &str) -> EnrolRequest {
        let public_key = key.public();
        let signature = key.sign(&message(code, station, &public_key));
        EnrolRequest { code: code.to_owned(), station, public_key, signature }
    }

    /// Checks that the sender holds the key.
    ///
    /// *Errors:* `TooLong`, `Signature`.
    pub fn check(&self) -> Result<(), WireError> {
        within("code", self.code.len(), CODE_MAX)?;
        self.public_key
            .verify(&message(&self.code, self.station, &self.public_key), &self.signature)
            .map_err(|_| WireError::Signature)
    }
}

fn message(code: &str, station: StationId, key: &VerifyingKey) -> Message {
    Message::new(ENROL, station).text(code).bytes(&key.to_bytes())
}

/// Spells a code one way: upper case, no dashes or spaces, and the letters people misread as digits.
#[must_use]
pub fn normal_code(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// The hub's answer: who the station now is, and the key to check the hub by from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// To keep and show.
    pub certificate: Certificate,
    /// The hub's public key, pinned by the station.
    pub hub_key: VerifyingKey,
}
