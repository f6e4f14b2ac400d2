//! `docs/wire.md` and `docs/feeds.md` show what travels: their samples are made here, and a hub answers as they say.
//! `SUANPAN_WRITE_SAMPLES=1` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::support::{TestHub, Till, sale};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use suanpan_domain::catalogue::{
    Item, ItemBarcode, LabelCheck, LabelField, LabelFieldKind, LabelLayout, PushDictionary, QuickKey,
    QuickTab, Role, SiteSettings, SoldBy, Staff, Table, TaxCode, Tender,
};
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_journal::{
    Certificate, CertificateId, Enrolment, Hash, SegmentId, Signature, SigningKey, StationId,
};
use suanpan_sync::{
    Ack, Challenge, ChunkRef, EnrolReply, EnrolRequest, FeedChange, FeedEntry, FeedHead, Hole, KnownHead,
    Lacking, LostFeed, LostReport, LostTail, PullReply, PullRequest, PushReply, Recorded, RefundReply,
    RefundRequest, Scope, ScopeVersion, SnapshotManifest, feed_genesis, follow_feed,
};

const STATION: StationId = StationId([7; 16]);
const SEGMENT: SegmentId = SegmentId([4; 16]);
const NOW_MS: i64 = 1_795_233_600_000;

fn station() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn hub() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

/// A sample's name in its document, and what it is.
type Sample = (&'static str, Value);

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn certificate() -> Certificate {
    let enrolment = Enrolment {
        id: CertificateId([3; 16]),
        station: STATION,
        site: "HT01".parse().unwrap(),
        till: 2,
        public_key: station().public(),
        issued_at_ms: NOW_MS,
    };
    Certificate::issue(enrolment, &hub())
}

fn enrolment() -> Vec<Sample> {
    let reply = EnrolReply { certificate: certificate(), hub_key: hub().public() };
    vec![
        ("enrol", json_of(EnrolRequest::sign(&station(), STATION, "7K4Q-M2XD-90TB"))),
        ("enrolled", json_of(reply)),
        ("introduce", json_of(certificate())),
        ("introduced", json!({"introduced": true})),
    ]
}

fn up() -> Vec<Sample> {
    let (seq, hash) = (812, Hash([8; 32]));
    let head = KnownHead { seq, hash };
    let hole = Hole::declare(&station(), STATION, SEGMENT, (310, 312), hash).unwrap();
    vec![
        (
            "ack",
            json_of(PushReply::Ack {
                ack: Ack::sign(
                    &hub(),
                    STATION,
                    (NOW_MS.unsigned_abs(), 77),
                    (SEGMENT, seq, hash),
                    262_144,
                    0,
                ),
                lost_tail: Some(LostTail { segment: SegmentId([5; 16]), from_seq: 41, to_seq: 63 }),
                re_enrol: true,
                lacking: vec![Lacking { segment: SEGMENT, from_seq: 310, to_seq: 312 }],
            }),
        ),
        ("have", json_of(PushReply::Have { head, cut_at: Some(820) })),
        ("gap", json_of(PushReply::Gap { have: vec![head] })),
        ("busy", json_of(PushReply::Busy { retry_after_ms: 2_000 })),
        ("hole", json_of(hole)),
        ("hole_recorded", json_of(PushReply::HoleRecorded { to_seq: 312 })),
    ]
}

fn price_entry(version: u64, change: FeedChange) -> FeedEntry {
    let (scope, table, key) = (Scope::Chain, Table::Price.name().to_owned(), "10101".to_owned());
    FeedEntry { scope, epoch: NOW_MS.unsigned_abs(), version, table, key, effective_at_ms: 0, change }
}

fn down() -> Vec<Sample> {
    let price = Price { fen: Fen(398), per: Per::Jin };
    let put = price_entry(1, FeedChange::Put { body: serde_json::to_string(&price).unwrap() });
    let entries = vec![put, price_entry(2, FeedChange::Delete)];
    let genesis = feed_genesis(&Scope::Chain);
    let hash = entries.iter().fold(genesis, |hash, entry| follow_feed(&hash, entry));
    let head = FeedHead::sign(&hub(), Scope::Chain, NOW_MS.unsigned_abs(), 2, hash);
    let staged = vec![ScopeVersion { scope: Scope::Chain, version: 1 }];
    let chunk = ChunkRef { hash: Hash([6; 32]), bytes: 18_220, entries: 1_204 };
    let manifest = SnapshotManifest::sign(&hub(), vec![head.clone()], vec![chunk]);
    let wake = format!("{NOW_MS}.2");
    let lost = LostFeed { head: head.clone(), prev_hash: genesis, entries: entries.clone() };
    vec![
        ("pull", json_of(PullRequest { heads: vec![head.clone()], cut: vec![head.clone()], staged })),
        ("changes", json_of(PullReply::Changes { cut: vec![head], entries, more: false, wake })),
        ("snapshot", json_of(PullReply::Snapshot { manifest })),
        ("wake", json!({"changed": true})),
        ("lost", json_of(LostReport { lost: vec![lost] })),
    ]
}

fn refunds_and_problems() -> Vec<Sample> {
    let payload = String::from_utf8(Entry::Sale(fixed_sale()).encode().unwrap()).unwrap();
    let documents = vec![Recorded { kind: 1, at_ms: NOW_MS, payload }];
    let reservation = Hash([9; 32]).to_string();
    let problem = json!({
        "type": "about:blank",
        "title": "The station's clock is wrong: sign the challenge.",
        "status": 401,
        "code": "HUB-AUT-004",
        "challenge": Challenge::issue(&hub(), STATION, NOW_MS),
    });
    vec![
        ("refund", json_of(RefundRequest { number: "HT01-1-20261121-0812-04".to_owned() })),
        ("reserved", json_of(RefundReply::Reserved { reservation: reservation.clone(), documents })),
        ("elsewhere", json_of(RefundReply::Elsewhere { till: 3, site: None })),
        ("unknown", json_of(RefundReply::Unknown { reservation: Some(reservation), documents: vec![] })),
        ("problem", problem),
    ]
}

fn fixed_sale() -> suanpan_domain::sale::Sale {
    suanpan_domain::sale::Sale { id: suanpan_domain::ids::Id([1; 16]), ..sale(812, 482, 386) }
}

fn bodies() -> Vec<Sample> {
    let mut all = people_and_money();
    all.extend(goods());
    all
}

fn people_and_money() -> Vec<Sample> {
    let tax = TaxCode { code: "EX".into(), name: "免税".into(), rate_bp: 0, exempt: true };
    let tender = Tender {
        code: "cash".into(),
        name: "现金".into(),
        name_en: "Cash".into(),
        order: 1,
        counts_in_drawer: true,
        opens_drawer: true,
        gives_change: true,
        rounds: true,
        needs_reference: false,
        refundable_to: true,
        invoiceable: true,
    };
    let settings: SiteSettings = serde_json::from_value(json!({
        "chain": "禾田生鲜", "site": "HT01", "name": "人民路店", "address": "人民路 1 号", "phone": "0571-0000000",
        "footer": "谢谢惠顾",
    }))
    .unwrap();
    let staff = Staff {
        code: "1101".into(),
        name: "周小满".into(),
        role: Role::Cashier,
        pin_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA".into(),
        card_sha256: Some("0".repeat(64)),
        typed_weight: true,
    };
    vec![
        ("tax", json_of(tax)),
        ("tender", json_of(tender)),
        ("settings", json_of(settings)),
        ("staff", json_of(staff)),
    ]
}

fn goods() -> Vec<Sample> {
    let item = Item {
        code: "10102".into(),
        name: "土豆".into(),
        aliases: vec!["马铃薯".into(), "洋芋".into()],
        category: "根茎".into(),
        sold_by: SoldBy::Piece,
        unit: "袋".into(),
        plu: Some("10102".into()),
        barcodes: vec![ItemBarcode { code: "6990000502014".into(), count: 1 }],
        tax: "EX".into(),
        tax_class: Some("1010101020000000000".into()),
        tare_g: 6,
        origin: Some("甘肃定西".into()),
        trade_mode: Some("自营".into()),
        external_id: Some("ERP-10102".into()),
        age_limit: 0,
        bag: true,
    };
    let key = QuickKey { item: "10102".into(), label: "土豆".into(), colour: "#b08d57".into() };
    let tab = QuickTab {
        id: "roots".into(),
        name: "根茎".into(),
        name_en: "Roots".into(),
        order: 1,
        keys: vec![key],
    };
    let field = |kind, digits| LabelField { kind, digits };
    let layout = LabelLayout {
        id: "amount18".into(),
        flags: vec!["20".into()],
        fields: vec![
            field(LabelFieldKind::Flag, 2),
            field(LabelFieldKind::Plu, 5),
            field(LabelFieldKind::Weight, 5),
            field(LabelFieldKind::Amount, 5),
            field(LabelFieldKind::Check, 1),
        ],
        check: LabelCheck::Gtin,
    };
    vec![
        ("item", json_of(item)),
        ("price", json_of(Price { fen: Fen(398), per: Per::Jin })),
        ("quick_tab", json_of(tab)),
        ("label_layout", json_of(layout)),
        ("dictionary", json_of(PushDictionary { zstd: "37a430ec0a0b".into() })),
    ]
}

fn messages() -> Vec<Sample> {
    [enrolment(), up(), down(), refunds_and_problems()].concat()
}

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Compares a document's samples with these, one block a sample in their order, or writes them.
fn holds(name: &str, samples: &[Sample]) {
    let path = document(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut parts = text.split("```json ");
    let mut now = parts.next().unwrap().to_owned();
    let mut blocks = vec![];
    for part in parts {
        let (block, rest) = part.split_once('\n').unwrap();
        let (_, after) = rest.split_once("```").unwrap();
        let (_, sample) = samples
            .iter()
            .find(|(name, _)| *name == block)
            .unwrap_or_else(|| panic!("{block}: no such sample"));
        write!(now, "```json {block}\n{}\n```{after}", serde_json::to_string_pretty(sample).unwrap())
            .unwrap();
        blocks.push(block);
    }
    let names: Vec<_> = samples.iter().map(|(name, _)| *name).collect();
    assert_eq!(blocks, names, "each sample has its block in {name}");
    if std::env::var_os("SUANPAN_WRITE_SAMPLES").is_some() {
        std::fs::write(&path, now).unwrap();
    } else {
        assert!(now == text, "{name} shows other samples than the code makes: ./dev bindings writes them");
    }
}

#[test]
fn messages_are_shown_as_they_travel() {
    holds("wire.md", &messages());
}

#[test]
fn feed_bodies_are_shown_as_they_travel_and_every_field_is_described() {
    holds("feeds.md", &bodies());
    let names: BTreeSet<_> = bodies().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, Table::ALL.iter().map(|table| table.name()).collect());
    let text = std::fs::read_to_string(document("feeds.md")).unwrap();
    for (name, body) in bodies() {
        let section = text.split("\n## ").find(|section| section.starts_with(&format!("`{name}`"))).unwrap();
        let prose = section.split("```json").next().unwrap();
        for field in body.as_object().unwrap().keys() {
            assert!(prose.contains(&format!("`{field}`")), "{name}: `{field}` is not described");
        }
    }
}

/// Every code between `first` and `last`, which differ in their number.
fn codes_of(cell: &str) -> Vec<String> {
    let ends: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    match (cell.contains('…'), ends.as_slice()) {
        (true, [.., first, last]) => {
            let (kind, from) = first.rsplit_once('-').unwrap();
            let to: u32 = last.rsplit_once('-').unwrap().1.parse().unwrap();
            let range = (from.parse().unwrap()..=to).map(|number: u32| format!("{kind}-{number:03}"));
            range.chain(ends.iter().map(|code| (*code).to_owned())).collect()
        }
        _ => ends.into_iter().map(str::to_owned).collect(),
    }
}

#[test]
fn every_refusal_has_its_status_and_code_in_the_table() {
    let text = std::fs::read_to_string(document("wire.md")).unwrap();
    let mut table = BTreeSet::new();
    for row in text.split("| --- |").last().unwrap().lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for status in cells[1].split(", ") {
            table.extend(codes_of(cells[2]).into_iter().map(|code| (status.to_owned(), code)));
        }
    }
    let read = |name: &str| {
        std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src").join(name)).unwrap()
    };
    // What the gate refuses has status and code on a line. Of what a use case refuses, the one is HTTP's and the other its own.
    let (problem, refusal) = (read("http/problem.rs"), read("refusal.rs"));
    let arms = |text: &str, of: &str| -> Vec<(String, String)> {
        let arms = text.lines().filter_map(|line| line.trim().split_once(" => "));
        arms.filter(|(name, _)| name.starts_with(of)).map(|(name, it)| (name.into(), it.into())).collect()
    };
    let status = |arm: &str| Some(arm.strip_prefix('(')?.split_once(", \"")?.0.to_owned());
    let quoted = |arm: &str| arm.split('"').nth(1).map(str::to_owned);
    let own =
        arms(&problem, "Problem::").into_iter().filter_map(|(_, arm)| Some((status(&arm)?, quoted(&arm)?)));
    let mut codes: Vec<(String, String)> = arms(&refusal, "Refusal::")
        .into_iter()
        .filter_map(|(name, arm)| Some((name, quoted(&arm)?)))
        .collect();
    let others = [
        ("Wire(WireError::Signature)", "SYN-WIR-008"),
        ("Store(StoreError::Panicked)", "HUB-STO-019"),
        ("Store(StoreError::TooMany(_))", "HUB-REQ-007"),
        ("Store(StoreError::DiskFull)", "HUB-STO-003"),
    ];
    codes.extend(others.map(|(name, code)| (format!("Refusal::{name}"), code.to_owned())));
    let of_use_cases = arms(&problem, "Refusal::").into_iter().filter_map(|(name, arm)| {
        let (_, code) = codes.iter().find(|(it, _)| *it == name)?;
        Some((status(&arm)?, code.clone()))
    });
    let made: BTreeSet<_> = own.chain(of_use_cases).collect();
    assert!(made.len() > 34, "the list of refusals was read: {made:?}");
    let missing: Vec<_> = made.difference(&table).collect();
    assert_eq!(missing, Vec::<&(String, String)>::new(), "docs/wire.md lacks these");
}

/// The names of a value's fields, with the path to each; of a list those of all its values.
fn shape(value: &Value, path: &str, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = format!("{path}.{name}");
                shape(value, &path, names);
                names.insert(path);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| shape(value, path, names)),
        _ => {}
    }
}

/// An answer has no field that its sample lacks, and all that the sample has but what is said to be left out.
fn is_like(name: &str, answer: &[u8], left_out: &[&str]) {
    let (mut here, mut there) = (BTreeSet::new(), BTreeSet::new());
    let samples = messages();
    let (_, sample) = samples.iter().find(|(sample, _)| *sample == name).unwrap();
    shape(sample, "", &mut there);
    shape(&serde_json::from_slice(answer).unwrap(), "", &mut here);
    there.retain(|path| !left_out.iter().any(|left| path.starts_with(left)));
    assert_eq!(here, there, "{name}");
}

#[tokio::test]
async fn a_hub_answers_as_is_written() {
    let hub = TestHub::start().await;
    let code = hub.hub().enrol_code(&"HT01".parse().unwrap(), 1).await.unwrap();
    let mut till = Till::new(201);
    let body = serde_json::to_vec(&EnrolRequest::sign(&till.key, till.station, &code)).unwrap();
    let answer = hub.http.post(hub.url("/api/v1/enrol")).body(body).send().await.unwrap();
    let enrolled = answer.bytes().await.unwrap();
    is_like("enrolled", &enrolled, &[]);
    let EnrolReply { certificate, .. } = serde_json::from_slice(&enrolled).unwrap();
    let body = serde_json::to_vec(&certificate).unwrap();
    let answer = hub.http.post(hub.url("/api/v1/introduce")).body(body).send().await.unwrap();
    is_like("introduced", &answer.bytes().await.unwrap(), &[]);

    till.sell(482, 386);
    let ask = async |till: &Till, method: Method, path: &str, body: Vec<u8>| {
        let (status, answer) = till.send(&hub, method, path, &body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&answer));
        answer
    };
    let answer = ask(&till, Method::POST, "/api/v1/push", till.push_of(0, 1, 1).encode()).await;
    is_like("ack", &answer, &[".lost_tail", ".re_enrol", ".lacking"]);
    till.sell(100, 80);
    let answer = ask(&till, Method::POST, "/api/v1/push", till.push_of(0, 1, 2).encode()).await;
    is_like("have", &answer, &[".cut_at"]);
    till.sell(100, 80);
    let answer = ask(&till, Method::POST, "/api/v1/push", till.push_of(0, 3, 3).encode()).await;
    is_like("gap", &answer, &[]);
    let (segment, hash) = (till.segments[0].id, till.segments[0].chains[2].hash);
    let hole = Hole::declare(&till.key, till.station, segment, (2, 2), hash).unwrap();
    let answer = ask(&till, Method::POST, "/api/v1/holes", serde_json::to_vec(&hole).unwrap()).await;
    is_like("hole_recorded", &answer, &[]);

    let pull = |heads| serde_json::to_vec(&json!({ "heads": heads })).unwrap();
    let answer = ask(&till, Method::POST, "/api/v1/pull", pull(json!([]))).await;
    is_like("changes", &answer, &[]);
    let forged = FeedHead {
        signature: Signature([0; 64]),
        ..FeedHead::sign(&station(), Scope::Chain, 1, 1, Hash([1; 32]))
    };
    let answer = ask(&till, Method::POST, "/api/v1/pull", pull(json!([forged]))).await;
    is_like("snapshot", &answer, &[]);
    is_like("wake", &ask(&till, Method::GET, "/api/v1/wake?seen=x", vec![]).await, &[]);

    let number = format!("HT01-1-20230616-0001-{}", &segment.to_string()[..2]);
    let body = serde_json::to_vec(&RefundRequest { number }).unwrap();
    hub.settled().await;
    is_like("reserved", &ask(&till, Method::POST, "/api/v1/refunds", body.clone()).await, &[]);
    let other = hub.till("HT01", 2).await;
    is_like("elsewhere", &ask(&other, Method::POST, "/api/v1/refunds", body).await, &[]);
    let body = serde_json::to_vec(&RefundRequest { number: "HT01-1-20230616-9999-a7".into() }).unwrap();
    is_like("unknown", &ask(&till, Method::POST, "/api/v1/refunds", body).await, &[]);

    till.skew_ms = -14 * 365 * 86_400_000;
    let (status, answer) = till.send(&hub, Method::GET, "/api/v1/snapshot", &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    is_like("problem", &answer, &[]);
}

#[tokio::test]
async fn what_is_written_of_spelling_fields_and_content_types_is_so() {
    let text = std::fs::read_to_string(document("wire.md")).unwrap();
    let written = |words: &str| assert!(text.contains(words), "docs/wire.md does not say: {words}");
    let hub = TestHub::start().await;

    written("dashes and spaces go, letters become upper case, O is 0, I and L are 1");
    let code = hub.hub().enrol_code(&"HT01".parse().unwrap(), 1).await.unwrap();
    let misread = |letter: char| match letter {
        '0' => 'o',
        '1' => 'l',
        '-' => ' ',
        other => other.to_ascii_lowercase(),
    };
    let mut till = Till::new(227);
    hub.enrol(&till, &code.chars().map(misread).collect::<String>()).await.unwrap();

    written("`heads` is required and empty at first; `cut` and `staged` may be left out");
    written("Unknown fields of a JSON object are ignored, by either side");
    for (body, status) in [
        (r#"{"heads":[]}"#, StatusCode::OK),
        (r#"{"heads":[],"colour":"red"}"#, StatusCode::OK),
        (r#"{"cut":[],"staged":[]}"#, StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(till.send(&hub, Method::POST, "/api/v1/pull", body.as_bytes()).await.0, status, "{body}");
    }

    written("The hub does not look at a request's `Content-Type`");
    written(
        "Answers are `application/json`, bytes (`entries`, `snapshot/HASH`) as `application/octet-stream`",
    );
    till.sell(482, 386);
    let ask = async |method: Method, path: &str, body: Vec<u8>| {
        let auth = till.signed(&method, path, &body, None).header();
        let request = hub.http.request(method, hub.url(path)).header("authorization", auth);
        let answer = request.header("content-type", "text/html").body(body).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind)
    };
    let entries = format!("/api/v1/entries?segment={}&from=1", till.segments[0].id);
    for (method, path, body, expected) in [
        (Method::POST, "/api/v1/push", till.push_of(0, 1, 1).encode(), (200, "application/json")),
        (Method::GET, entries.as_str(), vec![], (200, "application/octet-stream")),
        (Method::POST, "/api/v1/pull", b"?".to_vec(), (400, "application/problem+json")),
    ] {
        let (status, kind) = ask(method, path, body).await;
        assert_eq!((status, kind.as_str()), expected, "{path}");
    }

    // What else is written is shown by the samples, whose signatures docs/protocol-check.mjs reads, and at the gate.
    for words in [
        "Its tag names the station that the certificate is about",
        "manifest names sixteen zero bytes as station",
        "A seq is 1 to 2^40",
        "A connection is kept and used again",
    ] {
        written(words);
    }
}
