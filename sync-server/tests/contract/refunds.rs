//! Refunds: who may have a receipt, and which refunds HQ hears of.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use suanpan_domain::entry::Entry;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_sync::{RefundReply, RefundRequest};

use crate::support::{DATE, TestHub, Till, problems, refund};

/// Kinds of trouble with refunds.
const KINDS: [&str; 3] = ["unknown_refund", "refund_differs", "double_refund"];

/// What HQ hears of a receipt: which kind, what was paid, what was paid out.
async fn heard(hub: &TestHub, cookie: &str) -> Vec<(&'static str, Option<i64>, Option<i64>)> {
    let today = hub.today(cookie).await;
    let row = |kind: &'static str| {
        let found = problems(&today, kind).into_iter();
        let figures = move |it: &Value| (kind, it["paid_fen"].as_i64(), it["refunded_fen"].as_i64());
        found.map(figures).collect::<Vec<_>>()
    };
    KINDS.into_iter().flat_map(row).collect()
}

/// The first receipt of the first till: 500 g of spinach for ¥4.00.
fn first_receipt() -> String {
    format!("HT01-1-{DATE}-0001-a7")
}

async fn ask(hub: &TestHub, till: &Till, method: Method, number: &str) -> (StatusCode, Vec<u8>) {
    let body = serde_json::to_vec(&RefundRequest { number: number.into() }).unwrap();
    let (status, answer) = till.send(hub, method, "/api/v1/refunds", &body).await;
    (status, answer.to_vec())
}

async fn reply(hub: &TestHub, till: &Till, number: &str) -> RefundReply {
    serde_json::from_slice(&ask(hub, till, Method::POST, number).await.1).unwrap()
}

#[tokio::test]
async fn two_tills_that_refund_one_receipt_are_reported() {
    let hub = TestHub::start().await;
    let (mut one, mut two, mut three) =
        (hub.till("HT01", 1).await, hub.till("HT01", 2).await, hub.till("HT02", 1).await);
    one.sell(500, 400);
    one.push_all(&hub).await;
    let (number, cookie) = (first_receipt(), hub.session().await);
    two.entry(&Entry::Refund(refund(1, &number, 250, 200)));
    three.entry(&Entry::Refund(refund(1, &number.to_lowercase(), 250, 200)));
    two.push_all(&hub).await;
    three.push_all(&hub).await;
    assert_eq!(heard(&hub, &cookie).await, [], "together no more than was paid");
    three.entry(&Entry::Refund(refund(2, &number, 125, 100)));
    three.push(&hub, 2, 2).await;
    assert_eq!(heard(&hub, &cookie).await, [("double_refund", Some(400), Some(500))]);
    let today = hub.today(&cookie).await;
    assert_eq!((&today["problems"][0]["number"], &today["paid_fen"]), (&number.into(), &(-100).into()));
}

#[tokio::test]
async fn one_till_that_refunds_its_own_receipt_twice_is_reported() {
    let hub = TestHub::start().await;
    let mut one = hub.till("HT01", 1).await;
    let sale = one.sell(500, 400);
    let (number, cookie) = (first_receipt(), hub.session().await);
    let own = |no| {
        let origin = Origin::Sale { sale: sale.id, number: number.clone(), reservation: None, offline: true };
        Entry::Refund(Refund { origin, ..refund(no, &number, 500, 200) })
    };
    one.entry(&own(2));
    one.entry(&own(3));
    one.push_all(&hub).await;
    // No more money than was paid, and the same goods twice.
    assert_eq!(heard(&hub, &cookie).await, [("double_refund", Some(400), Some(400))]);
}

#[tokio::test]
async fn a_refund_of_a_receipt_that_never_existed_is_reported_until_its_sale_arrives() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let (number, cookie) = (first_receipt(), hub.session().await);
    two.entry(&Entry::Refund(refund(1, &number, 500, 400)));
    two.entry(&Entry::Refund(refund(2, "HT01-1-20230616-0099-a7", 500, 400)));
    two.entry(&Entry::Refund(refund(3, "no number", 500, 400)));
    two.push_all(&hub).await;
    let unknown = ("unknown_refund", None, Some(400));
    assert_eq!(heard(&hub, &cookie).await, [unknown, unknown, unknown]);
    one.sell(500, 400);
    one.push_all(&hub).await;
    assert_eq!(heard(&hub, &cookie).await, [unknown, unknown], "its till was late");
    // With new figures the same is known again.
    let token = hub.hub().store().lead(0).await.unwrap();
    if let Some(token) = token {
        hub.hub().store().forget_projections(token).await.unwrap();
    }
    assert_eq!(heard(&hub, &cookie).await, [unknown, unknown]);
}

#[tokio::test]
async fn a_refund_that_its_receipt_does_not_bear_out_is_reported_whichever_came_first() {
    for refund_first in [true, false] {
        for (item, grams, fen, heard_of) in [
            ("10101", 500, 400, None),
            ("10101", 500, 500, Some(500)),
            ("10101", 600, 400, Some(400)),
            ("10102", 100, 100, Some(100)),
        ] {
            let hub = TestHub::start().await;
            let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
            let cookie = hub.session().await;
            let mut cited = refund(1, &first_receipt(), grams, fen);
            cited.lines[0].item = item.into();
            two.entry(&Entry::Refund(cited));
            one.sell(500, 400);
            let (early, late) = if refund_first { (&mut two, &mut one) } else { (&mut one, &mut two) };
            early.push_all(&hub).await;
            hub.settled().await;
            late.push_all(&hub).await;
            let wanted: Vec<_> =
                heard_of.map(|fen| ("refund_differs", Some(400), Some(fen))).into_iter().collect();
            assert_eq!(heard(&hub, &cookie).await, wanted, "{item} {grams} {fen} {refund_first}");
        }
    }
}

#[tokio::test]
async fn a_receipt_is_for_one_till_until_its_refund_arrives_or_it_is_let_go() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let sale = one.sell(500, 400);
    one.push_all(&hub).await;
    hub.settled().await;
    let number = first_receipt();
    let RefundReply::Reserved { reservation, .. } = reply(&hub, &two, &number).await else { panic!("none") };
    assert_eq!(reply(&hub, &one, &number).await, RefundReply::Elsewhere { till: 2 }, "its own till too");
    assert_eq!(ask(&hub, &one, Method::DELETE, &number).await.0, StatusCode::OK);
    assert_eq!(reply(&hub, &one, &number).await, RefundReply::Elsewhere { till: 2 }, "it is not the till's");
    assert_eq!(ask(&hub, &two, Method::DELETE, &number).await.0, StatusCode::OK);
    assert!(matches!(reply(&hub, &one, &number).await, RefundReply::Reserved { .. }));
    ask(&hub, &one, Method::DELETE, &number).await;

    let RefundReply::Reserved { reservation: again, .. } = reply(&hub, &two, &number).await else {
        panic!("none")
    };
    assert_ne!(reservation, again);
    let origin =
        Origin::Sale { sale: sale.id, number: number.clone(), reservation: Some(again), offline: false };
    two.entry(&Entry::Refund(Refund { origin, ..refund(1, &number, 500, 400) }));
    two.push_all(&hub).await;
    hub.settled().await;
    let RefundReply::Reserved { documents, .. } = reply(&hub, &one, &number).await else { panic!("none") };
    assert_eq!(documents.len(), 2, "the sale and what the other till paid out");
}

#[tokio::test]
async fn a_receipt_that_the_hub_does_not_have_is_for_one_till_too() {
    let hub = TestHub::start().await;
    let (one, two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    assert_eq!(reply(&hub, &one, &first_receipt()).await, RefundReply::Unknown);
    assert_eq!(reply(&hub, &two, &first_receipt()).await, RefundReply::Elsewhere { till: 1 });
    assert_eq!(reply(&hub, &one, &first_receipt()).await, RefundReply::Unknown);
}

#[tokio::test]
async fn a_till_that_asks_for_ever_more_receipts_takes_none_from_the_others() {
    let hub = TestHub::start().await;
    let (one, two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let number = |no: u32| format!("HT01-1-{DATE}-{no:04}-a7");
    for no in 1..=50 {
        assert_eq!(reply(&hub, &one, &number(no)).await, RefundReply::Unknown);
    }
    assert_eq!(ask(&hub, &one, Method::POST, &number(51)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply(&hub, &two, &number(51)).await, RefundReply::Unknown);
}

#[tokio::test]
async fn another_tills_sale_is_shown_with_its_refunds_and_to_one_till_at_a_time() {
    let hub = TestHub::start().await;
    let (mut one, mut two, three) =
        (hub.till("HT01", 1).await, hub.till("HT01", 2).await, hub.till("HT02", 1).await);
    let sold = Entry::Sale(one.sell(500, 400));
    one.push_all(&hub).await;
    let number = format!("HT01-1-{DATE}-0001-a7");
    let back = Entry::Refund(refund(1, &number, 125, 100));
    two.entry(&back);
    two.push_all(&hub).await;
    hub.settled().await;
    let first = reply(&hub, &two, &number.to_lowercase()).await;
    let RefundReply::Reserved { documents, .. } = &first else { panic!("a reservation, not {first:?}") };
    let payloads: Vec<_> = documents.iter().map(|it| it.payload.clone().into_bytes()).collect();
    assert_eq!(payloads, [sold.encode().unwrap(), back.encode().unwrap()]);
    assert_eq!(reply(&hub, &three, &number).await, RefundReply::Elsewhere { till: 2 });
    assert_eq!(reply(&hub, &two, &number).await, first, "the same till keeps its reservation");
    assert_eq!(reply(&hub, &three, "HT01-1-20230616-0099-a7").await, RefundReply::Unknown);
    assert_eq!(ask(&hub, &three, Method::POST, "no number").await.0, StatusCode::BAD_REQUEST);
}
