//! Ringing and paying: the open basket, its lines and discounts, tenders, 抹零, and the sale they become.
//!
//! The flow is one way: [`Basket`] (mutable, being rung) → [`settle`](settle::settle) → [`Sale`] (recorded fact).
//! A basket decides nothing about authority: the station asks who may do what before it calls.

mod basket;
mod document;
mod line;
pub mod settle;

pub use basket::{Basket, BasketError, BasketTotals};
pub use document::{Sale, SaleLine, Tendered};
pub use line::{Discount, Line, NewLine, WeightSource};

/// The most lines of a basket: ten times the longest receipt seen in the trade, and a bound on every loop.
pub const LINES_MAX: usize = 500;
/// The most tenders of a sale.
pub const TENDERS_MAX: usize = 10;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde's skip_serializing_if wants")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
