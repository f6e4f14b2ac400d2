//! A hub that came back from a backup asks HQ about the prices that only tills remember.

use suanpan_sync::{FeedChange, Scope};
use suanpan_tests::e2e::{Display, Window};
use sync_server::store::{Decided, LostChoice, LostDecision, NewRow};

use crate::counter::{SMALL, WIDE, open_shift, sign_in};
use crate::hub::Chain;

/// A price of a bag: those stand on the till's screen.
fn price(key: &str, fen: u32) -> NewRow {
    let body = format!("{{\"fen\":{fen},\"per\":\"pc\"}}");
    let (scope, table, key) = (Scope::Chain, "price".to_owned(), key.to_owned());
    NewRow { scope, table, key, effective_at_ms: 0, change: FeedChange::Put { body } }
}

/// Waits until the till's first bag key says so.
async fn shows(till: &Window, text: &str) {
    let read = "return document.querySelector('[data-testid=bag-key]')?.textContent.trim()";
    till.wait_until(text, async || till.script(read, vec![]).await == text).await;
}

#[tokio::test]
async fn hq_publishes_again_what_a_restore_lost_and_decides_about_nothing_that_it_did_not_see() {
    let display = Display::start(WIDE.0, WIDE.1);
    let mut chain = Chain::start().await;
    let mut till = chain.open_enrolling(&display, "pos-app", SMALL).await;
    till.find("field-staff").await;
    sign_in(&mut till, "1101", "3141").await;
    open_shift(&mut till, "300").await;
    shows(&till, "购物袋小号 0.2").await;

    // Last night's backup, then a morning's prices.
    let backup = chain.back_up();
    chain.store().publish(vec![price("70101", 35), price("70102", 45)]).await.expect("published");
    shows(&till, "购物袋小号 0.35").await;
    chain.restore(&backup).await;
    shows(&till, "购物袋小号 0.2").await;

    let mut hq = chain.open_hq(&display, WIDE).await;
    hq.wait_text_has("hq-lost-row", "70101").await;
    let width = "return document.querySelector('[data-testid=hq-lost]').offsetWidth > 1200";
    assert_eq!(hq.script(width, vec![]).await, true, "it is as wide as the page");
    hq.shot("zh-CN-hq-lost-1366.png").await;
    hq.resize(SMALL.0, SMALL.1).await;
    hq.shot("zh-CN-hq-lost-1024.png").await;
    // A colleague lets one go meanwhile.
    let row = chain.store().lost().await.expect("a list").rows.pop().expect("two rows");
    let key = serde_json::from_value(serde_json::to_value(&row).expect("a row")).expect("its key");
    let by = "zhao".to_owned();
    let dropped = chain.store().decide_lost(LostDecision::Drop, LostChoice::Row(key), by, 0).await;
    assert_eq!(dropped.expect("decided"), Decided::Done(0));
    hq.touch("hq-publish-all").await;
    hq.find("hq-lost-changed").await;
    hq.touch("hq-language").await;
    hq.wait_text_has("hq-out", "Sign out").await;
    hq.wait_text_has("hq-lost-changed", "nothing was decided").await;
    hq.shot("en-hq-lost-changed-1024.png").await;
    assert_eq!(hq.find_all("hq-lost-row").await.len(), 1, "the list is the one of now");
    hq.touch("hq-publish-all").await;
    hq.wait_gone("hq-lost-row").await;
    shows(&till, "购物袋小号 0.35").await;
    hq.close().await;
    till.close().await;
}
