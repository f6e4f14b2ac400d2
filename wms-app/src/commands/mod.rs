//! What the page may ask for.

pub(crate) mod call;
