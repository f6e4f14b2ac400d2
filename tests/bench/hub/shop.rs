//! What a chain sells, published at its hub, and a till of the sample chain that sells it: the whole station but for its
//! window.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use suanpan_contract::pos::{Command, Screen, TillView};
use suanpan_domain::catalogue::Table;
use suanpan_ledger::Options;
use suanpan_station::pos::{StationConfig, Till};
use suanpan_sync::{FeedChange, Scope};
use suanpan_tests::catalogue::gtin;
use sync_server::RunningHub;
use sync_server::store::NewRow;

/// Rows published at once: a transaction of some seconds.
const ROWS_AT_ONCE: u32 = 100_000;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// Publishes so many items, each with its barcode and its price.
pub(crate) async fn publish_items(hub: &RunningHub, items: u32) {
    for from in (0..items).step_by(ROWS_AT_ONCE as usize) {
        let numbers = from..items.min(from.saturating_add(ROWS_AT_ONCE));
        let rows = numbers.flat_map(|n| [item(n), price(n, 500)]).collect();
        publish(hub, rows).await;
    }
}

/// Publishes rows; gives how many were news.
pub(crate) async fn publish(hub: &RunningHub, rows: Vec<NewRow>) -> u64 {
    hub.hub().store().publish(rows).await.expect("published")
}

/// The barcode of the nth item.
pub(crate) fn barcode(n: u32) -> String {
    gtin(&format!("695{:09}", u64::from(n) * 7_919 % 999_999_937))
}

fn code(n: u32) -> String {
    format!("7{n:07}")
}

fn item(n: u32) -> NewRow {
    let body = json!({"code": code(n), "name": format!("本地特产 {n} 号"), "category": "特产", "sold_by": "piece",
        "unit": "袋", "barcodes": [{"code": barcode(n)}], "tax": "EX", "origin": "江城", "trade_mode": "自营"});
    row(Table::Item, n, &body)
}

/// A price of the nth item.
pub(crate) fn price(n: u32, fen: i64) -> NewRow {
    row(Table::Price, n, &json!({"fen": fen, "per": "pc"}))
}

fn row(table: Table, n: u32, body: &Value) -> NewRow {
    NewRow {
        scope: Scope::Chain,
        table: table.name().to_owned(),
        key: code(n),
        effective_at_ms: 0,
        change: FeedChange::Put { body: body.to_string() },
    }
}

/// A till at work, and its news.
pub(crate) struct Counter {
    till: Till,
    news: Receiver<()>,
}

impl Counter {
    /// Enrols a new till, signs in as soon as it can, and opens a shift.
    pub(crate) fn open(folder: &Path, hub_url: &str, enrol_code: &str) -> Counter {
        let till = Till::start(StationConfig {
            ledger: Options { reserve_bytes: 0, ..Options::default() },
            with_devices: false,
            ..StationConfig::new(folder)
        });
        let till = till.expect("a till");
        let (told, news) = channel();
        till.on_change(move |_| {
            // A counter that closed hears nothing more.
            let _ = told.send(());
        });
        let counter = Counter { till, news };
        counter.does(Command::Enrol { hub_url: hub_url.to_owned(), code: enrol_code.to_owned() });
        while counter.till.view().screen != Screen::SignIn {
            counter.wait();
        }
        counter.does(Command::SignIn { staff: "1101".into(), pin: "3141".into(), relieve: false });
        counter.does(Command::OpenShift { float_fen: 20_000 });
        assert_eq!(counter.till.view().screen, Screen::Selling);
        counter
    }

    fn does(&self, command: Command) -> TillView {
        self.till.dispatch(command).view
    }

    fn wait(&self) {
        self.news.recv_timeout(PATIENCE).expect("news of the till");
    }

    /// What the nth item costs here, looked up by a scan.
    pub(crate) fn price(&self, n: u32) -> Option<i64> {
        let view = self.does(Command::Scan { text: barcode(n) });
        let fen = view.basket.lines.first().map(|line| line.amount_fen);
        self.does(Command::RemoveLine { line: None });
        fen
    }

    /// Returns when the nth item costs this.
    pub(crate) fn until_price(&self, n: u32, fen: i64) {
        while self.price(n) != Some(fen) {
            self.wait();
        }
    }
}
