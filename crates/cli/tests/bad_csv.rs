//! A CSV with anything wrong is refused by file, line, column and expectation, and nothing of it is imported.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ITEMS: &str = "item_code,name,category_code,category,loss_percent\n1001,上海青,01,花叶类,4.39\n1002,净藕(1),02,根茎类,5.00\n";
const HEADER: &str = "date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted";
const GOOD: &str = "2023-06-16,09:14:23.342,1001,0.328,4.00,sale,no";

fn replay(dir: &Path, sales: &[u8]) -> Output {
    fs::write(dir.join("items.csv"), ITEMS).unwrap();
    fs::write(dir.join("sales.csv"), sales).unwrap();
    Command::new(env!("CARGO_BIN_EXE_suanpan"))
        .args(["replay", "--hub", "embedded", "--json", "--items"])
        .arg(dir.join("items.csv"))
        .arg("--sales")
        .arg(dir.join("sales.csv"))
        .arg("--data-dir")
        .arg(dir.join("data"))
        .output()
        .unwrap()
}

fn check_refused(sales: &[u8], line: u64, column: &str, expectation: &str) {
    let dir = tempfile::tempdir().unwrap();
    let output = replay(dir.path(), sales);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let place = format!("sales.csv, line {line}, column {column}: expected {expectation}");
    assert!(said.contains(&place), "wanted \"{place}\" in: {said}");
    assert!(said.contains("nothing was imported"), "{said}");
    assert!(!dir.path().join("data").exists(), "the data folder was touched");
}

#[test]
fn a_bad_row_is_refused_by_line_and_column() {
    for (bad, column, expectation) in [
        ("2023-06-16,09:14:23.342,1001,0.328,4.00,sale", "(row)", "7 columns"),
        ("2023-06-16,09:14:23.342,1001,0.328,4.00,sale,no,extra", "(row)", "7 columns"),
        ("2023-06-16,09:14:23.342,9999,0.328,4.00,sale,no", "item_code", "an item_code of the items file"),
        ("2023-06-16,09:14:23.342,1001,-0.328,4.00,sale,no", "qty_kg", "a weight above 0"),
        ("2023-06-16,09:14:23.342,1001,0.32812,4.00,sale,no", "qty_kg", "a weight above 0"),
        ("2023-06-16,09:14:23.342,1001,many,4.00,sale,no", "qty_kg", "a weight above 0"),
        ("2023-06-16,09:14:23.342,1001,0.328,cheap,sale,no", "unit_price_yuan_per_kg", "a price above 0"),
        ("2023-06-16,09:14:23.342,1001,0.328,1e9,sale,no", "unit_price_yuan_per_kg", "a price above 0"),
        (
            "2023-06-16,09:14:23.342,1001,0.328,1000000000,sale,no",
            "unit_price_yuan_per_kg",
            "a price above 0",
        ),
        (
            "2023-06-16,09:14:23.342,1001,900,90000,sale,no",
            "unit_price_yuan_per_kg",
            "weight × price of at most",
        ),
        ("2023-06-16,09:14:23.342,1001,0.328,4.00,gift,no", "kind", "sale or return"),
        ("2023-06-16,09:14:23.342,1001,0.328,4.00,sale,maybe", "discounted", "yes or no"),
        ("2023-13-16,09:14:23.342,1001,0.328,4.00,sale,no", "date", "a date as yyyy-mm-dd"),
        ("2023-02-30,09:14:23.342,1001,0.328,4.00,sale,no", "date", "a date as yyyy-mm-dd"),
        ("2023-06-16,25:14:23.342,1001,0.328,4.00,sale,no", "time", "a time as hh:mm:ss.mmm"),
    ] {
        let sales = format!("{HEADER}\n{GOOD}\n{bad}\n{GOOD}\n");
        check_refused(sales.as_bytes(), 3, column, expectation);
    }
}

#[test]
fn invalid_utf8_is_refused_where_it_stands() {
    let mut sales = format!("{HEADER}\n{GOOD}\n2023-06-16,09:14:23.342,10").into_bytes();
    sales.extend([0xff, 0xfe]);
    sales.extend(b",0.328,4.00,sale,no\n");
    check_refused(&sales, 3, "item_code", "UTF-8");
}

#[test]
fn a_chinese_header_is_refused_with_the_expected_names() {
    let sales = format!("销售日期,扫码销售时间,单品编码,销量,单价,类型,折扣\n{GOOD}\n");
    check_refused(sales.as_bytes(), 1, "date", "the header \"date\"");
}

#[test]
fn an_empty_file_is_refused() {
    check_refused(b"", 1, "(file)", "the header date,time");
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let bad = GOOD.replace("0.328", "much");
    let crlf = format!("{HEADER}\r\n{GOOD}\r\n{bad}\r\n{GOOD}\r\n");
    check_refused(crlf.as_bytes(), 3, "qty_kg", "a weight above 0");
    let blank = format!("{HEADER}\r\n\r\n\r\n{GOOD}\r\n,,,,,,\r\n{bad}\r\n");
    check_refused(blank.as_bytes(), 6, "qty_kg", "a weight above 0");
    let open = format!("{HEADER}\n{GOOD}\n\"{GOOD}\n{GOOD}\n");
    check_refused(open.as_bytes(), 3, "(file)", "a quote that is closed");
}

#[test]
fn gbk_is_named_with_what_to_do() {
    let mut sales = format!("{HEADER}\r\n{GOOD}\r\n2023-06-16,09:14:23.342,10").into_bytes();
    sales.extend(b"\xb2\xa4\xb2\xcb,0.328,4.00,sale,no\r\n");
    check_refused(&sales, 3, "item_code", "UTF-8, not GBK: in Excel 「另存为」「CSV UTF-8（逗号分隔）」");
}

#[test]
fn what_nobody_sees_is_refused_and_written_out() {
    let sales = format!("{HEADER}\n{}\n", GOOD.replace("1001", "10\u{200b}01"));
    check_refused(
        sales.as_bytes(),
        2,
        "item_code",
        "no characters that cannot be seen, found \"10\\u{200b}01\"",
    );
}
