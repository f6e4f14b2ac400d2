//! What a restore lost of the feeds: how a till shows it, and what the hub makes of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use suanpan_journal::{Hash, VerifyingKey};
use suanpan_sync::limits::LOST_MAX;
use suanpan_sync::{
    FeedChange, FeedEntry, FeedHead, LostFeed, LostReport, Scope, SnapshotManifest, Staged, feed_genesis,
    follow_feed,
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
        let mut at: BTreeMap<&Scope, Hash> = heads.iter().map(|head| (&head.scope, head.hash)).collect();
        for entry in &staged.entries {
            let before = at.get(&entry.scope).copied().unwrap_or_else(|| feed_genesis(&entry.scope));
            at.insert(&entry.scope, follow_feed(&before, entry));
            let place = (entry.scope.clone(), entry.version);
            self.entries.insert(place, Rc::new((before, entry.clone(), at_ms)));
        }
        self.entries.retain(|_, it| it.2 >= at_ms.saturating_sub(KEPT_MS));
    }

    /// The longest run of kept entries that chains to a head.
    pub(crate) fn newest(&self, head: &FeedHead) -> LostFeed {
        let mut lost = LostFeed { prev_hash: head.hash, head: head.clone(), entries: Vec::new() };
        for version in (1..=head.version).rev().take(LOST_MAX) {
            let Some(kept) = self.entries.get(&(head.scope.clone(), version)) else { break };
            let (before, entry, _) = kept.as_ref();
            if follow_feed(before, entry) != lost.prev_hash {
                break;
            }
            lost.prev_hash = *before;
            lost.entries.push(entry.clone());
        }
        lost.entries.reverse();
        lost
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

/// The heads that a cut of a newer epoch takes the place of, with that epoch.
pub(crate) fn replaced(heads: &[FeedHead], manifest: &SnapshotManifest) -> Vec<(FeedHead, u64)> {
    let newer = |head: &FeedHead| {
        let new = manifest.cut.iter().find(|new| new.scope == head.scope && new.epoch > head.epoch)?;
        Some((head.clone(), new.epoch))
    };
    heads.iter().filter(|head| head.version > 0).filter_map(newer).collect()
}

/// A change that tills applied and that this hub lost.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) entry: FeedEntry,
    /// Whether HQ published it again, once it was decided.
    published: Option<bool>,
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
                    self.lost.insert(place, Listed { entry: entry.clone(), published: None });
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
        let mut listed: Vec<&mut Listed> =
            self.lost.values_mut().filter(|it| it.published.is_none()).collect();
        listed.sort_by_key(|it| (it.entry.epoch, it.entry.version));
        let mut published = Vec::new();
        for it in listed {
            let again = publish && it.entry.key != PAIR;
            it.published = Some(again);
            self.notes.push(if again { "lost change published again" } else { "lost change let go" });
            if again && !self.feeds.says(&it.entry) {
                let FeedEntry { scope, key, change, .. } = it.entry.clone();
                published.push(self.feeds.add(&scope, epoch, key, change));
            }
        }
        published
    }

    /// The rows that HQ published again.
    pub(crate) fn published_again(&self) -> impl Iterator<Item = (&Scope, &str, Option<&str>)> {
        self.lost.iter().filter(|(_, it)| it.published == Some(true)).map(|((scope, key), it)| {
            let body = match &it.entry.change {
                FeedChange::Put { body } => Some(body.as_str()),
                FeedChange::Delete => None,
            };
            (scope, key.as_str(), body)
        })
    }
}

fn is_newer(entry: &FeedEntry, than: &FeedEntry) -> bool {
    (entry.epoch, entry.version) > (than.epoch, than.version)
}
