//! Every screen of the programs in both languages and every size: pictured, and measured against what was promised.

use serde_json::{Value, json};
use suanpan_sync::{FeedChange, Scope};
use suanpan_tests::catalogue::CARD;
use suanpan_tests::e2e::{Display, Window};
use sync_server::store::NewRow;

use crate::counter::{self, SMALL, open_shift, prove, sign_in};
use crate::hub::Chain;
use crate::look::Looks;
use crate::story::{RICE, label};

/// The largest window that is looked at.
const LARGE: (u32, u32) = (1920, 1080);

/// The warehouse's desk, which is enrolled under a number of its own.
const DESK: u16 = 9;

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

/// A panel: its name, the keys that open it, what is there then, and the keys that leave it.
type Panel = (&'static str, &'static str, &'static str, &'static str);

/// Panels over a basket of goods.
const SELLING: [Panel; 19] = [
    ("pay", "+", "pay-exact", "Escape"),
    ("pay-typed", "+ 1 0 0 0 0", "pay-exact", "Escape Escape"),
    ("pay-others", "+ F11", "other-tender", "Escape Escape"),
    ("reference", "+ F8", "reference-go", "Escape Escape"),
    ("leave-pay", "+ F4", "question", "Escape Escape"),
    ("approve-price", "F5 3 . 5 Enter", "approve-about", "Escape"),
    ("quantity", "F4", "quantity-go", "Escape"),
    ("price", "F5 2 8", "price-go", "Escape Escape"),
    ("discount", "F5 F5 2 0", "discount-off", "Escape Escape"),
    ("void", "F7", "question", "Escape"),
    ("search", "t d", "hit", "Escape Escape"),
    ("search-none", "z z z z", "search-field", "Escape Escape"),
    ("search-start", "F2", "search-field", "Escape"),
    ("help", "F1", "F1", "Escape"),
    ("menu", "F12", "menu-lock", "Escape"),
    ("quit", "F12 .", "question", "Escape"),
    ("refund-not-now", "F9", "quick-key", "Escape"),
    ("reprint", "F10 ArrowDown", "preview", "Escape"),
    ("hint", "F3", "quick-key", "Escape"),
];

/// Panels over an empty basket.
const WAITING: [Panel; 12] = [
    ("parked", "F8", "parked", "Escape"),
    ("refund", "F9", "document", "Escape"),
    ("refund-lines", "F9 ArrowDown Enter ArrowDown Enter", "restock", "Escape Escape"),
    ("cash-drop", "F12 2 5 0 0", "cash-go", "Escape Escape"),
    ("cash-float", "F12 4", "cash-go", "Escape"),
    ("count", "F12 6 1 2 Enter 8", "count-go", "Escape Escape Escape"),
    ("count-asked", "F12 6 1 2 +", "question", "Escape Escape Escape"),
    ("audit", "F12 6", "count-go", "Escape"),
    ("close-day", "F12 8", "quick-key", "Escape"),
    ("devices", "F12 9", "devices-save", "Escape Escape Escape"),
    ("approve-devices", "F12 9 F6 Enter Enter", "approve-about", "Escape Escape Escape"),
    ("refund-unknown", "F9 9 9 9 9 Enter", "refund-cite", "Escape Escape"),
];

/// Goods, keys and people whose names and prices are as long as they come.
fn long_rows() -> Vec<NewRow> {
    let row = |table: &str, key: &str, body: Value| {
        let change = FeedChange::Put { body: body.to_string() };
        let (scope, table, key) = (Scope::Chain, table.to_owned(), key.to_owned());
        NewRow { scope, table, key, effective_at_ms: 0, change }
    };
    let item = |code: &str, name: &str, sold_by: &str| json!({"code": code, "name": name, "sold_by": sold_by, "unit": "礼盒", "tax": "V13", "category": "礼盒", "origin": "内蒙古"});
    let key = |item: &str, label: &str| json!({"item": item, "label": label, "colour": "#c2473a"});
    vec![
        row("item", "99001", item("99001", "锡林郭勒草原散养羔羊后腿肉（去骨，真空冷鲜）", "weight")),
        row("price", "99001", json!({"fen": 128_888, "per": "500g"})),
        row("item", "99002", item("99002", "Extra-virgin olive oil, first cold pressing 750ml", "piece")),
        row("price", "99002", json!({"fen": 333_333_333, "per": "pc"})),
        row(
            "quick_tab",
            "leaves",
            json!({"id": "leaves", "name": "叶菜", "name_en": "Leaves", "order": 2, "keys": [
            key("99001", "草原散养羔羊后腿肉"), key("99002", "Olive oil 750ml"), key("10107", "娃娃菜（小白菜心）")]}),
        ),
    ]
}

/// Waits until a message with this code is shown.
async fn told(window: &Window, code: &str) {
    let shown = "return document.querySelector('[data-testid=message]')?.dataset.code";
    window.wait_until(code, async || window.script(shown, vec![]).await == code).await;
}

/// Types digits as a finger does, which nobody takes for a scanner.
async fn type_slowly(window: &mut Window, digits: &str) {
    for at in 0..digits.len() {
        window.press(&digits[at..=at]).await;
        window.wait_text_has("typed", &digits[..=at]).await;
    }
}

/// Chooses the language of a station that is to be enrolled.
async fn speak(window: &mut Window, language: &str) {
    window.find("field-hub").await;
    if language == "en" {
        window.touch("language").await;
        window.wait_text("language", "中文").await;
    }
}

/// Enrols a station by what IT scans.
async fn enrol(window: &mut Window, hub: &str, code: &str) {
    window.scan(hub).await;
    window.scan(code).await;
    window.wait_text_has("field-code", code).await;
    window.touch("enrol").await;
}

struct Tour {
    language: &'static str,
    looks: Looks,
    till: Window,
}

impl Tour {
    async fn see(&mut self, name: &str) {
        self.looks.at_panel(&self.till, name).await;
    }

    async fn walk(&mut self, panels: &[Panel]) {
        for (name, open, there, leave) in panels {
            self.till.press_all(open).await;
            self.till.find(there).await;
            self.see(name).await;
            self.till.press_all(leave).await;
            self.till.find("quick-key").await;
        }
    }

    /// Enrols, signs in, and is locked out and relieved on the way.
    async fn at_the_door(&mut self, chain: &Chain) {
        let till = &mut self.till;
        speak(till, self.language).await;
        enrol(till, "https://127.0.0.1:9", "AAAA-BBBB").await;
        told(till, "POS-NET-012").await;
        self.looks.at(till, "enrol").await;
        enrol(till, &chain.url, &chain.enrol_code().await).await;
        till.find("field-staff").await;
        self.looks.at(till, "sign-in").await;
        for wrong in ["1111", "2222", "3333", "4444", "5555"] {
            sign_in(till, "1103", wrong).await;
        }
        till.find("lift").await;
        self.looks.at(till, "locked-out").await;
        till.touch("lift").await;
        till.find("approve").await;
        self.looks.at(till, "lift").await;
        till.press("Escape").await;
        till.wait_gone("approve").await;
        sign_in(till, "1101", "3141").await;
        till.find("float").await;
        self.see("open-shift").await;
        open_shift(&mut self.till, "300").await;
        self.till.press("Escape").await;
        self.see("ready").await;
        for (part, expected) in GEOMETRY {
            assert_eq!(self.till.script(RECTANGLE, vec![json!(part)]).await, json!(expected), "{part}");
        }
    }

    /// Sells, and opens every panel over the goods.
    async fn at_work(&mut self) {
        self.till.scan(RICE).await;
        self.till.wait_text("pieces", "1").await;
        self.till.press_all("+ F7").await;
        self.till.find("change").await;
        self.see("change").await;
        for (plu, grams, fen) in [(10101, 482, 386), (10201, 916, 550), (10102, 735, 515)] {
            self.till.scan(&label(plu, grams, fen)).await;
        }
        self.till.scan(RICE).await;
        self.till.wait_text("pieces", "4").await;
        self.see("selling").await;
        self.walk(&SELLING).await;
        self.ask_about_the_basket().await;
        self.till.press("F8").await;
        self.till.wait_text("pieces", "0").await;
        self.walk(&WAITING).await;
        self.refund_the_rice().await;
    }

    /// A refund in cash and as paid, its approval, and what stands after it.
    async fn refund_the_rice(&mut self) {
        let till = &mut self.till;
        till.press_all("F9 ArrowDown Enter ArrowDown Enter F5").await;
        till.wait_text_has("refund-cash", "✓").await;
        self.looks.at_panel(till, "refund-cash").await;
        till.press_all("F5 +").await;
        till.find("approve-about").await;
        self.looks.at_panel(till, "approve-refund").await;
        till.scan(CARD).await;
        till.wait_text("change", "49.80").await;
        self.looks.at_panel(till, "refunded").await;
    }

    /// What the station asks about a basket.
    async fn ask_about_the_basket(&mut self) {
        let till = &mut self.till;
        till.touch("quick-key").await;
        till.find("weigh").await;
        self.looks.at_panel(till, "weigh").await;
        till.touch("weigh-cancel").await;
        till.scan("6901234567892").await;
        till.wait_text_has("message", "6901234567892").await;
        self.looks.at_panel(till, "error").await;
        till.press("Escape").await;
        till.scan("6990000603018").await;
        till.find("choice").await;
        self.looks.at_panel(till, "choose").await;
        till.press("Escape").await;
        till.wait_gone("choice").await;
        till.touch("F11").await;
        till.find("approve").await;
        self.looks.at_panel(till, "approve").await;
        till.press_all("Escape Escape").await;
        till.wait_gone("approve").await;
        till.press("+").await;
        type_slowly(till, "9999").await;
        till.press("Enter").await;
        till.find("yes").await;
        self.looks.at_panel(till, "cash-over").await;
        till.press("Escape").await;
        till.wait_gone("yes").await;
        type_slowly(till, "10").await;
        till.press("Enter").await;
        till.find("taken").await;
        self.looks.at_panel(till, "pay-taken").await;
        till.press("Escape").await;
        till.find("question").await;
        self.looks.at_panel(till, "clear-tenders").await;
        till.press_all("Enter Escape").await;
        till.find("quick-key").await;
    }

    /// The longest names and the largest amounts, from the key to the refund.
    async fn with_long_names(&mut self) {
        let till = &mut self.till;
        till.find_all("tab").await.remove(1).click().await.expect("the second tab");
        let first = "return document.querySelector('[data-testid=quick-key]').dataset.item";
        till.wait_until("the long keys are there", async || till.script(first, vec![]).await == "99001")
            .await;
        self.looks.at_panel(till, "long-keys").await;
        till.touch("quick-key").await;
        till.find("weigh").await;
        self.looks.at_panel(till, "long-weigh").await;
        type_slowly(till, "1.5").await;
        till.press("Enter").await;
        till.find("yes").await;
        self.looks.at_panel(till, "long-sure").await;
        till.press("Enter").await;
        till.wait_text("pieces", "1").await;
        for key in ["F4", "F5"] {
            till.press(key).await;
            self.looks.at_panel(till, &format!("long-{key}")).await;
            till.press_all("Escape").await;
        }
        till.press_all("Delete").await;
        till.find("approve").await;
        self.looks.at_panel(till, "long-approve").await;
        till.scan(CARD).await;
        till.wait_text("pieces", "0").await;
        for pieces in ["2", "1"] {
            type_slowly(till, pieces).await;
            till.press("*").await;
            type_slowly(till, "99002").await;
            till.press("Enter").await;
            till.find("yes").await;
            till.press("Enter").await;
            till.wait_gone("yes").await;
            till.wait_gone("multiply").await;
        }
        till.wait_text_has("due", "9,999,999.99").await;
        self.looks.at_panel(till, "long-selling").await;
        till.press_all("F2 9 9 0").await;
        till.find("hit").await;
        self.looks.at_panel(till, "long-search").await;
        till.press_all("Escape Escape +").await;
        till.find("pay-exact").await;
        self.looks.at_panel(till, "long-pay").await;
        till.press("Enter").await;
        till.find("change").await;
        self.looks.at_panel(till, "long-change").await;
        till.press_all("F9 ArrowDown Enter ArrowDown Enter").await;
        till.find("restock").await;
        self.looks.at_panel(till, "long-refund").await;
        till.press_all("Escape Escape F10 ArrowDown").await;
        till.find("preview").await;
        self.looks.at_panel(till, "long-reprint").await;
        till.press("Escape").await;
    }

    /// The warehouse's desk, before and after it is enrolled.
    async fn at_the_desk(&mut self, chain: &Chain, display: &Display) {
        let mut desk = counter::open(display, "wms-app", &chain.folder_of(DESK), &[], SMALL).await;
        speak(&mut desk, self.language).await;
        self.looks.at(&desk, "desk-enrol").await;
        enrol(&mut desk, &chain.url, &chain.enrol_code_of(DESK).await).await;
        desk.find("field-staff").await;
        desk.wait_text_has("network", "●").await;
        self.looks.at(&desk, "desk-sign-in").await;
        prove(&mut desk, "1101", "3141").await;
        desk.find("lock").await;
        self.looks.at(&desk, "desk").await;
        desk.close().await;
    }

    /// Papers of the drawer, another cashier at the locked till, and the network gone.
    async fn at_the_end(&mut self, chain: &mut Chain) {
        let till = &mut self.till;
        till.press_all("F12 2").await;
        type_slowly(till, "100").await;
        till.press("Enter").await;
        till.find("approve").await;
        till.scan(CARD).await;
        till.wait_gone("approve").await;
        till.press("F10").await;
        till.find("document").await;
        till.press("*").await;
        self.looks.at_panel(till, "slips").await;
        till.press_all("Escape F12 7").await;
        till.find("field-staff").await;
        self.looks.at(till, "locked").await;
        sign_in(till, "1102", "2718").await;
        till.find("relieve").await;
        self.looks.at(till, "relieve").await;
        till.press("Escape").await;
        sign_in(till, "1101", "3141").await;
        till.find("quick-key").await;
        chain.stop().await;
        till.scan(RICE).await;
        till.wait_text("pieces", "1").await;
        till.press_all("+ Enter").await;
        till.find("change").await;
        let state = "return document.querySelector('[data-testid=network]')?.dataset.state";
        till.wait_until("the till is offline", async || till.script(state, vec![]).await == "offline").await;
        self.looks.at_panel(till, "offline").await;
        till.press("F9").await;
        till.find("document").await;
        till.scan("HT01-2-20261128-0812-a7").await;
        till.wait_text_has("refund-cite", "0812").await;
        till.press("F9").await;
        till.find("cite-add").await;
        self.looks.at_panel(till, "cited").await;
        till.press_all("F2 9 9 0").await;
        till.touch("hit").await;
        till.find("field-paid").await;
        self.looks.at_panel(till, "cited-figures").await;
        till.press_all("1 Enter 9 9 Enter").await;
        till.find("cited-line").await;
        self.looks.at_panel(till, "cited-lines").await;
        chain.restart().await;
    }
}

/// HQ's pages with what the till sold.
async fn at_hq(looks: &mut Looks, chain: &Chain, display: &Display, language: &str) {
    let mut hq = chain.open_hq_page(display, LARGE).await;
    if language == "en" {
        hq.touch("hq-language").await;
        hq.wait_text("hq-language", "中文").await;
    }
    looks.at_hq(&hq, "hq-sign-in").await;
    chain.sign_in_at_hq(&mut hq, "not the password").await;
    hq.find("hq-problem").await;
    looks.at_hq(&hq, "hq-refused").await;
    chain.sign_in_at_hq(&mut hq, crate::hub::HQ_PASSWORD).await;
    hq.find("hq-paid").await;
    looks.at_hq(&hq, "hq-today").await;
    hq.touch("hq-page-days").await;
    hq.find("hq-store-day").await;
    looks.at_hq(&hq, "hq-days").await;
    hq.close().await;
}

async fn tour(language: &'static str) {
    let display = Display::start(LARGE.0, LARGE.1);
    let mut chain = Chain::start().await;
    chain.store().publish(long_rows()).await.expect("published");
    let till = counter::open_till(&display, &chain.till_folder(), SMALL).await;
    let mut tour = Tour { language, looks: Looks::new(language), till };
    tour.at_the_door(&chain).await;
    tour.at_work().await;
    tour.with_long_names().await;
    tour.at_the_end(&mut chain).await;
    let second = counter::open_till(&display, &chain.till_folder(), SMALL).await;
    let told = if language == "en" { "open already" } else { "程序已经开着" };
    second.wait_text_has("failure", told).await;
    tour.looks.at(&second, "failure").await;
    second.close().await;
    tour.at_the_desk(&chain, &display).await;
    at_hq(&mut tour.looks, &chain, &display, language).await;
    tour.till.close().await;
    tour.looks.end();
}

#[tokio::test]
async fn every_screen_stands_as_promised_in_chinese() {
    tour("zh-CN").await;
}

#[tokio::test]
async fn every_screen_stands_as_promised_in_english() {
    tour("en").await;
}
