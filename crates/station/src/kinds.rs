//! What a role names: its commands, its questions, what lies on its desk. What it does with them is [`crate::role::Role`].

use std::fmt::Debug;

use suanpan_contract::DeviceSettings;

/// What every station gives back beside its picture.
pub(crate) enum Given {
    /// This machine's devices.
    Devices(DeviceSettings),
    /// The app may close now.
    MayQuit,
}

/// See the module.
pub(crate) trait Kinds: Clone + Debug + PartialEq + Eq + Sized + Send + Sync + 'static {
    /// What its screen can ask.
    type Command: Clone + Debug + PartialEq + Eq + Send;
    /// What a query found.
    type Found: From<Given> + Send;
    /// What lies on its desk.
    type Desk: Clone + Debug + Default + Send;
    /// What it alone waits for.
    type Question: Clone + Debug + PartialEq + Eq + Send;
    /// What it keeps in memory of ledger and catalogue.
    type Shop: Default + Send;
    /// What it wants of the hub while somebody waits.
    type Errand: Clone + Debug + PartialEq + Eq + Send;
    /// What the hub said.
    type Answer: Send;
    /// What it tells the hub, for which nobody waits.
    type Order: Clone + Debug + PartialEq + Eq + Send;
}
