//! Which models are read by whom.

/// What sales reports read: they say how much of it is lacking.
pub(crate) const FIGURES: [&str; 2] = ["document", "total"];

/// What the list of store-days shows, drawers included.
pub(crate) const DAYS: [&str; 5] = ["document", "total", "shift", "day_close", "drawer_count"];

/// By what store-days are judged: they are not, while it lacks something.
pub(crate) const JUDGED: [&str; 3] = ["document", "total", "day_close"];
