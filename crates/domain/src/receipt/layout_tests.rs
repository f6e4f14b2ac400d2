use super::*;
use proptest::prelude::*;

fn check(block: Block, paper: Paper, expected: &[&str]) {
    let lines = render_lines(std::slice::from_ref(&block), paper);
    let texts: Vec<_> = lines
        .iter()
        .map(|line| match line {
            Line::Text { text, .. } => text.as_str(),
            other => panic!("{other:?} from {block:?}"),
        })
        .collect();
    assert_eq!(texts, expected, "{block:?}");
}

#[test]
fn a_row_keeps_money_at_the_right_edge_of_either_paper() {
    check(Block::pair("合计", "12.30"), Paper::Mm58, &["合计                       12.30"]);
    check(Block::pair("合计", "12.30"), Paper::Mm80, &["合计                                       12.30"]);
    check(Block::row("  0.328 kg", "5.98/500g", "3.92"), Paper::Mm58, &["  0.328 kg   5.98/500g      3.92"]);
    check(Block::pair("", "3.92"), Paper::Mm58, &["                            3.92"]);
    check(Block::pair("", ""), Paper::Mm58, &[""]);
}

#[test]
fn a_long_name_wraps_above_its_money_and_never_cuts_it() {
    check(
        Block::pair("特级有机西红柿普罗旺斯品种山东寿光产", "1234567.89"),
        Paper::Mm58,
        &["特级有机西红柿普罗旺斯品种山东寿", "光产                  1234567.89"],
    );
    check(
        Block::row("abcdefghijklmnopqrst", "99.99/500g", "-100.00"),
        Paper::Mm58,
        &["abcdefghijklmnopqrst", "            99.99/500g   -100.00"],
    );
    check(
        Block::row("a", "123456789012345678901234567890", "1.00"),
        Paper::Mm58,
        &["a", "  123456789012345678901234567890", "                            1.00"],
    );
    let forty = "1234567890".repeat(4);
    check(
        Block::pair("合计", forty),
        Paper::Mm58,
        &["合计", "12345678901234567890123456789012", "                        34567890"],
    );
}

#[test]
fn a_big_heading_holds_half_the_columns() {
    check(Block::centre("退货单", Style::BIG), Paper::Mm58, &["     退货单"]);
    check(Block::centre("退货单", Style::TALL), Paper::Mm58, &["             退货单"]);
    check(Block::centre("一二三四五六七八九", Style::BIG), Paper::Mm58, &["一二三四五六七八", "       九"]);
}

#[test]
fn a_bar_code_too_wide_for_the_paper_becomes_a_qr_code_with_its_text() {
    let number = "101-02-20261121-0012-7F";
    let narrow = render_lines(&[Block::Code128(number.into())], Paper::Mm58);
    assert_eq!(
        narrow,
        [Line::Qr(number.into()), Line::Text { text: format!("    {number}"), style: Style::NORMAL },]
    );
    let wide = render_lines(&[Block::Code128(number.into())], Paper::Mm80);
    assert!(matches!(wide.as_slice(), [Line::Code128(_)]), "{wide:?}");
    let codes = |lines: &[Line]| lines.iter().filter_map(Line::code).collect::<Vec<_>>();
    assert_eq!((codes(&narrow), codes(&wide)), (vec![number.to_owned()], vec![number.to_owned()]));
}

#[test]
fn a_code_nothing_can_hold_is_told_as_text() {
    check(Block::Qr("x".repeat(QR_LEN_MAX + 1)), Paper::Mm58, &["xxxxxxxxxxxxxxxx"]);
    check(Block::Qr("a\u{1d}b".into()), Paper::Mm58, &["ab"]);
}

proptest! {
    #[test]
    fn no_row_is_wider_than_its_paper_and_no_digit_of_money_is_lost(
        left in "[a-z西红柿 ]{0,40}", middle in "[0-9/g.]{0,20}", right in "-?[0-9]{1,14}\\.[0-9]{2}",
        narrow in any::<bool>(), big in any::<bool>(),
    ) {
        let paper = if narrow { Paper::Mm58 } else { Paper::Mm80 };
        let style = if big { Style::BIG } else { Style::NORMAL };
        let row = Block::row(left, middle, right.clone()).styled(style);
        let lines = render_lines(&[row], paper);
        let width = if big { paper.columns() / 2 } else { paper.columns() };
        let mut told = String::new();
        for line in &lines {
            let Line::Text { text, .. } = line else { panic!("{line:?}") };
            prop_assert!(columns(text) <= width);
            told.push_str(text.trim_start());
        }
        prop_assert!(told.ends_with(&right));
    }
}
