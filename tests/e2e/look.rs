//! Looking at a screen: pictured in every size, and what a person would call broken on it written down.

use serde_json::json;
use suanpan_tests::e2e::Window;

/// A window's size, the least height of a key in it, and of a character, in pixels.
type Size = ((u32, u32), f64, f64);

/// The smallest till; the same under a window's title bar; a wide one; and one of twice the pixels.
const SIZES: [Size; 4] = [
    ((1920, 1080), 66.0, 16.5),
    ((1366, 768), 47.5, 11.9),
    ((1024, 731), 45.0, 11.4),
    ((1024, 768), 47.5, 11.9),
];

/// HQ's desks have a mouse, and their letters stay as the browser has them.
const DESK_KEY: f64 = 30.0;

const FAULTS: &str = include_str!("faults.js");

/// Whether anything lies over the basket or the totals.
const COVERED: &str = "return ['.B', '.T'].some((name) => {
    const part = document.querySelector(name);
    const { x, y, width, height } = part.getBoundingClientRect();
    return [0.05, 0.5, 0.95].some((at) => !part.contains(document.elementFromPoint(x + width * at, y + height * at)));
})";

/// What was looked at in one language.
pub(crate) struct Looks {
    language: &'static str,
    faults: Vec<String>,
}

impl Looks {
    pub(crate) fn new(language: &'static str) -> Self {
        Self { language, faults: vec![] }
    }

    /// A station's screen. The window is left in the smallest till's size.
    pub(crate) async fn at(&mut self, window: &Window, name: &str) {
        for (size, key_min, text_min) in SIZES {
            self.in_size(window, name, size, key_min, text_min).await;
        }
    }

    /// The same for a panel of the selling screen, which never covers basket or totals.
    pub(crate) async fn at_panel(&mut self, window: &Window, name: &str) {
        self.at(window, name).await;
        if window.script(COVERED, vec![]).await != json!(false) {
            self.faults.push(format!("{name} covers the basket or the totals"));
        }
    }

    /// A page of HQ.
    pub(crate) async fn at_hq(&mut self, window: &Window, name: &str) {
        for (size, _, _) in SIZES {
            self.in_size(window, name, size, DESK_KEY, 11.9).await;
        }
    }

    async fn in_size(&mut self, window: &Window, name: &str, size: (u32, u32), key_min: f64, text_min: f64) {
        let (width, height) = size;
        window.resize(width, height).await;
        let inner = async || window.script("return [innerWidth, innerHeight]", vec![]).await;
        window
            .wait_until(&format!("the window is {size:?}"), async || inner().await == json!([width, height]))
            .await;
        window.shot(&format!("{}-{name}-{width}x{height}", self.language)).await;
        let found = window.script(FAULTS, vec![json!(key_min), json!(text_min)]).await;
        let told = found.as_array().into_iter().flatten().filter_map(|one| one.as_str());
        self.faults.extend(told.map(|one| format!("{name} {width}×{height} {one}")));
    }

    /// *Panics* with everything that was broken.
    pub(crate) fn end(self) {
        assert!(self.faults.is_empty(), "{}:\n{}", self.language, self.faults.join("\n"));
    }
}
