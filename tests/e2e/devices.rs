//! A till with a printer on the network and a scale on a serial line, at its real window.

use std::time::Duration;

use suanpan_contract::{DeviceSettings, PrinterTarget};
use suanpan_devices::simulators::{Printed, PrinterSim, PrinterState, ScaleSim};
use suanpan_domain::receipt::Paper;
use suanpan_station::settings::MachineSettings;
use suanpan_tests::catalogue::{CARD, gtin, rows};
use suanpan_tests::e2e::{Display, Window};
use suanpan_tests::rig::Rig;

use crate::counter::{SMALL, open, open_shift, open_till, sign_in};

/// Longer than any paper takes; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(30);

fn says(printer: &PrinterSim, wanted: &str) -> bool {
    printer.wait(PATIENCE, |printed| format!("{printed:?}").contains(wanted))
}

/// Two marks of a reprint, and the job is through: behind the last row comes the knife.
fn is_reprinted_twice(printed: &[Printed]) -> bool {
    let reprints = format!("{printed:?}").matches("补打第 1 次").count();
    reprints == 2 && matches!(printed.last(), Some(Printed::Cut | Printed::SensorAsked))
}

/// Out of paper: the sale counts, the cashier is told, and prints it again with a mark once there is some.
async fn runs_out_of_paper(window: &mut Window, printer: &PrinterSim) {
    printer.behave(|manner| manner.state = PrinterState::PaperOut);
    window.scan(&gtin("690000000001")).await;
    window.wait_text("due", "42.90").await;
    window.press_all("+ Enter").await;
    window.find("change").await;
    window.wait_text_has("message", "缺纸").await;
    window.shot("zh-CN-paper-out").await;
    // Paper is in: 「缺纸」 goes, and what is left to do is said.
    printer.behave(|manner| manner.state = PrinterState::Ready);
    window.wait_text_has("message", "打印机好了").await;
    window.wait_text_has("printer", "●").await;
    window.shot("zh-CN-paper-in").await;
    window.press_all("Escape F10").await;
    window.find("document").await;
    window.press_all("ArrowDown Enter").await;
    assert!(says(printer, "补打第 1 次"), "{:?}", printer.rows());
}

#[tokio::test]
async fn cashier_weighs_on_the_scale_is_paid_and_hands_out_the_printed_receipt() {
    let display = Display::start(SMALL.0, SMALL.1);
    let printer = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    let scale = ScaleSim::start().expect("a scale");
    let devices = DeviceSettings {
        printer: PrinterTarget::Tcp { address: printer.address() },
        paper_mm: 80,
        scale_port: scale.path().to_string_lossy().into_owned(),
    };
    let settings = MachineSettings { devices, ..MachineSettings::default() };
    let rig = Rig::stopped(&rows(), Some(&settings));
    scale.show(0, true);
    let mut window = open_till(&display, rig.dir.path(), SMALL).await;
    sign_in(&mut window, "1101", "3141").await;
    open_shift(&mut window, "300").await;

    // A leaf key, then the goods: nothing is rung while they still move, and a scan meanwhile answers nothing.
    window.touch("quick-key").await;
    window.find("weigh").await;
    scale.show(480, false);
    window.wait_text_has("weigh", "0.480").await;
    window.scan(&gtin("690000000001")).await;
    window.wait_text_has("message", "POS-").await;
    window.press("Escape").await;
    window.find("weigh").await;
    window.shot("zh-CN-weigh-scale").await;
    scale.show(520, true);
    window.wait_gone("weigh").await;
    window.wait_text("pieces", "1").await;
    scale.show(0, true);

    window.press_all("+ Enter").await;
    window.find("change").await;
    let number = window.text("closed-number").await;
    assert!(says(&printer, &number), "the receipt says {number}: {:?}", printer.rows());
    assert!(says(&printer, "Drawer"), "the drawer opens");

    runs_out_of_paper(&mut window, &printer).await;

    // 缴款, and its slip once more.
    window.press_all("Escape F12").await;
    window.touch("menu-drop").await;
    window.find("cash-go").await;
    window.press_all("1 0 0 Enter").await;
    window.find("approve").await;
    window.scan(CARD).await;
    window.wait_gone("approve").await;
    window.press("F10").await;
    window.find("document").await;
    window.press("*").await;
    window.wait_text_has("document", "缴款").await;
    window.shot("zh-CN-slips").await;
    window.press_all("ArrowDown Enter").await;
    assert!(printer.wait(PATIENCE, is_reprinted_twice), "{:?}", printer.rows());
    assert_eq!(printer.faults(), Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn whoever_enrols_a_station_reads_which_port_of_which_host_is_closed() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::unenrolled();
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let hub = format!("http://{closed}");
    let more = ["--hub", hub.as_str(), "--enrol-code", "12345678"];
    let mut window = open(&display, "pos-app", rig.dir.path(), &more, SMALL).await;
    window.wait_text_has("message", "没有开").await;
    window.wait_text_has("enrol-detail", &closed.to_string()).await;
    window.shot("zh-CN-enrol-closed-port").await;
    window.touch("language").await;
    window.wait_text_has("enrol-detail", &format!("POS-NET-012 {closed} refused")).await;
    window.shot("en-enrol-closed-port").await;
    window.close().await;
}
