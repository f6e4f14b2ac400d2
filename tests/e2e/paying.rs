//! A payment that was begun, counted drawers and mistyped PINs, at the window and by keyboard alone.

use suanpan_tests::catalogue::{gtin, rows};
use suanpan_tests::e2e::{Display, Window};
use suanpan_tests::rig::Rig;

use crate::counter::{SMALL, open_shift, open_till, prove, sign_in, type_into, type_secret};

/// A till of the small catalogue with an open shift, and a bag of rice on the counter.
async fn with_rice(display: &Display, rig: &Rig) -> Window {
    let mut window = open_till(display, rig.dir.path(), SMALL).await;
    sign_in(&mut window, "1101", "3141").await;
    open_shift(&mut window, "300").await;
    window.scan(&gtin("690000000001")).await;
    window.wait_text("due", "42.90").await;
    window
}

#[tokio::test]
async fn cashier_finds_the_payment_again_after_a_power_cut_and_after_every_way_around_it() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = with_rice(&display, &rig).await;
    window.press("+").await;
    window.find("pay-exact").await;
    type_into(&mut window, "typed", "20").await;
    window.press("F8").await;
    window.find("reference-go").await;
    window.scan("4200001234202611210123456789").await;
    window.wait_text_has("taken", "微信 ¥20.00").await;
    // The program is killed where it stands.
    drop(window);
    let mut window = open_till(&display, rig.dir.path(), SMALL).await;
    // A wrong PIN first: the next one is typed where it was, under dots.
    prove(&mut window, "1101", "0000").await;
    window.wait_text_has("message", "还可试 4 次").await;
    window.wait_text_has("field-staff", "1101").await;
    window.shot("zh-CN-sign-in-wrong-1024").await;
    type_secret(&mut window, "field-pin", "3141").await;
    window.press("Enter").await;
    window.wait_text_has("taken", "微信 ¥20.00").await;
    window.wait_text_has("message", "已收 ¥20.00，还差 ¥22.90").await;
    window.shot("zh-CN-payment-restored-1024").await;
    for (away, there) in [("F1", "question"), ("F12", "question")] {
        window.press(away).await;
        window.find(there).await;
        window.press("Escape").await;
        window.wait_text("remaining", "¥22.90").await;
    }
    // Locked and back: the payment is still there.
    window.press_all("F12 Enter F12").await;
    prove(&mut window, "1102", "2718").await;
    window.find("relieve").await;
    window.press("Enter").await;
    window.wait_text_has("message", "还差 ¥22.90").await;
    window.press("Enter").await;
    window.wait_text_has("question", "¥22.90 收现金").await;
    window.shot("zh-CN-rest-in-cash-1024").await;
    window.press("Escape").await;
    window.press("Escape").await;
    window.wait_text_has("question", "微信 ¥20.00").await;
    window.press("Enter").await;
    window.wait_text_has("message", "请在收款设备上撤销 ¥20.00").await;
    window.find("quick-key").await;
    window.close().await;
}

#[tokio::test]
async fn cashiers_double_tap_on_exact_cash_sells_nothing_that_lies_under_it() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = with_rice(&display, &rig).await;
    window.press("+").await;
    window.find("pay-exact").await;
    window.double_tap("pay-exact").await;
    window.wait_text("closed-due", "¥42.90").await;
    // What the second tap would have done is done before the key that comes after it.
    window.press("F1").await;
    window.find("back").await;
    assert!(window.find_all("weigh").await.is_empty());
    window.wait_text("closed-due", "¥42.90").await;
    window.press("Escape").await;
    window.touch("quick-key").await;
    window.find("weigh").await;
    window.close().await;
}

#[tokio::test]
async fn cashier_cannot_close_a_sale_with_the_customers_payment_code() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = with_rice(&display, &rig).await;
    // More than is due is refused before a reference is asked for.
    window.press("+").await;
    window.find("pay-exact").await;
    type_into(&mut window, "typed", "50").await;
    window.press("F8").await;
    window.wait_text_has("message", "最多 ¥42.90").await;
    window.find("pay-exact").await;
    window.press("F8").await;
    window.find("reference-go").await;
    window.scan("134567890123456789").await;
    window.wait_text_has("message", "先在收款设备上收款").await;
    window.shot("zh-CN-payment-code-1024").await;
    window.press("Escape").await;
    type_into(&mut window, "field-reference", "2812345678901234").await;
    window.press("Enter").await;
    window.wait_text_has("message", "先在收款设备上收款").await;
    window.press("Escape").await;
    window.scan("4200001234202611210123456789").await;
    window.wait_text("received", "¥42.90").await;
    window.close().await;
}

#[tokio::test]
async fn cashier_closes_an_uncounted_drawer_only_by_saying_so_twice() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = with_rice(&display, &rig).await;
    window.press_all("F8 F12 1").await;
    window.wait_text_has("message", "大米 5kg ¥42.90）：按 F8 取单").await;
    window.shot("zh-CN-close-refused-1024").await;
    window.press("F8").await;
    window.find("parked").await;
    window.find("back").await;
    window.press_all("ArrowDown Enter").await;
    window.wait_text("due", "42.90").await;
    window.press_all("F7 Enter").await;
    window.wait_text("pieces", "0").await;
    window.press_all("F12 8").await;
    window.wait_text_has("message", "还有班次未班结").await;
    window.press_all("F12 1").await;
    window.find("count-go").await;
    type_into(&mut window, "count-10000", "3").await;
    // Another panel does not lose the count.
    window.press("F12").await;
    window.find("menu-close_shift").await;
    window.press("1").await;
    window.wait_text_has("count-10000", "3").await;
    window.press_all("Backspace +").await;
    window.wait_text_has("question", "实点 ¥0.00").await;
    window.press("Enter").await;
    window.wait_text_has("question", "一张也没有点").await;
    window.shot("zh-CN-nothing-counted-1024").await;
    window.press("Enter").await;
    // ¥300 should be there.
    window.wait_text_has("question", "相差较大").await;
    window.shot("zh-CN-counted-apart-1024").await;
    window.press("Enter").await;
    window.wait_text_has("message", "已班结").await;
    window.close().await;
}
