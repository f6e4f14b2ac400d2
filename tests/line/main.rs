//! The line between a station's driver and a hub, both real, with everything that can stand in between.

mod proxy;
mod till;

use std::path::Path;

use proxy::{Fault, Proxy};
use suanpan_station::sync::{CallError, Cause, NetworkState};
use suanpan_station::{Clock, SystemClock};
use sync_server::{Config, Hub, RunningHub};
use till::{Counter, Enrolled};

/// A hub of the sample chain.
async fn hub(folder: &Path) -> RunningHub {
    let hub = Hub::open(Config::embedded(folder)).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/sample");
    hub.import(&sample).await.unwrap();
    hub.serve().await.unwrap()
}

/// A hub, with what it is started again with at its address, and a till that it knows.
async fn hub_that_comes_back(folder: &Path) -> (RunningHub, Config, Enrolled) {
    let home = folder.join("hub");
    let running = hub(&home).await;
    let listen = running.url().trim_start_matches("http://").parse().unwrap();
    let enrolled = Enrolled::at(&running, running.url(), 1).await;
    (running, Config { listen, ..Config::embedded(&home) }, enrolled)
}

/// Sales that the hub's report shows, once its projector has nothing left.
async fn sales_at(hub: &RunningHub) -> i64 {
    let store = hub.hub().store();
    let mut pending = store.on_pending();
    while store.gauges().await.unwrap().pending > 0 {
        // The projector is at work: give it the thread until it has done something.
        tokio::select! {
            _ = pending.changed() => {}
            () = tokio::task::yield_now() => {}
        }
    }
    let filter = sync_server::store::ReportFilter {
        reach: sync_server::access::Reach::whole_chain(),
        till: None,
        from: till::DATE,
        to: till::DATE,
    };
    let (rows, _) = store.report_days(filter).await.unwrap();
    rows.iter().map(|row| row.sales).sum()
}

fn online(last: u32) -> NetworkState {
    NetworkState::Online { received_from: last.min(1), received_to: last, missing: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_reach_the_hub_once_whatever_stands_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder.path().join("hub")).await;
    let proxy = Proxy::start(hub.url()).await;
    let enrolled = Enrolled::at(&hub, &proxy.url(), 1).await;
    let counter = Counter::start(folder.path(), &enrolled);
    counter.until(&online(0)).await;
    let faults = [
        Fault::Close,
        Fault::Garbage,
        Fault::ServerError,
        Fault::CutReply(30),
        Fault::CutReply(300),
        Fault::FlipReply(600),
        Fault::Drop,
        Fault::Double,
        Fault::Delay,
        Fault::CutRequest(30),
        Fault::CutRequest(700),
        Fault::FlipRequest(8),
        Fault::FlipRequest(250),
        Fault::FlipRequest(700),
    ];
    for (fault, sold) in faults.into_iter().zip((2..).step_by(2)) {
        proxy.next_connections(&[fault, fault]);
        counter.sell();
        counter.sell();
        counter.until(&online(sold)).await;
    }
    assert_eq!(sales_at(&hub).await, 28);
    counter.until_rows(counter.rows_of(&hub).await).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_sells_on_while_the_hub_is_away_and_catches_up_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (running, config, enrolled) = hub_that_comes_back(folder.path()).await;
    let counter = Counter::start(folder.path(), &enrolled);
    counter.sell();
    counter.until(&online(1)).await;
    running.stop().await;
    counter.sell();
    counter.sell();
    counter.until_held(2).await;
    counter.sell();
    counter.until_held(3).await;
    let running = Hub::start(config).await.unwrap();
    counter.until(&online(4)).await;
    assert_eq!(sales_at(&running).await, 4);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_that_rests_tells_that_its_hub_is_gone_since_it_answered_last() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder.path().join("hub")).await;
    let proxy = Proxy::start(hub.url()).await;
    let enrolled = Enrolled::at(&hub, &proxy.url(), 1).await;
    let counter = Counter::start(folder.path(), &enrolled);
    counter.until(&online(0)).await;
    // It takes connections and never answers; nobody sells.
    proxy.hold(true);
    let held_ms = SystemClock.now_ms();
    let (since_ms, why) = counter.until_away().await;
    // An answer may have been on its way.
    let latest_ms = held_ms + 5_000;
    assert!(since_ms.is_some_and(|since_ms| since_ms <= latest_ms), "{since_ms:?}, held at {held_ms}");
    assert!(matches!(why, Some(CallError::Unreachable(Cause::Silent(_)))), "{why:?}");
    proxy.hold(false);
    counter.until(&online(0)).await;
    // It ends, and its port with it.
    let ended_ms = SystemClock.now_ms();
    hub.stop().await;
    let (since_ms, _) = counter.until_away().await;
    assert!(since_ms.is_some_and(|since_ms| since_ms <= SystemClock.now_ms()), "{since_ms:?}");
    counter.sell();
    counter.until_held(1).await;
    let (again_ms, _) = counter.until_away().await;
    assert_eq!(again_ms, since_ms, "each try that fails tells the same time: {ended_ms}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_that_never_heard_its_hub_does_not_say_that_it_is_connected() {
    let folder = tempfile::tempdir().unwrap();
    let (running, _, enrolled) = hub_that_comes_back(folder.path()).await;
    running.stop().await;
    let counter = Counter::start(folder.path(), &enrolled);
    let (since_ms, why) = counter.until_away().await;
    assert_eq!((since_ms, why), (None, Some(CallError::Unreachable(Cause::Closed))));
    assert!(!counter.was_online(), "it has said nothing else before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burnt_hub_with_its_escrowed_key_is_refilled_without_a_hand_on_the_till() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("hub");
    let running = hub(&home).await;
    let mut config = Config::embedded(folder.path().join("new hub"));
    config.listen = running.url().trim_start_matches("http://").parse().unwrap();
    let enrolled = Enrolled::at(&running, running.url(), 1).await;
    let mut counter = Counter::start(folder.path(), &enrolled);
    counter.sell();
    counter.sell();
    counter.until(&online(2)).await;
    // The next start of the app writes a second segment.
    counter = counter.restart(folder.path(), &enrolled);
    counter.sell();
    counter.until(&online(3)).await;
    let catalogue = counter.rows_of(&running).await;
    counter.until_rows(catalogue).await;
    running.stop().await;
    counter.sell();
    counter.until_held(1).await;

    std::fs::create_dir_all(&config.data_dir).unwrap();
    std::fs::copy(home.join("hub.key"), &config.key_file).unwrap();
    std::fs::remove_dir_all(&home).unwrap();
    let running = Hub::start(config).await.unwrap();
    counter.until(&online(4)).await;
    assert_eq!(sales_at(&running).await, 4);
    assert!(running.hub().store().gauges().await.unwrap().epoch > 1, "and it knows that it lost something");
    assert_eq!(counter.rows(), catalogue, "an empty hub's catalogue does not replace the till's");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_whose_files_were_restored_from_an_older_copy_fetches_its_sales_back() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder.path().join("hub")).await;
    let enrolled = Enrolled::at(&hub, hub.url(), 1).await;
    let counter = Counter::start(folder.path(), &enrolled);
    counter.sell();
    counter.until(&online(1)).await;
    let copy = counter.stop_and_copy(folder.path(), "an hour ago");
    let counter = Counter::start(folder.path(), &enrolled);
    counter.sell();
    counter.sell();
    counter.until(&online(3)).await;
    counter.stop_and_replace(folder.path(), &copy);

    let counter = Counter::start(folder.path(), &enrolled);
    assert_eq!(counter.entries(), 1);
    counter.sell();
    counter.until_entries(4).await;
    assert_eq!(sales_at(&hub).await, 4, "both sides of the fork are kept, nothing is doubled");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_more_lost_sales_than_a_push_takes_reaches_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let (running, config, enrolled) = hub_that_comes_back(folder.path()).await;
    let counter = Counter::start(folder.path(), &enrolled);
    counter.sell();
    counter.until(&online(1)).await;
    running.stop().await;
    (2..=640).for_each(|_| counter.sell());
    counter.settle_and_stop();
    till::spoil(folder.path(), 20..=600);

    let counter = Counter::start(folder.path(), &enrolled);
    counter.scrub();
    let left = counter.entries();
    assert!((20..=640 - 581).contains(&left), "{left} sales can be read");
    let running = Hub::start(config).await.unwrap();
    counter.until(&online(640)).await;
    assert_eq!(sales_at(&running).await, left.cast_signed());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_change_reaches_a_waiting_till_and_a_large_one_as_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder.path().join("hub")).await;
    let enrolled = Enrolled::at(&hub, hub.url(), 1).await;
    let counter = Counter::start(folder.path(), &enrolled);
    let before = counter.rows_of(&hub).await;
    counter.until_rows(before).await;
    hub.hub().store().publish((0..3).map(row).collect()).await.unwrap();
    counter.until_rows(before + 3).await;
    assert_eq!(counter.snapshots(), (0, 0));
    let most = u32::try_from(suanpan_sync::limits::STAGED_MAX).unwrap();
    hub.hub().store().publish((0..=most).map(|n| row(n + 10)).collect()).await.unwrap();
    counter.until_rows(before + 3 + most as usize + 1).await;
    assert_eq!(counter.snapshots(), (1, 1), "more than a till stages comes as a snapshot");
    hub.stop().await;
}

/// A price that nobody had before.
fn row(n: u32) -> sync_server::store::NewRow {
    sync_server::store::NewRow {
        scope: suanpan_sync::Scope::Chain,
        table: "price".into(),
        key: format!("new-{n}"),
        effective_at_ms: 0,
        change: suanpan_sync::FeedChange::Put { body: r#"{"fen":100,"per":"pc"}"#.into() },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_with_a_spoilt_chunk_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&folder.path().join("hub")).await;
    let proxy = Proxy::start(hub.url()).await;
    let enrolled = Enrolled::at(&hub, &proxy.url(), 1).await;
    let rows = u32::try_from(suanpan_sync::limits::STAGED_MAX).unwrap() + 1;
    hub.hub().store().publish((0..rows).map(row).collect()).await.unwrap();
    // Whichever of the driver's connections fetches: only a snapshot is so long.
    proxy.next_connections(&[Fault::FlipReply(60_000), Fault::FlipReply(60_000)]);
    let counter = Counter::start(folder.path(), &enrolled);
    counter.until_rows_at_least(rows as usize).await;
    assert_eq!(counter.snapshots(), (1, 1), "what had arrived was kept");
    hub.stop().await;
}
