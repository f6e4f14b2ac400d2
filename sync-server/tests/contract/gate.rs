//! What strangers and bad tills try at the door, over real sockets: nobody else is to notice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::postgresql::run_on;
use crate::support::*;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use suanpan_sync::PushReply;
use sync_server::access::{Role, User};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// As long as a test waits for what comes at once.
const LONG: Duration = Duration::from_secs(60);

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

/// Sends some bytes from an address of this machine and leaves the connection open.
pub(crate) async fn begin(url: &str, from: &str, text: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // Who takes nothing has no room to take it either.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    let mut stream = socket.connect(address(url)).await.unwrap();
    stream.write_all(text).await.unwrap();
    stream
}

async fn status(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        match tokio::time::timeout(LONG, stream.read_u8()).await.expect("an answer") {
            Ok(byte) => line.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&line).split(' ').nth(1).unwrap_or("closed").to_owned()
}

fn is_acked(reply: &PushReply) -> bool {
    matches!(reply, PushReply::Ack { .. })
}

#[tokio::test]
async fn pushes_that_nobody_signed_take_no_place_and_no_allowance_from_a_till() {
    let hub = TestHub::start().await;
    let (mut named, mut other) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let mut thief = named.clone();
    thief.key = suanpan_journal::SigningKey::from_seed(&[99; 32]);
    let mut slow = Vec::new();
    for _ in 0..100 {
        let auth = thief.signed(&Method::POST, "/api/v1/push", b"?", None).header();
        let head = format!(
            "POST /api/v1/push HTTP/1.1\r\nhost: hub\r\nauthorization: {auth}\r\ncontent-length: 1000\r\n\r\nslowly"
        );
        slow.push(begin(hub.running.url(), "127.0.0.2", head.as_bytes()).await);
    }
    // More than a station may ask at once, all in its name, and no end of it while the till pushes.
    let sent = AtomicUsize::new(0);
    let forge = async || loop {
        let (status, _) = thief.send(&hub, Method::POST, "/api/v1/push", b"forged").await;
        assert!(status == StatusCode::UNAUTHORIZED || status == StatusCode::TOO_MANY_REQUESTS, "{status}");
        sent.fetch_add(1, Ordering::Relaxed);
    };
    let trade = async {
        while sent.load(Ordering::Relaxed) < 3_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for nth in 1..=10 {
            for till in [&mut other, &mut named] {
                till.sell(100, 80);
                let push = till.push_of(0, nth, nth);
                let reply = tokio::time::timeout(LONG, till.send_push(&hub, &push)).await.unwrap();
                assert!(reply.as_ref().is_ok_and(is_acked), "{nth}: {reply:?}");
            }
        }
    };
    tokio::select! {
        () = trade => {}
        _ = futures_util::future::join_all((0..16).map(|_| forge())) => {}
    }
    drop(slow);
}

#[tokio::test]
async fn strangers_at_a_report_take_no_place_from_a_reader() {
    let hub = TestHub::start().await;
    let path = "/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16";
    let half = format!("GET {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\nhalf of it");
    let mut strangers = Vec::new();
    for _ in 0..40 {
        strangers.push(begin(hub.running.url(), "127.0.0.2", half.as_bytes()).await);
    }
    let report = hub.report(path).await;
    assert_eq!(report["pending"], 0);
    drop(strangers);
}

#[tokio::test]
async fn a_till_that_leaves_its_answers_unread_is_told_to_come_later_and_nobody_else_is() {
    let hub = TestHub::start().await;
    let (mut till, other) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let mut dice = 1_u64;
    for nth in 1..=24 {
        let noise = std::iter::repeat_with(|| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 56) as u8
        });
        till.write(MORNING_MS, 999, &noise.take(200_000).collect::<Vec<_>>());
        assert!(is_acked(&till.push(&hub, nth, nth).await));
    }
    let path = format!("/api/v1/entries?segment={}&from=1", till.segments[0].id);
    let mut unread = Vec::new();
    for _ in 0..10 {
        let auth = till.signed(&Method::GET, &path, b"", None).header();
        let ask = format!("GET {path} HTTP/1.1\r\nhost: hub\r\nauthorization: {auth}\r\n\r\n");
        unread.push(begin(hub.running.url(), "127.0.0.1", ask.as_bytes()).await);
    }
    let mut answered = Vec::new();
    for stream in &mut unread {
        answered.push(status(stream).await);
    }
    assert_eq!(answered.iter().filter(|it| *it == "200").count(), 4, "{answered:?}");
    assert_eq!(answered.iter().filter(|it| *it == "503").count(), 6, "{answered:?}");
    let (status, _) = other.send(&hub, Method::GET, &path, b"").await;
    assert_eq!(status, StatusCode::OK);
    drop(unread);
    let mut rounds = 0;
    while till.send(&hub, Method::GET, &path, b"").await.0 != StatusCode::OK {
        rounds += 1;
        assert!(rounds < 10_000, "what was left unread is never given up");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_person_who_leaves_reports_unread_is_told_to_come_later_and_nobody_else_is() {
    let hub = TestHub::start().await;
    let manager = hub.manager_of("li", "site:HT02").await;
    let auditor = hub.signed_in(User::at_hq("wang", [Role::Auditor])).await;
    run_on(
        hub.folder.path(),
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 150000)
         insert into total (site, business_date, till, hour, dimension, key, count, fen, grams, pieces)
         select 'HT02', 20230616, 0, 0, 10, cast(i as text), 1, 1, 1, 0 from n",
    );
    let path = "/api/v1/reports/sales-by-item?from=2023-06-16&to=2023-06-16";
    let ask = format!("GET {path} HTTP/1.1\r\nhost: hub\r\ncookie: {manager}\r\n\r\n");
    let mut unread = Vec::new();
    for _ in 0..12 {
        unread.push(begin(hub.running.url(), "127.0.0.1", ask.as_bytes()).await);
    }
    let mut answered = Vec::new();
    for stream in &mut unread {
        answered.push(status(stream).await);
    }
    answered.sort();
    assert_eq!(answered, [&["200"; 2][..], &["503"; 10]].concat());
    let request = hub.http.get(hub.url(path)).header("cookie", &manager).send().await.unwrap();
    assert!(request.headers().contains_key("retry-after"));
    assert_eq!(code(&request.bytes().await.unwrap()), "HUB-LIM-002");
    assert_eq!(hub.seen(&auditor, &format!("{path}&site=HT01")).await.0, 200);
    assert_eq!(hub.report(&format!("{path}&site=HT01")).await["pending"], 0, "nor is a script");
    for cookie in [&auditor, &manager] {
        assert_eq!(hub.seen(cookie, "/api/v1/hq/today").await.0, 200);
    }
    drop(unread);
    let mut rounds = 0;
    while hub.seen(&manager, &format!("{path}&site=HT02")).await.0 != 200 {
        rounds += 1;
        assert!(rounds < 10_000, "what was left unread is never given up");
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn sign_in(
    hub: &TestHub,
    client: &reqwest::Client,
    (name, password): (&str, &str),
    header: Option<(&str, &str)>,
) -> (u16, String) {
    let body = serde_json::json!({ "name": name, "password": password }).to_string();
    let mut request = client.post(hub.url("/api/v1/hq/session")).body(body);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let code = answer.json::<Value>().await.ok().and_then(|it| it["code"].as_str().map(str::to_owned));
    (status, code.unwrap_or_default())
}

const WANG: (&str, &str) = ("wang", "correct horse");
const LI: (&str, &str) = ("li", "battery staple");

async fn hub_with_people(change: impl FnOnce(&mut sync_server::Config)) -> TestHub {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    change(&mut config);
    let hub = TestHub::start_as(config, folder).await;
    for (name, password) in [WANG, LI] {
        hub.hub().put_user(User::at_hq(name, [Role::Operations]), Some(password.into())).await.unwrap();
    }
    hub
}

#[tokio::test]
async fn ten_wrong_passwords_lock_an_address_for_a_person_and_nobody_else() {
    let hub = hub_with_people(|_| {}).await;
    let (guesser, desk) = (client_at("127.0.0.2"), client_at("127.0.0.1"));
    for _ in 0..10 {
        assert_eq!(sign_in(&hub, &guesser, ("wang", "guess guess"), None).await.1, "HUB-AUT-008");
    }
    assert_eq!(sign_in(&hub, &guesser, WANG, None).await, (429, "HUB-LIM-001".into()));
    assert_eq!(sign_in(&hub, &desk, WANG, None).await.0, 204, "the person is not locked out elsewhere");
    assert_eq!(sign_in(&hub, &guesser, LI, None).await.0, 204, "nor anybody else behind that address");
}

#[tokio::test]
async fn behind_the_hubs_own_proxy_each_is_known_by_the_address_that_it_hands_on() {
    let hub = hub_with_people(|config| config.proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let proxy = client_at("127.0.0.1");
    let (guesser, desk) =
        (Some(("x-forwarded-for", "203.0.113.9")), Some(("x-forwarded-for", "203.0.113.9, 198.51.100.7")));
    for _ in 0..10 {
        sign_in(&hub, &proxy, ("wang", "guess guess"), guesser).await;
    }
    assert_eq!(sign_in(&hub, &proxy, WANG, guesser).await.0, 429);
    assert_eq!(sign_in(&hub, &proxy, WANG, desk).await.0, 204);
    let stranger = client_at("127.0.0.2");
    let lie = Some(("x-forwarded-for", "203.0.113.9"));
    assert_eq!(sign_in(&hub, &stranger, WANG, lie).await.0, 204, "who is no proxy hands nothing on");
}

#[tokio::test]
async fn a_right_code_enrols_a_till_behind_an_address_that_guesses() {
    let hub = TestHub::start().await;
    let code = hub.hub().enrol_code(&"HT01".parse().unwrap(), 1).await.unwrap();
    let till = Till::new(212);
    let mut last = String::new();
    for _ in 0..40 {
        last = hub.enrol(&till, "ABCDE-FGHJK").await.unwrap_err();
    }
    assert_eq!(last, "HUB-LIM-001");
    hub.enrol(&till, &code).await.unwrap();
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_here() {
    let hub = hub_with_people(|_| {}).await;
    let own = hub.running.url().to_owned();
    for (origin, expected) in [
        ("https://evil.example", (403, "HUB-AUT-010")),
        ("null", (403, "HUB-AUT-010")),
        (own.as_str(), (204, "")),
    ] {
        let found = sign_in(&hub, &hub.http, WANG, Some(("origin", origin))).await;
        assert_eq!(found, (expected.0, expected.1.to_owned()), "{origin}");
    }
    for (site, expected) in [("cross-site", 403), ("same-origin", 204)] {
        let found = sign_in(&hub, &hub.http, WANG, Some(("sec-fetch-site", site))).await;
        assert_eq!(found.0, expected, "{site}");
    }
    let cookie = hub.session().await;
    let excuse = r#"{"site":"HT01","date":"2023-06-16","till":1,"reason":"stolen"}"#;
    let request = hub.http.post(hub.url("/api/v1/hq/excuse")).header("cookie", cookie).body(excuse);
    let answer = request.header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_person_has_so_many_sessions_and_the_oldest_end() {
    let hub = hub_with_people(|_| {}).await;
    let mut cookies = Vec::new();
    for _ in 0..22 {
        let body = serde_json::json!({ "name": WANG.0, "password": WANG.1 }).to_string();
        let answer = hub.http.post(hub.url("/api/v1/hq/session")).body(body).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        cookies.push(cookie);
    }
    let mut open = Vec::new();
    for cookie in &cookies {
        let who = hub.http.get(hub.url("/api/v1/hq/session")).header("cookie", cookie).send().await.unwrap();
        open.push(who.status() == StatusCode::OK);
    }
    assert_eq!(open.iter().filter(|it| **it).count(), 20);
    assert!(open[21], "the newest is open");
}

#[tokio::test]
async fn every_route_has_bounds_and_odd_requests_get_an_answer() {
    let hub = hub_with_people(|_| {}).await;
    let long = "x".repeat(20_000);
    let deep = "[".repeat(10_000);
    for (method, path, body, expected) in [
        ("POST", "/api/v1/hq/session", long.as_str(), 413),
        ("POST", "/api/v1/hq/session", &deep, 400),
        ("POST", "/api/v1/enrol", &long, 413),
        ("POST", "/api/v1/introduce", &long, 413),
        ("POST", "/api/v1/hq/excuse", &long, 413),
        ("GET", "/health", &long, 413),
        ("HEAD", "/health", "", 200),
        ("OPTIONS", "/api/v1/push", "", 405),
        ("BREW", "/api/v1/push", "", 405),
        ("TRACE", "/health", "", 405),
    ] {
        let method: Method = method.parse().unwrap();
        let answer =
            hub.http.request(method.clone(), hub.url(path)).body(body.to_owned()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{method} {path} {}", body.len());
    }
    for head in [
        format!("GET /health?{} HTTP/1.1\r\nhost: hub\r\n\r\n", "x".repeat(300_000)),
        format!("GET /health HTTP/1.1\r\nhost: hub\r\nx: {}\r\n\r\n", "x".repeat(300_000)),
        format!("GET /health HTTP/1.1\r\nhost: hub\r\n{}\r\n", "x: y\r\n".repeat(50_000)),
    ] {
        let mut stream = TcpStream::connect(address(hub.running.url())).await.unwrap();
        // The hub may have hung up before all of it is sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let status = status(&mut stream).await;
        assert!(["414", "431", "closed"].contains(&status.as_str()), "{status}");
    }
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    assert!(is_acked(&till.push_all(&hub).await));
}

#[tokio::test]
async fn a_number_that_nothing_can_hold_is_a_malformed_request() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    for seq in [1 << 40, 1 << 63, u64::MAX] {
        let mut liar = till.clone();
        let mut parent = liar.current().chains[1].as_parent();
        parent.seq = seq;
        liar.open(parent);
        liar.sell(100, 80);
        let body = liar.push_of(1, 1, 1).encode();
        let (status, answer) = liar.send(&hub, Method::POST, "/api/v1/push", &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{seq}: {}", String::from_utf8_lossy(&answer));
    }
    let segment = till.segments[0].id;
    let staged = format!(r#"{{"heads":[],"staged":[{{"scope":"chain","version":{}}}]}}"#, u64::MAX);
    for (method, path, body) in [
        (Method::GET, format!("/api/v1/entries?segment={segment}&from={}", u64::MAX), ""),
        (Method::GET, format!("/api/v1/entries?segment={segment}&from=-1"), ""),
        (Method::POST, "/api/v1/pull".to_owned(), staged.as_str()),
    ] {
        let (status, answer) = till.send(&hub, method, &path, body.as_bytes()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {}", String::from_utf8_lossy(&answer));
    }
    let key = hub.hub().journal_key("proof").await.unwrap();
    let after = format!("{}.{segment}.0.{}", till.station, u64::MAX);
    let path = format!("/api/v1/journal?site=HT01&date=2023-06-16&after={after}");
    let answer = hub.http.get(hub.url(&path)).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(is_acked(&till.push_all(&hub).await));
}

#[tokio::test]
async fn tills_that_come_back_together_behind_one_address_are_all_taken_and_a_week_of_one_too() {
    let hub = TestHub::start().await;
    let mut tills = Vec::new();
    for number in 1..=100 {
        let mut till = hub.till("HT01", number).await;
        (0..40).for_each(|_| drop(till.sell(100, 80)));
        tills.push(till);
    }
    let replies = futures_util::future::join_all(tills.iter().map(|till| till.push_all(&hub))).await;
    assert!(replies.iter().all(is_acked), "{replies:?}");
    let mut away = hub.till("HT02", 1).await;
    (0..6_120).for_each(|_| drop(away.sell(100, 80)));
    for from in (1..=6_120).step_by(500) {
        assert!(is_acked(&away.push(&hub, from, (from + 499).min(6_120)).await));
    }
}
