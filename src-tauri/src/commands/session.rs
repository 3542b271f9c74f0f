//! Starting, first run, signing in, staff and the lock.

use skranke_app::api::error::UiError;
use skranke_app::api::session::{
    Enrolled, EnrolmentRequest, FirstRunDone, FirstRunRequest, RecoveryCodeMade, SecretRequest,
    SessionView, SignInRequest, StaffSaveRequest, StaffView, StartState, StoreRecovered,
};
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn start_state(desk: State<'_, Desk>) -> Result<StartState, UiError> {
    desk.run_anew(move |app| app.start_state(())).await
}

#[tauri::command]
pub(crate) async fn first_run(
    desk: State<'_, Desk>,
    request: FirstRunRequest,
) -> Result<FirstRunDone, UiError> {
    desk.run(move |app| app.first_run(request)).await
}

#[tauri::command]
pub(crate) async fn enrol(
    desk: State<'_, Desk>,
    request: EnrolmentRequest,
) -> Result<Enrolled, UiError> {
    desk.run(move |app| app.enrol(request)).await
}

#[tauri::command]
pub(crate) async fn recover(
    desk: State<'_, Desk>,
    request: SecretRequest,
) -> Result<StartState, UiError> {
    desk.run(move |app| app.recover(request)).await
}

#[tauri::command]
pub(crate) async fn pin_open(
    desk: State<'_, Desk>,
    request: SecretRequest,
) -> Result<StartState, UiError> {
    desk.run(move |app| app.pin_open(request)).await
}

#[tauri::command]
pub(crate) async fn lease_renew(desk: State<'_, Desk>) -> Result<StartState, UiError> {
    desk.run(move |app| app.lease_renew(())).await
}

#[tauri::command]
pub(crate) async fn store_recover(desk: State<'_, Desk>) -> Result<StoreRecovered, UiError> {
    desk.run(move |app| app.store_recover(())).await
}

#[tauri::command]
pub(crate) async fn sign_in(
    desk: State<'_, Desk>,
    request: SignInRequest,
) -> Result<SessionView, UiError> {
    desk.run(move |app| app.sign_in(request)).await
}

#[tauri::command]
pub(crate) async fn browser_sign_in_cancel(desk: State<'_, Desk>) -> Result<(), UiError> {
    desk.run(move |app| app.browser_sign_in_cancel(())).await
}

#[tauri::command]
pub(crate) async fn sign_out(desk: State<'_, Desk>) -> Result<(), UiError> {
    desk.run(move |app| app.sign_out(())).await
}

#[tauri::command]
pub(crate) async fn session_lock(desk: State<'_, Desk>) -> Result<(), UiError> {
    desk.run(move |app| app.session_lock(())).await
}

#[tauri::command]
pub(crate) async fn session_stay(desk: State<'_, Desk>) -> Result<(), UiError> {
    desk.run(move |app| app.session_stay(())).await
}

#[tauri::command]
pub(crate) async fn session_unlock(
    desk: State<'_, Desk>,
    request: SecretRequest,
) -> Result<SessionView, UiError> {
    desk.run(move |app| app.session_unlock(request)).await
}

#[tauri::command]
pub(crate) async fn staff_list(desk: State<'_, Desk>) -> Result<Vec<StaffView>, UiError> {
    desk.run(move |app| app.staff_list(())).await
}

#[tauri::command]
pub(crate) async fn staff_save(
    desk: State<'_, Desk>,
    request: StaffSaveRequest,
) -> Result<Vec<StaffView>, UiError> {
    desk.run(move |app| app.staff_save(request)).await
}

#[tauri::command]
pub(crate) async fn recovery_code_new(desk: State<'_, Desk>) -> Result<RecoveryCodeMade, UiError> {
    desk.run(move |app| app.recovery_code_new(())).await
}

#[tauri::command]
pub(crate) async fn recovery_code_confirm(
    desk: State<'_, Desk>,
    request: SecretRequest,
) -> Result<(), UiError> {
    desk.run(move |app| app.recovery_code_confirm(request))
        .await
}
