//! 日结 at the hub: what a till recorded is compared, and a store-day is published, excused and restated.

use crate::support::*;
use reqwest::StatusCode;
use serde_json::{Value, json};
use suanpan_domain::calendar;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::shift::{DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, ShiftRelieved, Sums};
use suanpan_domain::totals;
use suanpan_journal::Parent;
use sync_server::access::{Reach, Role, User};
use sync_server::store::{ReportFilter, VERSIONS_MAX};

/// A date that is not over by any clock that these tests run on.
const FAR_DATE: u32 = 20_990_616;

impl Till {
    /// What the till would record at 日结.
    pub(crate) fn sums(&self) -> Sums {
        let records = self.segments.iter().flat_map(|segment| &segment.records);
        let postings = records.flat_map(|record| {
            let kind = u16::from_be_bytes([record[20], record[21]]);
            Entry::decode(kind, &record[26..]).map_or_else(|_| Vec::new(), |entry| totals::postings(&entry))
        });
        totals::sums(&postings.collect::<Vec<_>>())
    }

    pub(crate) fn close_day(&mut self) {
        self.close_day_as(self.sums());
    }

    pub(crate) fn close_day_as(&mut self, sums: Sums) {
        let (date, by, last_number) = (self.date, "1801".to_owned(), self.numbers);
        self.entry(&Entry::DayClosed(DayClosed { date, by, last_number, sums }));
    }
}

impl TestHub {
    /// The store-day of a date once it was judged.
    pub(crate) async fn store_day_of(&self, site: &str, date: u32) -> Value {
        let filter =
            ReportFilter { reach: Reach::of(vec![site.parse().unwrap()]), till: None, from: date, to: date };
        let mut rounds = 0;
        let store = self.hub().store();
        while store.store_days(filter.clone(), 1, now_ms()).await.unwrap().1 > 0 {
            rounds += 1;
            assert!(rounds < 1_000_000, "the store-day is never judged");
            tokio::task::yield_now().await;
        }
        let date = calendar::text(date);
        let report =
            self.report(&format!("/api/v1/reports/store-days?site={site}&from={date}&to={date}")).await;
        assert_eq!(report["pending"], 0);
        report["rows"][0].clone()
    }

    pub(crate) async fn store_day(&self) -> Value {
        self.store_day_of("HT01", DATE).await
    }

    /// The versions of the store-day that a parameter asks for.
    async fn versions(&self, asked: &str) -> Vec<Value> {
        let path = format!("/api/v1/reports/store-days?site=HT01&from=2023-06-16&to=2023-06-16{asked}");
        self.report(&path).await["rows"][0]["versions"].as_array().unwrap().clone()
    }

    async fn excuse(&self, cookie: &str, body: Value) -> (StatusCode, String) {
        let request = self.http.post(self.url("/api/v1/hq/excuse")).header("cookie", cookie);
        let answer = request.body(body.to_string()).send().await.unwrap();
        let (status, body) = (answer.status(), answer.bytes().await.unwrap());
        (status, if body.is_empty() { String::new() } else { code(&body) })
    }
}

pub(crate) fn states(day: &Value) -> Vec<(u64, &str)> {
    let tills = day["tills"].as_array().unwrap();
    tills.iter().map(|it| (it["till"].as_u64().unwrap(), it["state"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_store_day_closes_when_every_till_that_sold_has_closed() {
    let hub = TestHub::start().await;
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let _resting = hub.till("HT01", 3).await;
    first.sell(482, 386);
    first.close_day();
    second.sell(100, 80);
    second.push_all(&hub).await;
    first.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["version"]), (&json!("waiting"), &json!(0)));
    assert_eq!(states(&day), [(1, "closed"), (2, "open")]);

    second.close_day();
    second.push(&hub, 2, 2).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["version"]), (&json!("closed"), &json!(1)));
    let figures = json!({"sales": 2, "paid": 466, "tender:cash": 466, "net:EX": 466});
    assert_eq!(day["versions"][0]["figures"], figures);
    assert_eq!(day["name"], "禾田生鲜 柳荫路店");
}

#[tokio::test]
async fn a_close_that_says_something_else_names_till_field_and_both_figures() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 2).await;
    till.sell(482, 386);
    let mut sums = till.sums();
    sums.tenders.insert("cash".into(), Fen(387));
    till.close_day_as(sums);
    till.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["version"]), (&json!("difference"), &json!(0)));
    assert_eq!(states(&day), [(2, "difference")]);
    let differences = json!([{"field": "tender:cash", "was": 387, "is": 386}]);
    assert_eq!(day["tills"][0]["differences"], differences);
}

#[tokio::test]
async fn a_gap_before_the_close_keeps_the_day_pending_until_it_is_filled() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.sell(100, 80);
    let Segment { id, chains, .. } = till.segments[0].clone();
    till.open(Parent { segment: id, seq: 2, hash: chains[2].hash });
    till.sell(50, 40);
    till.close_day();
    till.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!(day["state"], "pending");
    assert_eq!((&day["tills"][0]["received"], &day["tills"][0]["missing"]), (&json!(1), &json!(2)));

    till.send_push(&hub, &till.push_of(0, 1, 2)).await.unwrap();
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["version"]), (&json!("closed"), &json!(1)));
}

#[tokio::test]
async fn an_entry_that_nobody_understands_keeps_the_day_pending() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.write(MORNING_MS, 60_000, b"{}");
    till.close_day();
    till.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["tills"][0]["parked"]), (&json!("pending"), &json!(1)));
}

#[tokio::test]
async fn a_named_person_excuses_a_till_and_says_why() {
    let hub = TestHub::start().await;
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    first.sell(482, 386);
    first.close_day();
    second.sell(100, 80);
    second.push_all(&hub).await;
    first.push_all(&hub).await;
    let cookie = hub.session().await;
    let asked = |till: u16, reason: &str| json!({"site": "HT01", "date": "2023-06-16", "till": till, "reason": reason});
    let (status, why) = hub.excuse("", asked(2, "its disk burnt")).await;
    assert_eq!((status.as_u16(), why.as_str()), (401, "HUB-AUT-007"));
    for refused in [asked(9, "no such till"), asked(2, "  "), asked(2, &"x".repeat(401)), json!({})] {
        let (status, why) = hub.excuse(&cookie, refused).await;
        assert_eq!((status.as_u16(), why.as_str()), (400, "HUB-REQ-001"));
    }
    assert_eq!(hub.store_day().await["state"], "waiting");

    assert_eq!(hub.excuse(&cookie, asked(2, "its disk burnt")).await.0, StatusCode::NO_CONTENT);
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["version"]), (&json!("closed"), &json!(1)));
    let excuse = &day["tills"][1]["excuse"];
    assert_eq!((&excuse["by"], &excuse["reason"]), (&json!("wang"), &json!("its disk burnt")));
    assert_eq!(day["versions"][0]["figures"]["paid"], 466, "what came of the excused till is in it");
}

#[tokio::test]
async fn what_comes_later_restates_a_closed_day_and_older_versions_are_told_when_they_are_asked_for() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.close_day();
    till.push_all(&hub).await;
    assert_eq!(hub.store_day().await["version"], 1);

    // A supervisor opened the date again.
    till.sell(100, 80);
    till.push(&hub, 3, 3).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["version"]), (&json!("waiting"), &json!(2)), "a till is open");
    assert_eq!(states(&day), [(1, "reopened")]);
    till.close_day();
    till.push(&hub, 4, 4).await;
    let day = hub.store_day().await;
    assert_eq!((&day["version"], states(&day)), (&json!(2), vec![(1, "closed")]), "no figure changed");
    let (newest, all) = (hub.versions("").await, hub.versions("&versions=30").await);
    assert_eq!(all[0]["figures"]["paid"], 386);
    assert_eq!(all[1]["figures"]["paid"], 466);
    let changes = all[1]["changes"].as_array().unwrap();
    assert!(changes.contains(&json!({"field": "paid", "was": 386, "is": 466})), "{changes:?}");
    assert_eq!(newest, all[1..], "with what it changed");
}

#[tokio::test]
async fn of_a_day_that_is_restated_again_and_again_the_newest_versions_are_told() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.close_day();
    till.push_all(&hub).await;
    hub.store_day().await;
    for more in 1..=VERSIONS_MAX {
        till.sell(100, 80);
        let seq = till.segments[0].records.len();
        till.push(&hub, seq, seq).await;
        assert_eq!(hub.store_day().await["version"], 1 + more);
    }
    let all = hub.versions("&versions=30").await;
    assert_eq!((all.len() as u32, &all[0]["version"]), (VERSIONS_MAX, &json!(2)));
    assert!(!all[0]["changes"].as_array().unwrap().is_empty(), "what changed since the first is told too");
    assert_eq!(hub.versions("&versions=1").await, all[all.len() - 1..]);
    let path = "/api/v1/reports/store-days?from=2023-06-16&to=2023-06-16&versions=some";
    let refused = hub.http.get(hub.url(path)).bearer_auth(&hub.api_key).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_rebuild_publishes_nothing_that_was_not_new() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.close_day();
    till.push_all(&hub).await;
    let before = hub.store_day().await;
    assert_eq!(before["version"], 1);
    hub.hub().rebuild().await.unwrap();
    hub.settled().await;
    assert_eq!(hub.store_day().await, before);
}

#[tokio::test]
async fn a_silent_till_is_waited_for_as_long_as_it_may_hold_sales_of_the_date() {
    let hub = TestHub::start().await;
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    second.date = calendar::previous(FAR_DATE).unwrap();
    second.sell(100, 80);
    second.push_all(&hub).await;
    first.date = FAR_DATE;
    first.sell(482, 386);
    first.close_day();
    first.push_all(&hub).await;
    let day = hub.store_day_of("HT01", FAR_DATE).await;
    assert_eq!((&day["state"], states(&day)), (&json!("waiting"), vec![(1, "closed"), (2, "silent")]));
    assert!(day["tills"][1]["silent_since_ms"].is_i64());
}

#[tokio::test]
async fn a_till_whose_machine_was_replaced_at_noon_closes_with_both_machines_sums() {
    let hub = TestHub::start().await;
    let (mut morning, mut afternoon) = (hub.till("HT01", 1).await, hub.replacement("HT01", 1).await);
    morning.sell(482, 386);
    afternoon.numbers = 1;
    afternoon.sell(100, 80);
    afternoon.close_day();
    morning.push_all(&hub).await;
    afternoon.push_all(&hub).await;
    assert_eq!(states(&hub.store_day().await), [(1, "open")], "the first machine has not closed");
    morning.close_day();
    morning.push(&hub, 2, 2).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], &day["versions"][0]["figures"]["paid"]), (&json!("closed"), &json!(466)));
}

impl TestHub {
    /// HQ's page of a date.
    async fn page(&self, cookie: &str, date: &str) -> Value {
        let url = self.url(&format!("/api/v1/hq/store-days?date={date}"));
        self.http.get(url).header("cookie", cookie).send().await.unwrap().json().await.unwrap()
    }
}

fn of_site<'a>(page: &'a Value, site: &str) -> &'a Value {
    page["days"].as_array().unwrap().iter().find(|day| day["site"] == site).unwrap()
}

#[tokio::test]
async fn a_closed_store_is_none_when_a_till_that_nobody_waited_for_turns_up_open() {
    let hub = TestHub::start().await;
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    first.sell(482, 386);
    first.close_day();
    first.push_all(&hub).await;
    assert_eq!(hub.store_day().await["state"], "closed");
    second.sell(100, 80);
    second.push_all(&hub).await;
    let day = hub.store_day().await;
    assert_eq!((&day["state"], states(&day)), (&json!("waiting"), vec![(1, "closed"), (2, "open")]));
    let cookie = hub.session().await;
    let page = hub.page(&cookie, "2023-06-17").await;
    assert_eq!(page["unclosed"], json!([{"date": "2023-06-16", "stores": 1}]), "though it has versions");
}

#[tokio::test]
async fn an_open_date_shows_what_has_come_until_now_of_every_till() {
    let hub = TestHub::start().await;
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    for till in [&mut first, &mut second] {
        till.date = FAR_DATE;
        till.sell(482, 386);
    }
    first.push_all(&hub).await;
    hub.store_day_of("HT01", FAR_DATE).await;
    first.sell(100, 80);
    first.numbers += 1;
    first.sell(100, 80);
    first.push(&hub, 2, 3).await;
    second.push_all(&hub).await;
    hub.settled().await;
    let day = hub.store_day_of("HT01", FAR_DATE).await;
    assert_eq!((&day["state"], states(&day)), (&json!("open"), vec![(1, "open"), (2, "open")]));
    let numbers = |at: usize| (day["tills"][at]["received"].clone(), day["tills"][at]["missing"].clone());
    assert_eq!((numbers(0), numbers(1)), ((json!(3), json!(1)), (json!(1), json!(0))));
}

#[tokio::test]
async fn a_store_without_a_till_or_whose_tills_rested_is_not_open_for_ever() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.date = calendar::previous(FAR_DATE).unwrap();
    till.sell(482, 386);
    till.push_all(&hub).await;
    let cookie = hub.session().await;
    let page = hub.page(&cookie, "2023-06-16").await;
    assert_eq!(of_site(&page, "HT01")["state"], "idle", "the date is over, and nothing came of it");
    assert_eq!(of_site(&page, "HT02")["state"], "idle", "it has no till");
    let page = hub.page(&cookie, &calendar::text(FAR_DATE)).await;
    assert_eq!(of_site(&page, "HT01")["state"], "open");
    assert_eq!(of_site(&page, "HT02")["state"], "idle");
}

#[tokio::test]
async fn figures_with_codes_in_their_names_are_told_with_what_the_chain_calls_them() {
    let hub = TestHub::start().await;
    let page = hub.page(&hub.session().await, "2023-06-16").await;
    let name = |field: &str| {
        let found = page["names"].as_array().unwrap().iter().find(|it| it["field"] == field);
        found.map(|it| (it["name"].as_str().unwrap(), it["name_en"].as_str().unwrap()))
    };
    assert_eq!(name("tender:cash"), Some(("现金", "Cash")));
    assert!(name("net:EX").is_some_and(|(_, english)| english == "exempt"), "{page}");
    assert!(name("tax:V9").is_some_and(|(_, english)| english == "9%"), "{page}");
}

#[tokio::test]
async fn nobody_excuses_a_till_for_a_date_in_which_nobody_traded() {
    let hub = TestHub::start().await;
    let _till = hub.till("HT01", 1).await;
    let cookie = hub.session().await;
    let body = json!({"site": "HT01", "date": "0001-01-01", "till": 1, "reason": "lost"});
    let (status, code) = hub.excuse(&cookie, body).await;
    assert_eq!((status.as_u16(), code.as_str()), (400, "HUB-REQ-001"));
}

#[tokio::test]
async fn the_page_of_store_days_shows_every_store_and_the_dates_that_are_not_closed() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.push_all(&hub).await;
    let cookie = hub.session().await;
    hub.store_day().await;
    let url = hub.url("/api/v1/hq/store-days?date=2023-06-17");
    let answer = hub.http.get(&url).header("cookie", &cookie).send().await.unwrap();
    let page: Value = answer.json().await.unwrap();
    assert_eq!(page["unclosed"], json!([{"date": "2023-06-16", "stores": 1}]));
    let days = page["days"].as_array().unwrap();
    assert!(days.len() > 1 && days.iter().all(|day| day["version"] == 0));
    assert_eq!(of_site(&page, "HT01")["state"], "idle", "its till has spoken since, and rested that day");
    assert_eq!(hub.http.get(&url).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn store_days_are_for_scripts_with_a_key_and_no_business_of_a_till() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let path = "/api/v1/reports/store-days?from=2023-06-16&to=2023-06-16";
    let (status, body) = till.send(&hub, reqwest::Method::GET, path, &[]).await;
    assert_eq!((status.as_u16(), code(&body).as_str()), (401, "HUB-AUT-006"));
    assert_eq!(hub.http.get(hub.url(path)).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_drawer_of_a_shift_that_was_relieved_is_told_under_who_took_it_over() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let shift = Id([1; 16]);
    till.entry(&Entry::ShiftOpened(ShiftOpened {
        id: shift,
        no: 1,
        cashier: "1101".into(),
        float: Fen(20_000),
    }));
    let relieved = ShiftRelieved { shift, from: "1101".into(), to: "1102".into() };
    till.entry(&Entry::ShiftRelieved(relieved));
    till.push_all(&hub).await;
    hub.settled().await;
    let cookie = hub.signed_in(User::at_hq("zhao", [Role::Operations])).await;
    let open = hub.seen(&cookie, "/api/v1/hq/today?date=2023-06-16").await.1["unclosed_shifts"].clone();
    assert_eq!(open[0]["cashier"], "1102");
    // A supervisor counts and closes it.
    till.entry(&Entry::ShiftClosed(ShiftClosed {
        shift,
        by: "1801".into(),
        approver: Some("1801".into()),
        count: Default::default(),
        counted: Fen(19_500),
        expected: Fen(20_000),
        sums: Sums::default(),
    }));
    till.push(&hub, 3, 3).await;
    hub.settled().await;
    let days = hub.seen(&cookie, "/api/v1/hq/store-days?date=2023-06-16").await.1;
    let told = json!([{"site": "HT01", "till": 1, "shift": 1, "cashier": "1102", "over_short_fen": -500, "during_shift": false}]);
    assert_eq!(days["drawers"], told);
}

#[tokio::test]
async fn over_and_short_of_a_drawer_is_shown_to_operations_and_the_stores_manager_and_not_to_it() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let shift =
        |no| ShiftOpened { id: Id([no; 16]), no: no.into(), cashier: "1101".into(), float: Fen(20_000) };
    for (no, counted) in [(1, 20_000), (2, 21_600), (3, 19_300)] {
        till.entry(&Entry::ShiftOpened(shift(no)));
        till.entry(&Entry::ShiftAudited(ShiftAudited {
            shift: Id([no; 16]),
            count: Default::default(),
            counted: Fen(if no == 3 { 18_900 } else { 20_000 }),
            expected: Fen(20_000),
            by: "9001".into(),
            cashier: None,
        }));
        till.entry(&Entry::ShiftClosed(ShiftClosed {
            shift: Id([no; 16]),
            by: "1101".into(),
            approver: None,
            count: Default::default(),
            counted: Fen(counted),
            expected: Fen(20_000),
            sums: Sums::default(),
        }));
    }
    till.push_all(&hub).await;
    hub.settled().await;
    let path = "/api/v1/hq/store-days?date=2023-06-16";
    let drawers = async |cookie: &str| hub.seen(cookie, path).await.1["drawers"].clone();
    let of = |shift: u32, fen: i64, during: bool| json!({"site": "HT01", "till": 1, "shift": shift, "cashier": "1101", "over_short_fen": fen, "during_shift": during});
    let told = json!([of(2, 1_600, false), of(3, -1_100, true), of(3, -700, false)]);
    let operations = hub.signed_in(User::at_hq("zhao", [Role::Operations])).await;
    assert_eq!(drawers(&operations).await, told);
    assert_eq!(drawers(&hub.manager_of("qian", "site:HT01").await).await, told);
    assert_eq!(drawers(&hub.manager_of("jiang", "site:HT02").await).await, json!([]));
    let it = hub.signed_in(User::at_hq("sun", [Role::It])).await;
    assert_eq!(drawers(&it).await, json!([]));
}
