//! New items and prices: taken at once, in force when nothing is in hand.

use suanpan_contract::{Code, NetworkView, WhyView};
use suanpan_ledger::{CutHead, FeedRow, OpenError, QueryError, RestoreError, SyncState};

use crate::book::Book;
use crate::cause;
use crate::core::{Core, NextCut};
use crate::effect::Effect;
use crate::identity::Identity;
use crate::role::Role;
use crate::say::Say;
use crate::shop::Network;
use crate::sync::{DOES_NOT_FIT, NetworkState, StoresError};
use crate::text::{clock_text, date_time_text};

/// An error as the hub's driver is told it.
pub(crate) trait Told {
    fn told(self) -> StoresError;
}

impl Told for StoresError {
    fn told(self) -> StoresError {
        self
    }
}

impl Told for QueryError {
    fn told(self) -> StoresError {
        StoresError { code: self.code(), what: self.to_string() }
    }
}

impl Told for OpenError {
    fn told(self) -> StoresError {
        StoresError { code: self.code(), what: self.to_string() }
    }
}

impl Told for RestoreError {
    fn told(self) -> StoresError {
        let code = match self {
            RestoreError::Before { .. } | RestoreError::Chain(_) | RestoreError::Current => DOES_NOT_FIT,
            RestoreError::Database(_) | RestoreError::Stopped => "STA-STR-001",
        };
        StoresError { code, what: self.to_string() }
    }
}

impl<R: Role> Core<R> {
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

    /// Puts what waits in force, unless something is in hand; true when something came in force.
    pub(crate) fn apply_next_cut(&mut self) -> Result<bool, StoresError> {
        if R::is_busy(&self.desk) {
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
        let read = Book::read(&self.shop.catalogue, at_ms).and_then(|book| {
            self.shop.book = book;
            R::read_catalogue(&mut self.shop, at_ms)
        });
        if let Err(error) = read {
            tracing::error!(error.code = error.code(), error.what = %error, "station.catalogue");
            self.tell_code(Code::CatalogueDamaged);
        }
        self.shop.prices_at_ms = self.shop.catalogue.applied_at_ms().ok().flatten();
        self.shop.prices_change_at_ms = self.shop.catalogue.next_change_ms(at_ms).ok().flatten();
        self.bring_about(Effect::RebuildIndex);
    }

    /// What the hub's driver is started with; `None` when this station cannot talk to one.
    pub(crate) fn sync_needs(&mut self) -> Option<(Identity, SyncState)> {
        let state = SyncState::open(&self.lock);
        let state = state
            .inspect_err(|error| tracing::error!(error.code = error.code(), "station.sync_state"))
            .ok()?;
        let identity = Identity::load(self.lock.dir());
        let identity = identity.inspect_err(|error| tracing::error!(error.what = %error, "station.identity"));
        Some((identity.ok()??, state))
    }

    /// Announced prices come into force when nothing is in hand; true when some did.
    pub(crate) fn follow_announced(&mut self) -> bool {
        let due = self.shop.prices_change_at_ms.is_some_and(|at_ms| at_ms <= self.clock.now_ms());
        if due && !R::is_busy(&self.desk) {
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
        if let (true, Err(error)) = (changed, R::reread(&mut self.shop, Some(&[]))) {
            tracing::warn!(error.code = error.code(), "station.documents");
        }
        changed
    }
}
