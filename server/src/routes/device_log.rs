//! Taking the rows of a device's own audit log.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{LogAnswer, LogBatch, MAX_BATCH_BYTES, MAX_LOG_ROWS};

use super::{answer, json, unpacked};
use crate::auth::Call;
use crate::central::Central;
use crate::device_log;
use crate::log;
use crate::problem::{Answer, Refusal};

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
    let batch: LogBatch = json(&unpacked(&call, MAX_BATCH_BYTES)?)?;
    if batch.rows.len() > MAX_LOG_ROWS {
        return Err(Refusal::of(ProblemCode::TooLarge, "rows"));
    }
    if !device_log::is_readable(&batch) {
        return Err(Refusal::of(ProblemCode::BadParameter, "rows"));
    }
    let device_id = call.device()?.id;
    let taken = central
        .writers
        .write(call.tenant()?, move |transaction| {
            device_log::take(transaction, device_id, &batch, log::now())
        })
        .await?;
    if let Some(code) = taken.alarm {
        central.metrics.alarmed(code);
    }
    let through = taken.through;
    answer(call.headers(), &LogAnswer { through })
}
