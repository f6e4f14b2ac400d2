//! Everything a station ever writes down: the closed list of journal payloads, each with its kind number and version.
//!
//! *Shape:* compact JSON, `{"v":1,…}`. A kind's number and the meaning of a version never change; fields may be added,
//! and readers ignore what they do not know. The bytes are never rewritten, so unknown fields survive.

mod error;
mod machine;
mod people;
mod till;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::error::{Bound, EntryError};
pub use self::machine::{ClockMoved, LedgerReplaced};
pub use self::people::{Approved, Credential, LockoutLifted, SignInFailed, SignedIn};
pub use self::till::{
    BasketParked, BasketRecalled, BasketVoided, DrawerOpened, LineRemoved, QuantityLowered, Reprinted,
    TendersCleared,
};
use crate::refund::Refund;
use crate::sale::Sale;
use crate::shift::{CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, ShiftRelieved};

/// One thing that happened at a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A paid basket.
    Sale(Sale),
    /// Money given back.
    Refund(Refund),
    /// 开班.
    ShiftOpened(ShiftOpened),
    /// 顶班.
    ShiftRelieved(ShiftRelieved),
    /// 缴款, 换零, more float.
    CashMoved(CashMoved),
    /// 中途对账.
    ShiftAudited(ShiftAudited),
    /// 班结.
    ShiftClosed(ShiftClosed),
    /// 日结.
    DayClosed(DayClosed),
    /// A line was taken away before payment.
    LineRemoved(LineRemoved),
    /// A line's quantity was lowered before payment.
    QuantityLowered(QuantityLowered),
    /// 整单取消.
    BasketVoided(BasketVoided),
    /// 挂单.
    BasketParked(BasketParked),
    /// 取单.
    BasketRecalled(BasketRecalled),
    /// Tenders that were taken and given back before the sale was closed.
    TendersCleared(TendersCleared),
    /// The drawer was opened without a sale.
    DrawerOpened(DrawerOpened),
    /// 补打.
    Reprinted(Reprinted),
    /// Somebody signed in.
    SignedIn(SignedIn),
    /// A wrong PIN.
    SignInFailed(SignInFailed),
    /// A manager lifted a lockout.
    LockoutLifted(LockoutLifted),
    /// A supervisor approved one action.
    Approved(Approved),
    /// The clock moved by more than a minute against the journal.
    ClockMoved(ClockMoved),
    /// The ledger was damaged and selling went on in a new file.
    LedgerReplaced(LedgerReplaced),
}

/// What a header says of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The number in the journal's header, for ever.
    pub number: u16,
    /// The version of the payload that this code writes, and the newest that it reads. A kind's new version is parked by an
    /// older hub, and no other kind is.
    pub version: u16,
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u16,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u16,
}

macro_rules! kinds {
    ($($name:ident: $variant:ident = $number:literal, version $version:literal;)+) => {
        /// Every kind by name.
        pub mod kind {
            use super::Kind;
            $(
                #[doc = concat!("Of [`Entry::", stringify!($variant), "`](super::Entry::", stringify!($variant), ").")]
                pub const $name: Kind = Kind { number: $number, version: $version };
            )+

            /// All of them, in the order of the list.
            pub const ALL: &[Kind] = &[$($name),+];
        }

        impl Entry {
            /// Every kind number, in the order of the list.
            pub const KINDS: &'static [u16] = &[$($number),+];

            /// The kind number of the journal header.
            pub fn kind(&self) -> u16 {
                match self { $(Entry::$variant(_) => $number),+ }
            }

            /// The payload bytes.
            ///
            /// *Errors:* none in practice: every payload is a struct of numbers and strings.
            pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
                match self {
                    $(Entry::$variant(body) => serde_json::to_vec(&Versioned { v: $version, body })
                        .map_err(|source| EntryError::Malformed { kind: $number, source })),+
                }
            }

            /// Reads a payload.
            ///
            /// *Errors:* [`EntryError`], but for `OutOfBounds`: a till reads whatever it once wrote.
            pub fn decode(kind: u16, payload: &[u8]) -> Result<Entry, EntryError> {
                match kind {
                    $($number => read(self::kind::$name, payload).map(Entry::$variant)),+,
                    other => Err(EntryError::UnknownKind(other)),
                }
            }
        }
    };
}

// Numbers are for ever. 1–19 documents, 20–39 shift and drawer, 40–59 before payment, 60–79 people, 80–99 the machine.
kinds! {
    SALE: Sale = 1, version 1;
    REFUND: Refund = 2, version 1;
    REPRINTED: Reprinted = 3, version 1;
    SHIFT_OPENED: ShiftOpened = 20, version 1;
    SHIFT_RELIEVED: ShiftRelieved = 21, version 1;
    CASH_MOVED: CashMoved = 22, version 1;
    SHIFT_AUDITED: ShiftAudited = 23, version 1;
    SHIFT_CLOSED: ShiftClosed = 24, version 1;
    DAY_CLOSED: DayClosed = 25, version 1;
    DRAWER_OPENED: DrawerOpened = 26, version 1;
    LINE_REMOVED: LineRemoved = 40, version 1;
    QUANTITY_LOWERED: QuantityLowered = 41, version 1;
    BASKET_VOIDED: BasketVoided = 42, version 1;
    BASKET_PARKED: BasketParked = 43, version 1;
    BASKET_RECALLED: BasketRecalled = 44, version 1;
    TENDERS_CLEARED: TendersCleared = 45, version 1;
    SIGNED_IN: SignedIn = 60, version 1;
    SIGN_IN_FAILED: SignInFailed = 61, version 1;
    LOCKOUT_LIFTED: LockoutLifted = 62, version 1;
    APPROVED: Approved = 63, version 1;
    CLOCK_MOVED: ClockMoved = 80, version 1;
    LEDGER_REPLACED: LedgerReplaced = 81, version 1;
}

fn read<T: DeserializeOwned>(Kind { number: kind, version }: Kind, payload: &[u8]) -> Result<T, EntryError> {
    let malformed = |source| EntryError::Malformed { kind, source };
    let VersionOnly { v } = serde_json::from_slice(payload).map_err(malformed)?;
    if !(1..=version).contains(&v) {
        return Err(EntryError::UnknownVersion { kind, version: v });
    }
    serde_json::from_slice(payload).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kinds_newer_version_is_refused_for_that_kind_alone() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Body {
            it: u8,
        }
        let payload = br#"{"v":2,"it":7}"#;
        let older = read::<Body>(Kind { number: 22, version: 1 }, payload);
        assert!(matches!(older, Err(EntryError::UnknownVersion { kind: 22, version: 2 })), "{older:?}");
        assert_eq!(read::<Body>(Kind { number: 23, version: 2 }, payload).unwrap(), Body { it: 7 });
    }

    #[test]
    fn every_entry_is_written_in_the_version_of_its_kind() {
        let moved = Entry::ClockMoved(ClockMoved { before_ms: 1, now_ms: 2 });
        let bytes = moved.encode().unwrap();
        let VersionOnly { v } = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((moved.kind(), v), (kind::CLOCK_MOVED.number, kind::CLOCK_MOVED.version));
    }
}
