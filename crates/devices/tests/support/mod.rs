//! What the tests of this crate share.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use suanpan_devices::{
    DrawerPin, Job, Patience, PrintEvent, PrintQueue, Printer, PrinterSettings, PrinterTarget, job_bytes,
};
use suanpan_domain::ids::Id;
use suanpan_domain::receipt::{Block, Paper, Style, render_lines};

/// Long enough for a loaded machine; no test waits this long unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Short where a test waits for an answer that never comes.
pub fn brief() -> Patience {
    let ms = Duration::from_millis;
    Patience { connect: ms(2_000), send: ms(2_000), status: ms(150), confirm: ms(300) }
}

/// Long where a test waits for an answer that does come.
pub fn calm() -> Patience {
    Patience { connect: PATIENCE, send: PATIENCE, status: PATIENCE, confirm: PATIENCE }
}

pub fn printer(target: PrinterTarget, paper: Paper, patience: Patience) -> Printer {
    Printer::new(PrinterSettings { target, paper, drawer: DrawerPin::Two }, patience)
}

pub fn tcp(address: String) -> PrinterTarget {
    PrinterTarget::Tcp { address }
}

pub fn queue(printer: Printer) -> (PrintQueue, Receiver<PrintEvent>) {
    let (tell, told) = channel();
    let queue = PrintQueue::start(printer, move |event| drop(tell.send(event))).unwrap();
    (queue, told)
}

pub fn job(number: u8, blocks: Vec<Block>) -> Job {
    Job { id: id(number), blocks, kick_drawer: false }
}

pub fn id(number: u8) -> Id {
    Id([number; 16])
}

pub fn bytes(blocks: &[Block], paper: Paper) -> Vec<u8> {
    job_bytes(&render_lines(blocks, paper), None).unwrap()
}

/// One of everything that a receipt may hold.
pub fn everything() -> Vec<Block> {
    vec![
        Block::centre("鲜丰菜市 人民路店", Style::BIG),
        Block::text("收银员 李梅 2023-06-16 09:30"),
        Block::Rule,
        Block::row("品名", "单价", "金额").styled(Style::BOLD),
        Block::text("特级有机普罗旺斯西红柿山东寿光产地直送精品礼盒装"),
        Block::row("  0.328 kg", "5.98/500g", "3.92"),
        Block::text("𩽾𩾌鱼 㐂 é 10% ¥"),
        Block::row("  1", "12.00/件", "-12.00"),
        Block::Rule,
        Block::pair("应收", "￥3.92").styled(Style::TALL),
        Block::Code128("TH01-2-20230616-0812-a7".into()),
        Block::Qr("https://invoice.example/c/TH01-2-20230616-0812-a7".into()),
        Block::Feed(2),
        Block::Cut,
    ]
}
