//! Drafts at the counter: saved as typed, checked, signed.

use skranke_app::api::case::{CaseRef, Revealed};
use skranke_app::api::draft::{
    AttachmentCopy, AttachmentRef, AttachmentView, CprCheck, CprCheckRequest, DraftCheck,
    DraftCheckRequest, DraftRef, DraftSaveRequest, DraftSaved, DraftSummary, DraftView, FormView,
    KnownCitizen, Saved, ScreenSignatureRequest, TypedText,
};
use skranke_app::api::error::UiError;
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn draft_new(desk: State<'_, Desk>) -> Result<DraftView, UiError> {
    desk.run(move |app| app.draft_new(())).await
}

#[tauri::command]
pub(crate) async fn draft_list(desk: State<'_, Desk>) -> Result<Vec<DraftSummary>, UiError> {
    desk.run(move |app| app.draft_list(())).await
}

#[tauri::command]
pub(crate) async fn case_continue(
    desk: State<'_, Desk>,
    request: CaseRef,
) -> Result<DraftView, UiError> {
    desk.run(move |app| app.case_continue(request)).await
}

#[tauri::command]
pub(crate) async fn draft_open(
    desk: State<'_, Desk>,
    request: DraftRef,
) -> Result<DraftView, UiError> {
    desk.run(move |app| app.draft_open(request)).await
}

#[tauri::command]
pub(crate) async fn draft_save(
    desk: State<'_, Desk>,
    request: DraftSaveRequest,
) -> Result<DraftSaved, UiError> {
    desk.run(move |app| app.draft_save(request)).await
}

#[tauri::command]
pub(crate) async fn form_view(
    desk: State<'_, Desk>,
    request: DraftRef,
) -> Result<FormView, UiError> {
    desk.run(move |app| app.form_view(request)).await
}

#[tauri::command]
pub(crate) async fn draft_delete(
    desk: State<'_, Desk>,
    request: DraftRef,
) -> Result<Saved, UiError> {
    desk.run(move |app| app.draft_delete(request)).await
}

#[tauri::command]
pub(crate) async fn draft_restore(
    desk: State<'_, Desk>,
    request: DraftRef,
) -> Result<DraftView, UiError> {
    desk.run(move |app| app.draft_restore(request)).await
}

#[tauri::command]
pub(crate) async fn draft_check(
    desk: State<'_, Desk>,
    request: DraftCheckRequest,
) -> Result<DraftCheck, UiError> {
    desk.run(move |app| app.draft_check(request)).await
}

#[tauri::command]
pub(crate) async fn typed_keep(
    desk: State<'_, Desk>,
    request: TypedText,
) -> Result<Saved, UiError> {
    desk.run(move |app| app.typed_keep(request)).await
}

#[tauri::command]
pub(crate) async fn typed_kept(desk: State<'_, Desk>) -> Result<Vec<TypedText>, UiError> {
    desk.run(move |app| app.typed_kept(())).await
}

#[tauri::command]
pub(crate) async fn cpr_check(
    desk: State<'_, Desk>,
    request: CprCheckRequest,
) -> Result<CprCheck, UiError> {
    desk.run(move |app| app.cpr_check(request)).await
}

#[tauri::command]
pub(crate) async fn citizen_known(
    desk: State<'_, Desk>,
    request: DraftRef,
) -> Result<KnownCitizen, UiError> {
    desk.run(move |app| app.citizen_known(request)).await
}

#[tauri::command]
pub(crate) async fn screen_signature(
    desk: State<'_, Desk>,
    request: ScreenSignatureRequest,
) -> Result<AttachmentView, UiError> {
    desk.run(move |app| app.screen_signature(request)).await
}

#[tauri::command]
pub(crate) async fn attachment_copy(
    desk: State<'_, Desk>,
    request: AttachmentRef,
) -> Result<AttachmentCopy, UiError> {
    desk.run(move |app| app.attachment_copy(request)).await
}

#[tauri::command]
pub(crate) async fn draft_reveal(
    desk: State<'_, Desk>,
    request: DraftRef,
) -> Result<Revealed, UiError> {
    desk.run(move |app| app.draft_reveal(request)).await
}
