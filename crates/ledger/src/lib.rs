//! What a station keeps on its disk: the journal with its projections, the state of the upload, and the catalogue.
//!
//! One writer, one commit per sale, one file at a time: a file that can no longer be trusted is kept and replaced,
//! never repaired. SQL lives here and no row type leaves.
//!
//! Deliberately absent: clocks, randomness, the network, and any deletion of what was written down.
//!
//! *Vocabulary:* a **projection** is folded from entries and can be built again; **working state** (open basket,
//! print queue) is neither; **salvage** carries entries whose hashes check into a new file; the **rest** of them comes
//! behind the sale.
//!
//! Start reading at [`Ledger::open`] and [`Ledger::append`].
#![cfg_attr(not(test), warn(missing_docs))]

mod catalogue;
mod commit;
mod counted;
mod db;
mod error;
mod fold;
mod folder;
mod holes;
mod ledger;
mod lock;
mod pages;
mod print;
mod query;
mod rebuild;
mod replace;
mod reserve;
mod rest;
mod restore;
mod rows;
mod salvage;
mod schema;
mod scrub;
mod sync_state;
mod tail;
mod verify;
mod wal;
mod whose;
mod working;

pub use catalogue::{Catalogue, CutHead, FeedRow, ItemByCode, OpenedCatalogue, Snapshot, Spare};
pub use commit::{Committed, EntryRef, NewEntry};
pub use db::{DbError, Durability};
pub use error::{CommitError, Damage, OpenError, QueryError, Replacement};
pub use fold::Difference;
pub use ledger::{Ledger, Opened, Options, Report};
pub use lock::Lock;
pub use print::{PrintJob, PrintState};
pub use query::{Parked, Shift, Tries, Written};
pub use reserve::DiskState;
pub use rest::{Salvage, Whole};
pub use restore::RestoreError;
pub use suanpan_journal::{Missing, Run, SegmentHead};
pub use sync_state::{Cursor, KeptFeed, Refusal, SyncState};
pub use verify::{Verification, hashes, verify};
pub use working::{OpenBasket, Working};
