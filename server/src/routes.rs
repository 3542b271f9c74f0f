//! The HTTP interface, version 1.

mod attachments;
mod device_log;
mod devices;
mod enrol;
mod events;
mod held;
mod lease;
mod lookup;
mod profiles;
mod rekey;
mod scope;
mod sealed;
mod session;
mod status;
mod wipe;

use std::io::Read as _;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::version::{self, SPOKEN};
use skranke_protocol::wire::SERVER_TIME;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Call, gate};
use crate::central::Central;
use crate::devices::Acting;
use crate::health;
use crate::log;
use crate::openapi;
use crate::place::Place;
use crate::problem::{Answer, Refusal};

/// Every endpoint with its description: what is not collected here is neither served nor in the document.
pub(crate) fn endpoints() -> OpenApiRouter<Arc<Central>> {
    OpenApiRouter::new()
        .routes(routes!(enrol::enrol))
        .routes(routes!(devices::list))
        .routes(routes!(devices::revoke))
        .routes(routes!(devices::holdings))
        .routes(routes!(rekey::rekey))
        .routes(routes!(scope::list, scope::decide))
        .routes(routes!(lease::begin))
        .routes(routes!(lease::renew))
        .routes(routes!(wipe::order, wipe::hand_over))
        .routes(routes!(session::sign_in))
        .routes(routes!(session::begin))
        .routes(routes!(session::renew))
        .routes(routes!(session::end))
        .routes(routes!(events::push, events::pull))
        .routes(routes!(sealed::take))
        .routes(routes!(device_log::take))
        .routes(routes!(device_log::read))
        .routes(routes!(lookup::lookup))
        .routes(routes!(profiles::save, profiles::list))
        .routes(routes!(held::held, held::held_decide))
        .routes(routes!(held::returned))
        .routes(routes!(status::status))
        .routes(routes!(status::confirmation))
        .routes(routes!(
            attachments::fetch,
            attachments::head,
            attachments::patch
        ))
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(document))
}

/// All routes over the shared state.
pub fn router(central: Arc<Central>) -> Router {
    let state = Arc::clone(&central);
    let (endpoints, _) = endpoints().split_for_parts();
    endpoints
        .route_layer(middleware::from_fn_with_state(Arc::clone(&central), gate))
        .fallback(|| async { Refusal::from(ProblemCode::NotFound) })
        .method_not_allowed_fallback(|| async { Refusal::from(ProblemCode::MethodNotAllowed) })
        // The gate reads each body with the limit of its row.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(state, around))
        .with_state(central)
}

/// Bounds the requests handled at once and marks every answer.
async fn around(State(central): State<Arc<Central>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let endpoint = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match Place::take(&central.requests) {
        Some(place) => {
            request.extensions_mut().insert(place.clone());
            let response = next.run(request).await;
            place.give_back();
            response
        }
        None => Refusal::from(ProblemCode::Unavailable).into_response(),
    };
    // A path or method that is none of ours could be anything a client wrote.
    let (method, endpoint) = match &endpoint {
        Some(endpoint) if response.status() != StatusCode::METHOD_NOT_ALLOWED => {
            (method.as_str(), endpoint.as_str())
        }
        _ => ("other", "other"),
    };
    let problem = response.extensions().get::<ProblemCode>().copied();
    let status = response.status().as_u16();
    let metrics = &central.metrics;
    metrics.answered(method, endpoint, status, problem, begun.elapsed());
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

/// Whether the program runs.
#[utoipa::path(
    get,
    path = "/healthz",
    responses((status = 200, description = "It runs", content_type = "text/plain", body = String)),
    security(()),
)]
async fn alive() -> &'static str {
    "ok\n"
}

/// This document.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = serde_json::Value)),
    security(()),
)]
async fn document() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(openapi::document).as_str();
    ([(header::CONTENT_TYPE, "application/json")], text)
}

/// Whether it can serve: the store answers, commits arrive where they must, the disk has room, and it is not stopping.
/// `part` of the problem names what is missing.
#[utoipa::path(
    get,
    path = "/readyz",
    responses((status = 200, description = "It can serve", content_type = "text/plain", body = String)),
    security(()),
)]
async fn ready(State(central): State<Arc<Central>>) -> Answer<&'static str> {
    health::check(&central).await?;
    Ok("ready\n")
}

/// Reads a JSON body; what was wrong with it is not repeated.
fn json<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body).map_err(|_| ProblemCode::UndecodableBody.into())
}

/// The person who asks, and the device they sit at.
fn acting(call: &Call) -> Answer<Acting> {
    Ok(Acting {
        device_id: call.device()?.id,
        staff_id: Some(call.person()?.staff_id),
    })
}

/// Refuses a purpose that is none of those the endpoint knows.
fn known_purpose(stated: &str, known: &[&str]) -> Answer<()> {
    if known.contains(&stated) {
        Ok(())
    } else {
        Err(Refusal::of(ProblemCode::BadParameter, "purpose"))
    }
}

/// A reason as a person wrote it, without the space around it.
fn reason(text: &str) -> Answer<String> {
    const LONGEST: usize = 400;
    let reason = text.trim();
    if (1..=LONGEST).contains(&reason.chars().count()) && !reason.contains('\0') {
        Ok(reason.to_owned())
    } else {
        Err(Refusal::of(ProblemCode::BadParameter, "reason"))
    }
}

/// A body as it was before the client packed it, at most `limit` bytes.
fn unpacked(call: &Call, limit: usize) -> Answer<Vec<u8>> {
    match call.text(header::CONTENT_ENCODING.as_str()) {
        None | Some("identity") => Ok(call.body.to_vec()),
        Some("zstd") => {
            let undecodable = |_| Refusal::from(ProblemCode::UndecodableBody);
            let mut decoder = zstd::stream::Decoder::new(&call.body[..]).map_err(undecodable)?;
            decoder.window_log_max(23).map_err(undecodable)?;
            let mut plain = Vec::new();
            decoder
                .take(limit as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(undecodable)?;
            if plain.len() > limit {
                Err(ProblemCode::TooLarge.into())
            } else {
                Ok(plain)
            }
        }
        Some(_) => Err(ProblemCode::UnsupportedMediaType.into()),
    }
}

/// The same, counted among what the device leaves here: packed it may be next to nothing.
fn weighed(central: &Central, call: &Call, limit: usize) -> Answer<Vec<u8>> {
    let plain = unpacked(call, limit)?;
    call.weigh(central, plain.len())?;
    Ok(plain)
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
