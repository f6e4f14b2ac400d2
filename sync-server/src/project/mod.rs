//! Reads entries as the trade means them and works out what they add to the read models. It sums what tills
//! recorded and never prices anything.

mod again;
mod alone;
mod group;
mod headway;
mod run;

pub use group::{Group, Reading, Slot, Sum, Totals, WHOLE_SITE};
pub use headway::{Headway, Standstill};
pub use run::{project_pending, run};

use suanpan_domain::calendar;
use suanpan_domain::entry::{Entry, EntryError};
use suanpan_domain::ids::{DocumentNumber, Id};
use suanpan_domain::money::Fen;
use suanpan_domain::refund::Refund;
use suanpan_domain::sale::Sale;
use suanpan_domain::shift::{DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, ShiftRelieved};
use suanpan_domain::totals::{Dimension, Posting, item_postings, postings};
use suanpan_journal::{Record, Records, SegmentId};
use suanpan_sync::Push;

use crate::store::{Part, PendingBatch};

/// The code of a batch that does not unpack.
pub const UNREADABLE: &str = "HUB-PRJ-005";

/// The code of a document whose id the hub has already: kept, shown to IT, and not summed twice.
pub const DOUBLED: &str = "HUB-PRJ-004";

/// The code of an entry that the database refused.
pub const REFUSED: &str = "HUB-PRJ-007";

/// What a batch adds, with seqs still relative to nothing but the journal: the store gives them global numbers.
#[derive(Debug, Default)]
pub struct Projected {
    /// Entries in the batch.
    pub entries: u32,
    /// Seq of its first entry.
    pub from_seq: u64,
    /// Sales and refunds.
    pub documents: Vec<Document>,
    /// What its entries add to the till's totals.
    pub totals: Totals,
    /// What they add to the site's totals by item.
    pub items: Totals,
    /// Shifts that opened or closed.
    pub shifts: Vec<Shift>,
    /// Drawers that were counted while their shift went on.
    pub counts: Vec<DrawerCount>,
    /// Days that closed.
    pub closes: Vec<Close>,
    /// Entries that this hub does not understand.
    pub parked: Vec<Parked>,
}

/// One searchable row a document.
#[derive(Debug)]
pub struct Document {
    /// Its seq in the segment.
    pub seq: u64,
    /// Minted by the till, unique.
    pub id: [u8; 16],
    /// 1 sale, 2 refund.
    pub kind: u16,
    /// Business date.
    pub business_date: u32,
    /// Gapless number of till and date.
    pub number: u32,
    /// The number as printed.
    pub printed: String,
    /// The till's clock.
    pub at_ms: i64,
    /// Staff number.
    pub cashier: String,
    /// Its shift.
    pub shift: [u8; 16],
    /// Lines.
    pub lines: u32,
    /// Paid, or paid out.
    pub fen: i64,
    /// The sale that a refund returns, by its printed number.
    pub cites: Option<String>,
}

/// A shift's opening, relief or end; the others may arrive later or earlier.
#[derive(Debug)]
pub enum Shift {
    /// It opened.
    Opened {
        /// Its id.
        id: [u8; 16],
        /// Business date.
        business_date: u32,
        /// The till's running number.
        no: u32,
        /// Staff number.
        cashier: String,
        /// When.
        at_ms: i64,
    },
    /// Another cashier took it over.
    Relieved {
        /// Its id.
        id: [u8; 16],
        /// Business date.
        business_date: u32,
        /// Whose it is from now on.
        cashier: String,
    },
    /// It was counted and closed.
    Closed {
        /// Its id.
        id: [u8; 16],
        /// Business date.
        business_date: u32,
        /// Who counted: not always whose shift it was.
        counted_by: String,
        /// When.
        at_ms: i64,
        /// Counted minus expected.
        over_short_fen: i64,
    },
}

/// 中途对账: a drawer that was counted while its shift went on.
#[derive(Debug)]
pub struct DrawerCount {
    /// Its seq.
    pub seq: u64,
    /// Its shift.
    pub shift: [u8; 16],
    /// Business date.
    pub business_date: u32,
    /// Whose drawer it was; the first tills did not tell.
    pub cashier: Option<String>,
    /// Who counted.
    pub by: String,
    /// When.
    pub at_ms: i64,
    /// Counted minus expected.
    pub over_short_fen: i64,
}

/// A till's 日结, as it recorded it.
#[derive(Debug)]
pub struct Close {
    /// Its seq.
    pub seq: u64,
    /// The date.
    pub business_date: u32,
    /// The highest number of the date.
    pub last_number: u32,
    /// The till's sums, as JSON.
    pub sums: String,
}

/// An entry that is kept and waits for a hub that understands it.
#[derive(Debug)]
pub struct Parked {
    /// Its seq.
    pub seq: u64,
    /// Its kind.
    pub kind: u16,
    /// Business date to which it is held: that of its time if its own is none, and 0 if neither is.
    pub business_date: u32,
    /// Why: a stable code.
    pub code: &'static str,
}

/// The stored push does not unpack: the file is damaged, since it was checked before it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Works out what a batch adds.
///
/// *Errors:* [`Unreadable`].
pub fn project(batch: &PendingBatch, reading: &Reading) -> Result<Projected, Unreadable> {
    let push = Push::decode(&batch.body).map_err(|_| Unreadable)?;
    let records = push.container.unpack().map_err(|_| Unreadable)?;
    let mut projected = Projected::default();
    for record in Records::new(&records) {
        let record = record.map_err(|_| Unreadable)?;
        let header = &record.header;
        let Part { only, without } = &batch.part;
        if !only.is_empty() && !only.contains(&header.seq) {
            continue;
        }
        if projected.entries == 0 {
            projected.from_seq = header.seq;
        }
        projected.entries = projected.entries.saturating_add(1);
        if without.contains(&header.seq) || reading.leaves_out(header.seq) {
            continue;
        }
        let entry = match reading.refuses(header.seq) {
            true => Err(REFUSED),
            false => Entry::receive(header.kind, header.business_date, record.payload)
                .map_err(|error| parked_code(&error)),
        };
        match entry {
            Ok(entry) => add(&mut projected, batch, &record, &entry),
            Err(code) => projected.parked.push(Parked {
                seq: header.seq,
                kind: header.kind,
                business_date: held_to(batch, &record),
                code,
            }),
        }
    }
    Ok(projected)
}

/// The date whose close waits for an entry that is in no figure.
fn held_to(batch: &PendingBatch, record: &Record<'_>) -> u32 {
    let header = &record.header;
    let by_time = || calendar::business_date(header.at_ms, batch.utc_offset_min, batch.day_starts_min);
    let dates = [header.business_date, by_time()];
    dates.into_iter().find(|date| calendar::is_business_date(*date)).unwrap_or(0)
}

/// The stable code under which an entry is parked.
fn parked_code(error: &EntryError) -> &'static str {
    match error {
        EntryError::UnknownKind(_) => "HUB-PRJ-001",
        EntryError::UnknownVersion { .. } => "HUB-PRJ-002",
        EntryError::Malformed { .. } => "HUB-PRJ-003",
        EntryError::OutOfBounds { .. } => "HUB-PRJ-006",
    }
}

fn add(projected: &mut Projected, batch: &PendingBatch, record: &Record<'_>, entry: &Entry) {
    let header = &record.header;
    let (_, minute) = calendar::local(header.at_ms, batch.utc_offset_min);
    let slot = |dimension: Dimension| {
        // Nobody asks for the hours of any other.
        let by_hour = matches!(dimension, Dimension::Sales | Dimension::Refunds);
        let hour = if by_hour { minute / 60 } else { 0 };
        Slot { business_date: header.business_date, dimension: dimension as u8, hour }
    };
    for posting in postings(entry) {
        projected.totals.add(slot(posting.dimension), &posting.key, &sum(&posting));
    }
    for posting in item_postings(entry) {
        projected.items.add(slot(posting.dimension), &posting.key, &sum(&posting));
    }
    match entry {
        Entry::Sale(sale) => projected.documents.push(of_sale(batch, record, sale)),
        Entry::Refund(refund) => projected.documents.push(of_refund(batch, record, refund)),
        other => add_event(projected, record, other),
    }
}

fn sum(posting: &Posting) -> Sum {
    Sum { count: posting.count, fen: posting.fen.0, grams: posting.grams.0, pieces: posting.pieces.0 }
}

fn add_event(projected: &mut Projected, record: &Record<'_>, entry: &Entry) {
    let header = &record.header;
    match entry {
        Entry::ShiftOpened(ShiftOpened { id, no, cashier, .. }) => projected.shifts.push(Shift::Opened {
            id: id.0,
            business_date: header.business_date,
            no: *no,
            cashier: cashier.clone(),
            at_ms: header.at_ms,
        }),
        Entry::ShiftRelieved(ShiftRelieved { shift, to, .. }) => {
            let cashier = to.clone();
            let business_date = header.business_date;
            projected.shifts.push(Shift::Relieved { id: shift.0, business_date, cashier });
        }
        Entry::ShiftClosed(ShiftClosed { shift, by, counted, expected, .. }) => {
            projected.shifts.push(Shift::Closed {
                id: shift.0,
                business_date: header.business_date,
                counted_by: by.clone(),
                at_ms: header.at_ms,
                over_short_fen: (*counted - *expected).0,
            });
        }
        Entry::ShiftAudited(ShiftAudited { shift, counted, expected, by, cashier, .. }) => {
            projected.counts.push(DrawerCount {
                seq: header.seq,
                shift: shift.0,
                business_date: header.business_date,
                cashier: cashier.clone(),
                by: by.clone(),
                at_ms: header.at_ms,
                over_short_fen: (*counted - *expected).0,
            });
        }
        Entry::DayClosed(DayClosed { date, last_number, sums, .. }) => projected.closes.push(Close {
            seq: header.seq,
            business_date: *date,
            last_number: *last_number,
            sums: serde_json::to_string(sums).unwrap_or_default(),
        }),
        _ => {}
    }
}

fn of_sale(batch: &PendingBatch, record: &Record<'_>, sale: &Sale) -> Document {
    let shared = (&sale.id, sale.number, &sale.shift, sale.cashier.as_str());
    document(batch, record, shared, (sale.lines.len(), sale.due), None)
}

fn of_refund(batch: &PendingBatch, record: &Record<'_>, refund: &Refund) -> Document {
    let shared = (&refund.id, refund.number, &refund.shift, refund.cashier.as_str());
    let number = refund.origin.number();
    // One spelling, so that refunds of one sale are found together however the number was typed.
    let cites = number.parse::<DocumentNumber>().map_or_else(|_| number.to_owned(), |it| it.to_string());
    document(batch, record, shared, (refund.lines.len(), refund.total), Some(cites))
}

fn document(
    batch: &PendingBatch,
    record: &Record<'_>,
    (id, number, shift, cashier): (&Id, u32, &Id, &str),
    (lines, fen): (usize, Fen),
    cites: Option<String>,
) -> Document {
    let header = &record.header;
    let printed = DocumentNumber {
        site: batch.site.as_str().to_ascii_uppercase(),
        till: batch.till,
        business_date: header.business_date,
        number,
        mark: mark(batch.segment),
    };
    Document {
        seq: header.seq,
        id: id.0,
        kind: header.kind,
        business_date: header.business_date,
        number,
        printed: printed.to_string(),
        at_ms: header.at_ms,
        cashier: cashier.to_owned(),
        shift: shift.0,
        lines: u32::try_from(lines).unwrap_or(u32::MAX),
        fen: fen.0,
        cites,
    }
}

fn mark(segment: SegmentId) -> u8 {
    let [first, ..] = segment.0;
    first
}
