//! Sales to write down where a test needs some and does not care which.

use std::ops::Range;

use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Quantity};
use suanpan_domain::sale::{Sale, SaleLine, Tendered};
use suanpan_domain::shift::{CashCount, DayClosed, ShiftClosed, ShiftOpened, Sums};
use suanpan_domain::tax::Tax;
use suanpan_journal::StationId;

/// The station that sells.
pub const STATION: StationId = StationId([0x51; 16]);

/// Its business date.
pub const DATE: u32 = 20230616;

/// When it opens: 2023-06-16 06:30 in China.
pub const START_MS: i64 = 1_686_868_200_000;

/// Sales of one shift.
const SHIFT: Id = Id([7; 16]);

/// The id of the nth sale, growing as a clock makes ids grow.
#[must_use]
pub fn id(nth: u32) -> Id {
    let [a, b, c, d] = nth.wrapping_mul(0x9e37_79b9).to_be_bytes();
    Id::mint(START_MS + i64::from(nth) * 1_000, [a, b, c, d, a, b, c, d, a, b])
}

/// Three weighed lines of a range of 250 items, paid in cash: about 600 bytes of payload.
#[must_use]
pub fn sale(nth: u32, number: u32) -> Entry {
    let n = i64::from(nth);
    let lines = [n * 7, n * 13 + 1, n * 31 + 2];
    of_lines(nth, number, lines.into_iter().map(|item| line(item % 250, 300 + n * 37 % 900)).collect())
}

/// As a fresh-food store's week went: of a thousand sales so many had one line, two, and so on to six.
const LINES: [u64; 6] = [528, 243, 113, 64, 22, 30];

/// A sale of as many lines as a real week's had, 1.9 on average, of 50 items of which ten sell as much as the others together;
/// a third are bags of a kilo, and the others weigh 200 g to 1.2 kg. `whose` tells tills apart.
#[must_use]
pub fn usual_sale(whose: u64, nth: u32) -> Entry {
    let mut dice = mixed(whose) ^ u64::from(nth);
    let mut below = |limit: u64| {
        dice = mixed(dice);
        dice % limit
    };
    let (mut thrown, mut count) = (below(1_000), 1);
    for share in LINES {
        if thrown < share {
            break;
        }
        (thrown, count) = (thrown - share, count + 1);
    }
    let mut one = |_| {
        let item = below(50) * below(50) / 50;
        let grams = if below(3) == 0 { 1_000 } else { 200 + below(1_000) };
        line(i64::try_from(item).unwrap_or(0), i64::try_from(grams).unwrap_or(0))
    };
    of_lines(nth, nth, (0..count).map(&mut one).collect())
}

/// As good as random, and the same each time.
#[must_use]
pub fn mixed(number: u64) -> u64 {
    let next = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let half = (next ^ next >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let whole = (half ^ half >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    whole ^ whole >> 31
}

fn of_lines(nth: u32, number: u32, lines: Vec<SaleLine>) -> Entry {
    let due: Fen = lines.iter().map(|line| line.paid).sum();
    Entry::Sale(Sale {
        id: id(nth),
        number,
        shift: SHIFT,
        cashier: "1001".into(),
        cut: "chain:12,site:TH01:7".into(),
        lines,
        discount: Fen(0),
        rounding: Fen(0),
        due,
        tenders: vec![Tendered {
            tender: "cash".into(),
            amount: due,
            given: Some(Fen(10_000)),
            reference: None,
        }],
        change: Fen(10_000) - due,
        approver: None,
    })
}

/// A till's entries of its nth day, the first being 0: a shift, these sales in it, and the close of both.
#[must_use]
pub fn day(nth: u32, date: u32, sales: Range<u32>, at_ms: i64) -> Vec<Entry> {
    let (shift, by) = (Id::mint(at_ms, [3; 10]), "1101".to_owned());
    let opened = ShiftOpened { id: shift, no: nth + 1, cashier: by.clone(), float: Fen(30_000) };
    let closed = ShiftClosed {
        shift,
        by: by.clone(),
        approver: None,
        count: CashCount::default(),
        counted: Fen::ZERO,
        expected: Fen::ZERO,
        sums: Sums::default(),
    };
    let day_closed = DayClosed { date, by, last_number: sales.end - sales.start, sums: Sums::default() };
    let sold = sales.zip(1..).map(|(nth, number)| match sale(nth, number) {
        Entry::Sale(sale) => Entry::Sale(Sale { shift, ..sale }),
        other => other,
    });
    let opened = std::iter::once(Entry::ShiftOpened(opened));
    opened.chain(sold).chain([Entry::ShiftClosed(closed), Entry::DayClosed(day_closed)]).collect()
}

fn line(item: i64, grams: i64) -> SaleLine {
    let price = Price { fen: Fen(198 + item * 3), per: Per::Jin };
    let quantity = Quantity::G(Grams(grams));
    let gross = price.amount(quantity).unwrap_or(Fen(0));
    let tax = Tax { code: if item % 5 == 0 { "V9".into() } else { "EX".into() }, rate_bp: 0 };
    SaleLine {
        item: format!("{:06}", 100_000 + item),
        name: format!("本地蔬菜{item}"),
        unit: String::new(),
        quantity,
        price,
        list_price: None,
        gross,
        paid: gross,
        net: gross,
        tax_fen: Fen(0),
        tax,
        rounding: Fen(0),
        source: None,
        tare_g: 0,
        scanned: None,
        approver: None,
    }
}
