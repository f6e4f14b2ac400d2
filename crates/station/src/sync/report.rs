use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use suanpan_domain::calendar;
use suanpan_sync::limits::JSON_MAX;
use suanpan_sync::paths;

use super::cause::CallError;
use super::client::{Call, HubClient};

/// A report of a few thousand days is read within this.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the hub has added up of this till's sales.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OwnReport {
    /// One row a business date on which it has anything.
    pub rows: Vec<OwnDay>,
    /// Batches, of any till, that are stored and not yet in the figures.
    pub pending: i64,
}

/// A business date of this till at the hub: goods before discounts and 抹零, returned goods subtracted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OwnDay {
    /// `yyyy-mm-dd`.
    pub date: String,
    /// Sales.
    pub sales: i64,
    /// Refunds.
    pub refunds: i64,
    /// Lines.
    pub lines: i64,
    /// Grams.
    pub grams: i64,
    /// Fen.
    pub amount_fen: i64,
    /// Documents whose printed number is known to exist and has not arrived.
    pub missing: i64,
}

impl HubClient {
    /// Asks the hub for this till's own figures between two business dates, `yyyymmdd`.
    ///
    /// *Errors:* [`CallError`].
    pub async fn own_days(&self, from: u32, to: u32) -> Result<OwnReport, CallError> {
        let (from, to) = (calendar::text(from), calendar::text(to));
        let path = format!("{}?from={from}&to={to}", paths::SALES_BY_DAY);
        let call =
            Call { method: &Method::GET, path: &path, body: b"", response_max: JSON_MAX, timeout: TIMEOUT };
        let answer = self.call(&call).await?;
        serde_json::from_slice(&answer).map_err(|_| CallError::Garbage("not a report"))
    }
}
