//! From a scanned barcode to its line: look-up, price, basket, the durable save, and the picture the screen gets.

use std::time::Instant;

use serde_json::json;
use suanpan_contract::Command;
use suanpan_domain::barcode::check_digit;
use suanpan_domain::catalogue::Table;
use suanpan_ledger::FeedRow;
use suanpan_tests::catalogue::{row, rows};
use suanpan_tests::rig::Rig;

/// Lines of a basket before it is paid.
const LINES: usize = 40;

/// What was measured.
pub(crate) struct Measured {
    /// Milliseconds of each scan, whole.
    pub(crate) scan_ms: Vec<f64>,
    /// Milliseconds of a bare durable write of 4 KiB beside it: what the disk takes of each.
    pub(crate) save_ms: Vec<f64>,
}

/// Scans `scans` barcodes at a till with `items` items, forty to a basket.
pub(crate) fn measure(items: usize, scans: usize) -> Measured {
    let mut rig = Rig::stopped(&assortment(items), None);
    rig.start();
    rig.open_shift();
    let mut scan_ms = Vec::with_capacity(scans);
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    for scan in 0..scans {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let text = gtin((dice >> 33) as usize % items);
        let start = Instant::now();
        let reply = rig.send(Command::Scan { text });
        scan_ms.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(reply.view.basket.lines.len(), scan % LINES + 1, "{:?}", reply.view.message);
        if scan % LINES + 1 == LINES {
            rig.send(Command::Tender { tender: "cash".into(), amount_fen: None, reference: None });
        }
    }
    Measured { scan_ms, save_ms: super::disk::syncs(rig.dir.path(), 2_000) }
}

fn assortment(items: usize) -> Vec<FeedRow> {
    let mut all = rows();
    let mut version = all.len() as u64;
    for number in 0..items {
        let code = format!("{:06}", 200_000 + number);
        let item = json!({"code": code, "name": format!("商品{number}"), "sold_by": "piece", "unit": "袋", "tax": "V13",
            "barcodes": [{"code": gtin(number)}]});
        for (table, body) in [(Table::Item, item), (Table::Price, json!({"fen": 100 + number % 900, "per": "pc"}))] {
            version += 1;
            all.push(row(table, &code, version, Some(&body)));
        }
    }
    all
}

fn gtin(number: usize) -> String {
    let digits = format!("69{number:010}");
    let check = check_digit(&digits);
    format!("{digits}{}", check.unwrap_or(0))
}
