//! What can go wrong between desktop and server, and whether trying again helps.

use std::time::Duration;

use skranke_protocol::problem::ProblemCode;

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It has run out, or is not valid yet: the server's certificate or this computer's clock is wrong.
    #[error("it is not valid at this time")]
    NotValidNow,
    /// It is for another name than the address.
    #[error("it is for another name")]
    WrongHost,
    /// It rests on no certificate that this computer trusts.
    #[error("its issuer is not known")]
    UnknownIssuer,
    /// Anything else.
    #[error("it cannot be used")]
    Other,
}

impl CertificateFault {
    /// A code for texts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotValidNow => "certificate_not_valid_now",
            Self::WrongHost => "certificate_of_another",
            Self::UnknownIssuer => "certificate_unknown",
            Self::Other => "certificate_unusable",
        }
    }

    fn of(error: &rustls::Error) -> Option<Self> {
        use rustls::CertificateError as Fault;
        let rustls::Error::InvalidCertificate(fault) = error else {
            return None;
        };
        Some(
            if matches!(
                fault,
                Fault::Expired
                    | Fault::ExpiredContext { .. }
                    | Fault::NotValidYet
                    | Fault::NotValidYetContext { .. }
            ) {
                Self::NotValidNow
            } else if matches!(
                fault,
                Fault::NotValidForName | Fault::NotValidForNameContext { .. }
            ) {
                Self::WrongHost
            } else if matches!(fault, Fault::UnknownIssuer | Fault::BadSignature) {
                // Signed by one who only bears the name of somebody trusted.
                Self::UnknownIssuer
            } else {
                Self::Other
            },
        )
    }
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// No connection to the server.
    #[error("the server cannot be reached")]
    Offline,
    /// The line was cut on the way; whether the server did it is not known.
    #[error("the line was cut")]
    Cut,
    /// No answer in time; whether the server did it is not known.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The address is of another computer and not encrypted; nothing was sent.
    #[error("plain HTTP is spoken on this computer only")]
    NotEncrypted,
    /// The file of certificates to trust cannot be used; nothing was sent.
    #[error("the file of trusted certificates cannot be used")]
    CaFileUnusable,
    /// The server's certificate is not one to trust; nothing was sent.
    #[error("the server's certificate is not trusted: {0}")]
    CertificateRefused(CertificateFault),
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
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server speaks only later versions of the protocol than this program.
    #[error("this program is too old for the server")]
    ProgramTooOld,
    /// The server speaks only earlier versions of the protocol than this program.
    #[error("the server is too old for this program")]
    ServerTooOld,
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
            Self::Offline | Self::Cut | Self::TimedOut | Self::NotSkranke | Self::Busy { .. } => {
                true
            }
            Self::Refused { code, .. } => {
                matches!(
                    code,
                    ProblemCode::Unavailable | ProblemCode::TooManyRequests | ProblemCode::TooSlow
                )
            }
            Self::RefusedOtherwise { status } => *status >= 500,
            Self::Undecodable
            | Self::ProgramTooOld
            | Self::ServerTooOld
            | Self::NotEncrypted
            | Self::CaFileUnusable
            | Self::CertificateRefused(_)
            | Self::NotSignedByServer
            | Self::WrongContent
            | Self::Cancelled
            | Self::Host(_) => false,
        }
    }

    /// How long the server asks to wait before the next try.
    pub fn asks_to_wait(&self) -> Option<Duration> {
        if let Self::Busy { retry_after } | Self::Refused { retry_after, .. } = self {
            *retry_after
        } else {
            None
        }
    }

    /// A code for texts and for `ErrorCode` of the application.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Cut => "cut",
            Self::TimedOut => "timed_out",
            Self::NotSkranke => "not_skranke",
            Self::NotEncrypted => "not_encrypted",
            Self::CaFileUnusable => "ca_file_unusable",
            Self::CertificateRefused(fault) => fault.code(),
            Self::Busy { .. } => "busy",
            Self::Refused { code, .. } => code.code(),
            Self::ProgramTooOld => "program_too_old",
            Self::ServerTooOld => "server_too_old",
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
        if let Some(fault) = certificate_fault(error) {
            return Self::CertificateRefused(fault);
        }
        let timed_out = matches!(error, ureq::Error::Timeout(_))
            || matches!(error, ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut);
        let not_http = matches!(
            error,
            ureq::Error::Protocol(_) | ureq::Error::BodyExceedsLimit(_)
        );
        let cut = matches!(error, ureq::Error::Io(io) if is_cut(io.kind()));
        // The rest is about names, connections and sockets.
        if timed_out {
            Self::TimedOut
        } else if not_http {
            Self::NotSkranke
        } else if cut {
            Self::Cut
        } else {
            Self::Offline
        }
    }
}

/// Whether a connection was there and ended.
fn is_cut(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe
    )
}

/// The handshake's own error, however it was handed on.
fn certificate_fault(error: &ureq::Error) -> Option<CertificateFault> {
    if let ureq::Error::Rustls(error) = error {
        return CertificateFault::of(error);
    }
    if let ureq::Error::Io(error) = error {
        let inner = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        return CertificateFault::of(inner);
    }
    None
}
