//! What a scan does and refuses to do.

use suanpan_contract::{Code, Command, Level, Prompt, SourceView};
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_tests::catalogue::{CARD, gtin, label};
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
    check(&"8".repeat(10_000), Some(Code::ScanTooLong), 0);
    check(&"8".repeat(10_001), Some(Code::BadRequest), 0);
    check("\u{1b}\u{0}", None, 0);
    check("", None, 0);
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
    assert_eq!(first.code, Code::UnknownCode);
    let mut heard = first.sequence;
    for _ in 0..3 {
        let message = rig.scan(&gtin(RICE)).message.expect("a refusal");
        assert_eq!(message.code, Code::ScanRefusedPending);
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
        let wanted = if name == "approve" { Code::CardUnknown } else { Code::ScanRefusedPending };
        assert_eq!((said, &view.prompt), (Some(wanted), &asked), "{name}");
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
    assert_eq!(rig.said(Command::ClearTenders), Some(Code::TendersCleared));
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
