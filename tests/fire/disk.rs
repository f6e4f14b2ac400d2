//! The hub's disk fails, or fills up, under tills that sell; then the power fails too.

use std::path::Path;

use crate::fleet::{TILLS, TillProcess, check, enrol, number, open};
use crate::hub::HubProcess;
use crate::recorded::{Cut, Disk, Event, read_log};
use crate::shim::shim;

/// What the hub's disk was told, in the test's folder.
const LOG: &str = "disk.log";

/// While this is in the test's folder, the hub's disk is bad.
const BAD: &str = "bad";

/// A disk on paper that holds the files of a folder.
fn disk_of(folder: &Path) -> Disk {
    let mut disk = Disk::default();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        disk.apply(&Event::Create(path.clone()));
        disk.apply(&Event::Write { path: path.clone(), offset: 0, data });
        disk.apply(&Event::Sync(path));
    }
    disk.apply(&Event::Sync(folder.to_owned()));
    disk
}

/// Trades until the hub's disk goes bad, in the way that this variable of the shim means.
fn trade_until(path: &Path, goes_bad: &'static str) -> (HubProcess, Vec<TillProcess>, Disk) {
    let mut hub = HubProcess::new(path);
    let places = enrol(&hub, TILLS.len());
    let disk = disk_of(&hub.folder);
    let text = |path: &Path| path.display().to_string();
    hub.env = vec![("LD_PRELOAD", text(shim())), ("SHIM_DIR", text(&hub.folder))];
    hub.env.extend([("SHIM_LOG", text(&path.join(LOG))), (goes_bad, text(&path.join(BAD)))]);
    hub.start();
    let tills = open(path, &hub.url(), places);
    tills.iter().for_each(|till| till.wait("to be acked", |seen| seen.acked > 5));
    std::fs::write(path.join(BAD), "").unwrap();
    tills.iter().for_each(|till| till.holds(10));
    (hub, tills, disk)
}

/// Whoever watches the hub hears what is wrong, and so does whoever reads its log.
fn complains(hub: &HubProcess, status: &str, code: &str) {
    let (said, document) = hub.health();
    assert_eq!((said.as_str(), &document["code"]), (status, &code.into()), "{document}");
    assert!(hub.log().contains(code), "{}", hub.log());
}

/// Trades until the hub's disk goes bad, cuts the hub's power, and trades on on a sound disk.
fn trade_over(goes_bad: &'static str, status: &str, code: &str) {
    let folder = tempfile::tempdir().unwrap();
    // As the kernel names it: the shim compares.
    let path = folder.path().canonicalize().unwrap();
    let (mut hub, mut tills, mut disk) = trade_until(&path, goes_bad);
    complains(&hub, status, code);

    // What the disk was not told to keep is gone.
    hub.kill();
    let acked: Vec<u32> = tills.iter().map(TillProcess::acked).collect();
    read_log(&path.join(LOG)).iter().for_each(|event| disk.apply(event));
    std::fs::remove_dir_all(&hub.folder).unwrap();
    std::fs::create_dir(&hub.folder).unwrap();
    disk.cut(&hub.folder, &hub.folder, Cut::Dropped);
    hub.env.clear();
    hub.run(&["rebuild"]);
    let kept = hub.documents();
    for (till, acked) in tills.iter().zip(&acked) {
        let receipts = till.receipts();
        let lost = receipts.iter().find(|it| number(it) <= *acked && !kept.contains(it));
        assert_eq!(lost, None, "acked to {acked}, and not on the disk");
    }

    hub.start();
    assert_eq!(hub.health().0, "200");
    let counted = check(&hub, &mut tills);
    assert_eq!(counted.unprinted, 0);
    assert_eq!(hub.metric("suanpan_epoch"), 1, "nothing that was acked was lost");
}

#[test]
fn a_hub_whose_disk_fails_a_sync_acks_no_more_and_says_so_until_it_is_started_on_a_sound_disk() {
    trade_over("SHIM_SICK", "503", "HUB-STO-004");
}

#[test]
fn a_hub_that_loses_its_power_on_a_full_disk_has_what_it_acked() {
    trade_over("SHIM_FULL", "507", "HUB-STO-003");
}

#[test]
fn a_hub_whose_disk_is_full_acks_no_more_and_says_so_and_goes_on_by_itself_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let (hub, mut tills, _) = trade_until(&path, "SHIM_FULL");
    complains(&hub, "507", "HUB-STO-003");
    std::fs::remove_file(path.join(BAD)).unwrap();
    let counted = check(&hub, &mut tills);
    assert_eq!((hub.health().0.as_str(), counted.unprinted), ("200", 0));
}
