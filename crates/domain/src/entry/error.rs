/// Which bound an entry breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// A business date that does not exist, or in which nobody trades.
    Date,
    /// A document's number is 0 or above [`NUMBER_MAX`](crate::bounds::NUMBER_MAX).
    Number,
    /// An amount is above what its place allows.
    Amount,
    /// A weight or count is above the largest line.
    Quantity,
    /// A code is too long or has control characters.
    Code,
    /// A text is too long or has a NUL.
    Text,
    /// There are too many lines, tenders or codes.
    List,
}

impl Bound {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Bound::Date => "date",
            Bound::Number => "number",
            Bound::Amount => "amount",
            Bound::Quantity => "quantity",
            Bound::Code => "code",
            Bound::Text => "text",
            Bound::List => "list",
        }
    }
}

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A kind this version does not know.
    #[error("entry kind {0} is not known to this version")]
    UnknownKind(u16),
    /// A payload version of this kind that this code does not know; other kinds are read as before.
    #[error("kind {kind} has payload version {version}, which is not known to this version")]
    UnknownVersion {
        /// Kind number.
        kind: u16,
        /// Payload version.
        version: u16,
    },
    /// The payload is not the JSON of its kind.
    #[error("kind {kind} payload is malformed: {source}")]
    Malformed {
        /// Kind number.
        kind: u16,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
    /// It reads, and holds more than an entry may hold.
    #[error("kind {kind} breaks the bound of its {}", .bound.name())]
    OutOfBounds {
        /// Kind number.
        kind: u16,
        /// Which bound.
        bound: Bound,
    },
}
