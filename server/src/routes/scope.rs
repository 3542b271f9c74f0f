//! Which outreach computers hold a case.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use skranke_domain::ids::CaseId;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{ScopeAnswer, ScopeDevice, ScopeRequest};

use super::{answer, json};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::scope;

/// The outreach computers, and which of them hold the case.
#[utoipa::path(
    get,
    path = "/v1/scope",
    operation_id = "scope_list",
    params(("case" = String, Query, description = "The case")),
    responses((status = 200, description = "The computers", body = ScopeAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn list(
    State(central): State<Arc<Central>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let Query(query) = query.map_err(|_| Refusal::from(ProblemCode::BadParameter))?;
    let case_id: CaseId = query
        .get("case")
        .and_then(|case| case.parse().ok())
        .ok_or(Refusal::of(ProblemCode::BadParameter, "case"))?;
    let devices = central
        .writers
        .write(call.tenant()?, move |transaction| {
            scope::computers(transaction, case_id)
        })
        .await?;
    listed(&call, devices)
}

/// Gives a case to an outreach computer, or takes it back.
#[utoipa::path(
    post,
    path = "/v1/scope",
    operation_id = "scope_decide",
    request_body = ScopeRequest,
    responses((status = 200, description = "The computers after it", body = ScopeAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn decide(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: ScopeRequest = json(&call.body)?;
    let by = (call.device()?.id, call.person()?.staff_id);
    let devices = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let done = scope::decide(transaction, &request, by, log::now())?;
            done.map(|()| scope::computers(transaction, request.case_id))
                .transpose()
        })
        .await?
        .ok_or(ProblemCode::NotFound)?;
    listed(&call, devices)
}

fn listed(call: &Call, devices: Vec<ScopeDevice>) -> Answer<Response> {
    answer(
        call.headers(),
        &ScopeAnswer {
            devices,
            server_time: log::now(),
        },
    )
}
