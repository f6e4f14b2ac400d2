//! What is written down beside sales.

use suanpan_contract::pos::Command;
use suanpan_contract::{Code, DiskView};
use suanpan_domain::entry::Entry;
use suanpan_tests::catalogue::gtin;
use suanpan_tests::rig::{Rig, pays};

#[test]
fn what_leaves_a_basket_is_journalled_even_before_payment() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 3 });
    let cola = rig.scan(&gtin("690000000002")).basket.lines[0].id;
    rig.view(Command::SetQuantity { line: cola, quantity: 2 });
    rig.view(Command::RemoveLine { line: None });
    rig.scan(&gtin("690000000001"));
    assert_eq!(rig.said(Command::VoidBasket), Some(Code::Voided));
    let kinds: Vec<u16> = rig.journal().iter().map(Entry::kind).collect();
    // Signed in, shift opened, quantity lowered, line removed, basket voided.
    assert_eq!(kinds, [60, 20, 41, 40, 42]);
}

#[test]
fn a_parked_basket_comes_back_whole_after_a_power_cut() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.scan(&gtin("690000000002"));
    assert_eq!(rig.said(Command::Park), Some(Code::Parked));
    rig.scan(&gtin("690000000002"));
    rig.pull_the_plug();
    rig.sign_in("1101", "3141");
    let parked = rig.now().parked.remove(0);
    assert_eq!((parked.lines, parked.due_fen, parked.first.as_str()), (2, 4_640, "大米 5kg"));
    let recall = || Command::Recall { basket: parked.basket.clone() };
    assert_eq!(rig.said(recall()), Some(Code::BasketOpen));
    rig.view(Command::VoidBasket);
    let view = rig.view(recall());
    assert_eq!((view.basket.due_fen, view.parked.len()), (4_640, 0));
    assert_eq!(rig.said(recall()), Some(Code::BasketOpen));
}

#[test]
fn a_split_tender_survives_a_power_cut_and_closes() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    assert_eq!(rig.said(pays("wechat", Some(4_000))), Some(Code::TenderTaken));
    rig.pull_the_plug();
    rig.sign_in("1101", "3141");
    assert_eq!(rig.now().pay.remaining_fen, 290);
    let closed = rig.pay_exact().closed.expect("a closed sale");
    let tenders: Vec<(&str, i64)> =
        closed.tenders.iter().map(|taken| (taken.tender.as_str(), taken.amount_fen)).collect();
    assert_eq!(tenders, [("wechat", 4_000), ("cash", 290)]);
}

#[test]
fn on_a_full_disk_the_begun_sale_is_finished_and_a_new_one_is_refused_before_anything_is_rung() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.stop();
    // No disk has room for this reserve, nor for its last part.
    rig.reserve_bytes = 1 << 60;
    rig.start();
    assert_eq!(rig.now().status.disk, DiskView::Full);
    rig.sign_in("1101", "3141");
    assert_eq!(rig.scan(&gtin("690000000002")).basket.lines.len(), 2);
    assert!(rig.pay_exact().closed.is_some());
    let view = rig.scan(&gtin("690000000002"));
    assert_eq!(view.message.map(|message| message.code), Some(Code::DiskFull));
    assert!(view.basket.lines.is_empty());
    rig.view(Command::Clear);
    let view = rig.agreed(Command::CloseShift { count: vec![] });
    assert_eq!(view.message.map(|message| message.code), Some(Code::ShiftClosed));
}
