//! New items and prices: taken at once, in force when no basket is open.

use suanpan_contract::{Code, NetworkView, WhyView};
use suanpan_ledger::{CutHead, FeedRow, Snapshot, SyncState};

use super::book::Book;
use super::cause;
use super::core::Core;
use super::picture::Keys;
use super::say::Say;
use super::shop::Network;
use super::stores::Told;
use super::view::{clock_text, date_time_text};
use crate::identity::Identity;
use crate::sync::{NetworkState, StoresError};

/// A cut that waits for the open basket to be closed: a basket in progress is never repriced under the cashier.
pub(crate) enum NextCut {
    /// Its rows are staged in the catalogue.
    Staged(Vec<CutHead>),
    /// A whole new catalogue.
    Set(Snapshot, Vec<CutHead>),
}

impl NextCut {
    /// What the till will hold.
    pub(crate) fn heads(&self) -> &[CutHead] {
        match self {
            NextCut::Staged(heads) | NextCut::Set(_, heads) => heads,
        }
    }
}

impl Core {
    /// Takes a cut; true when it is in force already.
    pub(crate) fn take_cut(&mut self, heads: Vec<CutHead>, rows: &[FeedRow]) -> Result<bool, StoresError> {
        if let Some(NextCut::Set(..)) = self.next_cut {
            // Its rows belong into the catalogue that is not in use yet: the driver asks again in a while.
            return Err(StoresError { code: "STA-STR-003", what: "a new catalogue waits".to_owned() });
        }
        self.shop.catalogue.stage(rows).map_err(Told::told)?;
        self.next_cut = Some(NextCut::Staged(heads));
        self.apply_next_cut()
    }

    /// Puts what waits in force, unless a basket is open; true when something came in force.
    pub(crate) fn apply_next_cut(&mut self) -> Result<bool, StoresError> {
        if self.desk.has_lines() {
            return Ok(false);
        }
        let now_ms = self.clock.now_ms();
        match self.next_cut.take() {
            None => return Ok(false),
            Some(NextCut::Staged(heads)) => {
                self.shop.catalogue.apply_staged(&heads, now_ms).map_err(Told::told)?
            }
            Some(NextCut::Set(snapshot, heads)) => {
                self.shop.catalogue.replace(snapshot, &heads, now_ms).map_err(Told::told)?
            }
        }
        self.read_catalogue();
        Ok(true)
    }

    /// Reads what is kept of the catalogue in memory again, and notes when it changes by itself.
    pub(crate) fn read_catalogue(&mut self) {
        let at_ms = self.shop.pricing_time(self.clock.now_ms());
        match Book::read(&self.shop.catalogue, at_ms) {
            Ok(book) => self.shop.book = book,
            Err(error) => {
                tracing::error!(error.code = error.code(), error.what = %error, "till.catalogue");
                self.tell_code(Code::CatalogueDamaged);
            }
        }
        self.shop.prices_at_ms = self.shop.catalogue.applied_at_ms().ok().flatten();
        self.shop.prices_change_at_ms = self.shop.catalogue.next_change_ms(at_ms).ok().flatten();
        self.keys = Keys::read(&self.shop, at_ms);
        self.rebuilds_index = true;
    }

    /// What the hub's driver is started with; `None` when this station cannot talk to one.
    pub(crate) fn sync_needs(&mut self) -> Option<(Identity, SyncState)> {
        let state = SyncState::open(&self.lock);
        let state =
            state.inspect_err(|error| tracing::error!(error.code = error.code(), "till.sync_state")).ok()?;
        let identity = Identity::load(self.lock.dir());
        let identity = identity.inspect_err(|error| tracing::error!(error.what = %error, "till.identity"));
        Some((identity.ok()??, state))
    }

    /// Announced prices come into force between sales; true when some did.
    pub(crate) fn follow_announced(&mut self) -> bool {
        let due = self.shop.prices_change_at_ms.is_some_and(|at_ms| at_ms <= self.clock.now_ms());
        if due && !self.desk.has_lines() {
            self.read_catalogue();
        }
        due
    }

    /// When the hub was heard last: the line may have been down since yesterday.
    fn heard_at(&self, at_ms: i64) -> String {
        let settings = &self.shop.book.settings;
        let is_today = self.shop.clock_date(at_ms) == self.shop.clock_date(self.clock.now_ms());
        if is_today { clock_text(at_ms, settings) } else { date_time_text(at_ms, settings) }
    }

    /// Takes the network line; true when it changed.
    pub(crate) fn network_is(&mut self, state: NetworkState) -> bool {
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let (view, unsent) = match state {
            NetworkState::Online { received_to, missing, .. } => {
                (NetworkView::Online { received_to, missing: count(missing) }, 0)
            }
            NetworkState::CatchingUp { left } => (NetworkView::CatchingUp { left: count(left) }, left),
            NetworkState::Offline { since_ms, held, why } => {
                let since = since_ms.map_or(String::new(), |since_ms| self.heard_at(since_ms));
                let why = why.map(|why| {
                    let Say { code, args } = cause::of(&why, &self.hub_url, self.clock.now_ms());
                    WhyView { code, args }
                });
                (NetworkView::Offline { since, held: count(held), why }, held)
            }
            NetworkState::Refused { number } => {
                (NetworkView::Refused { number }, self.shop.network.unsent.max(1))
            }
        };
        let network = Network { view, unsent };
        let changed = network != self.shop.network;
        self.shop.network = network;
        // Whether the last receipt is at the hub may have changed with it.
        if let (true, Err(error)) = (changed, self.shop.reread_documents()) {
            tracing::warn!(error.code = error.code(), "till.documents");
        }
        changed
    }
}
