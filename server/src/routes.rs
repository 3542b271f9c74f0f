//! The HTTP interface, version 1.

mod attachments;
mod enrol;
mod events;
mod lookup;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde::de::DeserializeOwned;
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::version::{self, SPOKEN};
use skranke_protocol::wire::SERVER_TIME;

use crate::central::Central;
use crate::log;
use crate::problem::{Answer, Refusal};

/// Largest body of small requests.
const SMALL_BODY_BYTES: usize = 16 * 1024;

/// All routes over the shared state.
pub fn router(central: Arc<Central>) -> Router {
    let state = Arc::clone(&central);
    Router::new()
        .route("/v1/devices", post(enrol::enrol))
        .route("/v1/sessions", post(enrol::sign_in))
        .route("/v1/events", post(events::push).get(events::pull))
        .route("/v1/lookup", post(lookup::lookup))
        .route("/v1/status", get(status::status))
        .route("/v1/confirmation", get(status::confirmation))
        .route(
            "/v1/attachments/{digest}",
            get(attachments::fetch)
                .head(attachments::head)
                .patch(attachments::patch),
        )
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback(|| async { Refusal::from(ProblemCode::NotFound) })
        .method_not_allowed_fallback(|| async { Refusal::from(ProblemCode::MethodNotAllowed) })
        // Each handler reads its body with a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(state, around))
        .with_state(central)
}

/// Bounds the requests handled at once and marks every answer.
async fn around(State(central): State<Arc<Central>>, request: Request, next: Next) -> Response {
    let mut response = match central.requests.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => Refusal::from(ProblemCode::Unavailable).into_response(),
    };
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set(SERVER_TIME, &instant::to_text(log::now()));
    set(version::HEADER, &SPOKEN.to_text());
    set("cache-control", "no-store");
    set("x-content-type-options", "nosniff");
    response
}

async fn ready(State(central): State<Arc<Central>>) -> Answer<&'static str> {
    central.read(|central| central.store.ping()).await?;
    if *central.stopping.borrow() {
        return Err(ProblemCode::Unavailable.into());
    }
    Ok("ready\n")
}

/// Reads a JSON body; what was wrong with it is not repeated.
fn json<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body).map_err(|_| ProblemCode::UndecodableBody.into())
}

/// A JSON answer, compressed where the client takes zstd and it is worth it.
fn answer<T: Serialize>(request: &axum::http::HeaderMap, value: &T) -> Answer<Response> {
    const WORTH_COMPRESSING: usize = 4 * 1024;
    let body = serde_json::to_vec(value).map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
    let takes_zstd = crate::auth::text_of(request, header::ACCEPT_ENCODING.as_str())
        .is_some_and(|accepted| accepted.split(',').any(|coding| coding.trim() == "zstd"));
    let json = (header::CONTENT_TYPE, "application/json");
    if takes_zstd && body.len() >= WORTH_COMPRESSING {
        let packed =
            zstd::bulk::compress(&body, 1).map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
        return Ok((
            StatusCode::OK,
            [json, (header::CONTENT_ENCODING, "zstd")],
            packed,
        )
            .into_response());
    }
    Ok((StatusCode::OK, [json], body).into_response())
}
