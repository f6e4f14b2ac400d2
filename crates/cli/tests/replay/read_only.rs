//! A folder that is kept as evidence: nobody writes to it, and it is proved all the same.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::data::Week;
use crate::runs::{command, run, run_exact};

/// Who may read what everybody may, and write nothing.
const NOBODY: u32 = 65_534;

/// Makes a folder and its files such that nobody writes there; gives the files' names and times.
fn close(dir: &Path) -> Vec<(String, i64, u64)> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(Result::unwrap).collect();
    files.sort_by_key(fs::DirEntry::file_name);
    let listed = files.iter().map(|file| {
        let about = file.metadata().unwrap();
        fs::set_permissions(file.path(), Permissions::from_mode(if about.is_dir() { 0o555 } else { 0o444 }))
            .unwrap();
        (file.file_name().into_string().unwrap(), about.mtime_nsec(), about.len())
    });
    let listed = listed.collect();
    fs::set_permissions(dir, Permissions::from_mode(0o555)).unwrap();
    listed
}

#[test]
fn a_folder_that_cannot_be_written_to_is_verified_and_left_as_it_is() {
    let outer = tempfile::tempdir().unwrap();
    fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
    let dir = outer.path().join("data");
    let week = Week::made_up(5);
    run_exact(&week, &mut command(&week, &dir, "embedded"));
    let before = close(&dir);
    // Elsewhere: what was built may lie in somebody's closed home.
    let program = outer.path().join("suanpan");
    let built = env!("CARGO_BIN_EXE_suanpan");
    fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).unwrap();
    let mut verify = Command::new(program);
    verify.args(["verify", "--json", "--data-dir"]).arg(&dir).current_dir("/");
    // Nothing is closed to root.
    if fs::metadata(outer.path()).unwrap().uid() == 0 {
        verify.uid(NOBODY).gid(NOBODY);
    }
    let (code, printed, said) = run(&mut verify);
    assert_eq!((code, &printed["whole"]), (Some(0), &true.into()), "{said} {printed}");
    assert_eq!(close(&dir), before);
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
}
