//! The download, through real HTTP.

use crate::support::*;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use suanpan_sync::{
    FeedChange, FeedEntry, FeedHead, PullReply, PullRequest, Scope, ScopeVersion, SnapshotManifest,
    decode_chunk, feed_genesis, follow_feed,
};
use sync_server::store::NewRow;

async fn pull(hub: &TestHub, till: &Till, request: &PullRequest) -> PullReply {
    let body = serde_json::to_vec(request).unwrap();
    let (status, answer) = till.send(hub, Method::POST, "/api/v1/pull", &body).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).unwrap()
}

fn changes(reply: PullReply) -> (Vec<FeedHead>, Vec<FeedEntry>, bool, String) {
    match reply {
        PullReply::Changes { cut, entries, more, wake } => (cut, entries, more, wake),
        PullReply::Snapshot { .. } => panic!("changes, not a snapshot"),
    }
}

/// Every entry of a snapshot.
async fn entries(hub: &TestHub, till: &Till, manifest: &SnapshotManifest) -> Vec<FeedEntry> {
    let mut entries = Vec::new();
    for named in &manifest.chunks {
        let (_, bytes) = till.send(hub, Method::GET, &format!("/api/v1/snapshot/{}", named.hash), &[]).await;
        entries.extend(decode_chunk(named, &bytes).unwrap());
    }
    entries
}

fn row(scope: Scope, key: &str, body: &str) -> NewRow {
    NewRow {
        scope,
        table: "price".into(),
        key: key.into(),
        effective_at_ms: 0,
        change: FeedChange::Put { body: body.into() },
    }
}

fn site(code: &str) -> Scope {
    Scope::Site(code.parse().unwrap())
}

#[tokio::test]
async fn a_station_pulls_its_own_scopes_chained_to_signed_heads() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let (cut, entries, more, _) = changes(pull(&hub, &till, &PullRequest::default()).await);
    assert!(!more);
    assert_eq!(cut.iter().map(|head| head.scope.clone()).collect::<Vec<_>>(), [Scope::Chain, site("HT01")]);
    for head in &cut {
        head.verify(&till.hub_key.unwrap()).unwrap();
        let own = entries.iter().filter(|entry| entry.scope == head.scope);
        let hash = own.clone().fold(feed_genesis(&head.scope), |hash, entry| follow_feed(&hash, entry));
        assert_eq!((hash, own.count() as u64), (head.hash, head.version));
    }
    let staff: Vec<_> = entries.iter().filter(|it| it.table == "staff").map(|it| it.key.as_str()).collect();
    assert_eq!(staff, ["1101", "1102", "1103", "1801", "1901"], "of its own site only, without any PIN");
    assert!(!format!("{entries:?}").contains("\"pin\""));
}

#[tokio::test]
async fn another_sites_feed_is_not_given_out_even_for_its_signed_head() {
    let hub = TestHub::start().await;
    let (mine, theirs) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    let (cut, ..) = changes(pull(&hub, &theirs, &PullRequest::default()).await);
    let foreign: Vec<_> = cut.into_iter().filter(|head| head.scope == site("HT02")).collect();
    let staged = vec![ScopeVersion { scope: site("HT02"), version: 0 }];
    for request in [
        PullRequest { cut: foreign.clone(), ..PullRequest::default() },
        PullRequest { heads: foreign, ..PullRequest::default() },
        PullRequest { staged, ..PullRequest::default() },
    ] {
        let PullReply::Snapshot { manifest } = pull(&hub, &mine, &request).await else {
            panic!("the set is replaced");
        };
        assert!(manifest.cut.iter().all(|head| head.scope != site("HT02")));
    }
    let (_, answer) = theirs.send(&hub, Method::GET, "/api/v1/snapshot", &[]).await;
    let manifest: SnapshotManifest = serde_json::from_slice(&answer).unwrap();
    let last = manifest.chunks.last().unwrap().hash;
    let path = format!("/api/v1/snapshot/{last}");
    assert_eq!(theirs.send(&hub, Method::GET, &path, &[]).await.0, StatusCode::OK);
    assert_eq!(mine.send(&hub, Method::GET, &path, &[]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cut_comes_in_pages_although_more_is_published_meanwhile() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let (heads, ..) = changes(pull(&hub, &till, &PullRequest::default()).await);
    let rows =
        (0..2_500).map(|n| row(Scope::Chain, &format!("x{n}"), "{\"fen\":1,\"per\":\"pc\"}")).collect();
    assert_eq!(hub.hub().store().publish(rows).await.unwrap(), 2_500);
    let first = PullRequest { heads: heads.clone(), ..PullRequest::default() };
    let (cut, page, more, _) = changes(pull(&hub, &till, &first).await);
    assert!(more && page.len() == 2_000);
    hub.hub().store().publish(vec![row(Scope::Chain, "later", "{}")]).await.unwrap();
    let staged = vec![
        ScopeVersion { scope: Scope::Chain, version: page.last().unwrap().version },
        ScopeVersion { scope: site("HT01"), version: heads[1].version },
    ];
    let rest = PullRequest { heads, cut: cut.clone(), staged };
    let (same, page, more, _) = changes(pull(&hub, &till, &rest).await);
    assert_eq!((same, page.len(), more), (cut, 500, false));
    assert!(page.iter().all(|entry| entry.key != "later"));
}

#[tokio::test]
async fn a_snapshot_leads_to_the_rows_that_hold_and_those_to_come() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let later = i64::MAX / 2;
    let mut rows =
        vec![row(Scope::Chain, "x", "old"), row(Scope::Chain, "x", "new"), row(Scope::Chain, "y", "gone")];
    rows.push(NewRow { effective_at_ms: later, ..row(Scope::Chain, "x", "next year") });
    rows.push(NewRow { change: FeedChange::Delete, ..row(Scope::Chain, "y", "") });
    rows.push(NewRow { effective_at_ms: 1_000, ..row(Scope::Chain, "z", "announced, and in force by now") });
    rows.push(row(Scope::Chain, "z", "since then"));
    hub.hub().store().publish(rows).await.unwrap();
    let (status, answer) = till.send(&hub, Method::GET, "/api/v1/snapshot", &[]).await;
    assert_eq!(status, StatusCode::OK);
    let manifest: SnapshotManifest = serde_json::from_slice(&answer).unwrap();
    manifest.check(&till.hub_key.unwrap()).unwrap();
    let entries = entries(&hub, &till, &manifest).await;
    let bodies = |key: &str| -> Vec<FeedChange> {
        entries.iter().filter(|it| it.key == key).map(|it| it.change.clone()).collect()
    };
    let put = |body: &str| FeedChange::Put { body: body.into() };
    assert_eq!(bodies("x"), [put("new"), put("next year")]);
    assert_eq!((bodies("y"), bodies("z")), (vec![], vec![put("since then")]));
    // Going on from the snapshot's cut, there is nothing more.
    let request = PullRequest { heads: manifest.cut.clone(), ..PullRequest::default() };
    let (cut, entries, more, _) = changes(pull(&hub, &till, &request).await);
    assert_eq!((cut, entries.len(), more), (manifest.cut, 0, false));
}

#[tokio::test]
async fn a_snapshot_of_many_rows_is_whole_and_the_same_for_all_who_ask_at_once() {
    const ROWS: usize = 10_500;
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let published = |body| (0..ROWS).map(|n| row(Scope::Chain, &format!("many{n}"), body)).collect();
    hub.hub().store().publish(published("old")).await.unwrap();
    hub.hub().store().publish(published("new")).await.unwrap();
    let ask = || till.send(&hub, Method::GET, "/api/v1/snapshot", &[]);
    let ((_, one), (_, two), (_, three)) = tokio::join!(ask(), ask(), ask());
    assert!(one == two && two == three);
    let entries = entries(&hub, &till, &serde_json::from_slice(&one).unwrap()).await;
    let many: Vec<_> = entries.iter().filter(|it| it.key.starts_with("many")).collect();
    assert_eq!(many.len(), ROWS);
    assert!(many.iter().all(|it| it.change == FeedChange::Put { body: "new".into() }));
}

#[tokio::test]
async fn heads_that_this_hub_signed_and_lost_start_a_new_epoch_and_a_snapshot() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let key = std::fs::read_to_string(hub.folder.path().join("hub.key")).unwrap();
    let seed = key.trim().parse::<suanpan_journal::Hash>().unwrap();
    let hub_key = suanpan_journal::SigningKey::from_seed(&seed.0);
    let lost = FeedHead::sign(&hub_key, Scope::Chain, 1, 99_999, suanpan_journal::Hash([1; 32]));
    let forged = FeedHead { version: 100_000, ..lost.clone() };
    let mut epochs = vec![];
    for head in [forged, lost.clone(), lost] {
        let request = PullRequest { heads: vec![head], ..PullRequest::default() };
        assert!(matches!(pull(&hub, &till, &request).await, PullReply::Snapshot { .. }));
        epochs.push(hub.hub().store().gauges().await.unwrap().epoch);
    }
    assert_eq!(epochs[0], 1, "what is forged starts no epoch");
    assert!(epochs[1] > 1 && epochs[2] == epochs[1], "a loss starts one epoch: {epochs:?}");
}

#[tokio::test]
async fn a_wake_up_comes_when_something_is_published_for_the_station() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let (.., wake) = changes(pull(&hub, &till, &PullRequest::default()).await);
    let path = format!("/api/v1/wake?seen={wake}");
    let publish = async {
        // Another site's change must not end the wait; the chain's must.
        hub.hub().store().publish(vec![row(site("HT02"), "x", "{}")]).await.unwrap();
        hub.hub().store().publish(vec![row(Scope::Chain, "x", "{}")]).await.unwrap();
    };
    let ((status, answer), ()) = tokio::join!(till.send(&hub, Method::GET, &path, &[]), publish);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["changed"], true);
    let (status, _) = till.send(&hub, Method::GET, "/api/v1/wake?seen=0.0", &[]).await;
    assert_eq!(status, StatusCode::OK, "an old word returns at once");
}

#[tokio::test]
async fn a_malformed_pull_is_refused() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    for body in ["", "[]", "{\"heads\":[{}]}", "{\"heads\":7}"] {
        let (status, answer) = till.send(&hub, Method::POST, "/api/v1/pull", body.as_bytes()).await;
        assert_eq!((status.as_u16(), code(&answer).as_str()), (400, "HUB-REQ-001"), "{body}");
    }
}
