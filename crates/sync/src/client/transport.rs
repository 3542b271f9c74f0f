//! Requests and answers: proof, time-outs, clock offset, compression, and telling Skranke from a captive portal.

use std::borrow::Cow;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::instant;
use skranke_protocol::problem::{MEDIA_TYPE, Problem, ProblemCode};
use skranke_protocol::proof::{self, BodyDigest, Prover, Request};
use skranke_protocol::version::{self, SPOKEN, VersionError, VersionRange};
use skranke_protocol::wire::{MAX_ATTACHMENT_BYTES, SERVER_TIME};
use ureq::SendBody;
use ureq::http;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::Connection;
use crate::environment::{Environment, ServerTime};
use crate::error::SyncError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bodies below this are sent as they are.
const WORTH_COMPRESSING: usize = 4 * 1024;
/// Largest answer read, before and after unpacking.
const MAX_ANSWER_BYTES: u64 = MAX_ATTACHMENT_BYTES + 1024 * 1024;
/// Stands for "not measured yet".
const NOT_MEASURED: i64 = i64::MIN;

/// A body as it goes over the line.
#[derive(Clone)]
pub(super) struct Body<'b> {
    bytes: Cow<'b, [u8]>,
    is_packed: bool,
    digest: BodyDigest,
}

impl<'b> Body<'b> {
    /// Bytes on the line.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes sent as they are.
    pub(super) fn plain(bytes: impl Into<Cow<'b, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self::named(BodyDigest::of(&bytes), bytes)
    }

    /// The same where their digest is known.
    pub(super) fn named(digest: BodyDigest, bytes: impl Into<Cow<'b, [u8]>>) -> Self {
        Self {
            digest,
            bytes: bytes.into(),
            is_packed: false,
        }
    }

    /// Bytes packed where that is worth it.
    pub(super) fn packed(bytes: Vec<u8>) -> Result<Self, SyncError> {
        if bytes.len() < WORTH_COMPRESSING {
            return Ok(Self::plain(bytes));
        }
        let packed = zstd::bulk::compress(&bytes, 1).map_err(|_| SyncError::Undecodable)?;
        Ok(Self {
            digest: BodyDigest::of(&packed),
            bytes: packed.into(),
            is_packed: true,
        })
    }
}

/// A request before it is proved.
pub(super) struct Call<'a> {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Option<Body<'a>>,
    /// Hears how many bytes of the body went to the line, and says whether to go on.
    pub(super) sending: Option<&'a dyn Fn(usize) -> bool>,
    pub(super) token: Option<String>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) connection: &'a Connection,
}

/// An answer that certainly came from a Skranke server.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: http::HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, SyncError> {
        self.header(name)
            .and_then(|text| text.parse().ok())
            .ok_or(SyncError::Undecodable)
    }

    /// The answer if the server did it, otherwise why not.
    pub(super) fn success(self) -> Result<Self, SyncError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let problem = self.problem();
        let seconds = self
            .header("retry-after")
            .and_then(|text| text.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        if self.status == 503 {
            return Err(SyncError::Busy { retry_after });
        }
        match problem.and_then(|problem| Some((problem.code()?, problem.reference))) {
            Some((ProblemCode::VersionNotSpoken, _)) => Err(self.versions_apart()),
            Some((code, reference)) => Err(SyncError::Refused {
                code,
                reference,
                retry_after,
            }),
            None => Err(SyncError::RefusedOtherwise {
                status: self.status,
            }),
        }
    }

    /// Which side is too old, by the versions that the server says it speaks.
    fn versions_apart(&self) -> SyncError {
        let theirs = self
            .header(version::HEADER)
            .and_then(VersionRange::from_text);
        match theirs.map(|theirs| SPOKEN.negotiate(theirs)) {
            Some(Err(VersionError::OtherTooOld(_))) => SyncError::ServerTooOld,
            Some(Err(VersionError::OtherTooNew(_)) | Ok(_)) | None => SyncError::ProgramTooOld,
        }
    }

    fn problem(&self) -> Option<Problem> {
        if self.header("content-type") == Some(MEDIA_TYPE) {
            serde_json::from_slice(&self.body).ok()
        } else {
            None
        }
    }
}

pub(super) struct Transport {
    /// None where no request may leave: plain HTTP to another machine, or a file of certificates that cannot be used.
    agent: Result<ureq::Agent, SyncError>,
    environment: Environment,
    offset_ms: AtomicI64,
}

impl Transport {
    pub(super) fn new(base_url: &str, ca_file: Option<&Path>, environment: Environment) -> Self {
        Self {
            agent: agent(base_url, ca_file),
            environment,
            offset_ms: AtomicI64::new(NOT_MEASURED),
        }
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Ends the requests under way, and every later one before it is sent.
    pub(super) fn hang_up(&self) {
        if let Ok(agent) = &self.agent {
            agent.clone().shutdown();
        }
    }

    pub(super) fn clock_offset_ms(&self) -> Option<i64> {
        Some(self.offset_ms.load(Ordering::SeqCst)).filter(|offset| *offset != NOT_MEASURED)
    }

    /// Sends a request and reads a JSON answer.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        timeout: Duration,
    ) -> Result<T, SyncError> {
        let answer = self.send(call, timeout)?.success()?;
        serde_json::from_slice(&answer.body).map_err(|_| SyncError::Undecodable)
    }

    /// Sends a request; once more if only the clock was wrong, which the answer has just corrected.
    pub(super) fn send(&self, call: &Call<'_>, timeout: Duration) -> Result<Answer, SyncError> {
        let answer = self.send_once(call, timeout)?;
        let clock_was_wrong = answer.status == 401
            && answer.problem().and_then(|problem| problem.code())
                == Some(ProblemCode::ClockDifference);
        if clock_was_wrong {
            self.send_once(call, timeout)
        } else {
            Ok(answer)
        }
    }

    fn send_once(&self, call: &Call<'_>, timeout: Duration) -> Result<Answer, SyncError> {
        let url = format!(
            "{}{}",
            call.connection.base_url.trim_end_matches('/'),
            call.path
        );
        let body = call.body.as_ref().map(|body| &body.bytes[..]);
        let digest = call.body.as_ref().map(|body| body.digest);
        let sent_at = self.reading();
        let proof = self.proof(call, &url, digest.unwrap_or_else(|| BodyDigest::of(&[])))?;
        let target = if call.query.is_empty() {
            url
        } else {
            format!("{url}?{}", call.query)
        };
        let mut request = http::Request::builder()
            .method(call.method)
            .uri(target)
            .header(proof::HEADER, proof)
            .header(version::HEADER, SPOKEN.to_text())
            .header(
                "accept",
                "application/json, application/problem+json, */*;q=0.1",
            )
            .header("accept-encoding", "zstd");
        if let Some(token) = &call.token {
            request = request.header("authorization", format!("DPoP {token}"));
        }
        if call.body.as_ref().is_some_and(|body| body.is_packed) {
            request = request.header("content-encoding", "zstd");
        }
        if body.is_some() && call.method == "POST" {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let mut response = match (body, call.sending) {
            (Some(bytes), Some(told)) => {
                let request = request.header("content-length", bytes.len());
                let mut watched = Watched {
                    bytes,
                    sent: 0,
                    told,
                };
                self.run(request.body(SendBody::from_reader(&mut watched)), timeout)
            }
            (Some(body), None) => self.run(request.body(body), timeout),
            (None, _) => self.run(request.body(()), timeout),
        }?;
        let received_at = self.reading();
        let headers = response.headers().clone();
        if headers.get(version::HEADER).is_none() {
            return Err(SyncError::NotSkranke);
        }
        let status = response.status().as_u16();
        let raw = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_vec()
            .map_err(|error| SyncError::from(&error))?;
        let is_packed = headers
            .get("content-encoding")
            .is_some_and(|coding| coding == "zstd");
        let body = if is_packed { unpack(&raw)? } else { raw };
        let answer = Answer {
            status,
            headers,
            body,
        };
        self.measure(&answer, sent_at, received_at);
        Ok(answer)
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: Result<http::Request<B>, http::Error>,
        timeout: Duration,
    ) -> Result<http::Response<ureq::Body>, SyncError> {
        let request = request.map_err(|_| SyncError::Undecodable)?;
        let agent = self.agent.as_ref().map_err(Clone::clone)?;
        let request = agent
            .configure_request(request)
            .timeout_global(Some(self.environment.patience(timeout)))
            .build();
        agent.run(request).map_err(|error| SyncError::from(&error))
    }

    fn proof(&self, call: &Call<'_>, url: &str, body: BodyDigest) -> Result<String, SyncError> {
        let offset = TimeDelta::milliseconds(self.clock_offset_ms().unwrap_or(0));
        let nonce = to_hex(&self.environment.random_bytes::<16>());
        let request = Request {
            method: call.method,
            url,
            query: &call.query,
            body,
            token: call.token.as_deref(),
        };
        let prover = Prover {
            tenant: &call.connection.tenant,
            device_id: call.connection.device_id,
            at: self.environment.now() + offset,
            nonce: &nonce,
        };
        proof::prove(&request, &prover, &call.connection.key).map_err(|_| SyncError::Undecodable)
    }

    fn reading(&self) -> Reading {
        Reading {
            own: self.environment.now(),
            steady: self.environment.steady(),
        }
    }

    /// Takes the server's time to have been read half-way between sending and receiving.
    fn measure(&self, answer: &Answer, sent: Reading, received: Reading) {
        if let Some(said) = answer.header(SERVER_TIME).and_then(instant::from_text) {
            let middle = sent.own + (received.own - sent.own) / 2;
            self.offset_ms
                .store((said - middle).num_milliseconds(), Ordering::SeqCst);
            self.environment.measured(ServerTime {
                said,
                asked: sent.steady,
                answered: received.steady,
            });
        }
    }
}

/// One moment by this computer's two clocks: the one people see and set, and the one they cannot.
#[derive(Clone, Copy)]
struct Reading {
    own: DateTime<Utc>,
    steady: TimeDelta,
}

/// A body that tells how far it is.
struct Watched<'a> {
    bytes: &'a [u8],
    sent: usize,
    told: &'a dyn Fn(usize) -> bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !(self.told)(self.sent) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let count = (&self.bytes[self.sent..]).read(into)?;
        self.sent += count;
        Ok(count)
    }
}

fn agent(base_url: &str, ca_file: Option<&Path>) -> Result<ureq::Agent, SyncError> {
    let is_local = is_local(base_url);
    if !is_local && !base_url.starts_with("https://") {
        return Err(SyncError::NotEncrypted);
    }
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .user_agent(concat!("skranke/", env!("CARGO_PKG_VERSION")));
    if is_local {
        config = config.proxy(None);
    }
    if base_url.starts_with("https://") {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(trusted(ca_file)?)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        config = config.tls_config(tls.build());
    }
    Ok(config.build().new_agent())
}

/// Whether an address is on this computer, whatever speaks there.
fn is_local(base_url: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| base_url.strip_prefix(scheme));
    let Some(authority) = rest.and_then(|rest| rest.split('/').next()) else {
        return false;
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The certificates the computer trusts, and those of the file.
fn trusted(ca_file: Option<&Path>) -> Result<Vec<Certificate<'static>>, SyncError> {
    // What cannot be read of the computer's own is left out: the server's certificate then rests on another or on none.
    let mut trusted: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).map_err(|_| SyncError::CaFileUnusable)?;
        let before = trusted.len();
        for item in parse_pem(&pem) {
            // A key beside it is nobody's business here.
            if let PemItem::Certificate(certificate) =
                item.map_err(|_| SyncError::CaFileUnusable)?
            {
                trusted.push(certificate);
            }
        }
        if trusted.len() == before {
            return Err(SyncError::CaFileUnusable);
        }
    }
    Ok(trusted)
}

fn unpack(raw: &[u8]) -> Result<Vec<u8>, SyncError> {
    let undecodable = |_| SyncError::Undecodable;
    let mut decoder = zstd::stream::Decoder::new(raw).map_err(undecodable)?;
    decoder.window_log_max(23).map_err(undecodable)?;
    let mut plain = Vec::new();
    decoder
        .take(MAX_ANSWER_BYTES + 1)
        .read_to_end(&mut plain)
        .map_err(undecodable)?;
    if plain.len() as u64 > MAX_ANSWER_BYTES {
        return Err(SyncError::Undecodable);
    }
    Ok(plain)
}
