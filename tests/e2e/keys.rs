//! How many presses a sale takes, and what a scanner or a stray key can never press.

use serde_json::json;
use suanpan_tests::catalogue::{CARD, gtin, rows};
use suanpan_tests::e2e::{Display, Window};
use suanpan_tests::rig::Rig;

use crate::counter::{SMALL, open_shift, open_till, sign_in};

/// A till of the small catalogue with an open shift.
async fn open(display: &Display, rig: &Rig) -> Window {
    let mut window = open_till(display, rig.dir.path(), SMALL).await;
    sign_in(&mut window, "1101", "3141").await;
    open_shift(&mut window, "300").await;
    window
}

fn rice() -> String {
    gtin("690000000001")
}

#[tokio::test]
async fn cashier_takes_money_in_the_promised_number_of_presses() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    let sales = [("+ Enter", 2, "0.00"), ("+ F7", 2, "57.10"), ("+ 5 4 Enter", 4, "11.10")];
    for (keys, presses, change) in sales {
        window.scan(&rice()).await;
        window.wait_text("due", "42.90").await;
        window.take_presses();
        window.press_all(keys).await;
        window.wait_text("change", change).await;
        assert_eq!(window.take_presses(), presses, "{keys}");
    }
    window.close().await;
}

#[tokio::test]
async fn scan_during_a_dialog_answers_none_of_them() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    window.scan(&rice()).await;
    window.wait_text("pieces", "1").await;
    // What opens it, what shows that it is open, keys that leave it.
    let dialogs: [(&[&str], &str, &str); 9] = [
        (&["pad-settle"], "pay-exact", "Escape"),
        (&["F7"], "question", "Escape"),
        (&["F4"], "quantity-go", "Escape"),
        (&["F5"], "price-go", "Escape"),
        (&["F12"], "menu-lock", "Escape"),
        (&["F12", "menu-drop"], "cash-go", "Escape"),
        (&["F12", "menu-audit_shift"], "count-go", "Escape"),
        (&["F1"], "pad-Enter", "Escape"),
        (&["F2"], "search-field", "Escape Escape"),
    ];
    for (pieces, (touches, there, leave)) in (2..).zip(dialogs) {
        for key in touches {
            window.touch(key).await;
        }
        window.find(there).await;
        window.scan(&rice()).await;
        // The line was added and nothing else happened: no sale closed, nothing voided, no message of an error.
        window.wait_text("pieces", &pieces.to_string()).await;
        window.press_all(leave).await;
        window.find("quick-key").await;
    }
    window.press("F11").await;
    window.find("approve").await;
    window.scan(CARD).await;
    window.wait_gone("approve").await;
    window.close().await;
}

#[tokio::test]
async fn ten_thousand_characters_are_one_refused_scan() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    window.scan(&"7".repeat(10_000)).await;
    window.wait_text_has("message", "POS-SCN-005").await;
    // Until 清除 a scan is refused; after it the till sells on.
    window.scan(&rice()).await;
    window.wait_text_has("message", "POS-SCN-006").await;
    window.press("Escape").await;
    window.scan(&rice()).await;
    window.wait_text("due", "42.90").await;
    window.close().await;
}

#[tokio::test]
async fn shortcuts_of_a_browser_do_nothing_to_a_till() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    window.script("window.isSame = true", vec![]).await;
    for keys in ["F5", "Control+r", "Control+p", "Control+w", "Alt+ArrowLeft", "F1"] {
        window.press(keys).await;
    }
    window.press("Escape").await;
    window.scan(&rice()).await;
    window.wait_text("due", "42.90").await;
    assert_eq!(
        window.script("return window.isSame === true", vec![]).await,
        json!(true),
        "the page was reloaded"
    );
    assert_eq!(
        window.script("return [innerWidth, document.querySelectorAll('input').length]", vec![]).await,
        json!([SMALL.0, 0])
    );
    window.close().await;
}

#[tokio::test]
async fn second_window_says_that_the_till_is_open_already() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let first = open_till(&display, rig.dir.path(), SMALL).await;
    first.find("field-staff").await;
    let second = open_till(&display, rig.dir.path(), SMALL).await;
    second.wait_text("failure", "程序已在运行：请切换到已打开的窗口").await;
    second.close().await;
    first.close().await;
}
