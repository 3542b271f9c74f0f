//! Work that is held apart: a person sees it, lets it in or sends it back; its author's device hears of it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    HeldAnswer, HeldCommand, HeldDecided, HeldDecision, HeldVerdict, MAX_HELD, QuarantineReason,
    ReturnedAnswer, ReturnedCommand,
};
use uuid::Uuid;

use super::{answer, json, reason};
use crate::admission::{self, Circumstances};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::Answer;
use crate::store::{AuditRow, CentralTransaction, HeldOf, HeldWork, Stored};

/// What waits for a person, what a citizen was given a paper of first, then the oldest; that it was looked at is audited.
#[utoipa::path(
    get,
    path = "/v1/held",
    responses((status = 200, description = "What waits", body = HeldAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn held(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let (device_id, staff_id) = (call.device()?.id, call.person()?.staff_id);
    let work = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let waiting = transaction.held(HeldOf::Waiting, MAX_HELD)?;
            let described: Stored<Vec<_>> = waiting
                .iter()
                .map(|held| described(transaction, held))
                .collect();
            let work: Vec<HeldCommand> = described?.into_iter().flatten().collect();
            transaction.audit(&AuditRow {
                id: Uuid::now_v7(),
                at: log::now(),
                device_id,
                staff_id: Some(staff_id),
                action: "held_work_listed",
                purpose: "review".to_owned(),
                case_id: None,
                citizen_digest: None,
                detail: work.len().to_string(),
            })?;
            Ok(work)
        })
        .await?;
    answer(
        call.headers(),
        &HeldAnswer {
            work,
            server_time: log::now(),
        },
    )
}

/// What a person needs to decide; none where nothing of the command was kept.
fn described(
    transaction: &mut dyn CentralTransaction,
    held: &HeldWork,
) -> Stored<Option<HeldCommand>> {
    let events = transaction.events_of_command(held.command_id)?;
    let events: Vec<_> = events.into_iter().map(|stored| stored.event).collect();
    let (Some(first), Some(device)) = (events.first(), transaction.device(held.device_id)?) else {
        return Ok(None);
    };
    let header = first.header();
    let history = transaction.case_history(held.case_id)?;
    Ok(Some(HeldCommand {
        command_id: held.command_id,
        case_id: held.case_id,
        case_number: admission::case_number(&history, &events),
        reason: QuarantineReason::from_code(&held.held_for),
        actor: header.actor,
        device_code: device.code,
        device_name: device.name,
        kinds: events.iter().map(|e| e.header().kind.clone()).collect(),
        recorded_at: header.corrected_at(),
        held_at: held.held_at,
    }))
}

/// Lets held work in, if it holds as things stand now, or sends it back to its author.
#[utoipa::path(
    post,
    path = "/v1/held",
    request_body = HeldDecision,
    responses((status = 200, description = "What became of it", body = HeldDecided)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn held_decide(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: HeldDecision = json(&call.body)?;
    let reason = reason(&request.reason)?;
    let reviewer = call.person()?.clone();
    let (server_key, index_key) = (central.public_key(), central.index_key);
    let outcome = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let circumstances = Circumstances {
                now: log::now(),
                server_key: &server_key,
                index_key: &index_key,
            };
            let decide = match request.verdict {
                HeldVerdict::Release => admission::release_held,
                HeldVerdict::Return => admission::return_held,
            };
            decide(
                transaction,
                request.command_id,
                &reviewer,
                &reason,
                circumstances,
            )
        })
        .await?
        .ok_or(ProblemCode::NotFound)?;
    answer(
        call.headers(),
        &HeldDecided {
            outcome,
            server_time: log::now(),
        },
    )
}

/// What of this device's work was sent back, the newest first.
#[utoipa::path(
    get,
    path = "/v1/returned",
    responses((status = 200, description = "What was sent back", body = ReturnedAnswer)),
    security(("device" = [])),
)]
pub(super) async fn returned(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let device_id = call.device()?.id;
    let work = central
        .writers
        .write(call.tenant()?, move |transaction| {
            transaction.held(HeldOf::ReturnedTo(device_id), MAX_HELD)
        })
        .await?;
    let told = |held: HeldWork| {
        let settled = held.settlement?;
        Some(ReturnedCommand {
            command_id: held.command_id,
            case_id: held.case_id,
            held_for: QuarantineReason::from_code(&held.held_for),
            reason: settled.reason,
            returned_by: settled.by,
            returned_at: settled.at,
        })
    };
    answer(
        call.headers(),
        &ReturnedAnswer {
            work: work.into_iter().filter_map(told).collect(),
            server_time: log::now(),
        },
    )
}
