//! Ledgers that another station wrote: kept as they are, read by nobody, gone back from when the right one is there.

mod common;

use common::*;
use suanpan_journal::StationId;
use suanpan_ledger::{Damage, Ledger, Lock, Opened, Working, verify};

const OTHER: StationId = StationId([0x52; 16]);

fn open(till: &Till, station: StationId) -> Opened {
    let lock = Lock::acquire(till.path()).expect("lock");
    Ledger::open(&lock, station, OPTIONS, mint()).expect("open")
}

fn entries(ledger: &Ledger) -> u64 {
    ledger.segments().expect("segments").iter().map(|segment| segment.head.seq).sum()
}

/// Opens another station's ledger: it is left as it is, and nothing of it is in the new one.
fn check(till: &Till) {
    let before = std::fs::read(till.file("ledger.db")).expect("read");
    let opened = open(till, OTHER);
    let replaced = opened.report.replaced.expect("a replacement");
    assert_eq!((replaced.damage, replaced.salvaged, replaced.to_come), (Damage::Anothers, 0, 0));
    assert_eq!(replaced.kept, Some(till.file("ledger.db")));
    assert_eq!(entries(&opened.ledger), 0);
    assert_eq!(opened.ledger.missing().expect("holes"), []);
    assert_eq!(opened.ledger.open_basket().expect("a basket"), None, "nobody's basket is sold on");
    assert!(std::fs::read(till.file("ledger.db")).expect("read") == before, "left as it was");
}

#[test]
fn another_stations_ledger_is_kept_and_nothing_of_it_is_carried_over() {
    let till = Till::new();
    till.sell(1..=3);
    let basket = suanpan_ledger::OpenBasket::Save(b"{}");
    let mut ledger = till.open().ledger;
    ledger.append(&[], &Working { basket, print: &[] }).expect("a basket");
    ledger.settle().expect("settle");
    drop(ledger);
    // Opened once more since its last entry: the whole of it is marked as read.
    drop(till.open());
    let lock = Lock::acquire(till.path()).expect("lock");
    assert_eq!(verify(&lock, OTHER).expect("verify").damage, Some(Damage::Anothers));
    drop(lock);
    check(&till);
}

#[test]
fn a_damaged_ledger_of_another_station_gives_nothing_either() {
    let till = Till::new();
    till.sell(1..=30);
    let mut bytes = std::fs::read(till.file("ledger.db")).expect("read");
    bytes[3] ^= 2;
    std::fs::write(till.file("ledger.db"), bytes).expect("write");
    check(&till);
}

#[test]
fn a_station_whose_identity_is_back_goes_on_with_its_own_ledger() {
    let till = Till::new();
    till.sell(1..=3);
    let mut other = open(&till, OTHER).ledger;
    sell(&mut other, 1);
    drop(other);
    let Opened { ledger, report } = till.open();
    let replaced = report.replaced.expect("a replacement");
    assert_eq!(
        (replaced.damage, replaced.file, replaced.salvaged),
        (Damage::Anothers, till.file("ledger.db"), 3)
    );
    assert_eq!(replaced.kept, Some(till.file("ledger-2.db")));
    assert_eq!(entries(&ledger), 3);
    drop(ledger);
    assert!(till.open().report.replaced.is_none(), "told once");
}

#[cfg(unix)]
#[test]
fn whatever_a_station_writes_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("shop/till");
    let lock = Lock::acquire(&folder).expect("lock");
    let options = suanpan_ledger::Options { reserve_bytes: 1 << 20, ..OPTIONS };
    let mut ledger = Ledger::open(&lock, STATION, options, mint()).expect("open").ledger;
    sell(&mut ledger, 1);
    ledger.between_sales().expect("housekeeping");
    let catalogue = suanpan_ledger::Catalogue::open(&lock).expect("open").catalogue;
    catalogue.spare().expect("a spare").keep().expect("kept");
    let _sync = suanpan_ledger::SyncState::open(&lock).expect("open");
    let files = || std::fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path());
    assert!(files().count() >= 10, "ledger, catalogue, sync, logs, spare, reserve, pointers, lock");
    let open: Vec<_> = files().filter(|file| mode(file) != 0o600).collect();
    assert_eq!((mode(&folder), open), (0o700, vec![]));

    // What an earlier version left open.
    for path in files().chain([folder.clone()]) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    lock.keep_private();
    let open: Vec<_> = files().filter(|file| mode(file) & 0o077 != 0).collect();
    assert_eq!((mode(&folder), open), (0o700, vec![]));
}
