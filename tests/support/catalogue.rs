//! A small catalogue, as a hub would publish it.

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use suanpan_domain::barcode::check_digit;
use suanpan_domain::catalogue::{SETTINGS_KEY, Table};
use suanpan_journal::Hash;
use suanpan_ledger::{CutHead, FeedRow};

/// The cashiers, the supervisor and the manager: staff number, PIN, role.
pub const STAFF: [(&str, &str, &str); 4] = [
    ("1101", "3141", "cashier"),
    ("1102", "2718", "cashier"),
    ("1801", "8246", "supervisor"),
    ("1901", "9357", "manager"),
];

/// The supervisor's card.
pub const CARD: &str = "9135780246813579";

/// The site's code.
pub const SITE: &str = "TH01";

/// Rows that a till holds after its first pull.
pub fn rows() -> Vec<FeedRow> {
    let mut rows = vec![];
    let mut put = |table: Table, key: &str, body: Value| rows.push((table, key.to_owned(), body));
    put(Table::Settings, SETTINGS_KEY, settings());
    for (code, rate_bp, exempt) in [("EX", 0, true), ("V9", 900, false), ("V13", 1300, false)] {
        put(Table::Tax, code, json!({"code": code, "name": code, "rate_bp": rate_bp, "exempt": exempt}));
    }
    for tender in tenders() {
        put(Table::Tender, tender["code"].as_str().unwrap_or_default(), tender.clone());
    }
    for (code, pin, role) in STAFF {
        put(Table::Staff, code, person(code, pin, role));
    }
    for (item, fen, per) in items() {
        let code = item["code"].as_str().unwrap_or_default().to_owned();
        put(Table::Price, &code, json!({"fen": fen, "per": per}));
        put(Table::Item, &code, item);
    }
    put(Table::LabelLayout, "w18", layout());
    put(
        Table::QuickTab,
        "leaf",
        json!({"id": "leaf", "name": "叶菜", "order": 1, "keys": [
        {"item": "1001", "label": "菠菜", "colour": "#2a7f4f"}]}),
    );
    let numbered = rows.into_iter().zip(1..);
    numbered.map(|((table, key, body), version)| row(table, &key, version, Some(&body))).collect()
}

/// One row of the chain's feed.
pub fn row(table: Table, key: &str, version: u64, body: Option<&Value>) -> FeedRow {
    FeedRow {
        scope: "chain".to_owned(),
        version,
        table: table.name().to_owned(),
        key: key.to_owned(),
        effective_at_ms: 0,
        body: body.map(Value::to_string),
    }
}

/// The head of the chain's feed at a version.
pub fn cut(version: u64) -> Vec<CutHead> {
    vec![CutHead { scope: "chain".to_owned(), version, hash: Hash::ZERO, signed: vec![] }]
}

fn settings() -> Value {
    json!({"chain": "禾田生鲜", "site": SITE, "name": "天河店", "address": "天河路 18 号", "phone": "020-5550101",
        "footer": "谢谢惠顾", "cashier_discount_bp": 500})
}

fn tenders() -> Vec<Value> {
    vec![
        json!({"code": "cash", "name": "现金", "name_en": "Cash", "order": 1, "counts_in_drawer": true,
            "opens_drawer": true, "gives_change": true, "rounds": true, "refundable_to": true}),
        json!({"code": "wechat", "name": "微信", "name_en": "WeChat Pay", "order": 2, "needs_reference": true,
            "refundable_to": true}),
        json!({"code": "groupon", "name": "团购券", "name_en": "Voucher", "order": 3, "needs_reference": true}),
    ]
}

/// (item, fen, per).
fn items() -> Vec<(Value, i64, &'static str)> {
    let weighed = |code: &str, name: &str, fen, tare_g: i64| {
        let item = json!({"code": code, "name": name, "sold_by": "weight", "plu": format!("0{code}"), "tax": "EX",
            "category": "叶菜", "tare_g": tare_g});
        (item, fen, "500g")
    };
    let counted = |code: &str, name: &str, fen, barcodes: Value| {
        let item = json!({"code": code, "name": name, "sold_by": "piece", "unit": "袋", "tax": "V13", "barcodes": barcodes});
        (item, fen, "pc")
    };
    let mut wine = counted("2005", "黄酒", 1_880, json!([{"code": gtin("690000000005")}]));
    wine.0["age_limit"] = json!(18);
    let mut bag = counted("9001", "购物袋", 30, json!([]));
    bag.0["bag"] = json!(true);
    vec![
        weighed("1001", "菠菜", 400, 0),
        weighed("1002", "西红柿", 599, 20),
        weighed("1003", "土豆", 260, 0),
        counted("2001", "大米 5kg", 4_290, json!([{"code": gtin("690000000001")}])),
        counted(
            "2002",
            "可乐",
            350,
            json!([{"code": gtin("690000000002")}, {"code": gtin("690000000012"), "count": 12}]),
        ),
        counted("2003", "薯片原味", 680, json!([{"code": gtin("690000000003")}])),
        counted("2004", "薯片番茄", 700, json!([{"code": gtin("690000000003")}])),
        wine,
        bag,
    ]
}

fn layout() -> Value {
    json!({"id": "w18", "flags": ["20", "21"], "check": "gtin", "fields": [{"kind": "flag", "digits": 2},
        {"kind": "plu", "digits": 5}, {"kind": "weight", "digits": 5}, {"kind": "amount", "digits": 5},
        {"kind": "check", "digits": 1}]})
}

fn person(code: &str, pin: &str, role: &str) -> Value {
    // The lowest cost there is: what a right PIN costs is the catalogue's business.
    let params = Params::new(Params::MIN_M_COST, 1, 1, None).expect("the least parameters are valid");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = SaltString::encode_b64(&[7; 16]).expect("16 bytes are a salt");
    let hash = argon2.hash_password(pin.as_bytes(), &salt).expect("a PIN hashes").to_string();
    let mut person = json!({"code": code, "name": format!("员工{code}"), "role": role, "pin_hash": hash});
    if role == "supervisor" {
        let digest = Sha256::digest([b"suanpan/card/v1", CARD.as_bytes()].concat());
        person["card_sha256"] = json!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    person
}

/// A GTIN-13 of its first twelve digits.
pub fn gtin(body: &str) -> String {
    format!("{body}{}", check_digit(body).expect("digits"))
}

/// An 18-digit label of the shop's scales.
pub fn label(plu: u32, grams: u32, fen: u32) -> String {
    let body = format!("20{plu:05}{grams:05}{fen:05}");
    let check = check_digit(&body).expect("digits");
    format!("{body}{check}")
}
