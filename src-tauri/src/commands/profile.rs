//! The municipality's set-up, for administrators.

use skranke_app::api::error::UiError;
use skranke_app::api::profile::{
    EditionRef, ProfileCheck, ProfileEdit, ProfileEdited, ProfileSaveRequest, ProfileView,
};
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn profile_show(desk: State<'_, Desk>) -> Result<ProfileView, UiError> {
    desk.run(move |app| app.profile_show(())).await
}

#[tauri::command]
pub(crate) async fn profile_edition(
    desk: State<'_, Desk>,
    request: EditionRef,
) -> Result<ProfileEdit, UiError> {
    desk.run(move |app| app.profile_edition(request)).await
}

#[tauri::command]
pub(crate) async fn profile_check(
    desk: State<'_, Desk>,
    request: ProfileEdited,
) -> Result<ProfileCheck, UiError> {
    desk.run(move |app| app.profile_check(request)).await
}

#[tauri::command]
pub(crate) async fn profile_rebase(
    desk: State<'_, Desk>,
    request: ProfileEdited,
) -> Result<ProfileView, UiError> {
    desk.run(move |app| app.profile_rebase(request)).await
}

#[tauri::command]
pub(crate) async fn profile_save(
    desk: State<'_, Desk>,
    request: ProfileSaveRequest,
) -> Result<ProfileView, UiError> {
    desk.run(move |app| app.profile_save(request)).await
}
