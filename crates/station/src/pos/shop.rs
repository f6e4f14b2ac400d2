//! What a till's commands ask of ledger and catalogue.

use suanpan_contract::pos::{DocumentRow, SlipKind, SlipRow};
use suanpan_domain::calendar;
use suanpan_domain::entry::{Entry, kind};
use suanpan_domain::ids::{DocumentNumber, EntryRef, Id};
use suanpan_domain::money::Fen;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_domain::totals::{Dimension, Posting};
use suanpan_ledger::{DiskState, QueryError, Shift, Written};

use super::kinds::Shop;
use crate::print::state_of_document;
use crate::shop::{Read, failed};
use crate::text::{amount, date_time_text};

/// Kinds of the entries that print a slip: cash moved, shift audited, shift closed, day closed.
const SLIPS: [u16; 4] =
    [kind::CASH_MOVED.number, kind::SHIFT_AUDITED.number, kind::SHIFT_CLOSED.number, kind::DAY_CLOSED.number];

/// Refunds of the last days among which a number is looked for.
const REFUNDS_LOOKED_AT: usize = 500;

/// Business dates that this till has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) latest: Option<u32>,
    pub(crate) latest_closed: Option<u32>,
    pub(crate) oldest_unclosed: Option<u32>,
}

impl Shop {
    /// Reads again what any commit may have changed.
    pub(crate) fn reread(&mut self) -> Result<(), QueryError> {
        self.shift = self.ledger.open_shifts()?.pop();
        self.parked = self.ledger.parked()?;
        self.reread_documents()
    }

    /// Reads again what a sale may have changed.
    pub(crate) fn reread_documents(&mut self) -> Result<(), QueryError> {
        self.jobs = self.ledger.print_jobs()?;
        let last = self.ledger.last_document()?;
        self.newest = last.as_ref().and_then(|last| Some((last.business_date, numbered(&last.entry)?)));
        self.last = last.and_then(|document| self.row(&document));
        Ok(())
    }

    pub(crate) fn refuses_new_sales(&self) -> bool {
        self.ledger.disk() == DiskState::Full
    }

    // Documents.

    pub(crate) fn next_number(&self, business_date: u32) -> Read<u32> {
        self.ledger.next_number(business_date).map_err(failed)
    }

    pub(crate) fn number_of(&self, document: &Written, number: u32) -> DocumentNumber {
        let (site, till) = (self.site.clone(), self.till);
        DocumentNumber { site, till, business_date: document.business_date, number, mark: document.mark() }
    }

    pub(crate) fn last_document(&self) -> Read<Option<Written>> {
        self.ledger.last_document().map_err(failed)
    }

    /// True when this till printed the number.
    pub(crate) fn is_ours(&self, number: &DocumentNumber) -> bool {
        number.till == self.till && number.site.eq_ignore_ascii_case(&self.site)
    }

    /// This till's documents with a printed number; none when the number is another till's.
    pub(crate) fn documents_by_number(&self, number: &DocumentNumber) -> Read<Vec<Written>> {
        if !self.is_ours(number) {
            return Ok(vec![]);
        }
        let found = self.ledger.documents_by_number(number.business_date, number.number).map_err(failed)?;
        Ok(found.into_iter().filter(|document| document.mark() == number.mark).collect())
    }

    pub(crate) fn documents_of(&self, business_date: u32, limit: u32) -> Read<Vec<Written>> {
        self.ledger.documents_of(business_date, limit).map_err(failed)
    }

    /// Documents of a date whose printed number ends so, whatever their mark.
    pub(crate) fn documents_numbered(&self, business_date: u32, number: u32) -> Read<Vec<Written>> {
        self.ledger.documents_by_number(business_date, number).map_err(failed)
    }

    /// Documents of a date whose number ends in some digits, as a remainder of a power of ten.
    pub(crate) fn documents_ending(&self, business_date: u32, digits: (u32, u32)) -> Read<Vec<Written>> {
        self.ledger.documents_ending(business_date, digits).map_err(failed)
    }

    /// The printed number of the document that a receipt's QR code names.
    pub(crate) fn number_of_entry(&self, entry: EntryRef) -> Read<Option<DocumentNumber>> {
        let found = self.entry(entry)?;
        Ok(found.and_then(|document| Some(self.number_of(&document, numbered(&document.entry)?))))
    }

    pub(crate) fn refunds_of(&self, sale: Id) -> Read<Vec<Refund>> {
        self.ledger.refunds_of(sale).map_err(failed)
    }

    pub(crate) fn refunds_citing(&self, number: &str) -> Read<Vec<Refund>> {
        self.ledger.refunds_citing(number).map_err(failed)
    }

    /// What this till paid out on a number: cited, or of another till's sale that the hub showed. Of the latter the newest,
    /// for the ledger finds them by their sale alone.
    pub(crate) fn refunds_numbered(&self, number: &str) -> Read<Vec<Refund>> {
        let mut refunds = self.refunds_citing(number)?;
        let newest = self.ledger.latest_of(&[kind::REFUND.number], REFUNDS_LOOKED_AT).map_err(failed)?;
        for document in newest {
            let Entry::Refund(refund) = document.entry else { continue };
            let is_it = matches!(refund.origin, Origin::Sale { .. })
                && refund.origin.number().eq_ignore_ascii_case(number);
            if is_it && refunds.iter().all(|known| known.id != refund.id) {
                refunds.push(refund);
            }
        }
        Ok(refunds)
    }

    pub(crate) fn copies(&self, document: Id) -> Read<u16> {
        self.ledger.copies(document).map_err(failed)
    }

    /// A document as a list shows it; `None` for entries that are not documents.
    pub(crate) fn row(&self, document: &Written) -> Option<DocumentRow> {
        let (id, is_refund, cashier, total) = match &document.entry {
            Entry::Sale(sale) => (sale.id, false, &sale.cashier, sale.due),
            Entry::Refund(refund) => (refund.id, true, &refund.cashier, refund.total),
            _ => return None,
        };
        Some(DocumentRow {
            document: id.to_string(),
            number: self.number_of(document, numbered(&document.entry)?).to_string(),
            is_refund,
            at: date_time_text(document.at_ms, &self.book.settings),
            cashier: cashier.clone(),
            amount_fen: amount(total),
            print: state_of_document(&self.jobs, id, self.has_printer),
            received: self.is_received(document),
        })
    }

    /// The newest slips.
    pub(crate) fn slips(&self, limit: usize) -> Read<Vec<Written>> {
        self.ledger.latest_of(&SLIPS, limit).map_err(failed)
    }

    /// The shift that an entry closes or looks at.
    pub(crate) fn shift_of(&self, entry: &Entry) -> Read<Option<Shift>> {
        match entry {
            Entry::ShiftClosed(closed) => self.ledger.shift(closed.shift).map_err(failed),
            Entry::ShiftAudited(audit) => self.ledger.shift(audit.shift).map_err(failed),
            Entry::CashMoved(moved) => self.ledger.shift(moved.shift).map_err(failed),
            _ => Ok(self.shift.clone()),
        }
    }

    /// A slip as a list shows it; `None` for entries that print none.
    pub(crate) fn slip_row(&self, document: &Written) -> Option<SlipRow> {
        let (kind, by, amount) = match &document.entry {
            Entry::CashMoved(moved) => (SlipKind::Cash, &moved.by, Some(moved.amount)),
            Entry::ShiftAudited(audit) => (SlipKind::Audit, &audit.by, Some(audit.counted)),
            Entry::ShiftClosed(closed) => (SlipKind::Shift, &closed.by, Some(closed.counted)),
            Entry::DayClosed(closed) => (SlipKind::Day, &closed.by, None),
            _ => return None,
        };
        let place = EntryRef { segment: document.at.segment.0, seq: document.at.seq };
        let at = date_time_text(document.at_ms, &self.book.settings);
        let amount_fen = amount.map(|amount| amount.0);
        Some(SlipRow { slip: place.to_string(), kind, at, by: by.clone(), amount_fen })
    }

    /// True when the hub has acknowledged a document: the newest are sent last.
    fn is_received(&self, document: &Written) -> bool {
        let newest = self.newest.unwrap_or((document.business_date, u32::MAX));
        let number = numbered(&document.entry).unwrap_or(0);
        let after =
            if document.business_date == newest.0 { newest.1.saturating_sub(number) } else { newest.1 };
        u64::from(after) >= self.network.unsent
    }

    // Shifts, days, people.

    /// True when the open shift belongs to an earlier date than the clock's.
    pub(crate) fn shift_is_old(&self, now_ms: i64) -> bool {
        let open = self.shift.as_ref().map(|shift| shift.business_date);
        calendar::older_shift(self.clock_date(now_ms), open).is_some()
    }

    pub(crate) fn shift_cashier(&self) -> Option<String> {
        let cashier = &self.shift.as_ref()?.cashier;
        Some(self.book.staff(cashier).map_or_else(|| cashier.clone(), |staff| staff.name.clone()))
    }

    pub(crate) fn days(&self) -> Read<Days> {
        let (latest, latest_closed) = self.ledger.latest_days().map_err(failed)?;
        let oldest_unclosed = self.ledger.unclosed_days().map_err(failed)?.first().copied();
        Ok(Days { latest, latest_closed, oldest_unclosed })
    }

    pub(crate) fn next_shift_no(&self) -> Read<u32> {
        self.ledger.next_shift_no().map_err(failed)
    }

    pub(crate) fn totals_of_shift(&self, shift: Id) -> Read<Vec<Posting>> {
        self.ledger.totals_of_shift(shift).map_err(failed)
    }

    /// What the drawer of a shift should hold.
    pub(crate) fn cash_in_drawer(&self, shift: Id) -> Read<Fen> {
        let totals = self.totals_of_shift(shift)?;
        let in_drawer = totals.iter().filter(|posting| match posting.dimension {
            Dimension::Cash => true,
            Dimension::Tender => self.trade.counts_in_drawer(&posting.key),
            _ => false,
        });
        Ok(in_drawer.map(|posting| posting.fen).sum())
    }

    /// The date of entries that belong to no sale: the open shift's, else the latest that the till has seen, so that
    /// a clock gone astray gives the journal no date of its own.
    pub(crate) fn journal_date(&self, now_ms: i64) -> u32 {
        let open = self.shift.as_ref().map(|shift| shift.business_date);
        let latest = || self.days().ok().and_then(|days| days.latest);
        open.or_else(latest).unwrap_or_else(|| self.clock_date(now_ms))
    }

    pub(crate) fn totals_of_day(&self, business_date: u32) -> Read<Vec<Posting>> {
        self.ledger.totals_of_day(business_date).map_err(failed)
    }
}

/// The printed number of a document.
pub(crate) fn numbered(entry: &Entry) -> Option<u32> {
    match entry {
        Entry::Sale(sale) => Some(sale.number),
        Entry::Refund(refund) => Some(refund.number),
        _ => None,
    }
}
