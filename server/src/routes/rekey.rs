//! A copy of a computer whose chain forked goes on under a name and a key of its own.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{EnrolAnswer, RekeyRequest};

use super::enrol::enrolled;
use super::json;
use crate::admission;
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::Answer;
use crate::store::Device;

/// Gives a forked device a successor, asked for with the old key; again, it gives the same one. `StateMismatch` where
/// the device did not fork, or the successor's name is taken.
#[utoipa::path(
    post,
    path = "/v1/devices/rekey",
    operation_id = "device_rekey",
    request_body = RekeyRequest,
    responses((status = 200, description = "The successor is enrolled", body = EnrolAnswer)),
    security(("device" = [])),
)]
pub(super) async fn rekey(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: RekeyRequest = json(&call.body)?;
    let (tenant, forked) = (call.tenant()?.to_owned(), call.device()?.clone());
    let successor = Device::new(
        request.device_id,
        forked.name.clone(),
        request.public_key,
        forked.scope.clone(),
    );
    let (device, epoch) = central
        .writers
        .write(&tenant, move |transaction| {
            let device = admission::rekey(transaction, &forked, successor.clone(), log::now())?;
            Ok(device.map(|device| (device, transaction.tenant().epoch)))
        })
        .await?
        .ok_or(ProblemCode::StateMismatch)?;
    enrolled(&central, &call, device, epoch)
}
