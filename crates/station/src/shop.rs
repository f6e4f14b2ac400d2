//! What a command may look at: the ledger, the catalogue, the machine, and what its role keeps of them in memory. Nothing
//! here changes while a command is decided.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use suanpan_contract::{Code, DiskView, NetworkView, PrinterView};
use suanpan_domain::barcode;
use suanpan_domain::calendar;
use suanpan_domain::catalogue::Item;
use suanpan_domain::ids::{EntryRef, Id};
use suanpan_domain::pricing::Price;
use suanpan_domain::receipt::Paper;
use suanpan_journal::SegmentId;
use suanpan_ledger::{Catalogue, DiskState, ItemByCode, Ledger, PrintJob, QueryError, Tries, Written};

use crate::book::Book;
use crate::kinds::Kinds;
use crate::say::{Say, count};
use crate::scale::Pan;
use crate::search::SearchIndex;
use crate::settings::MachineSettings;

/// Steps in which the screen counts entries that are still to come: a few a second.
const SHOWN_BY: u64 = 1_000;

/// See the module. What the role keeps is read as if it were the shop's.
pub(crate) struct Shop<K: Kinds> {
    pub(crate) ledger: Ledger,
    pub(crate) catalogue: Catalogue,
    pub(crate) book: Book,
    /// When the prices in force were published.
    pub(crate) prices_at_ms: Option<i64>,
    /// When announced ones come into force.
    pub(crate) prices_change_at_ms: Option<i64>,
    pub(crate) scale: Pan,
    /// `None` while it is being built.
    pub(crate) index: Option<Arc<SearchIndex>>,
    pub(crate) settings: MachineSettings,
    /// The station's folder.
    pub(crate) folder: PathBuf,
    pub(crate) site: String,
    /// The station's number at its site.
    pub(crate) till: u16,
    pub(crate) enrolled_at_ms: i64,
    pub(crate) has_printer: bool,
    pub(crate) printer: PrinterView,
    pub(crate) paper: Paper,
    pub(crate) jobs: Vec<PrintJob>,
    /// Time of the last entry.
    pub(crate) last_at_ms: i64,
    /// The latest time that the journal or the hub has seen.
    pub(crate) latest_ms: i64,
    pub(crate) network: Network,
    pub(crate) own: K::Shop,
}

impl<K: Kinds> Deref for Shop<K> {
    type Target = K::Shop;

    fn deref(&self) -> &K::Shop {
        &self.own
    }
}

impl<K: Kinds> DerefMut for Shop<K> {
    fn deref_mut(&mut self) -> &mut K::Shop {
        &mut self.own
    }
}

/// What the hub has of this station's documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) view: NetworkView,
    /// Documents that it has not acknowledged.
    pub(crate) unsent: u64,
}

/// What a question to ledger or catalogue gives, or what is said instead.
pub(crate) type Read<T> = Result<T, Say>;

/// A ledger that cannot be read is IT's business; whoever stands there is told to call.
pub(crate) fn failed(error: QueryError) -> Say {
    tracing::error!(error.code = error.code(), error.what = %error, "station.query");
    Code::LedgerFailed.into()
}

impl<K: Kinds> Shop<K> {
    pub(crate) fn mint(&self, at_ms: i64) -> Id {
        let mut random = [0; 10];
        // An id only has to be new to this station; without randomness its time still tells it apart.
        if let Err(error) = getrandom::fill(&mut random) {
            tracing::error!(error.what = %error, "station.random");
        }
        Id::mint(at_ms, random)
    }

    /// An id that sorts after another one, also when the clock stands or was set back.
    pub(crate) fn mint_after(&self, at_ms: i64, last: Option<Id>) -> Id {
        let next = last.map(|last| Id(u128::from_be_bytes(last.0).saturating_add(1).to_be_bytes()));
        next.map_or_else(|| self.mint(at_ms), |next| next.max(self.mint(at_ms)))
    }

    /// Documents that the hub has not acknowledged.
    pub(crate) fn unsent(&self) -> u64 {
        self.network.unsent
    }

    /// Entries of a damaged ledger that come behind the sale, as the screen counts them; `None` when all are here.
    pub(crate) fn to_come(&self) -> Option<u64> {
        (!self.ledger.is_whole()).then(|| self.ledger.to_come().next_multiple_of(SHOWN_BY))
    }

    /// Refuses what depends on every entry while some are still to come.
    pub(crate) fn needs_all(&self) -> Read<()> {
        match self.to_come() {
            Some(to_come) => Err(Say::new(Code::StillToCome).with("to_come", count(to_come))),
            None => Ok(()),
        }
    }

    pub(crate) fn document(&self, id: Id) -> Read<Option<Written>> {
        self.ledger.document(id).map_err(failed)
    }

    /// An entry by its place in the journal.
    pub(crate) fn entry(&self, entry: EntryRef) -> Read<Option<Written>> {
        self.ledger.entry(SegmentId(entry.segment), entry.seq).map_err(failed)
    }

    pub(crate) fn clock_date(&self, now_ms: i64) -> u32 {
        let settings = &self.book.settings;
        calendar::business_date(now_ms, settings.utc_offset_min, settings.day_starts_min)
    }

    /// The business date of the enrolment: a first start with a clock at 2009 is noticed by it.
    pub(crate) fn enrolled_date(&self) -> u32 {
        self.clock_date(self.enrolled_at_ms)
    }

    pub(crate) fn tries(&self, staff: &str) -> Read<Tries> {
        self.ledger.tries(staff).map_err(failed)
    }

    // The catalogue.

    /// Which cut prices a basket that is opened now.
    pub(crate) fn cut(&self) -> Read<String> {
        self.catalogue.cut().map_err(failed)
    }

    /// The time to look the catalogue up by. A clock that was set back does not bring last year's prices back.
    pub(crate) fn pricing_time(&self, now_ms: i64) -> i64 {
        now_ms.max(self.latest_ms)
    }

    pub(crate) fn item(&self, code: &str, at_ms: i64) -> Read<Option<Item>> {
        self.catalogue.item(code, at_ms).map_err(failed)
    }

    pub(crate) fn price(&self, item: &Item, at_ms: i64) -> Read<Option<Price>> {
        self.catalogue.price(&item.code, at_ms).map_err(failed)
    }

    /// Items of a barcode, each with the pieces it stands for.
    pub(crate) fn by_barcode(&self, code: &str, at_ms: i64) -> Read<Vec<ItemByCode>> {
        self.catalogue.by_barcode(code, at_ms).map_err(failed)
    }

    /// Items of a code, scanned or typed, whatever it is to each: a barcode, its own code, a PLU.
    pub(crate) fn by_any_code(&self, code: &str, at_ms: i64) -> Read<Vec<ItemByCode>> {
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

    pub(crate) fn by_plu(&self, plu: &str, at_ms: i64) -> Read<Vec<ItemByCode>> {
        self.catalogue.by_plu(plu, at_ms).map_err(failed)
    }

    /// Free disk, as it is told before it matters.
    pub(crate) fn disk_view(&self) -> DiskView {
        match self.ledger.disk() {
            DiskState::Plenty => DiskView::Enough,
            DiskState::Low => DiskView::Low,
            DiskState::ReserveInUse => DiskView::ReserveInUse,
            DiskState::Full => DiskView::Full,
        }
    }
}
