//! What a till keeps in memory of its ledger and catalogue.

use suanpan_contract::pos::DocumentRow;
use suanpan_domain::catalogue::Item;
use suanpan_domain::ids::Id;
use suanpan_ledger::{Parked, Shift};

use super::told::Told;
use super::trade::{Keys, Trade};

/// See the module.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) trade: Trade,
    /// Shopping bags, pinned on the quick keys.
    pub(crate) bags: Vec<Item>,
    pub(crate) keys: Keys,
    /// The open shift.
    pub(crate) shift: Option<Shift>,
    pub(crate) parked: Vec<Parked>,
    pub(crate) last: Option<DocumentRow>,
    /// Date and number of the newest document.
    pub(crate) newest: Option<(u32, u32)>,
    pub(crate) told: Told,
    /// The shift whose cashier was asked to make a drop.
    pub(crate) drop_asked: Option<Id>,
}
