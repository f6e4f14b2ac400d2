//! Builds the search index beside everything else: a station works before it can search.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use suanpan_domain::calendar;
use suanpan_domain::catalogue::Item;

use crate::inner::{Event, Indexed, Inner};
use crate::role::Role;
use crate::search::{SearchIndex, SearchItem};

/// Items read in one turn of the station's mutex: about a millisecond.
const ITEMS_AT_ONCE: u32 = 100;

/// Days of sales that rank the hits.
const RANK_DAYS: u32 = 28;

/// Builds the search index on a thread of its own, in place of the one before.
pub(crate) fn rebuild<R: Role>(inner: &Arc<Inner<R>>) {
    let own = Arc::clone(inner);
    inner.beside("search-index", move || {
        let Some(indexed) = build(&own) else { return };
        // A station that stopped meanwhile needs no index.
        let _ = own.events.send(Event::Index(indexed));
    });
}

/// Reads the whole catalogue in short turns and builds the index. `None` when it cannot be read,
/// or the station stops.
fn build<R: Role>(inner: &Inner<R>) -> Option<Indexed> {
    let (at_ms, ranks) = inner.with(|core| {
        let at_ms = core.shop.pricing_time(core.clock.now_ms());
        let today = core.shop.clock_date(at_ms);
        let since = (0..RANK_DAYS).fold(today, |date, _| calendar::previous(date).unwrap_or(date));
        let ranks: HashMap<String, i64> =
            core.shop.ledger.item_lines_since(since).unwrap_or_default().into_iter().collect();
        (at_ms, ranks)
    })?;
    let (mut found, mut kept) = (Vec::new(), Vec::new());
    let mut after = String::new();
    loop {
        if inner.is_stopping.load(Ordering::Acquire) {
            return None;
        }
        let read = inner.with(|core| core.shop.catalogue.items_after(&after, ITEMS_AT_ONCE, at_ms))?;
        let (items, last) =
            read.inspect_err(|error| tracing::error!(error.code = error.code(), "station.index")).ok()?;
        for item in items {
            kept.extend(R::keeps(&item).then(|| item.clone()));
            found.push(searchable(item, &ranks));
        }
        let Some(last) = last else { break };
        after = last;
    }
    Some(Indexed { index: Arc::new(SearchIndex::build(found)), kept })
}

fn searchable(item: Item, ranks: &HashMap<String, i64>) -> SearchItem {
    let rank = ranks.get(&item.code).copied().unwrap_or(0);
    let keys = item.barcodes.into_iter().map(|barcode| barcode.code).chain(item.plu).collect();
    SearchItem { code: item.code, name: item.name, aliases: item.aliases, keys, rank }
}
