use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use suanpan_journal::{Hash, VerifyingKey};

use super::feed::{FeedEntry, FeedHead, Scope, SnapshotManifest, feed_genesis, follow_feed};
use super::{WireError, within};
use crate::limits::{LOST_MAX, SCOPES_MAX};

/// The newest entries of a scope that a station applied, up to the signed head at which it stands: what a hub that was
/// restored may have lost. The hub's own signature is on the head, and nothing but what it wrote chains to that, wherever
/// the entries begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostFeed {
    /// The head that the station has applied.
    pub head: FeedHead,
    /// The chain's hash before the first entry.
    pub prev_hash: Hash,
    /// In order of version, without gaps, the last at the head.
    pub entries: Vec<FeedEntry>,
}

/// What a station tells a hub of a new epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostReport {
    /// As many at most as a station has scopes.
    pub lost: Vec<LostFeed>,
}

impl LostReport {
    /// Refuses more than a station has.
    ///
    /// *Errors:* `TooLong`.
    pub fn fits(&self) -> Result<(), WireError> {
        within("lost scopes", self.lost.len(), SCOPES_MAX)
    }
}

/// Gives the chain's hash before each of a cut's entries, which begin after these heads.
#[must_use]
pub fn chained<'a>(heads: &[FeedHead], entries: &'a [FeedEntry]) -> Vec<(Hash, &'a FeedEntry)> {
    let mut at: HashMap<&Scope, Hash> = heads.iter().map(|head| (&head.scope, head.hash)).collect();
    let chain = |entry: &'a FeedEntry| {
        let before = at.get(&entry.scope).copied().unwrap_or_else(|| feed_genesis(&entry.scope));
        at.insert(&entry.scope, follow_feed(&before, entry));
        (before, entry)
    };
    entries.iter().map(chain).collect()
}

/// The heads that a snapshot of a newer epoch takes the place of, each with that epoch: what a hub may have lost.
#[must_use]
pub fn replaced(heads: &[FeedHead], manifest: &SnapshotManifest) -> Vec<(FeedHead, u64)> {
    let newer = |head: &FeedHead| {
        let new = manifest.cut.iter().find(|new| new.scope == head.scope && new.epoch > head.epoch)?;
        Some((head.clone(), new.epoch))
    };
    heads.iter().filter(|head| head.version > 0).filter_map(newer).collect()
}

impl LostFeed {
    /// The longest run that chains to a head, of the entries that a station kept of its scope: the newest first, each with
    /// the chain's hash before it.
    #[must_use]
    pub fn newest(head: FeedHead, kept: impl IntoIterator<Item = (Hash, FeedEntry)>) -> LostFeed {
        let newest = head.version;
        let mut version = newest;
        let mut lost = LostFeed { prev_hash: head.hash, head, entries: Vec::new() };
        for (before, entry) in kept.into_iter().skip_while(|(_, entry)| entry.version > newest).take(LOST_MAX)
        {
            if entry.version != version || follow_feed(&before, &entry) != lost.prev_hash {
                break;
            }
            version = version.saturating_sub(1);
            lost.prev_hash = before;
            lost.entries.push(entry);
        }
        lost.entries.reverse();
        lost
    }

    /// Proves that the hub published these entries. Gives the chain's hash after each.
    ///
    /// *Errors:* `TooLong`, `Signature`, `Malformed` if they do not lead to the head.
    pub fn check(&self, hub: &VerifyingKey) -> Result<Vec<Hash>, WireError> {
        let malformed = WireError::Malformed { what: "lost entries" };
        within("lost entries", self.entries.len(), LOST_MAX)?;
        self.head.verify(hub)?;
        let (mut hash, mut hashes) = (self.prev_hash, Vec::new());
        // Counted from the head down, so that no version is below 1.
        let first = self.head.version.checked_sub(self.entries.len() as u64).ok_or(malformed.clone())?;
        for (entry, before) in self.entries.iter().zip(first..) {
            entry.fits()?;
            if entry.scope != self.head.scope || entry.version != before.saturating_add(1) {
                return Err(malformed);
            }
            hash = follow_feed(&hash, entry);
            hashes.push(hash);
        }
        if hash == self.head.hash { Ok(hashes) } else { Err(malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::FeedChange;
    use super::*;
    use suanpan_journal::SigningKey;

    fn entry(version: u64) -> FeedEntry {
        let change = FeedChange::Put { body: format!("{{\"fen\":{version}}}") };
        let (table, key) = ("price".to_owned(), "1001".to_owned());
        FeedEntry { scope: Scope::Chain, epoch: 1, version, table, key, effective_at_ms: 0, change }
    }

    /// The last `count` of five entries.
    fn lost(hub: &SigningKey, count: usize) -> LostFeed {
        let entries: Vec<FeedEntry> = (1..=5).map(entry).collect();
        let mut hashes = vec![feed_genesis(&Scope::Chain)];
        for entry in &entries {
            hashes.push(follow_feed(hashes.last().unwrap(), entry));
        }
        let head = FeedHead::sign(hub, Scope::Chain, 1, 5, hashes[5]);
        LostFeed { head, prev_hash: hashes[5 - count], entries: entries[5 - count..].to_vec() }
    }

    #[test]
    fn the_end_of_a_chain_is_proven_wherever_it_begins() {
        let hub = SigningKey::from_seed(&[7; 32]);
        for count in 0..=5 {
            let lost = lost(&hub, count);
            let hashes = lost.check(&hub.public()).unwrap();
            assert_eq!(hashes.len(), count);
            assert!(hashes.last().is_none_or(|last| *last == lost.head.hash));
        }
    }

    #[test]
    fn what_the_hub_did_not_write_is_refused() {
        let hub = SigningKey::from_seed(&[7; 32]);
        let changed = |change: &dyn Fn(&mut LostFeed)| {
            let mut lost = lost(&hub, 3);
            change(&mut lost);
            lost.check(&hub.public())
        };
        let malformed = Err(WireError::Malformed { what: "lost entries" });
        assert_eq!(changed(&|it| it.entries[0].effective_at_ms = 1), malformed);
        assert_eq!(changed(&|it| it.entries[1].version = 9), malformed);
        assert_eq!(changed(&|it| drop(it.entries.pop())), malformed);
        assert_eq!(changed(&|it| it.prev_hash = Hash::ZERO), malformed);
        assert_eq!(changed(&|it| it.entries = (1..=6).map(entry).collect()), malformed);
        assert_eq!(changed(&|it| it.head.version = 6), Err(WireError::Signature));
    }
}
