//! A till's window on a folder, and what every test does at it.

use std::path::{Path, PathBuf};

use suanpan_tests::e2e::{App, Display, Window};

/// The window of the smallest till.
pub(crate) const SMALL: (u32, u32) = (1024, 768);
/// The window of a wide one.
pub(crate) const WIDE: (u32, u32) = (1366, 768);

/// A program of the workspace, built beside this test, or in the folder that `SUANPAN_APPS_DIR` names.
fn program(name: &str) -> PathBuf {
    let dir = std::env::var_os("SUANPAN_APPS_DIR").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().expect("a test has a path");
        test.ancestors().nth(2).expect("a test lies in target/debug/deps").to_owned()
    });
    dir.join(name)
}

/// Where pictures go.
pub(crate) fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots")
}

/// Pictures `name`, which README shows; it is renewed only when `SUANPAN_WRITE_SCREENSHOTS` is set.
pub(crate) async fn picture_for_readme(window: &Window, name: &str) {
    let file = format!("{name}.png");
    window.shot(&file).await;
    if std::env::var_os("SUANPAN_WRITE_SCREENSHOTS").is_some() {
        let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots");
        std::fs::create_dir_all(&shown).expect("the folder for README's pictures");
        std::fs::copy(pictures().join(&file), shown.join(&file)).expect("the picture can be copied");
    }
}

/// Opens the till's window on a folder.
pub(crate) async fn open_till(display: &Display, data_dir: &Path, (width, height): (u32, u32)) -> Window {
    open(display, "pos-app", data_dir, &[], (width, height)).await
}

/// Opens a program's window on a folder, with more arguments.
pub(crate) async fn open(
    display: &Display,
    name: &str,
    data_dir: &Path,
    more: &[&str],
    (width, height): (u32, u32),
) -> Window {
    let binary = program(name);
    let mut args = vec!["--data-dir", data_dir.to_str().expect("the folder's name is text")];
    args.extend(more);
    let window = Window::open_app(display, App { binary: &binary, args: &args, env: &[] }, &pictures()).await;
    window.resize(width, height).await;
    window
}

/// Types digits on the drawn keys, as a finger does.
pub(crate) async fn tap_digits(window: &mut Window, digits: &str) {
    for digit in digits.chars() {
        window.touch(&format!("pad-{digit}")).await;
    }
}

/// Signs in by touch.
pub(crate) async fn sign_in(window: &mut Window, staff: &str, pin: &str) {
    tap_digits(window, staff).await;
    window.touch("pad-Enter").await;
    tap_digits(window, pin).await;
    window.touch("pad-Enter").await;
}

/// Opens a shift by touch.
pub(crate) async fn open_shift(window: &mut Window, float: &str) {
    window.find("float").await;
    tap_digits(window, float).await;
    window.touch("open-shift").await;
    window.wait_gone("float").await;
}

/// Types as a person does: each key is on the screen before the next one, so that nobody takes them for a scanner.
pub(crate) async fn type_into(window: &mut Window, testid: &str, text: &str) {
    for at in 0..text.len() {
        window.press(&text[at..=at]).await;
        window.wait_text_has(testid, &text[..=at]).await;
    }
}

/// The same into a field that shows dots.
pub(crate) async fn type_secret(window: &mut Window, testid: &str, text: &str) {
    for at in 0..text.len() {
        window.press(&text[at..=at]).await;
        window.wait_text_has(testid, &"●".repeat(at + 1)).await;
    }
}

/// Proves somebody by staff number and PIN, on the keyboard.
pub(crate) async fn prove(window: &mut Window, staff: &str, pin: &str) {
    window.find("field-staff").await;
    type_into(window, "field-staff", staff).await;
    window.press("Enter").await;
    type_secret(window, "field-pin", pin).await;
    window.press("Enter").await;
}
