//! Real windows for the end-to-end tests: an X display, a WebDriver server and what a person does with them.
//!
//! A test starts a [`Display`], opens a [`Window`] on it (the till's Tauri program, or HQ in a browser) and then
//! presses keys, scans, touches and reads, as a cashier or a manager would. Elements are named by `data-testid`.
//! Every wait has a maximum and says what it waited for. Dropping a value ends the processes it started, and no
//! others, also when the test panics.
//!
//! Absent on purpose: sleeps, CSS selectors in tests, page objects.

mod display;
mod keys;
mod process;
mod window;

pub use display::Display;
pub use window::{App, Keys, Window};
