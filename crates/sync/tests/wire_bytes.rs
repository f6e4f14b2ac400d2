//! The messages' bytes: they come back, they are small, and garbage is refused.

mod support;

use proptest::prelude::*;
use suanpan_journal::{Chain, Hash, Parent, SigningKey, StationId, push_record};
use suanpan_sync::*;
use support::*;

/// A sale of three weighed lines as a till writes it, different in what differs between sales.
fn sale(n: u64) -> String {
    let grams = 200 + n * 37 % 900;
    let fen = grams * 499 / 500;
    format!(
        r#"{{"id":"{:016x}{:016x}","no":"S01-1-20230616-{n:04}-a7","shift":3,"by":"1001","lines":[{{"item":"10{:02}","name":"上海青","g":{grams},"fen":499,"per":500,"amt":{fen}}},{{"item":"2044","name":"西红柿","g":{},"fen":598,"per":500,"amt":{}}},{{"item":"6901234567892","name":"大米","pcs":1,"fen":2990,"amt":2990}}],"tenders":[{{"k":"cash","fen":{}}}],"cut":[812,77]}}"#,
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        n.wrapping_mul(0xc2b2_ae3d_27d4_eb4f),
        n % 80,
        grams + 55,
        fen + 100,
        fen + fen + 3090,
    )
}

fn day() -> Written {
    let sales: Vec<String> = (0..200).map(sale).collect();
    let sales: Vec<&str> = sales.iter().map(String::as_str).collect();
    Written::new(segment(1), Parent::ROOT, &sales)
}

#[test]
fn a_push_costs_its_signature_its_place_and_its_compressed_records() {
    let day = day();
    let single = day.push(101, 101);
    let body = single.encode().len();
    assert_eq!(body - single.container.bytes.len(), 117, "head of a push that goes on");
    let hundred = day.push(1, 100).encode().len();
    assert!(hundred / 100 <= 70, "{hundred} bytes for 100 sales");
}

#[test]
fn a_push_comes_back_from_its_bytes_in_every_form() {
    let day = day();
    let ack = Ack::sign(&hub_key(), STATION, (3, 12), (segment(1), 9, Hash([4; 32])), 4096, 250);
    let hung =
        Written { parent: Parent { segment: segment(8), seq: 60, hash: Hash([8; 32]) }, ..day.clone() };
    for mut push in [day.push(1, 1), day.push(1, 100), day.push(50, 200), hung.push(1, 2)] {
        for shown in [None, Some(ack.clone())] {
            push.shown = shown;
            let read = Push::decode(&push.encode()).unwrap();
            assert_eq!(read, push);
            let checked = read.check(STATION, &station_key().public()).unwrap();
            assert_eq!(checked.hashes.len(), push.count as usize);
        }
    }
}

#[test]
fn another_station_key_segment_count_or_start_does_not_verify() {
    let push = day().push(5, 7);
    let key = station_key().public();
    let check = |push: &Push, station: StationId| push.check(station, &key).map(|_| ());
    assert_eq!(check(&push, STATION), Ok(()));
    assert_eq!(check(&push, StationId([6; 16])), Err(WireError::Signature));
    let other = SigningKey::from_seed(&[9; 32]).public();
    assert_eq!(push.check(STATION, &other).map(|_| ()), Err(WireError::Signature));
    let moved = Push { segment: segment(2), ..push.clone() };
    assert_eq!(check(&moved, STATION), Err(WireError::Signature));
    let fewer = Push { count: 2, ..push.clone() };
    assert_eq!(check(&fewer, STATION), Err(WireError::Count { expected: 2, found: 3 }));
    let start = Start::After { seq: 4, hash: Hash([1; 32]) };
    assert_eq!(check(&Push { start, ..push }, STATION), Err(WireError::Signature));
}

#[test]
fn a_push_of_a_newer_version_or_codec_is_named_as_that() {
    let mut body = day().push(5, 7).encode();
    let codec = body.len() - day().push(5, 7).container.bytes.len() - 1;
    body[codec] = 3;
    assert_eq!(Push::decode(&body), Err(WireError::Codec { found: 3 }));
    body[0] = 2;
    assert_eq!(Push::decode(&body), Err(WireError::Proto { found: 2 }));
}

#[test]
fn a_push_that_holds_too_much_is_refused_before_its_records_are_chained() {
    let mut push = day().push(5, 7);
    push.count = limits::ENTRIES_MAX + 1;
    assert!(matches!(Push::decode(&push.encode()), Err(WireError::TooLong { what: "run", .. })));
    let body = vec![1; limits::PUSH_BODY_MAX + 1];
    assert!(matches!(Push::decode(&body), Err(WireError::TooLong { what: "push", .. })));
    let empty = Push { count: 0, ..push };
    assert_eq!(Push::decode(&empty.encode()), Err(WireError::Malformed { what: "range" }));
}

#[test]
fn an_entry_of_the_longest_payload_travels_alone() {
    let mut chain = Chain::open(STATION, segment(1), &Parent::ROOT);
    let payload: Vec<u8> = (0..suanpan_journal::PAYLOAD_LEN_MAX).map(|n| (n * 7919 % 251) as u8).collect();
    let header = chain.append(0, 20230616, 1, &payload).unwrap();
    let mut run = Vec::new();
    push_record(&mut run, &header, &payload);
    let push = Push::seal(&station_key(), STATION, segment(1), Start::Opening(Parent::ROOT), &run).unwrap();
    let read = Push::decode(&push.encode()).unwrap();
    assert_eq!(read.check(STATION, &station_key().public()).unwrap().records, run);
}

#[test]
fn fetched_entries_are_the_pushes_as_they_came() {
    let day = day();
    let bodies = [day.push(1, 80).encode(), day.push(81, 200).encode()];
    let bytes = encode_entries(bodies.iter().map(Vec::as_slice));
    let pushes = decode_entries(&bytes).unwrap().pushes;
    assert_eq!(pushes, vec![day.push(1, 80), day.push(81, 200)]);
    for end in [1, 60, bytes.len() - 1] {
        assert!(decode_entries(&bytes[..end]).is_err());
    }
}

fn entry(version: u64, change: FeedChange) -> FeedEntry {
    let (table, key) = ("price".to_owned(), "1001".to_owned());
    FeedEntry { scope: Scope::Chain, epoch: 1, version, table, key, effective_at_ms: 0, change }
}

#[test]
fn every_field_of_a_feed_entry_moves_its_chain() {
    let base = entry(1, FeedChange::Put { body: "{}".into() });
    let start = feed_genesis(&Scope::Chain);
    let changed = [
        FeedEntry { epoch: 2, ..base.clone() },
        FeedEntry { version: 2, ..base.clone() },
        FeedEntry { table: "pric".into(), key: "e1001".into(), ..base.clone() },
        FeedEntry { effective_at_ms: 1, ..base.clone() },
        entry(1, FeedChange::Delete),
        entry(1, FeedChange::Put { body: "{ }".into() }),
    ];
    let hash = follow_feed(&start, &base);
    for other in &changed {
        assert_ne!(follow_feed(&start, other), hash, "{other:?}");
    }
    assert_ne!(feed_genesis(&Scope::Site("S01".parse().unwrap())), start);
}

#[test]
fn a_snapshot_chunk_is_named_by_its_bytes() {
    let entries: Vec<_> =
        (1..=300).map(|n| entry(n, FeedChange::Put { body: format!("{{\"fen\":{n}}}") })).collect();
    let (named, bytes) = encode_chunk(&entries).unwrap();
    assert_eq!(encode_chunk(&entries).unwrap().0, named, "the same entries give the same chunk");
    assert_eq!(decode_chunk(&named, &bytes).unwrap(), entries);
    let mut flipped = bytes.clone();
    flipped[40] ^= 1;
    assert_eq!(decode_chunk(&named, &flipped), Err(WireError::Malformed { what: "chunk" }));
}

#[test]
fn a_manifest_is_signed_with_its_cut_and_chunks() {
    let hub = hub_key();
    let cut = vec![FeedHead::sign(&hub, Scope::Chain, 1, 300, Hash([5; 32]))];
    let chunk = ChunkRef { hash: Hash([1; 32]), bytes: 10, entries: 1 };
    let manifest = SnapshotManifest::sign(&hub, cut, vec![chunk.clone()]);
    assert_eq!(manifest.check(&hub.public()), Ok(()));
    let mut more = manifest.clone();
    more.chunks.push(chunk);
    assert_eq!(more.check(&hub.public()), Err(WireError::Signature));
    let mut newer = manifest;
    newer.cut[0].version = 301;
    assert_eq!(newer.check(&hub.public()), Err(WireError::Signature));
}

#[test]
fn a_scope_has_one_spelling() {
    for text in ["chain", "zone:south", "site:S01"] {
        assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
    }
    for text in ["", "Chain", "chain:", "site:", "site:a b", "till:1"] {
        assert_eq!(text.parse::<Scope>(), Err(ScopeError), "{text}");
    }
}

#[test]
fn a_one_time_code_is_read_as_people_type_it() {
    assert_eq!(normal_code("ab1o-9xIL "), "AB109X11");
    let request = EnrolRequest::sign(&station_key(), STATION, "AB10-9X11");
    assert_eq!(request.check(), Ok(()));
    let stolen = EnrolRequest { public_key: hub_key().public(), ..request };
    assert_eq!(stolen.check(), Err(WireError::Signature));
}

#[test]
fn a_hole_is_signed_and_never_empty() {
    let key = station_key();
    let hole = Hole::declare(&key, STATION, segment(1), (3, 5), Hash([1; 32])).unwrap();
    assert_eq!(hole.check(STATION, &key.public()), Ok(()));
    assert_eq!(Hole { to_seq: 6, ..hole.clone() }.check(STATION, &key.public()), Err(WireError::Signature));
    for range in [(0, 1), (5, 4)] {
        assert!(Hole::declare(&key, STATION, segment(1), range, Hash::ZERO).is_err());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_push_in_its_only_spelling_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(push) = Push::decode(&bytes) {
            prop_assert_eq!(push.encode(), bytes);
        }
    }

    #[test]
    fn a_push_with_any_byte_changed_never_checks_as_another(at: prop::sample::Index, flip in 1u8..) {
        let mut body = day().push(3, 9).encode();
        let index = at.index(body.len());
        body[index] ^= flip;
        if let Ok(push) = Push::decode(&body) && let Ok(checked) = push.check(STATION, &station_key().public()) {
            // Only the packing is outside the signature.
            let original = day().push(3, 9).check(STATION, &station_key().public()).unwrap();
            prop_assert_eq!(checked, original);
        }
    }

    #[test]
    fn any_reply_text_is_read_or_refused(text in ".{0,200}") {
        let _ = serde_json::from_str::<PushReply>(&text);
        let _ = serde_json::from_str::<PullReply>(&text);
        let _ = RequestAuth::parse(&text);
        let _ = decode_entries(text.as_bytes());
    }
}
