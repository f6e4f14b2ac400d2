//! How many presses a sale takes, and what a scanner or a stray key can never press.

use serde_json::json;
use suanpan_tests::catalogue::{CARD, gtin, rows};
use suanpan_tests::e2e::{Display, Keys, Window};
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
    // What opens it, what shows that it is open, keys that leave it, and whether goods are still rung under it.
    let dialogs: [(&[&str], &str, &str, bool); 9] = [
        (&["pad-settle"], "pay-exact", "Escape", true),
        (&["F7"], "question", "Escape", true),
        (&["F4"], "quantity-go", "Escape", false),
        (&["F5"], "price-go", "Escape", false),
        (&["F12"], "menu-lock", "Escape", true),
        (&["F12", "menu-drop"], "cash-go", "Escape", false),
        (&["F12", "menu-audit_shift"], "count-go", "Escape", false),
        (&["F1"], "pad-Enter", "Escape", true),
        (&["F2"], "search-field", "Escape Escape", true),
    ];
    let mut pieces = 1;
    for (touches, there, leave, rings) in dialogs {
        for key in touches {
            window.touch(key).await;
        }
        window.find(there).await;
        window.scan(&rice()).await;
        // At most the line was added: no sale closed, nothing voided, and what is not added is refused in red.
        pieces += i32::from(rings);
        if !rings {
            window.wait_text_has("message", "没有加入这件商品").await;
        }
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
async fn the_printed_price_of_gs1_data_is_charged_whatever_keys_part_it() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    let (head, tail) = (format!("010{}10L7", rice()), "3932156398");
    let separators = [
        Keys::Held("Control", &["]"]),
        Keys::Held("Alt", &["Numpad0", "Numpad2", "Numpad9"]),
        Keys::Named("F8"),
        Keys::Text("{GS}"),
    ];
    for (separator, due) in separators.into_iter().zip(["3.98", "7.96", "11.94", "15.92"]) {
        window.scan_keys(&[Keys::Text(&head), separator, Keys::Text(tail)]).await;
        window.wait_text("due", due).await;
    }
    // In the search field as well, and in another currency not at all.
    window.press("F2").await;
    window.find("search-field").await;
    window.scan_keys(&[Keys::Text(&head), Keys::Held("Control", &["]"]), Keys::Text(tail)]).await;
    window.wait_text("due", "19.90").await;
    window.scan_keys(&[Keys::Text(&head), Keys::Named("F8"), Keys::Text("3932840398")]).await;
    window.wait_text_has("message", "840").await;
    window.wait_text("due", "19.90").await;
    window.close().await;
}

#[tokio::test]
async fn enter_sells_nothing_that_was_not_selected() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    // Two kinds of crisps match alike: Enter sells neither, the arrow and Enter the first.
    window.press_all("s p").await;
    window.wait_until("both are found", async || window.find_all("hit").await.len() == 2).await;
    window.press("Enter").await;
    window.wait_text_has("message", "↑↓").await;
    window.wait_text("pieces", "0").await;
    window.press_all("ArrowDown Enter").await;
    window.wait_text("due", "6.80").await;
    // One barcode on both: the same.
    window.scan(&gtin("690000000003")).await;
    window.find("choice").await;
    window.shot("zh-CN-choose-1024").await;
    window.press("Enter").await;
    window.wait_text_has("message", "↑↓").await;
    window.press("2").await;
    window.wait_text("due", "13.80").await;
    // The one that was meant.
    window.press_all("d m").await;
    window.wait_text_has("hit", "大米").await;
    window.press("Enter").await;
    window.wait_text("due", "56.70").await;
    window.close().await;
}

#[tokio::test]
async fn cashier_reads_what_went_wrong_first_and_what_a_slip_would_cost() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open(&display, &rig).await;
    window.press("F3").await;
    window.wait_text_has("message", "会员").await;
    // A hint ends with the next scan, and hides no refusal.
    window.scan("000000").await;
    window.wait_text_has("message", "000000").await;
    window.scan(&rice()).await;
    window.scan(&rice()).await;
    window.wait_text_has("message", "又有 2 次").await;
    window.wait_text_has("message", "000000").await;
    window.shot("zh-CN-refused-twice-1024").await;
    window.press("Escape").await;
    for key in ["pad-9", "pad-9", "pad-9", "pad-*"] {
        window.touch(key).await;
    }
    window.find("multiply").await;
    window.scan(&rice()).await;
    window.wait_text_has("question", "999 袋").await;
    window.shot("zh-CN-asks-999-1024").await;
    window.press("Escape").await;
    window.wait_gone("multiply").await;
    window.touch("quick-key").await;
    window.find("weigh").await;
    window.shot("zh-CN-weigh-unit-1024").await;
    window.touch("pad-3").await;
    window.touch("pad-2").await;
    window.touch("pad-8").await;
    window.touch("weigh-go").await;
    window.wait_text_has("question", "328.000 kg").await;
    window.shot("zh-CN-asks-328-1024").await;
    window.press("Escape").await;
    window.scan(&rice()).await;
    window.wait_text_has("message", "「菠菜」还没称重").await;
    window.shot("zh-CN-scan-while-weighing-1024").await;
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
    window.wait_text_has("message", "又有 1 次").await;
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
    second.wait_text("failure", "程序已经开着：请切换到它的窗口").await;
    second.close().await;
    first.close().await;
}
