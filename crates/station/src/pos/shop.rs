//! What a command may look at: the ledger, the catalogue, the open shift, the scale. Nothing here changes while a
//! command is decided.

use std::path::PathBuf;
use std::sync::Arc;

use suanpan_contract::{Code, DocumentRow, NetworkView, PrinterView, SlipKind, SlipRow};
use suanpan_domain::barcode;
use suanpan_domain::calendar;
use suanpan_domain::catalogue::Item;
use suanpan_domain::entry::{Entry, kind};
use suanpan_domain::ids::{DocumentNumber, EntryRef, Id};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::Price;
use suanpan_domain::receipt::Paper;
use suanpan_domain::refund::Refund;
use suanpan_domain::totals::{Dimension, Posting};
use suanpan_journal::SegmentId;
use suanpan_ledger::{
    Catalogue, DiskState, Document, ItemByCode, Ledger, Parked, PrintJob, QueryError, Shift, Tries,
};

use super::book::Book;
use super::foreign::Told;
use super::print::state_of_document;
use super::say::{Say, Stop, count};
use super::scale::Counter;
use super::view::{amount, date_time_text};
use crate::search::SearchIndex;
use crate::settings::MachineSettings;

/// Kinds of the entries that print a slip: cash moved, shift audited, shift closed, day closed.
const SLIPS: [u16; 4] =
    [kind::CASH_MOVED.number, kind::SHIFT_AUDITED.number, kind::SHIFT_CLOSED.number, kind::DAY_CLOSED.number];

/// Steps in which the screen counts entries that are still to come: a few a second.
const SHOWN_BY: u64 = 1_000;

/// See the module.
pub(crate) struct Shop {
    pub(crate) ledger: Ledger,
    pub(crate) catalogue: Catalogue,
    pub(crate) book: Book,
    /// Shopping bags, pinned on the quick keys.
    pub(crate) bags: Vec<Item>,
    /// When the prices in force were published.
    pub(crate) prices_at_ms: Option<i64>,
    /// When announced ones come into force.
    pub(crate) prices_change_at_ms: Option<i64>,
    pub(crate) scale: Counter,
    /// `None` while it is being built.
    pub(crate) index: Option<Arc<SearchIndex>>,
    pub(crate) settings: MachineSettings,
    /// The station's folder.
    pub(crate) folder: PathBuf,
    pub(crate) site: String,
    pub(crate) till: u16,
    pub(crate) enrolled_at_ms: i64,
    pub(crate) has_printer: bool,
    pub(crate) printer: PrinterView,
    pub(crate) paper: Paper,
    /// The open shift.
    pub(crate) shift: Option<Shift>,
    pub(crate) parked: Vec<Parked>,
    pub(crate) jobs: Vec<PrintJob>,
    pub(crate) last: Option<DocumentRow>,
    /// Date and number of the newest document.
    pub(crate) newest: Option<(u32, u32)>,
    /// Time of the last entry.
    pub(crate) last_at_ms: i64,
    /// The latest time that the journal or the hub has seen.
    pub(crate) latest_ms: i64,
    pub(crate) network: Network,
    pub(crate) told: Told,
}

/// What the hub has of this till's receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) view: NetworkView,
    /// Receipts that it has not acknowledged.
    pub(crate) unsent: u64,
}

/// Business dates that this till has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) latest: Option<u32>,
    pub(crate) latest_closed: Option<u32>,
    pub(crate) oldest_unclosed: Option<u32>,
}

type Asked<T> = Result<T, Stop>;

/// A ledger that cannot be read is IT's business; the cashier is told to call.
fn failed(error: QueryError) -> Stop {
    tracing::error!(error.code = error.code(), error.what = %error, "till.query");
    Code::LedgerFailed.into()
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

    pub(crate) fn mint(&self, at_ms: i64) -> Id {
        let mut random = [0; 10];
        // An id only has to be new to this till; without randomness its time still tells it apart.
        if let Err(error) = getrandom::fill(&mut random) {
            tracing::error!(error.what = %error, "till.random");
        }
        Id::mint(at_ms, random)
    }

    /// An id that sorts after another one, also when the clock stands or was set back.
    pub(crate) fn mint_after(&self, at_ms: i64, last: Option<Id>) -> Id {
        let next = last.map(|last| Id(u128::from_be_bytes(last.0).saturating_add(1).to_be_bytes()));
        next.map_or_else(|| self.mint(at_ms), |next| next.max(self.mint(at_ms)))
    }

    pub(crate) fn refuses_new_sales(&self) -> bool {
        self.ledger.disk() == DiskState::Full
    }

    /// Receipts that the hub has not acknowledged.
    pub(crate) fn unsent(&self) -> u64 {
        self.network.unsent
    }

    /// Entries of a damaged ledger that come behind the sale, as the screen counts them; `None` when all are here.
    pub(crate) fn to_come(&self) -> Option<u64> {
        (!self.ledger.is_whole()).then(|| self.ledger.to_come().next_multiple_of(SHOWN_BY))
    }

    /// Refuses what depends on every entry while some are still to come.
    pub(crate) fn needs_all(&self) -> Result<(), Stop> {
        match self.to_come() {
            Some(to_come) => Err(Say::new(Code::StillToCome).with("to_come", count(to_come)).into()),
            None => Ok(()),
        }
    }

    // Documents.

    pub(crate) fn next_number(&self, business_date: u32) -> Asked<u32> {
        self.ledger.next_number(business_date).map_err(failed)
    }

    pub(crate) fn number_of(&self, document: &Document, number: u32) -> DocumentNumber {
        let (site, till) = (self.site.clone(), self.till);
        DocumentNumber { site, till, business_date: document.business_date, number, mark: document.mark() }
    }

    pub(crate) fn document(&self, id: Id) -> Asked<Option<Document>> {
        self.ledger.document(id).map_err(failed)
    }

    pub(crate) fn last_document(&self) -> Asked<Option<Document>> {
        self.ledger.last_document().map_err(failed)
    }

    /// True when this till printed the number.
    pub(crate) fn is_ours(&self, number: &DocumentNumber) -> bool {
        number.till == self.till && number.site.eq_ignore_ascii_case(&self.site)
    }

    /// This till's documents with a printed number; none when the number is another till's.
    pub(crate) fn documents_by_number(&self, number: &DocumentNumber) -> Asked<Vec<Document>> {
        if !self.is_ours(number) {
            return Ok(vec![]);
        }
        let found = self.ledger.documents_by_number(number.business_date, number.number).map_err(failed)?;
        Ok(found.into_iter().filter(|document| document.mark() == number.mark).collect())
    }

    pub(crate) fn documents_of(&self, business_date: u32, limit: u32) -> Asked<Vec<Document>> {
        self.ledger.documents_of(business_date, limit).map_err(failed)
    }

    /// Documents of a date whose printed number ends so, whatever their mark.
    pub(crate) fn documents_numbered(&self, business_date: u32, number: u32) -> Asked<Vec<Document>> {
        self.ledger.documents_by_number(business_date, number).map_err(failed)
    }

    /// The printed number of the document that a receipt's QR code names.
    pub(crate) fn number_of_entry(&self, entry: EntryRef) -> Asked<Option<DocumentNumber>> {
        let found = self.entry(entry)?;
        Ok(found.and_then(|document| Some(self.number_of(&document, numbered(&document.entry)?))))
    }

    pub(crate) fn refunds_of(&self, sale: Id) -> Asked<Vec<Refund>> {
        self.ledger.refunds_of(sale).map_err(failed)
    }

    pub(crate) fn refunds_citing(&self, number: &str) -> Asked<Vec<Refund>> {
        self.ledger.refunds_citing(number).map_err(failed)
    }

    pub(crate) fn copies(&self, document: Id) -> Asked<u16> {
        self.ledger.copies(document).map_err(failed)
    }

    /// A document as a list shows it; `None` for entries that are not documents.
    pub(crate) fn row(&self, document: &Document) -> Option<DocumentRow> {
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
    pub(crate) fn slips(&self, limit: usize) -> Asked<Vec<Document>> {
        self.ledger.latest_of(&SLIPS, limit).map_err(failed)
    }

    /// An entry by its place in the journal.
    pub(crate) fn entry(&self, entry: EntryRef) -> Asked<Option<Document>> {
        self.ledger.entry(SegmentId(entry.segment), entry.seq).map_err(failed)
    }

    /// The shift that an entry closes or looks at.
    pub(crate) fn shift_of(&self, entry: &Entry) -> Asked<Option<Shift>> {
        match entry {
            Entry::ShiftClosed(closed) => self.ledger.shift(closed.shift).map_err(failed),
            Entry::ShiftAudited(audit) => self.ledger.shift(audit.shift).map_err(failed),
            Entry::CashMoved(moved) => self.ledger.shift(moved.shift).map_err(failed),
            _ => Ok(self.shift.clone()),
        }
    }

    /// A slip as a list shows it; `None` for entries that print none.
    pub(crate) fn slip_row(&self, document: &Document) -> Option<SlipRow> {
        let (kind, by) = match &document.entry {
            Entry::CashMoved(moved) => (SlipKind::Cash, &moved.by),
            Entry::ShiftAudited(audit) => (SlipKind::Audit, &audit.by),
            Entry::ShiftClosed(closed) => (SlipKind::Shift, &closed.by),
            Entry::DayClosed(closed) => (SlipKind::Day, &closed.by),
            _ => return None,
        };
        let place = EntryRef { segment: document.at.segment.0, seq: document.at.seq };
        let at = date_time_text(document.at_ms, &self.book.settings);
        Some(SlipRow { slip: place.to_string(), kind, at, by: by.clone() })
    }

    /// True when the hub has acknowledged a document: the newest are sent last.
    fn is_received(&self, document: &Document) -> bool {
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

    pub(crate) fn clock_date(&self, now_ms: i64) -> u32 {
        let settings = &self.book.settings;
        calendar::business_date(now_ms, settings.utc_offset_min, settings.day_starts_min)
    }

    /// The business date of the enrolment: a first start with a clock at 2009 is noticed by it.
    pub(crate) fn enrolled_date(&self) -> u32 {
        self.clock_date(self.enrolled_at_ms)
    }

    pub(crate) fn days(&self) -> Asked<Days> {
        let (latest, latest_closed) = self.ledger.latest_days().map_err(failed)?;
        let oldest_unclosed = self.ledger.unclosed_days().map_err(failed)?.first().copied();
        Ok(Days { latest, latest_closed, oldest_unclosed })
    }

    pub(crate) fn next_shift_no(&self) -> Asked<u32> {
        self.ledger.next_shift_no().map_err(failed)
    }

    pub(crate) fn totals_of_shift(&self, shift: Id) -> Asked<Vec<Posting>> {
        self.ledger.totals_of_shift(shift).map_err(failed)
    }

    /// What the drawer of a shift should hold.
    pub(crate) fn cash_in_drawer(&self, shift: Id) -> Asked<Fen> {
        let totals = self.totals_of_shift(shift)?;
        let in_drawer = totals.iter().filter(|posting| match posting.dimension {
            Dimension::Cash => true,
            Dimension::Tender => self.book.counts_in_drawer(&posting.key),
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

    pub(crate) fn totals_of_day(&self, business_date: u32) -> Asked<Vec<Posting>> {
        self.ledger.totals_of_day(business_date).map_err(failed)
    }

    pub(crate) fn tries(&self, staff: &str) -> Asked<Tries> {
        self.ledger.tries(staff).map_err(failed)
    }

    // The catalogue.

    /// Which cut prices a basket that is opened now.
    pub(crate) fn cut(&self) -> Asked<String> {
        self.catalogue.cut().map_err(failed)
    }

    /// The time to look the catalogue up by. A clock that was set back does not bring last year's prices back.
    pub(crate) fn pricing_time(&self, now_ms: i64) -> i64 {
        now_ms.max(self.latest_ms)
    }

    pub(crate) fn item(&self, code: &str, at_ms: i64) -> Asked<Option<Item>> {
        self.catalogue.item(code, at_ms).map_err(failed)
    }

    pub(crate) fn price(&self, item: &Item, at_ms: i64) -> Asked<Option<Price>> {
        self.catalogue.price(&item.code, at_ms).map_err(failed)
    }

    /// Items of a barcode, each with the pieces it stands for.
    pub(crate) fn by_barcode(&self, code: &str, at_ms: i64) -> Asked<Vec<ItemByCode>> {
        self.catalogue.by_barcode(code, at_ms).map_err(failed)
    }

    /// Items of a code, scanned or typed, whatever it is to each: a barcode, its own code, a PLU.
    pub(crate) fn by_any_code(&self, code: &str, at_ms: i64) -> Asked<Vec<ItemByCode>> {
        let mut found: Vec<ItemByCode> = vec![];
        let mut add = |more: ItemByCode| {
            if found.iter().all(|have| have.item.code != more.item.code) {
                found.push(more);
            }
        };
        for written in barcode::cases(code) {
            self.by_barcode(&written, at_ms)?.into_iter().for_each(&mut add);
        }
        for written in barcode::spellings(code) {
            if let Some(item) = self.item(&written, at_ms)? {
                add(ItemByCode { price: self.price(&item, at_ms)?, item, count: 1 });
            }
        }
        if barcode::is_plu(code) {
            self.by_plu(code, at_ms)?.into_iter().for_each(&mut add);
        }
        Ok(found)
    }

    pub(crate) fn by_plu(&self, plu: &str, at_ms: i64) -> Asked<Vec<ItemByCode>> {
        self.catalogue.by_plu(plu, at_ms).map_err(failed)
    }
}

fn numbered(entry: &Entry) -> Option<u32> {
    match entry {
        Entry::Sale(sale) => Some(sale.number),
        Entry::Refund(refund) => Some(refund.number),
        _ => None,
    }
}
