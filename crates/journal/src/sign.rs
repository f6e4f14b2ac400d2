use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{deserialize_hex, hex_bytes, parse_hex, serialize_hex};
use crate::{Hash, IdError, SegmentId, StationId};

/// Names a type of signed message and its version, e.g. `suanpan/push/v1`, so that no signature serves for two
/// purposes. Made as a constant: a NUL or an empty name fails to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(&'static str);

impl Tag {
    /// Checks the name at compile time when used in a `const`.
    ///
    /// # Panics
    /// If the name is empty, not ASCII, or contains a NUL.
    #[must_use]
    pub const fn new(name: &'static str) -> Tag {
        assert!(!name.is_empty() && name.is_ascii(), "a tag is non-empty ASCII");
        let mut rest = name.as_bytes();
        while let [first, tail @ ..] = rest {
            assert!(*first != 0, "a tag has no NUL: it ends with one");
            rest = tail;
        }
        Tag(name)
    }
}

/// The bytes that a signature covers: tag ‖ NUL ‖ station ‖ fields.
///
/// *Invariant:* integers are big-endian of fixed width and texts carry their length, so two different messages
/// of one tag never share bytes. Every field of a message goes in, in the order its tag fixes.
#[derive(Clone, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    /// Starts a message from, or addressed to, a station.
    #[must_use]
    pub fn new(tag: Tag, station: StationId) -> Message {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(tag.0.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&station.0);
        Message(bytes)
    }

    fn with(mut self, bytes: &[u8]) -> Message {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds one byte.
    #[must_use]
    pub fn u8(self, value: u8) -> Message {
        self.with(&[value])
    }

    /// Adds two bytes, big-endian.
    #[must_use]
    pub fn u16(self, value: u16) -> Message {
        self.with(&value.to_be_bytes())
    }

    /// Adds four bytes, big-endian.
    #[must_use]
    pub fn u32(self, value: u32) -> Message {
        self.with(&value.to_be_bytes())
    }

    /// Adds eight bytes, big-endian.
    #[must_use]
    pub fn u64(self, value: u64) -> Message {
        self.with(&value.to_be_bytes())
    }

    /// Adds eight bytes, big-endian, two's complement.
    #[must_use]
    pub fn i64(self, value: i64) -> Message {
        self.with(&value.to_be_bytes())
    }

    /// Adds a random 128-bit id.
    #[must_use]
    pub fn id(self, id: &[u8; 16]) -> Message {
        self.with(id)
    }

    /// Adds a segment.
    #[must_use]
    pub fn segment(self, segment: SegmentId) -> Message {
        self.with(&segment.0)
    }

    /// Adds a hash.
    #[must_use]
    pub fn hash(self, hash: &Hash) -> Message {
        self.with(&hash.0)
    }

    /// Adds bytes of any length: a `u64` length, then the bytes.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Message {
        self.with(&(bytes.len() as u64).to_be_bytes()).with(bytes)
    }

    /// Adds a text as its UTF-8 bytes, with their length.
    #[must_use]
    pub fn text(self, text: &str) -> Message {
        self.bytes(text.as_bytes())
    }

    /// The bytes to sign.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Message({} bytes)", self.0.len())
    }
}

hex_bytes!(
    /// An Ed25519 signature. Deterministic: one key and message give one signature.
    Signature,
    64
);

/// Says that a signature was not made by this key over this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match the key and message")]
pub struct SignatureError;

/// Says why a text or bytes are not a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hexadecimal digits.
    #[error(transparent)]
    Text(#[from] IdError),
    /// Not a point of the curve, or one of its weak points, for which anyone can sign.
    #[error("not a usable Ed25519 public key")]
    Point,
}

/// A station's or hub's private key. `Debug` shows the public half only.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes the key of a 32-byte random seed; the seed is what is stored.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &Message) -> Signature {
        Signature(self.0.sign(message.as_bytes()).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey(public {})", self.public())
    }
}

/// A public key, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads a public key.
    ///
    /// *Errors:* `Point`.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Point)?;
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        Ok(VerifyingKey(key))
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Checks a signature, strictly: no other encoding of it is accepted.
    ///
    /// *Errors:* [`SignatureError`].
    pub fn verify(&self, message: &Message, signature: &Signature) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(message.as_bytes(), &signature).map_err(|_| SignatureError)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VerifyingKey({self})")
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        VerifyingKey::from_bytes(&parse_hex(text)?)
    }
}

impl Serialize for VerifyingKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_hex(&self.to_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for VerifyingKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        VerifyingKey::from_bytes(&deserialize_hex(deserializer)?).map_err(serde::de::Error::custom)
    }
}
