//! The bytes of the feed, as version 1 makes them: kept for ever.

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use suanpan_sync::{
    FeedChange, FeedEntry, FeedHead, Scope, SnapshotManifest, encode_chunk, feed_genesis, follow_feed,
};
use support::{STATION, hub_key, station_key};

fn entry(version: u64, key: &str, effective_at_ms: i64, body: Option<&str>) -> FeedEntry {
    let change = match body {
        Some(body) => FeedChange::Put { body: body.to_owned() },
        None => FeedChange::Delete,
    };
    let (scope, table) = (Scope::Site("HT01".parse().unwrap()), "price".to_owned());
    FeedEntry { scope, epoch: 2, version, table, key: key.to_owned(), effective_at_ms, change }
}

/// A feed of three entries, its signed head, and a snapshot of it. The chunk's bytes are the compressor's, so only its
/// name travels in what is signed.
fn today() -> Value {
    let entries = [
        entry(1, "10001", 0, Some(r#"{"fen":400,"per":"500g"}"#)),
        entry(2, "菠菜", 1_700_000_000_000, Some(r#"{"fen":380,"per":"500g","n":"菠菜"}"#)),
        entry(3, "10001", -1, None),
    ];
    let scope = entries[0].scope.clone();
    let mut hash = feed_genesis(&scope);
    let mut hashes = vec![hash];
    for entry in &entries {
        hash = follow_feed(&hash, entry);
        hashes.push(hash);
    }
    let head = FeedHead::sign(&hub_key(), scope, 2, 3, hash);
    let (mut chunk, _) = encode_chunk(&entries).unwrap();
    (chunk.hash, chunk.bytes) = (hash, 170);
    let manifest = SnapshotManifest::sign(&hub_key(), vec![head.clone()], vec![chunk]);
    json!({
        "station": STATION,
        "station_public_key": station_key().public(),
        "hub_public_key": hub_key().public(),
        "entries": entries,
        "hashes": hashes,
        "head": head,
        "manifest": manifest,
    })
}

#[test]
fn the_feed_of_version_1_is_chained_and_signed_as_it_always_was() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1/feed.json");
    if std::env::var_os("SUANPAN_WRITE_GOLDEN").is_some() {
        std::fs::write(&file, serde_json::to_string_pretty(&today()).unwrap() + "\n").unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(kept, today());
    let head: FeedHead = serde_json::from_value(kept["head"].clone()).unwrap();
    head.verify(&hub_key().public()).unwrap();
    let manifest: SnapshotManifest = serde_json::from_value(kept["manifest"].clone()).unwrap();
    manifest.check(&hub_key().public()).unwrap();
}
