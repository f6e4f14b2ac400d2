//! What an import refuses, what it warns of and what it reads: by file, line and column, all of it at once, and nothing is
//! published unless everything is.

use std::path::{Path, PathBuf};

use crate::support::*;
use suanpan_sync::Scope;
use sync_server::Hub;
use sync_server::admin::Manner;

/// A chain of one site, two items and two people.
const BASE: [(&str, &str); 8] = [
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

const ITEMS: &str = BASE[4].1;
const PRICES: &str = "site,code,yuan,per\n";
const STAFF: &str = "site,code,name,role,pin,card,typed_weight\n";

struct Chain {
    folder: tempfile::TempDir,
    hub: Hub,
}

impl Chain {
    async fn new() -> Chain {
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

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The version of the chain's and of the site's feed: what was published.
    async fn versions(&self) -> Vec<u64> {
        let scopes = vec![Scope::Chain, Scope::Site("HT01".parse().unwrap())];
        self.hub.store().heads(scopes).await.unwrap().1.iter().map(|head| head.version).collect()
    }

    async fn refusal(&self, path: &Path) -> String {
        let before = (self.versions().await, self.hub.store().sites().await.unwrap().len());
        let error = self.hub.import(path).await.unwrap_err();
        let after = (self.versions().await, self.hub.store().sites().await.unwrap().len());
        assert_eq!(before, after, "nothing is published: {error}");
        assert_eq!(error.code(), "HUB-ADM-001");
        error.to_string()
    }

    /// One file is refused, and the refusal says each of these.
    async fn refuses(&self, name: &str, bytes: impl AsRef<[u8]>, wanted: &[&str]) {
        let said = self.refusal(&self.write(name, bytes)).await;
        for wanted in wanted {
            assert!(said.contains(name) && said.contains(wanted), "wanted {wanted:?} in {said}");
        }
    }

    /// One file is read, with so many warnings, which say each of these.
    async fn warns(&self, name: &str, bytes: impl AsRef<[u8]>, wanted: &[&str]) {
        let done = self.hub.import(&self.write(name, bytes)).await.unwrap();
        assert_eq!(done.warned, wanted.len(), "{:?}", done.warnings);
        for (said, wanted) in done.warnings.iter().zip(wanted) {
            assert!(said.contains(name) && said.contains(wanted), "wanted {wanted:?} in {said}");
        }
    }

    async fn body(&self, table: &'static str, key: &str) -> String {
        self.hub.store().row(Scope::Chain, table, key.to_owned()).await.unwrap().unwrap()
    }
}

/// The sample item with one cell changed.
fn item(column: &str, cell: &str) -> String {
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

#[tokio::test]
async fn a_file_that_is_none_is_named() {
    let chain = Chain::new().await;
    for (text, wanted) in [
        ("", "line 1, column (file): expected the columns site,code,yuan,per"),
        ("site,code,yuan\n", "line 1, column per: expected the columns"),
        ("site,code,yuan,per,yuan\n", "line 1, column yuan: expected each column once"),
        ("site,code,yuan,per,colour\n", "line 1, column colour: expected the columns"),
        ("site;code;yuan;per\n", "parted by commas, found \"site;code;yuan;per\""),
        ("site,code,yuan,per,\n,10101,4,500g,5\n", "nothing in a column without a name"),
        (
            "site,code,yuan,per\n,10101,4,\"500g\n,00501,3,pc\n",
            "line 2, column (file): expected a quote that is closed",
        ),
    ] {
        chain.refuses("prices.csv", text, &[wanted]).await;
    }
    let gbk = [item("name", "?").into_bytes(), b"\xb2\xa4\xb2\xcb,".to_vec()].concat();
    chain
        .refuses("items.csv", gbk, &["line 3, column code: expected UTF-8, not GBK: in Excel 「另存为」"])
        .await;
    chain
        .refuses(
            "taxes.json",
            b"[\n{\"code\": \"EX\", \"name\": \"\xc3\xe2\xcb\xb0\"}]",
            &["line 2", "not GBK"],
        )
        .await;
    chain.refuses("prices.csv", b"\xff\xfes\0i\0", &["not UTF-16"]).await;
    chain.refuses("goods.csv", "", &["expected a folder, or one of taxes.json"]).await;
    let none = chain.folder.path().join("none");
    std::fs::create_dir(&none).unwrap();
    assert!(chain.refusal(&none).await.contains("expected a folder with any of taxes.json"));
    std::fs::create_dir(none.join("prices.csv")).unwrap();
    assert!(chain.refusal(&none).await.contains("prices.csv: expected a file, found \"a folder\""));
    assert!(chain.refusal(&none.join("staff.csv")).await.contains("staff.csv: expected a readable file"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_followed_and_one_that_leads_nowhere_is_refused() {
    let chain = Chain::new().await;
    let folder = chain.folder.path().join("links");
    std::fs::create_dir(&folder).unwrap();
    let price = chain.write("real.csv", format!("{PRICES},10101,4.20,500g\n"));
    std::os::unix::fs::symlink(&price, folder.join("prices.csv")).unwrap();
    assert_eq!(chain.hub.import(&folder).await.unwrap().published, 1);
    std::fs::remove_file(price).unwrap();
    assert!(chain.refusal(&folder).await.contains("prices.csv: expected a readable file"));
    let huge = chain.write("stores.json", "[");
    std::fs::File::options().write(true).open(&huge).unwrap().set_len(100 * 1024 * 1024).unwrap();
    assert!(chain.refusal(&huge).await.contains("stores.json: expected a file of at most 16 MiB"));
}

#[tokio::test]
async fn all_faults_are_listed_and_lines_are_an_editors() {
    let chain = Chain::new().await;
    let text =
        "site,code,yuan,per\r\n\r\n,10101,x,500g\r\n,,,\r\n\"\",00501,\"3\r\n.5\",pc\r\n,10101,4,pc\r\n";
    let said = chain.refusal(&chain.write("prices.csv", text)).await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "4 faults, nothing was imported:", "{said}");
    for (line, wanted) in lines[1..].iter().zip([
        "line 3, column yuan: expected",
        "line 5, column yuan: expected",
        "line 7, column code: expected each code once: it stands on line 3 already",
        "line 7, column per: expected",
    ]) {
        assert!(line.contains(wanted), "wanted {wanted} in {said}");
    }
    let many: String = (0..250).map(|nth| format!(",{nth}A,4,500g\n")).collect();
    let said = chain.refusal(&chain.write("prices.csv", format!("{PRICES}{many}"))).await;
    assert!(said.starts_with("250 faults") && said.ends_with("and 150 more"), "{said}");
    assert_eq!(said.lines().count(), 102);
}

#[tokio::test]
async fn one_bad_file_of_a_folder_keeps_all_of_it_unpublished() {
    let chain = Chain::new().await;
    let folder = chain.folder.path().join("base");
    std::fs::write(folder.join("stores.json"), r#"[{"chain": "c", "site": "HT02", "name": "n"}]"#).unwrap();
    std::fs::write(folder.join("staff.csv"), format!("{STAFF}HT02,1101,周小满,cashier,31,,\n")).unwrap();
    let said = chain.refusal(&folder).await;
    assert!(said.contains("staff.csv, line 2, column pin"), "{said}");
    std::fs::write(folder.join("staff.csv"), format!("{STAFF}HT02,1101,周小满,cashier,3141,,\n")).unwrap();
    assert_eq!(chain.hub.import(&folder).await.unwrap().published, 2, "a site and a person, in any order");
}

#[tokio::test]
async fn what_may_not_be_meant_is_read_and_told() {
    let chain = Chain::new().await;
    for (column, cell, warning) in [
        (
            "barcodes",
            "36000291452",
            "line 2, column barcodes: expected a GTIN with its leading zeros, perhaps 036000291452",
        ),
        ("barcodes", "6901234567893", "a GTIN whose last digit is its check digit, found \"6901234567893\""),
        ("barcodes", "134567890123456789", "does not read as a payment code"),
        ("barcodes", "2010101004003", "does not read as a scale's label"),
        ("aliases", "菠菜/红根菜", "other names, each once"),
    ] {
        chain.warns("items.csv", item(column, cell), &[warning]).await;
    }
    let price = |yuan: &str| format!("{PRICES},10101,{yuan},500g\n");
    chain
        .warns(
            "prices.csv",
            price("40"),
            &["line 2, column yuan: expected a price nearer to 4.00 per 500g before"],
        )
        .await;
    chain.warns("prices.csv", price("4"), &["a price nearer to 40.00"]).await;
    chain.warns("prices.csv", price("39.99"), &[]).await;
    let twin = item("code", "10102").replace(",4,,", ",,,");
    chain.warns("items.csv", twin, &["column plu: expected a PLU of its own: item 10101 has it too"]).await;
    let bare = item("code", "501").replace("weight,,10101", "piece,瓶,");
    chain
        .warns(
            "items.csv",
            bare,
            &["column code: expected a code with all its zeros: there is an item 00501"],
        )
        .await;
    let tax = r#"[{"code": "V13", "name": "13%", "rate_bp": 13}]"#;
    chain
        .warns("taxes.json", tax, &["column rate_bp: expected basis points (1300 for 13 %): this is less"])
        .await;
    let cash = |more: &str| {
        let row = r#"[{"code": "cash", "name": "现金", "name_en": "Cash", "order": 1, "counts_in_drawer": true, "opens_drawer": true, "gives_change": true"#;
        format!("{row}{more}}}]")
    };
    let nothing_goes_back = "column refundable_to: expected true for one tender at least";
    let rounds = "column rounds: expected true, or rounding none at every site: HT01 rounds cash";
    let store = |rounding: &str| {
        format!(r#"[{{"site": "HT01", "chain": "c", "name": "n", "rounding": "{rounding}"}}]"#)
    };
    chain.warns("stores.json", store("fen"), &[]).await;
    chain.warns("tenders.json", cash(r#", "rounds": true"#), &[nothing_goes_back]).await;
    chain.warns("tenders.json", cash(r#", "refundable_to": true"#), &[rounds]).await;
    let no_cash_rounds = "column rounding: expected none, or a cash tender that rounds";
    chain.warns("stores.json", store("jiao"), &[no_cash_rounds]).await;
    chain.warns("stores.json", store("none"), &[]).await;
    let folder = chain.folder.path().join("base");
    for other in ["suppliers.csv", "items-2025-11-28.csv"] {
        std::fs::copy(folder.join("items.csv"), folder.join(other)).unwrap();
        let done = chain.hub.import(&folder).await.unwrap();
        let wanted = format!("{other}: expected a name that an import reads");
        assert!(done.warnings.iter().any(|it| it.contains(&wanted)), "{:?}", done.warnings);
    }
}

#[tokio::test]
async fn a_spreadsheets_error_is_refused_and_a_formula_told() {
    let chain = Chain::new().await;
    for cell in ["#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", " #REF! ", "#######"] {
        for column in ["name", "category", "origin", "external_id", "aliases"] {
            let wanted = format!("line 2, column {column}: expected a value: this is a spreadsheet's error");
            chain.refuses("items.csv", item(column, cell), &[&wanted]).await;
        }
    }
    for cell in ["=A1", "@SUM(A1)", "+A1", "-(A1)", "-菠菜"] {
        let wanted = "line 2, column name: expected text: this looks like a formula";
        chain.warns("items.csv", item("name", cell), &[wanted]).await;
    }
    for cell in ["-18度冷冻虾", "+1", "菠菜=甲", "#1 菠菜"] {
        chain.warns("items.csv", item("name", cell), &[]).await;
    }
}

#[tokio::test]
async fn a_file_that_is_nearly_one_by_its_name_is_refused_beside_it_and_by_itself() {
    let chain = Chain::new().await;
    let folder = chain.folder.path().join("base");
    let (rename, save) = ("rename this to items.csv", "save this as CSV UTF-8 under that name");
    for (name, wanted) in [
        ("Items.csv", rename),
        ("ITEMS.CSV", rename),
        ("items (1).csv", rename),
        ("items（2）.csv", rename),
        ("items - 副本.csv", rename),
        ("items - 副本 (2).csv", rename),
        ("items 的副本.csv", rename),
        ("Copy of items.csv", rename),
        ("items - Copy.csv", rename),
        ("items.csv.txt", rename),
        ("items.txt", rename),
        ("items.xlsx", save),
        ("Items.xls", save),
        ("Quick-Tabs (1).json", "rename this to quick_tabs.json"),
        ("stores.csv", "rename this to stores.json"),
    ] {
        let other = folder.join(name);
        std::fs::write(&other, ITEMS).unwrap();
        for path in [&folder, &other] {
            let said = chain.refusal(path).await;
            assert!(said.contains(name) && said.contains(wanted), "wanted {wanted:?} in {said}");
        }
        std::fs::remove_file(other).unwrap();
    }
    let alone = chain.folder.path().join("alone");
    std::fs::create_dir(&alone).unwrap();
    std::fs::write(alone.join("Items.csv"), ITEMS).unwrap();
    assert!(chain.refusal(&alone).await.contains(rename));
    std::fs::rename(alone.join("Items.csv"), alone.join("items.csv")).unwrap();
    std::fs::write(alone.join("readme.txt"), "").unwrap();
    assert_eq!(chain.hub.import(&alone).await.unwrap().warned, 0);
}

#[tokio::test]
async fn what_spreadsheets_do_to_a_file_is_read() {
    let chain = Chain::new().await;
    let text = "\u{feff}site,code,yuan,per,,\r\n　,１０１０１,４．５０,５００ｇ,,\r\n,,,,,\r\n, 00501 ,\"3.60\",pc\u{3000},,\r\n,,,,,\r\n";
    chain.warns("prices.csv", text, &[]).await;
    assert_eq!(chain.body("price", "10101").await, r#"{"fen":450,"per":"500g"}"#);
    assert_eq!(chain.body("price", "00501").await, r#"{"fen":360,"per":"pc"}"#);
    let text = item("name", "\"有机\r\n菠菜\"").replace("10101,\"", "\" 10101 \",\"").replace('\n', "\r\n");
    chain.warns("items.csv", text, &[]).await;
    assert!(chain.body("item", "10101").await.contains("\"name\":\"有机 菠菜\""));
    let before = chain.versions().await;
    chain.warns("prices.csv", format!("{PRICES},10101,4.50,500g\n"), &[]).await;
    assert_eq!(chain.versions().await, before, "nothing changed, nothing is published");
}

#[tokio::test]
async fn the_sample_chain_is_read_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::open(config(folder.path().join("hub"))).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    let done = hub.import(&sample).await.unwrap();
    assert_eq!((done.files, done.warned), (8, 0), "{:?}", done.warnings);
    assert_eq!(done.published, done.rows as u64);
    let again = hub.import(&sample).await.unwrap();
    assert_eq!((again.published, again.warned), (0, 0), "{:?}", again.warnings);
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_a_complete_list_withdraws_what_it_does_not_name() {
    let chain = Chain::new().await;
    let run = async |path: &Path, dry_run, complete| {
        sync_server::admin::import(chain.hub.store(), path, Manner { dry_run, complete }).await.unwrap()
    };
    run(&chain.write("prices.csv", format!("{PRICES},10101,4.00,500g\n")), false, true).await;
    let before = chain.versions().await;
    let items = ITEMS.replace("10101,菠菜", "10101,有机菠菜").replace("00501,可乐", "00502,雪碧");
    let items = items.replace("6901234567892 16901234567899*12", "");
    let path = chain.write("items.csv", items);
    let told = run(&path, true, true).await;
    assert_eq!(told.changes, ["~ item 10101: name \"菠菜\" → \"有机菠菜\"", "+ item 00502", "- item 00501"]);
    assert_eq!((told.published, told.left_alone), (3, None));
    let told = run(&path, true, false).await;
    assert_eq!(told.changes.len(), 2);
    let left = told.left_alone.unwrap();
    assert_eq!(left, "not listed and left as they are: 1 of item (--complete withdraws them)");
    assert_eq!(chain.versions().await, before, "nothing was published");
    assert_eq!(run(&path, false, true).await.published, 3);
    let row = chain.hub.store().row(Scope::Chain, "item", "00501".to_owned()).await.unwrap();
    assert_eq!(row, None, "it is withdrawn");
    assert_eq!(run(&path, false, true).await.published, 0, "again it changes nothing");
    // A list that is to be complete is judged without what it withdraws.
    let tabs = BASE[6].1.replace("10101", "00501").replace("one", "two");
    let said = chain.refusal(&chain.write("quick_tabs.json", tabs)).await;
    assert!(said.contains("keys[0].item"), "{said}");
    // Who is no longer listed does not sign in; nobody reads another's secret.
    let staff = chain.write("staff.csv", format!("{STAFF}HT01,1101,周小满,cashier,2718,,\n"));
    let told = run(&staff, true, true).await;
    assert_eq!(told.changes, ["~ staff 1101 at site:HT01: card_sha256 is another, pin_hash is another"]);
    // What was sold refers to taxes and stores: they stay.
    let taxes =
        chain.write("taxes.json", r#"[{"code": "V9", "name": "9%", "rate_bp": 900, "exempt": false}]"#);
    let told = run(&taxes, true, true).await;
    assert_eq!((told.changes, told.left_alone), (vec!["+ tax V9".to_owned()], None));
}

#[tokio::test]
async fn what_a_row_that_stays_names_is_not_withdrawn() {
    let chain = Chain::new().await;
    chain.warns("prices.csv", format!("{PRICES}HT01,00501,3.30,pc\n"), &[]).await;
    let complete = async |path: &Path, dry_run| {
        let manner = Manner { dry_run, complete: true };
        sync_server::admin::import(chain.hub.store(), path, manner).await
    };
    let (header, rows) = ITEMS.split_once('\n').unwrap();
    let (spinach, cola) = rows.split_once('\n').unwrap();
    let only = |row: &str| format!("{header}\n{row}\n");
    let before = chain.versions().await;
    for (items, gone, named_by) in [
        (only(cola.trim()), "10101", vec!["price 10101", "quick_tab one"]),
        (only(spinach), "00501", vec!["price 00501", "price 00501 at site:HT01"]),
    ] {
        let path = chain.write("items.csv", items);
        for dry_run in [true, false] {
            let refused = complete(&path, dry_run).await.unwrap_err();
            let said = refused.to_string();
            assert_eq!(refused.code(), "HUB-ADM-001");
            for by in &named_by {
                let wanted = format!(
                    "items.csv, line 1, column code: expected item {gone}, which {by} names: list it"
                );
                assert!(said.contains(&wanted), "wanted {wanted} in {said}");
            }
            assert!(said.starts_with("2 faults, nothing was imported"), "{said}");
        }
    }
    assert_eq!(chain.versions().await, before, "nothing was published");
    // Where prices are listed too, those of an item go with it, whatever store they are of; and a tab may let it go.
    let folder = chain.folder.path().join("complete");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("items.csv"), only(cola.trim())).unwrap();
    std::fs::write(folder.join("prices.csv"), format!("{PRICES},00501,3.50,pc\n")).unwrap();
    let said = complete(&folder, false).await.unwrap_err().to_string();
    assert!(said.contains("item 10101, which quick_tab one names") && !said.contains("faults"), "{said}");
    std::fs::write(folder.join("quick_tabs.json"), BASE[6].1.replace("10101", "00501")).unwrap();
    let done = complete(&folder, true).await.unwrap();
    assert_eq!(done.changes.len(), 3, "{:?}", done.changes);
    assert!(done.changes.ends_with(&["- item 10101".into(), "- price 10101".into()]), "{:?}", done.changes);
    std::fs::write(folder.join("items.csv"), only(spinach)).unwrap();
    std::fs::write(folder.join("prices.csv"), format!("{PRICES},10101,4.00,500g\n")).unwrap();
    std::fs::remove_file(folder.join("quick_tabs.json")).unwrap();
    let done = complete(&folder, true).await.unwrap();
    assert_eq!(done.changes, ["- item 00501", "- price 00501", "- price 00501 at site:HT01"]);
}

#[tokio::test]
async fn a_store_is_put_into_a_zone_and_stays_there() {
    let chain = Chain::new().await;
    let store = |zone: &str| format!(r#"[{{"chain": "禾田", "site": "HT01", "name": "柳荫路店"{zone}}}]"#);
    let zone = async || {
        let sites = chain.hub.store().sites().await.unwrap();
        sites[0].zone.as_ref().map(ToString::to_string)
    };
    let odd = "line 1, column zone: expected 1 to 16 letters or digits, found \"EAST-1\"";
    chain.refuses("stores.json", store(", \"zone\": \"EAST-1\""), &[odd]).await;
    let path = chain.write("stores.json", store(", \"zone\": \"EAST\""));
    let told = Manner { dry_run: true, complete: false };
    let told = sync_server::admin::import(chain.hub.store(), &path, told).await.unwrap();
    assert_eq!(told.changes, ["~ settings settings at site:HT01: zone nothing → \"EAST\""]);
    assert_eq!((zone().await, chain.hub.import(&path).await.unwrap().published), (None, 1));
    assert_eq!(zone().await.as_deref(), Some("EAST"));
    let done = chain.hub.import(&chain.write("stores.json", store(""))).await.unwrap();
    assert_eq!(
        (done.published, zone().await.as_deref()),
        (0, Some("EAST")),
        "a file that says nothing of it"
    );
}

#[tokio::test]
async fn the_program_lists_faults_and_warnings_and_says_by_its_code_which() {
    let folder = tempfile::tempdir().unwrap();
    let run = |path: &Path| {
        let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_sync-server"));
        import.arg("import").arg(path).env("SUANPAN_HUB_DATA", folder.path().join("hub"));
        if let Some(database) = config(folder.path().join("hub")).database {
            import.env("SUANPAN_DATABASE_URL", database);
        }
        let done = import.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    };
    let base = folder.path().join("base");
    std::fs::create_dir(&base).unwrap();
    for (name, text) in BASE {
        std::fs::write(base.join(name), text).unwrap();
    }
    std::fs::write(base.join("items.csv"), ITEMS.replace("6901234567892", "6901234567893")).unwrap();
    let (code, said, warned) = run(&base);
    assert_eq!((code, said.trim()), (Some(0), "8 files, 10 rows, 10 published, 1 warnings"), "{warned}");
    assert!(
        warned.contains("warning: ") && warned.contains("items.csv, line 3, column barcodes"),
        "{warned}"
    );
    std::fs::write(base.join("prices.csv"), format!("{PRICES},10101,4,pc\n,1,4,pc\n")).unwrap();
    let (code, said, refused) = run(&base);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(refused.contains("HUB-ADM-001 2 faults, nothing was imported:\n"), "{refused}");
    assert!(
        refused.contains("prices.csv, line 2, column per")
            && refused.contains("prices.csv, line 3, column code")
    );
}
