//! Refunds by keyboard at the real window: the sum by tender before anybody approves it, and nothing chosen unseen.

use suanpan_tests::catalogue::{label, rows};
use suanpan_tests::e2e::{Display, Window};
use suanpan_tests::rig::Rig;

use crate::counter::{SMALL, open_till, prove, type_into};

/// What the screen says in a language.
struct Words {
    language: &'static str,
    due: &'static str,
    not_found: &'static str,
    select_first: &'static str,
    as_paid: &'static str,
    in_cash: &'static str,
    back: &'static str,
    refunded: &'static str,
    unverified: &'static str,
}

const CHINESE: Words = Words {
    language: "zh-CN",
    due: "应退",
    not_found: "没有小票 9999",
    select_first: "请先用 ↑↓ 选一行",
    as_paid: "✓ 原路退",
    in_cash: "✓ 退现金",
    back: "返回",
    refunded: "已记退货 ¥3.82：请在收款设备上退 ¥2.02",
    unverified: "没有问到总部",
};

const ENGLISH: Words = Words {
    language: "en",
    due: "To refund",
    not_found: "No receipt 9999",
    select_first: "Select a row with ↑↓ first",
    as_paid: "✓ As paid",
    in_cash: "✓ In cash",
    back: "Back",
    refunded: "Refund of ¥3.82 recorded: refund ¥2.02",
    unverified: "Head office was not reached",
};

/// Spinach and potatoes for ¥5.76: ¥3.00 by WeChat and, 6 fen let off, ¥2.70 in cash.
async fn sell_split(window: &mut Window) {
    window.scan(&label(1001, 482, 386)).await;
    window.wait_text("due", "3.86").await;
    window.scan(&label(1003, 366, 190)).await;
    window.wait_text("due", "5.76").await;
    window.press("+").await;
    window.find("pay-exact").await;
    type_into(window, "typed", "3").await;
    window.press("F8").await;
    window.find("field-reference").await;
    type_into(window, "field-reference", "4200").await;
    window.press("Enter").await;
    window.wait_text("cash-due", "¥2.70").await;
    window.press("Enter").await;
    window.find("yes").await;
    window.press("Enter").await;
    window.find("change").await;
}

async fn refunds_by_keyboard(words: &Words) {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open_till(&display, rig.dir.path(), SMALL).await;
    open_shift(&mut window, words).await;
    sell_split(&mut window).await;
    choose_nothing_unseen(&mut window, words).await;
    refund_spinach(&mut window, words).await;
    cite_and_leave(&mut window, words).await;
    window.close().await;
}

async fn open_shift(window: &mut Window, words: &Words) {
    window.find("field-staff").await;
    if words.language == "en" {
        window.touch("language").await;
        window.wait_text("language", "中文").await;
    }
    prove(window, "1101", "3141").await;
    window.find("float").await;
    type_into(window, "typed", "300").await;
    window.press("Enter").await;
    window.wait_gone("float").await;
}

async fn choose_nothing_unseen(window: &mut Window, words: &Words) {
    // The last sale's change is gone from T before anything is chosen.
    window.press("F9").await;
    window.find("document").await;
    window.wait_text("refund-due", "0.00").await;
    window.wait_text_has("back", words.back).await;
    // A number that no receipt has leads to no other receipt, however often Enter is pressed.
    type_into(window, "typed", "9999").await;
    window.press("Enter").await;
    window.wait_text_has("refund-none", words.not_found).await;
    window.press("Enter").await;
    window.press("Escape").await;
    window.find("document").await;
    window.press("Enter").await;
    window.wait_text_has("message", words.select_first).await;
    window.press_all("ArrowDown Enter").await;
    window.find("refund-line").await;
    window.wait_text_has("refund-unverified", words.unverified).await;
}

async fn refund_spinach(window: &mut Window, words: &Words) {
    window.press_all("ArrowDown Enter").await;
    window.wait_text("refund-due", "3.82").await;
    window.wait_text("refund-part", "¥2.02").await;
    window.wait_text_has("refund-as-paid", words.as_paid).await;
    window.wait_text_has("refund-sum", words.due).await;
    window.shot(&format!("{}-refund-sum", words.language)).await;
    window.press("F5").await;
    window.wait_text("refund-due", "3.80").await;
    window.wait_text("refund-held", "¥0.02").await;
    window.wait_text_has("refund-cash", words.in_cash).await;
    window.shot(&format!("{}-refund-in-cash", words.language)).await;
    window.press("F5").await;
    window.wait_text("refund-due", "3.82").await;
    window.press("+").await;
    for figure in ["¥2.02", "¥1.80"] {
        window.wait_text_has("approve-about", figure).await;
    }
    window.wait_text("refund-due", "3.82").await;
    window.shot(&format!("{}-refund-approval", words.language)).await;
    prove(window, "1801", "8246").await;
    window.wait_text("change", "1.80").await;
    window.wait_text("closed-part", "¥2.02").await;
    window.wait_text_has("message", words.refunded).await;
    window.shot(&format!("{}-refund-done", words.language)).await;
}

/// Another till's receipt while the hub is silent: its paper, and how it was paid.
async fn cite_and_leave(window: &mut Window, words: &Words) {
    window.press("F9").await;
    window.find("document").await;
    type_into(window, "typed", "TH01-3-20261121-0007-C4").await;
    window.press("F9").await;
    window.find("cite-add").await;
    window.touch("cite-add").await;
    for digit in ["1", "0", "0", "1"] {
        window.press(digit).await;
    }
    window.touch("hit").await;
    type_into(window, "field-quantity", "0.5").await;
    window.press("Enter").await;
    type_into(window, "field-paid", "4.06").await;
    window.press("Enter").await;
    window.wait_text("refund-due", "4.00").await;
    window.wait_text("refund-held", "¥0.06").await;
    window.shot(&format!("{}-refund-cited", words.language)).await;
    window.press("F5").await;
    window.wait_text("refund-due", "4.06").await;
    // What was typed wrong goes without the rest.
    window.press_all("ArrowDown Delete").await;
    window.wait_text("refund-due", "0.00").await;
    window.wait_gone("cited-line").await;
    // Each way back is on the screen, and leads one step.
    window.touch("back").await;
    window.find("document").await;
    window.touch("back").await;
    window.find("quick-key").await;
}

#[tokio::test]
async fn cashier_sees_what_goes_back_by_tender_before_the_supervisor_comes() {
    refunds_by_keyboard(&CHINESE).await;
}

#[tokio::test]
async fn cashier_sees_in_english_what_goes_back_by_tender_before_the_supervisor_comes() {
    refunds_by_keyboard(&ENGLISH).await;
}
