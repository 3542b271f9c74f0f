//! From internal trouble to what a person can act on: the one place where errors change shape.
//!
//! No error carries what was typed. A short reference joins what the user sees with the line in the local log.

use std::collections::BTreeMap;
use std::error::Error;

use rand::Rng;
use skranke_documents::DocumentError;
use skranke_domain::case::RuleBroken;
use skranke_forms::FormsError;
use skranke_store::StoreError;
use skranke_store::key::envelope::KeyError;

use crate::api::error::{ErrorCode, UiError};

/// A failed use case.
#[derive(Debug, thiserror::Error)]
#[error("{code:?} ({reference})")]
pub struct AppError {
    /// What went wrong.
    pub code: ErrorCode,
    /// What fills the places in the text.
    pub params: BTreeMap<String, String>,
    /// Joins screen and log.
    pub reference: String,
    /// What caused it, for the log only.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl AppError {
    /// An error with nothing but its code.
    pub fn of(code: ErrorCode) -> Self {
        let reference = format!("{:06X}", rand::thread_rng().gen_range(0..0x0100_0000));
        Self {
            code,
            params: BTreeMap::new(),
            reference,
            cause: None,
        }
    }

    /// Adds a value for the text.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass numbers and texts alike"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// A request the window should not have sent.
    pub(crate) fn malformed_request() -> Self {
        Self::of(ErrorCode::MalformedRequest)
    }

    fn caused(code: ErrorCode, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            cause: Some(Box::new(cause)),
            ..Self::of(code)
        }
    }

    /// What the window receives.
    pub fn to_ui(&self) -> UiError {
        let mut params = self.params.clone();
        params.insert("reference".to_owned(), self.reference.clone());
        UiError {
            code: self.code,
            params,
            reference: self.reference.clone(),
        }
    }

    /// One line for the local log: code, reference and causes. None of them carries personal data.
    pub fn log_line(&self) -> String {
        let mut line = format!("{} {}", self.reference, self.code.code());
        let mut cause = self.cause.as_deref().map(|cause| cause as &dyn Error);
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::WrongKey => ErrorCode::KeyWrong,
            StoreError::NotADatabase | StoreError::Damaged(_) | StoreError::EventAltered => {
                ErrorCode::DatabaseDamaged
            }
            StoreError::NewerDatabase { .. } => ErrorCode::NewerDatabase,
            StoreError::DiskFull => ErrorCode::DiskFull,
            StoreError::Busy | StoreError::HeadMoved => ErrorCode::DatabaseLocked,
            StoreError::NotWritable => ErrorCode::StoreNotWritable,
            StoreError::NotFound => ErrorCode::NotFound,
            StoreError::Refused(_) | StoreError::Io(_) | StoreError::Sqlite(_) => {
                ErrorCode::Internal
            }
        };
        Self::caused(code, error)
    }
}

impl From<KeyError> for AppError {
    fn from(error: KeyError) -> Self {
        let code = match error {
            KeyError::Store(error) => return error.into(),
            KeyError::WrongSecret => ErrorCode::KeyWrong,
            KeyError::TooShort => ErrorCode::PinTooSimple,
            KeyError::PinNeeded => ErrorCode::PinNeeded,
            KeyError::LeaseEnded => ErrorCode::LeaseEnded,
            KeyError::ClockSetBack => ErrorCode::ClockSetBack,
            KeyError::EnvelopeNewer => ErrorCode::NewerDatabase,
            KeyError::EnvelopeMissing
            | KeyError::EnvelopeUnreadable
            | KeyError::NoSuchWrap
            | KeyError::KeyFileMissing
            | KeyError::KeyFileOpenToOthers
            | KeyError::KeyStoreEmpty
            | KeyError::KeyStoreUnreachable
            | KeyError::Cost => ErrorCode::KeyMissing,
        };
        Self::caused(code, error)
    }
}

impl From<FormsError> for AppError {
    fn from(error: FormsError) -> Self {
        Self::caused(ErrorCode::BadProfile, error)
    }
}

impl From<DocumentError> for AppError {
    fn from(error: DocumentError) -> Self {
        Self::caused(ErrorCode::DocumentFailed, error)
    }
}

impl From<skranke_protocol::envelope::EnvelopeError> for AppError {
    fn from(error: skranke_protocol::envelope::EnvelopeError) -> Self {
        Self::caused(ErrorCode::Internal, error)
    }
}

impl From<RuleBroken> for AppError {
    fn from(rule: RuleBroken) -> Self {
        let code = match rule {
            RuleBroken::NotOpened | RuleBroken::AlreadyOpened => ErrorCode::Internal,
            RuleBroken::TooYoung
            | RuleBroken::NotCovered
            | RuleBroken::ExemptAlready
            | RuleBroken::ParentOfAdult
            | RuleBroken::AppointmentNotInForce
            | RuleBroken::RuleSetDoesNotFit
            | RuleBroken::DurationDoesNotFit => ErrorCode::RequirementsNotMet,
            RuleBroken::EndedBeforeRegistration | RuleBroken::TermNotLonger => {
                ErrorCode::InvalidFields
            }
            RuleBroken::NotMergeable
            | RuleBroken::MergeOtherCitizen
            | RuleBroken::MergeNotLinked
            | RuleBroken::NotMerged => ErrorCode::NotMergeable,
            RuleBroken::MergedAway => ErrorCode::MergedAway,
            RuleBroken::StillInRegister => ErrorCode::StillInRegister,
            RuleBroken::TermRanOut => ErrorCode::TermRanOut,
            RuleBroken::RegisterNotLookedUp => ErrorCode::RegisterNotChecked,
            RuleBroken::NoSuchConflict => ErrorCode::ConflictSettled,
            RuleBroken::ConflictOpen => ErrorCode::ConflictOpen,
            RuleBroken::ReadOnly => ErrorCode::CaseReadOnly,
            RuleBroken::NotOpen => ErrorCode::AlreadyDecided,
            RuleBroken::NotReady => ErrorCode::RequirementsNotMet,
            RuleBroken::ConflictOfInterestUnchecked => ErrorCode::ConflictOfInterest,
            RuleBroken::IdentityNotChecked => ErrorCode::IdentityNotChecked,
            RuleBroken::NotDeclared => ErrorCode::DeclarationMissing,
            RuleBroken::PowerOfAttorneyInvalid => ErrorCode::PowerOfAttorneyUnsigned,
            RuleBroken::AppointmentNotSeen => ErrorCode::GuardianDocumentMissing,
            RuleBroken::ReasonMissing => ErrorCode::ReasonMissing,
            RuleBroken::NameMissing => ErrorCode::InvalidFields,
            RuleBroken::NotGranted => ErrorCode::NotDecided,
            RuleBroken::NotRegistered => ErrorCode::NotRegistered,
            RuleBroken::RegisteredBeforeDecision => ErrorCode::RegisteredBeforeDecision,
            RuleBroken::AlreadyTicked => ErrorCode::TickAlreadySet,
            RuleBroken::NotTicked => ErrorCode::TickNotSet,
            RuleBroken::PaperDoesNotFit | RuleBroken::NoTerm => ErrorCode::PaperDoesNotFit,
            // The name of a chosen file is cleaned before it gets here.
            RuleBroken::NothingToRetract | RuleBroken::FileNameNotPlain => ErrorCode::Internal,
            RuleBroken::NoDeathRecorded => ErrorCode::NoDeathRecorded,
            RuleBroken::NoPowerOfAttorney => ErrorCode::PowerOfAttorneyMissing,
        };
        Self::caused(code, rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skranke_forms::Forms;

    #[test]
    fn every_error_code_has_a_text_that_says_what_to_do() {
        let forms = Forms::embedded().expect("the shipped forms are sound");
        for code in ErrorCode::ALL {
            let key = format!("error.{}", code.code());
            let text = forms
                .texts()
                .get(&key)
                .unwrap_or_else(|| panic!("{key} has no text"));
            assert!(text.ends_with('.'), "{key} is no sentence");
        }
    }

    #[test]
    fn a_log_line_names_the_causes_and_the_reference() {
        let error = AppError::from(StoreError::DiskFull);

        assert_eq!(
            error.log_line(),
            format!("{} disk_full: the disk is full", error.reference)
        );
        assert_eq!(error.to_ui().params["reference"], error.reference);
    }
}
