//! What a scan does and refuses to do.

use serde_json::{Value, json};
use suanpan_contract::pos::{CitedLineInput, Command, Found, Prompt, SourceView};
use suanpan_contract::{Code, Level, QuantityView};
use suanpan_domain::catalogue::Table;
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_tests::catalogue::{CARD, gtin, label, row, rows};
use suanpan_tests::rig::{Rig, cash, pays};

const RICE: &str = "690000000001";
const COLA: &str = "690000000002";
const COLA_CASE: &str = "690000000012";
const CRISPS: &str = "690000000003";
const WINE: &str = "690000000005";

/// What the till says to a scan, and how many lines the basket has then.
fn check(scan: &str, says: Option<Code>, lines: usize) {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Clear);
    let view = rig.scan(scan);
    let said = view.message.map(|message| message.code);
    assert_eq!((said, view.basket.lines.len()), (says, lines), "{}", scan.get(..40).unwrap_or(scan));
}

#[test]
fn a_scan_rings_or_says_what_is_wrong_with_it() {
    let wrong_check = |scan: String| {
        let digit = (scan.as_bytes()[scan.len() - 1] - b'0' + 1) % 10;
        format!("{}{digit}", &scan[..scan.len() - 1])
    };
    check(&gtin(RICE), None, 1);
    check(&label(1001, 482, 386), None, 1);
    check(&gtin(WINE), Some(Code::AgeCheck), 1);
    check(&label(1001, 482, 385), Some(Code::LabelPriceDiffers), 1);
    check(&wrong_check(label(1001, 482, 386)), Some(Code::LabelCheckFailed), 0);
    check(&gtin("690000000099"), Some(Code::UnknownCode), 0);
    check("134567890123456789", Some(Code::PaymentCodeEarly), 0);
    check("281234567890123456", Some(Code::PaymentCodeEarly), 0);
    check("TH01-2-20261121-0812-a7", Some(Code::ReceiptScanned), 0);
    // A barcode with its add-on, as newspapers carry it, is not the goods of the barcode.
    check(&(gtin(RICE) + "12"), Some(Code::UnknownCode), 0);
    check(&(gtin(RICE) + "51995"), Some(Code::UnknownCode), 0);
    check(&label(1001, 482, 0), Some(Code::LabelEmpty), 0);
    check(&format!("]E0{}", gtin(RICE)), None, 1);
    check(&"8".repeat(10_000), Some(Code::ScanTooLong), 0);
    check(&"8".repeat(10_001), Some(Code::BadRequest), 0);
    check("\u{1b}\u{0}", None, 0);
    check("", None, 0);
}

#[test]
fn whatever_a_command_names_has_a_length() {
    let rig = Rig::new();
    rig.open_shift();
    let long = || "8".repeat(10_001);
    for command in [
        Command::LiftLockout { staff: long() },
        Command::Recall { basket: long() },
        Command::Preview { document: long() },
        Command::Reprint { document: Some(long()) },
        Command::RefundQuote { sale: long(), lines: vec![], to_cash: false },
        Command::CitedQuote {
            number: "TH01-2-20261121-0812-a7".into(),
            lines: vec![CitedLineInput { item: long(), quantity: 1, amount_fen: 1, restock: true }],
            tender: "cash".into(),
        },
    ] {
        let said = rig.view(command.clone()).message.map(|message| message.code);
        assert_eq!(said, Some(Code::BadRequest), "{command:?}");
    }
}

#[test]
fn a_printed_amount_is_never_recomputed() {
    let rig = Rig::new();
    rig.open_shift();
    let line = rig.scan(&label(1001, 482, 999)).basket.lines.remove(0);
    assert_eq!((line.amount_fen, line.source), (999, Some(SourceView::Label)));
    let quantity = Command::SetQuantity { line: line.id, quantity: 100 };
    assert_eq!(rig.said(quantity), Some(Code::LabelFixed));
    assert_eq!(rig.now().basket.due_fen, 999);
}

#[test]
fn the_same_label_twice_warns_and_rings() {
    let rig = Rig::new();
    rig.open_shift();
    let bag = label(1001, 482, 386);
    rig.scan(&gtin(RICE));
    rig.scan(&bag);
    let view = rig.scan(&bag);
    let message = view.message.expect("a warning");
    assert_eq!((message.code, message.level), (Code::SameLabelAgain, Level::Warning));
    assert_eq!(message.args["line"], "2");
    assert_eq!(view.basket.lines.len(), 3);
}

#[test]
fn a_multiplier_counts_pieces_and_is_refused_on_a_label() {
    let rig = Rig::new();
    rig.open_shift();
    assert_eq!(rig.view(Command::Multiply { pieces: 3 }).pay.multiply, Some(3));
    assert_eq!(rig.scan(&gtin(COLA)).basket.due_fen, 3 * 350);
    rig.view(Command::Multiply { pieces: 2 });
    assert_eq!(rig.scan(&gtin(COLA_CASE)).basket.due_fen, (3 + 24) * 350);
    rig.view(Command::Multiply { pieces: 2 });
    let view = rig.scan(&label(1001, 482, 386));
    assert_eq!(view.message.map(|message| message.code), Some(Code::MultiplyOnLabel));
    assert_eq!(view.basket.lines.len(), 2);
    for pieces in [0, -1, 10_000] {
        assert_eq!(rig.said(Command::Clear), None);
        assert_eq!(rig.said(Command::Multiply { pieces }), Some(Code::QuantityInvalid), "{pieces}");
    }
}

#[test]
fn one_barcode_on_two_items_opens_a_chooser() {
    let rig = Rig::new();
    rig.open_shift();
    let view = rig.scan(&gtin(CRISPS));
    let Some(Prompt::Choose { items }) = view.prompt else { panic!("{:?}", view.prompt) };
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["薯片原味", "薯片番茄"]);
    assert_eq!(rig.view(Command::Choose { index: 1 }).basket.lines[0].name, "薯片番茄");
    assert_eq!(rig.said(Command::Choose { index: 1 }), Some(Code::NothingWaiting));
}

#[test]
fn after_an_error_every_scan_is_refused_with_a_tone_of_its_own_until_cleared() {
    let rig = Rig::new();
    rig.open_shift();
    let first = rig.scan("000000").message.expect("an error");
    assert_eq!((first.code, first.refused), (Code::UnknownCode, 0));
    let mut heard = first.sequence;
    for refused in 1..=3 {
        let message = rig.scan(&gtin(RICE)).message.expect("a refusal");
        // What went wrong first stays to be read.
        assert_eq!((message.code, message.args, message.refused), (first.code, first.args.clone(), refused));
        assert!(message.sequence > heard);
        heard = message.sequence;
    }
    assert!(rig.lines().is_empty());
    assert_eq!(rig.view(Command::Clear).message, None);
    assert_eq!(rig.scan(&gtin(RICE)).basket.lines.len(), 1);
}

#[test]
fn a_scan_never_answers_a_question() {
    type Opens = fn(&Rig);
    let opens: [(&str, Opens); 4] = [
        ("weigh", |rig| _ = rig.view(Command::AddItem { item: "1001".into() })),
        ("choose", |rig| _ = rig.scan(&gtin(CRISPS))),
        ("confirm", |rig| _ = rig.view(cash(Some(1_000_000)))),
        ("approve", |rig| _ = rig.view(Command::OpenDrawer)),
    ];
    for (name, open) in opens {
        let rig = Rig::new();
        rig.open_shift();
        rig.scan(&gtin(RICE));
        open(&rig);
        let asked = rig.prompt();
        assert!(asked.is_some(), "{name}");
        let view = rig.scan(&gtin(COLA));
        let said = view.message.as_ref().map(|message| message.code);
        let wanted = match name {
            "approve" => Code::CardUnknown,
            "weigh" => Code::ScanWhileWeighing,
            _ => Code::ScanWhileAsked,
        };
        assert_eq!((said, &view.prompt), (Some(wanted), &asked), "{name}");
        let waits = view.message.as_ref().and_then(|message| message.args.get("name"));
        assert_eq!(waits.map(String::as_str), (name == "weigh").then_some("菠菜"), "{name}");
        assert_eq!(view.basket.lines.len(), 1, "{name}");
        if name != "approve" {
            assert_eq!(rig.view(Command::Clear).prompt, asked, "{name}: the first 清除 is for the error");
        }
        assert_eq!(rig.view(Command::Clear).prompt, None, "{name}");
        assert_eq!(rig.scan(&gtin(COLA)).basket.lines.len(), 2, "{name}");
    }
}

#[test]
fn a_scan_on_the_pay_panel_adds_a_line_before_any_tender_and_is_refused_after_one() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin(RICE));
    assert_eq!(rig.scan(&gtin(COLA)).basket.lines.len(), 2);
    rig.view(pays("wechat", Some(1_000)));
    let view = rig.scan(&gtin(COLA));
    assert_eq!(view.message.map(|message| message.code), Some(Code::ScanAfterTender));
    assert_eq!(view.basket.lines.len(), 2);
    rig.view(Command::Clear);
    assert_eq!(rig.said(Command::ClearTenders), Some(Code::TendersReversed));
    assert_eq!(rig.scan(&gtin(COLA)).basket.lines.len(), 3);
    let journal = rig.journal();
    let cleared = journal.iter().find_map(|entry| match entry {
        Entry::TendersCleared(cleared) => Some(cleared),
        _ => None,
    });
    assert_eq!(cleared.expect("what was given back is journalled").tenders[0].amount, Fen(1_000));
}

#[test]
fn a_receipt_scanned_on_the_selling_screen_is_told_by_its_number() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    let number = rig.now().closed.expect("a closed sale").number;
    let message = rig.scan(&number).message.expect("a warning");
    assert_eq!((message.code, message.level), (Code::ReceiptScanned, Level::Warning));
    assert_eq!(message.args["code"], number);
}

#[test]
fn a_card_on_the_selling_screen_is_not_shown() {
    let rig = Rig::new();
    rig.open_shift();
    let message = rig.scan(CARD).message.expect("an answer");
    assert_eq!((message.code, message.args.len()), (Code::NothingWaiting, 0));
}

#[test]
fn a_typed_code_finds_items_by_code_and_by_plu() {
    let rig = Rig::new();
    rig.open_shift();
    assert_eq!(rig.view(Command::Enter { text: "2001".into() }).basket.lines[0].name, "大米 5kg");
    for typed in ["1001", "01001"] {
        let view = rig.view(Command::Enter { text: typed.into() });
        assert!(matches!(view.prompt, Some(Prompt::Weigh { .. })), "{typed}: {:?}", view.prompt);
        rig.view(Command::Clear);
    }
}

/// A till that sells one more counted item, with an open shift.
fn with_item(code: &str, more: &Value) -> Rig {
    let mut item = json!({"code": code, "name": "另一种", "sold_by": "piece", "unit": "个", "tax": "V13"});
    for (field, value) in more.as_object().expect("fields") {
        item[field] = value.clone();
    }
    let mut rows = rows();
    rows.push(row(Table::Item, code, 1_001, Some(&item)));
    rows.push(row(Table::Price, code, 1_002, Some(&json!({"fen": 100, "per": "pc"}))));
    let mut rig = Rig::stopped(&rows, None);
    rig.start();
    rig.open_shift();
    rig
}

/// What the chooser offers for a code that is typed and for one that is scanned: names with their pieces.
fn choices(rig: &Rig, code: &str) -> Vec<(String, i64)> {
    let [typed, scanned] =
        [Command::Enter { text: code.to_owned() }, Command::Scan { text: code.to_owned() }].map(|command| {
            let view = rig.view(command);
            let Some(Prompt::Choose { items }) = view.prompt else { panic!("{code}: {view:?}") };
            assert_eq!(view.basket.lines, [], "{code}");
            rig.view(Command::Clear);
            items.into_iter().map(|item| (item.name, item.pieces)).collect::<Vec<_>>()
        });
    assert_eq!(typed, scanned, "{code}");
    scanned
}

#[test]
fn a_code_that_is_one_items_barcode_and_anothers_code_opens_the_chooser() {
    let of = |name: &str, pieces| vec![(name.to_owned(), pieces), ("另一种".to_owned(), 1)];
    assert_eq!(choices(&with_item(&gtin(COLA), &json!({})), &gtin(COLA)), of("可乐", 1));
    assert_eq!(choices(&with_item(&gtin(COLA_CASE), &json!({})), &gtin(COLA_CASE)), of("可乐", 12));
    // A code and a PLU.
    assert_eq!(choices(&with_item("7001", &json!({"plu": "02001"})), "2001"), of("大米 5kg", 1));
    // The same number with the zero before it and without.
    let (short, long) = ("036000291452", "0036000291452");
    let rig = with_item(short, &json!({"barcodes": [{"code": short}]}));
    assert_eq!(rig.scan(long).basket.lines.len(), 1, "one item is no choice");
    for (code, barcode) in [(short, long), (long, short)] {
        let rig = with_item(code, &json!({}));
        let rows = [row(
            Table::Item,
            "2001",
            2_001,
            Some(&json!({"code": "2001", "name": "大米 5kg", "sold_by": "piece", "unit": "袋", "tax": "V13",
                "barcodes": [{"code": barcode}]})),
        )];
        let mut rig = rig;
        rig.stop();
        suanpan_tests::rig::publish(rig.dir.path(), &rows);
        rig.start();
        rig.sign_in("1101", "3141");
        for scanned in [short, long] {
            assert_eq!(choices(&rig, scanned), of("大米 5kg", 1), "{code} {barcode} {scanned}");
        }
    }
}

#[test]
fn a_code_is_found_as_caps_lock_and_full_width_keys_write_it() {
    let rig = with_item("A-17b", &json!({}));
    for (text, lines) in [("A-17b", 1), ("a-17B", 2), ("Ａ－１７ｂ", 3)] {
        assert_eq!(rig.scan(text).basket.lines.len(), lines, "{text}");
    }
    let rig = with_item("A-17", &json!({}));
    for (text, lines) in [("a-17", 1), ("A-17", 2), ("\ta-17 ", 3)] {
        assert_eq!(rig.view(Command::Enter { text: text.into() }).basket.lines.len(), lines, "{text}");
    }
    // Letters that look like digits are not digits.
    assert_eq!(rig.said(Command::Enter { text: "2OO1".into() }), Some(Code::UnknownCode));
    assert_eq!(rig.said(Command::Clear), None);
    let spaced = gtin(RICE).replace("6900", "6 900 ");
    assert_eq!(rig.view(Command::Enter { text: spaced }).basket.lines.len(), 4);
}

#[test]
fn gs1_data_rings_what_is_printed_or_nothing() {
    let goods = format!("010{}", gtin(RICE));
    for (elements, amount) in [
        ("10L7\u{1d}3922398", 398),
        ("10L7\u{1d}3932156398", 398),
        ("3932156398", 398),
        ("3930156398\u{1d}10L7", 39_800),
        ("10L7{GS}3922398", 398),
        ("10L7", 4_290),
    ] {
        let rig = Rig::new();
        rig.open_shift();
        let lines = rig.scan(&format!("]d2{goods}{elements}")).basket.lines;
        let amounts: Vec<i64> = lines.iter().map(|line| line.amount_fen).collect();
        assert_eq!(amounts, [amount], "{elements}");
    }
    for (elements, says, about) in [
        ("10L7\u{1d}3932840398", Code::Gs1Currency, ("currency", "840")),
        ("3203000500", Code::Gs1NotUnderstood, ("part", "(3203)000500")),
        ("10L7\u{1d}39221x8", Code::Gs1NotUnderstood, ("part", "(3922)1x8")),
        ("3922000\u{1d}", Code::LabelEmpty, ("", "")),
    ] {
        let rig = Rig::new();
        rig.open_shift();
        let view = rig.scan(&format!("{goods}{elements}"));
        let message = view.message.expect("a refusal");
        assert_eq!((message.code, view.basket.lines.len()), (says, 0), "{elements}");
        let (name, value) = about;
        assert_eq!(message.args.get(name).map_or("", String::as_str), value, "{elements}");
    }
}

#[test]
fn what_was_typed_for_a_refused_item_is_not_kept_for_the_next() {
    type Ends = fn(&Rig);
    let ends: [(&str, Ends); 6] = [
        ("a refused label", |rig| _ = rig.scan(&label(1001, 482, 386))),
        ("an unknown code", |rig| _ = rig.scan("000000")),
        ("an item by weight", |rig| _ = rig.view(Command::AddItem { item: "1001".into() })),
        ("a receipt", |rig| _ = rig.scan("TH01-2-20261121-0812-a7")),
        ("a chooser left", |rig| _ = rig.scan(&gtin(CRISPS))),
        ("a chooser replaced", |rig| {
            rig.scan(&gtin(CRISPS));
            rig.view(Command::AddItem { item: "1001".into() });
        }),
    ];
    for (name, end) in ends {
        let rig = Rig::new();
        rig.open_shift();
        rig.view(Command::Multiply { pieces: 3 });
        end(&rig);
        // No more is cleared than what the till says and asks: what was typed is not cleared with it.
        for _ in 0..2 {
            let now = rig.now();
            if now.message.is_some() || now.prompt.is_some() {
                rig.view(Command::Clear);
            }
        }
        assert_eq!(rig.now().pay.multiply, None, "{name}");
        assert_eq!(rig.scan(&gtin(RICE)).basket.due_fen, 4_290, "{name}");
    }
    // A tare that was set for an item that was given up is not the next one's.
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::AddItem { item: "1001".into() });
    rig.view(Command::SetTare { grams: 50 });
    let view = rig.view(Command::AddItem { item: "1003".into() });
    assert!(matches!(view.prompt, Some(Prompt::Weigh { tare_g: 0, .. })), "{:?}", view.prompt);
}

#[test]
fn a_quantity_typed_behind_an_error_waits_for_its_scan() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan("000000");
    rig.view(Command::Multiply { pieces: 3 });
    rig.scan(&gtin(RICE));
    assert_eq!(rig.view(Command::Clear).pay.multiply, Some(3));
    assert_eq!(rig.scan(&gtin(RICE)).basket.due_fen, 3 * 4_290);
}

#[test]
fn an_item_by_weight_says_that_it_cannot_be_multiplied() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 3 });
    let message = rig.view(Command::AddItem { item: "1001".into() }).message.expect("a refusal");
    assert_eq!((message.code, message.args["name"].as_str()), (Code::MultiplyOnWeighed, "菠菜"));
}

#[test]
fn the_last_item_is_what_the_basket_has() {
    let rig = Rig::new();
    rig.open_shift();
    let last = || rig.now().last_item.map(|last| (last.name, last.quantity, last.price.fen));
    let rice = |pieces, fen| {
        Some(("大米 5kg".to_owned(), QuantityView::Count { pieces, unit: "袋".to_owned() }, fen))
    };
    rig.scan(&gtin(RICE));
    rig.scan(&gtin(COLA));
    rig.view(Command::RemoveLine { line: None });
    assert_eq!(last(), rice(1, 4_290), "the line before is the last one now");
    rig.view(Command::SetQuantity { line: 1, quantity: 2 });
    assert_eq!(last(), rice(2, 4_290));
    rig.view(Command::SetPrice { line: 1, price_fen: 4_000 });
    rig.supervisor_approves();
    assert_eq!(last(), rice(2, 4_000));
    rig.view(Command::Park);
    assert_eq!(last(), None);
    let parked = rig.now().parked[0].basket.clone();
    rig.view(Command::Recall { basket: parked });
    assert_eq!(last(), rice(2, 4_000));
    rig.view(Command::VoidBasket);
    assert_eq!(last(), None);
}

#[test]
fn a_search_says_whether_its_first_hit_was_meant() {
    let rig = Rig::new();
    let (told, heard) = std::sync::mpsc::channel();
    rig.till().on_change(move |_| _ = told.send(()));
    let found = |query: &str| match rig.found(Command::Search { query: query.into() }) {
        Some(Found::Items { items, sure }) => {
            (items.into_iter().map(|item| item.name).collect::<Vec<_>>(), sure)
        }
        other => panic!("{query}: {other:?}"),
    };
    // The index is built beside the till.
    while found("tudou").0.is_empty() {
        heard.recv().expect("the till runs");
    }
    for (query, names, sure) in [
        ("bc", vec!["菠菜"], true),
        ("bo'cai", vec!["菠菜"], true),
        ("西hs", vec!["西红柿"], true),
        ("sp", vec!["薯片原味", "薯片番茄"], false),
        ("zzz", vec![], false),
    ] {
        let (found, is_sure) = found(query);
        assert_eq!((found, is_sure), (names.into_iter().map(str::to_owned).collect(), sure), "{query}");
    }
}

#[test]
fn a_label_far_from_todays_price_asks_before_it_is_rung() {
    let rig = Rig::new();
    rig.open_shift();
    // 482 g at ¥4.00 for 500 g.
    for (fen, asks) in [(386, false), (1_158, false), (1_159, true), (129, false), (128, true)] {
        let view = rig.scan(&label(1001, 482, fen));
        let asked = match &view.prompt {
            Some(Prompt::Confirm { code: Code::LabelFarOff, args }) => Some(args["today"].clone()),
            None => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked, asks.then(|| "¥3.86".to_owned()), "{fen}");
        if asks {
            assert_eq!(rig.view(Command::Clear).basket.lines.len(), view.basket.lines.len());
            rig.scan(&label(1001, 482, fen));
            let lines = rig.view(Command::Confirm).basket.lines;
            assert_eq!(
                lines.last().map(|line| line.amount_fen),
                Some(i64::from(fen)),
                "as printed, once somebody says so"
            );
        }
    }
}
