//! Requests that a hub must refuse, made by somebody who has a till's key.

use std::path::Path;

use serde_json::{Value, json};
use suanpan_journal::{SigningKey, StationId};
use suanpan_station::identity::Identity;
use suanpan_station::{Clock, SystemClock};
use suanpan_sync::{RequestAuth, RequestFacts};

use crate::chain;
use crate::hub::{HubProcess, request};

const PULL: &str = "/api/v1/pull";

/// A request, and what it is signed for.
struct Request {
    path: &'static str,
    body: String,
    header: String,
}

impl Request {
    fn signed(key: &SigningKey, station: StationId, path: &'static str, body: &Value, nonce: u8) -> Request {
        let body = body.to_string();
        let facts = RequestFacts { method: "POST", path, body: body.as_bytes() };
        let auth = RequestAuth::sign(key, station, &facts, SystemClock.now_ms(), [nonce; 16], None);
        Request { path, body, header: auth.header() }
    }

    /// Gives the answer's status and its document.
    fn send(&self, hub: &HubProcess) -> (String, Value) {
        let Request { path, body, header } = self;
        let len = body.len();
        let bytes = format!(
            "POST {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\nauthorization: {header}\r\n\
             content-type: application/json\r\ncontent-length: {len}\r\n\r\n{body}"
        );
        let (head, answer) = request(hub.port(), &bytes);
        let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
        (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    fn check(&self, hub: &HubProcess, status: &str, code: &str) {
        let (found, answer) = self.send(hub);
        assert_eq!((found.as_str(), answer["code"].as_str()), (status, Some(code)), "{answer}");
    }
}

fn identity(dir: &Path) -> Identity {
    Identity::load(dir).unwrap().expect("an enrolled till")
}

#[test]
fn replayed_and_forged_requests_are_refused_and_a_till_sees_no_other_site() {
    let folder = tempfile::tempdir().unwrap();
    let (hub, mut tills) = chain(folder.path(), 1);
    tills[0].sells(1);
    tills[0].close();
    let till = identity(&tills[0].dir);
    let (key, station) = (&till.key, till.station());
    let nothing = json!({"heads": [], "staged": [], "cut": []});

    let honest = Request::signed(key, station, PULL, &nothing, 1);
    let (status, answer) = honest.send(&hub);
    assert_eq!(status, "200", "{answer}");
    honest.check(&hub, "401", "HUB-AUT-005");

    let other_key = SigningKey::from_seed(&[3; 32]);
    Request::signed(&other_key, station, PULL, &nothing, 2).check(&hub, "401", "HUB-AUT-003");
    Request::signed(key, StationId([3; 16]), PULL, &nothing, 3).check(&hub, "401", "HUB-AUT-002");
    let elsewhere = Request { path: "/api/v1/holes", ..Request::signed(key, station, PULL, &nothing, 4) };
    elsewhere.check(&hub, "401", "HUB-AUT-003");
    let spoilt =
        Request { body: nothing.to_string() + " ", ..Request::signed(key, station, PULL, &nothing, 5) };
    spoilt.check(&hub, "401", "HUB-AUT-003");

    // A key alone makes no station of another site: what the hub signed names the site.
    let mut certificate = serde_json::to_value(&till.certificate).unwrap();
    let text = certificate.to_string();
    assert!(text.contains("HT01"), "{text}");
    certificate = serde_json::from_str(&text.replace("HT01", "HT02")).unwrap();
    let introduced =
        Request { path: "/api/v1/introduce", body: certificate.to_string(), header: String::new() };
    introduced.check(&hub, "403", "HUB-ENR-005");

    // Asking for another site's rows gives none of them.
    let asks = json!({"heads": [], "staged": [{"scope": "site:HT02", "version": 0}], "cut": []});
    let (_, answer) = Request::signed(key, station, PULL, &asks, 6).send(&hub);
    assert!(!answer.to_string().contains("HT02"), "{answer}");
}
