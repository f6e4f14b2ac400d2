//! The hub's disk fails, or fills up, under tills that sell; then the power fails too.

use std::path::Path;

use crate::fleet::{TILLS, TillProcess, check, enrol, number, open};
use crate::hub::HubProcess;
use crate::recorded::{Cut, Disk, Event, read_log};
use crate::shim::shim;

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

/// Trades until the hub's disk fails as this variable says, cuts the hub's power, and trades on on a sound disk.
fn trade_over(variable: &'static str, value: u32, status: &str, code: &str) {
    let folder = tempfile::tempdir().unwrap();
    // As the kernel names it: the shim compares.
    let path = folder.path().canonicalize().unwrap();
    let (mut hub, log) = (HubProcess::new(&path), path.join("disk.log"));
    let places = enrol(&hub, TILLS.len());
    let mut disk = disk_of(&hub.folder);
    let text = |path: &Path| path.display().to_string();
    hub.env = vec![("LD_PRELOAD", text(shim())), ("SHIM_DIR", text(&hub.folder)), ("SHIM_LOG", text(&log))];
    hub.env.push((variable, value.to_string()));
    hub.start();
    let mut tills = open(&path, &hub.url(), places);

    tills.iter().for_each(|till| till.holds(10));
    let (said, document) = hub.health();
    assert_eq!((said.as_str(), &document["code"]), (status, &code.into()), "{document}");
    assert!(hub.log().contains(code), "{}", hub.log());

    // What the disk was not told to keep is gone.
    hub.kill();
    let acked: Vec<u32> = tills.iter().map(TillProcess::acked).collect();
    read_log(&log).iter().for_each(|event| disk.apply(event));
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
    assert!(acked.iter().sum::<u32>() > 20, "the disk was sound before: {acked:?}");

    hub.start();
    assert_eq!(hub.health().0, "200");
    let counted = check(&hub, &mut tills);
    assert_eq!(counted.unprinted, 0);
    assert_eq!(hub.metric("suanpan_epoch"), 1, "nothing that was acked was lost");
}

#[test]
fn a_hub_whose_disk_fails_a_sync_acks_no_more_and_says_so_until_it_is_started_on_a_sound_disk() {
    trade_over("SHIM_EIO_AT", 80, "503", "HUB-STO-004");
}

#[test]
fn a_hub_whose_disk_is_full_acks_no_more_and_says_so_until_there_is_room() {
    trade_over("SHIM_ROOM", 3 << 20, "507", "HUB-STO-003");
}
