use serde_json::{Value, json};

use super::*;

/// What is wrong with a row by itself: fields, and whether each is only a warning.
fn check(table: Table, body: &Value, want: &[(&str, bool)]) {
    let row = Row::read(table, &body.to_string()).unwrap();
    let found = faults(table, body, &row);
    let found: Vec<_> = found.iter().map(|fault| (fault.field.as_str(), fault.is_warning)).collect();
    assert_eq!(found, want, "{body}");
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn item() -> Value {
    json!({"code": "10101", "name": "菠菜", "sold_by": "weight", "tax": "EX"})
}

fn read(table: Table, body: &Value) -> Row {
    Row::read(table, &body.to_string()).unwrap()
}

#[test]
fn an_item_keeps_to_its_ranges_and_hides_nothing() {
    check(Table::Item, &item(), &[]);
    for (field, value) in [
        ("tare_g", json!(-200)),
        ("tare_g", json!(10_000)),
        ("age_limit", json!(100)),
        ("plu", json!("123")),
        ("plu", json!("1.01E+4")),
        ("tax_class", json!("101010000000000000")),
        ("code", json!("")),
        ("code", json!("10 101")),
        ("code", json!("菠菜")),
        ("name", json!("")),
        ("name", json!("菜".repeat(81))),
        ("name", json!("菠\u{200b}菜")),
        ("name", json!("菠菜\0")),
        ("origin", json!("\u{202e}河北")),
        ("category", json!("\u{1b}[31m")),
    ] {
        check(Table::Item, &with(item(), field, value), &[(field, false)]);
    }
}

#[test]
fn a_barcode_is_one_barcode_and_a_doubtful_gtin_is_told() {
    for (code, want) in [
        ("6901234567892", None),
        ("96385074", None),
        ("A-17", None),
        ("12345", None),
        ("6901234567893", Some(true)),
        ("36000291452", Some(true)),
        ("6.99E+12", Some(false)),
        ("6901234567892,036000291452", Some(false)),
        ("6901234567892;036000291452", Some(false)),
        ("6901234567892/036000291452", Some(false)),
        ("6901234567892|036000291452", Some(false)),
        ("6901234567892、036000291452", Some(false)),
        ("69012345678926901234567892", Some(false)),
    ] {
        let body = with(item(), "barcodes", json!([{"code": code}]));
        let want: Vec<_> = want.map(|warns| ("barcodes[0].code", warns)).into_iter().collect();
        check(Table::Item, &body, &want);
    }
    let twice = json!([{"code": "96385074"}, {"code": "96385074", "count": 2}]);
    check(Table::Item, &with(item(), "barcodes", twice), &[("barcodes[1].code", false)]);
}

#[test]
fn taxes_tenders_and_settings_keep_to_their_ranges() {
    let tax = json!({"code": "V9", "name": "9%", "rate_bp": 900});
    for (body, want) in [
        (tax.clone(), None),
        (with(tax.clone(), "rate_bp", json!(13_000)), Some(("rate_bp", false))),
        (with(tax.clone(), "rate_bp", json!(9)), Some(("rate_bp", true))),
        (with(tax, "exempt", json!(true)), Some(("rate_bp", false))),
    ] {
        check(Table::Tax, &body, want.as_slice());
    }
    let tender = json!({"code": "cash", "name": "现金", "name_en": "Cash", "order": 1, "counts_in_drawer": true,
        "opens_drawer": true, "gives_change": true, "rounds": true});
    for (body, want) in [
        (tender.clone(), vec![]),
        (with(tender.clone(), "counts_in_drawer", json!(false)), vec![("gives_change", false)]),
        (with(tender.clone(), "gives_change", json!(false)), vec![("rounds", false)]),
        (with(tender.clone(), "opens_drawer", json!(false)), vec![("counts_in_drawer", false)]),
        (with(tender.clone(), "needs_reference", json!(true)), vec![("needs_reference", false)]),
        (with(tender, "order", json!(0)), vec![("order", false)]),
    ] {
        check(Table::Tender, &body, &want);
    }
    let site = json!({"chain": "c", "site": "HT01", "name": "n"});
    check(Table::Settings, &site, &[]);
    for (field, value) in [
        ("day_starts_min", json!(-99_999)),
        ("day_starts_min", json!(1_440)),
        ("utc_offset_min", json!(100_000)),
        ("cashier_discount_bp", json!(10_001)),
        ("cash_over_ask", json!(-1)),
        ("ask_line", json!(-1)),
        ("ask_pieces", json!(0)),
        ("ask_weight_g", json!(1_000_001)),
        ("cashier_void", json!(i64::MAX)),
        ("pin_tries", json!(0)),
        ("site", json!("HT 01")),
        ("footer", json!("x".repeat(81))),
    ] {
        check(Table::Settings, &with(site.clone(), field, value), &[(field, false)]);
    }
    let tab = json!({"id": "t", "name": "常用", "order": 1,
        "keys": [{"item": "1", "label": "a", "colour": "#2f6f4e"}, {"item": "1", "label": "b", "colour": "red"}]});
    check(Table::QuickTab, &tab, &[("keys[1].colour", false), ("keys[1].item", true)]);
}

/// A chain with a weighed and a counted item, and what it says to one more row.
fn beside(site: &str, key: &str, table: Table, body: &Value, want: &[(&str, bool)]) {
    let mut chain = Chain::default();
    chain.site("HT01");
    for (table, key, body) in [
        (Table::Tax, "EX", json!({"code": "EX", "name": "免税", "rate_bp": 0})),
        (Table::Item, "10101", with(item(), "plu", json!("10101"))),
        (Table::Item, "0050", json!({"code": "0050", "name": "袋", "sold_by": "piece", "tax": "EX"})),
        (Table::Price, "10101", json!({"fen": 400, "per": "500g"})),
        (
            Table::Tender,
            "cash",
            json!({"code": "cash", "name": "n", "name_en": "n", "order": 1, "gives_change": true}),
        ),
        (Table::QuickTab, "one", json!({"id": "one", "name": "n", "order": 1, "keys": []})),
    ] {
        chain.hold("", key, &read(table, &body));
    }
    let person = json!({"code": "1", "name": "n", "role": "cashier", "pin_hash": "h", "card_sha256": "c"});
    chain.hold("HT01", "1", &read(Table::Staff, &person));
    let row = read(table, body);
    let mut found: Vec<Fault> = chain.put(site, key, &row).into_iter().collect();
    found.extend(chain.check(site, key, &row));
    let found: Vec<_> = found.iter().map(|fault| (fault.field.as_str(), fault.is_warning)).collect();
    assert_eq!(found, want, "{key} {body}");
}

#[test]
fn rows_that_contradict_each_other_are_found() {
    let price = |fen: i64, per: &str| json!({"fen": fen, "per": per});
    for (site, key, body, want) in [
        ("", "10101", price(420, "500g"), None),
        ("", "10101", price(800, "kg"), None),
        ("", "10101", price(400, "pc"), Some(("per", false))),
        ("", "0050", price(30, "pc"), None),
        ("", "0050", price(30, "kg"), Some(("per", false))),
        ("", "99999", price(30, "pc"), Some(("key", false))),
        ("", "50", price(30, "pc"), Some(("key", false))),
        ("", "10101", price(4_000, "500g"), Some(("fen", true))),
        ("", "10101", price(80, "kg"), Some(("fen", true))),
        ("HT01", "10101", price(40, "500g"), Some(("fen", true))),
        ("HT09", "10101", price(400, "500g"), Some(("site", false))),
        ("ht01", "10101", price(400, "500g"), Some(("site", false))),
    ] {
        beside(site, key, Table::Price, &body, want.as_slice());
    }
    for (key, body, want) in [
        ("10101", with(item(), "tax", json!("V99")), Some(("tax", false))),
        ("10101", with(item(), "sold_by", json!("piece")), Some(("sold_by", false))),
        ("10102", with(item(), "plu", json!("010101")), Some(("plu", true))),
        ("50", item(), Some(("code", true))),
        (
            "10102",
            with(item(), "barcodes", json!([{"code": "134567890123456789"}])),
            Some(("barcodes[0].code", true)),
        ),
    ] {
        beside("", key, Table::Item, &body, want.as_slice());
    }
    let second = json!({"code": "coins", "name": "n", "name_en": "n", "order": 1, "gives_change": true});
    beside("", "coins", Table::Tender, &second, &[("code", false), ("order", true), ("refundable_to", true)]);
    let person = json!({"code": "2", "name": "n", "role": "manager", "pin_hash": "h", "card_sha256": "c"});
    beside("HT01", "2", Table::Staff, &person, &[("card_sha256", false)]);
    let tab =
        json!({"id": "two", "name": "n", "order": 1, "keys": [{"item": "9", "label": "l", "colour": "c"}]});
    beside("", "two", Table::QuickTab, &tab, &[("keys[0].item", false), ("order", true)]);
}

#[test]
fn two_label_layouts_of_one_length_and_flag_are_refused_with_both_names() {
    let layout = |id: &str, flags: Value, digits: u8| {
        let fields = json!([{"kind": "flag", "digits": 2}, {"kind": "plu", "digits": 5},
            {"kind": "amount", "digits": digits}, {"kind": "check", "digits": 1}]);
        read(Table::LabelLayout, &json!({"id": id, "flags": flags, "fields": fields, "check": "gtin"}))
    };
    let mut chain = Chain::default();
    chain.hold("", "amount-13", &layout("amount-13", json!(["20", "21"]), 5));
    chain.put("", "price-13", &layout("price-13", json!(["21"]), 5));
    let found = chain.check("", "price-13", &layout("price-13", json!(["21"]), 5));
    let [fault] = found.as_slice() else { panic!("{found:?}") };
    assert!(
        !fault.is_warning && fault.expected.contains("amount-13") && fault.found == "price-13",
        "{fault:?}"
    );
    for apart in [layout("price-13", json!(["22"]), 5), layout("price-13", json!(["21"]), 6)] {
        assert_eq!(chain.check("", "price-13", &apart), []);
    }
}

#[test]
fn a_field_that_no_station_knows_is_named() {
    let tab = json!({"id": "t", "nmae": "n", "keys": [{"item": "1", "lable": "a"}]});
    assert_eq!(unknown_fields(Table::QuickTab, &tab), ["keys[0].lable", "nmae"]);
    let body = with(item(), "aliases", json!(["红根菜"]));
    assert_eq!(unknown_fields(Table::Item, &body), Vec::<String>::new());
}
