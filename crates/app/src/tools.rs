//! Use cases that need neither store nor session: the calendar, a deadline, a CPR number, a text, an explanation,
//! the code of a paper.
//!
//! The command line shows them as they are; nothing is read but what is handed in, and nothing is recorded.
//! Texts are keys of the catalogue with their values, so that one place words them.
//!
//! Basis: design, section 9.

use std::sync::LazyLock;

use serde::Serialize;
use skranke_forms::{Source, Texts};

use crate::api::error::ErrorCode;
use crate::api::sync::SyncView;
use crate::error::AppError;

pub mod audit_chain;
pub mod calendar;
pub mod cpr;
pub mod deadline;
pub mod demo;
pub mod explain;
pub mod health;
pub mod import;
pub mod lix;
pub mod operations;
pub mod receipt_code;

/// Why a tool gave no answer, and which exit code that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolErrorKind {
    /// A rule refuses what was asked; exit code 1.
    Refused,
    /// It was asked wrongly; exit code 2.
    Usage,
    /// The surroundings are at fault: a file, the disk, the network; exit code 3.
    Environment,
}

/// Why a tool gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolError {
    /// Whose fault it is.
    pub kind: ToolErrorKind,
    /// A stable word.
    pub code: &'static str,
    /// Where its text stands in the catalogue: under `<group>.<code>`.
    group: &'static str,
    /// What the text mentions. Never personal data.
    pub values: Vec<(String, String)>,
}

/// A remark beside an answer: a stable word and what it says in Danish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// A stable word.
    pub code: &'static str,
    /// The text.
    pub text: String,
}

impl ToolError {
    /// Asked wrongly.
    pub fn usage(code: &'static str) -> Self {
        Self::of(ToolErrorKind::Usage, code)
    }

    /// Refused by a rule.
    pub fn refused(code: &'static str) -> Self {
        Self::of(ToolErrorKind::Refused, code)
    }

    /// The surroundings are at fault.
    pub fn environment(code: &'static str) -> Self {
        Self::of(ToolErrorKind::Environment, code)
    }

    fn of(kind: ToolErrorKind, code: &'static str) -> Self {
        Self {
            kind,
            code,
            group: "cli.error",
            values: Vec::new(),
        }
    }

    /// Adds a value that the text mentions.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name.to_owned(), value.into()));
        self
    }

    /// What it says in Danish.
    pub fn text(&self) -> String {
        let values = self
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let values: Vec<_> = values.collect();
        say(&format!("{}.{}", self.group, self.code), &values)
    }
}

impl From<AppError> for ToolError {
    fn from(error: AppError) -> Self {
        let mut values: Vec<_> = error.params.into_iter().collect();
        values.push(("reference".to_owned(), error.reference));
        Self {
            kind: kind_of(error.code),
            code: error.code.code(),
            group: "error",
            values,
        }
    }
}

impl ToolError {
    /// What kept a round from doing its work, as the status tells it. A grant that ran out, or a clock that is wrong,
    /// keeps nothing from being sent.
    pub fn of_round(status: &SyncView) -> Option<Self> {
        let keeps_nothing = [ErrorCode::GrantExpired, ErrorCode::ClockWrong];
        if status.problem.is_empty()
            || keeps_nothing
                .iter()
                .any(|told| told.code() == status.problem)
        {
            return None;
        }
        let told = ErrorCode::ALL.iter().copied();
        let code = told.clone().find(|code| code.code() == status.problem);
        let error = AppError {
            reference: status.reference.clone(),
            ..AppError::of(code.unwrap_or(ErrorCode::Internal))
        };
        Some(error.into())
    }
}

/// Whose fault an error of a use case is.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever is not listed is a rule that refuses"
)]
fn kind_of(code: ErrorCode) -> ToolErrorKind {
    match code {
        ErrorCode::MalformedRequest | ErrorCode::NotSignedIn | ErrorCode::FirstRunNeeded => {
            ToolErrorKind::Usage
        }
        ErrorCode::KeyMissing
        | ErrorCode::PinNeeded
        | ErrorCode::LeaseEnded
        | ErrorCode::ClockSetBack
        | ErrorCode::KeyWrong
        | ErrorCode::NewerDatabase
        | ErrorCode::DatabaseDamaged
        | ErrorCode::DatabaseLocked
        | ErrorCode::DiskFull
        | ErrorCode::DiskFullReserve
        | ErrorCode::SecondCopyBehind
        | ErrorCode::StoreNotWritable
        | ErrorCode::FileUnreadable
        | ErrorCode::FileNotWritten
        | ErrorCode::DocumentFailed
        | ErrorCode::PrinterMissing
        | ErrorCode::PrinterFailed
        | ErrorCode::NationalToolNotOpened
        | ErrorCode::Offline
        | ErrorCode::OnlineOnly
        | ErrorCode::ServerAnswerUnreadable
        | ErrorCode::ServerUnavailable
        | ErrorCode::BadProfile
        | ErrorCode::Internal => ToolErrorKind::Environment,
        _ => ToolErrorKind::Refused,
    }
}

/// A text of the catalogue with its placeholders filled in; an unknown key gives the key itself.
pub fn say(key: &str, values: &[(&str, &str)]) -> String {
    static TEXTS: LazyLock<Option<Texts>> = LazyLock::new(|| Texts::read(&Source::embedded()).ok());
    match &*TEXTS {
        Some(texts) => texts.say(key, values),
        None => key.to_owned(),
    }
}
