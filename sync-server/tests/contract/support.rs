//! A real hub on loopback, and a till that writes a real journal and speaks HTTP by hand.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Quantity};
use suanpan_domain::refund::{Disposition, Origin, Refund, RefundLine};
use suanpan_domain::sale::{Sale, SaleLine, Tendered};
use suanpan_domain::tax::Tax;
use suanpan_journal::{Chain, Parent, SegmentId, SigningKey, StationId, push_record};
use suanpan_sync::{
    Challenge, EnrolReply, EnrolRequest, Hole, Push, PushReply, RequestAuth, RequestFacts, Start,
};
use sync_server::access::{Role, User};
use sync_server::{Config, Hub, RunningHub};

use crate::postgresql::database_of;

pub const DATE: u32 = 20_230_616;
/// 2023-06-16 09:14 in China.
pub const MORNING_MS: i64 = 1_686_878_040_000;

static COUNTER: AtomicU64 = AtomicU64::new(1);
/// Seeds of the tills' keys: a byte is enough for those of one test program.
static TILLS: AtomicU8 = AtomicU8::new(1);

fn next() -> u64 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

/// A client at another address of this machine, which waits no longer than a test may.
pub fn client_at(address: &str) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client =
        reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(std::time::Duration::from_secs(60));
    client.local_address(address.parse::<std::net::IpAddr>().unwrap()).build().unwrap()
}

/// A hub of this folder on the database that the stories run on.
pub fn config(folder: impl AsRef<Path>) -> Config {
    let mut config = Config::embedded(folder.as_ref());
    config.database = database_of(folder.as_ref());
    config
}

pub struct TestHub {
    pub running: RunningHub,
    pub folder: tempfile::TempDir,
    pub http: reqwest::Client,
    pub api_key: String,
}

impl TestHub {
    pub async fn start() -> TestHub {
        let folder = tempfile::tempdir().unwrap();
        TestHub::start_as(config(folder.path()), folder).await
    }

    pub async fn start_as(config: Config, folder: tempfile::TempDir) -> TestHub {
        let hub = Hub::open(config).unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        hub.import(&sample).await.unwrap();
        let api_key = hub.api_key("tests").await.unwrap();
        TestHub { running: hub.serve().await.unwrap(), folder, http: client(), api_key }
    }

    /// A hub of an empty database and another's signing key: what is left after a fire.
    pub async fn start_with_key_of(other: &TestHub) -> TestHub {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(other.folder.path().join("hub.key"), folder.path().join("hub.key")).unwrap();
        let hub = Hub::open(config(folder.path())).unwrap();
        let api_key = hub.api_key("tests").await.unwrap();
        TestHub { running: hub.serve().await.unwrap(), folder, http: client(), api_key }
    }

    pub fn hub(&self) -> &Hub {
        self.running.hub()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    pub async fn till(&self, site: &str, number: u16) -> Till {
        let code = self.hub().enrol_code(&site.parse().unwrap(), number).await.unwrap();
        self.till_by(&code).await
    }

    /// The machine that replaces a till's.
    pub async fn replacement(&self, site: &str, number: u16) -> Till {
        let code = self.hub().replacement_code(&site.parse().unwrap(), number).await.unwrap();
        self.till_by(&code).await
    }

    async fn till_by(&self, code: &str) -> Till {
        let mut till = Till::new(TILLS.fetch_add(1, Ordering::Relaxed));
        let reply = self.enrol(&till, code).await.unwrap();
        reply.certificate.verify(&self.hub().public_key()).unwrap();
        till.hub_key = Some(reply.hub_key);
        till
    }

    pub async fn enrol(&self, till: &Till, code: &str) -> Result<EnrolReply, String> {
        let request = EnrolRequest::sign(&till.key, till.station, code);
        let body = serde_json::to_vec(&request).unwrap();
        let answer = self.http.post(self.url("/api/v1/enrol")).body(body).send().await.unwrap();
        match answer.status() {
            StatusCode::OK => Ok(answer.json().await.unwrap()),
            _ => Err(answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned()),
        }
    }

    /// A report with the API key.
    pub async fn report(&self, path: &str) -> Value {
        let answer = self.http.get(self.url(path)).bearer_auth(&self.api_key).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    /// Waits until the projector has nothing left.
    pub async fn settled(&self) {
        let mut rounds = 0;
        while self.hub().store().gauges().await.unwrap().pending > 0 {
            rounds += 1;
            assert!(rounds < 1_000_000, "the projector does not come to rest");
            tokio::task::yield_now().await;
        }
    }

    pub async fn day(&self) -> Value {
        self.settled().await;
        self.report("/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16").await["rows"].clone()
    }

    /// A session's cookie.
    pub async fn session(&self) -> String {
        let made = self
            .hub()
            .put_user(User::at_hq("wang", [Role::Operations, Role::It]), Some("correct horse".into()))
            .await
            .unwrap();
        assert_eq!(made, None);
        let body = r#"{"name":"wang","password":"correct horse"}"#;
        let answer = self.http.post(self.url("/api/v1/hq/session")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub async fn today(&self, cookie: &str) -> Value {
        self.settled().await;
        let url = self.url("/api/v1/hq/today?date=2023-06-16");
        let answer = self.http.get(url).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }
}

#[derive(Clone)]
pub struct Segment {
    pub id: SegmentId,
    pub parent: Parent,
    pub records: Vec<Vec<u8>>,
    pub chains: Vec<Chain>,
}

/// A till with a journal in memory.
#[derive(Clone)]
pub struct Till {
    pub station: StationId,
    pub key: SigningKey,
    pub hub_key: Option<suanpan_journal::VerifyingKey>,
    pub segments: Vec<Segment>,
    pub skew_ms: i64,
    pub numbers: u32,
    /// Business date of what it writes.
    pub date: u32,
}

impl Till {
    pub fn new(seed: u8) -> Till {
        let key = SigningKey::from_seed(&[seed; 32]);
        let station = StationId([seed; 16]);
        let (segments, skew_ms, numbers, date) = (Vec::new(), 0, 0, DATE);
        let mut till = Till { station, key, hub_key: None, segments, skew_ms, numbers, date };
        till.open(Parent::ROOT);
        till
    }

    /// Starts the app: a segment on top of an entry.
    pub fn open(&mut self, parent: Parent) {
        let mut id = [0xa7; 16];
        id[8..].copy_from_slice(&next().to_be_bytes());
        let id = SegmentId(id);
        let chains = vec![Chain::open(self.station, id, &parent)];
        self.segments.push(Segment { id, parent, records: Vec::new(), chains });
    }

    pub fn current(&mut self) -> &mut Segment {
        self.segments.last_mut().unwrap()
    }

    pub fn write(&mut self, at_ms: i64, kind: u16, payload: &[u8]) {
        let date = self.date;
        let segment = self.current();
        let mut chain = *segment.chains.last().unwrap();
        let header = chain.append(at_ms, date, kind, payload).unwrap();
        let mut record = Vec::new();
        push_record(&mut record, &header, payload);
        segment.records.push(record);
        segment.chains.push(chain);
    }

    pub fn entry(&mut self, entry: &Entry) {
        self.write(MORNING_MS, entry.kind(), &entry.encode().unwrap());
    }

    /// Sells one weighed line for cash.
    pub fn sell(&mut self, grams: i64, fen: i64) -> Sale {
        self.numbers += 1;
        let sale = sale(self.numbers, grams, fen);
        self.entry(&Entry::Sale(sale.clone()));
        sale
    }

    pub fn push_of(&self, segment: usize, from: usize, to: usize) -> Push {
        let segment = &self.segments[segment];
        let start = match from {
            1 => Start::Opening(segment.parent),
            _ => Start::After { seq: from as u64 - 1, hash: segment.chains[from - 1].hash },
        };
        let run = segment.records[from - 1..to].concat();
        Push::seal(&self.key, self.station, segment.id, start, &run).unwrap()
    }

    /// Pushes a range of the newest segment.
    pub async fn push(&self, hub: &TestHub, from: usize, to: usize) -> PushReply {
        let push = self.push_of(self.segments.len() - 1, from, to);
        self.send_push(hub, &push).await.unwrap()
    }

    pub async fn push_all(&self, hub: &TestHub) -> PushReply {
        self.push(hub, 1, self.segments.last().unwrap().records.len()).await
    }

    /// Declares a range of its first segment lost.
    pub async fn declare(&self, hub: &TestHub, (from, to): (u64, u64)) {
        let (segment, to_hash) = (self.segments[0].id, self.segments[0].chains[to as usize].hash);
        let hole = Hole::declare(&self.key, self.station, segment, (from, to), to_hash).unwrap();
        let body = serde_json::to_vec(&hole).unwrap();
        let (status, reply) = self.send(hub, Method::POST, "/api/v1/holes", &body).await;
        assert_eq!(status, StatusCode::OK);
        let reply: PushReply = serde_json::from_slice(&reply).unwrap();
        assert_eq!(reply, PushReply::HoleRecorded { to_seq: to });
    }

    pub async fn send_push(&self, hub: &TestHub, push: &Push) -> Result<PushReply, String> {
        let (status, body) = self.send(hub, Method::POST, "/api/v1/push", &push.encode()).await;
        match status {
            StatusCode::OK => Ok(serde_json::from_slice(&body).unwrap()),
            _ => Err(code(&body)),
        }
    }

    pub fn auth(
        &self,
        hub: &TestHub,
        method: &Method,
        path: &str,
        body: &[u8],
        challenge: Option<Challenge>,
    ) -> RequestAuth {
        let _ = hub;
        self.signed(method, path, body, challenge)
    }

    pub fn signed(
        &self,
        method: &Method,
        path: &str,
        body: &[u8],
        challenge: Option<Challenge>,
    ) -> RequestAuth {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&next().to_be_bytes());
        let facts = RequestFacts { method: method.as_str(), path, body };
        RequestAuth::sign(&self.key, self.station, &facts, now_ms() + self.skew_ms, nonce, challenge)
    }

    pub async fn send(
        &self,
        hub: &TestHub,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> (StatusCode, Vec<u8>) {
        let auth = self.auth(hub, &method, path, body, None);
        send(hub, method, path, body, &auth).await
    }
}

pub async fn send(
    hub: &TestHub,
    method: Method,
    path: &str,
    body: &[u8],
    auth: &RequestAuth,
) -> (StatusCode, Vec<u8>) {
    let request = hub.http.request(method, hub.url(path)).header("authorization", auth.header());
    let answer = request.body(body.to_vec()).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap().to_vec())
}

pub fn code(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body).unwrap()["code"].as_str().unwrap().to_owned()
}

/// The hub's clock is the machine's; a till in a test has no other way to be on time.
#[expect(clippy::disallowed_methods, reason = "signs requests to a hub that runs on this clock")]
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

pub fn id() -> Id {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&next().to_be_bytes());
    Id::mint(MORNING_MS, random)
}

pub const SHIFT: Id = Id([9; 16]);

pub fn sale(number: u32, grams: i64, fen: i64) -> Sale {
    let line = SaleLine {
        item: "10101".into(),
        name: "菠菜".into(),
        unit: String::new(),
        quantity: Quantity::G(Grams(grams)),
        price: Price { fen: Fen(400), per: Per::Jin },
        list_price: None,
        gross: Fen(fen),
        paid: Fen(fen),
        net: Fen(fen),
        tax_fen: Fen(0),
        tax: Tax { code: "EX".into(), rate_bp: 0 },
        rounding: Fen(0),
        source: None,
        tare_g: 0,
        scanned: None,
        approver: None,
    };
    Sale {
        id: id(),
        number,
        shift: SHIFT,
        cashier: "1101".into(),
        cut: "chain:1".into(),
        lines: vec![line],
        discount: Fen(0),
        rounding: Fen(0),
        due: Fen(fen),
        tenders: vec![cash(fen)],
        change: Fen(0),
        approver: None,
    }
}

pub fn cash(fen: i64) -> Tendered {
    Tendered { tender: "cash".into(), amount: Fen(fen), given: None, reference: None }
}

pub fn refund(number: u32, cites: &str, grams: i64, fen: i64) -> Refund {
    let line = RefundLine {
        line: None,
        item: "10101".into(),
        name: "菠菜".into(),
        unit: String::new(),
        quantity: Quantity::G(Grams(grams)),
        gross: Fen(fen),
        amount: Fen(fen),
        net: Fen(fen),
        tax_fen: Fen(0),
        tax: Tax { code: "EX".into(), rate_bp: 0 },
        rounding: Fen(0),
        disposition: Disposition::Restock,
    };
    Refund {
        id: id(),
        number,
        shift: SHIFT,
        cashier: "1101".into(),
        approver: Some("1801".into()),
        origin: Origin::Cited { number: cites.into(), reservation: None },
        lines: vec![line],
        total: Fen(fen),
        tenders: vec![cash(fen)],
    }
}

/// Problems of a kind on the page of today.
pub fn problems<'a>(today: &'a Value, kind: &str) -> Vec<&'a Value> {
    today["problems"].as_array().unwrap().iter().filter(|problem| problem["kind"] == kind).collect()
}

pub type Row = BTreeMap<String, Value>;
