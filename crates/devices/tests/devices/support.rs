//! What the tests of this crate share.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use suanpan_devices::{
    DrawerPin, Job, Patience, PrintEvent, PrintQueue, Printer, PrinterSettings, PrinterTarget, job_bytes,
};
use suanpan_domain::catalogue::{SiteSettings, Tender};
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::receipt::{Block, Paper, Slip, Style, render_lines, sale_receipt};

/// Long enough for a loaded machine; no test waits this long unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Short where a test waits for an answer that never comes.
pub(crate) fn brief() -> Patience {
    let ms = Duration::from_millis;
    Patience { connect: ms(2_000), send: ms(2_000), status: ms(150), confirm: ms(1_000) }
}

/// Long where a test waits for an answer that does come.
pub(crate) fn calm() -> Patience {
    Patience { connect: PATIENCE, send: PATIENCE, status: PATIENCE, confirm: PATIENCE }
}

pub(crate) fn printer(target: PrinterTarget, paper: Paper, patience: Patience) -> Printer {
    Printer::new(
        PrinterSettings { target, paper, drawer: DrawerPin::Two, keep_out: PathBuf::new() },
        patience,
    )
}

pub(crate) fn tcp(address: String) -> PrinterTarget {
    PrinterTarget::Tcp { address }
}

pub(crate) fn queue(printer: Printer) -> (PrintQueue, Receiver<PrintEvent>) {
    let (tell, told) = channel();
    let queue = PrintQueue::start(printer, move |event| _ = tell.send(event)).unwrap();
    (queue, told)
}

pub(crate) fn job(number: u8, blocks: Vec<Block>) -> Job {
    Job { id: id(number), blocks, kick_drawer: false }
}

pub(crate) fn id(number: u8) -> Id {
    Id([number; 16])
}

pub(crate) fn bytes(blocks: &[Block], paper: Paper) -> Vec<u8> {
    job_bytes(&render_lines(blocks, paper), None).unwrap()
}

/// One of everything that a receipt may hold.
pub(crate) fn everything() -> Vec<Block> {
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

/// A receipt of a sale as the journal holds it.
pub(crate) fn receipt() -> Vec<Block> {
    let site: SiteSettings = serde_json::from_str(
        r#"{"chain":"田禾鲜市","site":"TH01","name":"人民路店","address":"临海市人民路 18 号","phone":"0576-1234567"}"#,
    )
    .unwrap();
    let tenders: Vec<Tender> =
        serde_json::from_str(r#"[{"code":"cash","name":"现金","name_en":"Cash","order":1}]"#).unwrap();
    let payload = r#"{"v":1,"id":"01010101010101010101010101010101","no":812,
        "shift":"02020202020202020202020202020202","by":"1001","cut":"7","round":3,"due":1070,"change":930,
        "pay":[{"c":"cash","a":1070,"g":2000}],"lines":[
        {"i":"1","n":"西红柿","q":{"g":328},"p":{"fen":598,"per":"500g"},"g":392,"a":392,"net":392,"t":{"c":"EX","bp":0}},
        {"i":"2","n":"纯牛奶 250ml","u":"盒","q":{"pc":2},"p":{"fen":365,"per":"pc"},"g":730,"a":678,"net":600,"tx":78,
         "r":3,"t":{"c":"V13","bp":1300}}],"disc":49}"#;
    let Ok(Entry::Sale(sale)) = Entry::decode(1, payload.as_bytes()) else { panic!("not a sale") };
    let number = "TH01-2-20261121-0812-a7".parse().unwrap();
    let at_ms = 1_795_224_600_000;
    let slip = Slip { site: &site, till: 2, cashier: "李梅 1001", at_ms, tenders: &tenders, copy: 0 };
    sale_receipt(&slip, &number, &sale, None)
}
