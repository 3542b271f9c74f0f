//! Enrolling a device.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{EnrolAnswer, EnrolRequest, Scope};
use uuid::Uuid;

use super::{answer, json};
use crate::auth::Call;
use crate::central::Central;
use crate::enrolment::{self, Code};
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::store::{AuditRow, CentralTransaction, Device, Stored};

/// Enrols a device with a one-time code. The proof is signed by the key that is presented.
#[utoipa::path(
    post,
    path = "/v1/devices",
    request_body = EnrolRequest,
    responses((status = 200, description = "Enrolled, now or earlier", body = EnrolAnswer)),
    security(("device" = [])),
)]
pub(super) async fn enrol(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let key = call.key()?;
    let request: EnrolRequest = json(&call.body)?;
    let name_is_fine = (1..=60).contains(&request.name.chars().count())
        && !request.name.chars().any(char::is_control);
    if !name_is_fine {
        return Err(Refusal::of(ProblemCode::BadParameter, "name"));
    }
    let (tenant, id) = (call.tenant()?.to_owned(), call.device_id()?);
    let subject = format!("enrol {tenant} {}", key.fingerprint());
    let attempts = &central.strangers.attempts;
    if !attempts.may_try(&subject, Instant::now()) {
        return Err(ProblemCode::TooManyRequests.into());
    }
    let code = if central.is_bootstrap(&tenant, &request.enrolment_code) {
        Code::Bootstrap
    } else {
        Code::OneTime(Sha256::digest(&request.enrolment_code).into())
    };
    let device = Device::new(id, request.name, key, Scope::Tenant);
    let tried = with_code(&central, &tenant, device, code).await;
    match &tried {
        Ok(_) => attempts.succeeded(&subject),
        Err(refusal) if refusal.code().status() == ProblemCode::SignInRefused.status() => {}
        Err(_) => attempts.undecided(&subject),
    }
    let (device, epoch) = tried?;
    enrolled(&central, &call, device, epoch)
}

/// Enrols a device where its code is good; the device as it is kept, and the epoch.
async fn with_code(
    central: &Arc<Central>,
    tenant: &str,
    device: Device,
    code: Code,
) -> Answer<(Device, u64)> {
    // Looked at before it takes a place among the writes: whoever reaches the port can ask.
    if !is_known(central, tenant, &code).await? {
        return Err(ProblemCode::SignInRefused.into());
    }
    central
        .writers
        .write(tenant, move |transaction| {
            enrolment::enrol(transaction, &device, &code, log::now())
        })
        .await?
}

/// Whether there is such a code. A municipality that does not exist must look like a wrong one.
async fn is_known(central: &Arc<Central>, tenant: &str, code: &Code) -> Answer<bool> {
    let Code::OneTime(digest) = code else {
        return Ok(true);
    };
    let (tenant, digest) = (tenant.to_owned(), *digest);
    central
        .read(move |central| Ok(central.store.enrolment_code(&tenant, &digest)?.is_some()))
        .await
}

/// What a device is told that the store has taken in.
pub(super) fn enrolled(
    central: &Central,
    call: &Call,
    device: Device,
    epoch: u64,
) -> Answer<Response> {
    answer(
        call.headers(),
        &EnrolAnswer {
            tenant: call.tenant()?.to_owned(),
            device_id: device.id,
            device_code: device.code,
            scope: device.scope,
            server_key: central.public_key(),
            epoch,
            server_time: log::now(),
        },
    )
}

/// Writes what a device or person did about its own access.
pub(super) fn audit(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    staff_id: Option<StaffId>,
    action: &'static str,
) -> Stored<()> {
    transaction.audit(&AuditRow {
        id: Uuid::now_v7(),
        at: log::now(),
        device_id,
        staff_id,
        action,
        purpose: "access".to_owned(),
        case_id: None,
        citizen_digest: None,
        detail: String::new(),
    })
}
