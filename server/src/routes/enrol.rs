//! Enrolling a device and signing a person in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{DeviceId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::chain::Head;
use skranke_protocol::grant::Grant;
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    DeviceState, EnrolAnswer, EnrolRequest, Scope, SessionAnswer, SessionRequest,
};
use uuid::Uuid;

use super::{answer, json};
use crate::admission::{self, Circumstances};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::sign_in::password_fits;
use crate::store::{AuditRow, CentralTransaction, Device, Stored};

/// Grants begin a little before they are made, so that a device whose clock is not yet corrected can use them.
const GRANT_LEAD: TimeDelta = TimeDelta::minutes(5);

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
    if !central.attempts.may_try(&subject, log::now()) {
        return Err(ProblemCode::TooManyRequests.into());
    }
    let code = if central.is_bootstrap(&tenant, &request.enrolment_code) {
        Code::Bootstrap
    } else {
        Code::OneTime(Sha256::digest(&request.enrolment_code).into())
    };
    let device = Device {
        id,
        code: String::new(),
        name: request.name,
        public_key: key,
        scope: Scope::Tenant,
        state: DeviceState::Active,
        head: Head::START,
        accepted: 0,
        quarantined: 0,
        deferred: 0,
    };
    // A tenant that does not exist must look like a wrong code.
    let known = {
        let tenant = tenant.clone();
        central
            .read(move |central| central.store.tenant(&tenant))
            .await
    };
    if known.is_err_and(|refusal| refusal.code() == ProblemCode::NotAuthenticated) {
        return Err(ProblemCode::SignInRefused.into());
    }
    let result = central
        .writers
        .write(&tenant, move |transaction| {
            enrol_in(transaction, &device, &code)
        })
        .await?;
    let (device, epoch) = match result {
        Ok(enrolled) => enrolled,
        Err(code) => {
            if code == ProblemCode::SignInRefused {
                central.attempts.failed(&subject, log::now());
            }
            return Err(code.into());
        }
    };
    central.attempts.succeeded(&subject);
    answer(
        call.headers(),
        &EnrolAnswer {
            tenant,
            device_id: device.id,
            device_code: device.code,
            scope: device.scope,
            server_key: central.public_key(),
            epoch,
            server_time: log::now(),
        },
    )
}

enum Code {
    Bootstrap,
    OneTime([u8; 32]),
}

fn enrol_in(
    transaction: &mut dyn CentralTransaction,
    new: &Device,
    code: &Code,
) -> Stored<Result<(Device, u64), ProblemCode>> {
    let now = log::now();
    let epoch = transaction.tenant().epoch;
    let known = transaction.device(new.id)?;
    let mut device = new.clone();
    if let Code::OneTime(digest) = code {
        match transaction.enrolment_code(digest)? {
            Some(code) if code.device_id == Some(new.id) => {}
            Some(code) if code.device_id.is_none() && code.expires_at > now => {
                device.scope = code.scope
            }
            _ => return Ok(Err(ProblemCode::SignInRefused)),
        }
    }
    if let Some(known) = known {
        let is_same = known.public_key == new.public_key && known.state != DeviceState::Revoked;
        return Ok(if is_same {
            Ok((known, epoch))
        } else {
            Err(ProblemCode::StateMismatch)
        });
    }
    device.code = transaction.insert_device(&device, now)?;
    if let Code::OneTime(digest) = code {
        transaction.use_enrolment_code(digest, device.id)?;
    }
    audit(transaction, device.id, None, "device_enrolled")?;
    Ok(Ok((device, epoch)))
}

/// Signs a person in on an enrolled device.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    request_body = SessionRequest,
    responses((status = 200, description = "A grant", body = SessionAnswer)),
    security(("device" = [])),
)]
pub(super) async fn sign_in(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let (tenant, device_id) = (call.tenant()?, call.device()?.id);
    let request: SessionRequest = json(&call.body)?;
    let subject = match &request {
        SessionRequest::Local { login, .. } => format!("login {tenant} {login}"),
        SessionRequest::Bootstrap { .. } => format!("bootstrap {tenant} {device_id}"),
    };
    if !central.attempts.may_try(&subject, log::now()) {
        return Err(ProblemCode::TooManyRequests.into());
    }
    let Some((staff_id, roles)) = identify(&central, tenant, request).await? else {
        central.attempts.failed(&subject, log::now());
        return Err(ProblemCode::SignInRefused.into());
    };
    central.attempts.succeeded(&subject);
    let now = instant::to_millisecond(log::now());
    let grant = Grant {
        id: GrantId::from_uuid(Uuid::now_v7()),
        tenant: tenant.to_owned(),
        staff_id,
        roles,
        device_id,
        valid_from: now - GRANT_LEAD,
        valid_until: now + central.grant_length,
    };
    let signed = grant
        .sign(&central.signing_key)
        .map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
    let token = signed.to_token();
    let (server_key, index_key) = (central.public_key(), central.index_key);
    central
        .writers
        .write(tenant, move |transaction| {
            let circumstances = Circumstances {
                now: log::now(),
                server_key: &server_key,
                index_key: &index_key,
            };
            admission::give_grant(transaction, &grant, &signed, circumstances)?;
            audit(
                transaction,
                grant.device_id,
                Some(grant.staff_id),
                "signed_in",
            )
        })
        .await?;
    answer(
        call.headers(),
        &SessionAnswer {
            grant: token,
            server_time: log::now(),
        },
    )
}

/// Who signs in and in which roles; none where the sign-in is refused.
async fn identify(
    central: &Arc<Central>,
    tenant: &str,
    request: SessionRequest,
) -> Answer<Option<(StaffId, Vec<Role>)>> {
    match request {
        SessionRequest::Bootstrap {
            secret,
            staff_id,
            roles,
        } => {
            if !central.is_bootstrap(tenant, &secret) {
                return Ok(None);
            }
            let roles: Option<Vec<Role>> = roles.iter().map(|code| Role::from_code(code)).collect();
            match roles {
                Some(roles) if !roles.is_empty() => Ok(Some((staff_id, roles))),
                _ => Err(Refusal::of(ProblemCode::BadParameter, "roles")),
            }
        }
        SessionRequest::Local { login, password } => {
            let tenant = tenant.to_owned();
            central
                .read(move |central| {
                    let staff = central
                        .store
                        .staff_by_login(&tenant, &login)?
                        .filter(|staff| staff.active);
                    let hash = staff.as_ref().map(|staff| staff.password_hash.as_str());
                    let fits = password_fits(&password, hash);
                    Ok(staff.filter(|_| fits).map(|staff| {
                        let roles = staff
                            .roles
                            .iter()
                            .filter_map(|code| Role::from_code(code))
                            .collect();
                        (staff.id, roles)
                    }))
                })
                .await
        }
    }
}

fn audit(
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
