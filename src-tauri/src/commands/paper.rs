//! Looking at papers. Printing and saving them stand in `desktop`.

use skranke_app::api::error::UiError;
use skranke_app::api::paper::{PaperCameOut, PaperRequest, PaperView};
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn paper_preview(
    desk: State<'_, Desk>,
    request: PaperRequest,
) -> Result<PaperView, UiError> {
    desk.run(move |app| app.paper_preview(request)).await
}

#[tauri::command]
pub(crate) async fn paper_came_out(
    desk: State<'_, Desk>,
    request: PaperCameOut,
) -> Result<(), UiError> {
    desk.run(move |app| app.paper_came_out(request)).await
}
