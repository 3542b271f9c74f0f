//! How the browser engine draws, per system.
//!
//! Forms and lists need no graphics card. Where a computer has no usable one, the Linux engine draws every frame through
//! a software imitation of it, ten to fifty times slower and with 70 MB more; so there it draws without. On other
//! systems the engine draws as it does by itself.
//!
//! Basis: decision 23.

use tauri::WebviewWindow;

/// Has the engine draw without the graphics card.
///
/// # Errors
/// When the window is gone already.
#[cfg(target_os = "linux")]
pub(crate) fn draw_without_the_card(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt};

    window.with_webview(|view| {
        if let Some(settings) = WebViewExt::settings(&view.inner()) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// Has the engine draw without the graphics card, where that is ours to say: not here.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub(crate) fn draw_without_the_card(_: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
