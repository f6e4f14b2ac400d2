//! Every screen of the till in both languages and two sizes: pictured, and measured against what was promised.

use serde_json::{Value, json};
use suanpan_tests::e2e::{Display, Window};

use crate::counter::{self, SMALL, WIDE, open_shift, sign_in};
use crate::hub::Chain;
use crate::story::{RICE, label};

/// Where each part lies at 1024×768: x, y, width, height.
const GEOMETRY: [(&str, [i64; 4]); 8] = [
    ("S", [0, 0, 1024, 40]),
    ("B", [0, 40, 616, 464]),
    ("M", [0, 504, 616, 48]),
    ("T", [0, 552, 616, 152]),
    ("L", [616, 40, 408, 112]),
    ("Q", [616, 152, 408, 288]),
    ("N", [616, 440, 408, 264]),
    ("F", [0, 704, 1024, 64]),
];

const RECTANGLE: &str =
    "const part = [...document.querySelectorAll('.' + arguments[0])].find((one) => one.offsetParent);
    const { x, y, width, height } = part.getBoundingClientRect();
    return [x, y, width, height].map(Math.round)";

/// Keys whose words do not fit, and keys too small for a finger.
const FAULTS: &str = "return [...document.querySelectorAll('button')].filter((key) => key.offsetParent).flatMap((key) => {
    const { width, height } = key.getBoundingClientRect();
    const name = key.dataset.testid + ' ' + key.innerText;
    const small = width < 47.5 || height < 47.5 ? [`small ${name} ${width}x${height}`] : [];
    const cut = key.scrollWidth > key.clientWidth + 1 || key.scrollHeight > key.clientHeight + 1 ? [`cut ${name}`] : [];
    return [...small, ...cut];
})";

/// Whether anything lies over the basket or the totals.
const COVERED: &str = "return ['.B', '.T'].some((name) => {
    const part = document.querySelector(name);
    const { x, y, width, height } = part.getBoundingClientRect();
    return [0.05, 0.5, 0.95].some((at) => !part.contains(document.elementFromPoint(x + width * at, y + height * at)));
})";

/// Pictures what stands on the screen in both sizes, and measures it in the small one.
async fn look(window: &Window, name: &str) {
    window.resize(WIDE.0, WIDE.1).await;
    window.wait_until("the window is wide", async || width(window).await == WIDE.0).await;
    window.shot(&format!("{name}-{}", WIDE.0)).await;
    window.resize(SMALL.0, SMALL.1).await;
    window.wait_until("the window is small", async || width(window).await == SMALL.0).await;
    window.shot(&format!("{name}-{}", SMALL.0)).await;
    assert_eq!(window.script(FAULTS, vec![]).await, json!([]), "{name}");
}

async fn width(window: &Window) -> u32 {
    window
        .script("return innerWidth", vec![])
        .await
        .as_u64()
        .and_then(|px| u32::try_from(px).ok())
        .unwrap_or(0)
}

/// The same for a panel of the selling screen, which never covers basket or totals.
async fn look_at_panel(window: &Window, name: &str) {
    look(window, name).await;
    assert_eq!(
        window.script(COVERED, vec![]).await,
        Value::Bool(false),
        "{name} covers the basket or the totals"
    );
}

/// A panel: its name, the keys that open it, what is there then, and the keys that leave it.
type Panel = (&'static str, &'static str, &'static str, &'static str);

/// Panels over a basket of goods.
const SELLING: [Panel; 12] = [
    ("pay", "+", "pay-exact", "Escape"),
    ("pay-others", "+ F11", "other-tender", "Escape Escape"),
    ("reference", "+ F8", "reference-go", "Escape Escape"),
    ("quantity", "F4", "quantity-go", "Escape"),
    ("price", "F5 2 8", "price-go", "Escape Escape"),
    ("discount", "F5 F5 2 0", "discount-off", "Escape Escape"),
    ("void", "F7", "question", "Escape"),
    ("search", "t d", "hit", "Escape Escape"),
    ("help", "F1", "F1", "Escape"),
    ("menu", "F12", "menu-lock", "Escape"),
    ("refund", "F9", "document", "Escape"),
    ("reprint", "F10", "preview", "Escape"),
];

/// Panels over an empty basket.
const WAITING: [Panel; 5] = [
    ("parked", "F8", "parked", "Escape"),
    ("refund-lines", "F9 Enter Enter", "restock", "Escape Escape"),
    ("cash-drop", "F12 2 5 0 0", "cash-go", "Escape Escape"),
    ("count", "F12 1 1 2 Enter 8", "count-go", "Escape Escape Escape"),
    ("devices", "F12 9", "devices-save", "Escape Escape Escape"),
];

async fn walk(window: &mut Window, language: &str, panels: &[Panel]) {
    for (name, open, there, leave) in panels {
        window.press_all(open).await;
        window.find(there).await;
        look_at_panel(window, &format!("{language}-{name}")).await;
        window.press_all(leave).await;
        window.find("quick-key").await;
    }
}

async fn sell_something(window: &mut Window) {
    window.scan(RICE).await;
    window.wait_text("pieces", "1").await;
    window.press_all("+ F7").await;
    window.find("change").await;
}

async fn tour(language: &str) {
    let display = Display::start(WIDE.0, WIDE.1);
    let chain = Chain::start().await;
    let mut till = counter::open_till(&display, &chain.till_folder(), SMALL).await;
    till.find("field-hub").await;
    if language == "en" {
        till.touch("language").await;
        till.wait_text("language", "中文").await;
    }
    look(&till, &format!("{language}-enrol")).await;
    till.scan(&chain.url).await;
    till.scan(&chain.enrol_code().await).await;
    till.touch("enrol").await;
    till.find("field-staff").await;
    look(&till, &format!("{language}-sign-in")).await;
    sign_in(&mut till, "1101", "3141").await;
    till.find("float").await;
    look_at_panel(&till, &format!("{language}-open-shift")).await;
    open_shift(&mut till, "300").await;
    look_at_panel(&till, &format!("{language}-ready")).await;
    for (part, expected) in GEOMETRY {
        assert_eq!(till.script(RECTANGLE, vec![json!(part)]).await, json!(expected), "{part}");
    }

    sell_something(&mut till).await;
    look_at_panel(&till, &format!("{language}-change")).await;
    for (plu, grams, fen) in [(10101, 482, 386), (10201, 916, 550), (10102, 735, 515)] {
        till.scan(&label(plu, grams, fen)).await;
    }
    till.scan(RICE).await;
    till.wait_text("pieces", "4").await;
    look_at_panel(&till, &format!("{language}-selling")).await;
    walk(&mut till, language, &SELLING).await;
    till.touch("quick-key").await;
    till.find("weigh").await;
    look_at_panel(&till, &format!("{language}-weigh")).await;
    till.touch("weigh-cancel").await;
    till.scan("6901234567892").await;
    till.wait_text_has("message", "6901234567892").await;
    look_at_panel(&till, &format!("{language}-error")).await;
    till.press("Escape").await;
    till.touch("F11").await;
    till.find("approve").await;
    look_at_panel(&till, &format!("{language}-approve")).await;
    till.press_all("Escape Escape").await;
    till.wait_gone("approve").await;

    till.press("F8").await;
    till.wait_text("pieces", "0").await;
    walk(&mut till, language, &WAITING).await;
    till.close().await;
}

#[tokio::test]
async fn every_screen_stands_as_promised_in_chinese() {
    tour("zh-CN").await;
}

#[tokio::test]
async fn every_screen_stands_as_promised_in_english() {
    tour("en").await;
}
