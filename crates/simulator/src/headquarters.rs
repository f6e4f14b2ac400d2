//! What people at HQ published, kept outside of everything that can fail.

use std::collections::{BTreeMap, BTreeSet};

use suanpan_journal::Hash;
use suanpan_sync::{FeedChange, FeedHead, Scope};

use crate::feed::{Catalogue, Feeds, PAIR, Published};

type Rows = BTreeMap<String, String>;

/// The rows of a scope after each change that somebody published, by the chain's hash there.
#[derive(Default)]
pub(crate) struct Headquarters(BTreeMap<Hash, Rows>);

impl Headquarters {
    pub(crate) fn published(&mut self, published: Vec<Published>) {
        for Published { before, entry, after } in published {
            let mut rows = self.0.get(&before).cloned().unwrap_or_default();
            match entry.change {
                FeedChange::Put { body } => rows.insert(entry.key, body),
                FeedChange::Delete => rows.remove(&entry.key),
            };
            self.0.insert(after, rows);
        }
    }

    fn rows_at(&self, head: &FeedHead) -> Option<Rows> {
        if head.version == 0 { Some(Rows::new()) } else { self.0.get(&head.hash).cloned() }
    }

    /// Says what is wrong with what a till reads, if anything is. `scopes` go from wide to narrow.
    pub(crate) fn check(&self, catalogue: &Catalogue, scopes: &[Scope]) -> Option<&'static str> {
        let mut expected = BTreeMap::new();
        let mut pairs = BTreeSet::new();
        for scope in scopes {
            let rows = match catalogue.heads.iter().find(|head| head.scope == *scope) {
                Some(head) => match self.rows_at(head) {
                    Some(rows) => rows,
                    None => return Some("a till stands at a head that nobody published"),
                },
                None => Rows::new(),
            };
            pairs.insert(rows.get(PAIR).cloned());
            // The narrower comes later and wins.
            expected.extend(rows);
        }
        if pairs.len() > 1 {
            return Some("a till sells by half a cut");
        }
        let keys = catalogue.keys();
        let all: BTreeSet<&String> = keys.iter().chain(expected.keys()).collect();
        let differs = all.into_iter().any(|key| catalogue.read(scopes, key) != expected.get(key));
        differs.then_some("a till reads a row that is not what was published for it")
    }

    /// Whether a hub's feeds hold what nobody published: a lost change that came back by itself.
    pub(crate) fn wrote_all(&self, feeds: &Feeds) -> bool {
        feeds.hashes().all(|hash| self.0.contains_key(hash))
    }
}
