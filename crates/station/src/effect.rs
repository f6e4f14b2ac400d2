//! What a decision brings about outside of ledger and desk, once it is kept: done without the station's mutex.

use crate::kinds::Kinds;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect<K: Kinds> {
    /// Something was committed: time to send it.
    Send,
    /// Nothing is in hand: time to tidy up.
    Tidy,
    /// Printer and scale are started anew.
    RestartDevices,
    /// The catalogue changed: the search index is built again.
    RebuildIndex,
    /// The hub is asked while somebody waits.
    Errand(K::Errand),
    /// The hub is told something.
    Order(K::Order),
}
