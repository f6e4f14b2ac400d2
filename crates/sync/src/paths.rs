//! Where a hub is asked: every path that a station or program of ours uses, each a route of the hub's document of itself.

/// Whether a hub is there.
pub const PING: &str = "/api/v1/ping";
/// A station's first word, with a code.
pub const ENROL: &str = "/api/v1/enrol";
/// A station's certificate, for a hub that does not know it.
pub const INTRODUCE: &str = "/api/v1/introduce";
/// Entries.
pub const PUSH: &str = "/api/v1/push";
/// Entries that are nowhere.
pub const HOLES: &str = "/api/v1/holes";
/// A station's own entries, back.
pub const ENTRIES: &str = "/api/v1/entries";
/// Changes of the catalogue.
pub const PULL: &str = "/api/v1/pull";
/// Waits until there are some.
pub const WAKE: &str = "/api/v1/wake";
/// The catalogue whole, and below it its chunks by their hashes.
pub const SNAPSHOT: &str = "/api/v1/snapshot";
/// Changes that the hub lost.
pub const LOST: &str = "/api/v1/lost";
/// Receipts that are to be refunded.
pub const REFUNDS: &str = "/api/v1/refunds";
/// Figures by day.
pub const SALES_BY_DAY: &str = "/api/v1/reports/sales-by-day";
/// Figures by item.
pub const SALES_BY_ITEM: &str = "/api/v1/reports/sales-by-item";
/// Every total by till.
pub const TOTALS_BY_STATION: &str = "/api/v1/reports/totals-by-station";
/// Store-days.
pub const STORE_DAYS: &str = "/api/v1/reports/store-days";
/// Stored pushes.
pub const JOURNAL: &str = "/api/v1/journal";
/// Whose they are.
pub const JOURNAL_STATIONS: &str = "/api/v1/journal/stations";

/// All of them.
pub const ALL: [&str; 17] = [
    PING,
    ENROL,
    INTRODUCE,
    PUSH,
    HOLES,
    ENTRIES,
    PULL,
    WAKE,
    SNAPSHOT,
    LOST,
    REFUNDS,
    SALES_BY_DAY,
    SALES_BY_ITEM,
    TOTALS_BY_STATION,
    STORE_DAYS,
    JOURNAL,
    JOURNAL_STATIONS,
];
