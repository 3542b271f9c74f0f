//! Signing a person in, renewing the session and ending it.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::json as fields;
use skranke_domain::ids::{DeviceId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::grant::Grant;
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    BrowserSignInAnswer, BrowserSignInRequest, EndAnswer, RefreshRequest, RenewAnswer,
    SessionAnswer, SessionRequest, StaffProfile,
};
use uuid::Uuid;

use super::enrol::audit;
use super::{answer, json};
use crate::accounts::{self, Vouched};
use crate::admission::{self, Circumstances};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::openid::Arrived;
use crate::problem::{Answer, Refusal};
use crate::sign_in::password_fits;
use crate::tokens::{self, GRANT_LEAD, Renewal};

/// Who signs in.
struct Known {
    staff_id: StaffId,
    roles: Vec<Role>,
    /// How long the grant may be at most, where a table limits it.
    limit: Option<TimeDelta>,
    profile: Option<StaffProfile>,
}

/// Signs a person in on an enrolled device.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    request_body = SessionRequest,
    responses((status = 200, description = "A grant and the session's first tokens", body = SessionAnswer)),
    security(("device" = [])),
)]
pub(super) async fn sign_in(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let (tenant, device_id) = (call.tenant()?, call.device()?.id);
    let request: SessionRequest = json(&call.body)?;
    // At the identity provider nothing is guessed here: state and code are used once, whatever becomes of them.
    let guessable = match &request {
        SessionRequest::Local { login, .. } => Some(format!("login {tenant} {login}")),
        SessionRequest::Bootstrap { .. } => Some(format!("bootstrap {tenant} {device_id}")),
        SessionRequest::Browser { .. } => None,
    };
    let attempts = &central.attempts;
    if guessable
        .as_deref()
        .is_some_and(|subject| !attempts.may_try(subject, Instant::now()))
    {
        return Err(ProblemCode::TooManyRequests.into());
    }
    let known = identify(&central, &call, request).await;
    if let Some(subject) = guessable {
        match &known {
            Ok(Some(_)) => attempts.succeeded(&subject),
            Ok(None) => {}
            Err(_) => attempts.undecided(&subject),
        }
    }
    let known = known?.ok_or(ProblemCode::SignInRefused)?;
    let now = instant::to_millisecond(log::now());
    let length = known.limit.map_or(central.grant_length, |limit| {
        limit.min(central.grant_length)
    });
    let grant = Grant {
        id: GrantId::from_uuid(Uuid::now_v7()),
        tenant: tenant.to_owned(),
        staff_id: known.staff_id,
        roles: known.roles,
        device_id,
        valid_from: now - GRANT_LEAD,
        valid_until: now + length,
    };
    let signed = grant
        .sign(&central.signing_key)
        .map_err(|_| Refusal::from(ProblemCode::Unavailable))?;
    let tokens = tokens::issue(&grant, 0, &central.signing_key, now)?;
    let given = signed.to_token();
    let (server_key, index_key) = (central.public_key(), central.index_key);
    let is_given = central
        .writers
        .write(tenant, move |transaction| {
            // Closed since the password or the provider was asked: nobody would ever revoke this grant.
            let staff = transaction.staff(grant.staff_id)?;
            if staff.is_some_and(|staff| !staff.active) {
                return Ok(false);
            }
            let circumstances = Circumstances {
                now: log::now(),
                server_key: &server_key,
                index_key: &index_key,
            };
            admission::give_grant(transaction, &grant, &signed, circumstances)?;
            let staff = Some(grant.staff_id);
            audit(transaction, grant.device_id, staff, "signed_in")?;
            Ok(true)
        })
        .await?;
    if !is_given {
        return Err(ProblemCode::SignInRefused.into());
    }
    answer(
        call.headers(),
        &SessionAnswer {
            grant: given,
            tokens,
            profile: known.profile,
            server_time: log::now(),
        },
    )
}

/// Begins a sign-in at the municipality's identity provider, in the system's browser.
#[utoipa::path(
    post,
    path = "/v1/sign-ins",
    request_body = BrowserSignInRequest,
    responses((status = 200, description = "The page to open", body = BrowserSignInAnswer)),
    security(("device" = [])),
)]
pub(super) async fn begin(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: BrowserSignInRequest = json(&call.body)?;
    let (tenant, device_id) = (call.tenant()?.to_owned(), call.device()?.id);
    let begun = central
        .blocking(move |central| {
            let openid = central.openid_of(&tenant)?;
            openid.begin(device_id, &request.redirect_uri)
        })
        .await?;
    answer(
        call.headers(),
        &BrowserSignInAnswer {
            authorization_url: begun.url,
            state: begun.state,
            server_time: log::now(),
        },
    )
}

/// Renews a session: new tokens in exchange for the last refresh token.
#[utoipa::path(
    post,
    path = "/v1/sessions/renew",
    operation_id = "renew",
    request_body = RefreshRequest,
    responses((status = 200, description = "New tokens", body = RenewAnswer)),
    security(("device" = [])),
)]
pub(super) async fn renew(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: RefreshRequest = json(&call.body)?;
    let (tenant, device_id) = (call.tenant()?.to_owned(), call.device()?.id);
    let now = log::now();
    let place = (tenant.as_str(), device_id);
    let token = tokens::read_refresh(&request.refresh_token, &central.public_key, place, now)?;
    let (of, asked) = (tenant.clone(), token.clone());
    let grant = central
        .read(move |central| tokens::grant_of(central, &of, &asked))
        .await?
        .ok_or(ProblemCode::GrantNotValid)?
        .grant;
    let staff = Some(grant.staff_id);
    let renewal = central
        .writers
        .write(&tenant, move |transaction| {
            let renewal = tokens::renew(transaction, &token, log::now())?;
            if renewal == Renewal::Reused {
                audit(transaction, device_id, staff, "session_ended_by_reuse")?;
            }
            Ok(renewal)
        })
        .await?;
    match renewal {
        Renewal::Given(generation) => answer(
            call.headers(),
            &RenewAnswer {
                tokens: tokens::issue(&grant, generation, &central.signing_key, log::now())?,
                server_time: log::now(),
            },
        ),
        Renewal::Ended => Err(ProblemCode::GrantNotValid.into()),
        Renewal::Reused => {
            log::line("token_reused", fields!({ "device": device_id.to_string() }));
            Err(ProblemCode::GrantNotValid.into())
        }
    }
}

/// Ends a session; its tokens open nothing from now on.
#[utoipa::path(
    post,
    path = "/v1/sessions/end",
    operation_id = "end_session",
    request_body = RefreshRequest,
    responses((status = 200, description = "It has ended", body = EndAnswer)),
    security(("device" = [])),
)]
pub(super) async fn end(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let request: RefreshRequest = json(&call.body)?;
    let (tenant, device_id) = (call.tenant()?, call.device()?.id);
    let now = log::now();
    let place = (tenant, device_id);
    let token = tokens::read_refresh(&request.refresh_token, &central.public_key, place, now)?;
    central
        .writers
        .write(tenant, move |transaction| {
            tokens::end(transaction, token.grant_id, log::now())?;
            audit(transaction, device_id, None, "signed_out")
        })
        .await?;
    answer(
        call.headers(),
        &EndAnswer {
            server_time: log::now(),
        },
    )
}

/// Who signs in and in which roles; none where the sign-in is refused.
async fn identify(
    central: &Arc<Central>,
    call: &Call,
    request: SessionRequest,
) -> Answer<Option<Known>> {
    let (tenant, device_id) = (call.tenant()?.to_owned(), call.device()?.id);
    let plain = |staff_id, roles| Known {
        staff_id,
        roles,
        limit: None,
        profile: None,
    };
    match request {
        SessionRequest::Bootstrap {
            secret,
            staff_id,
            roles,
        } => {
            if !central.is_bootstrap(&tenant, &secret) {
                return Ok(None);
            }
            let roles: Option<Vec<Role>> = roles.iter().map(|code| Role::from_code(code)).collect();
            match roles {
                Some(roles) if !roles.is_empty() => Ok(Some(plain(staff_id, roles))),
                _ => Err(Refusal::of(ProblemCode::BadParameter, "roles")),
            }
        }
        SessionRequest::Browser { state, code } => {
            let arrived = central
                .blocking(move |central| {
                    let openid = central.openid_of(&tenant)?;
                    let arrived = openid.finish(device_id, &state, code, log::now())?;
                    let Some(arrived) = arrived else {
                        return Ok(None);
                    };
                    Ok(vouched_for(central, &tenant, device_id, &arrived)?.then_some(arrived))
                })
                .await?;
            Ok(arrived.map(|arrived| Known {
                staff_id: arrived.staff_id,
                roles: arrived.roles,
                limit: arrived.limit,
                profile: Some(arrived.profile),
            }))
        }
        SessionRequest::Local { login, password } => {
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
                        plain(staff.id, roles)
                    }))
                })
                .await
        }
    }
}

/// Keeps a row of a person the identity provider vouched for, so that the person can be withdrawn here too; whether
/// the person may work.
fn vouched_for(
    central: &Central,
    tenant: &str,
    device_id: DeviceId,
    arrived: &Arrived,
) -> Answer<bool> {
    let vouched = Vouched {
        id: arrived.staff_id,
        login: arrived.login.clone(),
        roles: arrived
            .roles
            .iter()
            .map(|role| role.code().to_owned())
            .collect(),
    };
    let store = central.store.as_ref();
    Ok(accounts::vouched_for(
        store,
        tenant,
        &vouched,
        device_id,
        log::now(),
    )?)
}
