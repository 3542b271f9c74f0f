//! How this computer stands to the central store.

use skranke_app::api::case::CaseRef;
use skranke_app::api::device_log::{LogPage, LogRequest};
use skranke_app::api::devices::{DeviceRevokeRequest, DevicesView, HoldingsPage, HoldingsRequest};
use skranke_app::api::error::UiError;
use skranke_app::api::outreach::{GiveOutRequest, OutreachView};
use skranke_app::api::review::{HeldDecideRequest, HeldPage, ReturnedRef, ReturnedRow};
use skranke_app::api::sync::{SentCases, SyncView};
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

#[tauri::command]
pub(crate) async fn sync_cancel(desk: State<'_, Desk>) -> Result<SyncView, UiError> {
    desk.run(move |app| app.sync_cancel(())).await
}

#[tauri::command]
pub(crate) async fn sync_sent(desk: State<'_, Desk>) -> Result<SentCases, UiError> {
    desk.run(move |app| app.sync_sent(())).await
}

#[tauri::command]
pub(crate) async fn held_work(desk: State<'_, Desk>) -> Result<HeldPage, UiError> {
    desk.run(move |app| app.held_work(())).await
}

#[tauri::command]
pub(crate) async fn held_decide(
    desk: State<'_, Desk>,
    request: HeldDecideRequest,
) -> Result<HeldPage, UiError> {
    desk.run(move |app| app.held_decide(request)).await
}

#[tauri::command]
pub(crate) async fn returned_done(
    desk: State<'_, Desk>,
    request: ReturnedRef,
) -> Result<Vec<ReturnedRow>, UiError> {
    desk.run(move |app| app.returned_done(request)).await
}

#[tauri::command]
pub(crate) async fn device_list(desk: State<'_, Desk>) -> Result<DevicesView, UiError> {
    desk.run(move |app| app.device_list(())).await
}

#[tauri::command]
pub(crate) async fn device_revoke(
    desk: State<'_, Desk>,
    request: DeviceRevokeRequest,
) -> Result<DevicesView, UiError> {
    desk.run(move |app| app.device_revoke(request)).await
}

#[tauri::command]
pub(crate) async fn device_holdings(
    desk: State<'_, Desk>,
    request: HoldingsRequest,
) -> Result<HoldingsPage, UiError> {
    desk.run(move |app| app.device_holdings(request)).await
}

#[tauri::command]
pub(crate) async fn log_read(
    desk: State<'_, Desk>,
    request: LogRequest,
) -> Result<LogPage, UiError> {
    desk.run(move |app| app.log_read(request)).await
}

#[tauri::command]
pub(crate) async fn outreach_list(
    desk: State<'_, Desk>,
    request: CaseRef,
) -> Result<OutreachView, UiError> {
    desk.run(move |app| app.outreach_list(request)).await
}

#[tauri::command]
pub(crate) async fn give_out(
    desk: State<'_, Desk>,
    request: GiveOutRequest,
) -> Result<OutreachView, UiError> {
    desk.run(move |app| app.give_out(request)).await
}
