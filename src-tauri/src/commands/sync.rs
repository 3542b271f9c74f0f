//! How this computer stands to the central store.

use skranke_app::api::error::UiError;
use skranke_app::api::sync::SyncView;
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn sync_status(desk: State<'_, Desk>) -> Result<SyncView, UiError> {
    desk.run(move |app| app.sync_status(())).await
}

#[tauri::command]
pub(crate) async fn sync_now(desk: State<'_, Desk>) -> Result<SyncView, UiError> {
    desk.run(move |app| app.sync_now(())).await
}
