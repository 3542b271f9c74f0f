//! What can go wrong between desktop and server, and whether trying again helps.

use std::time::Duration;

use skranke_protocol::problem::ProblemCode;

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// No connection to the server.
    #[error("the server cannot be reached")]
    Offline,
    /// No answer in time; whether the server did it is not known.
    #[error("the server did not answer in time")]
    TimedOut,
    /// Something answered that is not a Skranke server: a sign-in page of a network, a proxy.
    #[error("the answer is not from a Skranke server")]
    NotSkranke,
    /// The server cannot do it now.
    #[error("the server is busy")]
    Busy {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server refused the request.
    #[error("the server refused the request ({code}, reference {reference})", code = .code.code())]
    Refused {
        /// Why.
        code: ProblemCode,
        /// Reference that also stands in the server's log.
        reference: String,
    },
    /// The server refused for a reason a later version knows.
    #[error("the server refused the request with status {status}")]
    RefusedOtherwise {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is Skranke's but cannot be read.
    #[error("the server's answer cannot be read")]
    Undecodable,
    /// A statement or grant is not signed by the municipality's server: an alarm.
    #[error("the server's signature does not verify")]
    NotSignedByServer,
    /// A file's content is not what its name says.
    #[error("the content does not have the digest it is named by")]
    WrongContent,
    /// Someone asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// The caller could not store or read what it was asked to.
    #[error("the local store failed: {0}")]
    Host(String),
}

impl SyncError {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Offline | Self::TimedOut | Self::NotSkranke | Self::Busy { .. } => true,
            Self::Refused { code, .. } => {
                matches!(
                    code,
                    ProblemCode::Unavailable | ProblemCode::TooManyRequests | ProblemCode::TooSlow
                )
            }
            Self::RefusedOtherwise { status } => *status >= 500,
            Self::Undecodable
            | Self::NotSignedByServer
            | Self::WrongContent
            | Self::Cancelled
            | Self::Host(_) => false,
        }
    }

    /// A code for texts and for `ErrorCode` of the application.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::TimedOut => "timed_out",
            Self::NotSkranke => "not_skranke",
            Self::Busy { .. } => "busy",
            Self::Refused { code, .. } => code.code(),
            Self::RefusedOtherwise { .. } => "refused",
            Self::Undecodable => "undecodable",
            Self::NotSignedByServer => "not_signed_by_server",
            Self::WrongContent => "wrong_content",
            Self::Cancelled => "cancelled",
            Self::Host(_) => "local_store_failed",
        }
    }
}

impl From<&ureq::Error> for SyncError {
    fn from(error: &ureq::Error) -> Self {
        let timed_out = matches!(error, ureq::Error::Timeout(_))
            || matches!(error, ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut);
        let not_http = matches!(
            error,
            ureq::Error::Protocol(_) | ureq::Error::BodyExceedsLimit(_)
        );
        // The rest is about names, connections and sockets.
        match (timed_out, not_http) {
            (true, _) => Self::TimedOut,
            (false, true) => Self::NotSkranke,
            (false, false) => Self::Offline,
        }
    }
}
