//! A chain that comes back: the hub was away for long, and every till has sales to send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use suanpan_journal::{Hash, SigningKey};
use suanpan_station::{Clock, SystemClock};
use suanpan_sync::{Edge, Next, Outcome, PushReply, SegmentStatus};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::PUSH;
use super::line::Line;
use super::process::{Process, allow_connections};
use super::stations::Station;
use crate::report::{Bench, percentile};

/// Sales that a station holds.
const UNSENT: u32 = 40;
/// Tries that failed before the hub came back: the pauses are as long as they get.
const FAILED: u32 = 10;
/// The longest pause of production.
const JITTER_S: f64 = 30.0;
/// Handshakes of the peer, and how many at once.
const HANDSHAKES: u32 = 2_000;
const AT_ONCE: u32 = 64;
/// Pause that a busy hub gets which does not say how long, as stations take it.
const BUSY_MS: u32 = 2_000;

/// When a station first tried and when it was drained, in seconds since the hub was back, and its tries.
struct Drained {
    first_s: f64,
    drained_s: f64,
    tries: u32,
}

pub(crate) fn measure(stations: u16) -> Vec<Bench> {
    if !allow_connections(u64::from(stations)) {
        return vec![];
    }
    let mut stations: Vec<Station> = (0..stations).map(Station::new).collect();
    let pushes: Vec<(Vec<u8>, Hash)> =
        stations.iter_mut().map(|station| station.push_and_head(UNSENT)).collect();
    let count = stations.len();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (drained, handshakes_per_s) = runtime.block_on(async {
        let hub = Arc::new(Process::start(&stations).await);
        let handshakes_per_s = handshakes(&hub).await;
        let back = Instant::now();
        let mut draining = tokio::task::JoinSet::new();
        for (station, (push, head)) in stations.into_iter().zip(pushes) {
            draining.spawn(drain(Arc::clone(&hub), station, push, head, back));
        }
        (draining.join_all().await, handshakes_per_s)
    });
    let last = drained.iter().map(|it| it.drained_s).fold(0.0, f64::max);
    let waits: Vec<f64> = drained.iter().map(|it| it.drained_s - it.first_s).collect();
    let tries = drained.iter().map(|it| it.tries).max().unwrap_or(0);
    let again = drained.iter().filter(|it| it.tries > 1).count();
    eprintln!(
        "  {count} stations drained after {last:.1} s; from its first try each waited p50 {:.3}, p99 {:.3}, at most {:.3} s; \
         {again} tried again, at most {tries} times",
        percentile(&waits, 50),
        percentile(&waits, 99),
        percentile(&waits, 100),
    );
    let alone_s = count as f64 / handshakes_per_s;
    eprintln!("  beside it: {handshakes_per_s:.0} TLS handshakes a second alone, {alone_s:.1} s for so many");
    let beyond = (last - JITTER_S).max(0.0);
    vec![Bench::beside(
        "herd_10k_s",
        beyond,
        "s",
        60.0,
        last / alone_s,
        "all handshakes alone, jitter included",
    )]
}

/// Handshakes a second, and nothing else.
async fn handshakes(hub: &Arc<Process>) -> f64 {
    let start = Instant::now();
    let mut connecting = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let hub = Arc::clone(hub);
        connecting.spawn(async move {
            for _ in 0..HANDSHAKES / AT_ONCE {
                drop(hub.connect().await.expect("a handshake"));
            }
        });
    }
    connecting.join_all().await;
    f64::from(HANDSHAKES / AT_ONCE * AT_ONCE) / start.elapsed().as_secs_f64()
}

/// Does as a station's driver does until its own state machine says that the hub has everything.
async fn drain(hub: Arc<Process>, mut station: Station, push: Vec<u8>, head: Hash, back: Instant) -> Drained {
    let mut edge = offline(&station);
    let mut line: Option<Line<TlsStream<TcpStream>>> = None;
    let (mut first_s, mut tries) = (None, 0);
    loop {
        match edge.next(SystemClock.now_ms()) {
            Next::Wait { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
            Next::Idle => break,
            Next::Push(_) => {
                edge.cut(u64::from(UNSENT), head);
                first_s = first_s.or_else(|| Some(back.elapsed().as_secs_f64()));
                tries += 1;
                let outcome = exchange(&hub, &mut line, &mut station, &push).await;
                edge.take(&outcome, &|_, _| None, SystemClock.now_ms(), random());
            }
        }
    }
    let drained_s = back.elapsed().as_secs_f64();
    Drained { first_s: first_s.unwrap_or(drained_s), drained_s, tries }
}

/// A station that found no hub for long, and has just failed again.
fn offline(station: &Station) -> Edge {
    let hub = SigningKey::from_seed(&super::SEED).public();
    let mut edge = Edge::new(station.id, hub, None, random());
    let segment = station.segment();
    edge.observe(&SegmentStatus { segment, head_seq: u64::from(UNSENT), acked_seq: 0, epoch: 0 });
    let mut at_ms = SystemClock.now_ms() - i64::from(FAILED) * 60_000;
    for _ in 1..FAILED {
        edge.next(at_ms);
        edge.take(&Outcome::Failed, &|_, _| None, at_ms, random());
        at_ms += 60_000;
    }
    let now_ms = SystemClock.now_ms();
    edge.next(now_ms);
    edge.take(&Outcome::Failed, &|_, _| None, now_ms, random());
    edge
}

/// Sends the push on the connection that stands, or else on a new one.
async fn exchange(
    hub: &Process,
    line: &mut Option<Line<TlsStream<TcpStream>>>,
    station: &mut Station,
    push: &[u8],
) -> Outcome {
    if let Some(open) = line
        && let Ok(answer) = open.try_ask(&station.request(PUSH, push)).await
    {
        return outcome(answer);
    }
    let Ok(stream) = hub.connect().await else { return Outcome::Failed };
    let open = line.insert(Line::over(stream));
    open.try_ask(&station.request(PUSH, push)).await.map_or(Outcome::Failed, outcome)
}

fn outcome((status, answer): (u16, Vec<u8>)) -> Outcome {
    match status {
        200 => Outcome::Reply(serde_json::from_slice::<PushReply>(&answer).expect("a reply to a push")),
        429 | 503 => Outcome::Reply(PushReply::Busy { retry_after_ms: BUSY_MS }),
        _ => panic!("{status} {}", String::from_utf8_lossy(&answer)),
    }
}

/// Numbers that spread the stations, the same in each run.
fn random() -> u64 {
    static NTH: AtomicU32 = AtomicU32::new(0);
    let nth = u64::from(NTH.fetch_add(1, Ordering::Relaxed)) + 1;
    let mixed = nth.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}
