//! Overlay file systems over one till's disk: machines that begin with the same files, and of which each keeps what it
//! writes to itself.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set for the run that may mount.
const HAS_MOUNTS: &str = "SUANPAN_HAS_MOUNTS";

/// Runs this test again where it may mount, and where the system takes its mounts away with it. Says whether this is
/// that run.
pub(crate) fn is_where_mounts_are(test: &str) -> bool {
    if std::env::var_os(HAS_MOUNTS).is_some() {
        return true;
    }
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let namespaces: &[&str] = if is_root { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] };
    let may_mount =
        Command::new("unshare").args(namespaces).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status();
    if !may_mount.unwrap().success() {
        assert!(
            std::env::var_os("CI").is_none(),
            "this system lets nobody mount in a namespace of their own"
        );
        println!("Skipped: this system lets nobody mount in a namespace of their own.");
        return false;
    }
    let mut again = Command::new("unshare");
    again.args(namespaces).arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
    assert!(again.env(HAS_MOUNTS, "1").status().unwrap().success(), "{test}, where it may mount");
    false
}

/// A mounted overlay. Dropping it takes it away.
pub(crate) struct Overlay(pub(crate) PathBuf);

impl Overlay {
    /// Mounts a machine's own view of a folder that nobody writes any more.
    pub(crate) fn mount(over: &Path, at: &Path) -> Overlay {
        let [upper, work] = ["upper", "work"].map(|part| at.with_extension(part));
        [at, &upper, &work].iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
        let folders = [("lowerdir", over), ("upperdir", &upper), ("workdir", &work)];
        let folders = folders.map(|(name, folder)| format!("{name}={}", folder.display())).join(",");
        let mount = Command::new("mount").args(["-t", "overlay", "overlay", "-o", &folders]).arg(at).status();
        assert!(mount.unwrap().success(), "{folders}");
        Overlay(at.to_owned())
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // In vain only when a till still runs on it; the namespace's end takes it away then.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
