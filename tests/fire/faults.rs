//! What happens to disks, hubs and clocks beside a fire.

use std::collections::BTreeSet;
use std::path::Path;

use crate::fleet::{TillProcess, check, drain, judge, totals};
use crate::proxy::{Fault, Proxy};
use crate::{chain, chain_by};

#[test]
fn a_till_restored_from_an_older_copy_after_its_sales_were_uploaded_fetches_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let (hub, mut tills) = chain(folder.path(), 1);
    let copy = folder.path().join("an hour ago");
    tills[0].sells(20);
    tills[0].close();
    tills[0].copy_disk(&copy);
    tills[0].restart();
    tills[0].sells(30);
    drain(&mut tills);
    tills[0].restore_disk(&copy);
    tills[0].restart();
    tills[0].sells(30);
    drain(&mut tills);
    // The till's own totals count what was fetched back from its next start on.
    tills[0].restart();
    let counted = check(&hub, &mut tills);
    assert!(counted.receipts >= 80 && counted.unprinted == 0, "{counted:?}");
}

#[test]
fn a_till_restored_from_an_older_copy_before_its_sales_were_uploaded_loses_only_what_no_disk_has() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut tills) = chain(folder.path(), 1);
    let copy = folder.path().join("an hour ago");
    tills[0].sells(20);
    drain(&mut tills);
    tills[0].copy_disk(&copy);
    hub.kill();
    let before = tills[0].receipts().len();
    tills[0].restart();
    tills[0].sells(30);
    tills[0].kill();
    let gone: BTreeSet<_> = tills[0].receipts().split_off(before).into_iter().collect();
    tills[0].restore_disk(&copy);
    hub.start();
    tills[0].restart();
    tills[0].sells(30);
    drain(&mut tills);
    let counted = judge(&hub, &tills, &gone);
    let ((site, till), sums) = totals(&tills[0].dir);
    assert_eq!(hub.report()[&(site, till)], sums, "hub and till differ");
    assert_eq!(
        usize::try_from(sums.0).unwrap(),
        counted.receipts - gone.len(),
        "only the lost disk's are lost"
    );
}

#[test]
fn two_disks_that_sell_as_one_till_are_both_kept_and_the_till_is_flagged() {
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    sell_on_twice(folder.path(), |till| {
        till.copy_disk(&clone);
        till.restart();
        till.start_on(&clone)
    });
}

#[test]
#[cfg(target_os = "linux")]
fn two_machines_on_one_disk_image_are_both_kept_and_the_till_is_flagged() {
    use crate::overlay::{Overlay, is_where_mounts_are};
    if !is_where_mounts_are("faults::two_machines_on_one_disk_image_are_both_kept_and_the_till_is_flagged") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Until the tills are gone.
    let mut machines = Vec::new();
    sell_on_twice(folder.path(), |till| {
        machines.extend(["one", "other"].map(|name| Overlay::mount(&till.dir, &folder.path().join(name))));
        till.dir = machines[0].0.clone();
        till.restart();
        till.start_on(&machines[1].0)
    });
}

/// A till's disk is there twice from some moment on, and both are sold on.
fn sell_on_twice(folder: &Path, twice: impl FnOnce(&mut TillProcess) -> TillProcess) {
    let (hub, mut tills) = chain(folder, 1);
    tills[0].sells(20);
    drain(&mut tills);
    let other = twice(&mut tills[0]);
    tills.push(other);
    tills.iter().for_each(|till| till.sells(30));
    tills.iter_mut().for_each(TillProcess::pause);
    tills.iter().for_each(TillProcess::drains);
    // Both go on, each after the hub has heard of the other.
    tills.iter_mut().for_each(|till| till.tell("sell"));
    tills.iter().for_each(|till| till.sells(10));
    drain(&mut tills);
    // What one disk fetched of the other is summed at its next start, and what that hangs on is fetched then.
    for _ in 0..3 {
        tills.iter_mut().for_each(TillProcess::restart);
        drain(&mut tills);
    }
    let counted = judge(&hub, &tills, &BTreeSet::new());
    assert!(counted.receipts >= 100 && counted.unprinted == 0, "{counted:?}");
    assert_eq!(hub.flagged(), 1, "two disks write as one station");
    tills.iter().for_each(|till| drop(totals(&till.dir)));
}

/// Spinach at ten times its price: no bag of it costs so much otherwise.
const DEAR: &str = "site,code,yuan,per\n,10101,40.00,500g\n";
const DEAR_FEN: i64 = 1_700;

fn sells_dear(till: &TillProcess) {
    let before = till.receipts().len();
    till.wait("for the new price", |seen| seen.receipts[before..].iter().any(|it| it.fen > DEAR_FEN));
}

#[test]
fn a_hub_restored_to_before_a_price_change_and_acked_sales_gets_the_sales_back_and_publishes_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut tills) = chain(folder.path(), 2);
    tills.iter().for_each(|till| till.sells(20));
    let backup = folder.path().join("backup.db");
    hub.back_up(&backup);
    hub.kill();
    hub.publish("prices.csv", DEAR);
    hub.start();
    tills.iter().for_each(sells_dear);
    tills.iter_mut().for_each(TillProcess::pause);
    tills.iter().for_each(TillProcess::drains);
    hub.burn();
    tills.iter_mut().for_each(|till| till.tell("sell"));
    tills.iter().for_each(|till| till.sells(20));
    hub.bring_up(Some(&backup));
    tills.iter().for_each(|till| till.sells(20));
    // HQ notices that its change is lost, and publishes it again.
    hub.kill();
    hub.publish("prices.csv", DEAR);
    hub.start();
    tills.iter().for_each(sells_dear);
    check(&hub, &mut tills);
}

#[test]
fn a_hub_killed_again_and_again_under_tills_that_sell_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut tills) = chain(folder.path(), 3);
    for round in 0..8 {
        let nth = round % tills.len();
        tills[nth].sells(3 + round);
        hub.kill();
        // Every third time a till goes down with it.
        if round % 3 == 2 {
            tills[nth].kill();
            tills[nth].restart();
        }
        hub.start();
    }
    let counted = check(&hub, &mut tills);
    assert!(counted.unprinted <= 2, "{counted:?}");
}

#[test]
fn a_till_whose_clock_jumps_sells_and_uploads_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let (hub, mut tills) = chain(folder.path(), 2);
    for minutes in [50_i64, -100, 45, 5, -1] {
        let order = format!("jump {}", minutes * 60_000);
        tills[0].tell(&order);
        tills.iter().for_each(|till| till.sells(10));
    }
    let counted = check(&hub, &mut tills);
    assert!(counted.receipts >= 100, "{counted:?}");
}

#[test]
fn a_line_that_drops_doubles_delays_cuts_and_garbles_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut proxy = None;
    let (hub, mut tills) = chain_by(folder.path(), 2, |hub| {
        let started = runtime.block_on(Proxy::start(&hub.url()));
        proxy.insert(started).url()
    });
    let proxy = proxy.unwrap();
    let faults = [
        Fault::Close,
        Fault::Drop,
        Fault::Double,
        Fault::Delay,
        Fault::Garbage,
        Fault::ServerError,
        Fault::CutRequest(400),
        Fault::CutReply(40),
        Fault::CutRequest(1_000),
        Fault::FlipReply(350),
        Fault::FlipRequest(250),
        Fault::FlipRequest(800),
        Fault::Double,
    ];
    for round in 0..faults.len() {
        // Breaks the connections there are: whatever is on its way is answered by nobody.
        let next: Vec<Fault> = faults.iter().cycle().skip(round * 5).take(4).copied().collect();
        proxy.next_connections(&next);
        tills.iter().for_each(|till| till.sells(6));
    }
    proxy.next_connections(&[]);
    let counted = check(&hub, &mut tills);
    assert!(counted.receipts >= 120 && counted.unprinted == 0, "{counted:?}");
}
