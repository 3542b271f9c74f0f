//! Taking the rows of a device's own audit log, and reading them out to whoever may.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    LOG_PAGE, LOG_PURPOSES, LogAnswer, LogBatch, LogLine, LogReadAnswer, LogReadRequest,
    MAX_BATCH_BYTES, MAX_LOG_ROWS,
};

use super::{acting, answer, json, known_purpose, weighed};
use crate::auth::Call;
use crate::central::Central;
use crate::device_log;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::store::Stored;
use crate::store::device_log::LogPage;

/// Keeps rows of the device's log, each once however often it is sent. Rows that do not follow those before are kept
/// and raise an alarm.
#[utoipa::path(
    post,
    path = "/v1/audit",
    operation_id = "audit_take",
    request_body(content = LogBatch, description = "May be packed: `Content-Encoding: zstd`"),
    responses((status = 200, description = "The rows are kept", body = LogAnswer)),
    security(("device" = [])),
)]
pub(super) async fn take(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let batch: LogBatch = json(&weighed(&central, &call, MAX_BATCH_BYTES)?)?;
    if batch.rows.len() > MAX_LOG_ROWS {
        return Err(Refusal::of(ProblemCode::TooLarge, "rows"));
    }
    if !device_log::is_readable(&batch) {
        return Err(Refusal::of(ProblemCode::BadParameter, "rows"));
    }
    let device_id = call.device()?.id;
    let through = central
        .writers
        .write(call.tenant()?, move |transaction| {
            device_log::take(transaction, device_id, &batch, log::now())
        })
        .await?;
    answer(call.headers(), &LogAnswer { through })
}

/// What was done on the municipality's devices, the newest first; of a citizen the case number and a part of the CPR
/// number. That it was read is audited with its purpose before anything is told.
#[utoipa::path(
    post,
    path = "/v1/audit/read",
    operation_id = "audit_read",
    request_body = LogReadRequest,
    responses((status = 200, description = "A page of rows", body = LogReadAnswer)),
    security(("device" = [], "person" = [])),
)]
pub(super) async fn read(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: LogReadRequest = json(&call.body)?;
    known_purpose(&request.purpose, &LOG_PURPOSES)?;
    let by = acting(&call)?;
    let tenant = call.tenant()?.to_owned();
    let page = LogPage::of(&request, LOG_PAGE + 1);
    let mut kept = central
        .read(move |central| central.store.log_page(&tenant, &page))
        .await?;
    let more = kept.len() > LOG_PAGE as usize;
    kept.truncate(LOG_PAGE as usize);
    let lines = central
        .writers
        .write(call.tenant()?, move |transaction| {
            device_log::read_out(transaction, by, &request, &kept, log::now())
        })
        .await?;
    let tenant = call.tenant()?.to_owned();
    let rows = central
        .read(move |central| with_accounts(central, &tenant, lines))
        .await?;
    answer(
        call.headers(),
        &LogReadAnswer {
            rows,
            more,
            server_time: log::now(),
        },
    )
}

/// The lines with the accounts of whoever did it.
fn with_accounts(central: &Central, tenant: &str, mut lines: Vec<LogLine>) -> Stored<Vec<LogLine>> {
    let mut logins = BTreeMap::new();
    for line in &mut lines {
        let id = line.row.staff_id;
        let login = match logins.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let staff = central.store.staff(tenant, id)?;
                unknown.insert(staff.map(|staff| staff.login).unwrap_or_default())
            }
        };
        line.login.clone_from(login);
    }
    Ok(lines)
}
