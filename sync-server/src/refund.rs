//! Use case: a till refunds a sale, its own or another's. Who asks first has the receipt for some minutes, so that two
//! tills online do not pay out the same goods; what tills refund offline is compared with the sale afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use suanpan_domain::entry::Entry;
use suanpan_domain::ids::DocumentNumber;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::refund::Refund;
use suanpan_domain::sale::Sale;
use suanpan_journal::Hash;
use suanpan_sync::{Recorded, RefundReply, RefundRequest};

use crate::app::App;
use crate::clock::now_ms;
use crate::http::Problem;
use crate::identity::random;
use crate::store::{Reserve, Reserved, Station};

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

/// Finds a sale by its printed number and keeps it for the station that asks. A number that no sale has is kept too: the
/// sale may be on its way.
///
/// *Errors:* `BadRequest`, `Busy`, `RateLimit`, `Store`, `Internal`.
pub(crate) async fn reserve(app: &App, station: &Station, body: &[u8]) -> Result<RefundReply, Problem> {
    let number = number(body)?;
    if !number.site.eq_ignore_ascii_case(station.site.as_str()) {
        note_other_site(app, station, &number)?;
    }
    let name = Hash(random().map_err(|_| Problem::Internal)?).to_string();
    let (station, reservation) = (station.clone(), name.clone());
    let asked = Reserve { station, number: number.clone(), name, now_ms: now_ms() };
    match app.store.reserve(asked).await? {
        Reserved::Elsewhere { till } => return Ok(RefundReply::Elsewhere { till }),
        Reserved::TooMany => return Err(Problem::Busy),
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

/// Lets a receipt go that the station had.
///
/// *Errors:* `BadRequest`, `Store`.
pub(crate) async fn release(app: &App, station: &Station, body: &[u8]) -> Result<(), Problem> {
    Ok(app.store.release(station.station, number(body)?).await?)
}

fn number(body: &[u8]) -> Result<DocumentNumber, Problem> {
    let request: RefundRequest =
        serde_json::from_slice(body).map_err(|_| Problem::BadRequest("a number is expected"))?;
    request.number.parse().map_err(|_| Problem::BadRequest("a printed number is expected"))
}

/// The sales and refunds among some entries.
pub(crate) fn decoded(documents: &[Recorded]) -> (Vec<Sale>, Vec<Refund>) {
    let (mut sales, mut refunds) = (vec![], vec![]);
    for document in documents {
        match Entry::decode(document.kind, document.payload.as_bytes()) {
            Ok(Entry::Sale(sale)) => sales.push(sale),
            Ok(Entry::Refund(refund)) => refunds.push(refund),
            _ => {}
        }
    }
    (sales, refunds)
}

/// What is wrong with the refunds of one receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The hub does not have the receipt: it never was, or its till has not sent it yet.
    Unknown,
    /// Several refunds together returned more goods or more money than the receipt has.
    Double,
    /// Other goods than the receipt has, or more of them or of money.
    Differs,
}

/// Goods of one kind: how many, and their value.
#[derive(Default)]
struct Goods {
    quantity: i64,
    value: Fen,
}

impl Goods {
    fn add(&mut self, quantity: Quantity, value: Fen) {
        self.quantity = self.quantity.saturating_add(quantity.number());
        self.value += value;
    }
}

type Heap<'a> = BTreeMap<(&'a str, bool), Goods>;

/// Compares the refunds of a receipt with its sale.
pub(crate) fn compare(sales: &[Sale], refunds: &[Refund]) -> Option<Wrong> {
    if sales.is_empty() {
        return Some(Wrong::Unknown);
    }
    let (mut sold, mut back) = (Heap::new(), Heap::new());
    for line in sales.iter().flat_map(|sale| &sale.lines) {
        let kind = (line.item.as_str(), matches!(line.quantity, Quantity::G(_)));
        sold.entry(kind).or_default().add(line.quantity, line.gross);
    }
    for line in refunds.iter().flat_map(|refund| &refund.lines) {
        let kind = (line.item.as_str(), matches!(line.quantity, Quantity::G(_)));
        back.entry(kind).or_default().add(line.quantity, line.amount);
    }
    let none = Goods::default();
    let mut pairs = back.iter().map(|(kind, back)| (sold.get(kind).unwrap_or(&none), back));
    let paid: Fen = sales.iter().map(|sale| sale.due).sum();
    let refunded: Fen = refunds.iter().map(|refund| refund.total).sum();
    let is_more = refunded > paid || pairs.clone().any(|(sold, back)| back.quantity > sold.quantity);
    match () {
        () if is_more && refunds.len() > 1 => Some(Wrong::Double),
        () if is_more || pairs.any(|(sold, back)| back.value > sold.value) => Some(Wrong::Differs),
        () => None,
    }
}
