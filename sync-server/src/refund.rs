//! Use case: a till refunds another till's sale. Who asks first has it for some minutes, so that two tills online do
//! not pay out the same goods; what tills refund offline shows up as a double refund afterwards.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use suanpan_domain::ids::DocumentNumber;
use suanpan_journal::{Hash, StationId};
use suanpan_sync::{RefundReply, RefundRequest};

use crate::app::App;
use crate::clock::now_ms;
use crate::http::Problem;
use crate::identity::random;
use crate::store::Station;

/// A refund takes a few minutes with the customer at the counter.
const KEPT_MS: i64 = 10 * 60_000;

/// Sales kept at once, of a chain of thousands of tills. Past it the hub asks to come back.
const RESERVATIONS_MAX: usize = 10_000;

/// Who refunds which sale now. In memory: a hub that restarts forgets them, and the refunds themselves are recorded.
#[derive(Debug, Default)]
pub(crate) struct Reservations(Mutex<HashMap<String, Reserved>>);

#[derive(Debug, Clone)]
struct Reserved {
    station: StationId,
    till: u16,
    name: String,
    until_ms: i64,
}

impl Reservations {
    /// Keeps a sale for a station; gives the reservation's name, or the till that has the sale.
    fn take(
        &self,
        number: &str,
        station: &Station,
        name: String,
        now_ms: i64,
    ) -> Result<Result<String, u16>, Problem> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= RESERVATIONS_MAX {
            kept.retain(|_, reserved| reserved.until_ms > now_ms);
        }
        if kept.len() >= RESERVATIONS_MAX {
            return Err(Problem::Busy);
        }
        let until_ms = now_ms.saturating_add(KEPT_MS);
        match kept.get_mut(number) {
            Some(reserved) if reserved.until_ms > now_ms && reserved.station != station.station => {
                Ok(Err(reserved.till))
            }
            Some(reserved) if reserved.station == station.station => {
                reserved.until_ms = until_ms;
                Ok(Ok(reserved.name.clone()))
            }
            _ => {
                let (station, till) = (station.station, station.till);
                kept.insert(number.to_owned(), Reserved { station, till, name: name.clone(), until_ms });
                Ok(Ok(name))
            }
        }
    }
}

/// A customer may bring goods back to another store. Who does so all day reads what others sold.
///
/// *Errors:* `RateLimit`.
fn note_other_site(app: &App, station: &Station, number: &DocumentNumber) -> Result<(), Problem> {
    app.metrics.other_sites_receipts.fetch_add(1, Ordering::Relaxed);
    let (site, till, of) = (station.site.as_str(), station.till, number.site.as_str());
    let allowed = app.limits.other_sites.take(station.station);
    let is_allowed = allowed.is_ok();
    tracing::warn!(code = "HUB-REF-001", station = %station.station, site, till, of, is_allowed, "another site's receipt is looked up");
    allowed.map_err(Problem::RateLimit)
}

/// Finds a sale by its printed number and keeps it for the station that asks.
///
/// *Errors:* `BadRequest`, `Busy`, `RateLimit`, `Store`, `Internal`.
pub(crate) async fn reserve(app: &App, station: &Station, body: &[u8]) -> Result<RefundReply, Problem> {
    let request: RefundRequest =
        serde_json::from_slice(body).map_err(|_| Problem::BadRequest("a number is expected"))?;
    let number: DocumentNumber =
        request.number.parse().map_err(|_| Problem::BadRequest("a printed number is expected"))?;
    if !number.site.eq_ignore_ascii_case(station.site.as_str()) {
        note_other_site(app, station, &number)?;
    }
    let documents = app.store.sale_and_refunds(number.clone()).await?;
    if documents.is_empty() {
        return Ok(RefundReply::Unknown);
    }
    let name = Hash(random().map_err(|_| Problem::Internal)?).to_string();
    Ok(match app.reservations.take(&number.to_string(), station, name, now_ms())? {
        Ok(reservation) => RefundReply::Reserved { reservation, documents },
        Err(till) => RefundReply::Elsewhere { till },
    })
}
