//! How times, prices and quantities are shown.

use suanpan_contract::{PriceView, QuantityView};
use suanpan_domain::calendar;
use suanpan_domain::catalogue::SiteSettings;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::Quantity;

/// `HH:MM` at the site.
pub(crate) fn clock_text(at_ms: i64, settings: &SiteSettings) -> String {
    let (_, minute) = calendar::local(at_ms, settings.utc_offset_min);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `mm-dd HH:MM` at the site.
pub(crate) fn date_time_text(at_ms: i64, settings: &SiteSettings) -> String {
    format!("{} {}", day_text(at_ms, settings), clock_text(at_ms, settings))
}

pub(crate) fn day_text(at_ms: i64, settings: &SiteSettings) -> String {
    let (date, _) = calendar::local(at_ms, settings.utc_offset_min);
    format!("{:02}-{:02}", date / 100 % 100, date % 100)
}

pub(crate) fn price(price: Price, unit: &str) -> PriceView {
    let per = match price.per {
        Per::Piece => unit.to_owned(),
        Per::Jin => "500g".to_owned(),
        Per::Kilogram => "kg".to_owned(),
    };
    PriceView { fen: price.fen.0, per }
}

pub(crate) fn quantity(quantity: Quantity, unit: &str) -> QuantityView {
    match quantity {
        Quantity::G(grams) => QuantityView::Weight { grams: grams.0 },
        Quantity::Pc(pieces) => QuantityView::Count { pieces: pieces.0, unit: unit.to_owned() },
    }
}

/// Amount of a document, positive also for refunds.
pub(crate) fn amount(fen: Fen) -> i64 {
    fen.0.max(0)
}
