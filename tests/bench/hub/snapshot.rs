//! A new till of a chain with a million items.

use std::time::Instant;

use rusqlite::{Connection, params};
use suanpan_sync::limits::CHUNK_ENTRIES;
use suanpan_sync::{ChunkRef, FeedChange, Scope, decode_chunk};

use super::Rig;
use super::relay::Relay;
use super::shop::{Counter, publish_items};
use crate::report::Bench;

/// Bytes of the answer in the middle of which the line is cut.
const CUT_AFTER: usize = 20_000;

/// So many items, each with its price: two rows.
pub(crate) fn measure(items: u32) -> Vec<Bench> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rig = runtime.block_on(Rig::of_the_sample_chain());
    let code = runtime.block_on(rig.enrol_code());
    let start = Instant::now();
    runtime.block_on(publish_items(&rig.running, items));
    eprintln!("  {items} items published in {:.1} s", start.elapsed().as_secs_f64());
    let middle = items as usize / CHUNK_ENTRIES;
    let relay = runtime.block_on(Relay::start(rig.running.url(), middle, CUT_AFTER));
    let folder = tempfile::tempdir().expect("a folder");
    let start = Instant::now();
    let counter = Counter::open(folder.path(), relay.url(), &code);
    counter.until_price(items - 1, 500);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(counter.price(0), Some(500));
    drop(counter);
    let chunks = runtime.block_on(chunks(&rig));
    let sent: usize = chunks.iter().map(|(_, bytes)| bytes.len()).sum();
    let (first, last) = relay.times();
    eprintln!(
        "  made by the hub in {:.1} s, fetched in {:.1} s, the rest {:.1} s",
        (first - start).as_secs_f64(),
        (last - first).as_secs_f64(),
        seconds - (last - start).as_secs_f64(),
    );
    let (fetched, is_cut) = relay.fetched();
    assert!(is_cut, "the line was cut");
    eprintln!(
        "  {} chunks of {} MB: the line was cut in the middle, {} bytes were fetched twice; live after {seconds:.2} s",
        chunks.len(),
        sent >> 20,
        fetched.saturating_sub(sent),
    );
    let bare_s = bare(&chunks);
    eprintln!("  beside it: check, unpack and insert the same chunks {bare_s:.2} s");
    vec![Bench::beside("snapshot_1m_s", seconds, "s", 20.0, seconds / bare_s, "the bare loop")]
}

type Chunk = (ChunkRef, Vec<u8>);

/// The snapshot of the chain as the hub keeps it.
async fn chunks(rig: &Rig) -> Vec<Chunk> {
    let store = rig.running.hub().store();
    let snapshot = store.snapshot(Scope::Chain, 0).await.expect("a snapshot");
    let mut chunks = vec![];
    for named in snapshot.chunks {
        let bytes = store.chunk(named.hash, vec![Scope::Chain]).await.expect("a read").expect("a chunk");
        chunks.push((named, bytes));
    }
    chunks
}

/// One thread, one table, one flush at the end.
fn bare(chunks: &[Chunk]) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bare.db");
    let conn = Connection::open(&file).expect("a database");
    for (pragma, value) in [("journal_mode", "off"), ("synchronous", "off"), ("locking_mode", "exclusive")] {
        conn.pragma_update(None, pragma, value).expect(pragma);
    }
    let table = "create table row (kind text, key text, body text, primary key (kind, key)) without rowid";
    conn.execute_batch(table).expect("a table");
    let start = Instant::now();
    for (named, bytes) in chunks {
        let transaction = conn.unchecked_transaction().expect("a transaction");
        for entry in decode_chunk(named, bytes).expect("a sound chunk") {
            let FeedChange::Put { body } = &entry.change else { continue };
            let mut insert =
                conn.prepare_cached("insert or replace into row values (?1, ?2, ?3)").expect("sql");
            insert.execute(params![entry.table, entry.key, body]).expect("a row");
        }
        transaction.commit().expect("a commit");
    }
    std::fs::File::open(&file).expect("the file").sync_all().expect("a flush");
    start.elapsed().as_secs_f64()
}
