//! A damaged ledger: from the start of the program's parts to the first sale, and until all that can be read is there.

use std::path::Path;
use std::time::Instant;

use suanpan_contract::pos::Command;
use suanpan_ledger::Options;
use suanpan_station::pos::{StationConfig, Till};
use suanpan_tests::catalogue::gtin;
use suanpan_tests::rig::cash;

use crate::history;

/// What was measured, in milliseconds from the start.
pub(crate) struct Measured {
    /// Until the till was open.
    pub(crate) open_ms: f64,
    /// Until the first sale was on the disk.
    pub(crate) sale_ms: f64,
    /// Until every entry was there.
    pub(crate) whole_ms: f64,
    /// Milliseconds of each sale's commit meanwhile.
    pub(crate) pay_ms: Vec<f64>,
}

/// Damages the header of a ledger of `sales` sales, and sells while the till brings them back.
pub(crate) fn measure(dir: &Path, sales: u32) -> Measured {
    history::write(dir, sales, 0);
    let file = dir.join("ledger.db");
    let mut bytes = std::fs::read(&file).expect("the ledger");
    bytes[3] ^= 2;
    std::fs::write(&file, bytes).expect("damage");
    let ledger = Options { reserve_bytes: 0, ..Options::default() };
    let config = StationConfig { ledger, with_devices: false, with_sync: false, ..StationConfig::new(dir) };
    let started = Instant::now();
    let since = || started.elapsed().as_secs_f64() * 1e3;
    let till = Till::start(config).expect("the till starts");
    let open_ms = since();
    till.dispatch(Command::SignIn { staff: "1101".into(), pin: "3141".into(), relieve: false });
    till.dispatch(Command::OpenShift { float_fen: 30_000 });
    let mut pay_ms = vec![sell(&till)];
    let sale_ms = since();
    while till.view().status.to_come.is_some() {
        pay_ms.push(sell(&till));
    }
    Measured { open_ms, sale_ms, whole_ms: since(), pay_ms }
}

/// Rings a bag of rice, and gives the milliseconds that its payment took.
fn sell(till: &Till) -> f64 {
    till.dispatch(Command::Scan { text: gtin("690000000001") });
    let started = Instant::now();
    let view = till.dispatch(cash(None)).view;
    assert!(view.closed.is_some(), "{:?}", view.message);
    started.elapsed().as_secs_f64() * 1e3
}
