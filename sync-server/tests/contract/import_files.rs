//! What an import makes of whole files: what is none, what spreadsheets do to one, what it warns of, and how it is carried out.

use std::path::Path;

use suanpan_sync::Scope;
use sync_server::Hub;
use sync_server::admin::Manner;

use crate::import::{BASE, Chain, ITEMS, PRICES, STAFF, item};
use crate::support::*;

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
        sync_server::admin::import(chain.hub.store(), path, Manner { dry_run, complete }, "tests")
            .await
            .unwrap()
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
        sync_server::admin::import(chain.hub.store(), path, manner, "tests").await
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
    let told = sync_server::admin::import(chain.hub.store(), &path, told, "tests").await.unwrap();
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
