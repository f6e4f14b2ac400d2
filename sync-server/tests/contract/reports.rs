//! Reports as scripts and people get them: whole or not at all, with declared columns, and with what waits beside them.

use reqwest::StatusCode;
use serde_json::{Value, json};
use suanpan_domain::entry::Entry;
use sync_server::admin::{Deed, Order};

use crate::access::ordered;
use crate::postgresql::run_on;
use crate::support::*;

const BY_DAY: &str =
    "date,site,sales,refunds,lines,grams,amount_fen,discount_fen,rounding_fen,paid_fen,missing,pending";
const BY: &str = "date,site,key,count,fen,grams,pieces,pending";

async fn ask(hub: &TestHub, path: &str, accept: &str) -> (StatusCode, Vec<String>, String) {
    let request = hub.http.get(hub.url(&format!("/api/v1/reports/{path}"))).bearer_auth(&hub.api_key);
    let answer = request.header("accept", accept).send().await.unwrap();
    let header = answer.headers().get("suanpan-pending").map(|it| it.to_str().unwrap().to_owned());
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    (status, body.split("\r\n").map(str::to_owned).collect(), header.unwrap_or_default())
}

#[tokio::test]
async fn csv_has_its_declared_columns_with_rows_and_without() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.push_all(&hub).await;
    hub.settled().await;
    for (path, header, first) in [
        ("sales-by-day", BY_DAY, "2023-06-16,HT01,1,0,1,482,386,0,0,386,0,0"),
        ("sales-by-hour", BY, "2023-06-16,HT01,09,1,386,482,0,0"),
        ("sales-by-item", BY, "2023-06-16,HT01,10101,1,386,482,0,0"),
        ("sales-by-tender", BY, "2023-06-16,HT01,cash,1,386,0,0,0"),
        ("sales-by-station", BY, "2023-06-16,HT01,1,1,386,482,0,0"),
        (
            "totals-by-station",
            "date,site,till,total,key,count,fen,grams,pending",
            "2023-06-16,HT01,1,sales,,1,386,482,0",
        ),
        ("offline-refunds", "date,site,till,receipt,refund,cashier,refunded_fen,pending", ""),
    ] {
        let (status, rows, pending) =
            ask(&hub, &format!("{path}?from=2023-06-16&to=2023-06-16"), "text/csv").await;
        assert_eq!((status, rows[0].as_str(), rows[1].as_str()), (StatusCode::OK, header, first), "{path}");
        assert_eq!(pending, "0");
        let (_, none, _) = ask(&hub, &format!("{path}?from=2022-01-01&to=2022-01-01"), "text/csv").await;
        assert_eq!(none, [header, ""], "{path}");
    }
    let (_, days, _) = ask(&hub, "store-days?from=2022-01-01&to=2022-01-01", "text/csv").await;
    assert_eq!(days[0], "date,site,name,state,version,tills,versions,pending");
}

#[tokio::test]
async fn a_report_of_no_span_or_no_site_is_refused_and_says_what_is_right() {
    let hub = TestHub::start().await;
    for (query, status, code, detail) in [
        ("from=2023-06-17&to=2023-06-16", 400, "HUB-REQ-001", "from is after to"),
        ("from=2026-02-31&to=2026-03-01", 400, "HUB-REQ-001", "dates that exist"),
        ("from=2023-06-16", 400, "HUB-REQ-001", "from and to are expected"),
        ("from=2023-06-16&to=2023-06-16&site=HT01&site=HT02", 400, "HUB-REQ-001", "site is there twice"),
        ("from=2023-06-16&to=2023-06-16&site=XX99", 404, "HUB-REQ-006", ""),
    ] {
        for report in ["sales-by-day", "sales-by-item", "totals-by-station", "store-days"] {
            let (found, body, _) = ask(&hub, &format!("{report}?{query}"), "*/*").await;
            let problem: Value = serde_json::from_str(&body.concat()).unwrap();
            assert_eq!((found.as_u16(), problem["code"].as_str()), (status, Some(code)), "{report} {query}");
            assert!(problem["detail"].as_str().unwrap_or("").contains(detail), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_report_that_is_too_long_is_refused_and_says_how_to_ask_for_less() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.push_all(&hub).await;
    hub.settled().await;
    run_on(
        hub.folder.path(),
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 400006)
         insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
         select 'HT02', 20230616, 0, 0, 10, cast(i as text), 1, 1, 1, 0 from n",
    );
    let span = "from=2023-06-16&to=2023-06-16";
    let (status, body, _) = ask(&hub, &format!("sales-by-item?{span}"), "*/*").await;
    let problem: Value = serde_json::from_str(&body.concat()).unwrap();
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("HUB-REQ-007")));
    assert!(problem["detail"].as_str().unwrap().contains("one site"), "{problem}");
    let part = hub.report(&format!("/api/v1/reports/sales-by-item?{span}&site=HT01")).await;
    assert_eq!(part["rows"].as_array().unwrap().len(), 1, "a part is told whole");
}

#[tokio::test]
async fn what_waits_is_told_with_the_rows_of_its_site() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    for till in [&mut one, &mut two] {
        till.sell(482, 386);
        till.push_all(&hub).await;
    }
    hub.settled().await;
    // A batch that the projector does not come to.
    run_on(
        hub.folder.path(),
        "insert into pending (station, batch) select station, 999999 from station where site = 'HT02'",
    );
    let report = hub.report("/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16").await;
    assert_eq!(report["pending"], 1);
    assert_eq!((&report["rows"][0]["pending"], &report["rows"][1]["pending"]), (&json!(0), &json!(1)));
    let other = hub.report("/api/v1/reports/sales-by-item?from=2023-06-16&to=2023-06-16&site=HT01").await;
    assert_eq!(other["pending"], 0, "another site's batches are none of its business");
}

#[tokio::test]
async fn a_script_gets_codes_as_they_are_and_a_persons_spreadsheet_reads_no_formula() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let mut sale = till.sell(482, 386);
    sale.number = 2;
    sale.id = id();
    sale.lines[0].item = "=HYPERLINK(1)".into();
    till.entry(&Entry::Sale(sale));
    till.push_all(&hub).await;
    hub.settled().await;
    let path = "sales-by-item?from=2023-06-16&to=2023-06-16";
    let (_, rows, _) = ask(&hub, path, "text/csv").await;
    assert!(rows[2].contains(",=HYPERLINK(1),"), "{rows:?}");
    let cookie = hub.session().await;
    let request = hub.http.get(hub.url(&format!("/api/v1/reports/{path}"))).header("cookie", cookie);
    let text = request.header("accept", "text/csv").send().await.unwrap().text().await.unwrap();
    assert!(text.contains(",'=HYPERLINK(1),"), "{text}");
}

#[tokio::test]
async fn a_keys_scheme_is_read_however_it_is_written() {
    let hub = TestHub::start().await;
    let url = hub.url("/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16");
    for (scheme, expected) in [("Bearer", 200), ("bearer", 200), ("BEARER ", 200), ("Basic", 401)] {
        let shown = format!("{scheme} {}", hub.api_key);
        let answer = hub.http.get(&url).header("authorization", shown).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{scheme}");
    }
}

#[tokio::test]
async fn what_a_till_sold_stays_on_todays_page_when_it_stands_at_another_place() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    let cookie = hub.session().await;
    hub.day().await;
    let before = hub.today(&cookie).await;
    let code = hub.hub().enrol_code(&"HT01".parse().unwrap(), 2).await.unwrap();
    hub.enrol(&till, &code).await.unwrap();
    let after = hub.today(&cookie).await;
    for figure in ["paid_fen", "sales", "received", "missing", "stores", "hours"] {
        assert_eq!(after[figure], before[figure], "{figure}");
    }
    assert_eq!((&after["paid_fen"], &after["received"]), (&80.into(), &1.into()));
}

/// What each store took, as the page of today and the report of that date have it.
async fn taken(hub: &TestHub, cookie: &str) -> [Vec<(String, i64)>; 2] {
    let of = |rows: &Value| {
        let row = |row: &Value| (row["site"].as_str().unwrap().to_owned(), row["paid_fen"].as_i64().unwrap());
        let rows = rows.as_array().unwrap().iter().map(row);
        rows.filter(|(_, paid)| *paid != 0).collect::<Vec<_>>()
    };
    [of(&hub.today(cookie).await["stores"]), of(&hub.day().await)]
}

async fn push_newest(till: &Till, hub: &TestHub) {
    let newest = till.segments.last().unwrap().records.len();
    till.push(hub, newest, newest).await;
}

#[tokio::test]
async fn todays_page_is_the_report_of_its_date_whatever_came_since_it_was_last_looked_at() {
    let hub = TestHub::start().await;
    let cookie = hub.session().await;
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    let mut expected = std::collections::BTreeMap::new();
    for step in 0..6 {
        let (till, site) = match step {
            0 | 2 => (&mut first, "HT01"),
            4 => (&mut first, "HT02"),
            _ => (&mut second, "HT02"),
        };
        till.sell(100, 80 + step);
        push_newest(till, &hub).await;
        *expected.entry(site.to_owned()).or_insert(0) += 80 + step;
        match step {
            2 => drop(ordered(&hub, Order::Rebuild).await),
            3 => {
                // What it sold before stays where it sold it.
                let code = hub.hub().enrol_code(&"HT02".parse().unwrap(), 2).await.unwrap();
                hub.enrol(&first, &code).await.unwrap();
            }
            _ => {}
        }
        let [page, report] = taken(&hub, &cookie).await;
        assert_eq!(page, report, "after step {step}");
        assert_eq!(report, expected.clone().into_iter().collect::<Vec<_>>(), "after step {step}");
    }
    let station = first.station.to_string();
    for deed in [Deed::Revoke, Deed::Accept] {
        ordered(&hub, Order::Station { id: station.clone(), deed }).await;
        if deed == Deed::Revoke {
            first.sell(100, 1_000);
            push_newest(&first, &hub).await;
        } else {
            *expected.get_mut("HT02").unwrap() += 1_000;
        }
        let [page, report] = taken(&hub, &cookie).await;
        assert_eq!(page, report, "{deed:?}");
        assert_eq!(report, expected.clone().into_iter().collect::<Vec<_>>(), "{deed:?}");
    }
}
