//! The closed list of what can go wrong, as the window sees it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident => $code:literal,)+) => {
        /// What went wrong. The Danish text stands in `forms/texts/` under `error.<code>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode { $($(#[$doc])* $variant,)+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),+];

            /// The word that crosses to the window and keys the text.
            pub const fn code(self) -> &'static str {
                match self { $(ErrorCode::$variant => $code),+ }
            }
        }
    };
}

error_codes! {
    /// A field does not hold; `params.field` and `params.problem` say which and how.
    InvalidFields => "invalid_fields",
    /// Something asked for does not exist.
    NotFound => "not_found",
    /// The case is not on this computer.
    CaseNotFound => "case_not_found",
    /// The draft is finished or deleted.
    DraftNotFound => "draft_not_found",
    /// The proof tree does not hold; a grant is not possible.
    RequirementsNotMet => "requirements_not_met",
    /// The person deciding has not confirmed having no conflict of interest.
    ConflictOfInterest => "conflict_of_interest",
    /// The identity of the person at the desk has not been checked.
    IdentityNotChecked => "identity_not_checked",
    /// The declaration is missing.
    DeclarationMissing => "declaration_missing",
    /// There is no power of attorney.
    PowerOfAttorneyMissing => "power_of_attorney_missing",
    /// The power of attorney does not hold.
    PowerOfAttorneyUnsigned => "power_of_attorney_unsigned",
    /// The guardian's appointment was not seen.
    GuardianDocumentMissing => "guardian_document_missing",
    /// A reason is missing.
    ReasonMissing => "reason_missing",
    /// The case is decided already.
    AlreadyDecided => "already_decided",
    /// Somebody else changed the case while a draft was adding to it.
    CaseChanged => "case_changed",
    /// The case is not decided yet.
    NotDecided => "not_decided",
    /// The exemption is not registered in Digital Post yet.
    NotRegistered => "not_registered",
    /// Registration cannot lie before the decision.
    RegisteredBeforeDecision => "registered_before_decision",
    /// The cases are not two that can be one.
    NotMergeable => "not_mergeable",
    /// No death closed the case.
    NoDeathRecorded => "no_death_recorded",
    /// The case goes on in the one it was merged into.
    MergedAway => "merged_away",
    /// The national register still shows as exempt whom the letter would tell that it is put right.
    StillInRegister => "still_in_register",
    /// The case is over: there is nothing left to visit anybody about.
    CaseOver => "case_over",
    /// The term ran out: the citizen must ask anew.
    TermRanOut => "term_ran_out",
    /// The tick is made already.
    TickAlreadySet => "tick_already_set",
    /// The tick is not made.
    TickNotSet => "tick_not_set",
    /// This paper does not fit the state of the case.
    PaperDoesNotFit => "paper_does_not_fit",
    /// The case holds something this program does not know.
    CaseReadOnly => "case_read_only",
    /// Two people have changed what this rests on without seeing each other; a person must choose first.
    ConflictOpen => "conflict_open",
    /// There is nothing to choose between any more.
    ConflictSettled => "conflict_settled",
    /// The register must be looked at first.
    RegisterNotChecked => "register_not_checked",
    /// The role may not do this.
    NotPermitted => "not_permitted",
    /// The role may hand in, not decide.
    MayNotDecide => "may_not_decide",
    /// Looking here needs a stated purpose.
    PurposeMissing => "purpose_missing",
    /// Nobody is signed in.
    NotSignedIn => "not_signed_in",
    /// The session is locked.
    SessionLocked => "session_locked",
    /// Wrong user name or password.
    WrongPassword => "wrong_password",
    /// Too many wrong passwords; `params.minutes` until the next try.
    AccountLocked => "account_locked",
    /// The sign-in in the browser was not finished.
    BrowserSignInAbandoned => "browser_sign_in_abandoned",
    /// The identity provider, or the central store, did not accept the sign-in in the browser.
    BrowserSignInRefused => "browser_sign_in_refused",
    /// The person has no role in Skranke at the identity provider.
    BrowserSignInNoRole => "browser_sign_in_no_role",
    /// The identity provider says who this is: the central store answers, or only it may.
    BrowserSignInNeeded => "browser_sign_in_needed",
    /// The browser could not be opened.
    BrowserNotOpened => "browser_not_opened",
    /// The account may not be used.
    AccountDisabled => "account_disabled",
    /// The password is shorter than `params.minimum` characters.
    PasswordTooShort => "password_too_short",
    /// Another account has this user name.
    UserNameTaken => "user_name_taken",
    /// The last administrator cannot be removed.
    LastAdministrator => "last_administrator",
    /// The program has not been set up on this computer.
    FirstRunNeeded => "first_run_needed",
    /// The program is set up already.
    AlreadySetUp => "already_set_up",
    /// The recovery code is not the one.
    RecoveryCodeWrong => "recovery_code_wrong",
    /// The key to the local store is missing.
    KeyMissing => "key_missing",
    /// The store asks for its PIN.
    PinNeeded => "pin_needed",
    /// The PIN is not the one.
    PinWrong => "pin_wrong",
    /// After some wrong ones one has to wait `params.minutes`.
    PinWait => "pin_wait",
    /// The PIN is too short or among those that are tried first.
    PinTooSimple => "pin_too_simple",
    /// This computer was without the central store for as long as it may be.
    LeaseEnded => "lease_ended",
    /// The clock stands before a time the store has seen.
    ClockSetBack => "clock_set_back",
    /// The central store does not renew this computer's lease.
    LeaseRefused => "lease_refused",
    /// The key does not open the local store.
    KeyWrong => "key_wrong",
    /// The local store was made by a newer program.
    NewerDatabase => "newer_database",
    /// The local store is damaged; nothing of it was changed.
    DatabaseDamaged => "database_damaged",
    /// Another program is using the local store.
    DatabaseLocked => "database_locked",
    /// The disk is full. Nothing was saved.
    DiskFull => "disk_full",
    /// The disk is full. Nothing was saved, but the reserve was let go: trying again finishes the case at hand.
    DiskFullReserve => "disk_full_reserve",
    /// The program's folder cannot be written.
    StoreNotWritable => "store_not_writable",
    /// The file could not be read.
    FileUnreadable => "file_unreadable",
    /// Not a PDF, JPEG or PNG by content.
    FileTypeUnsupported => "file_type_unsupported",
    /// Larger than `params.maximum_mb` MB.
    FileTooLarge => "file_too_large",
    /// The file is empty.
    FileEmpty => "file_empty",
    /// The file cannot be shown.
    FileDamaged => "file_damaged",
    /// The PDF has more than `params.maximum` pages.
    TooManyPages => "too_many_pages",
    /// The picture is larger than can be shown safely.
    ImageTooLarge => "image_too_large",
    /// The file was attached on another computer, and the central store that has it cannot be reached.
    AttachmentElsewhere => "attachment_elsewhere",
    /// The computer on which the file was attached has not sent it yet.
    AttachmentNotSent => "attachment_not_sent",
    /// The file could not be written.
    FileNotWritten => "file_not_written",
    /// The paper holds a character no shipped font has; `params.characters`.
    CharacterUnprintable => "character_unprintable",
    /// A letter would say a CPR number that the municipality keeps off its papers.
    CprInLetter => "cpr_in_letter",
    /// The paper could not be made.
    DocumentFailed => "document_failed",
    /// There is no printer.
    PrinterMissing => "printer_missing",
    /// The printer did not take the paper.
    PrinterFailed => "printer_failed",
    /// The national tool could not be opened in the browser, or the profile names none.
    NationalToolNotOpened => "national_tool_not_opened",
    /// The central store cannot be reached; everything is kept here.
    Offline => "offline",
    /// Only the central store can do this, and it cannot be reached.
    OnlineOnly => "online_only",
    /// Somebody else has decided about this work.
    AlreadyReviewed => "already_reviewed",
    /// It is the computer one sits at; only another one can shut it out.
    OwnDevice => "own_device",
    /// What answered was not the central store.
    ServerAnswerUnreadable => "server_answer_unreadable",
    /// The central store is busy.
    ServerUnavailable => "server_unavailable",
    /// The central store refused for a reason that only a person can mend.
    ServerRefused => "server_refused",
    /// What answers at the central store's address cannot prove that it is the central store; nothing was sent.
    ServerNotTrusted => "server_not_trusted",
    /// This computer belongs to a central store already.
    AlreadyEnrolled => "already_enrolled",
    /// What was typed is no address of a central store.
    ServerAddressInvalid => "server_address_invalid",
    /// The code is of a municipality this program has no profile for.
    MunicipalityUnknown => "municipality_unknown",
    /// What was typed is no enrolment code; nothing was sent.
    EnrolmentCodeMistyped => "enrolment_code_mistyped",
    /// The central store does not know the enrolment code.
    EnrolmentCodeWrong => "enrolment_code_wrong",
    /// Another computer has used the enrolment code.
    EnrolmentCodeUsed => "enrolment_code_used",
    /// The enrolment code has run out.
    EnrolmentCodeExpired => "enrolment_code_expired",
    /// Too many tries at the central store.
    TooManyAttempts => "too_many_attempts",
    /// Nothing answers at the address.
    ServerNotFound => "server_not_found",
    /// What answers at the address is no central store.
    NotASkrankeServer => "not_a_skranke_server",
    /// The central store does not know this computer: it was restored from before the enrolment.
    ComputerUnknown => "computer_unknown",
    /// The central store speaks only later versions than this program, which must be updated.
    ProgramTooOld => "program_too_old",
    /// The central store speaks only earlier versions than this program: it must be updated.
    ServerTooOld => "server_too_old",
    /// What the central store says does not fit what it said before: an alarm.
    SyncAlarm => "sync_alarm",
    /// Only the central store can do it, and it cannot be reached now; nothing was changed.
    NeedsCentralStore => "needs_central_store",
    /// Somebody else saved another version of the set-up first; nothing was changed.
    ProfileChanged => "profile_changed",
    /// The edit says what stands there already.
    ProfileUnchanged => "profile_unchanged",
    /// A newer program made a version of the set-up that this one cannot read; it goes on with the one before.
    ProfileNotReadable => "profile_not_readable",
    /// This computer may not connect any more.
    DeviceRevoked => "device_revoked",
    /// It was shut out, has handed over what it had not sent, and has destroyed what it held.
    DeviceWiped => "device_wiped",
    /// The permission to work without the central store has run out; it is renewed at the next contact.
    GrantExpired => "grant_expired",
    /// This computer's clock and the central store's differ. Days and terms go by the central store's, the log and other
    /// programs by this computer's.
    ClockWrong => "clock_wrong",
    /// Saved, but the second copy on this computer could not be written.
    SecondCopyBehind => "second_copy_behind",
    /// A form, rule or text file is wrong; `params.file`.
    BadProfile => "bad_profile",
    /// The window asked for something this program does not know.
    MalformedRequest => "malformed_request",
    /// Something that should not happen.
    Internal => "internal",
}

/// What the window receives when a command fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UiError {
    /// What went wrong.
    pub code: ErrorCode,
    /// What fills the places in the text; never a person's facts.
    pub params: BTreeMap<String, String>,
    /// A short id that is also in the local log.
    pub reference: String,
}
