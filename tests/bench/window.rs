//! The till's real window: keys come by WebDriver, times are taken by the page.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use suanpan_ledger::Lock;
use suanpan_tests::catalogue::CARD;
use suanpan_tests::e2e::{App, Display, Window};

use crate::history::{self, code, gtin};
use crate::memory;

const SIZE: (u32, u32) = (1024, 768);
const ITEMS: usize = 10_000;
const RESTARTS: usize = 10;
/// Lines in the basket when scans begin to count, and when it is paid.
const BASKET: std::ops::Range<usize> = 39..79;
const BASKETS: usize = 6;
const SALES: usize = 1_000;

/// Notes when each new line was painted: milliseconds since the last keydown, and milliseconds since 1970.
const WATCH: &str = r#"
const count = (id) => document.querySelectorAll(`[data-testid="${id}"]`).length
const bench = (window.bench = { paints: [], keyAt: 0, lines: count('line') })
addEventListener('keydown', (event) => (bench.keyAt = event.timeStamp), { capture: true })
const look = () => {
  const [before, keyAt] = [bench.lines, bench.keyAt]
  bench.lines = count('line')
  if (bench.lines <= before) return
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const now = performance.now()
    bench.paints.push({ ms: now - keyAt, at: performance.timeOrigin + now })
  }))
}
new MutationObserver(look).observe(document.body, { childList: true, subtree: true })"#;

/// Answers with the newest paint once there are as many as asked for.
const PAINTED: &str = "
const [wanted, done] = arguments
const look = () => (bench.paints.length < wanted ? setTimeout(look, 2) : done(bench.paints.at(-1)))
look()";

/// Answers with the time in milliseconds since 1970 at which a screen was painted.
const ON_SCREEN: &str = "
const [wanted, done] = arguments
const look = () => {
  if (document.querySelector('[data-testid=screen]')?.dataset.screen !== wanted) return setTimeout(look, 2)
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.timeOrigin + performance.now())))
}
look()";

/// What was measured.
pub(crate) struct Measured {
    /// Milliseconds from the program's start to the sign-in's paint, of each start.
    pub(crate) sign_in_ms: Vec<f64>,
    /// Milliseconds from the program's start to the paint of the first line, of each start.
    pub(crate) ready_ms: Vec<f64>,
    /// Milliseconds from a scan's last keydown to the second frame with its line.
    pub(crate) scan_ms: Vec<f64>,
    /// Megabytes after the first scans, and after a thousand sales.
    pub(crate) memory_mb: [f64; 2],
}

/// Starts, scans and sells at a till with `sales` sales behind it, in a folder made for it.
pub(crate) fn measure(sales: u32) -> Measured {
    let dir = tempfile::tempdir().expect("a folder");
    history::write(dir.path(), sales, ITEMS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(sit_down(dir.path()))
}

async fn sit_down(dir: &Path) -> Measured {
    let display = Display::start(SIZE.0, SIZE.1);
    let mut counter = Counter::start(&display, dir).await;
    counter.open_shift().await;
    let (mut sign_in_ms, mut ready_ms) = (vec![], vec![]);
    for _ in 0..RESTARTS {
        counter = counter.restart(&display, dir).await;
        sign_in_ms.push(counter.sign_in().await - counter.started_ms);
        ready_ms.push(counter.scan(&gtin(0)).await["at"].as_f64().expect("a time") - counter.started_ms);
        counter.pay().await;
    }
    let mut scan_ms = vec![];
    for _ in 0..BASKETS {
        for line in 0..BASKET.end {
            let painted = counter.scan(&gtin(line * 97)).await;
            if BASKET.contains(&line) {
                scan_ms.push(painted["ms"].as_f64().expect("a time"));
            }
        }
        counter.pay().await;
    }
    let before = memory::of_tree(counter.pid);
    for sale in 0..SALES {
        counter.scan(&code(sale * 7)).await;
        counter.pay().await;
    }
    let memory_mb = [before, memory::of_tree(counter.pid)];
    Measured { sign_in_ms, ready_ms, scan_ms, memory_mb }
}

/// A till's window with a supervisor at it.
struct Counter {
    window: Window,
    pid: u32,
    started_ms: f64,
    scans: usize,
}

impl Counter {
    async fn start(display: &Display, dir: &Path) -> Counter {
        let (stamp, launcher) = launcher(dir);
        let args = ["--data-dir", dir.to_str().expect("the folder's name is text")];
        let window = Window::open_app(display, App { binary: &launcher, args: &args, env: &[] }, dir).await;
        let stamp = std::fs::read_to_string(stamp).expect("the start was noted");
        let (pid, seconds) = stamp.trim().split_once(' ').expect("an id and a time");
        let seconds: f64 = seconds.parse().expect("a time");
        window.script(WATCH, vec![]).await;
        Counter { window, pid: pid.parse().expect("an id"), started_ms: seconds * 1e3, scans: 0 }
    }

    /// Ends the program as a power cut does and starts it again.
    async fn restart(self, display: &Display, dir: &Path) -> Counter {
        drop(self.window);
        // The folder is free once the system has taken the old program away.
        while Lock::acquire(dir).is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Counter::start(display, dir).await
    }

    async fn on_screen(&self, screen: &str) -> f64 {
        self.window.answer(ON_SCREEN, vec![json!(screen)]).await.as_f64().expect("a time")
    }

    /// Signs in with a card; the time at which the sign-in was there, in milliseconds since 1970.
    async fn sign_in(&self) -> f64 {
        let seen = self.on_screen("sign_in").await;
        self.window.scan(CARD).await;
        self.on_screen("selling").await;
        seen
    }

    async fn open_shift(&mut self) {
        self.on_screen("sign_in").await;
        self.window.scan(CARD).await;
        self.on_screen("open_shift").await;
        self.window.press_all("3 0 0 Enter").await;
        self.on_screen("selling").await;
    }

    async fn scan(&mut self, text: &str) -> Value {
        self.scans += 1;
        self.window.scan(text).await;
        self.window.answer(PAINTED, vec![json!(self.scans)]).await
    }

    /// Takes exact cash.
    async fn pay(&mut self) {
        self.window.type_text("+\u{e007}").await;
        self.window.wait_gone("line").await;
    }
}

/// A script that notes its process id and the time, and becomes the till.
fn launcher(dir: &Path) -> (PathBuf, PathBuf) {
    let bench = std::env::current_exe().expect("a program has a path");
    let till = bench.with_file_name("pos-app");
    assert!(till.exists(), "build pos-app beside {}", bench.display());
    let (stamp, launcher) = (dir.join("started"), dir.join("launch"));
    let script = format!(
        "#!/usr/bin/env bash\nLC_ALL=C; printf '%s %s' $$ \"$EPOCHREALTIME\" > '{}'\nexec '{}' \"$@\"\n",
        stamp.display(),
        till.display()
    );
    std::fs::write(&launcher, script).expect("a script");
    std::fs::set_permissions(&launcher, std::fs::Permissions::from_mode(0o755)).expect("a program");
    (stamp, launcher)
}
