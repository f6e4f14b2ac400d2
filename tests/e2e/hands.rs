//! A whole shift by keyboard alone, and one by touch alone.

use suanpan_tests::catalogue::rows;
use suanpan_tests::e2e::Display;
use suanpan_tests::rig::Rig;

use crate::counter::{SMALL, open_shift, open_till, prove, sign_in, type_into};

#[tokio::test]
async fn cashier_works_a_shift_by_keyboard_alone() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open_till(&display, rig.dir.path(), SMALL).await;
    prove(&mut window, "1101", "3141").await;
    window.find("float").await;
    type_into(&mut window, "typed", "300").await;
    window.press("Enter").await;
    window.wait_gone("float").await;

    // Two bags of rice by quantity and code, one of them given back.
    type_into(&mut window, "typed", "2").await;
    window.press("*").await;
    window.find("multiply").await;
    type_into(&mut window, "typed", "2001").await;
    window.press("Enter").await;
    window.wait_text("due", "85.80").await;
    window.press_all("+ Enter").await;
    window.wait_text("received", "¥85.80").await;
    window.press("F9").await;
    window.find("document").await;
    window.press_all("ArrowDown Enter").await;
    window.find("refund-line").await;
    window.press("ArrowDown").await;
    type_into(&mut window, "typed", "1").await;
    window.press("Enter").await;
    window.find("restock").await;
    window.press("+").await;
    prove(&mut window, "1801", "8246").await;
    window.wait_text("change", "42.90").await;

    // 班结: ¥300 float and ¥42.90 of sales.
    window.press("F12").await;
    window.find("menu-close_shift").await;
    window.press("1").await;
    window.find("count-go").await;
    for (denomination, pieces) in [
        ("10000", "3"),
        ("5000", "0"),
        ("2000", "2"),
        ("1000", "0"),
        ("500", "0"),
        ("100", "2"),
        ("50", "1"),
        ("10", "4"),
    ] {
        type_into(&mut window, &format!("count-{denomination}"), pieces).await;
        window.press("Enter").await;
    }
    window.press("+").await;
    window.wait_text_has("question", "实点 ¥342.90，共 12 张").await;
    window.press("Enter").await;
    window.find("float").await;
    window.wait_text_has("message", "已班结").await;
    window.press("F12").await;
    window.find("menu-close_day").await;
    window.press("8").await;
    window.wait_text_has("question", "共 2 张小票").await;
    window.press("Enter").await;
    window.wait_text_has("message", "已日结").await;
    window.close().await;
}

#[tokio::test]
async fn cashier_works_by_touch_alone() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open_till(&display, rig.dir.path(), SMALL).await;
    sign_in(&mut window, "1101", "3141").await;
    open_shift(&mut window, "300").await;

    // By pinyin initials on the drawn letters: 大米.
    for key in ["F2", "key-d", "key-m", "hit"] {
        window.touch(key).await;
    }
    window.wait_text("due", "42.90").await;
    for key in ["F4", "pad-3", "quantity-go"] {
        window.touch(key).await;
    }
    window.wait_text("pieces", "3").await;
    for key in ["F8", "F8", "parked"] {
        window.touch(key).await;
    }
    window.wait_text("due", "128.70").await;

    // ¥100 in cash, the rest by WeChat with its reference.
    for key in ["pad-settle", "pay-F7"] {
        window.touch(key).await;
    }
    window.wait_text("remaining", "¥28.70").await;
    window.touch("pay-F8").await;
    for key in ["pad-4", "pad-2", "pad-00", "pad-1", "reference-letters", "key--", "key-a"] {
        window.touch(key).await;
    }
    window.wait_text_has("field-reference", "42001-a").await;
    window.touch("reference-go").await;
    window.wait_text("received", "¥128.70").await;

    window.touch("F10").await;
    window.touch("document").await;
    window.wait_text_has("preview", "大米 5kg").await;
    for key in ["documents-leave", "F12", "menu-lock"] {
        window.touch(key).await;
    }
    window.find("field-pin").await;
    window.close().await;
}
