//! Jobs through the queue to a printer that reads its bytes, breaks, falls silent and runs out of paper.

use std::sync::mpsc::channel;

use crate::support::{PATIENCE, brief, calm, everything, id, job, printer, queue, tcp};
use suanpan_devices::simulators::{Manner, Mouth, Printed, PrinterSim, PrinterState};
use suanpan_devices::{
    DrawerPin, JOBS_WAITING_MAX, Job, Outcome, Patience, PrintEvent, PrintQueue, Printer, PrinterSettings,
    PrinterStatus, PrinterTarget, Reason, SubmitError,
};
use suanpan_domain::receipt::{Block, Paper};

/// Patience that is short only for the answer this printer will not give, so that a loaded machine changes nothing.
fn patience_for(manner: Manner) -> Patience {
    let mute = matches!(manner.mouth, Mouth::Mute | Mouth::Babbles);
    let unconfirmed = manner.stalled || manner.rows_left.is_some();
    let calm = calm();
    Patience {
        status: if mute { brief().status } else { calm.status },
        confirm: match manner.mouth {
            Mouth::Curt => brief().status,
            _ if mute || unconfirmed => brief().confirm,
            _ => calm.confirm,
        },
        ..calm
    }
}

/// Prints one job on a printer of this manner.
fn outcome(manner: Manner, kick_drawer: bool) -> (Outcome, Vec<Printed>) {
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    sim.behave(|now| *now = manner);
    let (queue, told) = queue(printer(tcp(sim.address()), Paper::Mm58, patience_for(manner)));
    queue.submit(Job { kick_drawer, ..job(1, everything()) }).unwrap();
    let PrintEvent::Finished { id, outcome } = told.recv_timeout(PATIENCE).unwrap() else { panic!() };
    assert_eq!(id, crate::support::id(1));
    queue.close();
    assert!(told.recv().is_err(), "a job has one outcome");
    assert!(sim.wait_ended(PATIENCE, 1));
    (outcome, sim.printed())
}

fn status(state: PrinterState, mouth: Mouth) -> PrinterStatus {
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    sim.behave(|now| (now.state, now.mouth) = (state, mouth));
    let patience = patience_for(Manner { state, mouth, ..Manner::default() });
    printer(tcp(sim.address()), Paper::Mm58, patience).status()
}

#[test]
fn a_receipt_prints_drawer_first_and_is_confirmed() {
    for paper in [Paper::Mm58, Paper::Mm80] {
        let sim = PrinterSim::tcp(paper).unwrap();
        let (queue, told) = queue(printer(tcp(sim.address()), paper, calm()));
        queue.submit(Job { kick_drawer: true, ..job(1, everything()) }).unwrap();
        assert_eq!(
            told.recv_timeout(PATIENCE),
            Ok(PrintEvent::Finished { id: id(1), outcome: Outcome::Printed })
        );
        let printed = sim.printed();
        assert_eq!(printed.first(), Some(&Printed::Drawer { pin: 2 }));
        assert_eq!(printed.last(), Some(&Printed::Cut));
        assert_eq!(sim.faults(), Vec::<String>::new());
    }
}

#[test]
fn the_drawer_opens_without_paper_for_a_sale_that_prints_nothing() {
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    let (queue, told) = queue(printer(tcp(sim.address()), Paper::Mm58, calm()));
    queue.submit(Job { id: id(1), blocks: vec![], kick_drawer: true }).unwrap();
    assert_eq!(
        told.recv_timeout(PATIENCE),
        Ok(PrintEvent::Finished { id: id(1), outcome: Outcome::Printed })
    );
    assert_eq!(sim.printed(), [Printed::Drawer { pin: 2 }]);
}

#[test]
fn the_printers_state_is_told_as_it_is_and_an_unreadable_one_as_unknown() {
    use PrinterState as S;
    for (state, mouth, expected) in [
        (S::Ready, Mouth::Speaks, PrinterStatus::Ready),
        (S::Ready, Mouth::Stammers, PrinterStatus::Ready),
        (S::PaperLow, Mouth::Speaks, PrinterStatus::PaperLow),
        (S::PaperOut, Mouth::Speaks, PrinterStatus::PaperOut),
        (S::PaperOut, Mouth::Stammers, PrinterStatus::PaperOut),
        (S::CoverOpen, Mouth::Speaks, PrinterStatus::CoverOpen),
        (S::Error, Mouth::Speaks, PrinterStatus::Offline),
        (S::Ready, Mouth::Mute, PrinterStatus::Unknown),
        (S::PaperOut, Mouth::Mute, PrinterStatus::Unknown),
        (S::Ready, Mouth::Babbles, PrinterStatus::Unknown),
    ] {
        assert_eq!(status(state, mouth), expected, "{state:?} {mouth:?}");
    }
}

#[test]
fn nothing_is_sent_to_a_printer_that_cannot_print_but_the_drawer_still_opens() {
    for (state, reason) in [
        (PrinterState::PaperOut, Reason::PaperOut),
        (PrinterState::CoverOpen, Reason::CoverOpen),
        (PrinterState::Error, Reason::Offline),
    ] {
        let manner = Manner { state, ..Manner::default() };
        assert_eq!(outcome(manner, false), (Outcome::Failed(reason), vec![]), "{state:?}");
        let (failed, printed) = outcome(manner, true);
        assert_eq!(
            (failed, printed),
            (Outcome::Failed(reason), vec![Printed::Drawer { pin: 2 }]),
            "{state:?}"
        );
    }
}

#[test]
fn a_mute_printer_prints_and_the_till_says_that_it_does_not_know() {
    for mouth in [Mouth::Mute, Mouth::Babbles] {
        let (told, printed) = outcome(Manner { mouth, ..Manner::default() }, false);
        assert_eq!(told, Outcome::Uncertain(Reason::StatusUnreadable), "{mouth:?}");
        assert_eq!(printed.last(), Some(&Printed::Cut));
    }
}

#[test]
fn paper_that_ends_within_the_receipt_leaves_it_uncertain() {
    let (told, printed) = outcome(Manner { rows_left: Some(3), ..Manner::default() }, false);
    assert_eq!(told, Outcome::Uncertain(Reason::PaperOut));
    assert!(!printed.contains(&Printed::Cut));
}

#[test]
fn a_printer_that_takes_the_job_and_does_nothing_leaves_it_uncertain() {
    let (told, printed) = outcome(Manner { stalled: true, ..Manner::default() }, false);
    assert_eq!((told, printed), (Outcome::Uncertain(Reason::TimedOut), vec![]));
}

#[test]
fn a_printer_without_the_confirming_command_prints_each_job_once_and_is_not_called_sure() {
    let manner = Manner { mouth: Mouth::Curt, ..Manner::default() };
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    sim.behave(|now| *now = manner);
    let (queue, told) = queue(printer(tcp(sim.address()), Paper::Mm58, patience_for(manner)));
    // One more than the jobs after which the till stops waiting for a confirmation.
    for number in 1..=4 {
        queue.submit(job(number, everything())).unwrap();
        let outcome = Outcome::Uncertain(Reason::TimedOut);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(PrintEvent::Finished { id: id(number), outcome }));
    }
    queue.close();
    assert!(sim.wait_ended(PATIENCE, 4));
    assert_eq!(sim.printed().iter().filter(|printed| **printed == Printed::Cut).count(), 4);
}

#[test]
fn a_connection_that_breaks_within_the_job_leaves_it_uncertain() {
    // The three questions before the job are nine bytes.
    for after in [9 + 1, 9 + 60] {
        let (told, printed) = outcome(Manner { close_after: Some(after), ..Manner::default() }, false);
        assert!(matches!(told, Outcome::Uncertain(Reason::Closed)), "{after}: {told:?}");
        assert!(!printed.contains(&Printed::Cut));
    }
}

#[test]
fn an_absent_printer_fails_the_job_and_is_offline() {
    let address = {
        let gone = PrinterSim::tcp(Paper::Mm58).unwrap();
        gone.address()
    };
    let absent = [
        (tcp(address), Reason::Unreachable),
        (tcp("no address".into()), Reason::Unreachable),
        #[cfg(unix)]
        (PrinterTarget::UsbLp { path: "/nonexistent/lp0".into() }, Reason::Unreachable),
        (PrinterTarget::File { path: "/nonexistent/file".into() }, Reason::Unreachable),
        #[cfg(not(windows))]
        (PrinterTarget::Spooler { name: "Receipt".into() }, Reason::Unsupported),
    ];
    for (target, reason) in absent {
        let printer = printer(target.clone(), Paper::Mm58, brief());
        assert!(!matches!(printer.status(), PrinterStatus::Ready | PrinterStatus::PaperLow), "{target:?}");
        let (queue, told) = queue(printer);
        queue.submit(job(1, everything())).unwrap();
        let failed = PrintEvent::Finished { id: id(1), outcome: Outcome::Failed(reason) };
        assert_eq!(told.recv_timeout(PATIENCE), Ok(failed), "{target:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_usb_printer_is_driven_through_its_character_device() {
    let (sim, path) = PrinterSim::device(Paper::Mm80).unwrap();
    let printer = printer(PrinterTarget::UsbLp { path }, Paper::Mm80, calm());
    assert_eq!(printer.status(), PrinterStatus::Ready);
    let (queue, told) = queue(printer);
    queue.submit(job(1, everything())).unwrap();
    assert_eq!(
        told.recv_timeout(PATIENCE),
        Ok(PrintEvent::Finished { id: id(1), outcome: Outcome::Printed })
    );
    assert_eq!(sim.faults(), Vec::<String>::new());
    sim.behave(|now| now.state = PrinterState::PaperOut);
    queue.submit(job(2, everything())).unwrap();
    let failed = PrintEvent::Finished { id: id(2), outcome: Outcome::Failed(Reason::PaperOut) };
    assert_eq!(told.recv_timeout(PATIENCE), Ok(failed));
}

#[test]
fn a_file_takes_job_after_job_and_its_state_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.bin");
    let printer = printer(PrinterTarget::File { path: path.clone() }, Paper::Mm58, calm());
    assert_eq!(printer.status(), PrinterStatus::Unknown);
    let (queue, told) = queue(printer);
    for number in [1, 2] {
        queue.submit(job(number, vec![Block::text("甲")])).unwrap();
        let done = PrintEvent::Finished { id: id(number), outcome: Outcome::Printed };
        assert_eq!(told.recv_timeout(PATIENCE), Ok(done));
    }
    let once = crate::support::bytes(&[Block::text("甲")], Paper::Mm58);
    assert_eq!(std::fs::read(path).unwrap(), once.repeat(2));
}

#[test]
#[cfg(unix)]
fn a_file_that_is_not_a_receipt_file_is_never_written_to() {
    let home = tempfile::tempdir().unwrap();
    let (folder, beside) = (home.path().join("till"), home.path().join("beside"));
    for dir in [&folder, &beside] {
        std::fs::create_dir(dir).unwrap();
    }
    let key = folder.join("identity.json");
    std::fs::write(&key, "the key").unwrap();
    std::fs::write(beside.join("hosts"), "127.0.0.1").unwrap();
    std::fs::write(beside.join("list.bin"), "not ours").unwrap();
    std::fs::hard_link(&key, beside.join("second.bin")).unwrap();
    std::os::unix::fs::symlink(&key, beside.join("link.bin")).unwrap();
    std::os::unix::fs::symlink(folder.join("new.bin"), beside.join("dangling.bin")).unwrap();
    std::os::unix::fs::symlink(&folder, beside.join("way")).unwrap();
    std::fs::create_dir(beside.join("dir.bin")).unwrap();
    let before = files(home.path());
    let refused = [
        ("till/identity.json", Reason::InFolder),
        ("till/receipts.bin", Reason::InFolder),
        ("beside/../till/receipts.bin", Reason::InFolder),
        ("beside/way/receipts.bin", Reason::InFolder),
        ("beside/way/../till/receipts.bin", Reason::InFolder),
        ("beside/link.bin", Reason::NotReceipts),
        ("beside/dangling.bin", Reason::NotReceipts),
        ("beside/second.bin", Reason::NotReceipts),
        ("beside/list.bin", Reason::NotReceipts),
        ("beside/hosts", Reason::NotReceipts),
        ("beside/new.txt", Reason::NotReceipts),
        ("beside/dir.bin", Reason::NotReceipts),
        ("beside/..", Reason::NotReceipts),
        ("beside/", Reason::NotReceipts),
        ("nowhere/receipts.bin", Reason::Unreachable),
    ];
    for (path, reason) in refused {
        let target = PrinterTarget::File { path: home.path().join(path) };
        let settings =
            PrinterSettings { target, paper: Paper::Mm58, drawer: DrawerPin::Two, keep_out: folder.clone() };
        let printer = Printer::new(settings, calm());
        assert_eq!(printer.status(), PrinterStatus::Offline, "{path}");
        assert_eq!(printer.print(b"\x1b@paper", None), Outcome::Failed(reason), "{path}");
    }
    assert_eq!(files(home.path()), before);
    let device = printer(PrinterTarget::UsbLp { path: key.clone() }, Paper::Mm58, calm());
    assert_eq!(device.print(b"\x1b@paper", None), Outcome::Failed(Reason::NotADevice));
    assert_eq!(std::fs::read(key).unwrap(), b"the key");
}

/// Every file below a folder, with what is in it.
#[cfg(unix)]
fn files(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = vec![];
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if std::fs::symlink_metadata(&path).unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_job_is_never_printed_twice_whatever_its_outcome() {
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    sim.behave(|now| now.mouth = Mouth::Mute);
    let (queue, told) = queue(printer(tcp(sim.address()), Paper::Mm58, brief()));
    queue.submit(job(1, everything())).unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(queue.submit(job(1, everything())), Err(SubmitError::Repeated));
    queue.close();
    assert!(sim.wait_ended(PATIENCE, 1));
    assert_eq!(sim.printed().iter().filter(|printed| **printed == Printed::Cut).count(), 1);
    assert_eq!(sim.visits(), 1);
}

#[test]
fn a_stuck_printer_never_holds_up_the_till_and_the_queue_stays_bounded() {
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    // The callback holds the thread, as a printer does that takes forever.
    let (hold, held) = channel::<()>();
    let (tell, told) = channel();
    let queue = PrintQueue::start(printer(tcp(sim.address()), Paper::Mm58, calm()), move |event| {
        let _ = tell.send(event);
        let _ = held.recv();
    })
    .unwrap();
    queue.submit(job(0, vec![])).unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    for number in 1..=u8::try_from(JOBS_WAITING_MAX).unwrap() {
        queue.submit(job(number, vec![])).unwrap();
    }
    assert_eq!(queue.submit(job(200, vec![])), Err(SubmitError::Full));
    // Refused is not submitted: it may come again when there is room.
    assert_eq!(queue.submit(job(200, vec![])), Err(SubmitError::Full));
    assert_eq!(queue.ask_status(), Err(SubmitError::Full));
    drop(hold);
    queue.close();
    let outcomes: Vec<_> = told.iter().collect();
    assert_eq!(outcomes.len(), JOBS_WAITING_MAX, "every job taken has its outcome");
    let last = PrintEvent::Finished { id: id(32), outcome: Outcome::Failed(Reason::QueueClosed) };
    assert_eq!(outcomes.last(), Some(&last), "a job not begun when the queue closes has failed");
}

#[test]
fn the_state_is_told_on_request() {
    let sim = PrinterSim::tcp(Paper::Mm58).unwrap();
    sim.behave(|now| now.state = PrinterState::PaperLow);
    let (queue, told) = queue(printer(tcp(sim.address()), Paper::Mm58, calm()));
    queue.ask_status().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(PrintEvent::Status(PrinterStatus::PaperLow)));
}

#[test]
fn settings_read_as_an_it_person_writes_them() {
    let text = r#"{"target":{"kind":"tcp","address":"192.168.1.50:9100"},"paper":"mm58"}"#;
    let settings: suanpan_devices::PrinterSettings = serde_json::from_str(text).unwrap();
    assert_eq!(settings.target, tcp("192.168.1.50:9100".into()));
    assert_eq!((settings.paper, settings.drawer), (Paper::Mm58, suanpan_devices::DrawerPin::Two));
}
