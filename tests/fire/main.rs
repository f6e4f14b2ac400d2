//! The data centre burns in the middle of trading. Hub and tills are processes; the oracle is the receipts that
//! customers were given.

#[cfg(target_os = "linux")]
mod disk;
mod faults;
mod fleet;
mod forged;
mod hub;
#[cfg(target_os = "linux")]
mod overlay;
#[allow(dead_code, reason = "what this binary does not ask of it, another does")]
#[path = "../line/proxy.rs"]
mod proxy;
#[cfg(target_os = "linux")]
#[path = "../faults/disk.rs"]
#[allow(dead_code, reason = "shared with the faults of a till")]
mod recorded;
mod releases;
#[cfg(target_os = "linux")]
#[path = "../faults/shim.rs"]
mod shim;

use std::path::Path;

use fleet::{Counted, TILLS, TillProcess, check, enrol, open};
use hub::HubProcess;

/// A hub that serves and tills that sell.
pub(crate) fn chain(folder: &Path, tills: usize) -> (HubProcess, Vec<TillProcess>) {
    chain_by(folder, tills, HubProcess::url)
}

/// The same, where the tills know the hub by another address.
fn chain_by(
    folder: &Path,
    tills: usize,
    address: impl FnOnce(&HubProcess) -> String,
) -> (HubProcess, Vec<TillProcess>) {
    let mut hub = HubProcess::new(folder);
    let places = enrol(&hub, tills);
    hub.start();
    let url = address(&hub);
    (hub, open(folder, &url, places))
}

/// Trades, burns the data centre, brings a hub up from what is left and trades on. Nobody touches a till after the
/// fire.
fn burn(is_backed_up: bool) -> Counted {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut tills) = chain(folder.path(), TILLS.len());
    tills.iter().for_each(|till| till.sells(20));
    // A power cut in the morning: this till's day is in two segments.
    tills[1].kill();
    tills[1].restart();
    tills.iter().for_each(|till| till.sells(10));
    let backup = folder.path().join("last night.db");
    hub.back_up(&backup);
    let backed_up = rusqlite::Connection::open(&backup).unwrap();
    let in_backup: usize =
        backed_up.query_row("select count(*) from document", [], |row| row.get(0)).unwrap();
    drop(backed_up);
    tills.iter().for_each(|till| till.sells(40));

    hub.burn();
    tills.iter().for_each(TillProcess::is_offline);
    tills.iter().for_each(|till| till.sells(30));
    let given: usize = tills.iter().map(|till| till.receipts().len()).sum();
    assert!(in_backup > 0 && given > in_backup + 200, "{in_backup} of {given} receipts are in the backup");
    hub.bring_up(is_backed_up.then_some(&*backup));
    tills.iter_mut().for_each(TillProcess::pause);
    tills.iter().for_each(TillProcess::drains);
    // Everything has come back, and there is still something to sell.
    tills.iter_mut().for_each(|till| till.tell("sell"));
    tills.iter().for_each(|till| till.sells(30));
    assert!(hub.metric("suanpan_epoch") > 1, "the hub knows that it lost something");

    let counted = check(&hub, &mut tills);
    println!("{counted:?}, {in_backup} of them in the backup");
    counted
}

#[test]
fn a_burnt_data_centre_comes_back_from_last_nights_backup_without_a_hand_on_any_till() {
    let counted = burn(true);
    assert!(counted.receipts >= 500 && counted.unprinted <= 1, "{counted:?}");
}

#[test]
fn a_burnt_data_centre_comes_back_from_the_escrowed_key_alone_without_a_hand_on_any_till() {
    let counted = burn(false);
    assert!(counted.receipts >= 500 && counted.unprinted <= 1, "{counted:?}");
}
