//! The replica: what holds now, for whom, and what the till does when the file is gone.

mod common;

use common::*;
use serde_json::json;
use suanpan_domain::money::Fen;
use suanpan_journal::{Hash, SegmentId};
use suanpan_ledger::{Catalogue, Cursor, CutHead, FeedRow, KeptFeed, Lock, QueryError, Refusal, SyncState};

const NOW: i64 = AT;
const DAY: i64 = 86_400_000;

fn head(scope: &str, version: u64) -> CutHead {
    CutHead { scope: scope.into(), version, hash: Hash([version as u8; 32]), signed: b"signed".to_vec() }
}

fn row(scope: &str, version: u64, table: &str, key: &str, at_ms: i64, body: serde_json::Value) -> FeedRow {
    let body = (!body.is_null()).then(|| body.to_string());
    FeedRow {
        scope: scope.into(),
        version,
        table: table.into(),
        key: key.into(),
        effective_at_ms: at_ms,
        body,
    }
}

fn item(scope: &str, version: u64, code: &str, barcodes: &[(&str, u16)]) -> FeedRow {
    let barcodes: Vec<_> =
        barcodes.iter().map(|(code, count)| json!({"code": code, "count": count})).collect();
    let body = json!({"code": code, "name": format!("菜{code}"), "sold_by": "piece", "tax": "EX",
                      "plu": format!("9{code}"), "barcodes": barcodes});
    row(scope, version, "item", code, 0, body)
}

fn price(scope: &str, version: u64, code: &str, at_ms: i64, fen: i64) -> FeedRow {
    row(scope, version, "price", code, at_ms, json!({"fen": fen, "per": "pc"}))
}

fn open(till: &Till) -> Catalogue {
    let lock = Lock::acquire(till.path()).expect("lock");
    let opened = Catalogue::open(&lock).expect("open");
    assert!(opened.damage.is_none(), "{:?}", opened.damage);
    opened.catalogue
}

fn fen(catalogue: &Catalogue, code: &str, now_ms: i64) -> Option<i64> {
    catalogue.price(code, now_ms).expect("price").map(|price| price.fen.0)
}

#[test]
fn the_narrower_scope_wins_and_gives_way_when_it_is_deleted() {
    let till = Till::new();
    let mut catalogue = open(&till);
    let rows = [
        price("chain", 1, "1001", 0, 500),
        price("zone:NORTH", 1, "1001", 0, 450),
        price("site:TH01", 1, "1001", 0, 400),
        price("chain", 2, "1002", 0, 700),
    ];
    let cut = [head("chain", 2), head("zone:NORTH", 1), head("site:TH01", 1)];
    catalogue.apply(&cut, &rows, NOW).expect("apply");
    assert_eq!((fen(&catalogue, "1001", NOW), fen(&catalogue, "1002", NOW)), (Some(400), Some(700)));
    assert_eq!(catalogue.cut().expect("cut"), "chain:2,site:TH01:1,zone:NORTH:1");
    let gone = |scope: &str, version| row(scope, version, "price", "1001", 0, serde_json::Value::Null);
    catalogue.apply(&[head("site:TH01", 2)], &[gone("site:TH01", 2)], NOW).expect("apply");
    assert_eq!(fen(&catalogue, "1001", NOW), Some(450));
    catalogue.apply(&[head("zone:NORTH", 2)], &[gone("zone:NORTH", 2)], NOW).expect("apply");
    assert_eq!(fen(&catalogue, "1001", NOW), Some(500));
    catalogue.apply(&[head("chain", 3)], &[gone("chain", 3)], NOW).expect("apply");
    assert_eq!(fen(&catalogue, "1001", NOW), None);
}

#[test]
fn an_announced_price_switches_by_the_clock_and_survives_a_correction_before_it() {
    let till = Till::new();
    let mut catalogue = open(&till);
    let rows = [price("chain", 1, "1001", 0, 500), price("chain", 2, "1001", NOW + DAY, 399)];
    catalogue.apply(&[head("chain", 2)], &rows, NOW).expect("apply");
    assert_eq!(catalogue.next_change_ms(NOW).expect("next"), Some(NOW + DAY));
    catalogue.apply(&[head("chain", 3)], &[price("chain", 3, "1001", 0, 520)], NOW).expect("apply");
    assert_eq!(fen(&catalogue, "1001", NOW), Some(520));
    assert_eq!(fen(&catalogue, "1001", NOW + DAY - 1), Some(520));
    assert_eq!(fen(&catalogue, "1001", NOW + DAY), Some(399));
    let later = NOW + 3 * DAY;
    catalogue.apply(&[head("chain", 4)], &[price("chain", 4, "1001", 0, 410)], later).expect("apply");
    assert_eq!(fen(&catalogue, "1001", later), Some(410));
}

#[test]
fn a_cut_in_pages_prices_nothing_before_it_is_whole() {
    let till = Till::new();
    let mut catalogue = open(&till);
    catalogue.apply(&[head("chain", 1)], &[price("chain", 1, "1001", 0, 500)], NOW).expect("apply");
    catalogue.stage(&[price("chain", 2, "1001", 0, 600)]).expect("stage");
    drop(catalogue);
    let mut catalogue = open(&till);
    assert_eq!(catalogue.staged().expect("staged"), [("chain".to_owned(), 2)]);
    assert_eq!(fen(&catalogue, "1001", NOW), Some(500));
    catalogue.stage(&[price("chain", 3, "1001", 0, 610)]).expect("stage");
    catalogue.apply_staged(&[head("chain", 3)], NOW).expect("apply");
    assert_eq!(fen(&catalogue, "1001", NOW), Some(610));
    assert_eq!(catalogue.heads().expect("heads"), [head("chain", 3)]);
    assert!(catalogue.staged().expect("staged").is_empty());
    assert_eq!(catalogue.applied_at_ms().expect("age"), Some(NOW));
}

#[test]
fn a_barcode_may_find_several_items_and_a_case() {
    let till = Till::new();
    let mut catalogue = open(&till);
    let rows = [
        item("chain", 1, "1001", &[("6901", 1), ("16901", 24)]),
        item("chain", 2, "1002", &[("6901", 1)]),
        price("chain", 3, "1001", 0, 350),
    ];
    catalogue.apply(&[head("chain", 3)], &rows, NOW).expect("apply");
    let codes = |code: &str| -> Vec<(String, u16, Option<Fen>)> {
        let found = catalogue.by_barcode(code, NOW).expect("lookup");
        found
            .into_iter()
            .map(|found| (found.item.code, found.count, found.price.map(|price| price.fen)))
            .collect()
    };
    assert_eq!(codes("6901"), [("1001".into(), 1, Some(Fen(350))), ("1002".into(), 1, None)]);
    assert_eq!(codes("16901"), [("1001".into(), 24, Some(Fen(350)))]);
    assert!(codes("0").is_empty());
    assert_eq!(catalogue.by_plu("91002", NOW).expect("plu")[0].item.code, "1002");
    catalogue.apply(&[head("chain", 4)], &[item("chain", 4, "1002", &[])], NOW).expect("apply");
    assert_eq!(catalogue.by_barcode("6901", NOW).expect("lookup").len(), 1, "the code was taken away");
    let (items, _) = catalogue.items_after("", 10, NOW).expect("items");
    assert_eq!(items.into_iter().map(|item| item.name).collect::<Vec<_>>(), ["菜1001", "菜1002"]);
}

#[test]
fn a_row_of_a_later_version_is_kept_and_left_out() {
    let till = Till::new();
    let mut catalogue = open(&till);
    let rows = [
        row("chain", 1, "tax", "EX", 0, json!({"code": "EX", "name": "免税", "rate_bp": 0, "exempt": true})),
        row("chain", 2, "tax", "ODD", 0, json!({"code": 7})),
        row("chain", 3, "hologram", "x", 0, json!({})),
    ];
    catalogue.apply(&[head("chain", 3)], &rows, NOW).expect("apply");
    assert_eq!(catalogue.taxes(NOW).expect("taxes").len(), 1);
    assert_eq!(catalogue.tax("ODD", NOW).expect("tax"), None);
}

#[test]
fn a_snapshot_replaces_the_whole_set() {
    let till = Till::new();
    let mut catalogue = open(&till);
    catalogue.apply(&[head("chain", 1)], &[price("chain", 1, "1001", 0, 500)], NOW).expect("apply");
    let mut snapshot = catalogue.begin_snapshot().expect("snapshot");
    snapshot.add(vec![price("chain", 7, "1002", 0, 900)]).expect("add");
    assert_eq!(fen(&catalogue, "1001", NOW), Some(500), "nothing changes before it is whole");
    catalogue.replace(snapshot, &[head("chain", 9)], NOW).expect("replace");
    assert_eq!((fen(&catalogue, "1001", NOW), fen(&catalogue, "1002", NOW)), (None, Some(900)));
    drop(catalogue);
    assert_eq!(fen(&open(&till), "1002", NOW), Some(900));
    assert!(till.file("catalogue-2.db").exists() && !till.file("catalogue.db").exists());
}

#[test]
fn a_changed_bit_never_becomes_a_price_and_a_broken_file_is_kept() {
    let till = Till::new();
    let mut catalogue = open(&till);
    catalogue.apply(&[head("chain", 1)], &[price("chain", 1, "1001", 0, 500)], NOW).expect("apply");
    drop(catalogue);
    let log = till.file("catalogue.db-wal");
    let conn = rusqlite::Connection::open(till.file("catalogue.db")).expect("open");
    conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).expect("checkpoint");
    drop(conn);
    assert!(!log.exists());
    let mut bytes = std::fs::read(till.file("catalogue.db")).expect("read");
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(br#"fen":500"#)).collect();
    places.iter().for_each(|at| bytes[at + 5] ^= 1);
    std::fs::write(till.file("catalogue.db"), &bytes).expect("write");
    assert!(matches!(open(&till).price("1001", NOW), Err(QueryError::Shape)));

    for broken in [Some(&bytes[..700]), Some(&b"not a database at all"[..]), None] {
        match broken {
            Some(bytes) => std::fs::write(till.file("catalogue.db"), bytes).expect("write"),
            None => std::fs::remove_file(till.file("catalogue.db")).expect("delete"),
        }
        std::fs::write(till.file("catalogue.current"), "catalogue.db").expect("pointer");
        let lock = Lock::acquire(till.path()).expect("lock");
        let opened = Catalogue::open(&lock).expect("open");
        assert!(opened.damage.is_some() && opened.catalogue.heads().expect("heads").is_empty());
        assert_eq!(opened.kept, broken.map(|_| till.file("catalogue.db")));
    }
}

#[test]
fn what_the_driver_remembers_comes_back_and_may_be_lost() {
    let till = Till::new();
    let lock = Lock::acquire(till.path()).expect("lock");
    let segment = SegmentId([7; 16]);
    let cursor = Cursor { segment, acked_seq: 12, epoch: 3, ack: Some(b"ack".to_vec()) };
    let refusal = Refusal { segment, from_seq: 13, code: "HUB-PSH-002".into(), at_ms: NOW };
    let kept = KeptFeed { scope: "chain".into(), version: 4, at_ms: NOW, entry: b"{}".to_vec() };
    let mut state = SyncState::open(&lock).expect("open");
    state.save_cursor(&cursor).expect("save");
    state.save_cursor(&Cursor { acked_seq: 14, ack: None, ..cursor.clone() }).expect("save");
    state.refuse(&refusal).expect("refuse");
    state.keep_feed(std::slice::from_ref(&kept), NOW - 30 * DAY).expect("keep");
    state.set_value("wake", b"token").expect("set");
    drop(state);
    let mut state = SyncState::open(&lock).expect("open");
    assert_eq!(state.cursors().expect("cursors"), [Cursor { acked_seq: 14, ..cursor }]);
    assert_eq!(state.refusals().expect("refusals"), [refusal]);
    assert_eq!(state.kept_feed("chain", 3, 10).expect("kept"), [kept]);
    assert_eq!(state.value("wake").expect("value").as_deref(), Some(&b"token"[..]));
    state.accepted(segment).expect("accepted");
    state.keep_feed(&[], NOW + 1).expect("forget");
    assert!(
        state.refusals().expect("refusals").is_empty()
            && state.kept_feed("chain", 0, 10).expect("kept").is_empty()
    );
    drop(state);
    std::fs::write(till.file("sync.db"), b"rubbish").expect("break");
    assert!(SyncState::open(&lock).expect("open").cursors().expect("cursors").is_empty());
}
