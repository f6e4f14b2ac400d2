//! A read model that a release has changed, filled from what is stored while tills sell and reports are read.

use std::path::Path;
use std::time::{Duration, Instant};

use super::stations::Station;
use super::today::{BATCH, DAYS, STATIONS, sell};
use super::{Rig, trickle};
use crate::report::{Bench, percentile};

/// What the stores sell at their busiest, three times over.
const OFFERED_PER_S: u32 = 300;
/// How long tills are watched, each time.
const WATCH_S: u32 = 10;

/// The totals, of which each sale makes several, over so many sales.
pub(crate) fn measure(sales: u32) -> Vec<Bench> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut stations: Vec<Station> = (0..STATIONS).map(Station::new).collect();
    let (sold, filled_s, alone, beside, reads) = runtime.block_on(async {
        let rig = Rig::start(&stations, None).await;
        sell(&rig, &mut stations, (sales / DAYS / u32::from(STATIONS) / BATCH).max(1)).await;
        let alone = trickle::offered(&rig, &mut stations, OFFERED_PER_S, WATCH_S).await;
        while rig.pending().await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let sold = rig.running.hub().store().gauges().await.expect("gauges").gseq;
        let before = rig.reported().await;
        let rig = rig.started_again(|file| {
            file.execute("update model set version = 0 where name = 'total'", []).expect("an older one");
        });
        let (rig, begun) = (rig.await, Instant::now());
        let filled = async {
            let mut reads = vec![];
            while !is_filled(rig.folder.path()) {
                let read = Instant::now();
                rig.reported().await;
                reads.push(read.elapsed().as_secs_f64() * 1e3);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (begun.elapsed().as_secs_f64(), reads)
        };
        let watched = trickle::offered(&rig, &mut stations, OFFERED_PER_S, WATCH_S);
        let (beside, (filled_s, reads)) = tokio::join!(watched, filled);
        while rig.pending().await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(
            rig.reported().await,
            before + f64::from(beside.len() as u32),
            "nothing is lost or doubled"
        );
        (sold, filled_s, alone, beside, reads)
    });
    eprintln!("  {sold} sales filled in after {filled_s:.1} s");
    for (name, times) in [("acks before", &alone), ("acks beside it", &beside), ("reports beside it", &reads)]
    {
        let of = |nth| percentile(times, nth);
        eprintln!("  {} {name}: p50 {:.1}, p99 {:.1} ms", times.len(), of(50), of(99));
    }
    vec![Bench::against_goal("filled_per_s", sold as f64 / filled_s, "1/s", 60_000.0)]
}

/// Whether the totals are of this release and lack nothing.
fn is_filled(folder: &Path) -> bool {
    let file = rusqlite::Connection::open(folder.join("hub.db")).expect("its database");
    let filled = "select version > 0 and through is null from model where name = 'total'";
    file.query_row(filled, [], |row| row.get(0)).expect("a model")
}
