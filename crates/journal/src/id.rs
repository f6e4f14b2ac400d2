use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Says why a text is not an id, hash, key or signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} lower-case hexadecimal digits, found {found} characters")]
pub struct IdError {
    /// Digits that the type needs.
    pub expected: usize,
    /// Length of the text that was given.
    pub found: usize,
}

/// Reads exactly `N` bytes of lower-case hex, so that every value has one spelling.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    let error = || IdError { expected: N.saturating_mul(2), found: text.chars().count() };
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(error());
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| error())?;
    Ok(bytes)
}

pub(crate) fn serialize_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

pub(crate) fn deserialize_hex<'de, const N: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    parse_hex(&text).map_err(de::Error::custom)
}

/// Declares a fixed-width value that is written as lower-case hex everywhere.
macro_rules! hex_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(
            /// The bytes as they are hashed, signed and sent.
            pub [u8; $len],
        );

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize_hex(&self.0, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize_hex(deserializer).map(Self)
            }
        }
    };
}
pub(crate) use hex_bytes;

hex_bytes!(
    /// Names one station for life; the hub signs it into the station's [`crate::Certificate`].
    StationId,
    16
);
hex_bytes!(
    /// Names one segment: the entries written by one start of the app. Random, 128 bits.
    SegmentId,
    16
);
hex_bytes!(
    /// Names one enrolment. Random, 128 bits.
    CertificateId,
    16
);
hex_bytes!(
    /// A SHA-256 digest. `Hash::ZERO` stands for "nothing before".
    Hash,
    32
);

impl SegmentId {
    /// The all-zero id: no segment. A real segment never has it.
    pub const ZERO: SegmentId = SegmentId([0; 16]);
}

impl Hash {
    /// The all-zero hash of a root's parent.
    pub const ZERO: Hash = Hash([0; 32]);
}
