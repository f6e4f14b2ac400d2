//! Builds the search index beside everything else: a till sells before it can search.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use suanpan_domain::calendar;
use suanpan_domain::catalogue::Item;

use super::till::Inner;
use crate::search::{SearchIndex, SearchItem};

/// Items read in one turn of the till's mutex: about a millisecond.
const ITEMS_AT_ONCE: u32 = 100;

/// Days of sales that rank the hits.
const RANK_DAYS: u32 = 28;

/// What the index's thread brings back.
pub(crate) struct Indexed {
    pub(crate) index: Arc<SearchIndex>,
    /// Shopping bags, for the pinned keys.
    pub(crate) bags: Vec<Item>,
}

/// Reads the whole catalogue in short turns and builds the index. `None` when it cannot be read,
/// or the till stops.
pub(crate) fn build(inner: &Inner) -> Option<Indexed> {
    let (at_ms, ranks) = inner.with(|core| {
        let at_ms = core.shop.pricing_time(core.clock.now_ms());
        let today = core.shop.clock_date(at_ms);
        let since = (0..RANK_DAYS).fold(today, |date, _| calendar::previous(date).unwrap_or(date));
        let ranks: HashMap<String, i64> =
            core.shop.ledger.item_lines_since(since).unwrap_or_default().into_iter().collect();
        (at_ms, ranks)
    })?;
    let (mut found, mut bags) = (Vec::new(), Vec::new());
    let mut after = String::new();
    loop {
        if inner.is_stopping.load(Ordering::Acquire) {
            return None;
        }
        let read = inner.with(|core| core.shop.catalogue.items_after(&after, ITEMS_AT_ONCE, at_ms))?;
        let (items, last) =
            read.inspect_err(|error| tracing::error!(error.code = error.code(), "till.index")).ok()?;
        for item in items {
            bags.extend(item.bag.then(|| item.clone()));
            found.push(searchable(item, &ranks));
        }
        let Some(last) = last else { break };
        after = last;
    }
    Some(Indexed { index: Arc::new(SearchIndex::build(found)), bags })
}

fn searchable(item: Item, ranks: &HashMap<String, i64>) -> SearchItem {
    let rank = ranks.get(&item.code).copied().unwrap_or(0);
    let keys = item.barcodes.into_iter().map(|barcode| barcode.code).chain(item.plu).collect();
    SearchItem { code: item.code, name: item.name, aliases: item.aliases, keys, rank }
}
