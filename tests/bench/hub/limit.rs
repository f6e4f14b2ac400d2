//! What ingest stands beside: the work that no hub can leave out, and a hub as one would write it first.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use suanpan_journal::Records;
use suanpan_sync::Push;

use super::stations::Station;

/// Pushes of one commit, as many as the hub's own groups hold at most.
const GROUP: usize = 128;
/// How long the plain hub is watched.
const NAIVE: Duration = Duration::from_secs(2);

/// Sales a second.
pub(crate) struct Limits {
    /// Each batch decompressed, hashed, its signature checked, and committed as it came, on one thread.
    pub(crate) bare_per_s: f64,
    /// Each sale a row of its own, each push a durable commit.
    pub(crate) naive_per_s: f64,
}

pub(crate) fn measure(stations: &[Station], bodies: &[Vec<Vec<u8>>]) -> Limits {
    let dir = tempfile::tempdir().expect("a folder");
    let bare = database(&dir.path().join("bare.db"), "create table batch (body blob not null)");
    let all: Vec<(&Station, &Vec<u8>)> = stations
        .iter()
        .zip(bodies)
        .flat_map(|(station, bodies)| bodies.iter().map(move |body| (station, body)))
        .collect();
    let mut sales = 0;
    let start = Instant::now();
    for group in all.chunks(GROUP) {
        let transaction = bare.unchecked_transaction().expect("a transaction");
        for (station, body) in group {
            let push = Push::decode(body).expect("a push");
            sales += push.check(station.id, &station.key.public()).expect("a sound push").hashes.len();
            bare.prepare_cached("insert into batch values (?1)")
                .expect("sql")
                .execute([body])
                .expect("a row");
        }
        transaction.commit().expect("a commit");
    }
    let bare_per_s = sales as f64 / start.elapsed().as_secs_f64();
    let naive = database(
        &dir.path().join("naive.db"),
        "create table sale (station blob, segment blob, seq integer, payload blob, primary key (station, segment, seq))",
    );
    let (mut sales, start) = (0, Instant::now());
    for (station, body) in all.iter().take_while(|_| start.elapsed() < NAIVE) {
        let push = Push::decode(body).expect("a push");
        let checked = push.check(station.id, &station.key.public()).expect("a sound push");
        for record in Records::new(&checked.records) {
            let record = record.expect("a record");
            let sql = "insert into sale values (?1, ?2, ?3, ?4)";
            let row = params![station.id.0, checked.segment.0, record.header.seq, record.payload];
            // Each in a transaction of its own.
            naive.prepare_cached(sql).expect("sql").execute(row).expect("a row");
            sales += 1;
        }
    }
    Limits { bare_per_s, naive_per_s: f64::from(sales) / start.elapsed().as_secs_f64() }
}

fn database(path: &Path, table: &str) -> Connection {
    let conn = Connection::open(path).expect("a database");
    conn.pragma_update(None, "journal_mode", "wal").expect("a log");
    conn.pragma_update(None, "synchronous", "full").expect("durable");
    conn.execute_batch(table).expect("a table");
    conn
}

/// Flushes that the disk of a folder has done, as the system counts them.
pub(crate) struct Syncs {
    stat: Option<std::path::PathBuf>,
    before: Option<u64>,
}

impl Syncs {
    pub(crate) fn now(folder: &Path) -> Syncs {
        use std::os::unix::fs::MetadataExt;
        let device = std::fs::metadata(folder).ok().map(|it| it.dev());
        let stat = device.map(|dev| {
            let (major, minor) = ((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00));
            format!("/sys/dev/block/{major}:{minor}/stat").into()
        });
        let before = stat.as_deref().and_then(flushes);
        Syncs { stat, before }
    }

    /// Told only where the system counts them.
    pub(crate) fn since(&self) -> Told {
        let now = self.stat.as_deref().and_then(flushes);
        Told(now.zip(self.before).map(|(now, before)| now.saturating_sub(before)))
    }
}

/// The sixteenth figure of a block device's `stat`.
fn flushes(stat: &Path) -> Option<u64> {
    std::fs::read_to_string(stat).ok()?.split_whitespace().nth(15)?.parse().ok()
}

pub(crate) struct Told(Option<u64>);

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |flushes| write!(out, ", {flushes} flushes of the disk before the last ack"))
    }
}
