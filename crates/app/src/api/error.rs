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
    InvalidInput => "invalid_input",
    /// Something asked for does not exist (any more).
    NotFound => "not_found",
    /// Nobody is signed in.
    NotSignedIn => "not_signed_in",
    /// The session is locked.
    SessionLocked => "session_locked",
    /// Wrong user name or password.
    WrongPassword => "wrong_password",
    /// Too many wrong passwords; `params.minutes` until the next try.
    TooManyAttempts => "too_many_attempts",
    /// The role may not do this.
    NotPermitted => "not_permitted",
    /// A rule of the case says no; `params.rule` is its code.
    RuleBroken => "rule_broken",
    /// The form is not complete; the problems stand in the draft's check.
    DraftIncomplete => "draft_incomplete",
    /// Looking here needs a stated purpose.
    PurposeMissing => "purpose_missing",
    /// The program has not been set up on this computer.
    FirstRunNeeded => "first_run_needed",
    /// The program is set up already.
    AlreadySetUp => "already_set_up",
    /// The recovery code is not the one.
    WrongRecoveryCode => "wrong_recovery_code",
    /// The key to the local store is missing.
    KeyMissing => "key_missing",
    /// The key does not open the local store.
    WrongKey => "wrong_key",
    /// The local store was made by a newer program.
    NewerDatabase => "newer_database",
    /// The local store is damaged and was set aside.
    DatabaseDamaged => "database_damaged",
    /// Another window is writing; try again.
    DatabaseBusy => "database_busy",
    /// The disk is full. Nothing was saved.
    DiskFull => "disk_full",
    /// The file could not be read.
    FileUnreadable => "file_unreadable",
    /// Not a PDF, JPEG or PNG by content.
    FileTypeUnknown => "file_type_unknown",
    /// Larger than `params.limit_mb` MB.
    FileTooLarge => "file_too_large",
    /// The picture is larger than can be shown safely.
    ImageTooLarge => "image_too_large",
    /// The file could not be written.
    FileNotWritten => "file_not_written",
    /// The paper holds a character no shipped font has; `params.characters`.
    CharactersNotCovered => "characters_not_covered",
    /// There is no printer.
    PrinterMissing => "printer_missing",
    /// The printer did not take the paper.
    PrintFailed => "print_failed",
    /// The central store cannot be reached; everything is kept here.
    ServerAway => "server_away",
    /// What answered was not the central store.
    ServerStrange => "server_strange",
    /// The central store refused this device.
    DeviceRefused => "device_refused",
    /// A form, rule or text file is wrong; `params.file`.
    FormsBroken => "forms_broken",
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
