//! Printer and scale as simulators on a real TCP port and a real serial line.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use suanpan_contract::pos::{CashMoveKind, Command, Found, Prompt, SlipKind, SlipRow, SourceView, TillView};
use suanpan_contract::{
    Code, DeviceSettings, Language, PreviewLine, PrintView, PrinterTarget, PrinterView, ScaleView,
};
use suanpan_devices::simulators::{PrinterSim, PrinterState, ScaleSim};
use suanpan_domain::catalogue::Table;
use suanpan_domain::receipt::{Paper, columns};
use suanpan_station::settings::MachineSettings;
use suanpan_tests::catalogue::{gtin, row, rows};
use suanpan_tests::rig::{HOUR, Rig, count, publish};

/// Longer than any of it takes; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(20);

fn with_printer(sim: &PrinterSim) -> Rig {
    let printer = PrinterTarget::Tcp { address: sim.address() };
    let devices = DeviceSettings { printer, paper_mm: 80, scale_port: String::new() };
    Rig::with_devices(&MachineSettings { devices, ..MachineSettings::default() })
}

fn with_scale(sim: &ScaleSim) -> Rig {
    let scale_port = sim.path().to_string_lossy().into_owned();
    let devices = DeviceSettings { scale_port, ..DeviceSettings::default() };
    Rig::with_devices(&MachineSettings { devices, ..MachineSettings::default() })
}

fn changes(rig: &Rig) -> Receiver<TillView> {
    let (told, changes) = channel();
    rig.till().on_change(move |view| {
        // A test that has seen enough no longer listens.
        let _ = told.send(view.clone());
    });
    changes
}

/// Waits for a picture that is as wanted. What was shown before now is nobody's answer.
fn wait(rig: &Rig, changes: &Receiver<TillView>, wanted: impl Fn(&TillView) -> bool) -> TillView {
    changes.try_iter().for_each(drop);
    let now = rig.now();
    if wanted(&now) {
        return now;
    }
    loop {
        let view = changes.recv_timeout(PATIENCE).expect("the picture never came");
        if wanted(&view) {
            return view;
        }
    }
}

fn printed(state: PrintView) -> impl Fn(&TillView) -> bool {
    move |view| view.last_document.as_ref().is_some_and(|last| last.print == state)
}

#[test]
fn a_sale_opens_the_drawer_and_prints_its_receipt() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    let rig = with_printer(&sim);
    let changes = changes(&rig);
    rig.open_shift();
    rig.sell_rice();
    let view = wait(&rig, &changes, printed(PrintView::Printed));
    let rows = sim.rows().join("\n");
    let number = view.closed.expect("a closed sale").number;
    for wanted in ["禾田生鲜", "大米 5kg", "42.90", &number] {
        assert!(
            rows.contains(wanted) || format!("{:?}", sim.printed()).contains(wanted),
            "{wanted} in {rows}"
        );
    }
    assert!(format!("{:?}", sim.printed()).contains("Drawer"));
    assert_eq!(sim.faults(), Vec::<String>::new());
}

#[test]
fn paper_out_is_told_and_the_reprint_is_marked() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    sim.behave(|manner| manner.state = PrinterState::PaperOut);
    let rig = with_printer(&sim);
    let changes = changes(&rig);
    rig.open_shift();
    rig.sell_rice();
    let view = wait(&rig, &changes, printed(PrintView::Failed));
    assert_eq!(view.message.map(|message| message.code), Some(Code::PaperOut));
    assert_eq!(view.status.printer, PrinterView::PaperOut);
    sim.behave(|manner| manner.state = PrinterState::Ready);
    // Which job is the newest does not depend on the clock.
    rig.clock.pass(-HOUR);
    rig.view(Command::Reprint { document: None });
    wait(&rig, &changes, printed(PrintView::Printed));
    assert!(sim.rows().join("\n").contains("补打第 1 次"), "{:?}", sim.rows());
    // Another paper in between does not bring the failed try back.
    rig.clock.pass(HOUR);
    rig.view(Command::MoveCash { kind: CashMoveKind::Drop, amount_fen: 1_000 });
    rig.supervisor_approves();
    assert!(sim.wait(PATIENCE, |printed| format!("{printed:?}").contains("缴款")), "{:?}", sim.rows());
    wait(&rig, &changes, |view| view.status.printer == PrinterView::Ready);
    assert_eq!(rig.now().last_document.map(|last| last.print), Some(PrintView::Printed));
}

#[test]
fn what_was_said_of_a_printer_goes_when_it_is_so_no_longer() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    let rig = with_printer(&sim);
    let changes = changes(&rig);
    rig.open_shift();
    for (state, said) in
        [(PrinterState::PaperOut, Code::PaperOut), (PrinterState::CoverOpen, Code::NotPrinted)]
    {
        sim.behave(|manner| manner.state = state);
        rig.sell_rice();
        let says = |view: &TillView| view.message.as_ref().is_some_and(|message| message.code == said);
        wait(&rig, &changes, says);
        sim.behave(|manner| manner.state = PrinterState::Ready);
        let view = wait(&rig, &changes, |view| view.status.printer == PrinterView::Ready);
        let message = view.message.expect("what is left to do");
        assert_eq!(message.code, Code::PrinterBack, "the receipt did not print");
    }
    // With nothing left to print nothing is left to say.
    sim.behave(|manner| manner.state = PrinterState::PaperOut);
    rig.view(Command::Reprint { document: None });
    wait(&rig, &changes, |view| view.status.printer == PrinterView::PaperOut);
}

#[test]
fn a_printer_is_asked_how_it_is_also_beside_a_scale_that_never_rests() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    let scale = ScaleSim::start().expect("a scale");
    let devices = DeviceSettings {
        printer: PrinterTarget::Tcp { address: sim.address() },
        paper_mm: 80,
        scale_port: scale.path().to_string_lossy().into_owned(),
    };
    let rig = Rig::with_devices(&MachineSettings { devices, ..MachineSettings::default() });
    let changes = changes(&rig);
    scale.show(520, true);
    wait(&rig, &changes, |view| view.status.printer == PrinterView::Ready);
    sim.behave(|manner| manner.state = PrinterState::CoverOpen);
    wait(&rig, &changes, |view| view.status.printer == PrinterView::CoverOpen);
}

#[test]
fn a_path_that_is_no_device_is_refused_before_anybody_is_asked() {
    let rig = Rig::with_devices(&MachineSettings::default());
    rig.open_shift();
    let home = tempfile::tempdir().expect("a folder");
    let list = home.path().join("list.bin");
    std::fs::write(&list, "not ours").expect("a file");
    let of = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let file =
        |path: String| DeviceSettings { printer: PrinterTarget::File { path }, ..DeviceSettings::default() };
    let device = |path: String| DeviceSettings {
        printer: PrinterTarget::Device { path },
        ..DeviceSettings::default()
    };
    let scale = |scale_port: String| DeviceSettings { scale_port, ..DeviceSettings::default() };
    let refused = [
        (file(of(&rig.dir.path().join("identity.json"))), Code::PrinterFileInFolder),
        (file(of(&rig.dir.path().join("new.bin"))), Code::PrinterFileInFolder),
        (
            file(of(&home.path().join("..").join(rig.dir.path().file_name().expect("a name")).join("a.bin"))),
            Code::PrinterFileInFolder,
        ),
        (file(of(&list)), Code::PrinterFileRefused),
        (file("receipts.bin".into()), Code::PrinterFileRefused),
        (file("/etc/hosts".into()), Code::PrinterFileRefused),
        (file("/etc/ld.so.preload".into()), Code::PrinterFileRefused),
        (file(of(home.path())), Code::PrinterFileRefused),
        (device(of(&list)), Code::DeviceRefused),
        (device(of(home.path())), Code::DeviceRefused),
        (device("/dev/../etc/hosts".into()), Code::DeviceRefused),
        (scale(of(&list)), Code::DeviceRefused),
        (scale("ttyUSB0".into()), Code::DeviceRefused),
    ];
    for (devices, code) in refused {
        let view = rig.view(Command::SetDevices { devices: devices.clone() });
        assert_eq!(
            (view.message.map(|message| message.code), view.prompt),
            (Some(code), None),
            "{devices:?}"
        );
    }
    for devices in
        [file(of(&home.path().join("new.bin"))), device("/dev/usb/lp0".into()), scale("/dev/ttyUSB0".into())]
    {
        let view = rig.view(Command::SetDevices { devices });
        assert!(matches!(view.prompt, Some(Prompt::Approve { .. })), "{:?}", view.message);
        rig.view(Command::Clear);
    }
}

#[test]
fn a_print_that_a_power_cut_left_open_is_uncertain_and_never_repeated_unasked() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    sim.behave(|manner| manner.stalled = true);
    let mut rig = with_printer(&sim);
    rig.open_shift();
    rig.sell_rice();
    assert_eq!(rig.now().last_document.map(|last| last.print), Some(PrintView::Waiting));
    rig.pull_the_plug();
    let view = rig.now();
    assert_eq!(view.last_document.map(|last| last.print), Some(PrintView::Uncertain));
    assert_eq!(view.message.map(|message| message.code), Some(Code::PrintUncertain));
    assert!(!sim.rows().join("\n").contains("大米 5kg"), "nothing is repeated unasked");
}

#[test]
fn a_settled_weight_becomes_a_line_and_is_not_sold_twice() {
    let scale = ScaleSim::start().expect("a scale");
    let rig = with_scale(&scale);
    let changes = changes(&rig);
    rig.open_shift();
    scale.show(520, false);
    let view = rig.view(Command::AddItem { item: "1002".into() });
    assert!(matches!(view.prompt, Some(Prompt::Weigh { tare_g: 20, .. })), "{:?}", view.prompt);
    scale.show(520, true);
    let view = wait(&rig, &changes, |view| !view.basket.lines.is_empty());
    let line = &view.basket.lines[0];
    assert_eq!((line.amount_fen, line.tare_g, line.source), (599, 20, Some(SourceView::Scale)));
    // The goods still lie there: the next item waits until they are gone, and the screen says so.
    let view = rig.view(Command::AddItem { item: "1001".into() });
    assert!(matches!(view.prompt, Some(Prompt::Weigh { .. })), "{:?}", view.prompt);
    assert!(view.scale.is_some_and(|scale| scale.sold));
    // A hand that touches them, or more goods beside them, sells them no second time.
    for (grams, stable) in [(540, false), (520, true), (730, true)] {
        scale.show(grams, stable);
        let shows = |scale: ScaleView| (scale.grams, scale.stable) == (grams.into(), stable);
        let view = wait(&rig, &changes, |view| view.scale.is_some_and(shows));
        assert_eq!(view.basket.lines.len(), 1, "{grams}");
        assert!(view.scale.is_some_and(|scale| scale.sold), "{grams}");
    }
    scale.show(0, true);
    wait(&rig, &changes, |view| view.scale.is_some_and(|scale| scale.grams == 0));
    scale.show(250, true);
    let view = wait(&rig, &changes, |view| view.basket.lines.len() == 2);
    assert_eq!(view.basket.lines[1].amount_fen, 200);
}

#[test]
fn a_weight_that_the_scale_brings_asks_before_it_is_rung() {
    let scale = ScaleSim::start().expect("a scale");
    let mut rig = with_scale(&scale);
    rig.open_shift();
    let settings =
        serde_json::json!({"chain": "禾田生鲜", "site": "TH01", "name": "天河店", "ask_line": 300});
    rig.stop();
    publish(rig.dir.path(), &[row(Table::Settings, "settings", 1_001, Some(&settings))]);
    rig.start();
    let changes = changes(&rig);
    rig.sign_in("1101", "3141");
    rig.view(Command::AddItem { item: "1001".into() });
    scale.show(520, true);
    let is_asked = |view: &TillView| matches!(view.prompt, Some(Prompt::Confirm { .. }));
    wait(&rig, &changes, is_asked);
    // No: the item is given up with its weight, and the scale asks no second time.
    assert_eq!(rig.view(Command::Clear).prompt, None);
    rig.view(Command::AddItem { item: "1001".into() });
    wait(&rig, &changes, is_asked);
    assert_eq!(rig.view(Command::Confirm).basket.lines.len(), 1);
}

#[test]
fn a_counted_item_needs_no_scale() {
    let scale = ScaleSim::start().expect("a scale");
    let rig = with_scale(&scale);
    rig.open_shift();
    assert_eq!(rig.scan(&gtin("690000000001")).basket.lines.len(), 1);
}

#[test]
fn devices_are_changed_with_a_supervisor_and_take_effect_at_once() {
    let sim = PrinterSim::tcp(Paper::Mm58).expect("a printer");
    let rig = Rig::with_devices(&MachineSettings::default());
    let changes = changes(&rig);
    rig.open_shift();
    assert_eq!(rig.said(Command::TestPrint), Some(Code::NoPrinter));
    let printer = PrinterTarget::Tcp { address: sim.address() };
    let devices = DeviceSettings { printer, paper_mm: 58, scale_port: String::new() };
    rig.view(Command::SetDevices { devices });
    assert_eq!(rig.supervisor_approves().message.map(|message| message.code), Some(Code::DevicesSaved));
    wait(&rig, &changes, |view| view.status.printer == PrinterView::Ready);
    rig.view(Command::TestPrint);
    assert!(sim.wait(PATIENCE, |printed| !printed.is_empty()));
}

#[test]
fn slips_print_again_and_what_an_audit_told_stays_a_supervisors() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    let rig = with_printer(&sim);
    rig.open_shift();
    rig.sell_rice();
    rig.view(Command::MoveCash { kind: CashMoveKind::Drop, amount_fen: 10_000 });
    rig.supervisor_approves();
    rig.agreed(Command::AuditShift { count: count(&[(10_000, 2)]) });
    rig.supervisor_approves();
    let slips = |rig: &Rig| match rig.found(Command::FindSlips) {
        Some(Found::Slips { slips }) => slips,
        other => panic!("{other:?}"),
    };
    let kinds = |rows: &[SlipRow]| rows.iter().map(|row| row.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&slips(&rig)), [SlipKind::Cash], "a cashier sees no audit");
    let view = rig.agreed(Command::CloseShift { count: count(&[(10_000, 2)]) });
    assert_eq!(view.message.map(|message| message.code), Some(Code::ShiftClosed));
    rig.sign_in("1801", "8246");
    let rows = slips(&rig);
    assert_eq!(kinds(&rows), [SlipKind::Shift, SlipKind::Audit, SlipKind::Cash]);
    let shown = rig.found(Command::Preview { document: rows[0].slip.clone() });
    assert!(format!("{shown:?}").contains("班结"), "{shown:?}");
    let shown = format!("{:?}", rig.found(Command::Preview { document: rows[1].slip.clone() }));
    for person in ["收银员", "员工1101 1101", "对账人", "员工1801 1801"] {
        assert!(shown.contains(person), "{person}: {shown}");
    }
    rig.view(Command::Reprint { document: Some(rows[0].slip.clone()) });
    assert!(sim.wait(PATIENCE, |printed| format!("{printed:?}").contains("补打第 1 次")), "{:?}", sim.rows());
}

/// What of a paper is read by people.
fn texts(lines: &[PreviewLine]) -> String {
    lines.iter().filter(|line| !line.is_code).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn preview(rig: &Rig, document: String) -> Vec<PreviewLine> {
    let Some(Found::Preview { lines }) = rig.found(Command::Preview { document }) else {
        panic!("no preview")
    };
    lines
}

#[test]
fn every_paper_keeps_the_stores_language_whatever_the_cashiers_screen_speaks() {
    let sim = PrinterSim::tcp(Paper::Mm80).expect("a printer");
    let rig = with_printer(&sim);
    rig.open_shift();
    rig.view(Command::SetLanguage { language: Language::En });
    let receipt = rig.sell_rice();
    rig.view(Command::Reprint { document: None });
    rig.view(Command::MoveCash { kind: CashMoveKind::Drop, amount_fen: 1_000 });
    rig.supervisor_approves();
    rig.view(Command::TestPrint);
    let wanted = ["应收", "补打第 1 次", "缴款单", "打印测试"];
    let came = sim.wait(PATIENCE, |printed| wanted.iter().all(|one| format!("{printed:?}").contains(one)));
    assert!(came, "{:?}", sim.rows());
    assert!(!sim.rows().join("\n").contains("To pay"), "{:?}", sim.rows());
    assert!(texts(&preview(&rig, receipt)).contains("应收"));
}

#[test]
fn a_store_whose_papers_are_english_prints_them_so_on_a_chinese_screen() {
    let mut rows = rows();
    let settings = rows.iter_mut().find(|row| row.table == Table::Settings.name()).expect("settings");
    let body = settings.body.as_deref().expect("a body");
    settings.body = Some(body.replacen('{', r#"{"receipt_language":"en","#, 1));
    let mut rig = Rig::stopped(&rows, None);
    rig.start();
    rig.open_shift();
    let receipt = rig.sell_rice();
    assert!(texts(&preview(&rig, receipt)).contains("To pay"));
}

#[test]
fn a_preview_says_which_rows_are_double_high_and_which_double_wide_too() {
    let rig = Rig::new();
    rig.open_shift();
    let receipt = rig.sell_rice();
    let lines = preview(&rig, receipt);
    let line = |part: &str| lines.iter().find(|line| line.text.contains(part)).expect("a line");
    let due = line("应收");
    assert!(due.tall && !due.wide, "{due:?}");
    assert_eq!(columns(&due.text), Paper::Mm80.columns(), "the amount stands at the paper's edge");
    assert!(line("禾田生鲜").wide);
}
