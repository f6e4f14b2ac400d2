//! From a scanned barcode to its line: look-up, price, basket and the picture the screen gets; and the durable save behind it.

use std::sync::mpsc::channel;
use std::time::Instant;

use suanpan_contract::pos::{Command, Found};
use suanpan_tests::rig::Rig;

use crate::history::{assortment, gtin};

/// Lines of a basket before it is paid.
const LINES: usize = 40;

/// What was measured.
pub(crate) struct Measured {
    /// Milliseconds from each scan to its line.
    pub(crate) scan_ms: Vec<f64>,
    /// Milliseconds from each line until the disk has it.
    pub(crate) save_ms: Vec<f64>,
    /// Milliseconds of a bare durable write of 4 KiB.
    pub(crate) bare_ms: Vec<f64>,
}

/// Scans `scans` barcodes at a till with `items` items, forty to a basket.
pub(crate) fn measure(items: usize, scans: usize) -> Measured {
    let mut rig = Rig::stopped(&assortment(items), None);
    rig.start();
    rig.open_shift();
    wait_for_index(&rig);
    let (mut scan_ms, mut save_ms) = (Vec::with_capacity(scans), Vec::with_capacity(scans));
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    for scan in 0..scans {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let text = gtin((dice >> 33) as usize % items);
        let start = Instant::now();
        let reply = rig.send(Command::Scan { text });
        scan_ms.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        rig.till().settle();
        save_ms.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(reply.view.basket.lines.len(), scan % LINES + 1, "{:?}", reply.view.message);
        if scan % LINES + 1 == LINES {
            rig.send(Command::Tender { tender: "cash".into(), amount_fen: None, reference: None });
            // One customer goes and the next one comes: the till tidies up meanwhile.
            rig.till().look_after();
        }
    }
    Measured { scan_ms, save_ms, bare_ms: super::disk::syncs(rig.dir.path(), 2_000) }
}

/// The index is built once, beside the first sales: what it takes then is in the figure of the start.
fn wait_for_index(rig: &Rig) {
    let (told, heard) = channel();
    rig.till().on_change(move |_| _ = told.send(()));
    let query = || Command::Search { query: "shangpin".into() };
    while rig
        .found(query())
        .is_none_or(|found| matches!(found, Found::Items { items, .. } if items.is_empty()))
    {
        heard.recv().expect("the till runs");
    }
}
