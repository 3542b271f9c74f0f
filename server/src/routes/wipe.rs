//! The order to a lost device, and what it hands over before it destroys the rest.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::confirmation::{Signed, WipeOrder};
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{HandOverAnswer, HandOverRequest, WipeOrderAnswer};

use super::{answer, json};
use crate::auth::Call;
use crate::central::Central;
use crate::devices;
use crate::log;
use crate::problem::{Answer, Refusal};

/// Whether the asking device is to hand over and destroy what it holds.
#[utoipa::path(
    get,
    path = "/v1/wipe-order",
    operation_id = "wipe_order",
    responses((status = 200, description = "The order, or none", body = WipeOrderAnswer)),
    security(("device" = [])),
)]
pub(super) async fn order(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let id = call.device()?.id;
    let ordered = central
        .writers
        .write(call.tenant()?, move |transaction| {
            devices::ordered(transaction, id)
        })
        .await?;
    let order = ordered
        .and_then(|(_, revocation)| revocation.wipe_ordered_at)
        .map(|at| WipeOrder {
            tenant: call.tenant().unwrap_or_default().to_owned(),
            device_id: id,
            ordered_at: instant::to_millisecond(at),
        })
        .map(|order| Signed::new(&order, &central.signing_key))
        .transpose()
        .map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
    answer(
        call.headers(),
        &WipeOrderAnswer {
            order,
            server_time: log::now(),
        },
    )
}

/// Takes what an ordered device hands over. `StateMismatch` where the order or a part of its chain is missing here: then
/// it must keep what it holds.
#[utoipa::path(
    post,
    path = "/v1/wipe-order",
    operation_id = "hand_over",
    request_body = HandOverRequest,
    responses((status = 200, description = "It is kept", body = HandOverAnswer)),
    security(("device" = [])),
)]
pub(super) async fn hand_over(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    call.weigh(&central, call.body.len())?;
    let request: HandOverRequest = json(&call.body)?;
    let id = call.device()?.id;
    let is_taken = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let now = log::now();
            match &request {
                HandOverRequest::Draft(draft) => devices::take_draft(transaction, id, draft, now),
                HandOverRequest::Finished(end) => devices::take_last(transaction, id, *end, now),
            }
        })
        .await?;
    if !is_taken {
        return Err(ProblemCode::StateMismatch.into());
    }
    answer(
        call.headers(),
        &HandOverAnswer {
            server_time: log::now(),
        },
    )
}
