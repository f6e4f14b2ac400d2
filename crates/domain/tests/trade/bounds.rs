//! What is parked at the hub because nobody could add it up, and that nothing else is.

use serde_json::{Value, json};
use suanpan_domain::bounds::Bound;
use suanpan_domain::entry::{Entry, EntryError};

use crate::entries::samples;

const DATE: u32 = 20_261_121;

fn sample(name: &str) -> (u16, Value) {
    let (_, entry) = samples().into_iter().find(|(of, _)| *of == name).unwrap();
    (entry.kind(), serde_json::from_slice(&entry.encode().unwrap()).unwrap())
}

/// What is said of a sample under a date, changed at a place such as `/lines/0/i`.
fn told(name: &str, date: u32, place: &str, value: Value) -> Option<Bound> {
    let (kind, mut json) = sample(name);
    match json.pointer_mut(place) {
        Some(at) => *at = value,
        None => json[place.trim_start_matches('/')] = value,
    }
    match Entry::receive(kind, date, json.to_string().as_bytes()) {
        Ok(_) => None,
        Err(EntryError::OutOfBounds { bound, .. }) => Some(bound),
        Err(other) => panic!("{name} {place}: {other}"),
    }
}

#[test]
fn nothing_that_a_till_writes_is_out_of_bounds() {
    for (name, entry) in samples() {
        let payload = entry.encode().unwrap();
        assert_eq!(Entry::receive(entry.kind(), DATE, &payload).unwrap(), entry, "{name}");
    }
}

#[test]
fn what_would_stop_a_sum_or_a_database_is_out_of_bounds() {
    let long = "x".repeat(120_000);
    for (name, place, value, want) in [
        ("sale", "/due", json!(i64::MAX), Bound::Amount),
        ("sale", "/due", json!(i64::MIN), Bound::Amount),
        ("sale", "/lines/0/a", json!(i64::MAX), Bound::Amount),
        ("sale", "/lines/0/net", json!(-1_000_000_001), Bound::Amount),
        ("sale", "/pay/0/a", json!(i64::MIN), Bound::Amount),
        ("sale", "/pay/0/g", json!(i64::MAX), Bound::Amount),
        ("sale", "/lines/0/p/fen", json!(i64::MAX), Bound::Amount),
        ("sale", "/lines/0/q/g", json!(i64::MAX), Bound::Quantity),
        ("sale", "/lines/2/q/pc", json!(10_000), Bound::Quantity),
        ("sale", "/no", json!(0), Bound::Number),
        ("sale", "/no", json!(u32::MAX), Bound::Number),
        ("sale", "/lines/0/i", json!("10\u{0}101"), Bound::Code),
        ("sale", "/lines/0/i", json!(long), Bound::Code),
        ("sale", "/lines/0/n", json!("菠\u{0}菜"), Bound::Text),
        ("sale", "/lines/0/n", json!(long), Bound::Text),
        ("sale", "/by", json!("1001\u{7}"), Bound::Code),
        ("sale", "/pay/0/c", json!(long), Bound::Code),
        ("sale", "/lines/0/t/c", json!("E\u{0}"), Bound::Code),
        ("refund", "/total", json!(i64::MIN), Bound::Amount),
        ("refund", "/lines/0/r", json!(i64::MIN), Bound::Amount),
        ("refund", "/number", json!(long), Bound::Code),
        ("refund-cited", "/number", json!("HT02\u{0}"), Bound::Code),
        ("shift-opened", "/float", json!(i64::MAX), Bound::Amount),
        ("cash-drop", "/amount", json!(i64::MIN), Bound::Amount),
        ("shift-closed", "/counted", json!(i64::MAX), Bound::Amount),
        ("shift-closed", "/expected", json!(i64::MIN), Bound::Amount),
        ("day-closed", "/sums/due", json!(i64::MAX), Bound::Amount),
        ("day-closed", "/sums/tenders/cash", json!(i64::MIN), Bound::Amount),
        ("day-closed", "/sums/taxes/V9", json!([0, i64::MAX]), Bound::Amount),
        ("day-closed", "/last_number", json!(u32::MAX), Bound::Number),
        ("day-closed", "/date", json!(20_260_231), Bound::Date),
        ("approved", "/amount", json!(i64::MAX), Bound::Amount),
        ("sign-in-failed", "/staff", json!(long), Bound::Text),
        ("basket-voided", "/basket/lines/0/g", json!(i64::MAX), Bound::Amount),
        ("basket-parked", "/basket/disc/fen", json!(i64::MAX), Bound::Amount),
        ("tenders-cleared", "/pay/0/a", json!(i64::MAX), Bound::Amount),
    ] {
        assert_eq!(told(name, DATE, place, value), Some(want), "{name} {place}");
    }
    let (_, sale) = sample("sale");
    let lines = vec![sale["lines"][0].clone(); 501];
    assert_eq!(told("sale", DATE, "/lines", json!(lines)), Some(Bound::List));
    let tenders = vec![sale["pay"][0].clone(); 11];
    assert_eq!(told("sale", DATE, "/pay", json!(tenders)), Some(Bound::List));
}

#[test]
fn figures_are_booked_under_a_date_that_exists() {
    for date in [0, 10_101, 19_991_231, 20_260_231, 22_000_101, 99_991_231, u32::MAX] {
        assert_eq!(told("sale", date, "/no", json!(1)), Some(Bound::Date), "{date}");
        assert_eq!(told("day-closed", date, "/last_number", json!(1)), Some(Bound::Date), "{date}");
        assert_eq!(
            told("signed-in", date, "/staff", json!("1001")),
            None,
            "whom a till lets in is no figure"
        );
    }
    // A clock that stands still at 2009, or is far ahead, with a supervisor's consent.
    for date in [20_000_101, 20_090_101, 20_990_101, 21_991_231] {
        assert_eq!(told("sale", date, "/no", json!(1)), None, "{date}");
    }
}
