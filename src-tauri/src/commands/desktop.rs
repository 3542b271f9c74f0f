//! What needs the desktop: choosing a file, printing, saving, opening the national tool.

use skranke_app::api::devices::{HoldingsSaveRequest, ListSaved};
use skranke_app::api::draft::{AttachRequest, AttachmentView};
use skranke_app::api::error::UiError;
use skranke_app::api::paper::{PaperDone, PrintRequest, PrinterView, SavePaperRequest};
use skranke_app::api::session::SessionView;
use tauri::{AppHandle, State};

use crate::browser;
use crate::desk::Desk;
use crate::paperwork;

#[tauri::command]
pub(crate) async fn attach(
    handle: AppHandle,
    desk: State<'_, Desk>,
    request: AttachRequest,
) -> Result<Option<AttachmentView>, UiError> {
    let chooser = desk.chooser(handle);
    desk.run(move |app| paperwork::attach(app, &chooser, request))
        .await
}

#[tauri::command]
pub(crate) async fn paper_print(
    desk: State<'_, Desk>,
    request: PrintRequest,
) -> Result<PaperDone, UiError> {
    desk.run(move |app| paperwork::print(app, &request)).await
}

#[tauri::command]
pub(crate) async fn paper_save(
    handle: AppHandle,
    desk: State<'_, Desk>,
    request: SavePaperRequest,
) -> Result<PaperDone, UiError> {
    let chooser = desk.chooser(handle);
    desk.run(move |app| paperwork::save(app, &chooser, &request))
        .await
}

#[tauri::command]
pub(crate) async fn device_holdings_save(
    handle: AppHandle,
    desk: State<'_, Desk>,
    request: HoldingsSaveRequest,
) -> Result<ListSaved, UiError> {
    let chooser = desk.chooser(handle);
    desk.run(move |app| paperwork::save_holdings(app, &chooser, &request))
        .await
}

#[tauri::command]
pub(crate) async fn printers(desk: State<'_, Desk>) -> Result<Vec<PrinterView>, UiError> {
    desk.run(|_| Ok(paperwork::printers())).await
}

#[tauri::command]
pub(crate) async fn national_tool_open(desk: State<'_, Desk>) -> Result<(), UiError> {
    desk.run(browser::open_national_tool).await
}

#[tauri::command]
pub(crate) async fn browser_sign_in(desk: State<'_, Desk>) -> Result<SessionView, UiError> {
    desk.run(browser::sign_in).await
}
