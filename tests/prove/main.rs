//! A day is proven from the journal's bytes; whatever somebody changed afterwards, in the hub's sums, in what it published
//! or in a byte of what it keeps, is named.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use suanpan_cli::prove::{self, Disagreement, Outcome, ProveFailure, Side};
use suanpan_cli::replay;
use suanpan_sync::{Container, Push};
use sync_server::access::Reach;
use sync_server::store::{ReportFilter, Site, Standing};
use sync_server::{Config, Hub, RunningHub};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SITE: &str = "TH01";
const DATE: u32 = 20_230_616;
/// Lines sold on each of two days.
const LINES: i64 = 240;

/// Looks at the hub until every store-day is judged.
const LOOKS_MAX: u32 = 100_000;

/// A till's two days at a hub, both with their folders.
struct Days {
    hub: RunningHub,
    runtime: Runtime,
    folder: TempDir,
    key_file: PathBuf,
}

impl Days {
    fn new() -> Days {
        let (days, code) = Days::begin();
        let session = days.open(&code);
        session.sell(|_, _| ()).unwrap();
        session.finish().unwrap();
        days.judged();
        days
    }

    /// A hub, and a code for its till.
    fn begin() -> (Days, String) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (hub, key, code) = runtime.block_on(async {
            let hub = Hub::open(Config::embedded(folder.path().join("hub"))).unwrap();
            let site = SITE.parse().unwrap();
            let name = "天河店".to_owned();
            hub.store()
                .put_site(Site { site, zone: None, name, utc_offset_min: 480, day_starts_min: 240 })
                .await
                .unwrap();
            let code = hub.enrol_code(&SITE.parse().unwrap(), 1).await.unwrap();
            let key = hub.journal_key("proof").await.unwrap();
            (hub.serve().await.unwrap(), key, code)
        });
        let key_file = folder.path().join("key");
        std::fs::write(&key_file, format!("{key}\n")).unwrap();
        (Days { hub, runtime, folder, key_file }, code)
    }

    /// Enrols a till that has two days to sell.
    fn open(&self, code: &str) -> replay::Session {
        let (items, sales) = (self.folder.path().join("items.csv"), self.folder.path().join("sales.csv"));
        std::fs::write(
            &items,
            "item_code,name,category_code,category,loss_percent\n1001,上海青,01,花叶类,4.39\n",
        )
        .unwrap();
        let mut text = String::from("date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted\n");
        for day in [16, 17] {
            for line in 0..LINES {
                let (at, kind) = (9 * 60 + line, if line % 11 == 5 { "return" } else { "sale" });
                let (hour, minute, grams) = (at / 60, at % 60, 100 + line);
                text +=
                    &format!("2023-06-{day},{hour:02}:{minute:02}:00.000,1001,0.{grams},4.00,{kind},no\n");
            }
        }
        std::fs::write(&sales, text).unwrap();
        let args = replay::Args {
            items,
            sales,
            data_dir: self.till(),
            hub: self.hub.url().to_owned(),
            enrol_code: Some(code.to_owned()),
            rate: None,
            json: true,
        };
        replay::Session::open(&args).unwrap()
    }

    fn judged(&self) {
        let site = SITE.parse().unwrap();
        let filter = ReportFilter { reach: Reach::of(vec![site]), till: None, from: DATE, to: DATE };
        let store = self.hub.hub().store();
        for _ in 0..LOOKS_MAX {
            let asked = store.store_days(filter.clone(), 1, i64::MAX - 1);
            let (days, waiting) = self.runtime.block_on(asked).unwrap();
            if waiting == 0 && days.iter().all(|day| day.version == 1) {
                return;
            }
        }
        panic!("the store-days are never closed");
    }

    fn till(&self) -> PathBuf {
        self.folder.path().join("till")
    }

    /// Changes the hub's database behind its back.
    fn sql(&self) -> Connection {
        Connection::open(self.folder.path().join("hub/hub.db")).unwrap()
    }

    fn try_prove(&self, data_dir: Option<PathBuf>, key_file: &Path) -> Result<Outcome, ProveFailure> {
        prove::prove(&prove::Args {
            hub: self.hub.url().to_owned(),
            site: SITE.parse().unwrap(),
            date: DATE,
            data_dir,
            api_key_file: Some(key_file.to_owned()),
            json: true,
        })
    }

    fn prove(&self, with_ledger: bool) -> Outcome {
        self.try_prove(with_ledger.then(|| self.till()), &self.key_file).unwrap()
    }

    /// What disagrees after a change, which both ways of proving say.
    fn disagreement(&self) -> Disagreement {
        let (plain, with_ledger) = (self.prove(false), self.prove(true));
        assert!(!plain.agree && !with_ledger.agree);
        assert_eq!(plain.first, with_ledger.first);
        plain.first.unwrap()
    }

    /// The batch that holds most of the date: its row, its push and its first seq.
    fn batch(&self) -> (i64, Push, u64) {
        let found = self.sql().query_row(
            "select id, body, from_seq from batch order by to_seq - from_seq desc limit 1",
            [],
            |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?)),
        );
        let (row, body, from) = found.unwrap();
        (row, Push::decode(&body).unwrap(), from.unsigned_abs())
    }

    fn keep(&self, row: i64, body: &[u8]) {
        let kept = self.sql().execute("update batch set body = ?1 where id = ?2", (body, row));
        assert_eq!(kept.unwrap(), 1);
    }
}

#[test]
fn a_day_that_nobody_touched_agrees_from_the_bytes_to_the_report() {
    let days = Days::new();
    for with_ledger in [false, true] {
        let outcome = days.prove(with_ledger);
        assert_eq!((outcome.agree, &outcome.first), (true, &None));
        assert_eq!((outcome.version, outcome.closed.len()), (1, 1));
        assert!(outcome.figures["sales"] > 100 && outcome.figures["refunds"] > 10);
    }
}

#[test]
fn what_a_revoked_station_delivers_is_in_no_figure_and_agrees_before_and_after_it_is_accepted() {
    let (days, code) = Days::begin();
    let (session, store) = (days.open(&code), days.hub.hub().store());
    let station = days.runtime.block_on(store.listed_stations()).unwrap()[0].station;
    let by = || "test".to_owned();
    days.runtime.block_on(store.set_standing(station, Standing::Revoked, 0, by())).unwrap();
    session.sell(|_, _| ()).unwrap();
    session.wait_for_acks().unwrap();
    assert!(days.runtime.block_on(store.listed_stations()).unwrap()[0].held > 0);
    // The till's own folder and close have what the hub's figures do not.
    drop(session);
    for with_ledger in [false, true] {
        let outcome = days.prove(with_ledger);
        assert!(outcome.agree && !outcome.figures.contains_key("sales"), "{:?}", outcome.first);
        assert!(outcome.held > 100 && outcome.closed.len() == 1, "{outcome:?}");
    }
    days.runtime.block_on(store.accept_held(station, 0, by())).unwrap();
    days.judged();
    for with_ledger in [false, true] {
        let outcome = days.prove(with_ledger);
        assert!(outcome.agree && outcome.figures["sales"] > 100 && outcome.held == 0, "{outcome:?}");
    }
}

#[test]
fn a_sum_of_the_hub_that_was_changed_is_named_with_both_figures() {
    let days = Days::new();
    let change = "update total set fen = fen + 1 where dimension = 6 and business_date = 20230616";
    assert_eq!(days.sql().execute(change, []).unwrap(), 1);
    let first = days.disagreement();
    assert_eq!((first.side, first.till), (Side::Hub, Some(1)));
    assert_eq!(first.field.as_deref(), Some("tender:cash fen"));
    assert_eq!(first.other.unwrap() - first.journal.unwrap(), 1);
}

#[test]
fn published_figures_that_were_changed_are_named() {
    let days = Days::new();
    let change = "update store_day_version set figures = replace(figures, '\"refunds\":', '\"refunds\":1')
                  where business_date = 20230616";
    assert_eq!(days.sql().execute(change, []).unwrap(), 1);
    let first = days.disagreement();
    assert_eq!((first.side, first.field.as_deref()), (Side::Report, Some("refunds")));
}

#[test]
fn a_changed_byte_of_a_stored_batch_is_named_by_segment_and_entries() {
    let days = Days::new();
    let (row, push, from) = days.batch();
    let mut body = push.encode();
    *body.last_mut().unwrap() ^= 1;
    days.keep(row, &body);
    let first = days.prove(false).first.unwrap();
    assert_eq!((first.side, first.till), (Side::Journal, Some(1)));
    assert_eq!(first.segment, Some(push.segment.to_string()));
    let last = from + u64::from(push.count) - 1;
    assert_eq!(first.seqs, Some((from, last)), "{first}");
}

#[test]
fn a_changed_byte_that_still_reads_is_named_to_the_entry_by_the_stations_own_ledger() {
    let days = Days::new();
    let (row, push, from) = days.batch();
    let mut records = push.container.unpack().unwrap().into_owned();
    // The third entry's last byte but one: two headers and payloads come before it.
    let mut at = 0;
    for _ in 0..3 {
        let length: [u8; 4] = records[at + 22..at + 26].try_into().unwrap();
        at += 26 + u32::from_be_bytes(length) as usize;
    }
    records[at - 2] ^= 1;
    days.keep(row, &Push { container: Container::pack(&records), ..push.clone() }.encode());
    let plain = days.prove(false).first.unwrap();
    assert_eq!(plain.seqs, Some((from, from + u64::from(push.count) - 1)), "{plain}");
    let exact = days.prove(true).first.unwrap();
    assert_eq!((exact.side, exact.seqs), (Side::Journal, Some((from + 2, from + 2))), "{exact}");
}

#[test]
fn a_batch_that_was_taken_away_is_missed() {
    let days = Days::new();
    let (row, push, from) = days.batch();
    assert_eq!(days.sql().execute("delete from batch where id = ?1", [row]).unwrap(), 1);
    assert!(!days.prove(false).agree);
    // What follows it shows the gap; if nothing does, the till's ledger.
    let first = days.prove(true).first.unwrap();
    let last = from + u64::from(push.count) - 1;
    assert!(first.seqs == Some((from, last)) || first.side == Side::Till, "{first}");
}

#[test]
fn a_key_for_reports_reads_no_journal_and_nothing_is_proven_without_a_key() {
    let days = Days::new();
    let other = days.folder.path().join("other");
    let key = days.runtime.block_on(days.hub.hub().api_key("reports")).unwrap();
    std::fs::write(&other, key).unwrap();
    let refused = days.try_prove(None, &other).unwrap_err();
    assert_eq!(refused.to_string(), "the hub refuses: 403 HUB-AUT-009");
    std::fs::write(&other, "sp_guessed").unwrap();
    let refused = days.try_prove(None, &other).unwrap_err();
    assert_eq!(refused.to_string(), "the hub refuses: 401 HUB-AUT-006");
    assert!(matches!(days.try_prove(None, &days.folder.path().join("none")), Err(ProveFailure::File { .. })));
}
