//! By which dictionary pushes are packed, as long as the hub has it.

use std::sync::atomic::Ordering;

use suanpan_sync::Dictionary;

use super::driver::Link;

/// See the module.
#[derive(Default)]
pub(super) struct Packing {
    pub(super) dictionary: Option<Dictionary>,
    /// The cut as of which it was looked for, counted from 1.
    seen: u64,
}

impl Packing {
    /// Looks for a dictionary after the start and after each cut. One that cannot be read is as good as none: sales never
    /// wait for the catalogue.
    pub(super) async fn refresh(&mut self, link: &Link) {
        let cuts = link.cuts.load(Ordering::Relaxed).saturating_add(1);
        if self.seen == cuts {
            return;
        }
        self.seen = cuts;
        let published = link.ask(|stores| stores.push_dictionary()).await;
        let published = published.inspect_err(|error| {
            tracing::warn!(error.code = error.code, error.what = error.what, "sync.dictionary");
        });
        self.dictionary = published.ok().flatten().and_then(|text| Dictionary::from_hex(&text).ok());
    }
}
