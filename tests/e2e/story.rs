//! The five minutes of a new user, on the real windows.

use suanpan_domain::barcode::check_digit;
use suanpan_tests::e2e::{Display, Window};

use crate::counter::{self, SMALL, WIDE, open_shift, picture_for_readme, prove, sign_in, type_secret};
use crate::hub::Chain;

pub(crate) const RICE: &str = "6990000502014";

/// A label of the store's scales: 20, PLU, grams, fen, check digit.
pub(crate) fn label(plu: u32, grams: u32, fen: u32) -> String {
    let body = format!("20{plu:05}{grams:05}{fen:05}");
    let check = check_digit(&body).expect("digits");
    format!("{body}{check}")
}

/// Three weighed vegetables, two by label and one by touch with a typed weight, and a packet of rice.
async fn ring_a_basket(window: &mut Window) {
    window.scan(&label(10101, 482, 386)).await;
    window.wait_text("due", "3.86").await;
    window.scan(&label(10102, 735, 515)).await;
    window.wait_text("due", "9.01").await;
    window.touch("quick-key").await;
    for key in ["pad-.", "pad-5"] {
        window.touch(key).await;
    }
    window.touch("weigh-go").await;
    window.wait_text("due", "13.01").await;
    window.scan(RICE).await;
    window.wait_text("pieces", "4").await;
}

/// Fen of an amount on a screen.
fn fen(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("{text:?} is no amount"))
}

/// What the customer of the sale just closed paid: 实收 less 找零.
async fn paid(till: &Window) -> i64 {
    fen(&till.text("received").await) - fen(&till.text("change").await)
}

#[tokio::test]
async fn new_user_sells_on_and_offline_and_hq_has_every_fen() {
    let display = Display::start(WIDE.0, WIDE.1);
    let mut chain = Chain::start().await;

    let code = chain.enrol_code().await;
    let mut till = counter::open_till(&display, &chain.till_folder(), SMALL).await;
    till.find("field-hub").await;
    till.scan(&chain.url).await;
    till.scan(&code).await;
    till.wait_text_has("field-code", &code).await;
    till.touch("enrol").await;
    till.find("field-staff").await;
    sign_in(&mut till, "1101", "3141").await;
    open_shift(&mut till, "300").await;

    ring_a_basket(&mut till).await;
    picture_for_readme(&till, "selling.zh-CN").await;
    let due = till.text("due").await;
    till.touch("pad-settle").await;
    till.touch("pay-F7").await;
    till.find("change").await;
    let first = paid(&till).await;
    till.wait_text_has("network", "1–1").await;

    chain.stop().await;
    ring_a_basket(&mut till).await;
    assert_eq!(till.text("due").await, due, "the same goods cost the same without a network");
    till.press_all("+ Enter").await;
    till.find("change").await;
    till.wait_text_has("network", "▲ 断网").await;
    till.wait_text_has("network", "照常收银 1 笔已存本机").await;
    let second = paid(&till).await;
    picture_for_readme(&till, "offline.zh-CN").await;

    chain.restart().await;
    till.wait_text_has("network", "1–2").await;
    let mut hq = chain.open_hq(&display, WIDE).await;
    hq.wait_text("hq-sales", "2").await;
    picture_for_readme(&hq, "hq.zh-CN").await;
    hq.touch("hq-language").await;
    hq.wait_text_has("hq-out", "Sign out").await;
    picture_for_readme(&hq, "hq.en").await;
    assert_eq!(fen(&hq.text("hq-paid").await), first + second, "HQ's figure is the till's, to the fen");
    hq.close().await;
    till.close().await;
}

#[tokio::test]
async fn warehouse_desk_enrols_knows_its_people_and_locks() {
    let display = Display::start(SMALL.0, SMALL.1);
    let chain = Chain::start().await;
    let mut desk = chain.open_enrolling(&display, "wms-app", SMALL).await;
    desk.wait_text_has("network", "● 联网").await;
    prove(&mut desk, "1101", "9999").await;
    desk.wait_text_has("message", "工号或密码不对").await;
    type_secret(&mut desk, "field-pin", "3141").await;
    desk.press("Enter").await;
    desk.find("lock").await;
    desk.wait_text("cashier", "周小满").await;
    desk.shot("warehouse-desk").await;
    desk.press("F12").await;
    desk.find("field-staff").await;
    desk.wait_gone("cashier").await;
    desk.close().await;
}
