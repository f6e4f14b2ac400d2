use std::collections::BTreeMap;

use super::*;
use crate::catalogue::{SiteSettings, Tender};
use crate::ids::{DocumentNumber, Id};
use crate::money::Fen;
use crate::pricing::{Per, Price};
use crate::quantity::{Grams, Pieces, Quantity};
use crate::refund::{Disposition, Origin, Refund, RefundLine};
use crate::sale::{Sale, SaleLine, Tendered, WeightSource};
use crate::shift::{CashCount, CashMove, CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, Sums};
use crate::tax::Tax;

fn site() -> SiteSettings {
    let text = r#"{"chain":"田禾鲜市","site":"TH01","name":"人民路店","address":"临海市人民路 18 号",
        "phone":"0576-1234567","footer":"谢谢惠顾"}"#;
    serde_json::from_str(text).unwrap()
}

fn tenders() -> Vec<Tender> {
    let text = r#"[{"code":"cash","name":"现金","name_en":"Cash","order":1,"counts_in_drawer":true},
        {"code":"wechat","name":"微信","name_en":"WeChat Pay","order":2}]"#;
    serde_json::from_str(text).unwrap()
}

/// 2026-11-21 09:30 in China.
const AT_MS: i64 = 1_795_224_600_000;

fn with_slip<T>(lang: Lang, copy: u16, paper: impl FnOnce(&Slip) -> T) -> T {
    let (site, tenders) = (SiteSettings { receipt_language: lang, ..site() }, tenders());
    paper(&Slip { site: &site, till: 2, cashier: "李梅 1001", at_ms: AT_MS, tenders: &tenders, copy })
}

fn number() -> DocumentNumber {
    DocumentNumber { site: "TH01".into(), till: 2, business_date: 20_261_121, number: 812, mark: 0xa7 }
}

fn exempt() -> Tax {
    Tax { code: "EX".into(), rate_bp: 0 }
}

fn line(
    name: &str,
    quantity: Quantity,
    fen: i64,
    per: Per,
    gross: i64,
    paid: i64,
    rounding: i64,
) -> SaleLine {
    SaleLine {
        item: "1".into(),
        name: name.into(),
        unit: if per == Per::Piece { "袋".into() } else { String::new() },
        quantity,
        price: Price { fen: Fen(fen), per },
        list_price: None,
        gross: Fen(gross),
        paid: Fen(paid),
        net: Fen(paid),
        tax_fen: Fen::ZERO,
        tax: exempt(),
        rounding: Fen(rounding),
        source: None,
        tare_g: 0,
        scanned: None,
        approver: None,
    }
}

/// Three lines: 3.92 + 9.88 + 65.80 = 79.60, 5.60 off, 0.05 抹零, 73.95 paid by WeChat 20.00 and cash 53.95 of 100.
fn sale() -> Sale {
    let mut tomato = line("西红柿", Quantity::G(Grams(328)), 598, Per::Jin, 392, 392, 0);
    tomato.source = Some(WeightSource::Scale);
    let mut leek = line("韭菜", Quantity::G(Grams(760)), 650, Per::Jin, 988, 928, 0);
    leek.source = Some(WeightSource::Derived);
    leek.list_price = Some(Price { fen: Fen(700), per: Per::Jin });
    let rice = line("五常大米 5kg", Quantity::Pc(Pieces(2)), 3_290, Per::Piece, 6_580, 6_075, 5);
    Sale {
        id: Id([1; 16]),
        number: 812,
        shift: Id([2; 16]),
        cashier: "1001".into(),
        cut: String::new(),
        lines: vec![tomato, leek, rice],
        discount: Fen(560),
        rounding: Fen(5),
        due: Fen(7_395),
        tenders: vec![
            Tendered {
                tender: "wechat".into(),
                amount: Fen(2_000),
                given: None,
                reference: Some("4200001".into()),
            },
            Tendered { tender: "cash".into(), amount: Fen(5_395), given: Some(Fen(10_000)), reference: None },
        ],
        change: Fen(4_605),
        approver: None,
    }
}

fn refund(origin: Origin) -> Refund {
    Refund {
        id: Id([3; 16]),
        number: 813,
        shift: Id([2; 16]),
        cashier: "1001".into(),
        approver: Some("2001".into()),
        origin,
        lines: vec![RefundLine {
            line: Some(1),
            item: "1".into(),
            name: "韭菜".into(),
            unit: String::new(),
            quantity: Quantity::G(Grams(760)),
            gross: Fen(988),
            amount: Fen(928),
            net: Fen(928),
            tax_fen: Fen::ZERO,
            tax: exempt(),
            rounding: Fen::ZERO,
            disposition: Disposition::Loss,
        }],
        total: Fen(928),
        tenders: vec![Tendered { tender: "cash".into(), amount: Fen(928), given: None, reference: None }],
    }
}

fn sums() -> Sums {
    Sums {
        sales: 37,
        refunds: 1,
        due: Fen(500_000),
        discount: Fen(560),
        rounding: Fen(5),
        tenders: BTreeMap::from([("cash".into(), Fen(123_400)), ("wechat".into(), Fen(376_600))]),
        taxes: BTreeMap::from([
            ("EX".into(), (Fen(400_000), Fen(0))),
            ("V9".into(), (Fen(91_743), Fen(8_257))),
        ]),
    }
}

fn shift() -> (ShiftOpened, ShiftClosed) {
    let id = Id([2; 16]);
    let opened = ShiftOpened { id, no: 41, cashier: "1001".into(), float: Fen(50_000) };
    let closed = ShiftClosed {
        shift: id,
        by: "1001".into(),
        approver: None,
        count: CashCount(BTreeMap::from([(10_000, 7), (100, 32), (5, 0)])),
        counted: Fen(73_200),
        expected: Fen(73_400),
        sums: sums(),
    };
    (opened, closed)
}

/// The paper as it comes out, codes told in brackets.
fn show(blocks: &[Block], paper: Paper) -> Vec<String> {
    let told = render_lines(blocks, paper).into_iter().map(|line| match line {
        Line::Text { text, .. } => text,
        Line::Qr(data) => format!("[QR {data}]"),
        Line::Code128(_) => "[Code128]".to_owned(),
        Line::Feed(lines) => format!("[feed {lines}]"),
        Line::Cut => "[cut]".to_owned(),
    });
    told.collect()
}

#[test]
fn a_receipt_on_58_mm_says_everything_a_customer_needs() {
    let blocks = with_slip(Lang::ZhCn, 0, |slip| sale_receipt(slip, &number(), &sale(), None));
    let expected = "
    田禾鲜市
            人民路店
       临海市人民路 18 号
       电话 0576-1234567
--------------------------------
2026-11-21 09:30        收银机 2
收银员                 李梅 1001
单号     TH01-2-20261121-0812-a7
--------------------------------
品名/数量         单价      金额
西红柿
  0.328 kg   5.98/500g      3.92
韭菜
  约0.760 kg 6.50/500g      9.88
  原价       7.00/500g
  优惠                     -0.60
五常大米 5kg
  2 袋        32.90/袋     65.80
  优惠                     -5.00
--------------------------------
件数                           4
合计                       79.60
优惠                       -5.60
抹零                       -0.05
应收                     ￥73.95
微信                       20.00
  参考号 4200001
现金                      100.00
实收                      120.00
找零                       46.05
--------------------------------
 购物凭证，非发票；凭此小票开票
[QR TH01-2-20261121-0812-a7]
    TH01-2-20261121-0812-a7
            谢谢惠顾
[feed 1]
[cut]";
    assert_eq!(show(&blocks, Paper::Mm58).join("\n"), expected.trim_start_matches('\n'));
}

#[test]
fn a_receipt_on_80_mm_in_english_has_a_bar_code_and_the_invoice_link() {
    let invoice = InvoiceLink { url: "https://fp.example/c/a7".into(), code: "K3-88".into() };
    let blocks = with_slip(Lang::En, 0, |slip| sale_receipt(slip, &number(), &sale(), Some(&invoice)));
    let told = show(&blocks, Paper::Mm80);
    for line in [
        "To pay                                   ￥73.95",
        "WeChat Pay                                 20.00",
        "Change                                     46.05",
        "  ca. 0.760 kg               6.50/500g      9.88",
        "[QR https://fp.example/c/a7]",
        "               Invoice code K3-88",
        "[Code128]",
    ] {
        assert!(told.iter().any(|told| told == line), "{line:?} in {told:#?}");
    }
}

#[test]
fn a_reprint_says_so_and_an_original_does_not() {
    for (copy, lang, mark) in [
        (0, Lang::ZhCn, None),
        (2, Lang::ZhCn, Some("*** 补打第 2 次 ***")),
        (1, Lang::En, Some("*** REPRINT NO. 1 ***")),
    ] {
        let told =
            with_slip(lang, copy, |slip| show(&sale_receipt(slip, &number(), &sale(), None), Paper::Mm80));
        let found = told.iter().map(|line| line.trim()).find(|line| line.starts_with("***"));
        assert_eq!(found, mark);
    }
}

#[test]
fn a_refund_has_its_heading_the_sale_it_cites_and_lines_to_sign() {
    let of_sale = |offline| {
        let number = "TH01-2-20261121-0812-a7".into();
        Origin::Sale { sale: Id([1; 16]), number, reservation: None, offline }
    };
    let told = with_slip(Lang::ZhCn, 0, |slip| {
        show(&refund_slip(slip, &number(), &refund(of_sale(false))), Paper::Mm58)
    });
    let from = told.iter().position(|line| line.contains("退货单")).unwrap();
    let expected = "
     退货单
--------------------------------
2026-11-21 09:30        收银机 2
收银员                 李梅 1001
单号     TH01-2-20261121-0812-a7
原单号   TH01-2-20261121-0812-a7
批准人                      2001
--------------------------------
韭菜
  0.760 kg        报损      9.28
--------------------------------
应退                      ￥9.28
现金                        9.28
[feed 1]
顾客签名    ____________________
[feed 1]
收银员签名  ____________________
[feed 1]
主管签名    ____________________
[feed 1]
[QR TH01-2-20261121-0812-a7]
    TH01-2-20261121-0812-a7
[feed 1]
[cut]";
    assert_eq!(told[from..].join("\n"), expected.trim_start_matches('\n'));

    for unverified in
        [Origin::Cited { number: "TH01-1-20261120-0009-3c".into(), reservation: None }, of_sale(true)]
    {
        let told = with_slip(Lang::ZhCn, 0, |slip| {
            show(&refund_slip(slip, &number(), &refund(unverified)), Paper::Mm58)
        });
        assert!(told.iter().any(|line| line.trim() == "离线退货，原单由总部核对"), "{told:#?}");
    }
    let mut last = refund(of_sale(false));
    last.lines[0].quantity = last.lines[0].quantity.with_number(0);
    let told = with_slip(Lang::ZhCn, 0, |slip| squeezed(&refund_slip(slip, &number(), &last)));
    assert!(told.contains(&"补付前次抹零 9.28".to_owned()), "{told:#?}");
}

/// A paper's lines with their blanks squeezed, for rows whose columns other tests have shown.
fn squeezed(blocks: &[Block]) -> Vec<String> {
    let lines = show(blocks, Paper::Mm58);
    lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_blind_shift_slip_hides_what_the_drawer_should_hold() {
    let (opened, closed) = shift();
    let told =
        |blind| with_slip(Lang::ZhCn, 0, |slip| squeezed(&shift_slip(slip, AT_MS, &opened, &closed, blind)));
    let (blind, full) = (told(true), told(false));
    let counted = ["100.00 × 7 700.00", "1.00 × 32 32.00", "实点 732.00", "微信 3766.00", "销售笔数 37"];
    let expected = [
        "备用金 500.00",
        "缴款与追加 -1000.00",
        "应有 734.00",
        "长短款 -2.00",
        "现金 1234.00",
        "净收款 ￥5000.00",
    ];
    for line in counted {
        assert!(blind.iter().any(|told| told == line), "{line} in {blind:#?}");
        assert!(full.iter().any(|told| told == line), "{line} in {full:#?}");
    }
    for line in expected {
        let figure = line.rsplit([' ', '￥']).next().unwrap();
        assert!(!blind.iter().any(|told| told.contains(figure)), "{figure} in {blind:#?}");
        assert!(full.iter().any(|told| told == line), "{line} in {full:#?}");
    }
    assert!(!full.iter().any(|told| told.starts_with("0.05")), "nothing was counted of it: {full:#?}");
}

#[test]
fn the_days_slip_lists_takings_and_taxes() {
    let closed = DayClosed { date: 20_261_121, by: "2001".into(), last_number: 812, sums: sums() };
    let told = |blind| with_slip(Lang::ZhCn, 0, |slip| squeezed(&day_slip(slip, &closed, blind)));
    let (full, blind) = (told(false), told(true));
    for line in ["营业日 2026-11-21", "末单号 812", "V9 917.43 82.57", "现金 1234.00", "净收款 ￥5000.00"]
    {
        assert!(full.iter().any(|told| told == line), "{line} in {full:#?}");
    }
    // A cashier who closes the day has counted blind, and stays blind.
    for figure in ["1234.00", "5000.00", "917.43"] {
        assert!(!blind.iter().any(|told| told.contains(figure)), "{figure} in {blind:#?}");
    }
    assert!(blind.iter().any(|told| told == "微信 3766.00"), "{blind:#?}");
}

#[test]
fn a_movement_of_cash_and_an_audit_have_their_own_headings() {
    let id = Id([4; 16]);
    for (kind, heading) in
        [(CashMove::Drop, "缴款单"), (CashMove::Exchange, "换零单"), (CashMove::AddFloat, "备用金追加单")]
    {
        let moved = CashMoved {
            id,
            shift: id,
            kind,
            amount: Fen(100_000),
            by: "1001".into(),
            approver: Some("2001".into()),
        };
        let told =
            with_slip(Lang::ZhCn, 0, |slip| show(&cash_slip(slip, 41, &moved), Paper::Mm58).join("\n"));
        assert!(told.contains(heading) && told.contains("￥1000.00"), "{told}");
    }
    let audit = ShiftAudited {
        shift: id,
        count: CashCount::default(),
        counted: Fen(100),
        expected: Fen(90),
        by: "2001".into(),
        cashier: None,
    };
    let told = with_slip(Lang::En, 0, |slip| {
        show(&audit_slip(slip, 41, &audit, "Wang 2001"), Paper::Mm80).join("\n")
    });
    assert!(told.contains("DRAWER AUDIT") && told.contains("0.10") && told.contains("Wang 2001"), "{told}");
}

#[test]
fn no_paper_has_a_line_wider_than_it_is_in_either_language() {
    let (opened, closed) = shift();
    for (lang, paper) in [
        (Lang::ZhCn, Paper::Mm58),
        (Lang::ZhCn, Paper::Mm80),
        (Lang::En, Paper::Mm58),
        (Lang::En, Paper::Mm80),
    ] {
        let blocks = with_slip(lang, 1, |slip| {
            [
                sale_receipt(slip, &number(), &sale(), None),
                shift_slip(slip, AT_MS, &opened, &closed, false),
                test_page(slip),
            ]
            .concat()
        });
        for line in render_lines(&blocks, paper) {
            if let Line::Text { text, style } = line {
                let scale = if style.size == Size::Big { 2 } else { 1 };
                assert!(columns(&text) * scale <= paper.columns(), "{text}");
            }
        }
    }
}
