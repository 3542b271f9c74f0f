//! The HTTP client: one method for each request of the protocol.

mod device_log;
mod feed;
mod lease;
mod news;
mod scope;
mod sealed;
mod transport;
mod upload;

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use skranke_domain::cpr::{Cpr, Purpose};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, Sha256Digest};
use skranke_protocol::confirmation::{Confirmation, Signed, TenantHead};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::tree::{FollowedTree, Frontier};
use skranke_protocol::wire::{
    BEHIND, BrowserSignInAnswer, BrowserSignInRequest, CASE, CommandVerdict, ConfirmationAnswer,
    DevicesAnswer, EndAnswer, EnrolAnswer, EnrolRequest, HandOverAnswer, HandOverRequest,
    HeldAnswer, HeldDecided, HeldDecision, HoldingsAnswer, HoldingsRequest, LookupAnswer,
    LookupRequest, PURPOSE, ProfileEdition, ProfileSaveAnswer, ProfileSaveRequest, ProfilesAnswer,
    PushAnswer, PushBatch, RefreshRequest, RekeyRequest, RenewAnswer, ReturnedAnswer,
    RevokeDeviceRequest, SessionAnswer, SessionRequest, Status, Tokens, WipeOrderAnswer,
};

use crate::environment::Environment;
use crate::error::SyncError;
use crate::session::Session;
pub(crate) use feed::Fetched;
pub use feed::Page;
pub use sealed::Unsealed;
use transport::{Answer, Body, Call, Transport};

/// Longest wait for an ordinary answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Tokens are renewed this long before they run out.
const RENEW_BEFORE: TimeDelta = TimeDelta::seconds(30);

/// Longest wait for a look-up: somebody stands at the counter, and "not known" is an answer too.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the server is and who asks.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The server's address, as `http://127.0.0.1:4711`, without a path.
    pub base_url: String,
    /// The municipality.
    pub tenant: String,
    /// The device.
    pub device_id: DeviceId,
    /// The device's key.
    pub key: SigningKey,
    /// The server's key as learnt at enrolment; statements signed by any other are refused.
    pub server_key: Option<PublicKey>,
    /// File with certificates (PEM) that the server's own may rest on, beside those the computer trusts.
    pub ca_file: Option<PathBuf>,
}

/// The answer to a push, its signatures checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// A verdict for each command, in the order sent.
    pub verdicts: Vec<CommandVerdict>,
    /// What the server now holds of this device.
    pub confirmation: Confirmation,
    /// The confirmation as it was signed, to be kept as evidence.
    pub signed_confirmation: Signed<Confirmation>,
    /// The head of the tenant's feed.
    pub head: TenantHead,
    /// The head as it was signed.
    pub signed_head: Signed<TenantHead>,
}

/// A batch as it goes over the line: encoded and packed once, however often it is sent.
pub struct Outgoing {
    commands: Vec<CommandId>,
    events: u64,
    body: Body<'static>,
}

impl Outgoing {
    /// Makes a batch ready.
    ///
    /// # Errors
    /// It cannot be encoded.
    pub fn of(batch: &PushBatch) -> Result<Self, SyncError> {
        Ok(Self {
            commands: batch.commands.iter().map(|c| c.command_id).collect(),
            events: batch.len() as u64,
            body: encode(batch)?,
        })
    }

    /// Number of its events.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Bytes it takes on the line.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }
}

/// A connection to the server; it may be shared between threads.
pub struct Client {
    connection: Connection,
    transport: Transport,
}

impl Client {
    /// A client; nothing is sent yet.
    pub fn new(connection: Connection, environment: Environment) -> Self {
        Self {
            transport: Transport::new(
                &connection.base_url,
                connection.ca_file.as_deref(),
                environment,
            ),
            connection,
        }
    }

    /// The environment the client was made with.
    pub fn environment(&self) -> &Environment {
        self.transport.environment()
    }

    /// Server time minus device time in milliseconds, as last measured: what proofs are dated by.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.transport.clock_offset_ms()
    }

    /// Enrols this device; the answer's key is the server's from then on (trust on first use, over a code given by
    /// the administrator).
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn enrol(&mut self, enrolment_code: &str, name: &str) -> Result<EnrolAnswer, SyncError> {
        let request = EnrolRequest {
            enrolment_code: enrolment_code.to_owned(),
            name: name.to_owned(),
        };
        let answer: EnrolAnswer = self.post("/v1/devices", &request)?;
        if self
            .connection
            .server_key
            .is_some_and(|known| known != answer.server_key)
        {
            return Err(SyncError::NotSignedByServer);
        }
        self.connection.server_key = Some(answer.server_key);
        Ok(answer)
    }

    /// Enrols this device with a server that was restored from before it was; its key is known and stays.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn enrol_again(&self, enrolment_code: &str, name: &str) -> Result<(), SyncError> {
        let request = EnrolRequest {
            enrolment_code: enrolment_code.to_owned(),
            name: name.to_owned(),
        };
        let answer: EnrolAnswer = self.post("/v1/devices", &request)?;
        if answer.server_key == self.server_key()? {
            Ok(())
        } else {
            Err(SyncError::NotSignedByServer)
        }
    }

    /// Signs a person in.
    ///
    /// # Errors
    /// See [`SyncError`]; a grant for another device or municipality than this one is refused.
    pub fn sign_in(&self, request: &SessionRequest) -> Result<Session, SyncError> {
        let answer: SessionAnswer = self.post("/v1/sessions", request)?;
        let signed = SignedGrant::from_token(&answer.grant).map_err(|_| SyncError::Undecodable)?;
        let grant = signed
            .verify(&self.server_key()?)
            .map_err(|_| SyncError::NotSignedByServer)?;
        if grant.device_id != self.connection.device_id || grant.tenant != self.connection.tenant {
            return Err(SyncError::NotSignedByServer);
        }
        Ok(Session::new(signed, grant, answer.profile, answer.tokens))
    }

    /// Begins a sign-in at the municipality's identity provider; the browser comes back to `redirect_uri`.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn begin_sign_in(&self, redirect_uri: &str) -> Result<BrowserSignInAnswer, SyncError> {
        let request = BrowserSignInRequest {
            redirect_uri: redirect_uri.to_owned(),
        };
        self.post("/v1/sign-ins", &request)
    }

    /// Renews the tokens of a session now. Requests as a person do it by themselves.
    ///
    /// # Errors
    /// See [`SyncError`]; `GrantNotValid` where the session has ended.
    pub fn renew(&self, session: &Session) -> Result<(), SyncError> {
        self.renew_tokens(&mut session.tokens(), TIMEOUT)
    }

    /// Ends a session at the server.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn end(&self, session: &Session) -> Result<(), SyncError> {
        let refresh_token = session.tokens().refresh_token.clone();
        let _: EndAnswer = self.post("/v1/sessions/end", &RefreshRequest { refresh_token })?;
        Ok(())
    }

    fn renew_tokens(&self, tokens: &mut Tokens, timeout: Duration) -> Result<(), SyncError> {
        let request = RefreshRequest {
            refresh_token: tokens.refresh_token.clone(),
        };
        let call = Call {
            body: Some(encode(&request)?),
            ..self.call("POST", "/v1/sessions/renew")
        };
        let answer: RenewAnswer = self.transport.json(&call, timeout)?;
        *tokens = answer.tokens;
        Ok(())
    }

    /// Sends a request as a person, with a token that is still good; renewed once more where the server knows better.
    fn as_person(
        &self,
        session: &Session,
        call: Call<'_>,
        timeout: Duration,
    ) -> Result<Answer, SyncError> {
        let mut call = call;
        // Whoever waits for the answer waits for a renewal no longer than for that.
        call.token = Some(self.access_token(session, timeout)?);
        let answer = self.transport.send(&call, timeout)?.success();
        let token_is_stale = matches!(
            answer,
            Err(SyncError::Refused {
                code: ProblemCode::GrantNotValid,
                ..
            })
        );
        if !token_is_stale {
            return answer;
        }
        self.renew_tokens(&mut session.tokens(), timeout)?;
        call.token = Some(session.tokens().access_token.clone());
        self.transport.send(&call, timeout)?.success()
    }

    fn get_as<T: serde::de::DeserializeOwned>(
        &self,
        session: &Session,
        path: &str,
    ) -> Result<T, SyncError> {
        let answer = self.as_person(session, self.call("GET", path), TIMEOUT)?;
        serde_json::from_slice(&answer.body).map_err(|_| SyncError::Undecodable)
    }

    fn post_as<T: serde::de::DeserializeOwned>(
        &self,
        session: &Session,
        path: &str,
        request: &impl serde::Serialize,
    ) -> Result<T, SyncError> {
        let call = Call {
            body: Some(encode(request)?),
            ..self.call("POST", path)
        };
        let answer = self.as_person(session, call, TIMEOUT)?;
        serde_json::from_slice(&answer.body).map_err(|_| SyncError::Undecodable)
    }

    fn access_token(&self, session: &Session, timeout: Duration) -> Result<String, SyncError> {
        let mut tokens = session.tokens();
        let offset = TimeDelta::milliseconds(self.clock_offset_ms().unwrap_or(0));
        if self.environment().now() + offset + RENEW_BEFORE >= tokens.access_until {
            self.renew_tokens(&mut tokens, timeout)?;
        }
        Ok(tokens.access_token.clone())
    }

    /// What the server holds of this device.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn status(&self) -> Result<Status, SyncError> {
        self.transport
            .json(&self.call("GET", "/v1/status"), TIMEOUT)
    }

    /// Pushes whole commands in chain order.
    ///
    /// # Errors
    /// See [`SyncError`]. On any error the same events may simply be pushed again.
    pub fn push(&self, events: &[SealedEvent]) -> Result<Pushed, SyncError> {
        self.push_batch(&PushBatch::of(events))
    }

    /// Pushes a batch, which may be one that offers a restored server work of other devices again.
    ///
    /// # Errors
    /// As [`Client::push`].
    pub fn push_batch(&self, batch: &PushBatch) -> Result<Pushed, SyncError> {
        self.push_prepared(&Outgoing::of(batch)?, false)
    }

    /// Pushes a batch that was made ready before. One that is `behind` goes on from a batch that is not answered yet.
    ///
    /// # Errors
    /// As [`Client::push`]; [`ProblemCode::StateMismatch`] where the server has not taken the batch in front of it.
    pub fn push_prepared(&self, batch: &Outgoing, behind: bool) -> Result<Pushed, SyncError> {
        let call = Call {
            body: Some(batch.body.clone()),
            headers: behind
                .then(|| (BEHIND, "?1".to_owned()))
                .into_iter()
                .collect(),
            ..self.call("POST", "/v1/events")
        };
        let answer: PushAnswer = self.transport.json(&call, TIMEOUT)?;
        let answered = answer.verdicts.iter().map(|verdict| verdict.command_id);
        if !answered.eq(batch.commands.iter().copied()) {
            return Err(SyncError::Undecodable);
        }
        let confirmation = self.check_confirmation(&answer.confirmation)?;
        let head = self.check_head(&answer.head)?;
        Ok(Pushed {
            verdicts: answer.verdicts,
            confirmation,
            signed_confirmation: answer.confirmation,
            head,
            signed_head: answer.head,
        })
    }

    /// Asks, in the name of a device whose chain forked, for a successor that is known by this key; again, the same.
    ///
    /// # Errors
    /// See [`SyncError`]; [`skranke_protocol::problem::ProblemCode::StateMismatch`] where the device did not fork.
    pub fn rekey(
        &self,
        device_id: DeviceId,
        public_key: PublicKey,
    ) -> Result<EnrolAnswer, SyncError> {
        let request = RekeyRequest {
            device_id,
            public_key,
        };
        let call = Call {
            body: Some(encode(&request)?),
            ..self.call("POST", "/v1/devices/rekey")
        };
        let answer: EnrolAnswer = self.transport.json(&call, TIMEOUT)?;
        if answer.device_id == device_id {
            Ok(answer)
        } else {
            Err(SyncError::WrongContent)
        }
    }

    /// The sync confirmation as of now.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn confirmation(
        &self,
    ) -> Result<(Confirmation, Signed<Confirmation>, TenantHead), SyncError> {
        let answer: ConfirmationAnswer = self
            .transport
            .json(&self.call("GET", "/v1/confirmation"), TIMEOUT)?;
        let confirmation = self.check_confirmation(&answer.confirmation)?;
        let head = self.check_head(&answer.head)?;
        Ok((confirmation, answer.confirmation, head))
    }

    /// The tree at the head of the feed, for a reader who begins to follow it there; none where the server is of a
    /// time before it gave it.
    ///
    /// # Errors
    /// See [`SyncError`]; `NotSignedByServer` where it does not give the root that is signed.
    pub fn tree(&self) -> Result<Option<FollowedTree>, SyncError> {
        let answer: ConfirmationAnswer = self
            .transport
            .json(&self.call("GET", "/v1/confirmation"), TIMEOUT)?;
        let head = self.check_head(&answer.head)?;
        let Some(peaks) = &answer.peaks else {
            return Ok(None);
        };
        let frontier = Frontier::from_hex(head.position, peaks).ok();
        let tree = frontier.and_then(|frontier| FollowedTree::on_trust(frontier, &head));
        tree.map(Some).ok_or(SyncError::NotSignedByServer)
    }

    /// Asks what the municipality knows of a citizen, in the name of the person whose session it is.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn lookup(
        &self,
        session: &Session,
        cpr: &Cpr,
        purpose: &str,
    ) -> Result<LookupAnswer, SyncError> {
        let request = LookupRequest {
            cpr: cpr.reveal_for(Purpose::Transfer),
            purpose: purpose.to_owned(),
        };
        let call = Call {
            body: Some(encode(&request)?),
            ..self.call("POST", "/v1/lookup")
        };
        let answer = self.as_person(session, call, LOOKUP_TIMEOUT)?;
        serde_json::from_slice(&answer.body).map_err(|_| SyncError::Undecodable)
    }

    /// Offers the next edition of the municipality's profile, in the name of the administrator whose session it is.
    ///
    /// # Errors
    /// See [`SyncError`]; [`skranke_protocol::problem::ProblemCode::StateMismatch`] where somebody else was first.
    pub fn save_profile(
        &self,
        session: &Session,
        request: &ProfileSaveRequest,
    ) -> Result<ProfileEdition, SyncError> {
        let answer: ProfileSaveAnswer = self.post_as(session, "/v1/profiles", request)?;
        let edition = self.check_edition(&answer.edition)?;
        if edition.text == request.text {
            Ok(edition)
        } else {
            Err(SyncError::WrongContent)
        }
    }

    /// The editions of the municipality's profile after a number, oldest first; there may be more.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn profiles(&self, after: u32) -> Result<Vec<ProfileEdition>, SyncError> {
        let call = Call {
            query: format!("after={after}"),
            ..self.call("GET", "/v1/profiles")
        };
        let answer: ProfilesAnswer = self.transport.json(&call, TIMEOUT)?;
        let editions = answer.editions.iter();
        let editions: Vec<_> = editions
            .map(|signed| self.check_edition(signed))
            .collect::<Result<_, _>>()?;
        let follow = (after + 1..).zip(&editions);
        if follow
            .into_iter()
            .all(|(number, edition)| edition.edition == number)
        {
            Ok(editions)
        } else {
            Err(SyncError::Undecodable)
        }
    }

    /// Work that is held apart and waits for a person, for one who may look at it.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn held(&self, session: &Session) -> Result<HeldAnswer, SyncError> {
        self.get_as(session, "/v1/held")
    }

    /// Lets held work in or sends it back.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn decide_held(
        &self,
        session: &Session,
        decision: &HeldDecision,
    ) -> Result<HeldDecided, SyncError> {
        self.post_as(session, "/v1/held", decision)
    }

    /// The municipality's devices, for one who answers for them.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn devices(&self, session: &Session) -> Result<DevicesAnswer, SyncError> {
        self.get_as(session, "/v1/devices")
    }

    /// Shuts a device out, for an administrator.
    ///
    /// # Errors
    /// See [`SyncError`]; [`ProblemCode::StateMismatch`] for the device that asks.
    pub fn revoke_device(
        &self,
        session: &Session,
        request: &RevokeDeviceRequest,
    ) -> Result<DevicesAnswer, SyncError> {
        self.post_as(session, "/v1/devices/revoke", request)
    }

    /// Whose data a device held, for a lead or an auditor.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn holdings(
        &self,
        session: &Session,
        request: &HoldingsRequest,
    ) -> Result<HoldingsAnswer, SyncError> {
        self.post_as(session, "/v1/devices/holdings", request)
    }

    /// Whether this device was ordered to hand over and destroy what it holds, under the server's signature.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn is_wipe_ordered(&self) -> Result<bool, SyncError> {
        let answer: WipeOrderAnswer = self
            .transport
            .json(&self.call("GET", "/v1/wipe-order"), TIMEOUT)?;
        let Some(signed) = answer.order else {
            return Ok(false);
        };
        let order = signed
            .verify(&self.server_key()?)
            .map_err(|_| SyncError::NotSignedByServer)?;
        let Connection {
            tenant, device_id, ..
        } = &self.connection;
        if order.device_id == *device_id && order.tenant == *tenant {
            Ok(true)
        } else {
            Err(SyncError::NotSignedByServer)
        }
    }

    /// Hands over a draft, or says that everything is handed over.
    ///
    /// # Errors
    /// See [`SyncError`]; [`ProblemCode::StateMismatch`] where the server lacks something of this device's chain.
    pub fn hand_over(&self, request: &HandOverRequest) -> Result<(), SyncError> {
        let _: HandOverAnswer = self.post("/v1/wipe-order", request)?;
        Ok(())
    }

    /// What of this device's work was sent back.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn returned(&self) -> Result<ReturnedAnswer, SyncError> {
        let call = self.call("GET", "/v1/returned");
        self.transport.json(&call, TIMEOUT)
    }

    /// Fetches a file of a case for a stated purpose and checks that it is the one named.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn download(
        &self,
        session: &Session,
        (case, digest): (CaseId, &Sha256Digest),
        purpose: &str,
    ) -> Result<Vec<u8>, SyncError> {
        let call = Call {
            headers: vec![(CASE, case.to_string()), (PURPOSE, purpose.to_owned())],
            ..self.call("GET", &format!("/v1/attachments/{digest}"))
        };
        let answer = self.as_person(session, call, TIMEOUT)?;
        if Sha256::digest(&answer.body)[..] == digest.as_bytes()[..] {
            Ok(answer.body)
        } else {
            Err(SyncError::WrongContent)
        }
    }

    fn call(&self, method: &'static str, path: &str) -> Call<'_> {
        Call {
            method,
            path: path.to_owned(),
            query: String::new(),
            body: None,
            sending: None,
            token: None,
            headers: Vec::new(),
            connection: &self.connection,
        }
    }

    fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        request: &impl serde::Serialize,
    ) -> Result<T, SyncError> {
        let call = Call {
            body: Some(encode(request)?),
            ..self.call("POST", path)
        };
        self.transport.json(&call, TIMEOUT)
    }

    fn server_key(&self) -> Result<PublicKey, SyncError> {
        self.connection
            .server_key
            .ok_or(SyncError::NotSignedByServer)
    }

    fn check_confirmation(&self, signed: &Signed<Confirmation>) -> Result<Confirmation, SyncError> {
        let confirmation = signed
            .verify(&self.server_key()?)
            .map_err(|_| SyncError::NotSignedByServer)?;
        let is_ours = confirmation.device_id == self.connection.device_id
            && confirmation.tenant == self.connection.tenant
            && confirmation
                .accepted
                .checked_add(confirmation.quarantined)
                .and_then(|sum| sum.checked_add(confirmation.deferred))
                == Some(confirmation.seq);
        if is_ours {
            Ok(confirmation)
        } else {
            Err(SyncError::NotSignedByServer)
        }
    }

    fn check_edition(&self, signed: &Signed<ProfileEdition>) -> Result<ProfileEdition, SyncError> {
        let edition = signed
            .verify(&self.server_key()?)
            .map_err(|_| SyncError::NotSignedByServer)?;
        if edition.tenant == self.connection.tenant {
            Ok(edition)
        } else {
            Err(SyncError::NotSignedByServer)
        }
    }

    fn check_head(&self, signed: &Signed<TenantHead>) -> Result<TenantHead, SyncError> {
        let head = signed
            .verify(&self.server_key()?)
            .map_err(|_| SyncError::NotSignedByServer)?;
        if head.tenant == self.connection.tenant {
            Ok(head)
        } else {
            Err(SyncError::NotSignedByServer)
        }
    }
}

fn encode(request: &impl serde::Serialize) -> Result<Body<'static>, SyncError> {
    let plain = serde_json::to_vec(request).map_err(|_| SyncError::Undecodable)?;
    Body::packed(plain)
}
