//! What an entry of another machine may hold at most, so that whoever adds it up can neither overflow nor be refused by
//! a database. Wider than anything that a till of any release writes: a till has its own, narrower rules.
//!
//! Not bounded here: a tax rate, which is a `u16` of basis points and multiplies nothing any more, and whether a
//! document's figures add up, which each total shows by itself.

use crate::calendar;
pub use crate::entry::Bound;
use crate::entry::{Entry, EntryError};
use crate::money::Fen;
use crate::pricing::Price;
use crate::quantity::{Grams, Pieces, Quantity};
use crate::refund::{Refund, RefundLine};
use crate::sale::{Basket, Discount, LINES_MAX, Line, Sale, SaleLine, TENDERS_MAX, Tendered};
use crate::shift::{CashCount, Sums};

/// The largest amount of a whole document: each line at its largest.
pub const DOCUMENT_MAX: Fen = Fen(500_000_000_000);

/// The largest sum of a shift, a date or a total: ¥10,000,000,000,000. Thousands of them fit an `i64` together.
pub const SUM_MAX: Fen = Fen(1_000_000_000_000_000);

/// The largest price of a basis: at it a gram may still cost what a line may cost.
const PRICE_MAX: Fen = Fen(1_000_000_000_000);

/// The highest number of a till's documents of a date: ten a second, around the clock.
pub const NUMBER_MAX: u32 = 999_999;

/// Bytes of a code (item, tender, tax, staff) or a printed number: as many as a key of the feed has.
pub const CODE_LEN_MAX: usize = 128;

/// Bytes of any other text: a name, a reference, what a scanner read.
pub const TEXT_LEN_MAX: usize = 4_096;

/// Tenders or taxes of a close, and denominations of a count.
const CODES_MAX: usize = 1_000;

type Checked = Result<(), Bound>;

impl Entry {
    /// Reads a payload that another machine wrote under a business date: what comes back can be added up.
    ///
    /// *Errors:* [`EntryError`]; the hub parks such an entry, and whatever follows it is in the figures.
    pub fn receive(kind: u16, business_date: u32, payload: &[u8]) -> Result<Entry, EntryError> {
        let entry = Entry::decode(kind, payload)?;
        match check(&entry, business_date) {
            Ok(()) => Ok(entry),
            Err(bound) => Err(EntryError::OutOfBounds { kind, bound }),
        }
    }
}

/// Checks an entry and the business date under which it was written.
///
/// A date counts where figures are booked under it: a till that was never opened signs people in by whatever its clock
/// says.
///
/// *Errors:* the first [`Bound`] that is broken.
pub fn check(entry: &Entry, business_date: u32) -> Checked {
    match entry {
        Entry::Sale(it) => booked(business_date).and_then(|()| sale(it)),
        Entry::Refund(it) => booked(business_date).and_then(|()| refund(it)),
        Entry::ShiftOpened(_)
        | Entry::ShiftRelieved(_)
        | Entry::CashMoved(_)
        | Entry::ShiftAudited(_)
        | Entry::ShiftClosed(_)
        | Entry::DayClosed(_) => booked(business_date).and_then(|()| of_shift(entry)),
        Entry::LineRemoved(_)
        | Entry::QuantityLowered(_)
        | Entry::BasketVoided(_)
        | Entry::BasketParked(_)
        | Entry::BasketRecalled(_)
        | Entry::TendersCleared(_) => before_payment(entry),
        // Named one by one: a new kind says here what it may hold.
        Entry::Reprinted(_)
        | Entry::DrawerOpened(_)
        | Entry::SignedIn(_)
        | Entry::SignInFailed(_)
        | Entry::LockoutLifted(_)
        | Entry::Approved(_)
        | Entry::ClockMoved(_)
        | Entry::LedgerReplaced(_) => of_machine(entry),
    }
}

fn of_shift(entry: &Entry) -> Checked {
    match entry {
        Entry::ShiftOpened(it) => codes([&it.cashier]).and_then(|()| amounts(SUM_MAX, [it.float])),
        Entry::ShiftRelieved(it) => codes([&it.from, &it.to]),
        Entry::CashMoved(it) => {
            codes([&it.by])?;
            code(it.approver.as_deref())?;
            amounts(SUM_MAX, [it.amount])
        }
        Entry::ShiftAudited(it) => {
            codes([&it.by])?;
            count(&it.count)?;
            amounts(SUM_MAX, [it.counted, it.expected])
        }
        Entry::ShiftClosed(it) => {
            codes([&it.by])?;
            code(it.approver.as_deref())?;
            count(&it.count)?;
            amounts(SUM_MAX, [it.counted, it.expected])?;
            sums(&it.sums)
        }
        Entry::DayClosed(it) => {
            booked(it.date)?;
            codes([&it.by])?;
            number(it.last_number.max(1))?;
            sums(&it.sums)
        }
        _ => Ok(()),
    }
}

fn before_payment(entry: &Entry) -> Checked {
    match entry {
        Entry::LineRemoved(it) => {
            codes([&it.item, &it.by])?;
            code(it.approver.as_deref())?;
            texts([&it.name])?;
            quantity(it.quantity)?;
            amounts(DOCUMENT_MAX, [it.amount])
        }
        Entry::QuantityLowered(it) => {
            codes([&it.item, &it.by])?;
            code(it.approver.as_deref())?;
            texts([&it.name])?;
            [it.from, it.to].into_iter().try_for_each(quantity)?;
            amounts(DOCUMENT_MAX, [it.amount])
        }
        Entry::BasketVoided(it) => {
            codes([&it.by])?;
            code(it.approver.as_deref())?;
            amounts(DOCUMENT_MAX, [it.amount])?;
            basket(&it.basket)
        }
        Entry::BasketParked(it) => codes([&it.by]).and_then(|()| basket(&it.basket)),
        Entry::BasketRecalled(it) => codes([&it.by]),
        Entry::TendersCleared(it) => codes([&it.by]).and_then(|()| tenders(&it.tenders)),
        _ => Ok(()),
    }
}

fn of_machine(entry: &Entry) -> Checked {
    match entry {
        Entry::Reprinted(it) => codes([&it.by]),
        Entry::DrawerOpened(it) => codes([&it.by]).and_then(|()| code(it.approver.as_deref())),
        Entry::SignedIn(it) => texts([&it.staff]),
        // Whatever was typed.
        Entry::SignInFailed(it) => texts([&it.staff]),
        Entry::LockoutLifted(it) => texts([&it.staff, &it.by]),
        Entry::Approved(it) => {
            texts([&it.action, &it.staff, &it.by]).and_then(|()| amounts(SUM_MAX, [it.amount]))
        }
        Entry::LedgerReplaced(it) => texts([&it.code, &it.kept_as]),
        _ => Ok(()),
    }
}

fn sale(it: &Sale) -> Checked {
    number(it.number)?;
    codes([&it.cashier])?;
    code(it.approver.as_deref())?;
    texts([&it.cut])?;
    amounts(DOCUMENT_MAX, [it.discount, it.rounding, it.due, it.change])?;
    list(it.lines.len(), LINES_MAX)?;
    it.lines.iter().try_for_each(sale_line)?;
    tenders(&it.tenders)
}

fn sale_line(it: &SaleLine) -> Checked {
    codes([&it.item, &it.tax.code])?;
    code(it.approver.as_deref())?;
    texts([&it.name, &it.unit])?;
    text(it.scanned.as_deref())?;
    quantity(it.quantity)?;
    quantity(Quantity::G(Grams(it.tare_g)))?;
    price(Some(it.price))?;
    price(it.list_price)?;
    amounts(Fen::MAX, [it.gross, it.paid, it.net, it.tax_fen, it.rounding])
}

fn refund(it: &Refund) -> Checked {
    number(it.number)?;
    codes([&it.cashier])?;
    code(it.approver.as_deref())?;
    code(Some(it.origin.number()))?;
    text(it.origin.reservation())?;
    amounts(DOCUMENT_MAX, [it.total])?;
    list(it.lines.len(), LINES_MAX)?;
    it.lines.iter().try_for_each(refund_line)?;
    tenders(&it.tenders)
}

fn refund_line(it: &RefundLine) -> Checked {
    codes([&it.item, &it.tax.code])?;
    texts([&it.name, &it.unit])?;
    quantity(it.quantity)?;
    amounts(Fen::MAX, [it.gross, it.amount, it.net, it.tax_fen, it.rounding])
}

fn basket(it: &Basket) -> Checked {
    texts([&it.cut])?;
    code(it.discount_approver.as_deref())?;
    amounts(DOCUMENT_MAX, [it.taken_off])?;
    discount(it.discount)?;
    list(it.lines.len(), LINES_MAX)?;
    it.lines.iter().try_for_each(line)?;
    tenders(&it.tenders)
}

fn line(it: &Line) -> Checked {
    codes([&it.item, &it.tax.code])?;
    code(it.approver.as_deref())?;
    texts([&it.name, &it.unit])?;
    text(it.scanned.as_deref())?;
    quantity(it.quantity)?;
    quantity(Quantity::G(Grams(it.tare_g)))?;
    price(Some(it.price))?;
    price(it.list_price)?;
    discount(it.discount)?;
    amounts(Fen::MAX, [it.gross])
}

fn tenders(all: &[Tendered]) -> Checked {
    list(all.len(), TENDERS_MAX)?;
    all.iter().try_for_each(|it| {
        codes([&it.tender])?;
        text(it.reference.as_deref())?;
        amounts(DOCUMENT_MAX, [it.amount, it.given.unwrap_or(Fen::ZERO)])
    })
}

fn sums(it: &Sums) -> Checked {
    amounts(SUM_MAX, [it.due, it.discount, it.rounding])?;
    list(it.tenders.len().max(it.taxes.len()), CODES_MAX)?;
    codes(it.tenders.keys().chain(it.taxes.keys()))?;
    amounts(SUM_MAX, it.tenders.values().copied())?;
    amounts(SUM_MAX, it.taxes.values().flat_map(|(net, tax)| [*net, *tax]))
}

fn count(CashCount(it): &CashCount) -> Checked {
    list(it.len(), CODES_MAX)?;
    amounts(Fen::MAX, it.keys().copied().map(Fen))
}

fn discount(it: Option<Discount>) -> Checked {
    match it {
        Some(Discount::Fen(fen)) => amounts(DOCUMENT_MAX, [fen]),
        Some(Discount::Bp(_)) | None => Ok(()),
    }
}

fn price(it: Option<Price>) -> Checked {
    it.map_or(Ok(()), |price| amounts(PRICE_MAX, [price.fen]))
}

fn booked(date: u32) -> Checked {
    keep(calendar::is_business_date(date), Bound::Date)
}

fn number(number: u32) -> Checked {
    keep((1..=NUMBER_MAX).contains(&number), Bound::Number)
}

/// Amounts of either sign.
fn amounts(max: Fen, all: impl IntoIterator<Item = Fen>) -> Checked {
    keep(all.into_iter().all(|Fen(fen)| fen.unsigned_abs() <= max.0.unsigned_abs()), Bound::Amount)
}

fn quantity(it: Quantity) -> Checked {
    let max = match it {
        Quantity::G(_) => Grams::MAX.0,
        Quantity::Pc(_) => Pieces::MAX.0,
    };
    keep(it.number().unsigned_abs() <= max.unsigned_abs(), Bound::Quantity)
}

fn codes<'a>(all: impl IntoIterator<Item = &'a String>) -> Checked {
    all.into_iter().try_for_each(|it| code(Some(it)))
}

fn code(it: Option<&str>) -> Checked {
    let fits = |it: &str| it.len() <= CODE_LEN_MAX && !it.bytes().any(|byte| byte.is_ascii_control());
    keep(it.is_none_or(fits), Bound::Code)
}

fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Checked {
    all.into_iter().try_for_each(|it| text(Some(it)))
}

/// Scanners put control characters into what they read; a NUL is not one of them.
fn text(it: Option<&str>) -> Checked {
    keep(it.is_none_or(|it| it.len() <= TEXT_LEN_MAX && !it.contains('\0')), Bound::Text)
}

fn list(len: usize, max: usize) -> Checked {
    keep(len <= max, Bound::List)
}

fn keep(holds: bool, bound: Bound) -> Checked {
    if holds { Ok(()) } else { Err(bound) }
}
