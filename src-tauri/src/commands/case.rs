//! Cases: worklist, search, decisions, ticks, corrections.

use skranke_app::api::case::{
    CaseListRequest, CasePage, CaseRef, CaseView, ConflictResolveRequest, DeathUndoRequest,
    DecideRequest, EndRequest, ExtendRequest, MergeRequest, MergeUndoRequest, NoteRequest,
    RegisterLookRequest, RevealRequest, Revealed, RevokePowerOfAttorneyRequest, TakeBackRequest,
    TickRequest, UndoTickRequest, Worklist, WrongPersonDone, WrongPersonRequest,
};
use skranke_app::api::error::UiError;
use tauri::State;

use crate::desk::Desk;

#[tauri::command]
pub(crate) async fn worklist(desk: State<'_, Desk>) -> Result<Worklist, UiError> {
    desk.run(move |app| app.worklist(())).await
}

#[tauri::command]
pub(crate) async fn decide(
    desk: State<'_, Desk>,
    request: DecideRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.decide(request)).await
}

#[tauri::command]
pub(crate) async fn case_list(
    desk: State<'_, Desk>,
    request: CaseListRequest,
) -> Result<CasePage, UiError> {
    desk.run(move |app| app.case_list(request)).await
}

#[tauri::command]
pub(crate) async fn case_show(
    desk: State<'_, Desk>,
    request: CaseRef,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.case_show(request)).await
}

#[tauri::command]
pub(crate) async fn tick(desk: State<'_, Desk>, request: TickRequest) -> Result<CaseView, UiError> {
    desk.run(move |app| app.tick(request)).await
}

#[tauri::command]
pub(crate) async fn tick_undo(
    desk: State<'_, Desk>,
    request: UndoTickRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.tick_undo(request)).await
}

#[tauri::command]
pub(crate) async fn register_look(
    desk: State<'_, Desk>,
    request: RegisterLookRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.register_look(request)).await
}

#[tauri::command]
pub(crate) async fn correct_wrong_person(
    desk: State<'_, Desk>,
    request: WrongPersonRequest,
) -> Result<WrongPersonDone, UiError> {
    desk.run(move |app| app.correct_wrong_person(request)).await
}

#[tauri::command]
pub(crate) async fn conflict_resolve(
    desk: State<'_, Desk>,
    request: ConflictResolveRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.conflict_resolve(request)).await
}

#[tauri::command]
pub(crate) async fn take_back(
    desk: State<'_, Desk>,
    request: TakeBackRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.take_back(request)).await
}

#[tauri::command]
pub(crate) async fn end_exemption(
    desk: State<'_, Desk>,
    request: EndRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.end_exemption(request)).await
}

#[tauri::command]
pub(crate) async fn death_undo(
    desk: State<'_, Desk>,
    request: DeathUndoRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.death_undo(request)).await
}

#[tauri::command]
pub(crate) async fn extend(
    desk: State<'_, Desk>,
    request: ExtendRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.extend(request)).await
}

#[tauri::command]
pub(crate) async fn make_permanent(
    desk: State<'_, Desk>,
    request: CaseRef,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.make_permanent(request)).await
}

#[tauri::command]
pub(crate) async fn merge(
    desk: State<'_, Desk>,
    request: MergeRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.merge(request)).await
}

#[tauri::command]
pub(crate) async fn merge_undo(
    desk: State<'_, Desk>,
    request: MergeUndoRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.merge_undo(request)).await
}

#[tauri::command]
pub(crate) async fn note_add(
    desk: State<'_, Desk>,
    request: NoteRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.note_add(request)).await
}

#[tauri::command]
pub(crate) async fn revoke_power_of_attorney(
    desk: State<'_, Desk>,
    request: RevokePowerOfAttorneyRequest,
) -> Result<CaseView, UiError> {
    desk.run(move |app| app.revoke_power_of_attorney(request))
        .await
}

#[tauri::command]
pub(crate) async fn reveal(
    desk: State<'_, Desk>,
    request: RevealRequest,
) -> Result<Revealed, UiError> {
    desk.run(move |app| app.reveal(request)).await
}
