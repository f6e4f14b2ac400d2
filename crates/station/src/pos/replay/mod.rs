//! A till without a screen that rings what a file says: the same baskets, settlement, commit and upload as a cashier's.
//!
//! A replay's folder belongs to one pair of files ([`Source`]). Every document has an id made of the files and its place
//! in them, so that a replay that was killed goes on where the ledger ends, and a document is never written twice.
//!
//! *Vocabulary:* the *operator* answers for every weight and price of the file; there is no catalogue and no list price.

mod document;
mod error;
mod folder;

use std::sync::Arc;

use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::shift::{CashCount, CashMove, CashMoved, DayClosed, ShiftClosed, ShiftOpened};
use suanpan_domain::totals::{Dimension, Posting, sums};
use suanpan_ledger::Shift;
use tokio::sync::watch;

use crate::identity::Identity;
use crate::pos::{Core, Done, Stop, Till, Turn};
use crate::sync::{Driver, HubClient, NetworkState};

pub use document::{Document, Line};
pub use error::ReplayError;
pub use folder::{Folder, Source};

/// The staff number of whoever answers for a replay.
pub const OPERATOR: &str = "replay";
/// The tender that a replay takes, to the fen.
const CASH: &str = "cash";

/// A running replay. Dropping it stops it.
pub struct ReplayTill {
    till: Till,
    source: Source,
    identity: Identity,
}

/// How far the journal has reached the hub, in entries of all its segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Entries in the journal.
    pub written: u64,
    /// Entries up to which the hub has signed that it has them.
    pub acked: u64,
}

/// A business date as the ledger sums it: goods before 抹零, returned goods subtracted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayFigures {
    /// `yyyymmdd`.
    pub date: u32,
    /// Sales.
    pub sales: i64,
    /// Refunds.
    pub refunds: i64,
    /// Lines; returned lines subtract.
    pub lines: i64,
    /// Grams.
    pub grams: i64,
    /// Fen.
    pub amount_fen: i64,
}

impl ReplayTill {
    /// Rings a document, unless the ledger has it; says whether it was new. The shift of another date is closed before,
    /// and one of the document's date opened with it.
    ///
    /// *Errors:* `NotSaved`, `Query`.
    pub fn ring(&self, document: &Document) -> Result<bool, ReplayError> {
        let id = self.source.id("document", document.index, document.at_ms);
        self.with(|core| {
            if core.shop.ledger.document(id)?.is_some() {
                return Ok(false);
            }
            let other_date = |shift: &Shift| shift.business_date != document.business_date;
            if let Some(shift) = core.shop.shift.clone().filter(other_date) {
                self.close_shift(core, &shift)?;
            }
            record(core, document.at_ms, document.business_date, |turn| {
                let shift = match &turn.shop.shift {
                    Some(shift) => shift.id,
                    None => self.open_shift(turn, document)?,
                };
                document.decide(turn, id, shift)
            });
            match core.shop.ledger.document(id)? {
                Some(_) => Ok(true),
                None => Err(not_saved(core)),
            }
        })
    }

    /// Closes the open shift and its date, if one is open.
    ///
    /// *Errors:* `NotSaved`, `Query`.
    pub fn close(&self) -> Result<(), ReplayError> {
        self.with(|core| match core.shop.shift.clone() {
            Some(shift) => self.close_shift(core, &shift),
            None => Ok(()),
        })
    }

    fn open_shift(&self, turn: &mut Turn<'_>, first: &Document) -> Result<Id, Stop> {
        let id = self.source.id("shift", first.index, first.at_ms);
        let (no, cashier) = (turn.shop.next_shift_no()?, OPERATOR.to_owned());
        turn.entries.push(Entry::ShiftOpened(ShiftOpened { id, no, cashier, float: Fen::ZERO }));
        Ok(id)
    }

    /// 缴款 of all cash, 班结 of the empty drawer and 日结, in one commit: a kill leaves all of them or none.
    fn close_shift(&self, core: &mut Core, shift: &Shift) -> Result<(), ReplayError> {
        let (at_ms, date) = (core.shop.last_at_ms, shift.business_date);
        record(core, at_ms, date, |turn| {
            let of_shift = turn.shop.totals_of_shift(shift.id)?;
            let (shift, by, approver) = (shift.id, OPERATOR.to_owned(), Some(OPERATOR.to_owned()));
            let takings = cash(&of_shift);
            if !takings.is_zero() {
                let kind = if takings.is_positive() { CashMove::Drop } else { CashMove::AddFloat };
                let (id, amount) = (self.source.id("takings", u64::from(date), at_ms), Fen(takings.0.abs()));
                let moved = CashMoved { id, shift, kind, amount, by: by.clone(), approver };
                turn.entries.push(Entry::CashMoved(moved));
            }
            turn.entries.push(Entry::ShiftClosed(ShiftClosed {
                shift,
                by: by.clone(),
                approver: None,
                count: CashCount::default(),
                counted: Fen::ZERO,
                expected: Fen::ZERO,
                sums: sums(&of_shift),
            }));
            let last_number = turn.shop.next_number(date)?.saturating_sub(1);
            let sums = sums(&turn.shop.totals_of_day(date)?);
            turn.entries.push(Entry::DayClosed(DayClosed { date, by, last_number, sums }));
            Ok(())
        });
        if core.shop.shift.is_none() { Ok(()) } else { Err(not_saved(core)) }
    }

    /// The ledger's figures of a date.
    ///
    /// *Errors:* `Query`.
    pub fn day(&self, date: u32) -> Result<DayFigures, ReplayError> {
        let postings = self.with(|core| Ok(core.shop.ledger.totals_of_day(date)?))?;
        let mut day = DayFigures { date, ..DayFigures::default() };
        for posting in postings {
            match posting.dimension {
                Dimension::Sales => day.sales = posting.count,
                Dimension::Refunds => day.refunds = posting.count,
                Dimension::Goods => {
                    (day.lines, day.grams, day.amount_fen) = (posting.count, posting.grams.0, posting.fen.0);
                }
                _ => {}
            }
        }
        Ok(day)
    }

    /// How far the upload is. What is acked was read before what is written, so it is never ahead.
    ///
    /// *Errors:* `Query`, `NoDriver`.
    pub fn upload(&self) -> Result<Upload, ReplayError> {
        let cursors = self.driver(Driver::cursors)??;
        let segments = self.with(|core| Ok(core.shop.ledger.segments()?))?;
        let mut upload = Upload { written: 0, acked: 0 };
        for segment in segments {
            let cursor = cursors.iter().find(|cursor| cursor.segment == segment.head.segment);
            upload.written += segment.head.seq;
            upload.acked += cursor.map_or(0, |cursor| cursor.acked_seq);
        }
        Ok(upload)
    }

    /// Follows the network line.
    ///
    /// *Errors:* `NoDriver`.
    pub fn network(&self) -> Result<watch::Receiver<NetworkState>, ReplayError> {
        self.driver(Driver::watch)
    }

    /// Asks this till's hub as this till.
    pub fn hub(&self) -> HubClient {
        let clock = Arc::new(crate::SystemClock);
        let identity = &self.identity;
        HubClient::new(&identity.hub_url, identity.station(), identity.key.clone(), clock)
    }

    fn driver<R>(&self, question: impl FnOnce(&Driver) -> R) -> Result<R, ReplayError> {
        self.till.ask_driver(question).ok_or(ReplayError::NoDriver)
    }

    fn with<R>(&self, work: impl FnOnce(&mut Core) -> Result<R, ReplayError>) -> Result<R, ReplayError> {
        self.till.act(work).unwrap_or(Err(ReplayError::NotEnrolled))
    }
}

/// Decides and commits as a command does, at the file's time.
fn record(core: &mut Core, at_ms: i64, date: u32, decide: impl FnOnce(&mut Turn<'_>) -> Done) {
    core.desk.message = None;
    core.turn_at(at_ms, None, |turn| {
        turn.date = Some(date);
        decide(turn)
    });
}

fn not_saved(core: &Core) -> ReplayError {
    ReplayError::NotSaved { code: core.desk.message.as_ref().map(|message| message.code) }
}

/// What the drawer of a shift holds.
fn cash(postings: &[Posting]) -> Fen {
    let in_drawer = postings.iter().filter(|posting| match posting.dimension {
        Dimension::Cash => true,
        Dimension::Tender => posting.key == CASH,
        _ => false,
    });
    in_drawer.map(|posting| posting.fen).sum()
}
