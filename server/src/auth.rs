//! Who asks: every request proves its device's key; requests that act for a person carry the person's token too.
//! What each endpoint asks for stands in [`crate::policy`].
//!
//! Basis: design, section 6 (sign-in); reliability, threats T3 and T8.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use skranke_domain::ids::DeviceId;
use skranke_protocol::grant::Grant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::proof::{
    self, BodyDigest, MAX_CLOCK_DIFFERENCE_SECONDS, ProofError, Unverified,
};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::token::{Token, TokenUse};
use skranke_protocol::version::{self, SPOKEN, VersionRange};
use skranke_protocol::wire::{DeviceState, MAX_CHUNK_BYTES};

use crate::central::Central;
use crate::incoming::Incoming;
use crate::log;
use crate::pace::{Load, PaceKeeper};
use crate::policy::{self, Caller, Rule};
use crate::problem::{Answer, Refusal};
use crate::sign_in::AttemptGuard;
use crate::store::Device;
use crate::tokens;

/// Numbers used once that are remembered of all devices together; beyond it the server asks clients to wait.
const MAX_REMEMBERED: usize = 800_000;
/// The same of one device: 66 requests a second, for as long as a number is remembered, which is more than one that hands
/// in thousands of scans makes. A stolen laptop that asks faster waits by itself.
const MAX_OF_ONE: usize = 40_000;
/// The same of callers who have shown no more than a key of their own making; beyond it all are forgotten.
const MAX_OF_STRANGERS: usize = 10_000;
/// Where there is no room, who is remembered for nothing is looked for this often at most.
const LOOKED_THROUGH_EVERY: Duration = Duration::from_secs(1);

/// How long a proof could pass the clock check: made as far ahead of this server's clock as may be, and as far behind.
const COULD_PASS: Duration =
    Duration::from_secs(2 * MAX_CLOCK_DIFFERENCE_SECONDS.unsigned_abs() + 1);

/// Remembers numbers used once as long as a proof with them could pass the clock check.
pub struct ReplayGuard {
    most: usize,
    of_one: usize,
    when_full: WhenFull,
    seen: Mutex<Seen>,
}

/// What a guard does that can remember no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenFull {
    /// It asks callers to wait.
    Refuse,
    /// It forgets. Only where the same request twice does no more than once.
    Forget,
}

/// The numbers of all devices.
#[derive(Default)]
struct Seen {
    of: HashMap<DeviceId, Numbers>,
    count: usize,
    looked_through: Option<Instant>,
}

/// A digest of a number used once, which may be of any length.
type Nonce = [u8; 16];

/// The numbers of one device, by digest.
#[derive(Default)]
struct Numbers {
    known: HashSet<Nonce>,
    /// The oldest first, and when each was used.
    in_order: VecDeque<(Instant, Nonce)>,
}

impl Numbers {
    /// Forgets what could pass no more; how many.
    fn forget(&mut self, now: Instant) -> usize {
        let before = self.in_order.len();
        while let Some((at, nonce)) = self.in_order.front()
            && now >= *at + COULD_PASS
        {
            self.known.remove(nonce);
            self.in_order.pop_front();
        }
        before - self.in_order.len()
    }

    /// Seconds until one more is forgotten.
    fn seconds_left(&self, now: Instant) -> u32 {
        let oldest = self.in_order.front().map_or(now, |(at, _)| *at);
        let left = (oldest + COULD_PASS).saturating_duration_since(now);
        u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1)
    }
}

impl Seen {
    /// Forgets of all devices what could pass no more, and devices of which nothing is left.
    fn look_through(&mut self, now: Instant) {
        let is_due = |at| now.saturating_duration_since(at) >= LOOKED_THROUGH_EVERY;
        if self.looked_through.is_none_or(is_due) {
            self.looked_through = Some(now);
            self.of.retain(|_, numbers| {
                self.count -= numbers.forget(now);
                !numbers.in_order.is_empty()
            });
        }
    }
}

impl Default for ReplayGuard {
    fn default() -> Self {
        Self::of(MAX_REMEMBERED, MAX_OF_ONE, WhenFull::Refuse)
    }
}

/// What is remembered of callers whom nobody has enrolled yet, apart from all else: anybody who reaches the port can
/// fill it, and must shut nobody out by that.
pub(crate) struct Strangers {
    pub(crate) replays: ReplayGuard,
    pub(crate) pace: PaceKeeper,
    pub(crate) attempts: AttemptGuard,
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            // Enrolling and asking for a share are answered alike however often they are asked.
            replays: ReplayGuard::of(MAX_OF_STRANGERS, MAX_OF_STRANGERS, WhenFull::Forget),
            pace: PaceKeeper::default(),
            attempts: AttemptGuard::default(),
        }
    }
}

impl ReplayGuard {
    fn of(most: usize, of_one: usize, when_full: WhenFull) -> Self {
        Self {
            most,
            of_one,
            when_full,
            seen: Mutex::default(),
        }
    }

    fn accept(&self, device: DeviceId, nonce: &str, now: Instant) -> Answer<()> {
        let digest = Sha256::digest(nonce);
        let nonce: Nonce = std::array::from_fn(|at| digest[at]);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.count >= self.most {
            seen.look_through(now);
        }
        if seen.count >= self.most {
            match self.when_full {
                WhenFull::Refuse => return Err(ProblemCode::Unavailable.into()),
                WhenFull::Forget => *seen = Seen::default(),
            }
        }
        let Seen { of, count, .. } = &mut *seen;
        let numbers = of.entry(device).or_default();
        *count -= numbers.forget(now);
        if numbers.known.contains(&nonce) {
            return Err(ProblemCode::ProofReplayed.into());
        }
        if numbers.in_order.len() >= self.of_one {
            return Err(Refusal::too_fast(numbers.seconds_left(now)));
        }
        numbers.known.insert(nonce);
        numbers.in_order.push_back((now, nonce));
        *count += 1;
        Ok(())
    }
}

/// A request that passed its row of the policy table, with whoever that row asks for.
///
/// What a row does not ask for is not there: a handler that wants more than its row promises is refused.
pub(crate) struct Call {
    parts: Parts,
    pub(crate) body: Bytes,
    /// The digest of the body; of one that is streamed, what the proof says it is.
    pub(crate) digest: BodyDigest,
    load: Option<Load>,
    proved: Option<Proved>,
    device: Option<Device>,
    person: Option<Grant>,
}

/// What the proof says, checked against the key it was made with.
struct Proved {
    tenant: String,
    device_id: DeviceId,
    key: PublicKey,
}

/// Stands before every endpoint: finds the row of the table, lets through whom it permits, and hands the handler what
/// was found out about them. An endpoint without a row lets nobody through.
pub(crate) async fn gate(
    State(central): State<Arc<Central>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let rule = policy::rule(request.method().as_str(), path.as_str());
    let mut unread = Body::empty();
    let admitted = match rule {
        Some(rule) => admit(&central, rule, request, &mut unread).await,
        None => Err(ProblemCode::NotPermitted.into()),
    };
    match admitted {
        Ok(call) => {
            let mut request = Request::from_parts(call.parts.clone(), unread);
            request.extensions_mut().insert(Arc::new(call));
            next.run(request).await
        }
        Err(refusal) => {
            // Of a small file; who is turned away with a large one is cut off.
            let mut incoming = Incoming::new(unread, MAX_CHUNK_BYTES, central.body_within);
            incoming.pass().await;
            refusal.into_response()
        }
    }
}

/// Lets a request through that its row of the table permits, or says why not. Where the row leaves its body to the
/// handler, that is `unread`.
async fn admit(
    central: &Arc<Central>,
    rule: &Rule,
    request: Request,
    unread: &mut Body,
) -> Answer<Call> {
    let (parts, body) = request.into_parts();
    let mut call = Call {
        parts,
        body: Bytes::new(),
        digest: BodyDigest::of(&[]),
        load: rule.load,
        proved: None,
        device: None,
        person: None,
    };
    if rule.caller == Caller::Anyone {
        return Ok(call);
    }
    let body = if rule.is_streamed {
        *unread = body;
        None
    } else {
        Some(body)
    };
    call.check_version()?;
    let proof = call
        .text(proof::HEADER)
        .ok_or(ProblemCode::NotAuthenticated)?;
    let proof = proof::read(proof).map_err(|_| ProblemCode::NotAuthenticated)?;
    let token = call.token()?;
    if let Some(body) = body {
        let incoming = Incoming::new(body, rule.body_bytes, central.body_within);
        (call.body, call.digest) = incoming.whole().await?;
    } else {
        // Taken at its word here; the handler compares.
        call.digest = proof.body();
    }
    // Only one message has a body that is not JSON: a piece of an attachment.
    if call.parts.method == Method::POST && !is_json(&call.parts.headers) {
        return Err(ProblemCode::UnsupportedMediaType.into());
    }
    let (tenant, id) = (proof.tenant().to_owned(), proof.device_id());
    let device = if rule.caller == Caller::Key {
        None
    } else {
        let tenant = tenant.clone();
        let known = central
            .read(move |central| central.store.device(&tenant, id))
            .await?;
        Some(known.ok_or(ProblemCode::NotAuthenticated)?)
    };
    // An enrolling device is known by the key it presents; every other by the one it was enrolled with.
    let key = device
        .as_ref()
        .map_or(proof.presented_key(), |device| device.public_key);
    let replays = if device.is_some() {
        &central.replays
    } else {
        &central.strangers.replays
    };
    let nonce = call.check_proof(&proof, &key, token.as_deref())?;
    replays.accept(id, nonce, Instant::now())?;
    keep_pace(central, rule, &key.fingerprint())?;
    let Some(device) = device else {
        call.proved = Some(Proved {
            tenant,
            device_id: id,
            key,
        });
        return Ok(call);
    };
    if device.state == DeviceState::Revoked && rule.caller != Caller::KnownDevice {
        return Err(ProblemCode::DeviceRevoked.into());
    }
    if matches!(rule.caller, Caller::Person(_)) {
        let token = token.ok_or(ProblemCode::GrantNotValid)?;
        call.person = Some(person(central, &tenant, &device, &token).await?);
    }
    if let Some(person) = &call.person {
        keep_pace(central, rule, &person.staff_id.to_string())?;
    }
    let roles = call.person.as_ref().map_or(&[][..], |grant| &grant.roles);
    if !rule.permits(roles, &device.scope) {
        return Err(ProblemCode::NotPermitted.into());
    }
    call.proved = Some(Proved {
        tenant,
        device_id: id,
        key,
    });
    call.device = Some(device);
    Ok(call)
}

/// Turns away who asks faster than the row allows: each device by itself, and each person by themselves.
fn keep_pace(central: &Central, rule: &Rule, who: &str) -> Answer<()> {
    let Some(pace) = rule.pace else {
        return Ok(());
    };
    let subject = format!("{} {} {who}", rule.method, rule.path);
    let keeper = if rule.caller == Caller::Key {
        &central.strangers.pace
    } else {
        &central.pace
    };
    keeper
        .take(pace, &subject, Instant::now())
        .map_err(Refusal::too_fast)
}

/// The person a token stands for.
async fn person(
    central: &Arc<Central>,
    tenant: &str,
    device: &Device,
    token: &str,
) -> Answer<Grant> {
    let token = Token::read(
        token,
        &central.public_key,
        TokenUse::Access,
        (tenant, device.id),
        log::now(),
    )
    .map_err(|_| ProblemCode::GrantNotValid)?;
    let (of, asked) = (tenant.to_owned(), token.clone());
    let opened = central
        .read(move |central| tokens::grant_of(central, &of, &asked))
        .await?
        .ok_or(ProblemCode::GrantNotValid)?;
    if opened.is_first_use {
        // Where it cannot be noted now, the next request notes it; this one is honest.
        let _ = central
            .writers
            .write(tenant, move |transaction| tokens::seen(transaction, &token))
            .await;
    }
    Ok(opened.grant)
}

impl Call {
    /// The municipality the caller belongs to.
    pub(crate) fn tenant(&self) -> Answer<&str> {
        Ok(&self.proved()?.tenant)
    }

    /// The device that asks, enrolled or not.
    pub(crate) fn device_id(&self) -> Answer<DeviceId> {
        Ok(self.proved()?.device_id)
    }

    /// The key that was proved.
    pub(crate) fn key(&self) -> Answer<PublicKey> {
        Ok(self.proved()?.key)
    }

    /// The enrolled device that asks.
    pub(crate) fn device(&self) -> Answer<&Device> {
        self.device
            .as_ref()
            .ok_or_else(|| ProblemCode::NotAuthenticated.into())
    }

    /// The person who asks.
    pub(crate) fn person(&self) -> Answer<&Grant> {
        self.person
            .as_ref()
            .ok_or_else(|| ProblemCode::GrantNotValid.into())
    }

    /// Counts bytes that the device leaves here, before they are kept. Where they are too many for an hour, the log names
    /// the device: who fills the disk is to be found.
    pub(crate) fn weigh(&self, central: &Central, bytes: usize) -> Answer<()> {
        let Some(load) = self.load else {
            return Ok(());
        };
        let device = self.device()?;
        let is_revoked = device.state == DeviceState::Revoked;
        let hourly = central.volumes.of(load, is_revoked);
        let subject = format!("{load:?} {}", device.public_key.fingerprint());
        let taken = central
            .pace
            .take_bytes(hourly, bytes, &subject, Instant::now());
        taken.map_err(|seconds| {
            let device = device.id.to_string();
            log::line("device_leaves_too_much", json!({ "device": device }));
            Refusal::too_fast(seconds)
        })
    }

    /// The request's headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// A header's text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.parts.headers, name)
    }

    fn proved(&self) -> Answer<&Proved> {
        self.proved
            .as_ref()
            .ok_or_else(|| ProblemCode::NotAuthenticated.into())
    }

    fn check_version(&self) -> Answer<()> {
        let Some(text) = self.text(version::HEADER) else {
            return Ok(());
        };
        let range = VersionRange::from_text(text)
            .ok_or(Refusal::of(ProblemCode::BadParameter, version::HEADER))?;
        SPOKEN
            .negotiate(range)
            .map_err(|_| ProblemCode::VersionNotSpoken)?;
        Ok(())
    }

    fn token(&self) -> Answer<Option<String>> {
        let Some(text) = self.text(header::AUTHORIZATION.as_str()) else {
            return Ok(None);
        };
        let token = text
            .strip_prefix("DPoP ")
            .ok_or(ProblemCode::NotAuthenticated)?;
        Ok(Some(token.to_owned()))
    }

    /// Checks the proof against a key and against this very request; its number, which may be used once.
    fn check_proof<'p>(
        &self,
        proof: &'p Unverified,
        key: &PublicKey,
        token: Option<&str>,
    ) -> Answer<&'p str> {
        let host = self
            .text(header::HOST.as_str())
            .ok_or(ProblemCode::NotAuthenticated)?;
        let path = self.parts.uri.path();
        let own = ["http://", "https://"].iter().any(|scheme| {
            let rest = proof.url().strip_prefix(scheme);
            rest.and_then(|rest| rest.strip_prefix(host))
                .is_some_and(|rest| rest == path)
        });
        if !own {
            return Err(ProblemCode::NotAuthenticated.into());
        }
        let request = proof::Request {
            method: self.parts.method.as_str(),
            url: proof.url(),
            query: self.parts.uri.query().unwrap_or(""),
            body: self.digest,
            token,
        };
        proof
            .verify(key, &request, log::now())
            .map_err(|error| match error {
                ProofError::Clock => ProblemCode::ClockDifference.into(),
                ProofError::Malformed | ProofError::Signature | ProofError::ForAnother => {
                    ProblemCode::NotAuthenticated.into()
                }
            })
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
        let now = Instant::now();

        assert!(guard.accept(device, "n", now).is_ok());
        let again = guard.accept(device, "n", now + COULD_PASS / 2).unwrap_err();
        assert_eq!(again.code(), ProblemCode::ProofReplayed);
        assert!(guard.accept(other, "n", now).is_ok());
    }

    #[test]
    fn a_device_that_asks_too_fast_waits_by_itself_and_nobody_else_does() {
        let guard = ReplayGuard::of(100, 5, WhenFull::Refuse);
        let stolen = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
        let honest = DeviceId::from_uuid(uuid::Uuid::from_u128(2));
        let now = Instant::now();
        let asked = |device, number: u32, at| guard.accept(device, &number.to_string(), at);

        for number in 0..5 {
            asked(stolen, number, now).unwrap();
        }
        let refused = asked(stolen, 5, now + Duration::from_secs(1)).unwrap_err();

        assert_eq!(refused.code(), ProblemCode::TooManyRequests);
        asked(honest, 5, now).unwrap();
        // What was refused is not remembered, and once the first could pass no more there is room.
        asked(stolen, 5, now + COULD_PASS).unwrap();
        assert_eq!(guard.seen.lock().unwrap().count, 2);
    }

    #[test]
    fn where_there_is_no_room_those_who_are_silent_since_long_make_some() {
        let guard = ReplayGuard::of(5, 5, WhenFull::Refuse);
        let device = |number| DeviceId::from_uuid(uuid::Uuid::from_u128(number));
        let now = Instant::now();
        for number in 0..5 {
            guard.accept(device(number), "n", now).unwrap();
        }

        let refused = guard.accept(device(5), "n", now).unwrap_err();
        assert_eq!(refused.code(), ProblemCode::Unavailable);
        guard.accept(device(5), "n", now + COULD_PASS).unwrap();
        assert_eq!(guard.seen.lock().unwrap().of.len(), 1);
    }

    #[test]
    fn strangers_fill_their_own_guard_alone_and_are_never_shut_out_by_it() {
        let now = Instant::now();
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
        let filled = |guard: &ReplayGuard| {
            let mut numbers = (0..=3).map(|number| guard.accept(device, &format!("{number}"), now));
            numbers.all(|accepted| accepted.is_ok())
        };

        assert!(filled(&ReplayGuard::of(3, 9, WhenFull::Forget)));
        assert!(!filled(&ReplayGuard::of(3, 9, WhenFull::Refuse)));
        let strangers = Strangers::default();
        for number in 0..=MAX_OF_STRANGERS {
            strangers
                .replays
                .accept(device, &format!("{number}"), now)
                .unwrap();
        }
        let remembered = strangers.replays.seen.lock().unwrap().count;
        assert!(remembered <= MAX_OF_STRANGERS, "{remembered}");
    }
}
