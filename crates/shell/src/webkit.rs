//! What a till asks of WebKit: to paint by the processor, and to keep to what one small page needs.

use tauri::WebviewWindow;

/// What this process and those of its page find in their environment, unless it is set there already.
///
/// Without the first two the window loads a graphics driver to learn what it can do, and never uses it. The last leaves out
/// the compiler for programs that compute for long: the page's does not, and its compilers hold 16 MB.
#[cfg(target_os = "linux")]
const ENVIRONMENT: [(&str, &str); 3] =
    [("GDK_GL", "disable"), ("WEBKIT_DISABLE_COMPOSITING_MODE", "1"), ("JSC_useDFGJIT", "0")];

/// Tells WebKit what it reads once, as it starts. To be called before anything else runs.
#[cfg(target_os = "linux")]
pub(crate) fn prepare() {
    for (name, value) in ENVIRONMENT {
        if let Err(error) = webkit2gtk::glib::setenv(name, value, false) {
            tracing::warn!(error.what = %error, env.name = name, "webkit.environment");
        }
    }
}

/// Has the processor paint: a page of text and flat colour is on the screen sooner than by way of the graphics card,
/// in two thirds of the memory, and looks the same whatever driver a shop's computer has.
#[cfg(target_os = "linux")]
pub(crate) fn paint_by_processor(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// WebView2 is left as it comes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare() {}

/// WebView2 is left as it comes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn paint_by_processor(_: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
