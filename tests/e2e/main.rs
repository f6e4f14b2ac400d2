//! People at the real windows: a cashier at the till, a manager in HQ's browser.

mod counter;
mod days;
mod devices;
mod hands;
mod hub;
mod keys;
mod look;
mod lost;
mod paying;
mod refund;
mod story;
mod tour;
