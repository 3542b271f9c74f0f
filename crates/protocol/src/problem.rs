//! Problem documents (RFC 9457): what an HTTP error answer says. They speak of transport, sign-in, size and
//! undecodable bodies only, never of a case, and carry no personal data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::instant;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Prefix of every problem's `type`.
const TYPE_PREFIX: &str = "urn:skranke:problem:";

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident => $code:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $($(#[$doc])* $variant,)+ }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$variant),+];

            /// The code that is sent; it never changes.
            pub const fn code(self) -> &'static str {
                match self { $(ProblemCode::$variant => $code),+ }
            }

            /// The HTTP status it goes with.
            pub const fn status(self) -> u16 {
                match self { $(ProblemCode::$variant => $status),+ }
            }

            /// A fixed English sentence for engineers.
            pub const fn title(self) -> &'static str {
                match self { $(ProblemCode::$variant => $title),+ }
            }
        }
    };
}

impl ProblemCode {
    /// The `type` of its documents.
    pub fn kind(self) -> String {
        format!("{TYPE_PREFIX}{}", self.code())
    }
}

problem_codes! {
    /// The body cannot be read.
    UndecodableBody => "undecodable_body", 400, "The body cannot be decoded.";
    /// A query parameter or header cannot be read.
    BadParameter => "bad_parameter", 400, "A parameter has an impossible value.";
    /// No or no valid proof of the device key.
    NotAuthenticated => "not_authenticated", 401, "The request carries no valid proof of a device key.";
    /// The proof's time is too far from the server's; `server_time` tells the right one.
    ClockDifference => "clock_difference", 401, "The clocks of client and server differ too much.";
    /// The proof was used before.
    ProofReplayed => "proof_replayed", 401, "The proof has been used before.";
    /// The session's grant is missing, malformed, expired or revoked.
    GrantNotValid => "grant_not_valid", 401, "The request carries no valid grant.";
    /// Login name, password, enrolment code or secret is wrong.
    SignInRefused => "sign_in_refused", 401, "The sign-in was refused.";
    /// The enrolment code was used by another computer.
    EnrolmentCodeUsed => "enrolment_code_used", 401, "The enrolment code has been used.";
    /// The enrolment code has run out.
    EnrolmentCodeExpired => "enrolment_code_expired", 401, "The enrolment code has expired.";
    /// The identity provider knows the person, but gives no role in this municipality's table.
    NoRole => "no_role", 403, "The identity provider gives the person no role here.";
    /// The device was revoked.
    DeviceRevoked => "device_revoked", 403, "The device has been revoked.";
    /// The role does not permit it.
    NotPermitted => "not_permitted", 403, "The role does not permit this.";
    /// Nothing there that this device may see.
    NotFound => "not_found", 404, "There is nothing here.";
    /// The path exists, the method does not.
    MethodNotAllowed => "method_not_allowed", 405, "The method is not allowed here.";
    /// The body did not arrive in time.
    TooSlow => "too_slow", 408, "The body did not arrive in time.";
    /// An upload offset or an enrolled key does not fit what the server has.
    StateMismatch => "state_mismatch", 409, "The request does not fit the state of the server.";
    /// The cursor belongs to an earlier epoch.
    EpochChanged => "epoch_changed", 409, "The server has opened a new epoch.";
    /// Body larger than allowed.
    TooLarge => "too_large", 413, "The body is too large.";
    /// The content type is not one the path takes.
    UnsupportedMediaType => "unsupported_media_type", 415, "The media type is not supported.";
    /// The finished upload does not have the digest or type it said.
    ContentMismatch => "content_mismatch", 422, "The content is not what was announced.";
    /// Client and server share no protocol version.
    VersionNotSpoken => "version_not_spoken", 426, "Client and server share no protocol version.";
    /// Too many attempts.
    TooManyRequests => "too_many_requests", 429, "Too many attempts.";
    /// The server cannot take it now; try again after `Retry-After`.
    Unavailable => "unavailable", 503, "The server cannot do this now.";
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:skranke:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A fixed sentence in English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Which part of the request, where that helps; a field or parameter name, never its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The server's time, so that a client can correct its clock.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
    /// A short reference that also stands in the server's log.
    pub reference: String,
}

impl Problem {
    /// The document for a code.
    pub fn new(code: ProblemCode, server_time: DateTime<Utc>, reference: String) -> Self {
        Self {
            kind: code.kind(),
            title: code.title().to_owned(),
            status: code.status(),
            part: None,
            server_time,
            reference,
        }
    }

    /// The code; `None` for one a later server made.
    pub fn code(&self) -> Option<ProblemCode> {
        let code = self.kind.strip_prefix(TYPE_PREFIX)?;
        ProblemCode::ALL
            .iter()
            .copied()
            .find(|known| known.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::noon;

    #[test]
    fn the_document_is_pinned() {
        let mut problem = Problem::new(ProblemCode::BadParameter, noon(), "k3f9".to_owned());
        problem.part = Some("after".to_owned());

        let text = serde_json::to_string(&problem).unwrap();

        assert_eq!(
            text,
            concat!(
                r#"{"type":"urn:skranke:problem:bad_parameter","title":"A parameter has an impossible value.","#,
                r#""status":400,"part":"after","server_time":"2026-11-21T12:00:00.000Z","reference":"k3f9"}"#
            )
        );
        assert_eq!(
            serde_json::from_str::<Problem>(&text).unwrap().code(),
            Some(ProblemCode::BadParameter)
        );
    }

    #[test]
    fn no_problem_is_a_server_error_but_unavailable() {
        for code in ProblemCode::ALL {
            assert!(
                code.status() < 500 || *code == ProblemCode::Unavailable,
                "{}",
                code.code()
            );
        }
    }

    #[test]
    fn codes_are_unique() {
        let codes: std::collections::BTreeSet<_> =
            ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(codes.len(), ProblemCode::ALL.len());
    }
}
