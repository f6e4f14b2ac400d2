//! Use case: a till refunds a sale, its own or another's. Who asks first has the receipt for some minutes, so that two
//! tills online do not pay out the same goods; what tills refund offline is compared with the sale afterwards.

use std::sync::atomic::Ordering;

use suanpan_domain::ids::DocumentNumber;
use suanpan_journal::Hash;
use suanpan_sync::RefundReply;

use crate::app::App;
use crate::clock::now_ms;
use crate::identity::random;
use crate::refusal::Refusal;
use crate::store::{Reserve, Reserved, Station};

/// A customer may bring goods back to another store. Who does so all day reads what others sold.
///
/// *Errors:* `RateLimit`.
fn note_other_site(app: &App, station: &Station, number: &DocumentNumber) -> Result<(), Refusal> {
    app.metrics.other_sites_receipts.fetch_add(1, Ordering::Relaxed);
    let (site, till, of) = (station.site.as_str(), station.till, number.site.as_str());
    let allowed = app.limits.other_sites.take(station.station);
    let is_allowed = allowed.is_ok();
    let due = if is_allowed { Some(0) } else { app.told.due("HUB-REF-001", station.station) };
    if let Some(left_out) = due {
        tracing::warn!(code = "HUB-REF-001", station = %station.station, site, till, of, is_allowed, left_out, "another site's receipt is looked up");
    }
    allowed.map_err(Refusal::RateLimit)
}

/// Finds a sale by its printed number and keeps it for the station that asks. A number that no sale has is kept too: the
/// sale may be on its way.
///
/// *Errors:* `Busy`, `RateLimit`, `Store`, `Internal`.
pub(crate) async fn reserve(
    app: &App,
    station: &Station,
    number: DocumentNumber,
) -> Result<RefundReply, Refusal> {
    if !number.site.eq_ignore_ascii_case(station.site.as_str()) {
        note_other_site(app, station, &number)?;
    }
    let name = Hash(random()?).to_string();
    let (station, reservation) = (station.clone(), name.clone());
    let asked = Reserve { station, number: number.clone(), name, now_ms: now_ms() };
    match app.store.reserve(asked).await? {
        Reserved::Elsewhere { till, site } => return Ok(RefundReply::Elsewhere { till, site }),
        Reserved::TooMany => return Err(Refusal::Busy),
        Reserved::Yours => {}
    }
    // Read after it was reserved: so what the till that had it before has paid out is in there.
    let (mut documents, refunds) = app.store.sales_and_refunds(number).await?;
    if documents.is_empty() {
        return Ok(RefundReply::Unknown { reservation: Some(reservation), documents: refunds });
    }
    documents.extend(refunds);
    Ok(RefundReply::Reserved { reservation, documents })
}
