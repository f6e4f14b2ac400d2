//! What a station says about its printer, and how the papers of its documents stand.

use suanpan_contract::{Code, PreviewLine, PrintView};
use suanpan_devices::{Outcome, PrinterStatus, Reason};
use suanpan_domain::ids::Id;
use suanpan_domain::receipt::{Block, Line, Paper, Size, render_lines};
use suanpan_ledger::{PrintJob, PrintState};

/// A paper that no new entry asks for.
#[derive(Clone, Debug)]
pub(crate) enum Extra {
    /// 补打 of a document.
    Reprint { document: Id, copy: u16, paper: Vec<Block> },
    /// A page such as the test page.
    Page(Vec<Block>),
}

/// A paper as it prints, line by line.
pub(crate) fn preview(blocks: &[Block], paper: Paper) -> Vec<PreviewLine> {
    render_lines(blocks, paper).into_iter().flat_map(|line| shown(line, paper)).collect()
}

fn shown(line: Line, paper: Paper) -> Vec<PreviewLine> {
    let plain = |text: String| PreviewLine { text, ..PreviewLine::default() };
    let code = |text: String| PreviewLine { centre: true, is_code: true, ..plain(text) };
    match line {
        Line::Text { text, style } => {
            let (tall, wide) = (style.size != Size::Normal, style.size == Size::Big);
            vec![PreviewLine { bold: style.bold, tall, wide, ..plain(text) }]
        }
        Line::Qr(text) => vec![code(text)],
        Line::Code128(runs) => vec![code(runs.into_iter().map(|run| run.characters().to_owned()).collect())],
        Line::Feed(lines) => vec![plain(String::new()); usize::from(lines)],
        Line::Cut => vec![plain("-".repeat(paper.columns()))],
    }
}

/// What became of a job, for the ledger.
pub(crate) fn state_of(outcome: Outcome) -> PrintState {
    match outcome {
        Outcome::Printed => PrintState::Printed,
        Outcome::Failed(_) => PrintState::Failed,
        Outcome::Uncertain(_) => PrintState::Unknown,
    }
}

/// What the cashier is told about an outcome; success is silent.
pub(crate) fn said_of(outcome: Outcome) -> Option<Code> {
    match outcome {
        Outcome::Printed => None,
        Outcome::Failed(Reason::PaperOut) => Some(Code::PaperOut),
        Outcome::Failed(Reason::Unreachable | Reason::Offline | Reason::Busy) => Some(Code::PrinterOffline),
        Outcome::Failed(Reason::InFolder) => Some(Code::PrinterFileInFolder),
        Outcome::Failed(Reason::NotReceipts) => Some(Code::PrinterFileRefused),
        Outcome::Failed(Reason::NotADevice) => Some(Code::DeviceRefused),
        Outcome::Failed(_) => Some(Code::NotPrinted),
        Outcome::Uncertain(Reason::StatusUnreadable) => Some(Code::PrinterUnknown),
        Outcome::Uncertain(_) => Some(Code::PrintUncertain),
    }
}

/// What an outcome tells about the printer itself; `None` when it tells nothing new.
pub(crate) fn status_after(outcome: Outcome) -> Option<PrinterStatus> {
    match outcome {
        Outcome::Printed => None,
        Outcome::Failed(reason) | Outcome::Uncertain(reason) => match reason {
            Reason::PaperOut => Some(PrinterStatus::PaperOut),
            Reason::CoverOpen => Some(PrinterStatus::CoverOpen),
            Reason::Unreachable
            | Reason::Offline
            | Reason::InFolder
            | Reason::NotReceipts
            | Reason::NotADevice => Some(PrinterStatus::Offline),
            Reason::Unprintable | Reason::QueueClosed => None,
            _ => Some(PrinterStatus::Unknown),
        },
    }
}

/// How a document's newest job stands. Jobs known to have printed are forgotten after a while.
pub(crate) fn state_of_document(jobs: &[PrintJob], document: Id, has_printer: bool) -> PrintView {
    match jobs.iter().rev().find(|job| job.document == document).map(|job| job.state) {
        Some(PrintState::Queued) => PrintView::Waiting,
        Some(PrintState::Printed) => PrintView::Printed,
        Some(PrintState::Failed) => PrintView::Failed,
        Some(PrintState::Unknown) => PrintView::Uncertain,
        None if has_printer => PrintView::Printed,
        None => PrintView::NotAsked,
    }
}
