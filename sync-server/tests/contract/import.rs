//! What an import refuses of rows: by file, line and column, all of it at once, and nothing is published unless everything
//! is. What it makes of whole files is in `import_files`.

use std::path::{Path, PathBuf};

use crate::support::*;
use suanpan_sync::Scope;
use sync_server::Hub;

/// A chain of one site, two items and two people.
pub(crate) const BASE: [(&str, &str); 8] = [
    ("taxes.json", r#"[{"code": "EX", "name": "免税", "rate_bp": 0, "exempt": true}]"#),
    (
        "tenders.json",
        r#"[{"code": "cash", "name": "现金", "name_en": "Cash", "order": 1, "counts_in_drawer": true, "opens_drawer": true,
            "gives_change": true, "rounds": true, "refundable_to": true}]"#,
    ),
    ("stores.json", r#"[{"chain": "禾田", "site": "HT01", "name": "柳荫路店"}]"#),
    (
        "staff.csv",
        "site,code,name,role,pin,card,typed_weight\nHT01,1101,周小满,cashier,3141,9135780246813579,\n",
    ),
    (
        "items.csv",
        "code,name,aliases,category,sold_by,unit,plu,barcodes,tax,tax_class,tare_g,origin,trade_mode,external_id,age_limit,bag\n\
         10101,菠菜,,叶菜,weight,,10101,,EX,1010100000000000000,0,,,,0,\n\
         00501,可乐,,饮料,piece,瓶,,6901234567892 16901234567899*12,EX,,0,,,,0,\n",
    ),
    ("prices.csv", "site,code,yuan,per\n,10101,4.00,500g\n,00501,3.50,pc\n"),
    (
        "quick_tabs.json",
        r##"[{"id": "one", "name": "常用", "order": 1, "keys": [{"item": "10101", "label": "菠菜", "colour": "#2f6f4e"}]}]"##,
    ),
    (
        "label_layouts.json",
        r#"[{"id": "amount-13", "flags": ["20", "21"], "fields": [{"kind": "flag", "digits": 2}, {"kind": "plu", "digits": 5},
            {"kind": "amount", "digits": 5}, {"kind": "check", "digits": 1}], "check": "gtin"}]"#,
    ),
];

pub(crate) const ITEMS: &str = BASE[4].1;
pub(crate) const PRICES: &str = "site,code,yuan,per\n";
pub(crate) const STAFF: &str = "site,code,name,role,pin,card,typed_weight\n";

pub(crate) struct Chain {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) hub: Hub,
}

impl Chain {
    pub(crate) async fn new() -> Chain {
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::open(config(folder.path().join("hub"))).unwrap();
        std::fs::create_dir(folder.path().join("base")).unwrap();
        for (name, text) in BASE {
            std::fs::write(folder.path().join("base").join(name), text).unwrap();
        }
        let done = hub.import(&folder.path().join("base")).await.unwrap();
        assert_eq!(
            (done.files, done.rows, done.published, done.warned),
            (8, 10, 10, 0),
            "{:?}",
            done.warnings
        );
        Chain { folder, hub }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The version of the chain's and of the site's feed: what was published.
    pub(crate) async fn versions(&self) -> Vec<u64> {
        let scopes = vec![Scope::Chain, Scope::Site("HT01".parse().unwrap())];
        self.hub.store().heads(scopes).await.unwrap().1.iter().map(|head| head.version).collect()
    }

    pub(crate) async fn refusal(&self, path: &Path) -> String {
        let before = (self.versions().await, self.hub.store().sites().await.unwrap().len());
        let error = self.hub.import(path).await.unwrap_err();
        let after = (self.versions().await, self.hub.store().sites().await.unwrap().len());
        assert_eq!(before, after, "nothing is published: {error}");
        assert_eq!(error.code(), "HUB-ADM-001");
        error.to_string()
    }

    /// One file is refused, and the refusal says each of these.
    pub(crate) async fn refuses(&self, name: &str, bytes: impl AsRef<[u8]>, wanted: &[&str]) {
        let said = self.refusal(&self.write(name, bytes)).await;
        for wanted in wanted {
            assert!(said.contains(name) && said.contains(wanted), "wanted {wanted:?} in {said}");
        }
    }

    /// One file is read, with so many warnings, which say each of these.
    pub(crate) async fn warns(&self, name: &str, bytes: impl AsRef<[u8]>, wanted: &[&str]) {
        let done = self.hub.import(&self.write(name, bytes)).await.unwrap();
        assert_eq!(done.warned, wanted.len(), "{:?}", done.warnings);
        for (said, wanted) in done.warnings.iter().zip(wanted) {
            assert!(said.contains(name) && said.contains(wanted), "wanted {wanted:?} in {said}");
        }
    }

    pub(crate) async fn body(&self, table: &'static str, key: &str) -> String {
        self.hub.store().row(Scope::Chain, table, key.to_owned()).await.unwrap().unwrap()
    }
}

/// The sample item with one cell changed.
pub(crate) fn item(column: &str, cell: &str) -> String {
    let (header, rows) = ITEMS.split_once('\n').unwrap();
    let at = header.split(',').position(|name| name == column).unwrap();
    let row: Vec<&str> = rows.lines().next().unwrap().split(',').collect();
    let cells = row.iter().enumerate().map(|(nth, was)| if nth == at { cell } else { was });
    format!("{header}\n{}\n", cells.collect::<Vec<_>>().join(","))
}

#[tokio::test]
async fn an_item_is_refused_by_line_and_column() {
    let chain = Chain::new().await;
    for (column, cell, expected) in [
        ("tare_g", "-200", "whole grams from 0 to 9999, found \"-200\""),
        ("tare_g", "about 5", "whole grams from 0 to 9999, found \"about 5\""),
        ("age_limit", "999", "whole years from 0 to 99"),
        ("sold_by", "kilo", "weight or piece"),
        ("sold_by", "piece", "what its price allows, which is per 500g"),
        ("tax", "V99", "the code of a tax that there is, found \"V99\""),
        ("tax_class", "10101", "19 digits"),
        ("tax_class", "1.0101E+18", "a spreadsheet has shortened them"),
        ("barcodes", "6.99E+12", "a spreadsheet has shortened them"),
        ("barcodes", "\"6901234567892,6901234567908\"", "one barcode, or several with a blank"),
        ("barcodes", "6901234567892;6901234567908", "one barcode, or several with a blank"),
        ("barcodes", "6901234567892/6901234567908", "one barcode, or several with a blank"),
        ("barcodes", "6901234567892|6901234567908", "one barcode, or several with a blank"),
        ("barcodes", "6901234567892、6901234567908", "one barcode, or several with a blank"),
        ("barcodes", "6901234567892，6901234567908", "one barcode, or several with a blank"),
        ("barcodes", "\"6901234567892\r\n6901234567908\"", "one barcode, or several with a blank"),
        ("barcodes", "6901234567892*0", "whole pieces from 1 to 9999"),
        ("barcodes", "6901234567892*dozen", "barcode*count"),
        ("plu", "101", "4 to 7 digits"),
        ("code", "10 101", "letters, digits"),
        ("code", "", "1 to 32 letters, digits"),
        ("name", "", "1 to 80 characters"),
        ("name", "菠\u{200b}菜", "cannot be seen, such as U+200B, found \"菠\\u{200b}菜\""),
        ("name", "菠菜\0", "cannot be seen, such as U+0000, found \"菠菜\\u{0}\""),
        ("name", "\u{1b}[31m菠菜", "cannot be seen, such as U+001B"),
        ("origin", "\u{202e}河北", "cannot be seen, such as U+202E"),
        ("name", &"菜".repeat(81), "1 to 80 characters, found \"菜菜"),
        ("category", &"叶".repeat(33), "at most 32 characters"),
        ("bag", "maybe", "yes or nothing"),
    ] {
        let place = format!("line 2, column {column}: expected ");
        chain.refuses("items.csv", item(column, cell), &[&place, expected, "nothing was imported"]).await;
    }
}

#[tokio::test]
async fn a_price_is_refused_by_line_and_column() {
    let chain = Chain::new().await;
    for (row, column, expected) in [
        (",10101,4.005,500g", "yuan", "yuan such as 4.50"),
        (",10101,-4,500g", "yuan", "yuan such as 4.50"),
        (",10101,¥4.50,500g", "yuan", "yuan such as 4.50"),
        (",10101,4.50元,500g", "yuan", "yuan such as 4.50"),
        (",10101,\"1,288.00\",500g", "yuan", "yuan such as 4.50"),
        (",10101,1.2E+3,500g", "yuan", "a spreadsheet has shortened them"),
        (",10101,2026/11/28,500g", "yuan", "yuan such as 4.50"),
        (",10101,,500g", "yuan", "yuan such as 4.50"),
        (",10101,100000.01,500g", "yuan", "a price of at most 100000.00"),
        (",10101,0,500g", "yuan", "a price above 0, or yes in the column gift"),
        (",10101,0.00,500g", "yuan", "a price above 0, or yes in the column gift"),
        (",10101,4,lb", "per", "500g, kg or pc"),
        (",10101,4,pc", "per", "500g or kg, because the item is sold by weight"),
        (",00501,4,kg", "per", "pc, because the item is sold by the piece"),
        (",99999,4,kg", "code", "the code of an item that there is, found \"99999\""),
        (",501,4,pc", "code", "perhaps 00501 with its zeros, found \"501\""),
        ("HT09,10101,4,kg", "site", "a site that there is, spelt as it is, found \"HT09\""),
        ("ht01,10101,4,kg", "site", "a site that there is, spelt as it is"),
        ("柳荫路店,10101,4,kg", "site", "1 to 16 letters or digits"),
        (",10101,4", "(row)", "4 cells, found \"3 cells\""),
        (",10101,4,kg,more", "(row)", "4 cells, found \"5 cells\""),
    ] {
        let place = format!("line 3, column {column}: expected ");
        chain.refuses("prices.csv", format!("{PRICES},00501,3.60,pc\n{row}\n"), &[&place, expected]).await;
    }
    let gift = "site,code,yuan,per,gift\n,10101,4,500g,yes\n";
    chain.refuses("prices.csv", gift, &["line 2, column gift", "only what costs 0"]).await;
    chain.warns("prices.csv", "site,code,yuan,per,gift\n,10101,0,500g,yes\n", &[]).await;
    assert_eq!(chain.body("price", "10101").await, r#"{"fen":0,"per":"500g"}"#);
}

#[tokio::test]
async fn a_key_that_comes_twice_is_refused_with_both_lines() {
    let chain = Chain::new().await;
    let twice = format!(
        "{STAFF}HT01,1101,周小满,cashier,3141,,\r\nHT01,1102,吴立夏,cashier,2718,,\r\nHT01,1101,周小满,manager,3141,,\r\n"
    );
    chain
        .refuses("staff.csv", twice, &["line 4, column code: expected each code once: it stands on line 2"])
        .await;
    let twice = format!("{PRICES},10101,4,500g\nHT01,10101,5,500g\n,10101,6,500g\n");
    chain.refuses("prices.csv", twice, &["line 4, column code", "line 2 already, found \"10101\""]).await;
    let twice = format!("{}10101,菜,,,weight,,,,EX,,,,,,,\n", item("name", "菠菜"));
    chain.refuses("items.csv", twice, &["line 3, column code", "line 2 already"]).await;
    let store = |site: &str| format!(r#"{{"chain": "c", "site": "{site}", "name": "n"}}"#);
    let twice = format!("[\r\n{},\r\n{}]", store("HT02"), store("HT02"));
    chain.refuses("stores.json", twice, &["line 3, column site", "line 2 already"]).await;
    chain.refuses("stores.json", format!("[{}]", store("ht01")), &["there is a site HT01"]).await;
    let tax = r#"{"code": "V9", "name": "9%", "rate_bp": 900}"#;
    chain.refuses("taxes.json", format!("[{tax},\n{tax}]"), &["line 2, column code", "line 1 already"]).await;
}

#[tokio::test]
async fn people_are_refused_by_line_and_column_and_their_secrets_stay_unsaid() {
    let chain = Chain::new().await;
    for (row, column, expected) in [
        ("HT01,1102,吴立夏,cashier,271,,", "pin", "4 to 12 digits, found \"3 characters\""),
        ("HT01,1102,吴立夏,cashier,27a8,,", "pin", "4 to 12 digits"),
        ("HT01,1102,吴立夏,boss,2718,,", "role", "cashier, supervisor or manager"),
        ("HT01,1102,,cashier,2718,,", "name", "1 to 32 characters"),
        ("HT01,1102,吴立夏,cashier,2718,913578024681357,", "card", "16 to 64 letters, digits or signs"),
        ("HT01,1102,吴立夏,cashier,2718,9.13578E+15,", "card", "a spreadsheet has shortened them"),
        ("HT01,1102,吴立夏,cashier,2718,9135780246813579,", "card", "a card of their own: 1101 has it too"),
        ("HT09,1102,吴立夏,cashier,2718,,", "site", "a site that there is"),
        (",1102,吴立夏,cashier,2718,,", "site", "the code of a site"),
        ("HT01,1102,吴立夏,cashier,2718,,perhaps", "typed_weight", "yes or nothing"),
    ] {
        let place = format!("line 2, column {column}: expected ");
        chain.refuses("staff.csv", format!("{STAFF}{row}\n"), &[&place, expected]).await;
        let said = chain.refusal(&chain.folder.path().join("staff.csv")).await;
        assert!(!said.contains("271") && !said.contains("91357802"), "{said}");
    }
    // The card may go to somebody else in the same file that takes it away.
    let moved =
        format!("{STAFF}HT01,1102,吴立夏,cashier,2718,9135780246813579,\nHT01,1101,周小满,cashier,3141,,\n");
    chain.warns("staff.csv", moved, &[]).await;
}

#[tokio::test]
async fn lists_are_refused_by_line_and_field() {
    let chain = Chain::new().await;
    let layout = |id: &str, flag: &str, fields: &str, check: &str| {
        format!(
            "[\n{{\"id\": \"{id}\",\n\"flags\": [\"{flag}\"],\n\"fields\": [{fields}],\n\"check\": \"{check}\"}}]"
        )
    };
    let fields = r#"{"kind": "flag", "digits": 2}, {"kind": "plu", "digits": 5}, {"kind": "amount", "digits": 5},
        {"kind": "check", "digits": 1}"#;
    let unchecked =
        r#"{"kind": "flag", "digits": 2}, {"kind": "plu", "digits": 5}, {"kind": "amount", "digits": 6}"#;
    let wallet =
        r#"{"kind": "flag", "digits": 2}, {"kind": "plu", "digits": 7}, {"kind": "amount", "digits": 9}"#;
    for (name, text, wanted) in [
        ("taxes.json", r#"[{"code": "V", "name": "n", "rate_bp": 13000}]"#.into(), "line 1, column rate_bp: expected whole basis points (1300 for 13 %) from 0 to 3000"),
        ("taxes.json", "[{\"code\": \"V\",\r\n \"name\": \"n\",\r\n \"rate_bp\": \"13%\"}]".into(), "line 3, column rate_bp: expected whole basis points (1300 for 13 %) from 0 to 3000, found \"13%\""),
        ("taxes.json", r#"[{"code": "V", "name": "n", "rate_bp": "1300"}]"#.into(), "column rate_bp: expected whole basis points (1300 for 13 %) from 0 to 3000, without quotes, found \"1300\""),
        ("taxes.json", r#"[{"code": 13, "name": "n", "rate_bp": 1300}]"#.into(), "column code: expected 1 to 16 characters, in quotes, found \"13\""),
        ("taxes.json", r#"[{"code": "V", "name": "n", "rate_bp": 130000}]"#.into(), "column rate_bp: expected whole basis points (1300 for 13 %) from 0 to 3000, found \"130000\""),
        ("taxes.json", r#"[{"code": "V", "name": "n"}]"#.into(), "column (row): expected a row that can be read: missing field"),
        ("taxes.json", "[\n{\"code\": \"V\", \"name\": \"n\", \"rate_bp\": 9, \"rates\": 1}]".into(), "line 2, column rates: expected a field that there is"),
        ("taxes.json", "{}".into(), "column (file): expected a list"),
        ("taxes.json", String::new(), "column (file): expected a list"),
        ("taxes.json", "[{\"code\": \"V\",\r\n oops".into(), "line 2, column (file): expected JSON"),
        ("stores.json", "[{\"chain\": \"c\",\n\"site\": \"HT02\",\n\"name\": \"n\",\n\"day_starts_min\": -99999}]".into(), "line 4, column day_starts_min: expected whole minutes from 0 to 1439, found \"-99999\""),
        ("stores.json", r#"[{"chain": "c", "site": "HT-2", "name": "n"}]"#.into(), "column site: expected 1 to 16 letters or digits"),
        ("tenders.json", r#"[{"code": "coins", "name": "n", "name_en": "n", "order": 2, "counts_in_drawer": true, "opens_drawer": true, "gives_change": true}]"#.into(), "column code: expected one cash tender: cash is it, found \"coins\""),
        ("tenders.json", r#"[{"code": "card", "name": "n", "name_en": "n", "order": 2, "rounds": true}]"#.into(), "column rounds: expected false where gives_change is false"),
        ("quick_tabs.json", "[{\"id\": \"two\", \"name\": \"n\", \"order\": 2, \"keys\": [\n{\"item\": \"10101\", \"label\": \"a\", \"colour\": \"#2f6f4e\"},\n{\"item\": \"99999\", \"label\": \"b\", \"colour\": \"#2f6f4e\"}]}]".into(), "line 3, column keys[1].item: expected the code of an item that there is"),
        ("quick_tabs.json", r#"[{"id": "two", "name": "n", "order": 2, "keys": [{"item": "10101", "label": "a", "colour": "red"}]}]"#.into(), "column keys[0].colour"),
        ("label_layouts.json", layout("price-13", "21", fields, "gtin"), "line 3, column flags: expected flags and a length of its own: amount-13 reads the same 13 digits from 21, found \"price-13\""),
        ("label_layouts.json", layout("price-13", "22", unchecked, "gtin"), "line 4, column fields: expected the check digit"),
        ("label_layouts.json", layout("goods", "69", fields, "gtin"), "expected flags that no goods' barcode"),
        ("label_layouts.json", layout("wallet", "13", wallet, "none"), "with which no payment code begins"),
    ] {
        let text: String = text;
        chain.refuses(name, text, &[wanted]).await;
    }
}
