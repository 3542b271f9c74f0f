//! Problem answers: every error of the server as an RFC 9457 document.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use skranke_protocol::problem::{MEDIA_TYPE, Problem, ProblemCode};
use uuid::Uuid;

use crate::log;
use crate::store::StoreError;
use crate::writer::WriteError;

/// How long a client is asked to wait before it tries again.
const RETRY_AFTER_SECONDS: u32 = 2;

/// An error answer in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    code: ProblemCode,
    part: Option<&'static str>,
    retry_after_seconds: u32,
}

/// The result of a handler.
pub type Answer<T> = Result<T, Refusal>;

impl Refusal {
    /// A refusal that names the part of the request it is about.
    pub const fn of(code: ProblemCode, part: &'static str) -> Self {
        Self {
            code,
            part: Some(part),
            retry_after_seconds: RETRY_AFTER_SECONDS,
        }
    }

    /// Too many requests; how long to wait.
    pub const fn too_fast(retry_after_seconds: u32) -> Self {
        Self {
            code: ProblemCode::TooManyRequests,
            part: None,
            retry_after_seconds,
        }
    }

    /// Which problem it is.
    pub const fn code(&self) -> ProblemCode {
        self.code
    }
}

impl From<ProblemCode> for Refusal {
    fn from(code: ProblemCode) -> Self {
        Self {
            code,
            part: None,
            retry_after_seconds: RETRY_AFTER_SECONDS,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::NoSuchTenant) {
            return ProblemCode::NotAuthenticated.into();
        }
        log::failure("store_failed", &error);
        ProblemCode::Unavailable.into()
    }
}

impl From<WriteError> for Refusal {
    fn from(_: WriteError) -> Self {
        ProblemCode::Unavailable.into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // The random tail of a UUIDv7: short enough to be read out on the telephone.
        let reference: String = Uuid::now_v7()
            .simple()
            .to_string()
            .chars()
            .skip(24)
            .collect();
        let mut problem = Problem::new(self.code, log::now(), reference);
        problem.part = self.part.map(str::to_owned);
        log::line(
            "refused",
            json!({ "code": self.code.code(), "part": problem.part, "reference": problem.reference }),
        );
        let status =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let mut response = (status, Json(problem)).into_response();
        // For the figures, which count problems by code.
        response.extensions_mut().insert(self.code);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(self.retry_after_seconds),
            );
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("DPoP algs=\"EdDSA\""),
            );
        }
        response
    }
}
