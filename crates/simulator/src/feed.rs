//! What headquarters publish: the hub's feeds, and a station's copy of them.

use std::collections::{BTreeMap, BTreeSet};

use suanpan_journal::{Hash, SigningKey};
use suanpan_sync::{
    ChunkRef, FeedChange, FeedEntry, FeedHead, PullReply, PullRequest, Scope, encode_chunk, feed_genesis,
    follow_feed,
};

/// Entries of one page: few, so that a cut takes several.
const PAGE: usize = 3;

/// A tail longer than this is answered with a snapshot.
const BEHIND_MAX: u64 = 24;

/// The row that every publication writes in each scope, so that a half cut shows.
pub(crate) const PAIR: &str = "pair";

type Rows = BTreeMap<(Scope, String), String>;

/// The hub's feeds: every entry with the chain's hash after it.
#[derive(Clone, Default)]
pub(crate) struct Feeds(BTreeMap<Scope, Vec<(FeedEntry, Hash)>>);

/// An entry that was published, with the chain's hash before and after it.
pub(crate) struct Published {
    pub(crate) before: Hash,
    pub(crate) entry: FeedEntry,
    pub(crate) after: Hash,
}

impl Feeds {
    /// Whether nothing was ever published here.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Publishes in one transaction: one number to every scope, and one row besides, which narrower scopes sometimes have
    /// too, and sometimes no longer.
    pub(crate) fn publish(&mut self, scopes: &[Scope], epoch: u64, number: u64) -> Vec<Published> {
        let mut published = Vec::new();
        for scope in scopes {
            let pair = FeedChange::Put { body: number.to_string() };
            published.push(self.add(scope, epoch, PAIR.to_owned(), pair));
            let put = Some(FeedChange::Put { body: format!("{scope} {number}") });
            let change = match (scope, number % 4) {
                (Scope::Chain, _) | (Scope::Zone(_), 0 | 1) | (Scope::Site(_), 0) => put,
                (Scope::Zone(_), 2) | (Scope::Site(_), 2 | 3) => Some(FeedChange::Delete),
                (Scope::Zone(_) | Scope::Site(_), _) => None,
            };
            let key = format!("row {}", number % 3);
            published.extend(change.map(|change| self.add(scope, epoch, key, change)));
        }
        published
    }

    /// Publishes one change.
    pub(crate) fn add(&mut self, scope: &Scope, epoch: u64, key: String, change: FeedChange) -> Published {
        let (version, before) = self.head(scope);
        let (table, scope, version) = ("price".to_owned(), scope.clone(), version + 1);
        let entry = FeedEntry { scope, epoch, version, table, key, effective_at_ms: 0, change };
        let after = follow_feed(&before, &entry);
        self.0.entry(entry.scope.clone()).or_default().push((entry.clone(), after));
        Published { before, entry, after }
    }

    /// Whether an entry with this hash is here.
    pub(crate) fn has(&self, hash: &Hash) -> bool {
        self.hashes().any(|it| it == hash)
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = &Hash> {
        self.0.values().flatten().map(|(_, hash)| hash)
    }

    /// Whether a row holds already what an entry would make of it.
    pub(crate) fn says(&self, entry: &FeedEntry) -> bool {
        let feed = self.0.get(&entry.scope).map_or(&[][..], Vec::as_slice);
        let newest = feed.iter().rev().find(|(it, _)| it.key == entry.key).map(|(it, _)| &it.change);
        newest.unwrap_or(&FeedChange::Delete) == &entry.change
    }

    fn head(&self, scope: &Scope) -> (u64, Hash) {
        let last = self.0.get(scope).and_then(|feed| feed.last());
        last.map_or_else(|| (0, feed_genesis(scope)), |(entry, hash)| (entry.version, *hash))
    }

    pub(crate) fn holds(&self, head: &FeedHead) -> bool {
        match head.version.checked_sub(1) {
            None => head.hash == feed_genesis(&head.scope),
            Some(index) => {
                let entry = self.0.get(&head.scope).and_then(|feed| feed.get(index as usize));
                entry.is_some_and(|(_, hash)| *hash == head.hash)
            }
        }
    }

    pub(crate) fn cut(&self, hub: &SigningKey, epoch: u64, scopes: &[Scope]) -> Vec<FeedHead> {
        let sign = |scope: &Scope| {
            let (version, hash) = self.head(scope);
            FeedHead::sign(hub, scope.clone(), epoch, version, hash)
        };
        scopes.iter().map(sign).collect()
    }

    /// Answers a pull whose heads are all of this history; `None` if a snapshot must.
    pub(crate) fn pull(
        &self,
        hub: &SigningKey,
        epoch: u64,
        scopes: &[Scope],
        request: &PullRequest,
    ) -> Option<PullReply> {
        let cut = if request.cut.is_empty() { self.cut(hub, epoch, scopes) } else { request.cut.clone() };
        let from = |scope: &Scope| {
            let staged = request.staged.iter().find(|it| it.scope == *scope).map(|it| it.version);
            let applied = request.heads.iter().find(|it| it.scope == *scope).map(|it| it.version);
            if request.staged.is_empty() { applied.unwrap_or(0) } else { staged.unwrap_or(0) }
        };
        let behind: u64 = cut.iter().map(|head| head.version.saturating_sub(from(&head.scope))).sum();
        if behind > BEHIND_MAX {
            return None;
        }
        let all = cut.iter().flat_map(|head| {
            let feed = self.0.get(&head.scope).map_or(&[][..], Vec::as_slice);
            feed.get(from(&head.scope) as usize..head.version as usize).unwrap_or(&[]).iter()
        });
        let mut entries: Vec<FeedEntry> = all.take(PAGE + 1).map(|(entry, _)| entry.clone()).collect();
        let more = entries.len() > PAGE;
        entries.truncate(PAGE);
        Some(PullReply::Changes { cut, entries, more, wake: String::new() })
    }

    /// What each scope holds, as chunks of a snapshot.
    pub(crate) fn chunks(&self, scopes: &[Scope]) -> Vec<(ChunkRef, Vec<u8>)> {
        let chunk = |scope: &Scope| {
            let mut newest: BTreeMap<&str, &FeedEntry> = BTreeMap::new();
            newest.extend(self.0.get(scope)?.iter().map(|(entry, _)| (entry.key.as_str(), entry)));
            encode_chunk(&newest.into_values().cloned().collect::<Vec<_>>()).ok()
        };
        scopes.iter().filter_map(chunk).collect()
    }

    fn rows(&self, scopes: &[Scope]) -> Rows {
        let mut rows = Rows::new();
        for (entry, _) in scopes.iter().filter_map(|scope| self.0.get(scope)).flatten() {
            put(&mut rows, entry);
        }
        rows
    }
}

fn put(rows: &mut Rows, entry: &FeedEntry) {
    let place = (entry.scope.clone(), entry.key.clone());
    match &entry.change {
        FeedChange::Put { body } => rows.insert(place, body.clone()),
        FeedChange::Delete => rows.remove(&place),
    };
}

/// A station's copy.
#[derive(Clone, Default)]
pub(crate) struct Catalogue {
    pub(crate) heads: Vec<FeedHead>,
    rows: Rows,
}

impl Catalogue {
    pub(crate) fn put(&mut self, entries: &[FeedEntry]) {
        entries.iter().for_each(|entry| put(&mut self.rows, entry));
    }

    /// What a row is for this station: the narrowest scope's. `scopes` go from wide to narrow.
    pub(crate) fn read(&self, scopes: &[Scope], key: &str) -> Option<&String> {
        scopes.iter().rev().find_map(|scope| self.rows.get(&(scope.clone(), key.to_owned())))
    }

    pub(crate) fn keys(&self) -> BTreeSet<String> {
        self.rows.keys().map(|(_, key)| key.clone()).collect()
    }

    /// Says whether this is what the hub has.
    pub(crate) fn equals(&self, feeds: &Feeds, scopes: &[Scope]) -> bool {
        let heads: Vec<_> = self.heads.iter().map(|it| (it.version, it.hash)).collect();
        let own: Vec<_> = scopes.iter().map(|scope| feeds.head(scope)).collect();
        heads == own && self.rows == feeds.rows(scopes)
    }
}
