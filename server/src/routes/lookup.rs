//! Look-up of a citizen by CPR number: audited before it is answered, also when nothing is found.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_domain::cpr::Cpr;
use skranke_domain::event::Ending;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{FoundCase, LookupAnswer, LookupRequest, PURPOSES};
use uuid::Uuid;

use super::{answer, json, known_purpose};
use crate::admission::{self, citizen_digest, former_citizen_digest};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::store::AuditRow;

/// What the municipality knows of a citizen; audited with its purpose, also when nothing is found.
#[utoipa::path(
    post,
    path = "/v1/lookup",
    request_body = LookupRequest,
    responses((status = 200, description = "The citizen's cases", body = LookupAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn lookup(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: LookupRequest = json(&call.body)?;
    known_purpose(&request.purpose, &PURPOSES)?;
    let cpr =
        Cpr::parse(&request.cpr).map_err(|_| Refusal::of(ProblemCode::BadParameter, "cpr"))?;
    let digest = citizen_digest(&central.index_key, call.tenant()?, &cpr);
    let former = former_citizen_digest(&central.index_key, &cpr);
    let (device_id, staff_id, purpose) =
        (call.device()?.id, call.person()?.staff_id, request.purpose);
    let (cases, position) = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let now = log::now();
            let mut cases = transaction.cases_of(&digest)?;
            cases.extend(transaction.cases_of(&former)?);
            cases.sort_by_key(|case| (case.received_on, case.case_id));
            for case in cases.iter_mut().filter(|case| case.registered) {
                let history = transaction.case_history(case.case_id)?;
                if admission::has_run_out(case.case_id, &history, now) {
                    Ending::Expired.code().clone_into(&mut case.state);
                }
            }
            transaction.audit(&AuditRow {
                id: Uuid::now_v7(),
                at: now,
                device_id,
                staff_id: Some(staff_id),
                action: "citizen_looked_up",
                purpose: purpose.clone(),
                case_id: None,
                citizen_digest: Some(digest),
                detail: cases.len().to_string(),
            })?;
            Ok((cases, transaction.tenant().position()))
        })
        .await?;
    let cases = cases
        .into_iter()
        .map(|case| FoundCase {
            case_id: case.case_id,
            number: case.number,
            state: case.state,
            received_on: case.received_on,
            registered: case.registered,
            in_conflict: case.in_conflict,
        })
        .collect();
    answer(
        call.headers(),
        &LookupAnswer {
            cases,
            position,
            server_time: log::now(),
        },
    )
}
