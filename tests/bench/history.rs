//! A till that has sold for years: its folder as it is found on a morning, before the first shift.

use std::path::Path;

use serde_json::json;
use suanpan_domain::barcode::check_digit;
use suanpan_domain::calendar;
use suanpan_domain::catalogue::Table;
use suanpan_journal::{Certificate, CertificateId, Enrolment, SegmentId, SigningKey, StationId};
use suanpan_ledger::{Catalogue, Durability, FeedRow, Ledger, Lock, NewEntry, Options, Working};
use suanpan_station::identity::Identity;
use suanpan_station::{Clock, SystemClock};
use suanpan_tests::catalogue::{SITE, cut, row, rows};
use suanpan_tests::sales::day;

/// Sales of a day at one till.
const SALES_A_DAY: u32 = 1_000;
/// Entries of one commit: what the ledger takes at most.
const COMMIT: usize = 64;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Who the till is, enrolled before its first sale.
pub(crate) fn identity(issued_at_ms: i64) -> Identity {
    let hub = SigningKey::from_seed(&[9; 32]);
    let seed = [7; 32];
    let enrolment = Enrolment {
        id: CertificateId([1; 16]),
        station: StationId([2; 16]),
        site: SITE.parse().expect("a site code"),
        till: 2,
        public_key: SigningKey::from_seed(&seed).public(),
        issued_at_ms,
    };
    Identity::new(seed, Certificate::issue(enrolment, &hub), hub.public(), String::new())
}

/// Writes a till's folder: `items` goods beside the small catalogue, and `sales` sales of the days up to yesterday,
/// each day with its shift and closed.
pub(crate) fn write(dir: &Path, sales: u32, items: usize) {
    let days = sales.div_ceil(SALES_A_DAY);
    let now_ms = SystemClock.now_ms();
    let start_ms = now_ms - i64::from(days) * DAY_MS;
    let identity = identity(start_ms - DAY_MS);
    identity.save(dir).expect("an identity");
    let lock = Lock::acquire(dir).expect("a folder");
    let all = assortment(items);
    let mut catalogue = Catalogue::open(&lock).expect("a catalogue").catalogue;
    catalogue.apply(&cut(all.len() as u64), &all, start_ms).expect("the rows");
    let options = Options { durability: Durability::Off, reserve_bytes: 0, ..Options::default() };
    let mint = Box::new(|| SegmentId([5; 16]));
    let mut ledger = Ledger::open(&lock, identity.station(), options, mint).expect("a ledger").ledger;
    let today = calendar::business_date(now_ms, 8 * 60, 4 * 60);
    let mut date = (0..days).fold(today, |date, _| calendar::previous(date).expect("a date"));
    for nth in 0..days {
        let at_ms = start_ms + i64::from(nth) * DAY_MS;
        let first = nth * SALES_A_DAY;
        let entries = day(nth, date, first..sales.min(first + SALES_A_DAY), at_ms);
        for entries in entries.chunks(COMMIT) {
            let new: Vec<_> =
                entries.iter().map(|entry| NewEntry { at_ms, business_date: date, entry }).collect();
            ledger.append(&new, &Working::KEEP).expect("a commit");
            ledger.between_sales().expect("housekeeping");
        }
        date = calendar::next(date).expect("a date");
    }
    ledger.settle().expect("the log is copied");
}

/// The small catalogue with `items` more goods, found by [`gtin`].
pub(crate) fn assortment(items: usize) -> Vec<FeedRow> {
    let mut all = rows();
    let mut version = all.len() as u64;
    for number in 0..items {
        let code = code(number);
        let item = json!({"code": code, "name": format!("商品{number}"), "sold_by": "piece", "unit": "袋", "tax": "V13",
            "barcodes": [{"code": gtin(number)}]});
        let price = json!({"fen": 100 + number % 900, "per": "pc"});
        for (table, body) in [(Table::Item, item), (Table::Price, price)] {
            version += 1;
            all.push(row(table, &code, version, Some(&body)));
        }
    }
    all
}

/// The code of the nth of the goods.
pub(crate) fn code(number: usize) -> String {
    format!("{:06}", 200_000 + number)
}

/// The barcode of the nth of the goods.
pub(crate) fn gtin(number: usize) -> String {
    let digits = format!("69{number:010}");
    let check = check_digit(&digits);
    format!("{digits}{}", check.unwrap_or(0))
}
