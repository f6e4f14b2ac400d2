//! What devices and hands say at a counter.

use suanpan_devices::simulators::PaperParser;
use suanpan_devices::{Frame, WEIGHT_G_MAX, parse_frame};
use suanpan_domain::barcode::{Scan, classify};
use suanpan_domain::calendar;
use suanpan_domain::catalogue::{LabelLayout, SoldBy};
use suanpan_domain::ids::{DocumentNumber, EntryRef, Id};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::receipt::Paper;
use suanpan_journal::{Hash, SegmentId, SiteCode, VerifyingKey};
use suanpan_sync::{Scope, normal_code};

use crate::target::{Target, unhex};

pub(crate) const TARGETS: [Target; 5] = [
    Target { name: "scan", seeds: scans, run: scan },
    Target { name: "label-layout", seeds: layouts, run: layout },
    Target { name: "scale-frame", seeds: frames, run: frame },
    Target { name: "paper", seeds: papers, run: paper },
    Target { name: "names", seeds: names, run: name },
];

fn scans() -> Vec<Vec<u8>> {
    [
        "6990000502014",
        "200101001234001234",
        "2001010012340",
        "0106990000502014310300032810ABC\u{1d}17261231",
        "]C1016990000502014",
        "SP1:04040404040404040404040404040404:812",
        "TH01-2-20261121-0812-a7",
        "134567890123456789",
        "菠菜",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn sample_layouts() -> Vec<LabelLayout> {
    let text = include_str!("../../../sync-server/sample/label_layouts.json");
    serde_json::from_str(text).expect("layouts")
}

const PRICES: [i64; 4] = [0, 1, 400, i64::MAX];

fn ring(scan: Scan) -> String {
    if let Scan::Label(label) = &scan {
        for (fen, sold_by) in PRICES.into_iter().flat_map(|fen| [(fen, SoldBy::Weight), (fen, SoldBy::Piece)])
        {
            for per in [Per::Jin, Per::Kilogram, Per::Piece] {
                let _ = label.goods(sold_by, Price { fen: Fen(fen), per });
            }
        }
    }
    format!("{scan:?}").split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}

fn scan(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    ring(classify(&text, &sample_layouts()))
}

fn layouts() -> Vec<Vec<u8>> {
    sample_layouts().iter().map(|it| serde_json::to_vec(it).expect("a layout")).collect()
}

/// A layout that HQ publishes: one that is found good composes labels, and reads what it composed.
fn layout(bytes: &[u8]) -> String {
    let Ok(layout) = serde_json::from_slice::<LabelLayout>(bytes) else { return "none".to_owned() };
    let is_valid = layout.validate();
    for (plu, number, fen) in [("10101", 328, 262), ("0", 0, 0), ("99999", i64::MAX, i64::MAX), ("x", -1, -1)]
    {
        if let Some(text) = layout.compose(plu, number, Fen(fen)) {
            ring(classify(&text, std::slice::from_ref(&layout)));
        }
    }
    format!("{is_valid:?}")
}

fn frames() -> Vec<Vec<u8>> {
    ["ST,GS,  0.328 kg", "US,NT,-12.5 g", "OL,GS,", "ST,GS,+000001kg"]
        .map(|it| it.as_bytes().to_vec())
        .to_vec()
}

fn frame(bytes: &[u8]) -> String {
    match parse_frame(bytes) {
        Ok(Frame::Weight { grams, stable, net }) => {
            assert!(grams.unsigned_abs() <= WEIGHT_G_MAX.unsigned_abs(), "{grams}");
            format!("{} {stable} {net}", grams.signum())
        }
        other => format!("{other:?}"),
    }
}

fn papers() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/devices/tests/golden");
    let files = std::fs::read_dir(folder).expect("papers").map(|file| file.expect("a file").path());
    let mut seeds: Vec<Vec<u8>> =
        files.map(|path| unhex(&std::fs::read_to_string(path).expect("hex"))).collect();
    seeds.push(b"\x1b@\x1c&\x1ba\x01\xcc\xec\n\x1d!\x11 12.34\n\x1d(k\x03\x001A2\x10\x04\x01\x1bp\x00\x19\xfa\x1dV\x42\x00".to_vec());
    seeds
}

fn paper(bytes: &[u8]) -> String {
    let mut kinds = String::new();
    for paper in [Paper::Mm58, Paper::Mm80] {
        let mut whole = PaperParser::new(paper);
        whole.push(bytes);
        let printed = whole.run();
        // Bytes come in pieces of any size.
        let mut parts = PaperParser::new(paper);
        let mut pieces = Vec::new();
        for part in bytes.chunks(7) {
            parts.push(part);
            pieces.extend(parts.run());
        }
        assert_eq!(format!("{printed:?}"), format!("{pieces:?}"), "the same in pieces");
        kinds = format!("{} {}", printed.len().min(20), whole.faults().len().min(5));
    }
    kinds
}

fn names() -> Vec<Vec<u8>> {
    let key = suanpan_journal::SigningKey::from_seed(&[1; 32]).public().to_string();
    let ids = [
        "TH01-2-20261121-0812-a7",
        "SP1:04040404040404040404040404040404:812",
        "2026-11-21",
        "site:HT01",
        "zone:SOUTH",
    ];
    let mut seeds: Vec<Vec<u8>> = ids.map(|it| it.as_bytes().to_vec()).to_vec();
    seeds.extend([key, "04".repeat(16), "ABCDE-FGHJK".to_owned()].map(String::into_bytes));
    seeds.push(Id([9; 16]).to_string().into_bytes());
    seeds
}

/// Every short text that is read: what is read is written, and read again as the same.
fn name(bytes: &[u8]) -> String {
    fn one<T: std::str::FromStr + ToString + PartialEq>(text: &str) -> bool {
        let Ok(read) = text.parse::<T>() else { return false };
        assert!(read.to_string().parse::<T>().is_ok_and(|again| again == read), "{text}");
        true
    }
    let text = &*String::from_utf8_lossy(bytes);
    let codes = normal_code(text);
    assert_eq!(normal_code(&codes), codes, "{text}");
    let date = calendar::parse(text).is_some();
    let read = [one::<Id>(text), one::<DocumentNumber>(text), one::<EntryRef>(text), one::<SiteCode>(text)];
    let also = [one::<Scope>(text), one::<Hash>(text), one::<SegmentId>(text), one::<VerifyingKey>(text)];
    format!("{date} {read:?} {also:?}")
}
