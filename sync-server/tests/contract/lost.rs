//! What a restore lost of the feeds: tills show it, and it holds again only if a person publishes it again.

use crate::support::*;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use suanpan_journal::Hash;
use suanpan_sync::{
    FeedChange, FeedEntry, FeedHead, LostFeed, LostReport, PullReply, PullRequest, Scope, follow_feed,
};
use sync_server::store::NewRow;

fn price(key: &str, fen: u32) -> NewRow {
    let change = FeedChange::Put { body: format!("{{\"fen\":{fen},\"per\":\"pc\"}}") };
    NewRow { scope: Scope::Chain, table: "price".into(), key: key.into(), effective_at_ms: 0, change }
}

async fn pull(hub: &TestHub, till: &Till, heads: Vec<FeedHead>) -> PullReply {
    let body = serde_json::to_vec(&PullRequest { heads, ..PullRequest::default() }).unwrap();
    let (status, answer) = till.send(hub, Method::POST, "/api/v1/pull", &body).await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_slice(&answer).unwrap()
}

/// Everything that a till of the hub applies.
async fn applied(hub: &TestHub, till: &Till) -> (Vec<FeedHead>, Vec<FeedEntry>) {
    match pull(hub, till, Vec::new()).await {
        PullReply::Changes { cut, entries, .. } => (cut, entries),
        PullReply::Snapshot { .. } => panic!("the sample chain fits"),
    }
}

/// The chain's newest entries, as a till proves them.
fn lost(cut: &[FeedHead], entries: &[FeedEntry], count: usize) -> LostFeed {
    let head = cut.iter().find(|head| head.scope == Scope::Chain).unwrap().clone();
    let chain: Vec<FeedEntry> = entries.iter().filter(|entry| entry.scope == Scope::Chain).cloned().collect();
    let genesis = suanpan_sync::feed_genesis(&Scope::Chain);
    let (before, newest) = chain.split_at(chain.len() - count);
    let prev_hash = before.iter().fold(genesis, |hash, entry| follow_feed(&hash, entry));
    LostFeed { head, prev_hash, entries: newest.to_vec() }
}

async fn show(hub: &TestHub, till: &Till, lost: &LostFeed) -> StatusCode {
    let report = LostReport { lost: vec![lost.clone()] };
    let body = serde_json::to_vec(&report).unwrap();
    till.send(hub, Method::POST, "/api/v1/lost", &body).await.0
}

async fn listed(hub: &TestHub, cookie: &str) -> Value {
    let answer = hub.http.get(hub.url("/api/v1/hq/lost")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

async fn decide(hub: &TestHub, cookie: &str, body: Value) -> StatusCode {
    let request = hub.http.post(hub.url("/api/v1/hq/lost")).header("cookie", cookie);
    request.body(body.to_string()).send().await.unwrap().status()
}

/// A hub that published two prices, a till that applied them, and the hub as it was before: the same sample and the same
/// key, and none of the two.
async fn restored() -> (TestHub, Till, LostFeed) {
    let (hub, till, [lost, _]) = restored_of_two().await;
    (hub, till, lost)
}

/// The same, and what the till could show after the hub had published one of the prices anew and a third.
async fn restored_of_two() -> (TestHub, Till, [LostFeed; 2]) {
    let before = TestHub::start().await;
    let code = before.hub().enrol_code(&"HT01".parse().unwrap(), 1).await.unwrap();
    let till = Till::new(205);
    let certificate = before.enrol(&till, &code).await.unwrap().certificate;
    before.hub().store().publish(vec![price("x1", 450), price("x2", 500)]).await.unwrap();
    let (cut, entries) = applied(&before, &till).await;
    let older = lost(&cut, &entries, 5);
    before.hub().store().publish(vec![price("x1", 480), price("x3", 300)]).await.unwrap();
    let (cut, entries) = applied(&before, &till).await;
    let newer = lost(&cut, &entries, 4);
    let after = TestHub::start_with_key_of(&before).await;
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    after.hub().import(&sample).await.unwrap();
    let introduce = after.http.post(after.url("/api/v1/introduce"));
    let known = introduce.body(serde_json::to_vec(&certificate).unwrap()).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::OK);
    (after, till, [older, newer])
}

#[tokio::test]
async fn a_lost_price_is_listed_and_holds_again_only_when_somebody_publishes_it_again() {
    let (hub, till, lost) = restored().await;
    let cookie = hub.session().await;
    assert_eq!(listed(&hub, &cookie).await["count"], 0);
    for _ in 0..2 {
        assert_eq!(show(&hub, &till, &lost).await, StatusCode::OK, "any till may show it again");
    }
    let list = listed(&hub, &cookie).await;
    assert_eq!(list["count"], 2, "what the hub has is not lost");
    let row = &list["rows"][0];
    assert_eq!((&row["key"], &row["body"]), (&json!("x1"), &json!("{\"fen\":450,\"per\":\"pc\"}")));
    assert_eq!((&row["current"], &row["site"], &row["till"]), (&Value::Null, &json!("HT01"), &json!(1)));
    let holds = |key: &'static str| hub.hub().store().row(Scope::Chain, "price", key.to_owned());
    assert_eq!(holds("x1").await.unwrap(), None, "it never applies itself");

    let one = json!({"decision": "publish", "row": row});
    assert_eq!(decide(&hub, "", one.clone()).await, StatusCode::UNAUTHORIZED);
    for bad in [json!({"decision": "maybe", "row": row}), json!({"decision": "publish"})] {
        assert_eq!(decide(&hub, &cookie, bad).await, StatusCode::BAD_REQUEST);
    }
    assert_eq!(decide(&hub, &cookie, one).await, StatusCode::NO_CONTENT);
    assert_eq!(holds("x1").await.unwrap().as_deref(), Some("{\"fen\":450,\"per\":\"pc\"}"));
    let shown = &listed(&hub, &cookie).await["shown"];
    assert_eq!(
        decide(&hub, &cookie, json!({"decision": "drop", "shown": shown})).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(holds("x2").await.unwrap(), None);
    assert_eq!(show(&hub, &till, &lost).await, StatusCode::OK);
    assert_eq!(listed(&hub, &cookie).await["count"], 0, "what was decided is not asked again");
}

#[tokio::test]
async fn publish_all_takes_what_the_page_showed_and_nothing_that_a_till_showed_since() {
    let (hub, till, [older, newer]) = restored_of_two().await;
    let cookie = hub.session().await;
    assert_eq!(show(&hub, &till, &older).await, StatusCode::OK);
    let page = listed(&hub, &cookie).await;
    assert_eq!(show(&hub, &till, &newer).await, StatusCode::OK);

    let all = json!({"decision": "publish", "shown": page["shown"]});
    assert_eq!(decide(&hub, &cookie, all).await, StatusCode::CONFLICT);
    let outdated = json!({"decision": "publish", "row": page["rows"][0]});
    assert_eq!(decide(&hub, &cookie, outdated).await, StatusCode::CONFLICT);
    let list = listed(&hub, &cookie).await;
    assert_eq!(list["count"], 3, "nothing was decided");
    let holds = |key: &'static str| hub.hub().store().row(Scope::Chain, "price", key.to_owned());
    assert_eq!(holds("x1").await.unwrap(), None);

    let all = json!({"decision": "publish", "shown": list["shown"]});
    assert_eq!(decide(&hub, &cookie, all).await, StatusCode::NO_CONTENT);
    assert_eq!(holds("x1").await.unwrap().as_deref(), Some("{\"fen\":480,\"per\":\"pc\"}"));
    assert_eq!(listed(&hub, &cookie).await["count"], 0);
}

#[tokio::test]
async fn what_this_hub_did_not_sign_or_what_is_no_business_of_the_till_is_refused() {
    let (hub, till, good) = restored().await;
    let stranger = suanpan_journal::SigningKey::from_seed(&[9; 32]);
    let mut forged = good.clone();
    forged.entries[4].change = FeedChange::Put { body: "{\"fen\":1,\"per\":\"pc\"}".into() };
    let hash = forged.entries.iter().fold(forged.prev_hash, |hash, entry| follow_feed(&hash, entry));
    forged.head = FeedHead::sign(&stranger, Scope::Chain, good.head.epoch, good.head.version, hash);
    assert_eq!(show(&hub, &till, &forged).await, StatusCode::FORBIDDEN);
    let mut changed = good.clone();
    changed.prev_hash = Hash::ZERO;
    assert_eq!(show(&hub, &till, &changed).await, StatusCode::BAD_REQUEST);
    let mut elsewhere = good.clone();
    elsewhere.head.scope = Scope::Site("HT02".parse().unwrap());
    assert_eq!(show(&hub, &till, &elsewhere).await, StatusCode::BAD_REQUEST);
    assert_eq!(listed(&hub, &hub.session().await).await["count"], 0);
}

#[tokio::test]
async fn a_lost_row_that_could_not_be_imported_is_not_published_again() {
    let before = TestHub::start().await;
    let code = before.hub().enrol_code(&"HT01".parse().unwrap(), 1).await.unwrap();
    let till = Till::new(206);
    let certificate = before.enrol(&till, &code).await.unwrap().certificate;
    let put = |table: &str, key: &str, body: &str| NewRow {
        scope: Scope::Chain,
        table: table.into(),
        key: key.into(),
        effective_at_ms: 0,
        change: FeedChange::Put { body: body.into() },
    };
    let layout = r#"{"id":"twin","flags":["20"],"fields":[{"kind":"flag","digits":2},{"kind":"plu","digits":5},{"kind":"amount","digits":5},{"kind":"check","digits":1}],"check":"gtin"}"#;
    let rows = vec![
        put("tax", "V99", r#"{"code":"V99","name":"n","rate_bp":13000}"#),
        put("label_layout", "twin", layout),
        put("future", "f", "{}"),
    ];
    before.hub().store().publish(rows).await.unwrap();
    let (cut, entries) = applied(&before, &till).await;
    let lost = lost(&cut, &entries, 3);
    let after = TestHub::start_with_key_of(&before).await;
    after.hub().import(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample")).await.unwrap();
    let introduce = after.http.post(after.url("/api/v1/introduce"));
    introduce.body(serde_json::to_vec(&certificate).unwrap()).send().await.unwrap();
    assert_eq!(show(&after, &till, &lost).await, StatusCode::OK);

    let cookie = after.session().await;
    let list = listed(&after, &cookie).await;
    assert_eq!(list["count"], 3);
    let rows = list["rows"].as_array().unwrap();
    for (table, status) in [("tax", 422), ("label_layout", 422), ("future", 204)] {
        let row = rows.iter().find(|row| row["table"] == table).unwrap();
        assert_eq!(
            decide(&after, &cookie, json!({"decision": "publish", "row": row})).await,
            status,
            "{table}"
        );
    }
    let list = listed(&after, &cookie).await;
    let all = json!({"decision": "publish", "shown": list["shown"]});
    assert_eq!(decide(&after, &cookie, all).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(listed(&after, &cookie).await["count"], 2, "nothing was decided");
    let drop = json!({"decision": "drop", "shown": list["shown"]});
    assert_eq!(decide(&after, &cookie, drop).await, StatusCode::NO_CONTENT);
}
