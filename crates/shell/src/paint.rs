//! How the page is painted.

use tauri::WebviewWindow;

/// Has the processor paint: a page of text and flat colour is on the screen sooner than by way of the graphics card,
/// in two thirds of the memory, and looks the same whatever driver a shop's computer has.
#[cfg(target_os = "linux")]
pub(crate) fn by_processor(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// WebView2 is left as it comes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn by_processor(_: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
