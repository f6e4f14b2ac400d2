//! Who may ask what, and what bad input gets.

use crate::support::*;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use suanpan_sync::{Challenge, EnrolReply, RefundRequest};
use sync_server::access::{Role, User};
use sync_server::{Hub, Tls};

const DAY: &str = "/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16";

async fn get(hub: &TestHub, path: &str) -> (StatusCode, Value) {
    let answer = hub.http.get(hub.url(path)).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn nothing_is_shown_to_strangers_and_refusals_are_problem_documents() {
    let hub = TestHub::start().await;
    for (method, path, status, code) in [
        ("GET", "/api/v1/entries?segment=x&from=1", 401, "HUB-AUT-001"),
        ("POST", "/api/v1/push", 401, "HUB-AUT-001"),
        ("POST", "/api/v1/pull", 401, "HUB-AUT-001"),
        ("POST", "/api/v1/holes", 401, "HUB-AUT-001"),
        ("GET", "/api/v1/wake?seen=1", 401, "HUB-AUT-001"),
        ("POST", "/api/v1/lost", 401, "HUB-AUT-001"),
        ("GET", "/api/v1/snapshot", 401, "HUB-AUT-001"),
        ("GET", DAY, 401, "HUB-AUT-006"),
        ("GET", "/api/v1/reports/store-days?from=2023-06-16&to=2023-06-16", 401, "HUB-AUT-006"),
        ("GET", "/api/v1/journal?site=HT01&date=2023-06-16", 401, "HUB-AUT-006"),
        ("GET", "/api/v1/hq/store-days", 401, "HUB-AUT-007"),
        ("POST", "/api/v1/hq/excuse", 401, "HUB-AUT-007"),
        ("GET", "/api/v1/hq/lost", 401, "HUB-AUT-007"),
        ("POST", "/api/v1/hq/lost", 401, "HUB-AUT-007"),
        ("GET", "/api/v1/hq/today", 401, "HUB-AUT-007"),
        ("GET", "/api/v1/hq/session", 401, "HUB-AUT-007"),
        ("GET", "/api/v1/nothing", 404, "HUB-REQ-002"),
        ("GET", "/elsewhere", 404, "HUB-REQ-002"),
        ("DELETE", "/api/v1/push", 405, "HUB-REQ-003"),
        ("POST", "/api/v1/enrol", 400, "HUB-REQ-001"),
        ("POST", "/api/v1/hq/session", 400, "HUB-REQ-001"),
    ] {
        let method: Method = method.parse().unwrap();
        let answer = hub.http.request(method.clone(), hub.url(path)).body("garbage").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(status.into())));
    }
}

#[tokio::test]
async fn every_answer_forbids_foreign_scripts_and_frames() {
    let hub = TestHub::start().await;
    for path in ["/health", "/api/v1/nothing", "/"] {
        let answer = hub.http.get(hub.url(path)).send().await.unwrap();
        let headers = answer.headers();
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
    }
}

#[tokio::test]
async fn a_station_is_known_by_its_signature_alone() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    let body = till.push_of(0, 1, 1).encode();
    let path = "/api/v1/push";
    let auth = till.auth(&hub, &Method::POST, path, &body, None);

    let mut stranger = till.clone();
    stranger.station = suanpan_journal::StationId([250; 16]);
    let (status, answer) = stranger.send(&hub, Method::POST, path, &body).await;
    assert_eq!((status.as_u16(), code(&answer).as_str()), (401, "HUB-AUT-002"));

    let mut thief = till.clone();
    thief.key = suanpan_journal::SigningKey::from_seed(&[99; 32]);
    let (status, answer) = thief.send(&hub, Method::POST, path, &body).await;
    assert_eq!((status.as_u16(), code(&answer).as_str()), (401, "HUB-AUT-003"));

    let (status, answer) = send(&hub, Method::POST, path, b"another body", &auth).await;
    assert_eq!((status.as_u16(), code(&answer).as_str()), (401, "HUB-AUT-003"));
    let (status, answer) = send(&hub, Method::POST, "/api/v1/pull", &body, &auth).await;
    assert_eq!((status.as_u16(), code(&answer).as_str()), (401, "HUB-AUT-003"));

    assert_eq!(send(&hub, Method::POST, path, &body, &auth).await.0, StatusCode::OK);
    let (status, answer) = send(&hub, Method::POST, path, &body, &auth).await;
    assert_eq!((status.as_u16(), code(&answer).as_str()), (401, "HUB-AUT-005"), "a replay");
}

#[tokio::test]
async fn another_stations_push_is_not_taken_from_this_one() {
    let hub = TestHub::start().await;
    let (mut first, second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    first.sell(100, 80);
    let stolen = first.push_of(0, 1, 1);
    assert_eq!(second.send_push(&hub, &stolen).await, Err("SYN-WIR-008".into()));
}

#[tokio::test]
async fn a_till_whose_clock_says_2009_signs_the_challenge_and_gets_in() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.skew_ms = -14 * 365 * 86_400_000;
    let body = till.push_of(0, 1, 1).encode();
    let (status, answer) = till.send(&hub, Method::POST, "/api/v1/push", &body).await;
    assert_eq!((status.as_u16(), code(&answer).as_str()), (401, "HUB-AUT-004"));
    let problem: Value = serde_json::from_slice(&answer).unwrap();
    let challenge: Challenge = serde_json::from_value(problem["challenge"].clone()).unwrap();
    let auth = till.auth(&hub, &Method::POST, "/api/v1/push", &body, Some(challenge));
    assert_eq!(send(&hub, Method::POST, "/api/v1/push", &body, &auth).await.0, StatusCode::OK);
}

#[tokio::test]
async fn malformed_pushes_are_named_and_nothing_of_them_is_kept() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    let good = till.push_of(0, 1, 1).encode();
    let mut newer = good.clone();
    newer[0] = 9;
    let mut flipped = good.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for (body, expected) in [
        (Vec::new(), 400),
        (b"garbage".to_vec(), 400),
        (good[..good.len() / 2].to_vec(), 400),
        (newer, 400),
        (vec![0; 2 << 20], 413),
    ] {
        let (status, _) = till.send(&hub, Method::POST, "/api/v1/push", &body).await;
        assert_eq!(status.as_u16(), expected);
    }
    let (status, _) = till.send(&hub, Method::POST, "/api/v1/push", &flipped).await;
    assert!(status.is_client_error());
    assert_eq!(hub.hub().store().gauges().await.unwrap().gseq, 0);
    assert_eq!(till.send(&hub, Method::POST, "/api/v1/push", &good).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_one_time_code_enrols_one_station_and_may_be_repeated_by_it() {
    let hub = TestHub::start().await;
    let code = hub.hub().enrol_code(&"HT02".parse().unwrap(), 3).await.unwrap();
    let (first, other) = (Till::new(201), Till::new(202));
    assert_eq!(hub.enrol(&first, "ABCDE-FGHJK").await, Err("HUB-ENR-001".into()));
    let typed = code.to_lowercase().replace('-', " ");
    let reply: EnrolReply = hub.enrol(&first, &typed).await.unwrap();
    assert_eq!((reply.certificate.enrolment.site.as_str(), reply.certificate.enrolment.till), ("HT02", 3));
    assert_eq!(hub.enrol(&first, &code).await.unwrap(), reply, "the answer was lost on the way");
    assert_eq!(hub.enrol(&other, &code).await, Err("HUB-ENR-003".into()));
    let mut rekeyed = first.clone();
    rekeyed.key = other.key.clone();
    let next = hub.hub().replacement_code(&"HT02".parse().unwrap(), 3).await.unwrap();
    assert_eq!(hub.enrol(&rekeyed, &next).await, Err("HUB-ENR-004".into()));
}

#[tokio::test]
async fn a_hub_with_an_empty_database_and_its_key_knows_its_stations_by_their_certificates() {
    let hub = TestHub::start().await;
    let code = hub.hub().enrol_code(&"HT02".parse().unwrap(), 3).await.unwrap();
    let mut till = Till::new(204);
    let certificate = hub.enrol(&till, &code).await.unwrap().certificate;
    let empty = TestHub::start_with_key_of(&hub).await;
    till.sell(100, 80);
    let push = till.push_of(0, 1, 1);
    assert_eq!(till.send_push(&empty, &push).await, Err("HUB-AUT-002".into()));
    let introduce = |body: Vec<u8>| {
        let request = empty.http.post(empty.url("/api/v1/introduce")).body(body);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let mut forged = certificate.clone();
    forged.enrolment.till = 4;
    assert_eq!(introduce(serde_json::to_vec(&forged).unwrap()).await, 403);
    assert_eq!(introduce(b"{}".to_vec()).await, 400);
    assert_eq!(introduce(serde_json::to_vec(&certificate).unwrap()).await, 200);
    till.send_push(&empty, &push).await.unwrap();
    assert_eq!(empty.day().await[0]["site"], "HT02");
}

#[tokio::test]
async fn guessing_codes_or_passwords_is_slowed_down() {
    let hub = TestHub::start().await;
    let till = Till::new(203);
    let mut last = String::new();
    for _ in 0..25 {
        last = hub.enrol(&till, "ABCDE-FGHJK").await.unwrap_err();
    }
    assert_eq!(last, "HUB-LIM-001");
    let mut codes = Vec::new();
    for _ in 0..12 {
        let body = r#"{"name":"wang","password":"guess guess"}"#;
        let answer = hub.http.post(hub.url("/api/v1/hq/session")).body(body).send().await.unwrap();
        let limited = answer.status() == StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(answer.headers().contains_key("retry-after"), limited);
        codes.push(code(&answer.bytes().await.unwrap()));
    }
    assert_eq!(codes.first().unwrap(), "HUB-AUT-008");
    assert_eq!(codes.last().unwrap(), "HUB-LIM-001");
}

#[tokio::test]
async fn a_person_signs_in_looks_and_signs_out() {
    let hub = TestHub::start().await;
    let cookie = hub.session().await;
    let url = hub.url("/api/v1/hq/session");
    let who: Value = hub.http.get(&url).header("cookie", &cookie).send().await.unwrap().json().await.unwrap();
    assert_eq!((&who["name"], &who["roles"]), (&json!("wang"), &json!(["operations", "it"])));
    let report = hub.http.get(hub.url(DAY)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(report.status(), StatusCode::OK, "reports are open to people who signed in");
    let out = hub.http.delete(&url).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let after = hub.http.get(&url).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(after.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        hub.hub()
            .put_user(User::at_hq("li", [Role::Operations]), Some("short".into()))
            .await
            .unwrap_err()
            .code(),
        "HUB-ADM-003"
    );
}

#[tokio::test]
async fn reports_break_a_day_down_by_hour_item_tender_and_station() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    one.sell(482, 386);
    one.sell(100, 80);
    two.sell(1_000, 800);
    one.push_all(&hub).await;
    two.push_all(&hub).await;
    hub.settled().await;
    let query = "site=HT01&from=2023-06-16&to=20230616";
    for (by, rows) in [
        ("hour", vec![("09", 3, 1_266)]),
        ("item", vec![("10101", 3, 1_266)]),
        ("tender", vec![("cash", 3, 1_266)]),
        ("station", vec![("1", 2, 466), ("2", 1, 800)]),
    ] {
        let report = hub.report(&format!("/api/v1/reports/sales-by-{by}?{query}")).await;
        let found: Vec<_> = report["rows"].as_array().unwrap().iter().collect();
        assert_eq!(found.len(), rows.len(), "{by}: {found:?}");
        for (row, (key, count, fen)) in found.iter().zip(rows) {
            assert_eq!((row["key"].as_str(), row["count"].as_i64()), (Some(key), Some(count)), "{by}");
            assert_eq!(row["fen"], fen, "{by}");
        }
    }
}

#[tokio::test]
async fn a_station_reads_its_own_figures_and_nobody_elses() {
    let hub = TestHub::start().await;
    let (mut one, mut two, mut three) =
        (hub.till("HT01", 1).await, hub.till("HT01", 2).await, hub.till("HT02", 1).await);
    one.sell(482, 386);
    two.sell(1_000, 800);
    two.numbers += 1;
    two.sell(1_000, 800);
    three.sell(100, 80);
    for till in [&one, &two, &three] {
        till.push_all(&hub).await;
    }
    hub.settled().await;
    for (till, path, fen, missing) in [
        (&one, DAY.to_owned(), 386, 0),
        (&two, format!("{DAY}&site=HT02"), 1_600, 1),
        (&three, format!("{DAY}&site=HT01"), 80, 0),
    ] {
        let (status, body) = till.send(&hub, Method::GET, &path, b"").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let report: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(report["rows"].as_array().unwrap().len(), 1, "{report}");
        let row = &report["rows"][0];
        assert_eq!(
            (row["amount_fen"].as_i64(), row["missing"].as_i64()),
            (Some(fen), Some(missing)),
            "{path}"
        );
    }
    let stranger = Till::new(250);
    let (status, body) = stranger.send(&hub, Method::GET, DAY, b"").await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::UNAUTHORIZED, "HUB-AUT-002"));
}

#[tokio::test]
async fn a_report_is_csv_when_asked_for_and_bad_dates_are_refused() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.push_all(&hub).await;
    hub.settled().await;
    let request = hub.http.get(hub.url(DAY)).bearer_auth(&hub.api_key).header("accept", "text/csv");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let text = answer.text().await.unwrap();
    let mut lines = text.split("\r\n");
    let header: Vec<_> = lines.next().unwrap().split(',').collect();
    let row: Vec<_> = lines.next().unwrap().split(',').collect();
    let cell = |name: &str| row[header.iter().position(|it| *it == name).unwrap()];
    assert_eq!((cell("date"), cell("site"), cell("amount_fen")), ("2023-06-16", "HT01", "386"));
    for query in
        ["", "from=2023-13-01&to=2023-06-16", "from=x&to=y", "site=a%20b&from=2023-06-16&to=2023-06-16"]
    {
        let url = hub.url(&format!("/api/v1/reports/sales-by-day?{query}"));
        let answer = hub.http.get(url).bearer_auth(&hub.api_key).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    let wrong = hub.http.get(hub.url(DAY)).bearer_auth("sp_wrong").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_page_of_today_shows_stores_stations_and_open_shifts() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let opened = suanpan_domain::shift::ShiftOpened {
        id: SHIFT,
        no: 7,
        cashier: "1101".into(),
        float: suanpan_domain::money::Fen(20_000),
    };
    till.entry(&suanpan_domain::entry::Entry::ShiftOpened(opened));
    till.sell(482, 386);
    till.numbers += 1;
    till.sell(100, 80);
    till.push_all(&hub).await;
    let today = hub.today(&hub.session().await).await;
    assert_eq!((today["paid_fen"].as_i64(), today["sales"].as_i64()), (Some(466), Some(2)));
    assert_eq!((today["received"].as_i64(), today["missing"].as_i64()), (Some(2), Some(1)));
    assert_eq!(today["stores"][0]["name"], "禾田生鲜 柳荫路店");
    assert_eq!(today["stores"][1]["sales"], 0);
    let station = &today["stations"][0];
    assert_eq!((station["last_number"].as_i64(), station["missing"].as_i64()), (Some(3), Some(1)));
    assert_eq!(station["silent_since_ms"], Value::Null);
    assert_eq!(today["unclosed_shifts"][0]["no"], 7);
    assert_eq!(today["hours"][0]["hour"], 9);
}

#[tokio::test]
async fn a_sale_of_a_site_with_small_letters_is_found_by_its_number_in_capitals() {
    let hub = TestHub::start().await;
    let stores = tempfile::tempdir().unwrap();
    let store =
        br#"[{"chain": "c", "site": "dock2", "name": "n", "address": "a", "phone": "p", "footer": "f"}]"#;
    std::fs::write(stores.path().join("stores.json"), store).unwrap();
    hub.hub().import(stores.path()).await.unwrap();
    let mut till = hub.till("dock2", 1).await;
    till.sell(500, 400);
    till.push_all(&hub).await;
    hub.settled().await;
    let body = serde_json::to_vec(&RefundRequest { number: format!("DOCK2-1-{DATE}-0001-A7") }).unwrap();
    let (status, answer) = till.send(&hub, Method::POST, "/api/v1/refunds", &body).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(status == StatusCode::OK && answer.contains("reserved"), "{answer}");
}

#[tokio::test]
async fn health_and_metrics_tell_machines_how_the_hub_is() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    assert_eq!(get(&hub, "/health").await.1["status"], "ok");
    let text = hub.http.get(hub.url("/metrics")).send().await.unwrap().text().await.unwrap();
    for line in ["suanpan_entries_total 1", "suanpan_pushes_total{outcome=\"stored\"} 1", "suanpan_epoch 1"] {
        assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn plain_http_is_refused_beyond_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.listen = "0.0.0.0:0".parse().unwrap();
    let refused = Hub::start(config).await.unwrap_err();
    assert_eq!(refused.code(), "HUB-RUN-003");
    assert!(refused.to_string().contains("TLS certificate"));
}

#[tokio::test]
async fn with_a_certificate_the_hub_speaks_tls_and_its_cookies_travel_by_nothing_else() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.listen = "0.0.0.0:0".parse().unwrap();
    config.tls = Some(Tls { cert: fixtures.join("cert.pem"), key: fixtures.join("key.pem") });
    let hub = Hub::open(config).unwrap();
    hub.put_user(User::at_hq("wang", [Role::Operations]), Some("correct horse".into())).await.unwrap();
    let running = hub.serve().await.unwrap();
    let url = running.url().replace("0.0.0.0", "127.0.0.1");
    assert!(url.starts_with("https://"));
    let pem = std::fs::read(fixtures.join("cert.pem")).unwrap();
    let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap();
    let body = r#"{"name":"wang","password":"correct horse"}"#;
    let answer = http.post(format!("{url}/api/v1/hq/session")).body(body).send().await.unwrap();
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("; Secure"));
    assert!(client().get(format!("{url}/health")).send().await.is_err(), "an unknown certificate is refused");
    let plain = url.replace("https", "http");
    assert!(client().get(format!("{plain}/health")).send().await.is_err(), "and so is plain text");
    running.stop().await;
}
