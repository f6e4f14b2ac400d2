//! One station of a site: what a till and a warehouse's desk share, by subject; the roles on top; the driver that talks to
//! the hub; and what wires them to ledger and devices.
//!
//! A command is decided on a copy of the desk ([`turn`]), written by the ledger in one transaction, and only then made so:
//! commit → drawer → print → change shown ([`decide`], [`commit`]). The whole station stands behind one mutex and never
//! waits for printer, scale or network ([`station`]). What a role adds is in [`kinds`] and [`role`]; [`pos`] is the till,
//! [`wms`] the warehouse's desk, and neither knows the other.
//!
//! Vocabulary: the *desk* is what is at hand now; the *shop* is what a use case may look at; a *turn* is one command being
//! decided; what the station *asks* must be answered or cleared before anything else happens; an *errand* is a question to
//! the hub for which somebody waits.
//!
//! Deliberately absent: any window, any HTTP of its own for screens, and any rule of the trade: prices, rounding,
//! refunds and totals are decided in `domain`.

mod approval;
mod background;
mod book;
mod cause;
mod clock;
mod commit;
mod core;
mod credential;
mod cuts;
mod decide;
mod desk;
mod effect;
mod enrolling;
mod files;
pub mod identity;
mod index;
mod inner;
mod kinds;
mod newcomer;
mod people;
pub mod pos;
mod print;
mod question;
mod role;
mod say;
mod scale;
pub mod search;
pub mod settings;
mod shop;
mod start;
mod station;
mod stores;
pub mod sync;
mod text;
mod trial;
mod turn;
mod window;
pub mod wms;
mod work;

pub use clock::{Clock, SystemClock};
pub use pos::replay;
pub use start::{StartError, StationConfig};
pub use window::{AtWindow, Shown, Start};
