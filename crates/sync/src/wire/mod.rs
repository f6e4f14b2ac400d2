//! What travels: one module a message.

pub(crate) mod ack;
mod bytes;
mod columns;
pub(crate) mod container;
pub(crate) mod dictionary;
pub(crate) mod enrol;
pub(crate) mod entries;
pub(crate) mod feed;
pub(crate) mod hole;
pub(crate) mod lost;
pub(crate) mod push;
pub(crate) mod refund;
pub(crate) mod request;

use suanpan_journal::ChainError;

/// Says why bytes are not a message. Nothing of such a message is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than the named maximum of its kind.
    #[error("{what} is {len} long, at most {max} is allowed")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The bytes end inside this part.
    #[error("the message ends inside its {what}")]
    Cut {
        /// Which part.
        what: &'static str,
    },
    /// A part has a value that its type does not allow.
    #[error("{what} is malformed")]
    Malformed {
        /// Which part.
        what: &'static str,
    },
    /// A protocol version that this build does not know: the sender is newer.
    #[error("protocol version {found} is not known here")]
    Proto {
        /// The version.
        found: u8,
    },
    /// A container codec that this build does not know.
    #[error("container codec {found} is not known here")]
    Codec {
        /// The codec byte.
        found: u8,
    },
    /// The records are packed by a dictionary that is not known here: to be sent again without it.
    #[error("the records are packed by a dictionary that is not known here")]
    Dictionary,
    /// The records do not chain as the push says.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The number of records is not the one that was signed.
    #[error("the push names {expected} entries and carries {found}")]
    Count {
        /// As named.
        expected: u32,
        /// As carried.
        found: u64,
    },
    /// The signature is not the sender's over this message.
    #[error("the signature does not match")]
    Signature,
}

impl WireError {
    /// Says whether a hub refuses a push for its packing alone: an older hub does not know the codec, one that was restored
    /// not the dictionary.
    #[must_use]
    pub fn is_of_packing(code: &str) -> bool {
        [WireError::Codec { found: 0 }.code(), WireError::Dictionary.code()].contains(&code)
    }

    /// The stable code that logs, problem documents and the till's IT sentence use.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            WireError::TooLong { .. } => "SYN-WIR-001",
            WireError::Cut { .. } => "SYN-WIR-002",
            WireError::Malformed { .. } => "SYN-WIR-003",
            WireError::Proto { .. } => "SYN-WIR-004",
            WireError::Codec { .. } => "SYN-WIR-005",
            WireError::Chain(_) => "SYN-WIR-006",
            WireError::Count { .. } => "SYN-WIR-007",
            WireError::Signature => "SYN-WIR-008",
            WireError::Dictionary => "SYN-WIR-009",
        }
    }
}

/// Refuses a part over its limit.
pub(crate) fn within(what: &'static str, len: usize, max: usize) -> Result<(), WireError> {
    if len > max {
        return Err(WireError::TooLong { what, len, max });
    }
    Ok(())
}
