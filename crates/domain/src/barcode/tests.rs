use proptest::prelude::*;

use super::*;
use crate::catalogue::{LabelCheck, LabelField, LabelFieldKind, SoldBy};
use crate::money::Fen;
use crate::pricing::{Per, Price};
use crate::quantity::{Grams, Pieces, Quantity};
use crate::sale::WeightSource;

/// `F2 P5 W5 A5 C1` becomes a layout with flags 20–24.
fn layout(id: &str, fields: &str, check: LabelCheck) -> LabelLayout {
    let field = |text: &str| {
        let kind = match text.as_bytes()[0] {
            b'F' => LabelFieldKind::Flag,
            b'P' => LabelFieldKind::Plu,
            b'W' => LabelFieldKind::Weight,
            b'A' => LabelFieldKind::Amount,
            b'V' => LabelFieldKind::PriceCheck,
            _ => LabelFieldKind::Check,
        };
        LabelField { kind, digits: text[1..].parse().unwrap() }
    };
    let flags = (20..=24).map(|flag| flag.to_string()).collect();
    LabelLayout { id: id.into(), flags, fields: fields.split(' ').map(field).collect(), check }
}

fn layouts() -> Vec<LabelLayout> {
    vec![
        layout("weight+amount", "F2 P5 W5 A5 C1", LabelCheck::Gtin),
        layout("amount", "F2 P5 A5 C1", LabelCheck::Gtin),
    ]
}

fn label(scan: &str, layouts: &[LabelLayout]) -> Label {
    match classify(scan, layouts) {
        Scan::Label(label) => label,
        other => panic!("{scan}: {other:?}"),
    }
}

#[test]
fn a_scan_is_what_its_characters_say() {
    let code = |text: &str| Scan::Code(text.into());
    let gtin = |text: &str| Scan::Gtin(text.into());
    let failed = |layout: &str| Scan::LabelCheckFailed { layout: layout.into() };
    for (scan, want) in [
        ("", Scan::Empty),
        (" \r\n\t\u{0}", Scan::Empty),
        ("6901234567892", gtin("6901234567892")),
        ("\u{2}6901234567892\r", gtin("6901234567892")),
        ("036000291452", gtin("0036000291452")),
        ("6901234567893", code("6901234567893")),
        ("10231", code("10231")),
        ("STAFF-00417", code("STAFF-00417")),
        ("菠菜", code("菠菜")),
        ("134567890123456789", Scan::PaymentCode(Wallet::WeChat)),
        ("104567890123456789", Scan::PaymentCode(Wallet::WeChat)),
        ("164567890123456789", code("164567890123456789")),
        ("2845678901234567", Scan::PaymentCode(Wallet::Alipay)),
        ("284567890123456789", Scan::PaymentCode(Wallet::Alipay)),
        ("304567890123456789012345", Scan::PaymentCode(Wallet::Alipay)),
        ("6245678901234567890", Scan::PaymentCode(Wallet::UnionPay)),
        ("201023100482003861", failed("weight+amount")),
        ("2110231003869", failed("amount")),
        (&"7".repeat(64), code(&"7".repeat(64))),
        (&"7".repeat(65), Scan::TooLong),
        (&"菜".repeat(64), code(&"菜".repeat(64))),
    ] {
        assert_eq!(classify(scan, &layouts()), want, "{scan:?}");
    }
}

#[test]
fn receipts_of_our_own_are_recognised() {
    let number = "TH01-2-20261121-0812-a7";
    assert_eq!(classify(number, &layouts()), Scan::Document(number.parse().unwrap()));
    let entry = EntryRef { segment: [7; 16], seq: 1 };
    assert_eq!(classify(&format!("{entry}\r"), &layouts()), Scan::Entry(entry));
}

#[test]
fn labels_read_their_fields_in_any_order() {
    for (fields, check, weight, amount) in [
        ("F2 P5 W5 A5 C1", LabelCheck::Gtin, Some(482), Some(386)),
        ("F2 W5 P5 A5 C1", LabelCheck::Gtin, Some(482), Some(386)),
        ("F2 A6 W5 P7 C1", LabelCheck::Gtin, Some(482), Some(386)),
        ("F2 P5 A5 C1", LabelCheck::Gtin, None, Some(386)),
        ("F2 P5 W5 C1", LabelCheck::Gtin, Some(482), None),
        ("F2 P5 V1 A4 C1", LabelCheck::Gtin, None, Some(386)),
        ("F2 P6 V1 A4", LabelCheck::Price, None, Some(386)),
        ("F1 P4 W5", LabelCheck::None, Some(482), None),
        ("F2 P5 W5 A5 C1", LabelCheck::None, Some(482), Some(386)),
    ] {
        let mut layout = layout("one", fields, check);
        if fields.starts_with("F1") {
            layout.flags = vec!["2".into()];
        }
        let digits = layout.compose("1023", 482, Fen(386)).unwrap();
        let got = label(&digits, &[layout]);
        assert_eq!(plu_key(&got.plu), "1023", "{fields}");
        assert_eq!((got.weight_or_pieces, got.amount), (weight, amount.map(Fen)), "{fields}");
        assert_eq!(got.digits, digits);
    }
}

#[test]
fn every_wrong_digit_of_a_checked_label_is_noticed() {
    let digits = layouts()[0].compose("10231", 482, Fen(386)).unwrap();
    for position in 2..digits.len() {
        let mut bytes = digits.clone().into_bytes();
        bytes[position] = b'0' + (bytes[position] - b'0' + 1) % 10;
        let wrong = String::from_utf8(bytes).unwrap();
        let want = Scan::LabelCheckFailed { layout: "weight+amount".into() };
        assert_eq!(classify(&wrong, &layouts()), want, "{wrong}");
    }
}

#[test]
fn the_price_check_digit_is_that_of_the_standard() {
    for (amount, want) in [("2875", Some(9)), ("0000", Some(0)), ("287", None), ("28x5", None)] {
        assert_eq!(price_check_digit(amount), want, "{amount}");
    }
    let layout = layout("gb", "F2 P5 V1 A4 C1", LabelCheck::Gtin);
    let digits = layout.compose("10231", 0, Fen(2875)).unwrap();
    assert_eq!(&digits[7..12], "92875");
    let mut body = digits[..7].to_owned() + "82875";
    body.push(char::from(b'0' + check_digit(&body).unwrap()));
    assert_eq!(classify(&body, &[layout]), Scan::LabelCheckFailed { layout: "gb".into() });
}

#[test]
fn a_label_and_a_payment_code_are_told_apart() {
    let mut wide = layouts();
    for flag in 20..=24 {
        wide[0].flags = vec![flag.to_string()];
        let digits = wide[0].compose("10231", 482, Fen(386)).unwrap();
        assert_eq!(label(&digits, &wide).layout, "weight+amount");
    }
    // A chain that insists on flag 28 gets its label when the check digit holds, and a payment code when not.
    wide[0].flags = vec!["28".into()];
    let digits = wide[0].compose("10231", 482, Fen(386)).unwrap();
    assert_eq!(label(&digits, &wide).layout, "weight+amount");
    assert_eq!(classify("281023100482003861", &wide), Scan::PaymentCode(Wallet::Alipay));
}

#[test]
fn layouts_that_cannot_read_a_label_say_why() {
    for (fields, check, want) in [
        ("F2 P5 W5 A5 C1", LabelCheck::Gtin, Ok(())),
        ("P5 F2 W5 C1", LabelCheck::Gtin, Err(LayoutError::Flag)),
        ("F3 P5 W5 C1", LabelCheck::Gtin, Err(LayoutError::Flag)),
        ("F2 P3 W5 C1", LabelCheck::Gtin, Err(LayoutError::Plu)),
        ("F2 W5 C1", LabelCheck::Gtin, Err(LayoutError::Plu)),
        ("F2 P5 C1", LabelCheck::Gtin, Err(LayoutError::Value)),
        ("F2 P5 W5 W5 C1", LabelCheck::Gtin, Err(LayoutError::Value)),
        ("F2 P5 A5", LabelCheck::Gtin, Err(LayoutError::Check)),
        ("F2 P5 C1 A5", LabelCheck::Gtin, Err(LayoutError::Check)),
        ("F2 P5 A4", LabelCheck::Price, Err(LayoutError::Check)),
        ("F2 P5 V1 A5", LabelCheck::Price, Err(LayoutError::Check)),
        ("F2 P7 W9 A9 V1 C1", LabelCheck::Gtin, Err(LayoutError::Check)),
    ] {
        let layout = layout("one", fields, check);
        assert_eq!(layout.validate(), want, "{fields}");
        if want.is_err() {
            assert_eq!(layout.compose("1023", 1, Fen(1)), None);
        }
    }
}

#[test]
fn goods_keep_the_printed_amount_and_flag_what_was_derived() {
    let price = Price { fen: Fen(400), per: Per::Jin };
    let each = Price { fen: Fen(450), per: Per::Piece };
    let g = |grams| Quantity::G(Grams(grams));
    let pc = |pieces| Quantity::Pc(Pieces(pieces));
    let printed = WeightSource::Label;
    let derived = WeightSource::Derived;
    for (weight, amount, sold_by, price, want) in [
        (Some(482), Some(386), SoldBy::Weight, price, Ok((g(482), printed, Some(386), Some(386)))),
        (Some(482), Some(350), SoldBy::Weight, price, Ok((g(482), printed, Some(350), Some(386)))),
        (Some(482), None, SoldBy::Weight, price, Ok((g(482), printed, None, Some(386)))),
        (None, Some(386), SoldBy::Weight, price, Ok((g(483), derived, Some(386), None))),
        (Some(0), Some(386), SoldBy::Weight, price, Ok((g(483), derived, Some(386), None))),
        (Some(2), Some(900), SoldBy::Piece, each, Ok((pc(2), printed, Some(900), Some(900)))),
        (None, Some(900), SoldBy::Piece, each, Ok((pc(2), derived, Some(900), None))),
        (None, Some(1), SoldBy::Piece, each, Ok((pc(1), derived, Some(1), None))),
        (Some(0), None, SoldBy::Weight, price, Err(LabelError::NoQuantity)),
        (Some(482), Some(0), SoldBy::Weight, price, Err(LabelError::NoQuantity)),
        (Some(99_999_999), Some(5), SoldBy::Weight, price, Err(LabelError::NoQuantity)),
        (None, Some(386), SoldBy::Weight, each, Err(LabelError::NoPrice)),
        (Some(482), None, SoldBy::Weight, each, Err(LabelError::NoPrice)),
        (None, Some(5), SoldBy::Weight, Price { fen: Fen(0), per: Per::Jin }, Err(LabelError::NoPrice)),
    ] {
        let label = Label {
            layout: "one".into(),
            plu: "10231".into(),
            weight_or_pieces: weight,
            amount: amount.map(Fen),
            digits: String::new(),
        };
        let want = want.map(|(quantity, source, printed, today)| LabelledGoods {
            quantity,
            source,
            printed_amount: printed.map(Fen),
            todays_amount: today.map(Fen),
        });
        assert_eq!(label.goods(sold_by, price), want, "{weight:?} {amount:?} {sold_by:?}");
    }
}

/// What GS1 data says, or why it is refused; `None` when the text is none.
fn gs1(scan: &str) -> Option<Result<Gs1, Gs1Fault>> {
    match classify(scan, &layouts()) {
        Scan::Gs1(gs1) => Some(Ok(gs1)),
        Scan::Gs1Refused(fault) => Some(Err(fault)),
        Scan::Code(_) | Scan::Gtin(_) => None,
        other => panic!("{scan:?}: {other:?}"),
    }
}

#[test]
fn gs1_data_is_read_with_and_without_separators() {
    let gtin = "16901234567899";
    let whole = Gs1 {
        gtin: gtin.into(),
        grams: Some(Grams(1250)),
        amount: Some(Fen(3980)),
        lot: Some("L7/2".into()),
        expires: Some(20261231),
        packed: Some(20261121),
        pieces: None,
    };
    let body = format!("01{gtin}310300125013261121172612313922{}{GS}10L7/2", "3980");
    let weighed = Gs1 { gtin: "6901234567892".into(), grams: Some(Grams(500)), ..Gs1::default() };
    for (scan, want) in [
        (body.clone(), Some(whole.clone())),
        (format!("]e0{body}"), Some(whole.clone())),
        (format!("]E0{body}"), Some(whole.clone())),
        (format!("{GS}{body}{GS}"), Some(whole.clone())),
        (body.replace("3922", "3932156"), Some(whole.clone())),
        ("01069012345678923101000005".into(), Some(weighed.clone())),
        (format!("]e03103000500{GS}0106901234567892"), Some(weighed.clone())),
        (format!("]C1010690123456789299abc{GS}3103000500"), Some(weighed.clone())),
        ("01069012345678933103000500".into(), None),
        ("3103000500".into(), None),
        ("010690123456789".into(), None),
    ] {
        assert_eq!(gs1(&scan), want.map(Ok), "{scan:?}");
    }
    for printed in ["{GS}", "<gs>", "[FNC1]", "\\x1D", "\\u001d", "^]", "␝"] {
        assert_eq!(gs1(&body.replace(GS, printed)), Some(Ok(whole.clone())), "{printed}");
    }
    let Scan::Gs1(end_of_month) = classify("010690123456789217240200", &[]) else { panic!() };
    assert_eq!(end_of_month.expires, Some(20240229));
}

#[test]
fn gs1_data_is_understood_whole_or_refused() {
    let goods = "0106901234567892";
    let of_varying_measure = format!("01{}", "96901234567895");
    for (scan, part) in [
        // Pounds, parts of a gram, parts of a fen, a price by the unit, a discount, a coupon, a pallet.
        (format!("{goods}3203000500"), "(3203)000500"),
        (format!("{goods}3104012345"), "(3104)012345"),
        (format!("{goods}392312345"), "(3923)12345"),
        (format!("{goods}8005000599"), "(8005)000599"),
        (format!("{goods}39400025"), "(3940)0025"),
        (format!("{goods}39022500"), "(3902)2500"),
        (format!("{goods}0206901234567892"), "(02)06901234567892"),
        // The same twice, and two amounts.
        (format!("{goods}31030005003103000600"), "(3103)000600"),
        (format!("{goods}3922398{GS}3932156398"), "(3932)156398"),
        // Cut off, letters for digits, no such date, nothing given out, a swallowed element.
        (format!("{goods}310300"), "310300"),
        (format!("{goods}3103x00500"), "(3103)x00500"),
        (format!("{goods}17261341"), "(17)261341"),
        (format!("{goods}30{GS}"), "30"),
        (format!("{goods}60500000"), "60500000"),
        (format!("{goods}10LOT7AND3922398FORGOTTEN"), "10LOT7AN"),
        // No GTIN, and goods of varying measure without one.
        (format!("{GS}10AB"), "(01)"),
        (of_varying_measure, "(310n) (392n)"),
    ] {
        assert_eq!(gs1(&scan), Some(Err(Gs1Fault::Element(part.into()))), "{scan:?}");
    }
    let dollars = Gs1Fault::Currency("840".into());
    assert_eq!(gs1(&format!("{goods}3932840398")), Some(Err(dollars)));
}

#[test]
fn a_code_is_cleaned_of_what_scanner_keyboard_and_clipboard_put_around_it() {
    for (scan, want) in [
        ("\u{2}6901234567892\r", "6901234567892"),
        ("]E06901234567892", "6901234567892"),
        ("]C0A-17", "A-17"),
        (" 6 901234 567892 ", "6901234567892"),
        ("６９０１２３４５６７８９２", "6901234567892"),
        ("Ａ－１７", "A-17"),
        ("]x", "]x"),
        ("a b", "a b"),
    ] {
        assert_eq!(clean(scan), want, "{scan:?}");
    }
}

#[test]
fn a_label_that_two_layouts_read_differently_is_not_guessed() {
    let two = |second: &str| {
        vec![layout("a", "F2 P5 W5 A5 C1", LabelCheck::Gtin), layout("b", second, LabelCheck::Gtin)]
    };
    let digits = layouts()[0].compose("10231", 482, Fen(386)).unwrap();
    let ambiguous = Scan::LabelAmbiguous { layouts: ["a".into(), "b".into()] };
    assert_eq!(classify(&digits, &two("F2 P5 A5 W5 C1")), ambiguous);
    assert_eq!(label(&digits, &two("F2 P5 W5 A5 C1")).layout, "a");
}

#[test]
fn ten_thousand_characters_in_one_burst_are_just_too_long() {
    for text in ["7", "菜", "\u{1d}", "01069012345678923103000500"] {
        assert_eq!(classify(&text.repeat(10_000), &layouts()), Scan::TooLong, "{text:?}");
    }
    assert_eq!(classify(&"\r".repeat(10_000), &layouts()), Scan::Empty);
}

proptest! {
    #[test]
    fn no_input_makes_it_panic(text in "(?s).{0,200}", digits in "[0-9]{0,40}", gs1 in "(\\]e0|\x1d)?01[0-9\x1d]{0,60}") {
        for scan in [text, digits, gs1] {
            classify(&scan, &layouts());
        }
    }

    #[test]
    fn composed_labels_read_back(plu in 0u32..100_000, weight in 0i64..100_000, amount in 0i64..100_000, which in 0usize..2) {
        let layouts = layouts();
        let digits = layouts[which].compose(&plu.to_string(), weight, Fen(amount)).unwrap();
        let label = label(&digits, &layouts);
        prop_assert_eq!(label.plu.parse(), Ok(plu));
        prop_assert_eq!(label.amount, Some(Fen(amount)));
        prop_assert_eq!(label.weight_or_pieces, (which == 0).then_some(weight));
    }

    #[test]
    fn a_right_check_digit_makes_a_gtin(body in "[0-9]{13}|[0-9]{12}|[0-9]{11}|[0-9]{7}") {
        let code = format!("{body}{}", check_digit(&body).unwrap());
        let key = normalise(&code).unwrap();
        prop_assert_eq!(barcode_key(&key), key.clone());
        prop_assert!(is_valid(&key));
    }
}

#[test]
fn a_payment_code_is_seen_through_whatever_a_scanner_or_a_hand_put_into_it() {
    for (text, wallet) in [
        ("134567890123456789", Some(Wallet::WeChat)),
        ("1345 6789 0123 4567 89", Some(Wallet::WeChat)),
        (" 15\u{3000}4567890123456789\u{200b}\r", Some(Wallet::WeChat)),
        ("１０４５６７８９０１２３４５６７８９", Some(Wallet::WeChat)),
        ("]C1104567890123456789", Some(Wallet::WeChat)),
        ("2812345678901234", Some(Wallet::Alipay)),
        ("301234567890123456789012", Some(Wallet::Alipay)),
        ("6212345678901234567", Some(Wallet::UnionPay)),
        // What terminals print: orders at the wallets, a bank's reference and voucher number, a receipt of today.
        ("4200001234202611210123456789", None),
        ("2026112122001412345678901234", None),
        ("1345678901234567890123456789", None),
        ("123456789012", None),
        ("000123", None),
        ("202611210930001234", None),
        ("TK-134567890123456789", None),
        ("13456789012345678", None),
        ("311234567890123456", None),
        ("", None),
        ("]", None),
        ("]码", None),
    ] {
        assert_eq!(payment_code(text), wallet, "{text:?}");
    }
}
