//! How store-days and their tills stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suanpan_domain::shift::Difference;

use crate::store::error::StoreError;

/// How a store-day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// The date is not over and no till has closed it.
    Open,
    /// A till has not closed.
    Waiting,
    /// Every till has closed; something of it has not arrived or is not understood.
    Pending,
    /// A till's own sums are not what the hub added up.
    Difference,
    /// Published, and every till has closed or is excused.
    Closed,
    /// The date is over, nothing came, and no till may hold any: it has none, or they rested.
    Idle,
}

/// How a till stands on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TillState {
    /// It has not closed.
    Open,
    /// Nothing of the date came from it, and it has not spoken since: it may hold sales.
    Silent,
    /// Receipts came that are newer than its close.
    Reopened,
    /// It has closed, and something before the close has not arrived or is not understood.
    Pending,
    /// It has closed, and its sums are not what the hub added up.
    Difference,
    /// It has closed, and the hub has the same figures.
    Closed,
}

/// Who let a till's day stand as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Excuse {
    /// The person's name at HQ.
    pub by: String,
    /// In the person's words.
    pub reason: String,
    /// When, by the hub's clock.
    pub at_ms: i64,
}

/// A till's part of a store-day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct TillDay {
    /// Its number.
    pub till: u16,
    /// The station that stands there, or the newest of those that sold there that day.
    pub station: String,
    /// How it stands.
    pub state: TillState,
    /// Different numbers received.
    pub received: u32,
    /// Numbers that exist and have not arrived.
    pub missing: u32,
    /// Entries of the date that this hub does not understand.
    pub parked: u32,
    /// When it last spoke, if that is why it is waited for.
    pub silent_since_ms: Option<i64>,
    /// Where the till (`was`) and the hub (`is`) differ.
    #[cfg_attr(test, ts(type = "Array<{ field: string, was: number, is: number }>"))]
    #[cfg_attr(test, schemars(with = "Vec<crate::http::Differs>"))]
    pub differences: Vec<Difference>,
    /// Who excused it.
    pub excuse: Option<Excuse>,
}

/// What was published of a store-day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct DayVersion {
    /// From 1.
    pub version: u32,
    /// The hub's epoch: a hub that was restored may publish a number again.
    pub epoch: u64,
    /// When, by the hub's clock.
    pub made_at_ms: i64,
    /// Counts, and fen, by the names of [`suanpan_domain::shift::Sums::fields`].
    #[cfg_attr(test, ts(type = "{ [name: string]: number }"))]
    pub figures: BTreeMap<String, i64>,
    /// What changed since the version before.
    #[cfg_attr(test, ts(type = "Array<{ field: string, was: number, is: number }>"))]
    #[cfg_attr(test, schemars(with = "Vec<crate::http::Differs>"))]
    pub changes: Vec<Difference>,
}

/// A business date at a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct StoreDay {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// The store's code.
    pub site: String,
    /// Its name.
    pub name: String,
    /// How it stands, as last judged.
    pub state: DayState,
    /// The newest version; 0 while there is none.
    pub version: u32,
    /// Its tills.
    pub tills: Vec<TillDay>,
    /// The newest version, or the newest [`VERSIONS_MAX`] if they were asked for; oldest first.
    pub versions: Vec<DayVersion>,
    /// Batches of the store that are stored and not in it yet, and 1 if it waits to be judged.
    pub pending: i64,
}

/// The store-days of a date, for HQ's page.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct StoreDays {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// By store.
    pub days: Vec<StoreDay>,
    /// Dates of the month before on which a store-day is not closed.
    pub unclosed: Vec<UnclosedDate>,
    /// What figures with a code in their names are called.
    pub names: Vec<FigureName>,
    /// Over and short of the shifts that were closed, those that fit left out; none for who may not see them.
    pub drawers: Vec<Drawer>,
}

/// A drawer that did not hold what it should have when it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Drawer {
    /// The store's code.
    pub site: String,
    /// The till.
    pub till: u16,
    /// The shift's number; 0 while only its end is known.
    pub shift: u32,
    /// Staff number of its cashier.
    pub cashier: String,
    /// Above zero: more was counted than there should be.
    pub over_short_fen: i64,
    /// It was counted while the shift went on (中途对账), not at its end.
    pub during_shift: bool,
}

/// A figure such as `tender:cash`, as people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct FigureName {
    /// Its name in figures, by `suanpan_domain::shift::Sums::fields`.
    pub field: String,
    /// What the chain calls its tender or tax.
    pub name: String,
    /// The same in English.
    pub name_en: String,
}

/// A date that is not closed everywhere.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct UnclosedDate {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Stores that are not closed.
    pub stores: u32,
}

/// What is kept of a judgement.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Judgement {
    pub(super) state: DayState,
    pub(super) tills: Vec<TillDay>,
}

/// Reads published figures.
pub(super) fn figures(text: &str) -> Result<BTreeMap<String, i64>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged("figures"))
}
