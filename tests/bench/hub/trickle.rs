use std::time::{Duration, Instant};

use super::line::Line;
use super::stations::Station;
use super::{PUSH, Rig, acked};
use crate::report::{Bench, percentile};

/// Stations that push single sales as they sell them; how many a second together, for how long.
const TRICKLING: u16 = 300;
const OFFERED_PER_S: u32 = 5_000;
const TRICKLE_S: u32 = 8;

/// Single sales at a fixed rate, whatever the hub does: latency from the time at which each should have been sent.
pub(crate) fn measure() -> Vec<Bench> {
    let mut stations: Vec<Station> = (0..TRICKLING).map(Station::new).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let latencies = runtime.block_on(async {
        let rig = Rig::start(&stations, None).await;
        offered(&rig, &mut stations, OFFERED_PER_S, TRICKLE_S).await
    });
    eprintln!(
        "  {} pushes: p50 {:.1} ms, slowest {:.1} ms",
        latencies.len(),
        percentile(&latencies, 50),
        percentile(&latencies, 100)
    );
    vec![Bench::against_goal("trickle_ack_p99_ms", percentile(&latencies, 99), "ms", 50.0)]
}

/// So many single sales a second of all stations together, for so many seconds: how long each took to its ack, in ms.
pub(super) async fn offered(rig: &Rig, stations: &mut [Station], per_s: u32, seconds: u32) -> Vec<f64> {
    let count = u32::try_from(stations.len()).expect("some stations");
    let every = Duration::from_secs_f64(f64::from(count) / f64::from(per_s));
    let each = per_s * seconds / count;
    // Sealed before any is signed: a signature tells the time.
    let pushes = |station: &mut Station| (0..each).map(|_| station.push(1)).collect();
    let bodies: Vec<Vec<Vec<u8>>> = stations.iter_mut().map(pushes).collect();
    let requests: Vec<Vec<Vec<u8>>> = stations
        .iter_mut()
        .zip(&bodies)
        .map(|(station, bodies)| bodies.iter().map(|body| station.request(PUSH, body)).collect())
        .collect();
    let begin = Instant::now() + Duration::from_millis(200);
    let mut pushing = tokio::task::JoinSet::new();
    for (nth, requests) in (0..count).zip(requests) {
        let url = rig.running.url().to_owned();
        let first = begin + every * nth / count;
        pushing.spawn(async move {
            let mut line = Line::open(&url).await;
            let mut latencies = Vec::with_capacity(requests.len());
            for (turn, request) in (0u32..).zip(&requests) {
                let intended = first + every * turn;
                tokio::time::sleep_until(intended.into()).await;
                acked(&mut line, request).await;
                latencies.push(intended.elapsed().as_secs_f64() * 1e3);
            }
            latencies
        });
    }
    pushing.join_all().await.concat()
}
