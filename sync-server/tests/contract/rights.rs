//! Who may do what: every route that `docs/rights.md` lists, as everybody whom it names and with nothing in the hand.

use crate::support::*;
use reqwest::Method;
use serde_json::Value;
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::shift::ShiftOpened;
use suanpan_sync::Scope;
use sync_server::access::{Reach, Role, User};
use sync_server::admin::api_key;
use sync_server::store::KeyRights;

const PASSWORD: &str = "correct horse";

impl TestHub {
    pub(crate) async fn signed_in(&self, user: User) -> String {
        let name = user.name.clone();
        self.hub().put_user(user, Some(PASSWORD.into())).await.unwrap();
        let body = serde_json::json!({ "name": name, "password": PASSWORD }).to_string();
        let answer = self.http.post(self.url("/api/v1/hq/session")).body(body).send().await.unwrap();
        answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    pub(crate) async fn manager_of(&self, name: &str, scope: &str) -> String {
        let scope: Scope = scope.parse().unwrap();
        self.signed_in(User { name: name.into(), roles: vec![Role::Manager], scope }).await
    }

    pub(crate) async fn seen(&self, cookie: &str, path: &str) -> (u16, Value) {
        let answer = self.http.get(self.url(path)).header("cookie", cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// A row of the table.
struct Row {
    method: Method,
    path: String,
    sees: String,
    /// Of each column whether it says yes.
    lets_in: Vec<bool>,
}

/// The names of the columns, and the rows.
fn table() -> (Vec<String>, Vec<Row>) {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rights.md");
    let text = std::fs::read_to_string(document).unwrap();
    let mut rows = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let names = rows.next().unwrap()[4..].to_vec();
    let row = |cells: Vec<String>| Row {
        method: cells[0].parse().unwrap(),
        path: cells[1].trim_matches('`').to_owned(),
        sees: cells[3].clone(),
        lets_in: cells[4..].iter().map(|cell| cell == "yes").collect(),
    };
    (names, rows.map(row).collect())
}

#[tokio::test]
async fn every_route_lets_in_whom_the_document_names_and_nobody_else() {
    let hub = TestHub::start().await;
    let till = hub.till("HT01", 1).await;
    let journal_key = hub.hub().journal_key("prove").await.unwrap();
    let (names, mut rows) = table();
    assert!(rows.len() > 30 && names.len() == 8, "{names:?}");
    // Last what ends the sessions with which this is asked.
    rows.sort_by_key(|row| row.method == Method::DELETE && row.path.ends_with("/session"));
    let mut cookies = Vec::new();
    for role in Role::ALL {
        cookies.push(match role {
            Role::Manager => hub.manager_of(role.name(), "site:HT01").await,
            role => hub.signed_in(User::at_hq(role.name(), [role])).await,
        });
    }
    for Row { method, path, lets_in, .. } in rows {
        let path = path.replace("{hash}", "x");
        for (who, is_let_in) in names.iter().zip(lets_in) {
            if path == "/api/v1/wake" && is_let_in {
                continue; // It would wait; every till's stories ask it.
            }
            let request = hub.http.request(method.clone(), hub.url(&path));
            let request = match who.as_str() {
                "nobody" => request,
                "station" => {
                    let auth = till.auth(&hub, &method, &path, b"x", None);
                    request.header("authorization", auth.header())
                }
                "key" => request.bearer_auth(&hub.api_key),
                "journal key" => request.bearer_auth(&journal_key),
                role => {
                    let place = Role::ALL.iter().position(|it| it.name() == role).unwrap();
                    request.header("cookie", &cookies[place])
                }
            };
            // Whoever is let in is told that the body is none, or that a parameter is missing.
            let status = request.body("x").send().await.unwrap().status().as_u16();
            // This machine watches itself.
            let is_let_in = is_let_in || path == "/metrics";
            assert_eq!(!matches!(status, 401 | 403), is_let_in, "{method} {path} as {who}: {status}");
        }
    }
}

#[tokio::test]
async fn the_hub_tells_anybody_of_every_route_what_it_takes_and_gives() {
    let hub = TestHub::start().await;
    let answer = hub.http.get(hub.url("/api/v1/openapi.json")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let document: Value = answer.json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let told: usize =
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
    let (_, rows) = table();
    assert_eq!(told, rows.len());
    for Row { method, path, .. } in rows {
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        assert!(operation["responses"]["default"].is_object(), "{method} {path}: {operation}");
    }
    // A report's rows have the columns of its CSV, in words for whoever reads them.
    let row = &document["components"]["schemas"]["DayRow"]["properties"]["paid_fen"];
    assert_eq!(row["type"], "integer");
    assert!(row["description"].as_str().unwrap().contains("in fen"), "{row}");
}

#[tokio::test]
async fn every_route_shows_whoever_it_lets_in_as_much_of_the_chain_as_the_document_says() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    for till in [&mut one, &mut two] {
        till.sell(100, 80);
        till.push_all(&hub).await;
    }
    hub.settled().await;
    let stores = tempfile::tempdir().unwrap();
    let south = r#"[{"chain": "c", "site": "HT02", "name": "n", "zone": "SOUTH"}]"#;
    std::fs::write(stores.path().join("stores.json"), south).unwrap();
    hub.hub().import(stores.path()).await.unwrap();
    let all = hub.signed_in(User::at_hq("wang", [Role::Operations])).await;
    let of_site = hub.manager_of("li", "site:HT02").await;
    let of_zone = hub.manager_of("sun", "zone:SOUTH").await;
    let sites = Reach::of(vec!["HT02".parse().unwrap()]);
    let key = api_key(hub.hub().store(), "south", KeyRights::reports_of(sites), "tests").await.unwrap();
    let (names, rows) = table();
    let column = |who: &str| names.iter().position(|it| it == who).unwrap();
    let (manager, keys, station) = (column("manager"), column("key"), column("station"));
    let asked =
        |path: &str, rest: &str| format!("{path}?from=2023-06-16&to=2023-06-16&date=2023-06-16{rest}");
    let mut own = 0;
    for Row { method, path, sees, lets_in } in rows {
        assert!(sees != "chain" || !lets_in[manager] && !lets_in[keys], "{path}");
        if sees != "own" {
            continue;
        }
        own += 1;
        let text = hub.http.get(hub.url(&asked(&path, ""))).header("cookie", &all).send().await.unwrap();
        let text = text.text().await.unwrap();
        let names_sites = ["HT01", "HT02"].map(|site| text.contains(site));
        assert!(names_sites == [true, true] || path.ends_with("/offline-refunds"), "{path}: {text}");
        let takes_site = path.starts_with("/api/v1/reports/");
        let limited = [
            (lets_in[manager], Some(("cookie", of_site.clone()))),
            (lets_in[manager], Some(("cookie", of_zone.clone()))),
            (lets_in[keys], Some(("authorization", format!("Bearer {key}")))),
            (lets_in[station], None),
        ];
        for (_, by) in limited.into_iter().filter(|(is_let_in, _)| *is_let_in) {
            let ask = |path: String| {
                let signed = || two.auth(&hub, &method, &path, b"", None).header();
                let (name, value) = by.clone().unwrap_or_else(|| ("authorization", signed()));
                hub.http.get(hub.url(&path)).header(name, value).send()
            };
            let answer = ask(asked(&path, "")).await.unwrap();
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            assert!(!text.contains("HT01"), "{path}: {text}");
            // What a till sold of an item is added up for its store alone.
            if by.is_none() && path.ends_with("/sales-by-item") {
                assert_eq!(status, 400, "{text}");
                continue;
            }
            assert_eq!(status, 200, "{path}: {text}");
            assert!(text.contains("HT02") || path.ends_with("/offline-refunds"), "{path}: {text}");
            if takes_site && by.is_some() {
                assert_eq!(ask(asked(&path, "&site=HT01")).await.unwrap().status(), 404, "{path}");
            }
        }
    }
    assert!(own > 9, "{own}");
}

#[tokio::test]
async fn a_manager_sees_the_stores_of_the_scope_and_others_are_as_good_as_none() {
    let hub = TestHub::start().await;
    let (mut one, mut two) = (hub.till("HT01", 1).await, hub.till("HT02", 1).await);
    for (till, fen) in [(&mut one, 80), (&mut two, 160)] {
        till.sell(100, fen);
        till.entry(&Entry::ShiftOpened(ShiftOpened {
            id: id(),
            no: 1,
            cashier: "1101".into(),
            float: Fen(20_000),
        }));
        till.write(MORNING_MS, 1, b"what no till writes");
        till.push_all(&hub).await;
    }
    hub.settled().await;
    let days = "/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16";
    let all = hub.signed_in(User::at_hq("wang", [Role::Operations])).await;
    assert_eq!(hub.seen(&all, days).await.1["rows"].as_array().unwrap().len(), 2);
    let own = hub.manager_of("li", "site:HT02").await;
    let seen = hub.seen(&own, days).await.1;
    assert_eq!(seen["rows"].as_array().unwrap().len(), 1);
    assert_eq!(
        (seen["rows"][0]["site"].as_str(), seen["rows"][0]["paid_fen"].as_i64()),
        (Some("HT02"), Some(160))
    );
    let (status, problem) = hub.seen(&own, &format!("{days}&site=HT01")).await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("HUB-REQ-006")));
    let today = hub.seen(&own, "/api/v1/hq/today?date=2023-06-16").await.1;
    assert_eq!((today["paid_fen"].as_i64(), today["sales"].as_i64()), (Some(160), Some(1)));
    for list in ["stores", "stations"] {
        let sites: Vec<&str> =
            today[list].as_array().unwrap().iter().map(|it| it["site"].as_str().unwrap()).collect();
        assert_eq!(sites, ["HT02"], "{list}");
    }
    assert_eq!(today["hours"].as_array().unwrap().len(), 1);
    // Each till has something that has to be looked at, and so has a shift of each.
    let looked_at = |today: &Value| -> Vec<String> {
        let of = |list: &str| today[list].as_array().unwrap().clone();
        let all = of("problems").into_iter().chain(of("unclosed_shifts"));
        all.map(|it| it["site"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(looked_at(&today), ["HT02", "HT02"]);
    let today = hub.seen(&all, "/api/v1/hq/today?date=2023-06-16").await.1;
    assert_eq!(looked_at(&today), ["HT01", "HT02", "HT01", "HT02"]);
    let days = hub.seen(&own, "/api/v1/hq/store-days?date=2023-06-16").await.1;
    assert_eq!(days["days"].as_array().unwrap().len(), 1);
    let me = hub.seen(&own, "/api/v1/hq/session").await.1;
    assert!(!me["may"].as_array().unwrap().contains(&Value::from("excuse_till")), "{me}");
    let body = r#"{"site":"HT02","date":"2023-06-16","till":1,"reason":"stolen"}"#;
    let excuse = hub.http.post(hub.url("/api/v1/hq/excuse")).header("cookie", &own).body(body);
    let refused: Value = excuse.send().await.unwrap().json().await.unwrap();
    assert_eq!(refused["code"], "HUB-AUT-011");
    let stores = tempfile::tempdir().unwrap();
    let east = r#"[{"chain": "c", "site": "HT03", "name": "n", "zone": "EAST"},
        {"chain": "c", "site": "HT02", "name": "n", "zone": "SOUTH"}]"#;
    std::fs::write(stores.path().join("stores.json"), east).unwrap();
    hub.hub().import(stores.path()).await.unwrap();
    for (name, zone, sales) in [("chen", "zone:EAST", 0), ("sun", "zone:SOUTH", 1)] {
        let manager = hub.manager_of(name, zone).await;
        let today = hub.seen(&manager, "/api/v1/hq/today?date=2023-06-16").await.1;
        assert_eq!((today["sales"].as_i64(), today["stores"].as_array().unwrap().len()), (Some(sales), 1));
    }
    let nowhere =
        User { name: "zhou".into(), roles: vec![Role::Manager], scope: "zone:WEST".parse().unwrap() };
    let refused = hub.hub().put_user(nowhere, None).await.unwrap_err();
    assert_eq!(refused.code(), "HUB-ADM-008");
    assert!(refused.to_string().contains("zone WEST: there is EAST, SOUTH"), "{refused}");
    let mistaken = User { name: "zhao".into(), roles: vec![Role::Manager], scope: Scope::Chain };
    assert_eq!(hub.hub().put_user(mistaken, None).await.unwrap_err().code(), "HUB-ADM-003");
}
