//! Refunds: who may have a receipt, and which refunds HQ hears of.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use suanpan_domain::entry::Entry;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_domain::sale::Sale;
use suanpan_sync::{RefundReply, RefundRequest};
use sync_server::Hub;

use crate::postgresql::run_on;
use crate::support::{DATE, TestHub, Till, config, problems, refund};

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

/// A refund of a till's own sale while its hub was silent.
fn offline(number: u32, sale: &Sale, cites: &str, grams: i64, fen: i64) -> Entry {
    let origin = Origin::Sale { sale: sale.id, number: cites.into(), reservation: None, offline: true };
    Entry::Refund(Refund { origin, ..refund(number, cites, grams, fen) })
}

async fn ask(hub: &TestHub, till: &Till, method: Method, number: &str) -> (StatusCode, Vec<u8>) {
    let body = serde_json::to_vec(&RefundRequest { number: number.into() }).unwrap();
    let (status, answer) = till.send(hub, method, "/api/v1/refunds", &body).await;
    (status, answer.to_vec())
}

pub(crate) async fn reply(hub: &TestHub, till: &Till, number: &str) -> RefundReply {
    serde_json::from_slice(&ask(hub, till, Method::POST, number).await.1).unwrap()
}

/// The name under which a till has a receipt that the hub knows, and how many documents it is told of.
async fn has(hub: &TestHub, till: &Till, number: &str) -> (String, usize) {
    match reply(hub, till, number).await {
        RefundReply::Reserved { reservation, documents } => (reservation, documents.len()),
        other => panic!("a reservation, not {other:?}"),
    }
}

/// The same of a number that the hub has no sale of.
async fn has_unknown(hub: &TestHub, till: &Till, number: &str) -> (String, usize) {
    match reply(hub, till, number).await {
        RefundReply::Unknown { reservation: Some(reservation), documents } => (reservation, documents.len()),
        other => panic!("a reservation, not {other:?}"),
    }
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
    let own = |no| offline(no, &sale, &number, 500, 200);
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
async fn hq_is_told_of_refunds_that_were_paid_out_while_the_hub_was_silent() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    let (sale, number) = (one.sell(500, 400), first_receipt());
    one.entry(&offline(2, &sale, &number, 250, 200));
    one.entry(&Entry::Refund(refund(3, &number, 125, 100)));
    one.push_all(&hub).await;
    // Three weeks before, and of a till that came back today.
    two.date = 20_230_526;
    let old = two.sell(500, 400);
    two.entry(&offline(2, &old, "HT02-1-20230526-0001-a7", 500, 400));
    two.push_all(&hub).await;
    let today = hub.today(&hub.session().await).await;
    let row = |date: &str, site: &str, receipt: &str, refund: &str, fen: i64| {
        json!({
            "date": date, "site": site, "till": 1, "receipt": receipt, "refund": refund, "cashier": "1101",
            "refunded_fen": fen, "pending": 0,
        })
    };
    let new = row("2023-06-16", "HT01", &number, "HT01-1-20230616-0002-a7", 200);
    assert_eq!(today["offline_refunds"], json!([new]));
    assert_eq!(today["problems"], json!([]), "nothing is wrong with it");
    assert_eq!(
        (&today["paid_fen"], &today["average_fen"]),
        (&json!(100), &json!(400)),
        "a sale brought ¥4.00"
    );
    let old = row("2023-05-26", "HT02", "HT02-1-20230526-0001-a7", "HT02-1-20230526-0002-a7", 400);
    let report = "/api/v1/reports/offline-refunds?from=2023-05-01&to=2023-06-30";
    assert_eq!(hub.report(report).await["rows"], json!([new, old]));
    assert_eq!(hub.report(&format!("{report}&site=HT02")).await["rows"], json!([old]));
    // With new figures the same is known again.
    if let Some(token) = hub.hub().store().lead(0).await.unwrap() {
        hub.hub().store().forget_projections(token).await.unwrap();
    }
    hub.settled().await;
    assert_eq!(hub.report(report).await["rows"], json!([new, old]));
}

#[tokio::test]
async fn offline_refunds_that_an_older_hub_added_up_are_told_after_the_upgrade() {
    let hub = TestHub::start().await;
    let mut one = hub.till("HT01", 1).await;
    let sale = one.sell(500, 400);
    one.entry(&offline(2, &sale, &first_receipt(), 250, 200));
    one.push_all(&hub).await;
    hub.settled().await;
    // As an older hub leaves them: it knows no mark. The upgrade has them judged again.
    run_on(hub.folder.path(), "update document set offline = 0; update returned set due = 1");
    let report = "/api/v1/reports/offline-refunds?from=2023-06-16&to=2023-06-16";
    let mut rounds = 0;
    while hub.report(report).await["rows"].as_array().unwrap().len() != 1 {
        rounds += 1;
        assert!(rounds < 10_000, "it is never told");
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
    let (first, _) = has(&hub, &two, &number).await;
    assert_eq!(
        reply(&hub, &one, &number).await,
        RefundReply::Elsewhere { till: 2, site: None },
        "its own till too"
    );
    assert_eq!(ask(&hub, &one, Method::DELETE, &number).await.0, StatusCode::OK);
    assert_eq!(
        reply(&hub, &one, &number).await,
        RefundReply::Elsewhere { till: 2, site: None },
        "it is not the till's"
    );
    assert_eq!(ask(&hub, &two, Method::DELETE, &number).await.0, StatusCode::OK);
    has(&hub, &one, &number).await;
    ask(&hub, &one, Method::DELETE, &number).await;

    let paid = |number: u32, reservation: String, grams, fen| {
        let cites = first_receipt();
        let reservation = Some(reservation);
        let origin = Origin::Sale { sale: sale.id, number: cites.clone(), reservation, offline: false };
        Entry::Refund(Refund { origin, ..refund(number, &cites, grams, fen) })
    };
    let (second, _) = has(&hub, &two, &number).await;
    assert_ne!(first, second);
    // Before its refund is on the way the till looks the receipt up again: that is another reservation, which stays.
    two.entry(&paid(1, second, 250, 200));
    let (third, told) = has(&hub, &two, &number).await;
    assert_eq!(told, 1, "the sale alone");
    two.push(&hub, 1, 1).await;
    hub.settled().await;
    assert_eq!(reply(&hub, &one, &number).await, RefundReply::Elsewhere { till: 2, site: None });
    two.entry(&paid(2, third, 250, 200));
    two.push(&hub, 2, 2).await;
    hub.settled().await;
    assert_eq!(has(&hub, &one, &number).await.1, 3, "the sale and what the other till paid out");
}

#[tokio::test]
async fn a_hub_that_is_started_again_knows_which_till_has_a_receipt() {
    let hub = TestHub::start().await;
    let (one, two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let number = first_receipt();
    has_unknown(&hub, &two, &number).await;
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let running = Hub::start(config(folder.path())).await.unwrap();
    let hub = TestHub { running, folder, http, api_key };
    assert_eq!(reply(&hub, &one, &number).await, RefundReply::Elsewhere { till: 2, site: None });
    assert_eq!(ask(&hub, &two, Method::DELETE, &number).await.0, StatusCode::OK);
    has_unknown(&hub, &one, &number).await;
}

#[tokio::test]
async fn a_receipt_whose_till_never_came_back_is_free_after_its_time() {
    let hub = TestHub::start().await;
    let (one, two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let (number, other) = (first_receipt(), format!("HT01-1-{DATE}-0002-a7"));
    has_unknown(&hub, &two, &number).await;
    has_unknown(&hub, &two, &other).await;
    run_on(hub.folder.path(), &format!("update reserved set until_ms = 1 where number = '{number}'"));
    has_unknown(&hub, &one, &number).await;
    assert_eq!(reply(&hub, &one, &other).await, RefundReply::Elsewhere { till: 2, site: None });
}

#[tokio::test]
async fn a_receipt_that_the_hub_does_not_have_is_for_one_till_too_until_its_refund_arrives() {
    let hub = TestHub::start().await;
    let (one, mut two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let number = first_receipt();
    has_unknown(&hub, &two, &number).await;
    assert_eq!(reply(&hub, &one, &number).await, RefundReply::Elsewhere { till: 2, site: None });
    let (reservation, told) = has_unknown(&hub, &two, &number).await;
    assert_eq!(told, 0);
    let origin = Origin::Cited { number: number.clone(), reservation: Some(reservation) };
    two.entry(&Entry::Refund(Refund { origin, ..refund(1, &number, 250, 200) }));
    two.push_all(&hub).await;
    hub.settled().await;
    assert_eq!(has_unknown(&hub, &one, &number).await.1, 1, "and what went out on it is told");
}

#[tokio::test]
async fn a_till_that_asks_for_ever_more_receipts_takes_none_from_the_others() {
    let hub = TestHub::start().await;
    let (one, two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let number = |no: u32| format!("HT01-1-{DATE}-{no:04}-a7");
    for no in 1..=50 {
        has_unknown(&hub, &one, &number(no)).await;
    }
    assert_eq!(ask(&hub, &one, Method::POST, &number(51)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    has_unknown(&hub, &one, &number(50)).await;
    has_unknown(&hub, &two, &number(51)).await;
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
    assert_eq!(
        reply(&hub, &three, &number).await,
        RefundReply::Elsewhere { till: 2, site: Some("HT01".parse().unwrap()) }
    );
    assert_eq!(has(&hub, &two, &number).await.1, 2, "the same till has it anew");
    has_unknown(&hub, &three, "HT01-1-20230616-0099-a7").await;
    assert_eq!(ask(&hub, &three, Method::POST, "no number").await.0, StatusCode::BAD_REQUEST);
}
