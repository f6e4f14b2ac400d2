//! The bytes between station and hub, as version 1 sends them: kept for ever, and accepted for ever.
//!
//! `SUANPAN_WRITE_GOLDEN=1` wrote the file once; a change that needs it again strands every till in the field.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use suanpan_journal::Parent;
use suanpan_sync::{Ack, Codec, Container, Dictionary, Hole, Push, RequestAuth, RequestFacts};
use support::{STATION, Written, hub_key, segment, station_key};

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1/sync.json")
}

/// What today's code makes. Payloads too short to compress keep the compressor's version out of the bytes.
fn today() -> BTreeMap<&'static str, String> {
    let parent = Parent { segment: segment(3), seq: 41, hash: suanpan_journal::Hash([9; 32]) };
    let written = Written::new(segment(4), parent, &[r#"{"v":1}"#, r#"{"v":1,"a":2}"#, r#"{"v":1,"b":3}"#]);
    let ack =
        Ack::sign(&hub_key(), STATION, (2, 77), (segment(4), 3, written.hash_at(3).unwrap()), 262_144, 0);
    let hole =
        Hole::declare(&station_key(), STATION, segment(4), (2, 3), written.hash_at(3).unwrap()).unwrap();
    let facts = RequestFacts { method: "POST", path: "/api/v1/push", body: b"body" };
    let auth = RequestAuth::sign(&station_key(), STATION, &facts, 1_700_000_000_000, [5; 16], None);
    BTreeMap::from([
        ("push_opening", hex::encode(raw(&written, 1, 2).encode())),
        ("push_continuing", hex::encode(raw(&written, 3, 3).encode())),
        ("ack", serde_json::to_string(&ack).unwrap()),
        ("hole", serde_json::to_string(&hole).unwrap()),
        ("authorization", auth.header()),
    ])
}

/// A till's push by a dictionary. What a compressor makes changes with its version; what it made once is read for ever.
#[test]
fn a_push_by_a_dictionary_is_read_as_it_always_was() {
    let file = file().with_file_name("dictionary.json");
    let sale =
        r#"{"v":1,"no":7,"by":"1101","lines":[{"i":"10101","n":"菠菜","q":{"g":482},"a":386}],"due":386}"#;
    let written = Written::new(segment(4), Parent::ROOT, &[sale]);
    let push = written.push(1, 1);
    let records = push.container.unpack().unwrap().into_owned();
    if std::env::var_os("SUANPAN_WRITE_GOLDEN").is_some() {
        let common =
            r#"{"v":1,"no":1,"by":"1101","lines":[{"i":"10101","n":"菠菜","q":{"g":100},"a":80}],"due":80}"#;
        let dictionary = Dictionary::new(common.as_bytes().to_vec()).unwrap();
        let packed = push.packed_by(&dictionary).unwrap();
        assert_eq!(packed.container.codec, Codec::Dictionary);
        let made =
            BTreeMap::from([("dictionary", dictionary.to_hex()), ("push", hex::encode(packed.encode()))]);
        std::fs::write(&file, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let kept: BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let dictionary = Dictionary::from_hex(&kept["dictionary"]).unwrap();
    let read =
        Push::decode(&hex::decode(&kept["push"]).unwrap()).unwrap().packed_without(&dictionary).unwrap();
    assert_eq!(read.check(STATION, &station_key().public()).unwrap().records, records);
}

fn raw(written: &Written, from: u64, to: u64) -> Push {
    let mut push = written.push(from, to);
    let records = push.container.unpack().unwrap().into_owned();
    push.container = Container { codec: Codec::Raw, bytes: records };
    push
}

#[test]
fn messages_of_version_1_are_made_and_read_as_they_always_were() {
    if std::env::var_os("SUANPAN_WRITE_GOLDEN").is_some() {
        std::fs::write(file(), serde_json::to_string_pretty(&today()).unwrap() + "\n").unwrap();
    }
    let kept: BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
    for (name, made) in today() {
        assert_eq!(kept[name], made, "{name}");
    }
    for (name, count) in [("push_opening", 2), ("push_continuing", 1)] {
        let push = Push::decode(&hex::decode(&kept[name]).unwrap()).unwrap();
        let checked = push.check(STATION, &station_key().public()).unwrap();
        assert_eq!(checked.hashes.len(), count, "{name}");
    }
    let ack: Ack = serde_json::from_str(&kept["ack"]).unwrap();
    ack.verify(&hub_key().public(), STATION).unwrap();
    let hole: Hole = serde_json::from_str(&kept["hole"]).unwrap();
    hole.check(STATION, &station_key().public()).unwrap();
}
