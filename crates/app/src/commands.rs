//! The one table of commands: name, request and answer. Dispatch, the shell's list and the window's types come from it.

use std::fmt::Write as _;

use serde_json::Value;
use ts_rs::{Config, TS};

use crate::api::case::{
    AuditEntry, CaseListRequest, CasePage, CaseRef, CaseRowView, CaseView, ConflictResolveRequest,
    ConflictSide, ConflictView, DayFigures, DeathUndoRequest, DecideRequest, Decision,
    DuplicateView, EndRequest, ExtendRequest, FactLine, IssuedPaper, MergeRequest,
    MergeUndoRequest, NoteRequest, RegisterLookRequest, RevealRequest, Revealed,
    RevokePowerOfAttorneyRequest, TakeBackRequest, TickRequest, TickView, TimelineEntry,
    UndoTickRequest, Worklist, WrongPersonDone, WrongPersonRequest,
};
use crate::api::device_log::{LogEntry, LogPage, LogRequest};
use crate::api::devices::{
    DeviceRevokeRequest, DeviceRow, DevicesView, HoldingRow, HoldingsPage, HoldingsRequest,
    HoldingsSaveRequest, ListFormat, ListSaved,
};
use crate::api::draft::{
    AttachRequest, AttachmentCopy, AttachmentRef, AttachmentView, ContinuedCase, CprCheck,
    CprCheckRequest, DraftCheck, DraftCheckRequest, DraftRef, DraftSaveRequest, DraftSaved,
    DraftSummary, DraftView, FieldClash, FieldProblem, FieldValue, FieldView, FormView, IdSeen,
    KnownCitizen, ProofView, Saved, ScreenSignatureRequest, SignUpView, TypedText,
};
use crate::api::error::{ErrorCode, UiError};
use crate::api::outreach::{GiveOutRequest, OutreachRow, OutreachView};
use crate::api::paper::{
    PaperCameOut, PaperDone, PaperRequest, PaperView, PrintRequest, PrinterView, SavePaperRequest,
};
use crate::api::profile::{
    ClosingDayEdit, EditionRef, EditionView, IdKindEdit, PlaceEdit, ProfileChange, ProfileCheck,
    ProfileEdit, ProfileEdited, ProfileFieldProblem, ProfileSaveRequest, ProfileView,
};
use crate::api::review::{HeldDecideRequest, HeldPage, HeldRow, ReturnedRef, ReturnedRow};
use crate::api::rules::{
    GroundView, HelpText, RuleChange, RuleLibrary, RuleSetView, RuleView, RulesMet,
};
use crate::api::session::{
    DemoAccount, Enrolled, EnrolmentRequest, FirstRunDone, FirstRunRequest, LocationChoice,
    PinRequest, ProfileChoice, RecoveryCodeMade, SecretRequest, SessionView, SignInRequest,
    StaffSaveRequest, StaffView, StartStage, StartState, StoreRecovered, UnlockedBy,
};
use crate::api::settings::{
    Choice, FilingView, OwnCodeView, PinView, SettingsSaveRequest, SettingsView,
};
use crate::api::sync::{SentCase, SentCases, SyncProgress, SyncView};
use crate::{App, AppError};

/// A command without a request, or without an answer.
pub type Nothing = ();

macro_rules! commands {
    ($($name:ident($request:ty) -> $answer:ty;)+) => {
        /// Every command of this crate, in the order of the table.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),+];

        /// Runs the command `name` with its request as JSON and gives its answer as JSON.
        ///
        /// # Errors
        /// What the command itself reports; an unknown name or a request of another shape is `InvalidInput`.
        pub fn dispatch(app: &App, name: &str, request: Value) -> Result<Value, AppError> {
            match name {
                $(stringify!($name) => {
                    let request: $request =
                        serde_json::from_value(request).map_err(|_| AppError::malformed_request())?;
                    let answer: $answer = app.$name(request)?;
                    serde_json::to_value(answer).map_err(|_| AppError::malformed_request())
                })+
                _ => Err(AppError::malformed_request()),
            }
        }

        fn command_types(config: &Config) -> String {
            let mut text = String::new();
            $(let _ = writeln!(
                text,
                "  {}: {{ request: {}; answer: {} }};",
                stringify!($name),
                <$request as TS>::name(config),
                <$answer as TS>::name(config),
            );)+
            text
        }
    };
}

commands! {
    start_state(Nothing) -> StartState;
    first_run(FirstRunRequest) -> FirstRunDone;
    enrol(EnrolmentRequest) -> Enrolled;
    recover(SecretRequest) -> StartState;
    pin_open(SecretRequest) -> StartState;
    lease_renew(Nothing) -> StartState;
    pin_choose(PinRequest) -> SettingsView;
    own_code_choose(SecretRequest) -> SettingsView;
    store_recover(Nothing) -> StoreRecovered;
    sign_in(SignInRequest) -> SessionView;
    browser_sign_in_cancel(Nothing) -> Nothing;
    sign_out(Nothing) -> Nothing;
    session_lock(Nothing) -> Nothing;
    session_stay(Nothing) -> Nothing;
    session_unlock(SecretRequest) -> SessionView;
    staff_list(Nothing) -> Vec<StaffView>;
    staff_save(StaffSaveRequest) -> Vec<StaffView>;
    settings(Nothing) -> SettingsView;
    settings_save(SettingsSaveRequest) -> SettingsView;
    rule_library(Nothing) -> RuleLibrary;
    profile_show(Nothing) -> ProfileView;
    profile_edition(EditionRef) -> ProfileEdit;
    profile_check(ProfileEdited) -> ProfileCheck;
    profile_rebase(ProfileEdited) -> ProfileView;
    profile_save(ProfileSaveRequest) -> ProfileView;
    recovery_code_new(Nothing) -> RecoveryCodeMade;
    recovery_code_confirm(SecretRequest) -> Nothing;
    worklist(Nothing) -> Worklist;
    draft_new(Nothing) -> DraftView;
    draft_list(Nothing) -> Vec<DraftSummary>;
    case_continue(CaseRef) -> DraftView;
    draft_open(DraftRef) -> DraftView;
    draft_save(DraftSaveRequest) -> DraftSaved;
    form_view(DraftRef) -> FormView;
    draft_delete(DraftRef) -> Saved;
    draft_restore(DraftRef) -> DraftView;
    draft_reveal(DraftRef) -> Revealed;
    draft_check(DraftCheckRequest) -> DraftCheck;
    typed_keep(TypedText) -> Saved;
    typed_kept(Nothing) -> Vec<TypedText>;
    cpr_check(CprCheckRequest) -> CprCheck;
    citizen_known(DraftRef) -> KnownCitizen;
    screen_signature(ScreenSignatureRequest) -> AttachmentView;
    attachment_copy(AttachmentRef) -> AttachmentCopy;
    decide(DecideRequest) -> CaseView;
    case_list(CaseListRequest) -> CasePage;
    case_show(CaseRef) -> CaseView;
    tick(TickRequest) -> CaseView;
    tick_undo(UndoTickRequest) -> CaseView;
    register_look(RegisterLookRequest) -> CaseView;
    correct_wrong_person(WrongPersonRequest) -> WrongPersonDone;
    conflict_resolve(ConflictResolveRequest) -> CaseView;
    take_back(TakeBackRequest) -> CaseView;
    end_exemption(EndRequest) -> CaseView;
    death_undo(DeathUndoRequest) -> CaseView;
    extend(ExtendRequest) -> CaseView;
    make_permanent(CaseRef) -> CaseView;
    merge(MergeRequest) -> CaseView;
    merge_undo(MergeUndoRequest) -> CaseView;
    note_add(NoteRequest) -> CaseView;
    revoke_power_of_attorney(RevokePowerOfAttorneyRequest) -> CaseView;
    reveal(RevealRequest) -> Revealed;
    paper_preview(PaperRequest) -> PaperView;
    paper_came_out(PaperCameOut) -> Nothing;
    held_work(Nothing) -> HeldPage;
    held_decide(HeldDecideRequest) -> HeldPage;
    returned_done(ReturnedRef) -> Vec<ReturnedRow>;
    device_list(Nothing) -> DevicesView;
    device_revoke(DeviceRevokeRequest) -> DevicesView;
    device_holdings(HoldingsRequest) -> HoldingsPage;
    log_read(LogRequest) -> LogPage;
    outreach_list(CaseRef) -> OutreachView;
    give_out(GiveOutRequest) -> OutreachView;
    sync_status(Nothing) -> SyncView;
    sync_now(Nothing) -> SyncView;
    sync_cancel(Nothing) -> SyncView;
    sync_sent(Nothing) -> SentCases;
}

/// Commands that need the desktop (a dialog, a printer). The shell builds them from this crate's use cases.
pub const SHELL_COMMANDS: &[&str] = &[
    "attach",
    "paper_print",
    "paper_save",
    "device_holdings_save",
    "printers",
    "national_tool_open",
    "browser_sign_in",
];

/// The TypeScript of every type that crosses to the window, and of the table of commands.
pub fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut text = String::from(
        "// Generated from crates/app/src/commands.rs. Never edited; a test compares it with the code.\n\n",
    );
    macro_rules! declare {
        ($($type:ty),+ $(,)?) => {
            $(let _ = writeln!(text, "export {}\n", <$type as TS>::decl(&config));)+
        };
    }
    declare!(
        ErrorCode,
        UiError,
        StartState,
        StartStage,
        DemoAccount,
        ProfileChoice,
        LocationChoice,
        FirstRunRequest,
        PinRequest,
        FirstRunDone,
        EnrolmentRequest,
        Enrolled,
        SignInRequest,
        SecretRequest,
        RecoveryCodeMade,
        StoreRecovered,
        SessionView,
        UnlockedBy,
        StaffView,
        StaffSaveRequest,
        FieldValue,
        DraftView,
        IdSeen,
        ContinuedCase,
        FieldClash,
        DraftSummary,
        DraftSaveRequest,
        DraftSaved,
        FormView,
        FieldView,
        Saved,
        DraftRef,
        DraftCheckRequest,
        FieldProblem,
        DraftCheck,
        SignUpView,
        ProofView,
        RulesMet,
        RuleView,
        GroundView,
        RuleLibrary,
        RuleSetView,
        RuleChange,
        HelpText,
        TypedText,
        CprCheckRequest,
        CprCheck,
        KnownCitizen,
        AttachmentView,
        AttachRequest,
        ScreenSignatureRequest,
        AttachmentRef,
        AttachmentCopy,
        CaseRowView,
        CaseListRequest,
        CasePage,
        CaseRef,
        TickView,
        TimelineEntry,
        IssuedPaper,
        AuditEntry,
        FactLine,
        ConflictSide,
        ConflictView,
        ConflictResolveRequest,
        CaseView,
        Decision,
        DecideRequest,
        TickRequest,
        UndoTickRequest,
        RegisterLookRequest,
        WrongPersonRequest,
        WrongPersonDone,
        TakeBackRequest,
        EndRequest,
        DeathUndoRequest,
        ExtendRequest,
        DuplicateView,
        MergeRequest,
        MergeUndoRequest,
        NoteRequest,
        RevokePowerOfAttorneyRequest,
        RevealRequest,
        Revealed,
        DayFigures,
        Worklist,
        PaperRequest,
        PaperView,
        PrintRequest,
        SavePaperRequest,
        PaperCameOut,
        PaperDone,
        PrinterView,
        SettingsView,
        FilingView,
        PinView,
        OwnCodeView,
        Choice,
        SettingsSaveRequest,
        ProfileEdit,
        ClosingDayEdit,
        IdKindEdit,
        PlaceEdit,
        ProfileView,
        EditionView,
        EditionRef,
        ProfileEdited,
        ProfileCheck,
        ProfileFieldProblem,
        ProfileChange,
        ProfileSaveRequest,
        SyncView,
        SyncProgress,
        SentCases,
        SentCase,
        HeldRow,
        HeldPage,
        HeldDecideRequest,
        ReturnedRow,
        ReturnedRef,
        DeviceRow,
        DevicesView,
        DeviceRevokeRequest,
        OutreachRow,
        OutreachView,
        GiveOutRequest,
        HoldingsRequest,
        HoldingRow,
        HoldingsPage,
        HoldingsSaveRequest,
        ListFormat,
        ListSaved,
        LogRequest,
        LogEntry,
        LogPage,
    );
    let _ = writeln!(
        text,
        "export interface Commands {{\n{}  attach: {{ request: AttachRequest; answer: AttachmentView | null }};\n  \
         paper_print: {{ request: PrintRequest; answer: PaperDone }};\n  \
         paper_save: {{ request: SavePaperRequest; answer: PaperDone }};\n  \
         device_holdings_save: {{ request: HoldingsSaveRequest; answer: ListSaved }};\n  \
         printers: {{ request: null; answer: Array<PrinterView> }};\n  \
         national_tool_open: {{ request: null; answer: null }};\n  \
         browser_sign_in: {{ request: null; answer: SessionView }};\n}}",
        command_types(&config)
    );
    text
}
