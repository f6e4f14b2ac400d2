//! The first release beside today's: a chain is not upgraded in one night, and an upgrade can be taken back.

use std::path::{Path, PathBuf};

use crate::fleet::{self, TillProcess, check, drain, enrol, open, open_by};
use crate::hub::{self, HubProcess};

/// Enough for a hub to learn from.
const SALES: usize = 320;

const BY_DICTIONARY: &str = "suanpan_pushes_by_dictionary_total";

/// Where `./dev test` puts the first release's programs. It has none where a shallow clone lacks that release's source.
fn first_release() -> Option<[PathBuf; 2]> {
    let mut folder = std::env::current_exe().unwrap();
    // target/debug/deps/fire
    (0..3).for_each(|_| assert!(folder.pop()));
    let programs = ["sync-server", "fire-till"].map(|name| folder.join("releases/0.1.0").join(name));
    let is_there = programs.iter().all(|it| it.exists());
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "{} is not there", programs[0].display());
        println!(
            "Skipped: {} is not there; ./dev test builds it where git has its source.",
            programs[0].display()
        );
    }
    is_there.then_some(programs)
}

/// Goes on with another program on the same folder.
fn replace(hub: &mut HubProcess, program: &Path) {
    hub.kill();
    hub.program = program.to_owned();
    hub.start();
}

/// The hub learns from what was sold, once it has that, and tills pack what they send by it.
fn learn(hub: &mut HubProcess, tills: &[TillProcess]) {
    let enough = SALES as u32;
    tills.iter().for_each(|till| till.wait("to be acked enough", |seen| seen.acked >= enough));
    hub.kill();
    hub.run(&["dictionary"]);
    hub.start();
    let before = tills[0].acked();
    let packs = |_: &fleet::Seen| hub.metric(BY_DICTIONARY) > 0;
    tills[0].wait("to pack by the dictionary", packs);
    tills[0].wait("to be acked", |seen| seen.acked > before);
}

#[test]
fn tills_pack_by_what_the_hub_learnt_and_without_it_where_a_restored_hub_does_not_know_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut tills) = crate::chain(folder.path(), 2);
    tills.iter().for_each(|till| till.sells(SALES));
    let backup = folder.path().join("before.db");
    hub.back_up(&backup);
    learn(&mut hub, &tills);
    tills.iter().for_each(|till| till.sells(20));
    hub.burn();
    hub.bring_up(Some(&backup));
    tills.iter().for_each(|till| till.sells(20));
    let counted = check(&hub, &mut tills);
    assert!(counted.unprinted == 0 && hub.metric(BY_DICTIONARY) == 0, "{counted:?}");
}

#[test]
fn tills_of_the_first_release_sell_at_todays_hub_and_are_upgraded_one_by_one() {
    let Some([_, old_till]) = first_release() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path());
    let places = enrol(&hub, 2);
    hub.start();
    let mut tills = open_by(&old_till, folder.path(), &hub.url(), places);
    tills.iter().for_each(|till| till.sells(SALES));
    // One is upgraded where it stands, and packs by what the hub learns; the other does not know of that.
    tills[0].kill();
    tills[0].program = fleet::program();
    tills[0].restart();
    learn(&mut hub, &tills);
    tills.iter().for_each(|till| till.sells(40));
    // And back: the older program reads what the newer one wrote.
    drain(&mut tills[..1]);
    tills[0].program = old_till;
    tills[0].restart();
    tills.iter().for_each(|till| till.sells(20));
    let counted = check(&hub, &mut tills);
    assert!(counted.receipts > 2 * SALES && counted.unprinted <= 1, "{counted:?}");
}

#[test]
fn todays_tills_sell_at_the_first_releases_hub_which_is_upgraded_and_taken_back_under_them() {
    let Some([old_hub, _]) = first_release() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::by(&old_hub, folder.path());
    let places = enrol(&hub, 2);
    hub.start();
    let mut tills = open(folder.path(), &hub.url(), places);
    tills.iter().for_each(|till| till.sells(SALES));
    replace(&mut hub, &hub::program());
    learn(&mut hub, &tills);
    tills.iter().for_each(|till| till.sells(40));
    // What tills now send the older hub does not understand; they send it again as it does.
    replace(&mut hub, &old_hub);
    let acked = tills[0].acked();
    tills[0].wait("to be acked by the older hub", |seen| seen.acked > acked + 10);
    let counted = check(&hub, &mut tills);
    assert!(counted.receipts > 2 * SALES && counted.unprinted == 0, "{counted:?}");
}
