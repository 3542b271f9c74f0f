//! Looking at papers. Printing and saving them stand in `desktop`.

use skranke_app::api::error::UiError;
use skranke_app::api::paper::{PaperRequest, PaperView};
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn paper_preview(
    desk: State<'_, Desk>,
    request: PaperRequest,
) -> Result<PaperView, UiError> {
    desk.run(move |app| app.paper_preview(request)).await
}
