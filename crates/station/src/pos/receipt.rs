//! A receipt that may be refunded, as far as this till and the hub know it.

use suanpan_contract::{Code, HubWord};
use suanpan_domain::money::Fen;
use suanpan_domain::refund::Returned;
use suanpan_domain::sale::Sale;

use crate::say::Say;

/// What is shown of a number that was not found: more than any number has, less than fills the message line.
const NUMBER_CHARS_MAX: usize = 40;

/// A sale that may be refunded, wherever it was rung.
#[derive(Clone, Debug)]
pub(crate) struct Refundable {
    pub(crate) sale: Sale,
    pub(crate) number: String,
    pub(crate) at_ms: i64,
    pub(crate) returned: Returned,
    pub(crate) kept: Kept,
    /// The hub knows every refund of it that this till knows: another till may have it.
    pub(crate) hub_knows: bool,
}

/// Whether another till may be refunding it at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The hub was silent: it finds out afterwards.
    Unasked,
    /// The hub does not have the sale yet, and keeps its number for this till.
    Unknown { reservation: Option<String> },
    /// The hub keeps it for this till, at least until some minutes after this time.
    Reserved { reservation: String, at_ms: i64 },
}

impl Kept {
    /// The same as the screen shows it. What the hub does not have and this till does is only not sent yet.
    pub(crate) fn hub(&self) -> HubWord {
        if *self == Kept::Unasked { HubWord::Silent } else { HubWord::Kept }
    }
}

/// A receipt that neither this till nor the hub can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cited {
    pub(crate) number: String,
    pub(crate) hub: HubWord,
    pub(crate) reservation: Option<String>,
    /// What is known to have been paid out on it.
    pub(crate) before: Fen,
}

pub(crate) fn not_found(number: &str) -> Say {
    let shown: String = number.trim().chars().take(NUMBER_CHARS_MAX).collect();
    Say::new(Code::ReceiptNotFound).with("number", shown)
}
