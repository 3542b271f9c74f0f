//! Who asks: every request proves its device's key; requests that act for a person carry the person's grant too.
//!
//! Basis: design, section 6 (sign-in); reliability, threats T3 and T8.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::ids::DeviceId;
use skranke_protocol::grant::{Grant, SignedGrant};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::proof::{self, MAX_CLOCK_DIFFERENCE_SECONDS, ProofError, Unverified};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::version::{self, SPOKEN, VersionRange};
use skranke_protocol::wire::DeviceState;

use crate::central::Central;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::store::Device;

/// How long a request may take to send its body.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Numbers used once that are remembered; beyond it the server asks clients to wait.
const MAX_REMEMBERED: usize = 200_000;

/// Remembers numbers used once as long as a proof with them could pass the clock check.
#[derive(Default)]
pub struct ReplayGuard {
    seen: Mutex<HashMap<(DeviceId, String), DateTime<Utc>>>,
}

impl ReplayGuard {
    fn accept(&self, device: DeviceId, nonce: &str, now: DateTime<Utc>) -> Answer<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_REMEMBERED / 2 {
            seen.retain(|_, until| *until > now);
        }
        if seen.len() >= MAX_REMEMBERED {
            return Err(ProblemCode::Unavailable.into());
        }
        let until = now + TimeDelta::seconds(2 * MAX_CLOCK_DIFFERENCE_SECONDS + 1);
        match seen.insert((device, nonce.to_owned()), until) {
            Some(before) if before > now => Err(ProblemCode::ProofReplayed.into()),
            _ => Ok(()),
        }
    }
}

/// A request with its body read, not yet trusted.
pub(crate) struct Call {
    parts: Parts,
    pub(crate) body: Bytes,
    proof: Unverified,
    token: Option<String>,
}

/// A request whose device is known.
pub(crate) struct DeviceCall {
    pub(crate) tenant: String,
    pub(crate) device: Device,
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
}

impl Call {
    /// Reads a request with a body of at most `limit` bytes.
    pub(crate) async fn read(request: Request, limit: usize) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        let reading = axum::body::to_bytes(body, limit);
        let body = tokio::time::timeout(READ_WITHIN, reading)
            .await
            .map_err(|_| Refusal::from(ProblemCode::TooSlow))?
            .map_err(|_| Refusal::from(ProblemCode::TooLarge))?;
        // Only one message has a body that is not JSON: a piece of an attachment.
        if parts.method == Method::POST && !is_json(&parts.headers) {
            return Err(ProblemCode::UnsupportedMediaType.into());
        }
        if let Some(text) = text_of(&parts.headers, version::HEADER) {
            let range = VersionRange::from_text(text)
                .ok_or(Refusal::of(ProblemCode::BadParameter, version::HEADER))?;
            SPOKEN
                .negotiate(range)
                .map_err(|_| ProblemCode::VersionNotSpoken)?;
        }
        let text = text_of(&parts.headers, proof::HEADER).ok_or(ProblemCode::NotAuthenticated)?;
        let proof = proof::read(text).map_err(|_| ProblemCode::NotAuthenticated)?;
        let token = match text_of(&parts.headers, header::AUTHORIZATION.as_str()) {
            None => None,
            Some(text) => Some(
                text.strip_prefix("DPoP ")
                    .ok_or(ProblemCode::NotAuthenticated)?
                    .to_owned(),
            ),
        };
        Ok(Self {
            parts,
            body,
            proof,
            token,
        })
    }

    /// The municipality the device says it belongs to.
    pub(crate) fn tenant(&self) -> &str {
        self.proof.tenant()
    }

    /// The device that says it asks.
    pub(crate) fn device_id(&self) -> DeviceId {
        self.proof.device_id()
    }

    /// The request's headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The key in the proof.
    pub(crate) fn presented_key(&self) -> PublicKey {
        self.proof.presented_key()
    }

    /// Checks the proof against a key.
    pub(crate) fn check_proof(&self, central: &Central, key: &PublicKey) -> Answer<()> {
        let host = text_of(&self.parts.headers, header::HOST.as_str())
            .ok_or(ProblemCode::NotAuthenticated)?;
        let path = self.parts.uri.path();
        let own = ["http://", "https://"].iter().any(|scheme| {
            let rest = self.proof.url().strip_prefix(scheme);
            rest.and_then(|rest| rest.strip_prefix(host))
                .is_some_and(|rest| rest == path)
        });
        if !own {
            return Err(ProblemCode::NotAuthenticated.into());
        }
        let request = proof::Request {
            method: self.parts.method.as_str(),
            url: self.proof.url(),
            query: self.parts.uri.query().unwrap_or(""),
            body: &self.body,
            token: self.token.as_deref(),
        };
        let now = log::now();
        let nonce = self
            .proof
            .verify(key, &request, now)
            .map_err(|error| match error {
                ProofError::Clock => ProblemCode::ClockDifference,
                ProofError::Malformed | ProofError::Signature | ProofError::ForAnother => {
                    ProblemCode::NotAuthenticated
                }
            })?;
        central.replays.accept(self.proof.device_id(), nonce, now)
    }

    /// The enrolled device that asks; a revoked one only where it is to learn that it is.
    async fn any_device(&self, central: &Arc<Central>) -> Answer<Device> {
        let (tenant, id) = (self.tenant().to_owned(), self.device_id());
        let device = central
            .read(move |central| central.store.device(&tenant, id))
            .await?;
        let device = device.ok_or(ProblemCode::NotAuthenticated)?;
        self.check_proof(central, &device.public_key)?;
        Ok(device)
    }

    /// The enrolled device that asks, revoked or not.
    pub(crate) async fn device_even_revoked(self, central: &Arc<Central>) -> Answer<DeviceCall> {
        let device = self.any_device(central).await?;
        let tenant = self.tenant().to_owned();
        Ok(DeviceCall {
            tenant,
            device,
            body: self.body,
            headers: self.parts.headers,
        })
    }

    /// The enrolled device that asks.
    pub(crate) async fn device(self, central: &Arc<Central>) -> Answer<DeviceCall> {
        let call = self.device_even_revoked(central).await?;
        if call.device.state == DeviceState::Revoked {
            return Err(ProblemCode::DeviceRevoked.into());
        }
        Ok(call)
    }

    /// The enrolled device and the person who works on it.
    pub(crate) async fn person(self, central: &Arc<Central>) -> Answer<(DeviceCall, Grant)> {
        let token = self.token.clone().ok_or(ProblemCode::GrantNotValid)?;
        let call = self.device(central).await?;
        let grant = SignedGrant::from_token(&token)
            .and_then(|signed| signed.verify(&central.public_key))
            .map_err(|_| ProblemCode::GrantNotValid)?;
        let fits = grant.tenant == call.tenant
            && grant.device_id == call.device.id
            && grant.is_valid_at(log::now()).is_ok();
        let (tenant, id) = (call.tenant.clone(), grant.id);
        let stored = central
            .read(move |central| central.store.grant(&tenant, id))
            .await?;
        if !fits || stored.is_none_or(|stored| stored.revoked_at.is_some()) {
            return Err(ProblemCode::GrantNotValid.into());
        }
        Ok((call, grant))
    }
}

/// Whether a body is announced as JSON, or not announced.
fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|value| {
        let media_type = value.as_bytes().split(|byte| *byte == b';').next();
        media_type.is_some_and(|media_type| {
            media_type
                .trim_ascii()
                .eq_ignore_ascii_case(b"application/json")
        })
    })
}

pub(crate) fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_used_once_is_not_taken_twice_while_its_proof_could_pass() {
        let guard = ReplayGuard::default();
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
        let other = DeviceId::from_uuid(uuid::Uuid::from_u128(2));
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();

        assert!(guard.accept(device, "n", now).is_ok());
        let again = guard
            .accept(device, "n", now + TimeDelta::seconds(300))
            .unwrap_err();
        assert_eq!(again.code(), ProblemCode::ProofReplayed);
        assert!(guard.accept(other, "n", now).is_ok());
    }
}
