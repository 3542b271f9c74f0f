//! The desktop shell: window, commands, native dialogs, printing, key store, the demo's central
//! store. It translates and calls; it holds no rule, no SQL, and formats nothing.

mod alone;
mod browser;
mod central;
mod commands;
pub mod config;
mod desk;
mod dialogs;
mod engine;
mod log;
mod paperwork;
mod printing;

use anyhow::Context as _;
use tauri::{Emitter as _, Manager as _, RunEvent, WebviewWindow, WebviewWindowBuilder};

use config::Config;
use desk::Desk;

/// What the window listens to for its status line; it carries a `SyncView`.
const SYNC_EVENT: &str = "sync";

/// Opens the window and returns when it is closed.
///
/// The window shows at once; the store opens beside it, and the first command waits for it.
///
/// # Errors
/// When there is no display or the window's parts are broken.
pub fn run(config: Config) -> anyhow::Result<()> {
    desk::silence_panics();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .setup(move |app| {
            let data = match &config.data {
                Some(folder) => folder.clone(),
                None => app.path().app_local_data_dir()?,
            };
            let (automated, drawn_by_engine) = (config.automated, config.drawn_by_engine);
            let handle = app.handle().clone();
            app.manage(Desk::open(config, data, move |view| {
                // A window that is closing has nobody left to tell.
                let _ = handle.emit(SYNC_EVENT, view);
            }));
            let window = open_window(app, automated)?;
            if !drawn_by_engine {
                engine::draw_without_the_card(&window)?;
            }
            Ok(())
        })
        .invoke_handler(commands::handler())
        .build(tauri::generate_context!())
        .context("opening the window")?;
    app.run(|app, event| {
        if matches!(event, RunEvent::Exit) {
            app.state::<Desk>().close();
        }
    });
    Ok(())
}

/// The browser engine keeps nothing of what it showed. WebKitWebDriver cannot drive a window that
/// keeps nothing, so an automated one may keep things in its scratch folder.
fn open_window(
    app: &tauri::App,
    automated: bool,
) -> Result<WebviewWindow, Box<dyn std::error::Error>> {
    let config = app
        .config()
        .app
        .windows
        .first()
        .ok_or("tauri.conf.json names no window")?;
    Ok(WebviewWindowBuilder::from_config(app.handle(), config)?
        .incognito(!automated)
        // What is copied for the national tool is fetched first and taken off again later: neither is in a press.
        .enable_clipboard_access()
        .build()?)
}
