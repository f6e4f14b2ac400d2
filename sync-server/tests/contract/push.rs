//! The upload, through real HTTP.

use crate::support::*;
use reqwest::{Method, StatusCode};
use suanpan_domain::entry::Entry;
use suanpan_journal::{Hash, Parent, SegmentId};
use suanpan_sync::{Ack, KnownHead, Lacking, LostTail, PushReply, decode_entries};
use sync_server::project::Group;

fn acked(reply: &PushReply) -> &Ack {
    match reply {
        PushReply::Ack { ack, .. } => ack,
        other => panic!("an ack, not {other:?}"),
    }
}

fn tail_and_clone(reply: &PushReply) -> (Option<LostTail>, bool) {
    match reply {
        PushReply::Ack { lost_tail, re_enrol, .. } => (*lost_tail, *re_enrol),
        other => panic!("an ack, not {other:?}"),
    }
}

#[tokio::test]
async fn what_is_acked_is_in_the_report_to_the_fen() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.sell(1_046, 544);
    let reply = till.push_all(&hub).await;
    let ack = acked(&reply);
    ack.verify(&till.hub_key.unwrap(), till.station).unwrap();
    assert_eq!((ack.have_seq, ack.have_hash, ack.hub_epoch), (2, till.segments[0].chains[2].hash, 1));
    let row = hub.day().await[0].clone();
    for (field, expected) in
        [("sales", 2), ("lines", 2), ("grams", 1_528), ("amount_fen", 930), ("paid_fen", 930), ("missing", 0)]
    {
        assert_eq!(row[field], expected, "{field}");
    }
}

#[tokio::test]
async fn a_push_sent_again_gets_the_same_ack_and_nothing_is_doubled() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(500, 400);
    let first = till.push_all(&hub).await;
    till.sell(500, 400);
    acked(&till.push(&hub, 2, 2).await);
    let again = till.push(&hub, 1, 1).await;
    assert_eq!(first, again);
    acked(&till.push(&hub, 1, 2).await);
    assert_eq!(hub.day().await[0]["sales"], 2);
}

#[tokio::test]
async fn straddling_gap_and_unknown_segment_say_where_to_go_on() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..5 {
        till.sell(100, 80);
    }
    assert_eq!(till.push(&hub, 3, 5).await, PushReply::Gap { have: vec![] });
    acked(&till.push(&hub, 1, 2).await);
    let head = KnownHead { seq: 2, hash: till.segments[0].chains[2].hash };
    assert_eq!(till.push(&hub, 2, 4).await, PushReply::Have { head, cut_at: None });
    assert_eq!(till.push(&hub, 5, 5).await, PushReply::Gap { have: vec![head] });
    acked(&till.push(&hub, 3, 5).await);
    assert_eq!(hub.day().await[0]["sales"], 5);
}

#[tokio::test]
async fn a_range_across_stored_batches_is_recognised_from_the_middle_of_one() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..9 {
        till.sell(100, 80);
    }
    acked(&till.push(&hub, 1, 4).await);
    acked(&till.push(&hub, 5, 7).await);
    for (from, to) in [(2, 3), (3, 6), (7, 7)] {
        assert_eq!(acked(&till.push(&hub, from, to).await).have_seq, to as u64);
    }
    let head = KnownHead { seq: 7, hash: till.segments[0].chains[7].hash };
    assert_eq!(till.push(&hub, 6, 9).await, PushReply::Have { head, cut_at: None });
}

#[tokio::test]
async fn a_segment_whose_parent_is_unknown_never_waits_for_it() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    let parent = till.current().chains[1].as_parent();
    till.open(parent);
    till.sell(100, 80);
    acked(&till.push_all(&hub).await);
    assert_eq!(hub.day().await[0]["sales"], 1);
    assert_eq!(hub.day().await[0]["missing"], 1, "receipt 2 came, so receipt 1 exists");
    acked(&till.send_push(&hub, &till.push_of(0, 1, 1)).await.unwrap());
    assert_eq!(hub.day().await[0]["missing"], 0);
}

#[tokio::test]
async fn a_ledger_restored_from_an_older_copy_is_told_to_fetch_its_tail_back() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..6 {
        till.sell(100, 80);
    }
    acked(&till.push_all(&hub).await);
    let old = till.segments[0].clone();
    till.open(old.chains[4].as_parent());
    till.sell(100, 80);
    let tail = LostTail { segment: old.id, from_seq: 5, to_seq: 6 };
    assert_eq!(tail_and_clone(&till.push_all(&hub).await), (Some(tail), false));
    let cookie = hub.session().await;
    assert_eq!(problems(&hub.today(&cookie).await, "lost_tail")[0]["entries"], 2);

    let fetch = |from: u64| format!("/api/v1/entries?segment={}&from={from}", old.id);
    let (status, body) = till.send(&hub, Method::GET, &fetch(5), &[]).await;
    assert_eq!(status, StatusCode::OK);
    let pushes = decode_entries(&body).unwrap().pushes;
    let checked = pushes[0].check(till.station, &till.key.public()).unwrap();
    assert_eq!(checked.records, old.records.concat());
    // Asking on past the end says that everything is here again.
    let (_, rest) = till.send(&hub, Method::GET, &fetch(7), &[]).await;
    assert!(rest.is_empty());
    till.sell(100, 80);
    assert_eq!(tail_and_clone(&till.push(&hub, 2, 2).await), (None, false));
    assert!(problems(&hub.today(&cookie).await, "lost_tail").is_empty());
    assert_eq!(hub.day().await[0]["sales"], 8, "both sides are kept");
}

#[tokio::test]
async fn a_cloned_disk_sold_on_twice_keeps_every_sale_and_is_shown_to_it() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    acked(&till.push_all(&hub).await);
    let at = till.current().chains[1].as_parent();
    let mut copy = till.clone();
    till.open(at);
    copy.open(at);
    till.sell(100, 80);
    copy.sell(100, 80);
    assert_eq!(tail_and_clone(&till.push_all(&hub).await), (None, false));
    let tail = LostTail { segment: till.segments[1].id, from_seq: 1, to_seq: 1 };
    assert_eq!(tail_and_clone(&copy.push_all(&hub).await), (Some(tail), false), "so far an older copy");
    till.sell(100, 80);
    assert_eq!(tail_and_clone(&till.push(&hub, 2, 2).await), (None, true), "the other disk sells on");
    let today = hub.today(&hub.session().await).await;
    assert_eq!(problems(&today, "clone")[0]["till"], 1);
    assert_eq!(hub.day().await[0]["sales"], 4);
}

#[tokio::test]
async fn a_running_system_that_was_copied_keeps_both_ends_of_its_segment() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    acked(&till.push_all(&hub).await);
    let mut twin = till.clone();
    till.sell(100, 80);
    twin.sell(200, 160);
    acked(&till.push(&hub, 2, 2).await);
    assert_eq!(tail_and_clone(&twin.push(&hub, 2, 2).await), (None, false));
    twin.sell(200, 160);
    assert_eq!(tail_and_clone(&twin.push(&hub, 3, 3).await), (None, false));
    till.sell(100, 80);
    assert_eq!(tail_and_clone(&till.push(&hub, 3, 3).await), (None, true));
    assert_eq!(hub.day().await[0]["sales"], 5);
}

#[tokio::test]
async fn a_lost_tail_of_several_starts_is_fetched_segment_by_segment_and_then_built_upon() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    acked(&till.push_all(&hub).await);
    let copy = till.clone();
    for _ in 0..2 {
        let head = *till.current().chains.last().unwrap();
        till.open(head.as_parent());
        till.sell(100, 80);
        till.sell(100, 80);
        acked(&till.push_all(&hub).await);
    }
    let (lost, mut till) = (till, copy);
    let head = till.current().chains[1];
    till.open(head.as_parent());
    till.sell(100, 80);
    let mut reply = till.push_all(&hub).await;
    let mut told = Vec::new();
    while let (Some(tail), false) = tail_and_clone(&reply) {
        told.push((tail.segment, tail.from_seq, tail.to_seq));
        let path = format!("/api/v1/entries?segment={}&from=3", tail.segment);
        till.send(&hub, Method::GET, &path, &[]).await;
        reply = till.push_all(&hub).await;
    }
    told.sort_unstable();
    let mut expected: Vec<_> = lost.segments[1..].iter().map(|it| (it.id, 1, 2)).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
    // The station has both sides now, and may go on from either.
    till.open(lost.segments[2].chains[2].as_parent());
    till.sell(100, 80);
    assert_eq!(tail_and_clone(&till.push_all(&hub).await), (None, false));
    assert_eq!(hub.day().await[0]["sales"], 7);
}

#[tokio::test]
async fn a_hole_is_recorded_shown_and_filled_when_the_bytes_turn_up() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for _ in 0..5 {
        till.sell(100, 80);
    }
    acked(&till.push(&hub, 1, 2).await);
    till.declare(&hub, (3, 4)).await;
    let segment = till.segments[0].id;
    let PushReply::Ack { lacking, .. } = till.push(&hub, 5, 5).await else { panic!("an ack") };
    assert_eq!(lacking, [Lacking { segment, from_seq: 3, to_seq: 4 }], "another disk may have them");
    let cookie = hub.session().await;
    assert_eq!(problems(&hub.today(&cookie).await, "hole")[0]["entries"], 2);
    assert_eq!(hub.day().await[0]["missing"], 2);
    let PushReply::Ack { lacking, .. } = till.push(&hub, 3, 4).await else { panic!("an ack") };
    assert!(lacking.is_empty());
    assert!(problems(&hub.today(&cookie).await, "hole").is_empty());
    assert_eq!(hub.day().await[0]["missing"], 0);
    assert_eq!(hub.day().await[0]["sales"], 5);
}

#[tokio::test]
async fn a_clone_that_lost_where_it_parted_sends_what_came_after_it() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.sell(100, 80);
    let mut clone = till.clone();
    till.sell(200, 160);
    till.sell(200, 160);
    acked(&till.push_all(&hub).await);
    (0..3).for_each(|_| drop(clone.sell(300, 240)));
    clone.declare(&hub, (3, 3)).await;
    acked(&clone.push(&hub, 4, 5).await);
    assert_eq!(hub.day().await[0]["sales"], 6);
    acked(&clone.push(&hub, 3, 3).await);
    till.sell(200, 160);
    acked(&till.push(&hub, 5, 5).await);
    assert_eq!(hub.day().await[0]["sales"], 8, "both go on, and nothing is doubled");
    let (_, re_enrol) = tail_and_clone(&till.push_all(&hub).await);
    assert!(re_enrol, "two disks write as one till");
}

#[tokio::test]
async fn what_only_a_hole_names_is_stored_when_it_comes_and_acked_no_sooner() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    (0..5).for_each(|_| drop(till.sell(100, 80)));
    let mut clone = till.clone();
    till.sell(200, 160);
    (0..2).for_each(|_| drop(clone.sell(300, 240)));
    acked(&till.push(&hub, 1, 2).await);
    till.declare(&hub, (3, 4)).await;
    acked(&till.push(&hub, 5, 6).await);
    // It parts after the hole, so that both histories have the hole's end.
    acked(&clone.push(&hub, 6, 7).await);
    acked(&till.push(&hub, 3, 4).await);
    assert_eq!(hub.day().await[0]["sales"], 8, "each once");
    acked(&clone.push(&hub, 1, 7).await);
    assert!(problems(&hub.today(&hub.session().await).await, "hole").is_empty());
    assert_eq!(hub.day().await[0]["sales"], 8, "and none of them twice");
}

#[tokio::test]
async fn an_ack_that_this_database_does_not_bear_out_starts_a_new_epoch() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    let ack = acked(&till.push_all(&hub).await).clone();
    let head = till.current().chains[1].as_parent();
    till.open(head);
    till.sell(100, 80);
    let mut push = till.push_of(1, 1, 1);
    push.shown = Some(ack.clone());
    assert_eq!(acked(&till.send_push(&hub, &push).await.unwrap()).hub_epoch, 1);

    let key = std::fs::read_to_string(hub.folder.path().join("hub.key")).unwrap();
    let hub_key = suanpan_journal::SigningKey::from_seed(&key.trim().parse::<Hash>().unwrap().0);
    let lost = Ack::sign(&hub_key, till.station, (1, 1), (head.segment, 9, Hash([7; 32])), 4096, 0);
    let forged = Ack { have_seq: 10, ..lost.clone() };
    till.open(till.segments[1].chains[1].as_parent());
    till.sell(100, 80);
    let mut epochs = vec![];
    for shown in [forged, lost.clone(), lost] {
        let mut push = till.push_of(2, 1, 1);
        push.shown = Some(shown);
        epochs.push(acked(&till.send_push(&hub, &push).await.unwrap()).hub_epoch);
    }
    assert_eq!(epochs[0], 1, "what is forged starts no epoch");
    assert!(epochs[1] > 1 && epochs[2] == epochs[1], "a loss starts one epoch: {epochs:?}");
    let what = (ack.segment, ack.have_seq, ack.have_hash);
    let mut push = till.push_of(2, 1, 1);
    push.shown = Some(Ack::sign(&hub_key, till.station, (epochs[2], ack.arrival + 1), what, 4096, 0));
    let again = acked(&till.send_push(&hub, &push).await.unwrap()).hub_epoch;
    assert!(again > epochs[2], "what came again in another order proves nothing of the rest");
}

#[tokio::test]
async fn what_the_hub_cannot_understand_is_parked_and_blocks_nothing() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.write(MORNING_MS, 999, b"{\"v\":1}");
    till.write(MORNING_MS, 1, b"{\"v\":7}");
    till.write(MORNING_MS, 1, b"\xff not json");
    till.sell(100, 80);
    acked(&till.push_all(&hub).await);
    assert_eq!(hub.day().await[0]["sales"], 2);
    let today = hub.today(&hub.session().await).await;
    let codes: Vec<_> = problems(&today, "parked").iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["HUB-PRJ-001", "HUB-PRJ-002", "HUB-PRJ-003"]);
}

#[tokio::test]
async fn a_document_that_arrives_in_two_histories_is_summed_once() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let sale = till.sell(100, 80);
    acked(&till.push_all(&hub).await);
    till.open(Parent { segment: SegmentId([3; 16]), seq: 1, hash: Hash([3; 32]) });
    till.entry(&Entry::Sale(sale));
    acked(&till.push_all(&hub).await);
    assert_eq!(hub.day().await[0]["sales"], 1);
    let today = hub.today(&hub.session().await).await;
    assert_eq!(problems(&today, "parked")[0]["code"], "HUB-PRJ-004");
}

#[tokio::test]
async fn a_stopped_hub_comes_back_with_everything_it_acked() {
    let mut hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    for n in 1..=20 {
        till.sell(100, 80);
        acked(&till.push(&hub, n, n).await);
    }
    hub.running.stop().await;
    let config = config(hub.folder.path());
    hub.running = sync_server::Hub::start(config).await.unwrap();
    let reply = till.push(&hub, 20, 20).await;
    assert_eq!(acked(&reply).have_seq, 20);
    assert_eq!(hub.day().await[0]["sales"], 20);
}

#[tokio::test]
async fn projections_built_anew_are_the_same_to_the_last_row() {
    let mut hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    for n in 0..30 {
        one.sell(100 + n, 80 + n);
        two.sell(200, 160);
        one.push(&hub, n as usize + 1, n as usize + 1).await;
    }
    one.write(MORNING_MS, 999, b"{}");
    one.push(&hub, 31, 31).await;
    two.push_all(&hub).await;
    let cookie = hub.session().await;
    let shown = async |hub: &TestHub| {
        let mut today = hub.today(&cookie).await;
        // When it was asked is no projection.
        today["as_of_ms"] = 0.into();
        let by_item = "/api/v1/reports/sales-by-item?from=2023-06-16&to=2023-06-16";
        (today, hub.day().await, hub.report(by_item).await, hub.hub().store().gauges().await.unwrap())
    };
    let before = shown(&hub).await;
    hub.running.stop().await;
    let again = sync_server::Hub::open(config(hub.folder.path())).unwrap();
    again.rebuild().await.unwrap();

    // A group that was read before and is written after somebody else projected it changes nothing.
    let store = again.store();
    let token = store.lead(now_ms()).await.unwrap().unwrap();
    store.forget_projections(token).await.unwrap();
    let read = async || std::sync::Arc::new(Group::of(store.lacking(None).await.unwrap()));
    let (first, second) = (read().await, read().await);
    store.apply(token, first).await.unwrap();
    assert_eq!(store.apply(token, second).await.unwrap_err().code(), "HUB-STO-013");
    store.resign().await.unwrap();
    hub.running = again.serve().await.unwrap();
    assert_eq!(shown(&hub).await, before);
}

#[tokio::test]
async fn one_hub_owns_a_folder() {
    let hub = TestHub::start().await;
    if hub.hub().store().is_shared() {
        return;
    }
    let second = sync_server::Hub::open(config(hub.folder.path()));
    assert_eq!(second.unwrap_err().code(), "HUB-STO-010");
}
