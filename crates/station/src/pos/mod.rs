//! The till: one command in, one picture out.
//!
//! A command is decided on a copy of the desk ([`turn`]), written by the ledger in one transaction, and only then
//! made so: commit → drawer → print → change shown ([`commit`]). Every use case is a function of a turn in a file of
//! its own. The whole till stands behind one mutex and never waits for printer, scale or network.
//!
//! Vocabulary: the *desk* is what is on the counter now; the *shop* is what a use case may look at; a *turn* is one
//! command being decided; what the till *asks* must be answered or cleared before anything else happens.

mod approval;
mod background;
mod book;
mod cause;
mod cited;
mod commit;
mod core;
mod credential;
mod cuts;
mod desk;
mod edit;
mod enrolling;
mod foreign;
mod index;
mod newcomer;
mod park;
mod pay;
mod people;
mod perform;
mod picture;
mod print;
mod query;
mod refund;
mod ring;
mod say;
mod scale;
mod settings;
mod shift;
mod shop;
mod start;
mod stores;
mod till;
mod trial;
mod turn;
mod view;
mod weigh;

pub(crate) use self::core::Core;
pub(crate) use say::{Done, Stop};
pub use start::StartError;
pub use till::{StationConfig, Till};
pub(crate) use turn::Turn;
