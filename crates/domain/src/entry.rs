//! Everything a till ever writes down: the closed list of journal payloads, each with its kind number and version.
//!
//! *Shape:* compact JSON, `{"v":1,…}`. A kind's number and the meaning of a version never change; fields may be added,
//! and readers ignore what they do not know. The bytes are never rewritten, so unknown fields survive.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bounds::{self, Bound};
use crate::ids::Id;
use crate::money::Fen;
use crate::quantity::Quantity;
use crate::refund::Refund;
use crate::sale::{Basket, Sale, Tendered};
use crate::shift::{CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, ShiftRelieved};

/// The payload version this code writes.
pub const VERSION: u16 = 1;

/// One thing that happened at a till.
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

/// A line taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRemoved {
    /// Basket it was in.
    pub basket: Id,
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Weight or count.
    pub quantity: Quantity,
    /// Its amount.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A quantity lowered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantityLowered {
    /// Basket it is in.
    pub basket: Id,
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Before.
    pub from: Quantity,
    /// After.
    pub to: Quantity,
    /// By how much the amount fell.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A whole basket given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketVoided {
    /// The basket as it was.
    pub basket: Basket,
    /// What it would have cost.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A basket put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketParked {
    /// The basket as it is.
    pub basket: Basket,
    /// Cashier.
    pub by: String,
}

/// A parked basket taken up again, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketRecalled {
    /// Basket id.
    pub basket: Id,
    /// Cashier.
    pub by: String,
}

/// Tenders given back before the sale was closed: HQ sees a confirmed reference that paid for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TendersCleared {
    /// Basket they were taken for.
    pub basket: Id,
    /// What was taken.
    #[serde(rename = "pay")]
    pub tenders: Vec<Tendered>,
    /// Cashier.
    pub by: String,
}

/// The drawer opened without a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawerOpened {
    /// Shift.
    pub shift: Id,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A receipt printed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reprinted {
    /// Sale, refund, shift or movement id.
    pub document: Id,
    /// 补打第 n 次, from 1.
    pub copy: u16,
    /// Cashier.
    pub by: String,
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// Staff number and PIN.
    Pin,
    /// Card.
    Card,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Staff number.
    pub staff: String,
    /// PIN or card.
    pub with: Credential,
}

/// A wrong PIN. The PIN is never written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFailed {
    /// Staff number that was tried.
    pub staff: String,
    /// How many in a row.
    pub tries: u8,
    /// Locked until, milliseconds since 1970, when this try locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until_ms: Option<i64>,
}

/// A lockout lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockoutLifted {
    /// Whose.
    pub staff: String,
    /// Manager.
    pub by: String,
}

/// Something a supervisor allowed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// What was asked, such as `refund` or `line_discount`.
    pub action: String,
    /// Whom it was asked for.
    pub staff: String,
    /// Who approved.
    pub by: String,
    /// PIN or card.
    pub with: Credential,
    /// Money at stake.
    pub amount: Fen,
}

/// The clock jumped. Order is by seq; this only tells HQ why times look odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMoved {
    /// Time of the entry before, milliseconds since 1970.
    pub before_ms: i64,
    /// The clock now.
    pub now_ms: i64,
}

/// A ledger file was given up and its readable entries were carried over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReplaced {
    /// Stable code of what was wrong.
    pub code: String,
    /// Entries carried over.
    pub salvaged: u64,
    /// Name under which the old file is kept.
    pub kept_as: String,
}

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A kind this version does not know.
    #[error("entry kind {0} is not known to this version")]
    UnknownKind(u16),
    /// A payload version this code does not know.
    #[error("kind {kind} has payload version {version}; this version reads up to {VERSION}")]
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
    ($($variant:ident = $number:literal),+ $(,)?) => {
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
                    $(Entry::$variant(body) => serde_json::to_vec(&Versioned { v: VERSION, body })
                        .map_err(|source| EntryError::Malformed { kind: $number, source })),+
                }
            }

            /// Reads a payload.
            ///
            /// *Errors:* [`EntryError`], but for `OutOfBounds`: a till reads whatever it once wrote.
            pub fn decode(kind: u16, payload: &[u8]) -> Result<Entry, EntryError> {
                match kind {
                    $($number => read(kind, payload).map(Entry::$variant)),+,
                    other => Err(EntryError::UnknownKind(other)),
                }
            }
        }
    };
}

// Numbers are for ever. 1–19 documents, 20–39 shift and drawer, 40–59 before payment, 60–79 people, 80–99 the machine.
kinds! {
    Sale = 1,
    Refund = 2,
    Reprinted = 3,
    ShiftOpened = 20,
    ShiftRelieved = 21,
    CashMoved = 22,
    ShiftAudited = 23,
    ShiftClosed = 24,
    DayClosed = 25,
    DrawerOpened = 26,
    LineRemoved = 40,
    QuantityLowered = 41,
    BasketVoided = 42,
    BasketParked = 43,
    BasketRecalled = 44,
    TendersCleared = 45,
    SignedIn = 60,
    SignInFailed = 61,
    LockoutLifted = 62,
    Approved = 63,
    ClockMoved = 80,
    LedgerReplaced = 81,
}

impl Entry {
    /// Reads a payload that another machine wrote under a business date: what comes back can be added up.
    ///
    /// *Errors:* [`EntryError`]; the hub parks such an entry, and whatever follows it is in the figures.
    pub fn receive(kind: u16, business_date: u32, payload: &[u8]) -> Result<Entry, EntryError> {
        let entry = Entry::decode(kind, payload)?;
        match bounds::check(&entry, business_date) {
            Ok(()) => Ok(entry),
            Err(bound) => Err(EntryError::OutOfBounds { kind, bound }),
        }
    }
}

fn read<T: DeserializeOwned>(kind: u16, payload: &[u8]) -> Result<T, EntryError> {
    let malformed = |source| EntryError::Malformed { kind, source };
    let VersionOnly { v } = serde_json::from_slice(payload).map_err(malformed)?;
    if v > VERSION || v == 0 {
        return Err(EntryError::UnknownVersion { kind, version: v });
    }
    serde_json::from_slice(payload).map_err(malformed)
}
