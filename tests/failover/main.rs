//! The database's primary dies, then a hub, then a whole node of the database, under tills that sell. PostgreSQL with
//! Patroni, etcd and haproxy as Debian installs them, two hubs, and the receipts that customers were given as oracle.
#![cfg(target_os = "linux")]

mod cluster;
#[path = "../fire/fleet.rs"]
#[allow(dead_code)]
mod fleet;
#[path = "../fire/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::time::{Duration, Instant};

use cluster::{Cluster, wait_for};
use fleet::{Seen, TILLS, TillProcess, check, enrol, number, open};
use hub::{HubProcess, free_port};
use serde_json::Value;

/// Returns when the till sold something more and the hub has acked that.
fn is_heard(till: &TillProcess) {
    let before = till.receipts().len();
    let is_heard = |seen: &Seen| seen.receipts.get(before).is_some_and(|it| seen.acked >= number(it));
    till.wait("to be heard", is_heard);
}

/// Waits until every till sold something more that was acked, and says how long after a death that was.
fn resumes(what: &str, died: Instant, tills: &[TillProcess]) {
    let given = || tills.iter().map(|till| till.receipts().len()).sum::<usize>();
    let before = given();
    let heard: Vec<Duration> = std::thread::scope(|scope| {
        let hear = |till: &TillProcess| {
            is_heard(till);
            died.elapsed()
        };
        let waits: Vec<_> = tills.iter().map(|till| scope.spawn(move || hear(till))).collect();
        waits.into_iter().map(|wait| wait.join().unwrap()).collect()
    });
    let (first, last) = (heard.iter().min().unwrap(), heard.iter().max().unwrap());
    let sold = given() - before;
    println!(
        "{what}: acked again after {first:.1?}, every till after {last:.1?}; {sold} receipts given meanwhile"
    );
}

/// Sales in a hub's report.
fn reported(hub: &HubProcess) -> i64 {
    let path = "/api/v1/reports/sales-by-station?from=2020-01-01&to=2099-12-31";
    let report: Value = serde_json::from_str(&hub.get(path)).unwrap();
    report["rows"].as_array().unwrap().iter().map(|row| row["count"].as_i64().unwrap()).sum()
}

/// A third hub's reports are read at the standbys, which follow the primary.
fn reports_read_a_standby(cluster: &Cluster, two: &HubProcess, three: &HubProcess) {
    assert_eq!(cluster.sessions_at_standbys(), 0);
    let sold = reported(two);
    wait_for("the standby's report", || (reported(three) >= sold).then_some(()));
    assert!(cluster.sessions_at_standbys() > 0, "the report came from elsewhere");
}

#[test]
fn primary_hub_and_node_die_while_tills_sell_and_nothing_acked_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (free_port(), free_port());
    let mut cluster = Cluster::start([a, b]);
    // One hub finds the primary by haproxy, the other by itself.
    let mut one = HubProcess::on(folder.path(), Some(cluster.database_url()), a);
    let mut two = one.another(&folder.path().join("another hub"), cluster.servers_url(), b);
    let mut three = one.another(&folder.path().join("hub of reports"), cluster.database_url(), free_port());
    three.env.push(("SUANPAN_REPORTS_URL", cluster.reports_url()));
    // What haproxy hands on says which till it is.
    for hub in [&mut one, &mut two] {
        hub.env.push(("SUANPAN_HUB_PROXIES", "127.0.0.1".to_owned()));
    }
    let places = enrol(&one, TILLS.len());
    one.start();
    two.start();
    three.start();
    cluster.has_hub();
    let mut tills = open(folder.path(), &cluster.hub_url(), places);
    tills.iter().for_each(|till| till.sells(30));
    reports_read_a_standby(&cluster, &two, &three);
    let epoch = two.metric("suanpan_epoch");

    let primary = cluster.primary();
    cluster.kill_server(primary);
    resumes("kill -9 of the primary", Instant::now(), &tills);
    assert_ne!(cluster.primary(), primary, "another server took over");

    one.kill();
    resumes("kill -9 of a hub", Instant::now(), &tills);
    one.start();

    cluster.has_standby();
    let primary = cluster.primary();
    cluster.kill_node(primary);
    let died = Instant::now();
    tills.iter().for_each(|till| till.holds(10));
    resumes("kill -9 of the primary and its Patroni", died, &tills);
    cluster.start_node(primary);

    let counted = check(&two, &mut tills);
    assert_eq!(counted.unprinted, 0);
    // A till that could show an ack which the database lost would have made the hubs begin a new epoch.
    assert_eq!(two.metric("suanpan_epoch"), epoch, "the database lost what was acked");
    println!("{counted:?}");
}
