//! The share of a laptop's key, handed out at each contact.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{LeaseAnswer, LeaseRenewRequest, LeaseRequest};

use super::{answer, json};
use crate::auth::Call;
use crate::central::Central;
use crate::lease::{self, Handed};
use crate::log;
use crate::problem::Answer;

/// A device names the key that asks for its share while the device itself is closed.
#[utoipa::path(
    post,
    path = "/v1/leases",
    operation_id = "lease_begin",
    request_body = LeaseRequest,
    responses((status = 200, description = "The share", body = LeaseAnswer)),
    security(("device" = [])),
)]
pub(super) async fn begin(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: LeaseRequest = json(&call.body)?;
    let (device, keys) = (call.device()?.id, central.keys.clone());
    let handed = central
        .writers
        .write(call.tenant()?, move |transaction| {
            lease::begin(transaction, &keys, device, &request.asking_key, log::now())
        })
        .await?;
    share(&call, handed)
}

/// The share once more. The proof is signed by the key that was named, for the device that named it.
#[utoipa::path(
    post,
    path = "/v1/leases/renew",
    operation_id = "lease_renew",
    request_body = LeaseRenewRequest,
    responses((status = 200, description = "The share", body = LeaseAnswer)),
    security(("device" = [])),
)]
pub(super) async fn renew(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: LeaseRenewRequest = json(&call.body)?;
    let (device, key, keys) = (call.device_id()?, call.key()?, central.keys.clone());
    // Nobody has vouched for the municipality yet: one that is not here has no writer.
    let tenant = call.tenant()?.to_owned();
    let asked = tenant.clone();
    central
        .read(move |central| central.store.tenant(&asked))
        .await?;
    if !lease::is_of(&tenant, &keys, device, &key, &request.ticket) {
        return Err(ProblemCode::GrantNotValid.into());
    }
    let handed = central
        .writers
        .write(&tenant, move |transaction| {
            lease::renew(transaction, &keys, device, &key, &request.ticket)
        })
        .await?;
    share(&call, handed)
}

fn share(call: &Call, handed: Result<Handed, ProblemCode>) -> Answer<Response> {
    let Handed { ticket, share } = handed?;
    answer(
        call.headers(),
        &LeaseAnswer {
            ticket,
            share,
            server_time: log::now(),
        },
    )
}
