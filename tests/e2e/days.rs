//! A store closes its day: one till by 日结, one that HQ excuses.

use suanpan_tests::e2e::{Display, Window};

use crate::counter::{SMALL, WIDE, open_shift, sign_in};
use crate::hub::Chain;
use crate::story::RICE;

/// Opens a till, with a shift, and sells a bag of rice for cash.
async fn sells(chain: &Chain, display: &Display, till: u16, (staff, pin): (&str, &str)) -> Window {
    let mut window = chain.open_as(till, display, "pos-app", SMALL).await;
    window.find("field-staff").await;
    sign_in(&mut window, staff, pin).await;
    open_shift(&mut window, "300").await;
    window.scan(RICE).await;
    window.wait_text("pieces", "1").await;
    window.touch("pad-settle").await;
    window.touch("pay-F7").await;
    window.find("change").await;
    window.wait_text_has("network", "1–1").await;
    window
}

/// Counts the drawer, ends the shift and closes the day.
async fn closes(window: &mut Window) {
    for key in ["F12", "menu-close_shift", "count-go"] {
        window.touch(key).await;
    }
    for question in ["实点 ¥0.00", "一张也没有点", "相差较大"] {
        window.wait_text_has("question", question).await;
        window.press("Enter").await;
    }
    window.wait_text_has("message", "已班结").await;
    for key in ["F12", "menu-close_day"] {
        window.touch(key).await;
    }
    window.find("question").await;
    window.press("Enter").await;
    window.wait_text_has("message", "已日结").await;
}

#[tokio::test]
async fn hq_sees_who_has_not_closed_excuses_a_till_and_has_the_days_first_version() {
    let display = Display::start(WIDE.0, WIDE.1);
    let chain = Chain::start().await;
    let mut first = sells(&chain, &display, 1, ("1101", "3141")).await;
    let second = sells(&chain, &display, 2, ("1102", "2718")).await;
    closes(&mut first).await;
    let mut hq = chain.open_hq(&display, WIDE).await;
    hq.touch("hq-page-days").await;
    hq.wait_text_has("hq-store-day", "2 号机").await;
    // Nothing was counted of what should be there.
    hq.wait_text_has("hq-drawer", "1 号机 班次 1 收银员 1101 短款").await;
    hq.shot("zh-CN-hq-days-1366.png").await;
    hq.resize(SMALL.0, SMALL.1).await;
    hq.touch("hq-excuse").await;
    hq.touch("hq-reason").await;
    hq.type_text("收银机送修").await;
    hq.shot("zh-CN-hq-excuse-1024.png").await;
    hq.touch("hq-excuse-go").await;
    hq.wait_text_has("hq-excused", "收银机送修").await;
    let rows = "return [...document.querySelectorAll('[data-testid=hq-store-day]')].map(row => row.textContent).join()";
    let told = async || hq.script(rows, vec![]).await.as_str().is_some_and(|it| it.contains("已结 第 1 版"));
    hq.wait_until("the day has its first version", told).await;
    hq.touch("hq-language").await;
    hq.wait_text_has("hq-out", "Sign out").await;
    hq.shot("en-hq-days-closed-1024.png").await;
    hq.close().await;
    first.close().await;
    second.close().await;
}
