//! The demo and its window: each ends with the other, whoever holds the keyboard.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any of it takes; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A window that says who it is and ends when it is closed, or when its input ends, as the till's does.
const WINDOW: &str = "#!/bin/sh\necho $$ > \"$(dirname \"$0\")/new\"\nmv \"$(dirname \"$0\")/new\" \"$(dirname \"$0\")/pid\"\nexec cat\n";

struct Demo {
    process: Child,
    folder: tempfile::TempDir,
}

impl Demo {
    /// Starts the demo with a window of its own beside it; its keyboard stays open and silent.
    fn start() -> Demo {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let (program, window) = (folder.path().join("suanpan"), folder.path().join("pos-app"));
        std::fs::hard_link(env!("CARGO_BIN_EXE_suanpan"), &program).expect("the program");
        std::fs::write(&window, WINDOW).expect("a script");
        std::fs::set_permissions(&window, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("a mode");
        let mut demo = Command::new(&program);
        demo.arg("demo").arg("--chain").arg(sample()).arg("--data-dir").arg(folder.path().join("demo"));
        demo.args(["--port", "0", "--ui", "none"]).stdin(Stdio::piped()).stdout(Stdio::null());
        Demo { process: demo.spawn().expect("the demo"), folder }
    }

    /// The window's process, once it is open.
    fn window(&self) -> String {
        let file = self.folder.path().join("pid");
        until("the window opens", || file.exists());
        std::fs::read_to_string(file).expect("an id").trim().to_owned()
    }

    fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("a child").is_some()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sync-server/sample")
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

fn kill(signal: &str, id: &str) {
    assert!(Command::new("kill").args([signal, id]).status().expect("kill").success());
}

/// Gone, or dead and not yet looked for by whoever inherits it.
fn is_gone(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with('Z'))
}

#[test]
fn the_demo_ends_when_its_window_is_closed_although_nobody_typed_a_line() {
    let mut demo = Demo::start();
    let window = demo.window();
    kill("-TERM", &window);
    until("the demo ends", || demo.has_ended());
    assert!(is_gone(&window));
}

#[test]
fn the_window_ends_when_the_demo_is_ended_in_whatever_way() {
    for signal in ["-INT", "-TERM", "-HUP", "-KILL"] {
        let mut demo = Demo::start();
        let window = demo.window();
        kill(signal, &demo.process.id().to_string());
        until(&format!("the demo ends after {signal}"), || demo.has_ended());
        until(&format!("the window ends after {signal}"), || is_gone(&window));
    }
}
