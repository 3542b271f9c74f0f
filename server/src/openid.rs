//! Signing in at the municipality's identity provider: OpenID Connect, authorization code with PKCE.
//!
//! The browser is opened by the desktop and comes back to it (RFC 8252), but everything that must be believed happens
//! here: verifier and nonce never leave the server, the code is redeemed by the server, and the identity token is
//! checked here for issuer, audience, nonce, time and signature. A code caught on the way is worth nothing without the
//! device's key that began the sign-in. Roles come from a table in the settings, never from the desktop.
//!
//! Basis: design, section 6; integration, section 4.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdToken, IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse,
    StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::StaffProfile;

use crate::config::openid::{OpenIdConfig, RoleRow};
use crate::log;
use crate::problem::{Answer, Refusal};

/// How long a person may take in the browser.
const WITHIN: Duration = Duration::from_secs(10 * 60);
/// Sign-ins under way; the oldest go first.
const MAX_UNDER_WAY: usize = 2_000;
/// How long what the provider says of itself is believed before it is asked again.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// Longest wait for the provider.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer of the provider that is read.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// Signatures that are accepted: public keys only, so that nobody signs with what everyone may read, and never none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
];

/// Every claim beyond the standard ones, for the table of roles.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OwnClaims {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}

impl AdditionalClaims for OwnClaims {}

type Fields = IdTokenFields<
    OwnClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type OwnIdToken =
    IdToken<OwnClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
/// The client once it knows where to send the browser and where to redeem a code.
type Ready = OwnClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type OwnClient<
    HasAuthUrl = EndpointNotSet,
    HasDeviceAuthUrl = EndpointNotSet,
    HasIntrospectionUrl = EndpointNotSet,
    HasRevocationUrl = EndpointNotSet,
    HasTokenUrl = EndpointNotSet,
    HasUserInfoUrl = EndpointNotSet,
> = Client<
    OwnClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    HasAuthUrl,
    HasDeviceAuthUrl,
    HasIntrospectionUrl,
    HasRevocationUrl,
    HasTokenUrl,
    HasUserInfoUrl,
>;

/// A sign-in that waits for the browser to come back.
struct UnderWay {
    device_id: DeviceId,
    verifier: PkceCodeVerifier,
    nonce: Nonce,
    redirect: RedirectUrl,
    until: Instant,
}

/// The page to open, and the name of the sign-in.
pub(crate) struct Begun {
    pub(crate) url: String,
    pub(crate) state: String,
}

/// Who came back from the provider.
pub(crate) struct Arrived {
    pub(crate) staff_id: StaffId,
    pub(crate) login: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) limit: Option<TimeDelta>,
    pub(crate) profile: StaffProfile,
}

/// The identity provider of a municipality.
pub(crate) struct OpenId {
    config: OpenIdConfig,
    agent: ureq::Agent,
    /// What the provider said of itself, its keys included, and when.
    provider: Mutex<Option<(CoreProviderMetadata, Instant)>>,
    under_way: Mutex<HashMap<String, UnderWay>>,
}

impl OpenId {
    pub(crate) fn new(config: OpenIdConfig) -> Self {
        let mut agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A provider that sends the server elsewhere is not followed.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT));
        if config.issuer.starts_with("http://") {
            // Only a loopback address may be without TLS, and no proxy reaches that.
            agent = agent.proxy(None);
        }
        Self {
            agent: agent.build().new_agent(),
            config,
            provider: Mutex::default(),
            under_way: Mutex::default(),
        }
    }

    /// Begins a sign-in of a device.
    ///
    /// # Errors
    /// The way back is not a loopback address of the desktop, or the provider cannot be reached.
    pub(crate) fn begin(&self, device_id: DeviceId, redirect_uri: &str) -> Answer<Begun> {
        if !is_loopback_callback(redirect_uri) {
            return Err(Refusal::of(ProblemCode::BadParameter, "redirect_uri"));
        }
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_| Refusal::of(ProblemCode::BadParameter, "redirect_uri"))?;
        let provider = self.provider()?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&provider, &redirect);
        let mut asked = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in &self.config.scopes {
            asked = asked.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = asked.url();
        let mut under_way = self.under_way();
        let now = Instant::now();
        under_way.retain(|_, sign_in| sign_in.until > now);
        if under_way.len() >= MAX_UNDER_WAY {
            return Err(ProblemCode::Unavailable.into());
        }
        under_way.insert(
            state.secret().clone(),
            UnderWay {
                device_id,
                verifier,
                nonce,
                redirect,
                until: now + WITHIN,
            },
        );
        Ok(Begun {
            url: url.into(),
            state: state.into_secret(),
        })
    }

    /// Redeems the code the browser brought; none where the sign-in is refused.
    ///
    /// # Errors
    /// The provider cannot be reached, or `NoRole`.
    pub(crate) fn finish(
        &self,
        device_id: DeviceId,
        state: &str,
        code: String,
        now: DateTime<Utc>,
    ) -> Answer<Option<Arrived>> {
        // Used once, whatever becomes of it.
        let sign_in = self.under_way().remove(state);
        let Some(sign_in) =
            sign_in.filter(|of| of.device_id == device_id && of.until > Instant::now())
        else {
            return Ok(refused("unknown_state"));
        };
        let provider = self.provider()?;
        let client = self.client(&provider, &sign_in.redirect);
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| unreachable("no_token_endpoint"))?
            .set_pkce_verifier(sign_in.verifier);
        let answer = match exchange.request(&|request| self.send(request)) {
            Ok(answer) => answer,
            Err(RequestTokenError::ServerResponse(_)) => return Ok(refused("code_refused")),
            Err(RequestTokenError::Parse(..)) => return Ok(refused("answer_unreadable")),
            Err(RequestTokenError::Request(_) | RequestTokenError::Other(_)) => {
                return Err(unreachable("token_endpoint"));
            }
        };
        let Some(token) = answer.id_token() else {
            return Ok(refused("no_identity_token"));
        };
        let mut outcome = self.read(token, &provider, &sign_in.nonce, now);
        if matches!(outcome, Err("signature")) {
            // The provider may have changed its keys since it was last asked.
            let renewed = self.discover()?;
            outcome = self.read(token, &renewed, &sign_in.nonce, now);
        }
        match outcome {
            Err(why) => Ok(refused(why)),
            Ok(arrived) if arrived.roles.is_empty() => Err(ProblemCode::NoRole.into()),
            Ok(arrived) => Ok(Some(arrived)),
        }
    }

    /// Checks an identity token and reads who it is.
    fn read(
        &self,
        token: &OwnIdToken,
        provider: &CoreProviderMetadata,
        nonce: &Nonce,
        now: DateTime<Utc>,
    ) -> Result<Arrived, &'static str> {
        let skew = TimeDelta::seconds(i64::from(self.config.clock_skew_seconds));
        let client_id = ClientId::new(self.config.client_id.clone());
        let keys = provider.jwks().clone();
        let verifier: IdTokenVerifier<'_, CoreJsonWebKey> =
            IdTokenVerifier::new_public_client(client_id, provider.issuer().clone(), keys)
                .set_allowed_algs(ALGORITHMS)
                .set_other_audience_verifier_fn(|_| false)
                .set_time_fn(move || now - skew)
                .set_issue_time_verifier_fn(move |issued_at| {
                    if issued_at <= now + skew && issued_at >= now - WITHIN - skew {
                        Ok(())
                    } else {
                        Err("issued at another time".to_owned())
                    }
                });
        let claims = token
            .claims(&verifier, nonce)
            .map_err(|error| why(&error))?;
        let subject = claims.subject().as_str();
        let all = &claims.additional_claims().all;
        let matched: Vec<&RoleRow> = self
            .config
            .roles
            .iter()
            .filter(|row| {
                all.get(&row.claim)
                    .is_some_and(|claim| says(claim, &row.value))
            })
            .collect();
        let mut roles: Vec<Role> = matched.iter().map(|row| row.role).collect();
        roles.sort();
        roles.dedup();
        let limits = matched.iter().filter_map(|row| row.grant_hours);
        Ok(Arrived {
            staff_id: staff_id(&self.config.issuer, subject),
            login: format!("openid:{subject}"),
            roles,
            limit: limits.max().map(|hours| TimeDelta::hours(i64::from(hours))),
            profile: StaffProfile {
                name: claims
                    .name()
                    .and_then(|name| name.get(None))
                    .map(|name| name.to_string())
                    .unwrap_or_default(),
                user_name: claims
                    .preferred_username()
                    .map(|name| name.to_string())
                    .unwrap_or_default(),
            },
        })
    }

    /// What the provider says of itself; asked again after a while.
    fn provider(&self) -> Answer<CoreProviderMetadata> {
        let kept = self
            .provider
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match kept {
            Some((provider, asked_at)) if asked_at.elapsed() < KEPT => Ok(provider),
            _ => self.discover(),
        }
    }

    fn discover(&self) -> Answer<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(self.config.issuer.clone())
            .map_err(|_| unreachable("issuer_malformed"))?;
        let provider = CoreProviderMetadata::discover(&issuer, &|request| self.send(request))
            .map_err(|_| unreachable("discovery"))?;
        *self.provider.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((provider.clone(), Instant::now()));
        Ok(provider)
    }

    fn client(&self, provider: &CoreProviderMetadata, redirect: &RedirectUrl) -> Ready {
        OwnClient::from_provider_metadata(
            provider.clone(),
            ClientId::new(self.config.client_id.clone()),
            self.config.client_secret.clone().map(ClientSecret::new),
        )
        .set_redirect_uri(redirect.clone())
    }

    fn send(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (parts, body) = request.into_parts();
        let answer = if body.is_empty() {
            self.agent.run(ureq::http::Request::from_parts(parts, ()))
        } else {
            self.agent.run(ureq::http::Request::from_parts(parts, body))
        };
        let (parts, mut body) = answer?.into_parts();
        let body = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok(ureq::http::Response::from_parts(parts, body))
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashMap<String, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A code for the log; never what the token said.
fn why(error: &ClaimsVerificationError) -> &'static str {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's list is open; what is not named is logged as such"
    )]
    match error {
        ClaimsVerificationError::Expired(_) => "expired",
        ClaimsVerificationError::InvalidAudience(_) => "audience",
        ClaimsVerificationError::InvalidIssuer(_) => "issuer",
        ClaimsVerificationError::InvalidNonce(_) => "nonce",
        ClaimsVerificationError::SignatureVerification(_) => "signature",
        _ => "claims",
    }
}

fn refused<T>(why: &'static str) -> Option<T> {
    log::line("browser_sign_in_refused", json!({ "why": why }));
    None
}

fn unreachable(what: &'static str) -> Refusal {
    log::line("identity_provider_unreachable", json!({ "what": what }));
    Refusal::of(ProblemCode::Unavailable, "identity_provider")
}

/// Whether a claim has a value: itself, or as one of a list.
fn says(claim: &Value, value: &str) -> bool {
    claim.as_str() == Some(value)
        || claim
            .as_array()
            .is_some_and(|list| list.iter().any(|entry| entry.as_str() == Some(value)))
}

/// The person's id here: the same for the same person at the same provider, and telling nothing.
fn staff_id(issuer: &str, subject: &str) -> StaffId {
    let digest = Sha256::new()
        .chain_update("skranke/openid-staff/1\0")
        .chain_update(issuer)
        .chain_update([0])
        .chain_update(subject)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    StaffId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Whether an address is a desktop's own, on any port (RFC 8252, section 7.3).
fn is_loopback_callback(uri: &str) -> bool {
    let port = uri
        .strip_prefix("http://127.0.0.1:")
        .and_then(|rest| rest.strip_suffix("/callback"));
    port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_comes_back_to_a_loopback_address_alone() {
        assert!(is_loopback_callback("http://127.0.0.1:40123/callback"));
        for other in [
            "http://127.0.0.1/callback",
            "http://127.0.0.1:0/callback",
            "http://localhost:1/callback",
            "https://127.0.0.1:1/callback",
            "http://127.0.0.1:1/callback?x=1",
            "http://127.0.0.1:1@elsewhere.example/callback",
            "http://elsewhere.example:1/callback",
        ] {
            assert!(!is_loopback_callback(other), "{other}");
        }
    }

    #[test]
    fn a_claim_names_a_role_alone_or_in_a_list_and_by_the_whole_word() {
        let value = "Skranke";
        assert!(says(&json!("Skranke"), value));
        assert!(says(&json!(["x", "Skranke"]), value));
        for other in [
            json!("skranke"),
            json!("Skranke leder"),
            json!(["x"]),
            json!({ "Skranke": true }),
        ] {
            assert!(!says(&other, value), "{other}");
        }
    }

    #[test]
    fn the_same_person_is_the_same_here_and_others_are_others() {
        assert_eq!(staff_id("a", "1"), staff_id("a", "1"));
        assert_ne!(staff_id("a", "1"), staff_id("a", "2"));
        assert_ne!(staff_id("a", "1"), staff_id("b", "1"));
    }
}
