//! What a restore lost of the feeds, as tills show it, and what the hub makes of it.

use std::collections::BTreeMap;

use suanpan_journal::{Hash, VerifyingKey};
use suanpan_sync::{FeedEntry, LostReport, Scope};

use crate::feed::{PAIR, Published};
use crate::hub::{HubDisk, Listed};

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
