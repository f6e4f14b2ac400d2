use std::collections::BTreeMap;

use suanpan_journal::{Hash, VerifyingKey};

use crate::limits::{SCOPES_MAX, STAGED_MAX};
use crate::wire::feed::{FeedEntry, FeedHead, PullRequest, Scope, ScopeVersion, feed_genesis, follow_feed};

/// Says why pages do not add up to a signed cut. Nothing of them is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The cut names no scope, or more than a station has.
    #[error("a cut of no or too many scopes")]
    Scopes,
    /// A head of the cut is not the hub's.
    #[error("a head that the hub did not sign")]
    Signature,
    /// A later page belongs to another cut than the first.
    #[error("the cut changed between pages")]
    CutChanged,
    /// A page that leads nowhere.
    #[error("an empty page that is not the last")]
    EmptyPage,
    /// More entries than [`STAGED_MAX`], or one over its limits.
    #[error("more or larger entries than fit")]
    TooMuch,
    /// An entry of a scope that the cut does not name.
    #[error("an entry of another scope")]
    Scope,
    /// Versions go up by one.
    #[error("a version was skipped or repeated")]
    Version,
    /// The chain does not end where the hub signed.
    #[error("the entries do not lead to the signed heads")]
    Head,
}

/// A cut that is complete: its heads, and every entry that leads to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// One head for each scope.
    pub cut: Vec<FeedHead>,
    /// In order of version within a scope.
    pub entries: Vec<FeedEntry>,
}

/// Collects a cut page by page and gives it out whole, to be applied in one transaction, or not at all.
#[derive(Debug)]
pub struct Staging {
    heads: Vec<FeedHead>,
    cut: Vec<FeedHead>,
    entries: Vec<FeedEntry>,
    /// How far each scope is checked.
    at: BTreeMap<Scope, (u64, Hash)>,
}

impl Staging {
    /// Starts from the heads that the station has applied.
    #[must_use]
    pub fn new(heads: Vec<FeedHead>) -> Staging {
        let at = heads.iter().map(|head| (head.scope.clone(), (head.version, head.hash))).collect();
        Staging { heads, cut: Vec::new(), entries: Vec::new(), at }
    }

    /// What to ask the hub next.
    #[must_use]
    pub fn request(&self) -> PullRequest {
        let version = |(scope, (version, _)): (&Scope, &(u64, Hash))| ScopeVersion {
            scope: scope.clone(),
            version: *version,
        };
        let staged = if self.cut.is_empty() { Vec::new() } else { self.at.iter().map(version).collect() };
        PullRequest { heads: self.heads.clone(), cut: self.cut.clone(), staged }
    }

    /// Chains a page onto what is staged.
    ///
    /// *Errors:* any but `Head`; the staging is then of no more use.
    pub fn add(
        &mut self,
        hub: &VerifyingKey,
        cut: Vec<FeedHead>,
        page: Vec<FeedEntry>,
        more: bool,
    ) -> Result<(), Mismatch> {
        self.set_cut(hub, cut)?;
        if more && page.is_empty() {
            return Err(Mismatch::EmptyPage);
        }
        for entry in page {
            if self.entries.len() >= STAGED_MAX || entry.fits().is_err() {
                return Err(Mismatch::TooMuch);
            }
            let (version, hash) = self.at.get_mut(&entry.scope).ok_or(Mismatch::Scope)?;
            if entry.version != version.saturating_add(1) {
                return Err(Mismatch::Version);
            }
            *hash = follow_feed(hash, &entry);
            *version = entry.version;
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Takes the first page's cut; later pages belong to the same.
    fn set_cut(&mut self, hub: &VerifyingKey, cut: Vec<FeedHead>) -> Result<(), Mismatch> {
        if cut.is_empty() || cut.len() > SCOPES_MAX {
            return Err(Mismatch::Scopes);
        }
        if cut.iter().any(|head| head.verify(hub).is_err()) {
            return Err(Mismatch::Signature);
        }
        if !self.cut.is_empty() {
            return if self.cut == cut { Ok(()) } else { Err(Mismatch::CutChanged) };
        }
        self.at.retain(|scope, _| cut.iter().any(|head| head.scope == *scope));
        for head in &cut {
            self.at.entry(head.scope.clone()).or_insert_with(|| (0, feed_genesis(&head.scope)));
        }
        self.cut = cut;
        Ok(())
    }

    /// Gives the cut after its last page, or `None` if the station has it already.
    ///
    /// *Errors:* `Head`.
    pub fn finish(self) -> Result<Option<Staged>, Mismatch> {
        let reached = |head: &FeedHead| self.at.get(&head.scope) == Some(&(head.version, head.hash));
        if !self.cut.iter().all(reached) {
            return Err(Mismatch::Head);
        }
        Ok((self.cut != self.heads).then_some(Staged { cut: self.cut, entries: self.entries }))
    }
}
