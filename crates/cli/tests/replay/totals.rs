//! Totals, refusals and exit codes.

use std::fs;

use crate::data::Week;
use crate::hub::LocalHub;
use crate::runs::{command, run, run_exact, verify};

fn check_twice(week: &Week) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("till");
    let first = run_exact(week, &mut command(week, &dir, "embedded"));
    let entries = verify(week, &dir);
    let second = run_exact(week, &mut command(week, &dir, "embedded"));
    assert_eq!((second, verify(week, &dir)), (first, entries), "a second run changes nothing");
}

#[test]
fn till_ledger_and_hub_give_the_files_totals_and_a_second_run_changes_nothing() {
    check_twice(&Week::made_up(1));
}

#[test]
fn the_real_week_comes_out_to_the_fen() {
    match Week::real() {
        Some(week) => check_twice(&week),
        None => println!("skipped: the real week is not on this machine"),
    }
}

#[test]
fn other_files_are_refused_before_anything_is_written() {
    let (week, other) = (Week::made_up(1), Week::made_up(2));
    let folder = tempfile::tempdir().unwrap();
    run_exact(&week, &mut command(&week, folder.path(), "embedded"));
    let entries = verify(&week, folder.path());
    let (code, _, said) = run(&mut command(&other, folder.path(), "embedded"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("STA-RPL-001") && said.contains("other files"), "{said}");
    assert_eq!(verify(&week, folder.path()), entries);
}

#[test]
fn a_folder_that_a_till_sells_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ledger.current"), "ledger.db").unwrap();
    let (code, _, said) = run(&mut command(&Week::made_up(1), folder.path(), "embedded"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("STA-RPL-002"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written");
}

#[test]
fn a_file_of_nothing_but_a_header_is_nothing() {
    let mut week = Week::made_up(1);
    let header = fs::read_to_string(&week.sales).unwrap().lines().next().unwrap().to_owned();
    fs::write(&week.sales, header).unwrap();
    week.days.clear();
    let folder = tempfile::tempdir().unwrap();
    let (code, printed, said) = run(&mut command(&week, folder.path(), "embedded"));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((&printed["lines"], &printed["hub"]["missing"]), (&0.into(), &0.into()));
}

#[test]
fn a_hub_at_an_address_wants_a_code_once() {
    let (week, hub) = (Week::made_up(1), LocalHub::start());
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("till");
    let (code, _, said) = run(&mut command(&week, &dir, hub.url()));
    assert_eq!((code, dir.exists()), (Some(2), false), "{said}");
    assert!(said.contains("STA-RPL-003"), "{said}");
    let (code, _, said) = run(command(&week, &dir, hub.url()).args(["--enrol-code", "AAAAA-AAAAA"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("STA-RPL-004"), "{said}");
    run_exact(&week, command(&week, &dir, hub.url()).env("SUANPAN_ENROL_CODE", hub.code(1)));
    run_exact(&week, &mut command(&week, &dir, hub.url()));
}

#[test]
fn only_this_tills_sales_count_when_several_share_a_site() {
    let hub = LocalHub::start();
    for till in [1, 2] {
        let (week, folder) = (Week::made_up(i64::from(till)), tempfile::tempdir().unwrap());
        run_exact(&week, command(&week, folder.path(), hub.url()).args(["--enrol-code", &hub.code(till)]));
    }
}

#[test]
fn figures_that_differ_are_exit_code_1() {
    let hub = LocalHub::start();
    let (week, other) = (Week::made_up(1), Week::made_up(2));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    run_exact(&week, command(&week, folders[0].path(), hub.url()).args(["--enrol-code", &hub.code(1)]));
    // Another machine takes the place of till 1 on the same dates: the hub has both, this ledger its own.
    let mut replaced = command(&other, folders[1].path(), hub.url());
    let (code, printed, said) = run(replaced.args(["--enrol-code", &hub.replacement_code(1)]));
    assert_eq!(code, Some(1), "{said}");
    let sum = |side: &serde_json::Value| side["amount_fen"].as_i64().unwrap();
    assert_eq!(sum(&printed), other.total().2);
    assert_eq!(sum(&printed["hub"]), other.total().2 + week.total().2);
}
