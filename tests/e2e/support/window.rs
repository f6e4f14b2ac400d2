//! One window under WebDriver: the till's own, or a browser's.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Display;
use super::keys::code_point;
use super::process::Group;

/// How long anything on the screen may take. Far beyond what is good, so that only a real fault reaches it
/// even on two busy cores.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How long a program may take to open its window: a debug build on a machine that does much else.
const OPEN_MAX: Duration = Duration::from_secs(90);
/// How often a condition is looked at: below a frame and a half of a person's notice, cheap for the driver.
const POLL: Duration = Duration::from_millis(25);
/// A person takes longer to read a question; sooner it takes no Enter for an answer.
const READS: Duration = Duration::from_millis(350);
/// More often than this a page does not redraw while its elements are listed.
const REDRAWS_MAX: u32 = 20;

/// A Tauri program to open.
pub struct App<'a> {
    pub binary: &'a Path,
    pub args: &'a [&'a str],
    pub env: &'a [(&'a str, &'a str)],
}

/// A part of a burst.
pub enum Keys<'a> {
    /// Characters.
    Text(&'a str),
    /// A modifier, and the keys pressed while it is held.
    Held(&'a str, &'a [&'a str]),
    /// One key by its name.
    Named(&'a str),
}

/// An open window. Every method panics with what it was doing when the window does not answer as asked.
pub struct Window {
    client: Client,
    shots: PathBuf,
    presses: u32,
    _driver: Group,
}

impl Window {
    /// Opens a Tauri program's window on `display`; pictures go to the folder `shots`.
    pub async fn open_app(display: &Display, app: App<'_>, shots: &Path) -> Self {
        let mut server = webkit(display);
        // The program inherits the server's environment. The two variables make Tauri allow automation.
        server.env("TAURI_AUTOMATION", "true").env("TAURI_WEBVIEW_AUTOMATION", "true");
        server.envs(app.env.iter().copied());
        let options = json!({ "webkitgtk:browserOptions": { "binary": app.binary, "args": app.args } });
        Self::open(server, options, shots).await
    }

    /// Opens `url` in a browser, its page `width` × `height` pixels: Chromium, or WebKit's own little browser
    /// on systems that have Chromium only as a snap.
    pub async fn open_browser(
        display: &Display,
        url: &str,
        (width, height): (u32, u32),
        shots: &Path,
    ) -> Self {
        let has_chromium = Command::new("chromedriver").arg("--version").output().is_ok();
        let window = if has_chromium {
            // The sandbox cannot start as root or in a container; the page under test is our own.
            let args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
            let options = json!({ "goog:chromeOptions": { "args": args } });
            Self::open(Command::new("chromedriver"), options, shots).await
        } else {
            Self::open(webkit(display), json!({}), shots).await
        };
        window.client.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
        window.resize(width, height).await;
        window
    }

    async fn open(mut server: Command, options: Value, shots: &Path) -> Self {
        std::fs::create_dir_all(shots).expect("the folder for pictures can be made");
        let Value::Object(options) = options else { unreachable!("capabilities are an object") };
        let name = server.get_program().display().to_string();
        let port = free_port();
        server.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut driver = Group::start(&mut server);
        assert!(answers(&mut driver, port).await, "{name} does not answer on port {port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let url = format!("http://127.0.0.1:{port}");
        let client = tokio::time::timeout(OPEN_MAX, builder.capabilities(options).connect(&url)).await;
        let client = client.unwrap_or_else(|_| panic!("the program opens no window: does it end at once?"));
        let client = client.unwrap_or_else(|error| panic!("{name} opens no window: {error}"));
        Self { client, shots: shots.to_owned(), presses: 0, _driver: driver }
    }

    /// Makes the page inside the window `width` × `height` pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let frame = self.script("return [outerWidth - innerWidth, outerHeight - innerHeight]", vec![]).await;
        let frame = |side: usize| frame[side].as_u64().and_then(|px| u32::try_from(px).ok()).unwrap_or(0);
        let resized = self.client.set_window_rect(0, 0, width + frame(0), height + frame(1)).await;
        resized.expect("the window can be resized");
    }

    /// Presses one key: `"F2"`, `"Enter"`, `"+"`, or with modifiers held, `"Control+r"`.
    pub async fn press(&mut self, keys: &str) {
        self.presses += 1;
        // Whoever answers a question has read it.
        if keys == "Enter" && self.asks().await {
            tokio::time::sleep(READS).await;
        }
        let (held, key) = match keys.rsplit_once('+') {
            Some((held, key)) if !held.is_empty() && !key.is_empty() => (held.split('+').collect(), key),
            _ => (Vec::new(), keys),
        };
        let held: Vec<char> = held.into_iter().map(code_point).collect();
        let mut actions: Vec<KeyAction> = held.iter().map(|key| KeyAction::Down { value: *key }).collect();
        let key = code_point(key);
        actions.extend([KeyAction::Down { value: key }, KeyAction::Up { value: key }]);
        actions.extend(held.iter().rev().map(|key| KeyAction::Up { value: *key }));
        self.perform(keys, actions).await;
    }

    async fn asks(&self) -> bool {
        !self.find_all("question").await.is_empty() || !self.find_all("relieve").await.is_empty()
    }

    /// Presses the keys one after another, separated by spaces: `"+ 5 4 Enter"`.
    pub async fn press_all(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.press(key).await;
        }
    }

    /// Types text as one burst, the way a scanner does, then Enter. It does not count as presses.
    pub async fn scan(&self, code: &str) {
        self.type_text(&format!("{code}\u{e007}")).await;
    }

    /// The same with keys of their own among the text, held or alone, as a scanner sends what no key types.
    pub async fn scan_keys(&self, parts: &[Keys<'_>]) {
        let mut actions = vec![];
        for part in parts {
            match part {
                Keys::Text(text) => actions.extend(text.chars().flat_map(pressed)),
                Keys::Held(held, keys) => {
                    let held = code_point(held);
                    actions.push(KeyAction::Down { value: held });
                    actions.extend(keys.iter().flat_map(|key| pressed(code_point(key))));
                    actions.push(KeyAction::Up { value: held });
                }
                Keys::Named(key) => actions.extend(pressed(code_point(key))),
            }
        }
        actions.extend(pressed(code_point("Enter")));
        self.perform("a scan of keys", actions).await;
    }

    /// Types text as one burst of key presses into whatever has the focus. It does not count as presses.
    pub async fn type_text(&self, text: &str) {
        self.perform(text, text.chars().flat_map(pressed).collect()).await;
    }

    async fn perform(&self, what: &str, actions: Vec<KeyAction>) {
        let keyboard = KeyActions::new("keyboard".to_owned());
        let actions = actions.into_iter().fold(keyboard, InputSource::then);
        let done = self.client.perform_actions(actions).await;
        done.unwrap_or_else(|error| panic!("the keys {what:?} cannot be pressed: {error}"));
    }

    /// Touches (or clicks) an element once it is there.
    pub async fn touch(&mut self, testid: &str) {
        self.presses += 1;
        let element = self.find(testid).await;
        element.click().await.unwrap_or_else(|error| panic!("{testid} cannot be touched: {error}"));
    }

    /// A finger that comes down twice on one place, as fast as fingers do.
    pub async fn double_tap(&mut self, testid: &str) {
        const APART: Duration = Duration::from_millis(150);
        let element = self.find(testid).await;
        let down = || PointerAction::Down { button: MOUSE_BUTTON_LEFT };
        let up = || PointerAction::Up { button: MOUSE_BUTTON_LEFT };
        let there = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let taps = [there, down(), up(), PointerAction::Pause { duration: APART }, down(), up()];
        let mouse = MouseActions::new("mouse".to_owned());
        let done = self.client.perform_actions(taps.into_iter().fold(mouse, InputSource::then)).await;
        done.unwrap_or_else(|error| panic!("{testid} cannot be tapped: {error}"));
    }

    /// Key presses and touches since the last call.
    pub fn take_presses(&mut self) -> u32 {
        std::mem::take(&mut self.presses)
    }

    /// The first element with this `data-testid`, waiting until it is there.
    pub async fn find(&self, testid: &str) -> Element {
        let mut found = None;
        self.wait_until(&format!("{testid} is there"), async || {
            found = self.find_all(testid).await.into_iter().next();
            found.is_some()
        })
        .await;
        found.expect("the wait ended with an element")
    }

    /// All elements with this `data-testid`, now, in document order.
    pub async fn find_all(&self, testid: &str) -> Vec<Element> {
        let selector = format!("[data-testid=\"{testid}\"]");
        let mut found = self.client.find_all(Locator::Css(&selector)).await;
        // The page may redraw while they are listed: then they are listed again.
        for _ in 0..REDRAWS_MAX {
            if !matches!(&found, Err(error) if error.to_string().contains("Stale element")) {
                break;
            }
            found = self.client.find_all(Locator::Css(&selector)).await;
        }
        found.unwrap_or_else(|error| panic!("{testid} cannot be looked up: {error}"))
    }

    /// The visible text of an element, waiting until it is there.
    pub async fn text(&self, testid: &str) -> String {
        let mut text = None;
        // The page may redraw between finding an element and reading it: then it is found again.
        self.wait_until(&format!("{testid} can be read"), async || {
            let Some(element) = self.find_all(testid).await.into_iter().next() else { return false };
            text = element.text().await.ok();
            text.is_some()
        })
        .await;
        text.expect("the wait ended with a text")
    }

    /// Waits until the element's text is exactly `expected`; fails with what it was instead.
    pub async fn wait_text(&self, testid: &str, expected: &str) {
        self.wait_text_where(testid, &format!("is {expected:?}"), |text| text == expected).await;
    }

    /// Waits until the element's text contains `part`; fails with what it was instead.
    pub async fn wait_text_has(&self, testid: &str, part: &str) {
        self.wait_text_where(testid, &format!("contains {part:?}"), |text| text.contains(part)).await;
    }

    async fn wait_text_where(&self, testid: &str, what: &str, good: impl Fn(&str) -> bool) {
        let mut last = String::new();
        let reached = self
            .reach(async || {
                last = self.text(testid).await;
                good(&last)
            })
            .await;
        assert!(reached, "{testid}: waited {WAIT_MAX:?} until its text {what}; it is {last:?}");
    }

    /// Waits until no element has this `data-testid`.
    pub async fn wait_gone(&self, testid: &str) {
        self.wait_until(&format!("{testid} is gone"), async || self.find_all(testid).await.is_empty()).await;
    }

    /// Waits until `condition` holds, at most [`WAIT_MAX`]; `what` is the sentence a failure prints.
    pub async fn wait_until(&self, what: &str, condition: impl AsyncFnMut() -> bool) {
        assert!(self.reach(condition).await, "waited {WAIT_MAX:?} until {what}");
    }

    async fn reach(&self, mut condition: impl AsyncFnMut() -> bool) -> bool {
        let start = Instant::now();
        let mut tick = interval(POLL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while start.elapsed() < WAIT_MAX {
            tick.tick().await;
            if condition().await {
                return true;
            }
        }
        false
    }

    /// Runs JavaScript in the page (`return …` gives the value).
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Value {
        self.client.execute(script, args).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs JavaScript in the page that answers later, by calling its last argument.
    pub async fn answer(&self, script: &str, args: Vec<Value>) -> Value {
        self.client.execute_async(script, args).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Saves a picture of the page as `name`.png.
    pub async fn shot(&self, name: &str) {
        // WebKit's driver waits for the next paint, and a page at rest that the processor paints has none.
        let stir = "let on = false; const root = document.documentElement.style
            window.stirring = setInterval(() => (root.opacity = (on = !on) ? '0.9999' : ''), 16)";
        self.script(stir, vec![]).await;
        let png = self.client.screenshot().await.expect("the window can be pictured");
        let rest = "clearInterval(window.stirring); document.documentElement.style.opacity = ''";
        self.script(rest, vec![]).await;
        std::fs::write(self.shots.join(name).with_extension("png"), png).expect("the picture can be saved");
    }

    /// Closes the window as its user would, then the driver.
    pub async fn close(self) {
        self.client.close().await.expect("the window closes");
    }
}

fn pressed(key: char) -> [KeyAction; 2] {
    [KeyAction::Down { value: key }, KeyAction::Up { value: key }]
}

fn webkit(display: &Display) -> Command {
    let mut server = Command::new("WebKitWebDriver");
    server.env("DISPLAY", display.name()).env("GDK_BACKEND", "x11").env("NO_AT_BRIDGE", "1");
    server
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Waits until the driver accepts connections; false when it ended instead.
async fn answers(driver: &mut Group, port: u16) -> bool {
    let start = Instant::now();
    let mut tick = interval(POLL);
    while start.elapsed() < WAIT_MAX && matches!(driver.0.try_wait(), Ok(None)) {
        tick.tick().await;
        if tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
            return true;
        }
    }
    false
}
