//! HQ's page of today behind a month of sales, and what those who look at it cost the tills.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use suanpan_domain::calendar;
use suanpan_journal::Hash;
use suanpan_station::{Clock, SystemClock};
use suanpan_tests::postgres::Server;
use suanpan_tests::sales::DATE;
use sync_server::access::{Role, User};

use super::line::Line;
use super::stations::Station;
use super::{PUSH, Rig, send_all, trickle};
use crate::report::{Bench, percentile};

/// Four a store: 150 stores.
pub(super) const STATIONS: u16 = 600;
pub(super) const DAYS: u32 = 30;
/// Sales in a batch.
pub(super) const BATCH: u32 = 100;

const BROWSERS: usize = 20;
/// As the page looks.
const POLL: Duration = Duration::from_secs(2);
/// What the stores sell at their busiest, three times over.
const OFFERED_PER_S: u32 = 300;
/// How long tills are watched, each time.
const WATCH_S: u32 = 10;
/// Each time with nobody at HQ, then with all of them.
const ROUNDS: u32 = 4;

/// On the hub's own file, behind so many sales.
pub(crate) fn on_sqlite(sales: u32) -> Vec<Bench> {
    measure(sales, None, ["today_p95_ms", "ack_p99_beside_today"])
}

/// The same on a PostgreSQL that is started for it and whose commits wait for the disk.
pub(crate) fn on_postgres(sales: u32) -> Vec<Bench> {
    let Some(server) = Server::start("-c synchronous_commit=on") else {
        eprintln!("  skipped: PostgreSQL is not installed");
        return vec![];
    };
    measure(sales, Some(server.address()), ["today_postgres_p95_ms", "ack_p99_beside_today_postgres"])
}

fn measure(sales: u32, database: Option<String>, [today, ack]: [&'static str; 2]) -> Vec<Bench> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (looks, alone, beside) = runtime.block_on(async {
        let mut stations: Vec<Station> = (0..STATIONS).map(Station::new).collect();
        let rig = Rig::start(&stations, database).await;
        let begun = Instant::now();
        sell(&rig, &mut stations, (sales / DAYS / u32::from(STATIONS) / BATCH).max(1)).await;
        eprintln!("  sold and in the figures after {:.0} s", begun.elapsed().as_secs_f64());
        let token = "a session that lasts while this runs";
        let hub = rig.running.hub();
        let clerk = User::at_hq("wang", [Role::Operations]);
        hub.put_user(clerk, Some("correct horse battery".into())).await.expect("a person");
        let hash = Hash(Sha256::digest(token).into());
        let session = hub.store().open_session(hash, "wang".into(), SystemClock.now_ms());
        session.await.expect("a session");
        let (mut looks, mut alone, mut beside) = (vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            alone.extend(trickle::offered(&rig, &mut stations, OFFERED_PER_S, WATCH_S).await);
            let mut browsers = tokio::task::JoinSet::new();
            for nth in 0..BROWSERS {
                browsers.spawn(look(rig.running.url().to_owned(), token, nth));
            }
            beside.extend(trickle::offered(&rig, &mut stations, OFFERED_PER_S, WATCH_S).await);
            looks.extend(browsers.join_all().await.concat());
        }
        (looks, alone, beside)
    });
    let ratio = percentile(&beside, 99) / percentile(&alone, 99);
    for (name, times) in [("looks", &looks), ("acks, nobody at HQ", &alone), ("acks, all of them", &beside)] {
        let of = |nth| percentile(times, nth);
        eprintln!(
            "  {} {name}: p50 {:.1}, p99 {:.1}, slowest {:.1} ms",
            times.len(),
            of(50),
            of(99),
            of(100)
        );
    }
    vec![
        Bench::against_goal(today, percentile(&looks, 95), "ms", 50.0),
        Bench::ratio(ack, ratio, 1.2, "nobody at HQ"),
    ]
}

/// A month, the page's day being its last: so many batches a station and day. Waits until they are in the figures.
pub(super) async fn sell(rig: &Rig, stations: &mut [Station], batches: u32) {
    let mut dates = vec![DATE];
    while dates.len() < DAYS as usize {
        dates.extend(dates.last().and_then(|date| calendar::previous(*date)));
    }
    for date in dates.into_iter().rev() {
        let day = stations.iter_mut().map(|station| {
            station.begin_day(date);
            let bodies: Vec<Vec<u8>> = (0..batches).map(|_| station.push(BATCH)).collect();
            bodies.iter().map(|body| station.request(PUSH, body)).collect()
        });
        send_all(rig.running.url(), day.collect()).await;
    }
    while rig.pending().await > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A browser at the page: how long each look took, in ms.
async fn look(url: String, token: &'static str, nth: usize) -> Vec<f64> {
    let date = calendar::text(DATE);
    let request = format!(
        "GET /api/v1/hq/today?date={date} HTTP/1.1\r\nhost: hub\r\ncookie: suanpan_hq={token}\r\n\r\n"
    );
    let mut line = Line::open(&url).await;
    let first = Instant::now() + POLL * u32::try_from(nth).expect("a few") / BROWSERS as u32;
    let mut times = vec![];
    for turn in 0..WATCH_S / POLL.as_secs() as u32 {
        let intended = first + POLL * turn;
        tokio::time::sleep_until(intended.into()).await;
        let (status, answer) = line.ask(request.as_bytes()).await;
        times.push(intended.elapsed().as_secs_f64() * 1e3);
        assert!(status == 200 && answer.len() > 1_000, "{status} {}", String::from_utf8_lossy(&answer));
    }
    times
}
