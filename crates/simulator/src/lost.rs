//! What a restore lost of the feeds: how a till shows it, and what the hub makes of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use suanpan_journal::{Hash, VerifyingKey};
use suanpan_sync::{
    FeedEntry, FeedHead, LostFeed, LostReport, Scope, SnapshotManifest, Staged, chained, replaced,
};

use crate::feed::{PAIR, Published};
use crate::hub::HubDisk;
use crate::world::DAY;

/// Received entries are kept this long.
const KEPT_MS: i64 = 30 * DAY;

/// A feed entry, with the chain's hash before it and when it came.
type Remembered = (Hash, FeedEntry, i64);

/// What a till keeps of what it applied.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    entries: BTreeMap<(Scope, u64), Rc<Remembered>>,
    /// What was told to a hub that has nothing, so that it is told once: the heads, and the epoch they would go for.
    told: Vec<(FeedHead, u64)>,
}

impl Kept {
    /// Keeps the entries of a cut that begin after these heads.
    pub(crate) fn keep(&mut self, heads: &[FeedHead], staged: &Staged, at_ms: i64) {
        for (before, entry) in chained(heads, &staged.entries) {
            let place = (entry.scope.clone(), entry.version);
            self.entries.insert(place, Rc::new((before, entry.clone(), at_ms)));
        }
        self.entries.retain(|_, it| it.2 >= at_ms.saturating_sub(KEPT_MS));
    }

    /// The longest run of kept entries that chains to a head.
    pub(crate) fn newest(&self, head: &FeedHead) -> LostFeed {
        let of_scope = self.entries.range((head.scope.clone(), 0)..=(head.scope.clone(), u64::MAX));
        let kept = of_scope.rev().map(|(_, kept)| (kept.0, kept.1.clone()));
        LostFeed::newest(head.clone(), kept)
    }

    /// What to show before a snapshot takes the place of what these heads name; `None` when there is nothing to tell.
    pub(crate) fn to_tell(&self, heads: &[FeedHead], manifest: &SnapshotManifest) -> Option<LostReport> {
        let replaced = replaced(heads, manifest);
        // What will be forgotten is told each time: the hub may have been restored again since, and not know it yet.
        if manifest.chunks.is_empty() && replaced == self.told {
            return None;
        }
        let lost = replaced.iter().map(|(head, _)| self.newest(head));
        let lost: Vec<LostFeed> = lost.filter(|it| !it.entries.is_empty()).collect();
        (!lost.is_empty()).then_some(LostReport { lost })
    }

    pub(crate) fn told(&mut self, heads: &[FeedHead], manifest: &SnapshotManifest) {
        self.told = replaced(heads, manifest);
    }
}

/// A change that tills applied and that this hub lost.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) entry: FeedEntry,
    is_decided: bool,
}

impl HubDisk {
    /// Takes down what this hub does not have of what a till shows. Nothing of it is published.
    ///
    /// *Errors:* why it is refused.
    pub(crate) fn take_lost(
        &mut self,
        hub: &VerifyingKey,
        scopes: &[Scope],
        report: &LostReport,
    ) -> Result<(), String> {
        report.fits().map_err(|error| error.to_string())?;
        for lost in &report.lost {
            if !scopes.contains(&lost.head.scope) {
                return Err("a scope of another station".into());
            }
            let hashes = lost.check(hub).map_err(|error| error.to_string())?;
            let unknown = lost.entries.iter().zip(hashes).filter(|(_, hash)| !self.feeds.has(hash));
            let newest: BTreeMap<&str, &FeedEntry> =
                unknown.map(|(entry, _)| (entry.key.as_str(), entry)).collect();
            for entry in newest.into_values() {
                let place = (entry.scope.clone(), entry.key.clone());
                let known = self.lost.get(&place).is_some_and(|it| !is_newer(entry, &it.entry));
                if !known && !self.feeds.says(entry) {
                    self.lost.insert(place, Listed { entry: entry.clone(), is_decided: false });
                    self.notes.push("lost change listed");
                }
            }
        }
        Ok(())
    }

    /// Whether HQ can see this change: it is published, or listed, or a newer one of its row is, or it says nothing new.
    pub(crate) fn shows(&self, entry: &FeedEntry, hash: &Hash) -> bool {
        let listed = self.lost.get(&(entry.scope.clone(), entry.key.clone()));
        self.feeds.has(hash) || self.feeds.says(entry) || listed.is_some_and(|it| !is_newer(entry, &it.entry))
    }

    /// HQ publishes what is listed again, as news, or lets it go. Gives what was published. The row by which half a cut is
    /// known is not a change that somebody made: it is let go.
    pub(crate) fn decide_lost(&mut self, publish: bool) -> Vec<Published> {
        let epoch = self.epoch();
        let mut listed: Vec<&mut Listed> = self.lost.values_mut().filter(|it| !it.is_decided).collect();
        listed.sort_by_key(|it| (it.entry.epoch, it.entry.version));
        let mut published = Vec::new();
        for it in listed {
            let again = publish && it.entry.key != PAIR;
            it.is_decided = true;
            self.notes.push(if again { "lost change published again" } else { "lost change let go" });
            if again && !self.feeds.says(&it.entry) {
                let FeedEntry { scope, key, change, .. } = it.entry.clone();
                published.push(self.feeds.add(&scope, epoch, key, change));
            }
        }
        published
    }
}

fn is_newer(entry: &FeedEntry, than: &FeedEntry) -> bool {
    (entry.epoch, entry.version) > (than.epoch, than.version)
}
