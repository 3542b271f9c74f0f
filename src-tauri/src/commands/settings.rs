//! Settings of this computer, and the rules to look up.

use skranke_app::api::error::UiError;
use skranke_app::api::rules::RuleLibrary;
use skranke_app::api::session::{PinRequest, SecretRequest};
use skranke_app::api::settings::{SettingsSaveRequest, SettingsView};
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn settings(desk: State<'_, Desk>) -> Result<SettingsView, UiError> {
    desk.run(move |app| app.settings(())).await
}

#[tauri::command]
pub(crate) async fn settings_save(
    desk: State<'_, Desk>,
    request: SettingsSaveRequest,
) -> Result<SettingsView, UiError> {
    desk.run(move |app| app.settings_save(request)).await
}

#[tauri::command]
pub(crate) async fn rule_library(desk: State<'_, Desk>) -> Result<RuleLibrary, UiError> {
    desk.run(move |app| app.rule_library(())).await
}

#[tauri::command]
pub(crate) async fn pin_choose(
    desk: State<'_, Desk>,
    request: PinRequest,
) -> Result<SettingsView, UiError> {
    desk.run(move |app| app.pin_choose(request)).await
}

#[tauri::command]
pub(crate) async fn own_code_choose(
    desk: State<'_, Desk>,
    request: SecretRequest,
) -> Result<SettingsView, UiError> {
    desk.run(move |app| app.own_code_choose(request)).await
}
