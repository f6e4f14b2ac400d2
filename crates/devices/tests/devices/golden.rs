//! The exact bytes of a job, so that a change to them is seen, and their meaning read back by the simulator.
//!
//! `GOLDEN_WRITE=1` writes the files anew.

use std::path::Path;

use crate::support::{bytes, everything, receipt};
use suanpan_devices::simulators::{PaperParser, Printed};
use suanpan_devices::{DrawerPin, job_bytes};
use suanpan_domain::receipt::{Block, Line, Paper, Run, Style, render_lines};

fn check(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let told: String = bytes
        .chunks(24)
        .map(|row| row.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ") + "\n")
        .collect();
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(&path).unwrap(), "{name}");
}

fn read_back(bytes: &[u8], paper: Paper) -> Vec<Printed> {
    let mut parser = PaperParser::new(paper);
    parser.push(bytes);
    let printed = parser.run();
    assert_eq!(parser.faults(), Vec::<String>::new());
    printed
}

#[test]
fn one_of_everything_keeps_its_bytes_on_both_papers() {
    for (name, paper) in [("everything_58.hex", Paper::Mm58), ("everything_80.hex", Paper::Mm80)] {
        let bytes = job_bytes(&render_lines(&everything(), paper), Some(DrawerPin::Two)).unwrap();
        check(name, &bytes);
        let printed = read_back(&bytes, paper);
        assert_eq!(printed.first(), Some(&Printed::Drawer { pin: 2 }), "the drawer goes first");
        assert_eq!(printed.last(), Some(&Printed::Cut));
    }
}

#[test]
fn a_sales_receipt_keeps_its_bytes_on_both_papers() {
    for (name, paper) in [("receipt_58.hex", Paper::Mm58), ("receipt_80.hex", Paper::Mm80)] {
        let bytes = bytes(&receipt(), paper);
        check(name, &bytes);
        let printed = read_back(&bytes, paper);
        let due = Printed::Row {
            text: format!("应收{}￥10.70", " ".repeat(paper.columns() - 11)),
            bold: true,
            scale: (1, 2),
        };
        assert!(printed.contains(&due), "{printed:#?}");
    }
}

#[test]
fn what_the_printer_reads_is_what_the_preview_shows() {
    let blocks: Vec<Block> = everything()
        .into_iter()
        .filter(|block| !matches!(block, Block::Text { text, .. } if text.contains('㐂')))
        .collect();
    for paper in [Paper::Mm58, Paper::Mm80] {
        let lines = render_lines(&blocks, paper);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| match line {
                Line::Text { text, .. } => text.clone(),
                Line::Qr(data) => format!("QR {data}"),
                Line::Code128(_) => "Code128".to_owned(),
                Line::Feed(lines) => format!("feed {lines}"),
                Line::Cut => "cut".to_owned(),
            })
            .collect();
        let read: Vec<_> = read_back(&bytes(&blocks, paper), paper)
            .into_iter()
            .map(|printed| match printed {
                Printed::Row { text, .. } => text,
                Printed::Qr(data) => format!("QR {data}"),
                Printed::Code128(number) => {
                    assert_eq!(number, "TH01-2-20230616-0812-a7");
                    "Code128".to_owned()
                }
                Printed::Feed(lines) => format!("feed {lines}"),
                Printed::Cut => "cut".to_owned(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(read, shown);
    }
}

#[test]
fn a_job_starts_with_initialisation_and_chinese_mode_then_the_drawer() {
    let start = [0x1b, 0x40, 0x1c, 0x26];
    assert_eq!(job_bytes(&[], None), Ok(start.to_vec()));
    let kick = |pin, m| {
        assert_eq!(job_bytes(&[], Some(pin)), Ok([&start[..], &[0x1b, 0x70, m, 0x19, 0xfa]].concat()));
    };
    kick(DrawerPin::Two, 0);
    kick(DrawerPin::Five, 1);
}

#[test]
fn rare_characters_become_a_known_form_or_a_mark_and_never_four_bytes() {
    let row = |text: &str| match read_back(&bytes(&[Block::text(text)], Paper::Mm80), Paper::Mm80).as_slice()
    {
        [Printed::Row { text, .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(row("𩽾𩾌鱼"), "鮟鱇鱼");
    assert_eq!(row("㐂记 🍅 한"), "〓记 〓 〓");
    assert_eq!(row("¥3 ￥3"), "￥3 ￥3");
    assert_eq!(row("Café“好”"), "Cafe“好”");
    let yuan = bytes(&[Block::text("￥")], Paper::Mm80);
    assert!(yuan.ends_with(&[0xa3, 0xa4, b'\n']), "{yuan:02x?}");
}

#[test]
fn a_name_with_commands_in_it_prints_as_text() {
    let name = "苹果\u{1b}p\u{0}\u{19}\u{fa}\u{10}\u{14}\u{1}\u{0}\u{1}\u{1d}V\u{0}";
    let printed = read_back(&bytes(&[Block::pair(name, "1.00")], Paper::Mm58), Paper::Mm58);
    assert!(matches!(printed.as_slice(), [Printed::Row { .. }]), "{printed:?}");
}

#[test]
fn style_is_reset_after_the_last_line_and_size_counts_columns() {
    let blocks = [Block::centre("退货单", Style::BIG), Block::text("x")];
    let printed = read_back(&bytes(&blocks, Paper::Mm58), Paper::Mm58);
    let row = |text: &str, bold, scale| Printed::Row { text: text.into(), bold, scale };
    assert_eq!(printed, [row("     退货单", true, (2, 2)), row("x", false, (1, 1))]);
    let end = bytes(&[Block::centre("退货单", Style::BIG)], Paper::Mm58);
    assert!(end.ends_with(&[0x1b, 0x45, 0, 0x1d, 0x21, 0]), "{end:02x?}");
}

#[test]
fn a_bar_code_reads_back_with_its_braces_and_odd_digits() {
    for number in ["TH01-2-20230616-0812-a7", "{12345}", "A-160412", "1"] {
        let printed = read_back(&bytes(&[Block::Code128(number.into())], Paper::Mm80), Paper::Mm80);
        assert_eq!(printed, [Printed::Code128(number.into())]);
    }
}

#[test]
fn a_line_beyond_the_commands_is_refused_not_garbled() {
    for run in [Run::B("x".repeat(300)), Run::B("\u{1b}".into()), Run::C("1x".into())] {
        assert!(job_bytes(&[Line::Code128(vec![run])], None).is_err());
    }
    assert!(job_bytes(&[Line::Qr("x".repeat(8_000))], None).is_err());
}

#[test]
fn the_simulator_refuses_what_a_printer_would_garble() {
    for (bytes, fault) in [
        (&b"\x1b@\xce\xf7\n"[..], "outside Chinese mode"),
        (b"\x1b@\x1c&\x81\x30\x81\x30\n", "four-byte form"),
        (b"\x1b@\x1cZ", "FS 5a"),
        (b"\x1b@\x1b", "unfinished"),
        (b"\x1b@ab", "without its line feed"),
        (b"\x1d\x6b\x49\x01x", "bar code"),
        (b"\x07", "byte 07"),
        (b"\x1d(k\x03\x001Q0", "without data"),
        (&[b"1".repeat(33).as_slice(), b"\n"].concat(), "wider than the paper"),
    ] {
        let mut parser = PaperParser::new(Paper::Mm58);
        parser.push(bytes);
        parser.run();
        let faults = parser.faults().join("; ");
        assert!(faults.contains(fault), "{bytes:02x?}: {faults}");
    }
}
