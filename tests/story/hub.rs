//! A till and its hub, the hub in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use suanpan_contract::pos::{Command, Found, Prompt, RefundableSale, Screen, TillView};
use suanpan_contract::{Code, NetworkView};
use suanpan_station::pos::Till;
use suanpan_sync::{FeedChange, Scope};
use suanpan_tests::rig::{MORNING_MS, Rig, cash};
use sync_server::access::Reach;
use sync_server::store::{Decided, Lost, LostChoice, LostDecision, NewRow, OfflineRefund, ReportFilter};
use sync_server::{Config, Hub, RunningHub, Tls};
use tokio::runtime::Runtime;

/// Longer than any of it takes; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at the hub until a receipt that it has received is in its figures.
const LOOKS_MAX: u32 = 2_000;

/// Looks for what comes after a till's pause of up to half a minute.
const LOOKS_LONG_MAX: u32 = 500_000;

/// The sample chain's hub; it comes back at its old address.
pub(crate) struct Chain {
    runtime: Runtime,
    config: Config,
    running: Option<RunningHub>,
    url: String,
    _folder: tempfile::TempDir,
}

impl Chain {
    pub(crate) fn new() -> Chain {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime");
        let mut config = Config::embedded(folder.path());
        let sample: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/sample");
        let running = runtime.block_on(async {
            let hub = Hub::open(config.clone()).expect("a hub");
            hub.import(&sample).await.expect("the sample chain");
            hub.serve().await.expect("a port")
        });
        let url = running.url().to_owned();
        config.listen = address(&url);
        Chain { runtime, config, running: Some(running), url, _folder: folder }
    }

    fn enrol_code(&self, till: u16) -> String {
        let hub = self.running.as_ref().expect("the hub runs").hub();
        let site = "HT01".parse().expect("a site");
        self.runtime.block_on(hub.enrol_code(&site, till)).expect("a code")
    }

    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// What HQ's page reports as wrong, once it is as wanted.
    pub(crate) fn problems(&self, wanted: impl Fn(&str) -> bool) -> String {
        let store = self.running.as_ref().expect("the hub runs").hub().store();
        let mut problems = String::new();
        for _ in 0..LOOKS_MAX {
            let today = self
                .runtime
                .block_on(store.today(
                    sync_server::access::Reach::whole_chain(),
                    Some(20261121),
                    MORNING_MS,
                    0,
                ))
                .expect("figures");
            problems = serde_json::to_string(&today.problems).expect("problems");
            if wanted(&problems) {
                break;
            }
        }
        problems
    }

    /// The only refund that HQ is told was paid out offline.
    pub(crate) fn offline_refund(&self) -> OfflineRefund {
        let store = self.running.as_ref().expect("the hub runs").hub().store();
        for _ in 0..LOOKS_LONG_MAX {
            // Dates are by the hub's clock.
            let all =
                ReportFilter { reach: Reach::whole_chain(), till: None, from: 20_200_101, to: 20_991_231 };
            let (mut told, _) = self.runtime.block_on(store.report_offline_refunds(all)).expect("a report");
            assert!(told.len() < 2, "{told:?}");
            if let Some(refund) = told.pop() {
                return refund;
            }
        }
        panic!("HQ is never told");
    }

    /// Publishes a price of 菠菜 for the chain.
    fn price_spinach(&self, fen: u32) {
        let store = self.running.as_ref().expect("the hub runs").hub().store();
        let (scope, table, key) = (Scope::Chain, "price".to_owned(), "10101".to_owned());
        let body = format!("{{\"fen\":{fen},\"per\":\"500g\"}}");
        let row = NewRow { scope, table, key, effective_at_ms: 0, change: FeedChange::Put { body } };
        assert_eq!(self.runtime.block_on(store.publish(vec![row])).expect("published"), 1);
    }

    /// What tills say that the hub lost, once there is something.
    fn lost(&self) -> Lost {
        let store = self.running.as_ref().expect("the hub runs").hub().store();
        for _ in 0..LOOKS_LONG_MAX {
            let lost = self.runtime.block_on(store.lost()).expect("a list");
            if lost.count > 0 {
                return lost;
            }
        }
        panic!("no till says that anything was lost");
    }

    /// Takes the hub back to another time: its database, and nothing of its key.
    fn copy_database(&self, from: &Path, to: &Path) {
        for name in ["hub.db", "hub.db-wal", "hub.db-shm"] {
            let _ = std::fs::remove_file(to.join(name));
            if from.join(name).exists() {
                std::fs::copy(from.join(name), to.join(name)).expect("a copy");
            }
        }
    }

    pub(crate) fn restart(&mut self) {
        self.running = Some(self.runtime.block_on(Hub::start(self.config.clone())).expect("the hub"));
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.stop();
    }
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().expect("an address")
}

/// A till of the sample chain.
pub(crate) struct Shop {
    pub(crate) till: Till,
    changes: Receiver<TillView>,
    rig: Rig,
}

impl Shop {
    /// Enrols, waits for the price list, signs 1101 in and opens a shift.
    pub(crate) fn open(chain: &Chain, number: u16) -> Shop {
        let shop = Shop::start(Rig::unenrolled());
        assert_eq!(shop.till.view().screen, Screen::Enrol);
        shop.send(Command::Enrol { hub_url: chain.url.clone(), code: chain.enrol_code(number) });
        shop.wait(|view| view.screen == Screen::SignIn);
        shop.signs_in();
        shop.send(Command::OpenShift { float_fen: 20_000 });
        shop
    }

    fn start(rig: Rig) -> Shop {
        let till = Till::start(rig.config()).expect("a till");
        let (told, changes) = channel();
        till.on_change(move |view| {
            // A test that has seen enough no longer listens.
            let _ = told.send(view.clone());
        });
        Shop { till, changes, rig }
    }

    fn signs_in(&self) {
        self.send(Command::SignIn { staff: "1101".into(), pin: "3141".into(), relieve: false });
    }

    /// Ends the app where it stands, and starts it again from the files as they are now.
    pub(crate) fn loses_power(self) -> Shop {
        let Shop { till, mut rig, .. } = self;
        till.settle();
        let left = rig.files_now();
        drop(till);
        rig.dir = left;
        let shop = Shop::start(rig);
        shop.signs_in();
        shop
    }

    pub(crate) fn send(&self, command: Command) -> TillView {
        self.till.dispatch(command).view
    }

    /// Sells 328 g of 菠菜 at ¥4.00 for 500 g and a packet of rice; gives the printed number.
    pub(crate) fn sell(&self) -> String {
        self.send(Command::Enter { text: "10101".into() });
        assert!(matches!(self.till.view().prompt, Some(Prompt::Weigh { may_type: true, .. })));
        self.send(Command::TypeWeight { grams: 328 });
        self.send(Command::Scan { text: "6990000502014".into() });
        self.send(cash(None)).closed.expect("a closed sale").number
    }

    /// Looks another till's sale up, until the hub's figures have it.
    pub(crate) fn find(&self, number: &str) -> RefundableSale {
        for _ in 0..LOOKS_MAX {
            match self.till.dispatch(Command::RefundLookup { number: number.to_owned() }).found {
                Some(Found::Sale { sale }) => return sale,
                _ => std::thread::yield_now(),
            }
        }
        panic!("{:?}", self.till.view().message);
    }

    /// Waits until the till's price of 菠菜 is this.
    fn waits_for_price(&self, fen: i64) {
        for _ in 0..LOOKS_LONG_MAX {
            let found = self.till.dispatch(Command::Search { query: "10101".into() }).found;
            let Some(Found::Items { items, .. }) = found else { panic!("{found:?}") };
            if items.first().is_some_and(|item| item.price.as_ref().is_some_and(|price| price.fen == fen)) {
                return;
            }
            std::thread::yield_now();
        }
        panic!("the price never came");
    }

    pub(crate) fn wait(&self, wanted: impl Fn(&TillView) -> bool) -> TillView {
        self.changes.try_iter().for_each(drop);
        let now = self.till.view();
        if wanted(&now) {
            return now;
        }
        loop {
            let view = self.changes.recv_timeout(PATIENCE).expect("the picture never came");
            if wanted(&view) {
                return view;
            }
        }
    }
}

#[test]
fn a_till_sells_on_without_its_hub_and_hq_sees_every_receipt_afterwards() {
    let mut chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    shop.sell();
    shop.wait(|view| view.status.network == NetworkView::Online { received_to: 1, missing: 0 });
    chain.stop();
    shop.sell();
    shop.sell();
    shop.wait(|view| matches!(view.status.network, NetworkView::Offline { held: 2, .. }));
    let message = shop.send(Command::Quit).message.expect("a warning");
    assert_eq!((message.code, message.args["count"].as_str()), (Code::UnsentAtClose, "2"));
    assert!(matches!(shop.till.dispatch(Command::Quit).found, Some(Found::MayQuit)));
    chain.restart();
    let view = shop.wait(|view| view.status.network == NetworkView::Online { received_to: 3, missing: 0 });
    assert!(view.last_document.is_some_and(|last| last.received));
}

#[test]
fn a_till_whose_address_of_the_hub_is_none_sells_on_and_counts_what_it_holds() {
    let chain = Chain::new();
    let mut shop = Shop::open(&chain, 1);
    shop.sell();
    shop.wait(|view| view.status.network == NetworkView::Online { received_to: 1, missing: 0 });
    let mut was = chain.url.clone();
    for (address, sold) in [("http://hub.example", 1), ("", 2)] {
        let Shop { till, mut rig, .. } = shop;
        drop(till);
        let file = rig.dir.path().join("identity.json");
        let text = std::fs::read_to_string(&file).expect("the identity");
        let quoted = |address: &str| format!("\"hub_url\":\"{address}\"");
        std::fs::write(&file, text.replace(&quoted(&was), &quoted(address))).expect("the identity");
        address.clone_into(&mut was);
        rig.dir = rig.files_now();
        shop = Shop::start(rig);
        shop.signs_in();
        shop.sell();
        let view = shop.wait(|view| {
            matches!(view.status.network, NetworkView::Offline { held, why: Some(_), .. } if held == sold)
        });
        let NetworkView::Offline { why: Some(why), .. } = view.status.network else { unreachable!() };
        assert_eq!(why.code, Code::HubAddressWrong, "{address}");
        assert_eq!(shop.send(Command::Quit).message.expect("a warning").args["count"], sold.to_string());
    }
}

#[test]
fn a_till_that_stops_before_it_kept_the_hubs_answer_enrols_with_the_same_code() {
    let chain = Chain::new();
    let mut rig = Rig::unenrolled();
    rig.start();
    let enrol = Command::Enrol { hub_url: chain.url.clone(), code: chain.enrol_code(1) };
    let identity = rig.dir.path().join("identity.json");
    // The hub answers, and the answer cannot be written down.
    std::fs::create_dir(&identity).expect("a folder in the file's place");
    assert_eq!(rig.said(enrol.clone()), Some(Code::EnrolFailed));
    rig.stop();
    std::fs::remove_dir(&identity).expect("the folder");
    rig.start();
    assert_eq!(rig.view(enrol).status.till, 1);
    let left = std::fs::read_dir(rig.dir.path()).expect("the folder").flatten();
    assert!(left.map(|file| file.file_name()).all(|name| name != "enrolling.json"));
}

#[test]
fn an_enrolment_with_a_wrong_code_or_without_a_hub_says_why() {
    let mut chain = Chain::new();
    let rig = Rig::unenrolled();
    let till = Till::start(rig.config()).expect("a till");
    let enrol = || Command::Enrol { hub_url: chain.url.clone(), code: "WRONG-CODE".into() };
    let message = till.dispatch(enrol()).view.message.expect("a reason");
    assert_eq!((message.code, message.args["hub_code"].as_str()), (Code::HubSaidNo, "HUB-ENR-001"));
    let again = enrol();
    chain.stop();
    let view = till.dispatch(again).view;
    assert_eq!(
        (view.message.map(|message| message.code), view.screen),
        (Some(Code::HubPortClosed), Screen::Enrol)
    );
}

/// A hub of the sample chain under a certificate that this machine does not trust.
fn behind_tls(runtime: &Runtime, folder: &Path) -> RunningHub {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/tests/fixtures");
    let tls = Tls { cert: fixtures.join("cert.pem"), key: fixtures.join("key.pem") };
    let config = Config { tls: Some(tls), ..Config::embedded(folder) };
    runtime.block_on(Hub::start(config)).expect("a hub")
}

/// Takes connections one after the other, and answers each with the same bytes.
fn answers(bytes: &'static [u8]) -> SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Whoever hangs up early has heard enough.
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(bytes);
        }
    });
    address
}

#[test]
fn whoever_enrols_a_till_is_told_what_is_wrong_with_the_line_each_by_its_name() {
    let chain = Chain::new();
    let folder = tempfile::tempdir().expect("a folder");
    let safe = behind_tls(&chain.runtime, folder.path());
    let login =
        answers(b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\nconnection: close\r\n\r\n<html>pay</html>");
    let (mute, plain) = (answers(b""), chain.url.trim_start_matches("http://"));
    let rig = Rig::unenrolled();
    let till = Till::start(rig.config()).expect("a till");
    for (hub_url, code, host) in [
        (safe.url().to_owned(), Code::HubUntrusted, "127.0.0.1"),
        (format!("https://{plain}"), Code::HubTlsFailed, "127.0.0.1"),
        (format!("http://{login}"), Code::NotAHub, "127.0.0.1"),
        (format!("http://{mute}"), Code::HubLineCut, "127.0.0.1"),
        ("https://hub.invalid".into(), Code::HubNameUnknown, "hub.invalid"),
        ("http://hub.example".into(), Code::HubAddressWrong, "hub.example"),
    ] {
        let enrol = Command::Enrol { hub_url: hub_url.clone(), code: "7K4Q-M2XD-90TB".into() };
        let message = till.dispatch(enrol).view.message.expect("a reason");
        assert_eq!(
            (message.code, message.args["host"].as_str()),
            (code, host),
            "{hub_url}: {:?}",
            message.args
        );
    }
    chain.runtime.block_on(safe.stop());
}

#[test]
fn items_are_found_by_pinyin_once_the_catalogue_is_there() {
    let chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    shop.wait(|view| !view.bags.is_empty());
    let found = shop.till.dispatch(Command::Search { query: "bocai".into() }).found;
    let Some(Found::Items { items, .. }) = found else { panic!("{found:?}") };
    assert_eq!(items.first().map(|item| item.name.as_str()), Some("菠菜"));
}

#[test]
fn a_price_that_a_restored_hub_lost_holds_again_when_hq_publishes_it_again() {
    let mut chain = Chain::new();
    let shop = Shop::open(&chain, 1);
    shop.waits_for_price(400);
    chain.stop();
    let (folder, backup) = (chain.config.data_dir.clone(), tempfile::tempdir().expect("a folder"));
    chain.copy_database(&folder, backup.path());
    chain.restart();
    chain.price_spinach(450);
    shop.waits_for_price(450);
    chain.stop();
    chain.copy_database(backup.path(), &folder);
    chain.restart();
    let lost = chain.lost();
    assert_eq!((lost.count, lost.rows[0].key.as_str(), lost.rows[0].till), (1, "10101", 1));
    // The till is back at what the hub says, and the lost price never applies itself.
    shop.waits_for_price(400);
    let store = Arc::clone(chain.running.as_ref().expect("the hub runs").hub().store());
    let all = LostChoice::All(lost.shown);
    let decided = store.decide_lost(LostDecision::Publish, all, "wang".into(), MORNING_MS);
    let decided = chain.runtime.block_on(decided).expect("an answer");
    assert!(matches!(decided, Decided::Done(1)), "{decided:?}");
    shop.waits_for_price(450);
    assert_eq!(chain.runtime.block_on(store.lost()).expect("a list").count, 0);
}
