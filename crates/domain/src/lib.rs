//! The trade, pure: prices, weights, sales, tenders, refunds, shifts, receipts and the entries that record them.
//!
//! It has no clock, randomness, files or floats: time and ids are arguments, money is integer fen, weight integer
//! grams, counts integer pieces. It knows neither SQLite nor HTTP nor the screen.
//!
//! Vocabulary: a *basket* is being rung; a *sale* is a paid basket; a *document* is a sale or a refund, with a
//! printed number; a *posting* is what one entry adds to a total. Start reading at [`entry::Entry`].
#![deny(missing_docs)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::float_arithmetic, clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects))]

pub mod apportion;
pub mod barcode;
pub mod bounds;
pub mod calendar;
pub mod catalogue;
pub mod entry;
pub mod ids;
pub mod money;
pub mod pricing;
pub mod quantity;
pub mod receipt;
pub mod refund;
pub mod sale;
pub mod shift;
pub mod tax;
pub mod totals;
