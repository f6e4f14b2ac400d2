//! The bytes of version 1 against samples that another implementation computed.

use serde_json::{Value, json};
use suanpan_journal::{
    Certificate, Chain, Hash, Message, Parent, Records, SegmentId, SigningKey, StationId, Tag, push_record,
    segment_hash,
};

fn sample(name: &str) -> Value {
    let path = format!("{}/../../tests/golden/v1/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("golden file")).expect("golden json")
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hex text")).expect("hex")
}

fn seed(value: &Value) -> [u8; 32] {
    bytes(value).try_into().expect("32 bytes")
}

fn id<T: std::str::FromStr>(value: &Value) -> T {
    value.as_str().and_then(|text| text.parse().ok()).expect("an id")
}

#[test]
fn a_segment_written_today_has_the_bytes_and_hashes_of_version_1() {
    let golden = sample("segment");
    let (station, segment): (StationId, SegmentId) = (id(&golden["station"]), id(&golden["segment"]));
    let parent: Parent = serde_json::from_value(golden["parent"].clone()).expect("parent");
    let mut chain = Chain::open(station, segment, &parent);
    assert_eq!(json!(chain.hash), golden["segment_hash"]);
    assert_eq!(json!(segment_hash(station, segment, &Parent::ROOT)), golden["root_segment_hash"]);

    let mut run = Vec::new();
    for entry in golden["entries"].as_array().expect("entries") {
        let payload = bytes(&entry["payload"]);
        let header = chain
            .append(
                entry["at_ms"].as_i64().expect("at_ms"),
                u32::try_from(entry["business_date"].as_u64().expect("date")).expect("date"),
                u16::try_from(entry["kind"].as_u64().expect("kind")).expect("kind"),
                &payload,
            )
            .expect("append");
        assert_eq!(json!(header.seq), entry["seq"]);
        assert_eq!(json!(hex::encode(header.encode())), entry["header"]);
        assert_eq!(json!(chain.hash), entry["hash"]);
        push_record(&mut run, &header, &payload);
    }
    assert_eq!(json!(hex::encode(run)), golden["run"]);
}

#[test]
fn a_run_of_version_1_is_read_and_verified() {
    let golden = sample("segment");
    let parent: Parent = serde_json::from_value(golden["parent"].clone()).expect("parent");
    let opening = Chain::open(id(&golden["station"]), id(&golden["segment"]), &parent);
    let run = bytes(&golden["run"]);
    let entries = golden["entries"].as_array().expect("entries");

    let mut chain = opening;
    for (record, entry) in Records::new(&run).zip(entries) {
        let record = record.expect("record");
        assert_eq!(json!(record.header.at_ms), entry["at_ms"]);
        assert_eq!(json!(record.header.business_date), entry["business_date"]);
        assert_eq!(json!(record.header.kind), entry["kind"]);
        assert_eq!(record.payload, bytes(&entry["payload"]));
        chain.verify(&record, &id::<Hash>(&entry["hash"])).expect("verify");
    }
    let mut whole = opening;
    assert_eq!(whole.verify_run(&run, &chain.hash), Ok(3));
    assert_eq!(whole, chain);
}

#[test]
fn a_message_and_its_signature_have_the_bytes_of_version_1() {
    const SAMPLE: Tag = Tag::new("suanpan/sample/v1");
    let (golden, segment) = (sample("signature"), sample("segment"));
    let other: SegmentId = id(&json!("303132333435363738393a3b3c3d3e3f"));
    let message = Message::new(SAMPLE, id(&segment["station"]))
        .u8(1)
        .u16(2)
        .u32(3)
        .u64(4)
        .i64(-5)
        .id(&other.0)
        .segment(id(&segment["segment"]))
        .hash(&id(&segment["entries"][2]["hash"]))
        .text("土豆");
    assert_eq!(json!(hex::encode(message.as_bytes())), golden["message"]);

    let key = SigningKey::from_seed(&seed(&golden["seed"]));
    assert_eq!(json!(key.public()), golden["public_key"]);
    assert_eq!(json!(key.sign(&message)), golden["signature"]);
    key.public().verify(&message, &id(&golden["signature"])).expect("signature");
}

#[test]
fn a_certificate_has_the_bytes_of_version_1() {
    let golden = sample("certificate");
    let hub = SigningKey::from_seed(&seed(&golden["hub_seed"]));
    let certificate: Certificate =
        serde_json::from_value(golden["certificate"].clone()).expect("certificate");
    assert_eq!(json!(hub.public()), golden["hub_public_key"]);
    assert_eq!(json!(hex::encode(certificate.enrolment.message().as_bytes())), golden["message"]);
    certificate.verify(&hub.public()).expect("signature");
    assert_eq!(Certificate::issue(certificate.enrolment.clone(), &hub), certificate);
    assert_eq!(serde_json::to_value(&certificate).expect("json"), golden["certificate"]);
}
