//! What a failed contact with the central store means to the person at the counter: always one of the texts.

use skranke_protocol::problem::ProblemCode;
use skranke_sync::SyncError;

use crate::api::error::ErrorCode;

/// A problem for the status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) code: ErrorCode,
    /// Joins the text with a log; may be empty.
    pub(super) reference: String,
}

/// The text for a failed contact; none where a person asked to stop.
pub(super) fn told(error: &SyncError) -> Option<Told> {
    let plain = |code| Told {
        code,
        reference: String::new(),
    };
    Some(match error {
        SyncError::Offline | SyncError::Cut => plain(ErrorCode::Offline),
        SyncError::TimedOut | SyncError::Busy { .. } => plain(ErrorCode::ServerUnavailable),
        SyncError::NotSkranke | SyncError::Undecodable => Told {
            code: ErrorCode::ServerAnswerUnreadable,
            reference: error.code().to_owned(),
        },
        SyncError::Refused {
            code, reference, ..
        } => Told {
            code: refused(*code),
            reference: reference.clone(),
        },
        SyncError::RefusedOtherwise { status } => Told {
            code: if *status >= 500 {
                ErrorCode::ServerUnavailable
            } else {
                ErrorCode::ServerRefused
            },
            reference: status.to_string(),
        },
        SyncError::ProgramTooOld => plain(ErrorCode::ProgramTooOld),
        SyncError::ServerTooOld => plain(ErrorCode::ServerTooOld),
        SyncError::NotEncrypted | SyncError::CaFileUnusable | SyncError::CertificateRefused(_) => {
            Told {
                code: ErrorCode::ServerNotTrusted,
                reference: error.code().to_owned(),
            }
        }
        SyncError::NotSignedByServer | SyncError::WrongContent => Told {
            code: ErrorCode::SyncAlarm,
            reference: error.code().to_owned(),
        },
        SyncError::Cancelled => return None,
        SyncError::Host(line) => own_failure(line),
    })
}

const fn refused(code: ProblemCode) -> ErrorCode {
    match code {
        ProblemCode::DeviceRevoked => ErrorCode::DeviceRevoked,
        ProblemCode::GrantNotValid => ErrorCode::GrantExpired,
        ProblemCode::Unavailable
        | ProblemCode::TooManyRequests
        | ProblemCode::TooSlow
        | ProblemCode::EpochChanged => ErrorCode::ServerUnavailable,
        ProblemCode::UndecodableBody
        | ProblemCode::BadParameter
        | ProblemCode::ClockDifference
        | ProblemCode::ProofReplayed
        | ProblemCode::SignInRefused
        | ProblemCode::EnrolmentCodeUsed
        | ProblemCode::EnrolmentCodeExpired
        | ProblemCode::NoRole
        | ProblemCode::NotPermitted
        | ProblemCode::NotFound
        | ProblemCode::MethodNotAllowed
        | ProblemCode::StateMismatch
        | ProblemCode::TooLarge
        | ProblemCode::UnsupportedMediaType
        | ProblemCode::ContentMismatch => ErrorCode::ServerRefused,
        ProblemCode::NotAuthenticated => ErrorCode::ComputerUnknown,
        ProblemCode::VersionNotSpoken => ErrorCode::ProgramTooOld,
    }
}

/// A failure of this computer's own store keeps its code: the log line begins with the reference and the code.
fn own_failure(line: &str) -> Told {
    let mut words = line.split([' ', ':']);
    let reference = words.next().unwrap_or_default().to_owned();
    let word = words.next().unwrap_or_default();
    let code = ErrorCode::ALL.iter().find(|code| code.code() == word);
    Told {
        code: code.copied().unwrap_or(ErrorCode::Internal),
        reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AppError;
    use skranke_forms::Forms;
    use skranke_sync::CertificateFault;

    /// One of each, so that a new kind of failure has to be given words here.
    fn every_failure() -> Vec<SyncError> {
        let refused = ProblemCode::ALL.iter().map(|code| SyncError::Refused {
            code: *code,
            reference: "A1B2C3".to_owned(),
            retry_after: None,
        });
        let line = AppError::of(ErrorCode::DiskFull).log_line();
        [
            SyncError::Offline,
            SyncError::Cut,
            SyncError::TimedOut,
            SyncError::NotSkranke,
            SyncError::Busy { retry_after: None },
            SyncError::RefusedOtherwise { status: 418 },
            SyncError::RefusedOtherwise { status: 502 },
            SyncError::Undecodable,
            SyncError::ProgramTooOld,
            SyncError::ServerTooOld,
            SyncError::NotEncrypted,
            SyncError::CaFileUnusable,
            SyncError::CertificateRefused(CertificateFault::WrongHost),
            SyncError::NotSignedByServer,
            SyncError::WrongContent,
            SyncError::Host(line),
        ]
        .into_iter()
        .chain(refused)
        .collect()
    }

    #[test]
    fn every_failure_of_a_contact_has_its_own_words() {
        let forms = Forms::embedded().expect("the shipped forms are sound");
        for failure in every_failure() {
            let told = told(&failure).expect("something is said");
            let key = format!("error.{}", told.code.code());
            assert!(forms.texts().get(&key).is_some(), "{key} has no text");
            assert_ne!(told.code, ErrorCode::Internal, "{failure:?}");
        }
        assert_eq!(told(&SyncError::Cancelled), None);
    }

    #[test]
    fn a_failure_of_the_own_store_keeps_code_and_reference() {
        let error = AppError::of(ErrorCode::DiskFull);
        let told = told(&SyncError::Host(error.log_line())).expect("said");

        assert_eq!(
            (told.code, told.reference),
            (ErrorCode::DiskFull, error.reference)
        );
    }
}
