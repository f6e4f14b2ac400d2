//! A till that is enrolled, signs what it sends, and sends what cannot be true: its pushes are acked and kept, what is
//! wrong in them is parked, and everybody else's figures go on.

use serde_json::{Value, json};
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::shift::{DayClosed, ShiftClosed, ShiftOpened, Sums};
use suanpan_sync::PushReply;
use sync_server::Hub;

use crate::days::states;
use crate::postgresql::run_on;
use crate::support::*;

/// A sale with a part of it changed, as bytes.
fn changed(number: u32, place: &str, value: Value) -> Vec<u8> {
    let entry = Entry::Sale(sale(number, 100, 80));
    let mut json: Value = serde_json::from_slice(&entry.encode().unwrap()).unwrap();
    *json.pointer_mut(place).unwrap() = value;
    json.to_string().into_bytes()
}

/// What HQ is told of parked entries: till, code and how many.
fn parked(today: &Value) -> Vec<(u64, &str, u64)> {
    let of = |it: &'static str| move |problem: &'_ Value| problem[it].as_u64().unwrap();
    let tell = |it| (of("till")(it), it["code"].as_str().unwrap(), of("entries")(it));
    problems(today, "parked").into_iter().map(tell).collect()
}

#[tokio::test]
async fn what_no_till_can_have_sold_is_acked_and_parked_and_all_the_others_figures_go_on() {
    let hub = TestHub::start().await;
    let (mut bad, mut good) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let long = "9".repeat(120_000);
    for payload in [
        changed(1, "/due", json!(i64::MAX)),
        changed(2, "/pay/0/a", json!(i64::MIN)),
        changed(3, "/lines/0/q/g", json!(i64::MAX)),
        changed(4, "/lines/0/i", json!("10\u{0}101")),
        changed(5, "/lines/0/i", json!(long)),
        changed(6, "/by", json!(long)),
        changed(0, "/due", json!(80)),
        changed(u32::MAX, "/due", json!(80)),
    ] {
        bad.write(MORNING_MS, 1, &payload);
    }
    bad.date = 0;
    bad.sell(100, 80);
    bad.date = 20_260_231;
    bad.sell(100, 80);
    bad.date = DATE;
    bad.numbers = 0;
    bad.sell(50, 40);
    let acked = bad.push_all(&hub).await;
    assert!(matches!(acked, PushReply::Ack { .. }), "{acked:?}");
    good.sell(482, 386);
    good.push_all(&hub).await;
    let day = hub.day().await;
    assert_eq!((&day[0]["paid_fen"], &day[0]["missing"]), (&json!(426), &json!(0)));
    let today = hub.today(&hub.session().await).await;
    assert_eq!(parked(&today), [(1, "HUB-PRJ-006", 10)]);
    let problem = problems(&today, "parked")[0];
    assert_eq!((&problem["seq"], &problem["station"]), (&json!(10), &json!(bad.station.to_string())));
}

#[tokio::test]
async fn a_sale_that_is_parked_keeps_its_tills_day_pending() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    let sums = till.sums();
    till.write(MORNING_MS, 1, &changed(2, "/due", json!(i64::MAX)));
    // It belongs to no date of its own: to that of its time.
    till.date = 20_230_631;
    till.sell(100, 80);
    till.date = DATE;
    till.numbers = 1;
    till.close_day_as(sums);
    till.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], states(&day)), (&json!("pending"), vec![(1, "pending")]));
    assert_eq!((&day["tills"][0]["parked"], &day["tills"][0]["missing"]), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn totals_that_would_grow_beyond_any_sum_stop_growing_and_what_is_beyond_is_parked() {
    let hub = TestHub::start().await;
    let (mut bad, mut other) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    // Each is within its bounds: five lines of a document at most, and two thousand of them are too many.
    let most = 500_000_000_000_i64;
    for till in [&mut bad, &mut other] {
        for number in 1..=2_100 {
            till.write(MORNING_MS, 1, &changed(number, "/due", json!(most)));
        }
        for from in (1..=2_100).step_by(500) {
            till.push(&hub, from, (from + 499).min(2_100)).await;
        }
    }
    let mut good = hub.till("HT02", 1).await;
    good.sell(482, 386);
    good.push_all(&hub).await;
    let day = hub.day().await;
    assert_eq!(day[1]["paid_fen"], 386);
    assert_eq!(day[0]["paid_fen"], json!(2_000_000_000_000_000_i64), "of two tills what each may have");
    let today = hub.today(&hub.session().await).await;
    let told = parked(&today);
    assert_eq!(
        told.iter().map(|(till, code, _)| (*till, *code)).collect::<Vec<_>>(),
        [(1, "HUB-PRJ-007"), (2, "HUB-PRJ-007")]
    );
}

#[tokio::test]
async fn the_entry_that_a_database_refuses_is_parked_and_its_neighbours_are_in_the_figures() {
    let hub = TestHub::start().await;
    // Whatever else a database may not take, this one takes no sale with the number 3.
    let refuse = match crate::postgresql::database_of(hub.folder.path()) {
        None => {
            "create trigger no_three before insert on document when new.number = 3 begin
                   select raise(abort, 'no three'); end"
        }
        Some(_) => "alter table document add constraint no_three check (number <> 3)",
    };
    run_on(hub.folder.path(), refuse);
    let (mut till, mut other) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    for _ in 0..6 {
        till.sell(100, 80);
    }
    till.push_all(&hub).await;
    other.sell(482, 386);
    other.push_all(&hub).await;
    assert_eq!(hub.day().await[0]["paid_fen"], 5 * 80 + 386);
    let today = hub.today(&hub.session().await).await;
    assert_eq!(parked(&today), [(1, "HUB-PRJ-007", 1)]);
    assert_eq!(problems(&today, "parked")[0]["seq"], 3);
}

#[tokio::test]
async fn a_hub_that_an_older_release_left_stuck_heals_when_it_is_upgraded() {
    let folder = tempfile::tempdir().unwrap();
    let hub = TestHub::start_as(config(folder.path()), folder).await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.push_all(&hub).await;
    hub.settled().await;
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    // What the older release made of a sale of i64::MAX fen, a number 0 and a date that does not exist: figures that no
    // later sale could be added to, and a report that could not be summed.
    run_on(
        folder.path(),
        "delete from meta where key = 'figures';
         update total set fen = 9223372036854775807 where dimension in (1, 3);
         insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
           values ('HT01', 20230616, 2, 9, 1, '', 1, 9223372036854775807, 0, 0);
         insert into store_day (site, business_date, look_at_ms) values ('HT01', 20260231, 0);
         update numbering set received = 2, last_number = 1",
    );
    let running = Hub::start(config(folder.path())).await.unwrap();
    let hub = TestHub { running, folder, http, api_key };
    till.sell(100, 80);
    till.push(&hub, 2, 2).await;
    let mut rounds = 0;
    while hub.day().await[0]["paid_fen"] != 466 {
        rounds += 1;
        assert!(rounds < 1_000, "it does not heal: {}", hub.day().await);
    }
    let day = hub.day().await;
    assert_eq!((&day[0]["sales"], &day[0]["missing"]), (&json!(2), &json!(0)));
    let days = hub.report("/api/v1/reports/store-days?from=2026-02-01&to=2026-03-31").await;
    assert_eq!(days["rows"], json!([]), "the date that does not exist is gone");
}

#[tokio::test]
async fn a_projector_that_cannot_get_on_says_so() {
    let hub = TestHub::start().await;
    let refuse = match crate::postgresql::database_of(hub.folder.path()) {
        None => "create trigger no_stamp before insert on stamp begin select raise(abort, 'no stamp'); end",
        Some(_) => "alter table stamp add constraint no_stamp check (gseq < 0)",
    };
    run_on(hub.folder.path(), refuse);
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    let mut rounds = 0;
    loop {
        let text = hub.http.get(hub.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let failing = text.lines().find(|it| it.starts_with("suanpan_projector_failing_seconds ")).unwrap();
        if !failing.ends_with(" 0") {
            break;
        }
        rounds += 1;
        assert!(rounds < 10_000, "{text}");
    }
    let headway = &hub.hub().store().headway;
    let failing = headway.failing().unwrap();
    assert!(failing.error.is_about_data(), "{failing:?}");
    let health = async || {
        let answer = hub.http.get(hub.url("/health")).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    // As if it had lasted. The projector notes its rounds meanwhile, of which none ends well.
    let (mut rounds, mut told) = (0, health().await);
    while told.0 != 503 {
        rounds += 1;
        assert!(rounds < 100, "{told:?}");
        headway.note(&Ok(()), now_ms());
        headway.note(&Err::<(), _>(failing.error.clone()), now_ms() - 30_000);
        told = health().await;
    }
    assert_eq!(code(&told.1), "HUB-RUN-007");
    let page = hub.http.get(hub.url("/api/v1/hq/today")).header("cookie", hub.session().await);
    let page: Value = page.send().await.unwrap().json().await.unwrap();
    assert!(page["stands_since_ms"].is_i64(), "{page}");
}

#[tokio::test]
async fn a_shift_of_another_till_is_nobodys_to_change() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    let opened = |no, by: &str| ShiftOpened { id: SHIFT, no, cashier: by.into(), float: Fen(20_000) };
    one.entry(&Entry::ShiftOpened(opened(7, "1101")));
    one.push_all(&hub).await;
    hub.settled().await;
    two.entry(&Entry::ShiftOpened(opened(9, "6666")));
    let closed = ShiftClosed {
        shift: SHIFT,
        by: "6666".into(),
        approver: None,
        count: Default::default(),
        counted: Fen(0),
        expected: Fen(0),
        sums: Sums::default(),
    };
    two.entry(&Entry::ShiftClosed(closed));
    two.push_all(&hub).await;
    let today = hub.today(&hub.session().await).await;
    let open: Vec<_> = today["unclosed_shifts"].as_array().unwrap().iter().collect();
    assert_eq!(open.len(), 1);
    assert_eq!((&open[0]["no"], &open[0]["cashier"]), (&json!(7), &json!("1101")));
}

#[tokio::test]
async fn a_close_of_a_number_or_date_beyond_all_is_parked_and_counts_no_receipts_as_missing() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    let sums = till.sums();
    let close = |date, last_number| {
        Entry::DayClosed(DayClosed { date, by: "1801".into(), last_number, sums: sums.clone() })
    };
    till.entry(&close(DATE, u32::MAX));
    till.entry(&close(10_101, 1));
    till.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["tills"][0]["missing"]), (&json!("waiting"), &json!(0)));
    assert_eq!(day["tills"][0]["parked"], 2);
}

#[tokio::test]
async fn sales_under_a_date_far_ahead_are_shown_to_hq_and_hours_follow_the_business_date() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    // Half past one in the night, still of the date.
    let night = Entry::Sale(sale(2, 100, 80));
    till.write(MORNING_MS + 16 * 3_600_000, 1, &night.encode().unwrap());
    till.date = 20_990_616;
    till.sell(100, 80);
    till.push_all(&hub).await;
    let today = hub.today(&hub.session().await).await;
    let hours: Vec<_> = today["hours"].as_array().unwrap().iter().map(|it| it["hour"].as_u64()).collect();
    assert_eq!((hours, &today["day_starts_hour"]), (vec![Some(9), Some(1)], &json!(4)));
    let far = problems(&today, "far_date");
    assert_eq!((far.len(), &far[0]["date"], &far[0]["receipts"]), (1, &json!("2099-06-16"), &json!(1)));
}

#[tokio::test]
async fn two_machines_that_stood_at_one_till_count_its_receipts_once() {
    let hub = TestHub::start().await;
    let (mut before, after) = (hub.till("HT01", 1).await, hub.replacement("HT01", 1).await);
    before.sell(482, 386);
    before.push_all(&hub).await;
    let today = hub.today(&hub.session().await).await;
    assert_eq!((&today["received"], today["stations"].as_array().unwrap().len()), (&json!(1), 2));
    drop(after);
}
