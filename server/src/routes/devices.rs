//! The municipality's devices: listing them, shutting one out, and saying whose data it held.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    DevicesAnswer, HOLDINGS_PAGE, HOLDINGS_PURPOSES, HoldingsAnswer, HoldingsRequest,
    RevokeDeviceRequest,
};

use super::{acting, answer, json, known_purpose, reason};
use crate::auth::Call;
use crate::central::Central;
use crate::devices;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::store::Stored;
use crate::store::devices::DeviceRecord;

/// Every device of the municipality and how it stands.
#[utoipa::path(
    get,
    path = "/v1/devices",
    operation_id = "devices",
    responses((status = 200, description = "The devices", body = DevicesAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn list(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let records = central
        .writers
        .write(call.tenant()?, |transaction| transaction.device_records())
        .await?;
    all(&call, records)
}

/// Shuts a device out at once; what it still sends waits for a person.
#[utoipa::path(
    post,
    path = "/v1/devices/revoke",
    operation_id = "device_revoke",
    request_body = RevokeDeviceRequest,
    responses((status = 200, description = "The devices after it", body = DevicesAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn revoke(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: RevokeDeviceRequest = json(&call.body)?;
    let reason = reason(&request.reason)?;
    let by = acting(&call)?;
    // Whoever shut out their own computer could not shut out another one afterwards.
    if request.device_id == by.device_id {
        return Err(Refusal::of(ProblemCode::StateMismatch, "device_id"));
    }
    let records = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let (id, wipe) = (request.device_id, request.wipe);
            let revoked = devices::revoke(transaction, id, by, &reason, wipe, log::now())?;
            let records: Stored<Vec<DeviceRecord>> = transaction.device_records();
            Ok(revoked.is_some().then_some(records?))
        })
        .await?
        .ok_or(ProblemCode::NotFound)?;
    log::line(
        "device_revoked",
        serde_json::json!({ "device": request.device_id.to_string(), "wipe": request.wipe }),
    );
    all(&call, records)
}

/// Whose data a device held: what it was given and what it made. Audited with its purpose.
#[utoipa::path(
    post,
    path = "/v1/devices/holdings",
    operation_id = "device_holdings",
    request_body = HoldingsRequest,
    responses((status = 200, description = "A page of cases", body = HoldingsAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn holdings(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: HoldingsRequest = json(&call.body)?;
    known_purpose(&request.purpose, &HOLDINGS_PURPOSES)?;
    let by = acting(&call)?;
    let held = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let (id, purpose) = (request.device_id, &request.purpose);
            let page = (request.after, HOLDINGS_PAGE);
            devices::holdings(transaction, id, by, purpose, page, log::now())
        })
        .await?
        .ok_or(ProblemCode::NotFound)?;
    answer(
        call.headers(),
        &HoldingsAnswer {
            cases: held.cases,
            total: held.total,
            more: held.more,
            server_time: log::now(),
        },
    )
}

fn all(call: &Call, records: Vec<DeviceRecord>) -> Answer<Response> {
    answer(
        call.headers(),
        &DevicesAnswer {
            devices: records.into_iter().map(devices::listed).collect(),
            server_time: log::now(),
        },
    )
}
