//! The proof in every request that the device's key made it: a `DPoP` proof (RFC 9449) with three claims more.
//!
//! `bsh` binds the body, `htq` the query string, and `sub` with `tnt` names device and municipality, so the same
//! header proves a device alone today and a token bound to the device key (`ath`) where a person acts.
//! Basis: design, section 6 (sign-in).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use skranke_domain::ids::DeviceId;

use crate::encoding::{as_text, from_base64_url, to_base64_url};
use crate::signature::{PublicKey, Signature, SigningKey};

/// Name of the HTTP header.
pub const HEADER: &str = "dpop";
/// Longest proof a server reads.
pub const MAX_PROOF_BYTES: usize = 4 * 1024;
/// How far the clock of a request may stand from the server's, either way.
pub const MAX_CLOCK_DIFFERENCE_SECONDS: i64 = 300;

/// SHA-256 of a body; whoever sends or receives a large one has it by the time the last byte passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyDigest([u8; 32]);

impl BodyDigest {
    /// The digest of a body that is at hand.
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// A digest that was computed on the way.
    pub fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

/// What is proved: one request of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Method in capitals.
    pub method: &'a str,
    /// The URL up to the query, as in `http://127.0.0.1:4711/v1/events`.
    pub url: &'a str,
    /// The query string without `?`; empty if there is none.
    pub query: &'a str,
    /// The digest of the body as sent; that of nothing if there is none.
    pub body: BodyDigest,
    /// The token in `Authorization`, where a person acts.
    pub token: Option<&'a str>,
}

/// Who proves, when and with what number used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prover<'a> {
    /// The municipality.
    pub tenant: &'a str,
    /// The device.
    pub device_id: DeviceId,
    /// Time of the request by the server's clock as far as known.
    pub at: DateTime<Utc>,
    /// At least 96 random bits as text, never used before.
    pub nonce: &'a str,
}

/// Why a proof is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a proof at all.
    #[error("the proof is malformed")]
    Malformed,
    /// Not signed by the device's key.
    #[error("the proof is not signed by the device")]
    Signature,
    /// For another request than the one it came with.
    #[error("the proof is for another request")]
    ForAnother,
    /// Too old, or from the future.
    #[error("the proof's time is too far from the server's")]
    Clock,
}

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
}

#[derive(Serialize, Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    htq: String,
    iat: i64,
    bsh: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(with = "as_text")]
    sub: DeviceId,
    tnt: String,
}

/// Makes the header value that proves one request.
///
/// # Errors
/// [`ProofError::Malformed`] if the claims cannot be written.
pub fn prove(
    request: &Request<'_>,
    prover: &Prover<'_>,
    key: &SigningKey,
) -> Result<String, ProofError> {
    let header = Header {
        typ: "dpop+jwt".to_owned(),
        alg: "EdDSA".to_owned(),
        jwk: Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: to_base64_url(key.public().as_bytes()),
        },
    };
    let claims = Claims {
        jti: prover.nonce.to_owned(),
        htm: request.method.to_owned(),
        htu: request.url.to_owned(),
        htq: request.query.to_owned(),
        iat: prover.at.timestamp(),
        bsh: to_base64_url(&request.body.0),
        ath: request.token.map(|token| digest(token.as_bytes())),
        sub: prover.device_id,
        tnt: prover.tenant.to_owned(),
    };
    let header = serde_json::to_vec(&header).map_err(|_| ProofError::Malformed)?;
    let claims = serde_json::to_vec(&claims).map_err(|_| ProofError::Malformed)?;
    let signed = format!("{}.{}", to_base64_url(&header), to_base64_url(&claims));
    let signature = key.sign_bare(signed.as_bytes());
    Ok(format!("{signed}.{}", to_base64_url(signature.as_bytes())))
}

/// A proof that was read but not yet checked; it names the device whose key must be looked up.
pub struct Unverified {
    claims: Claims,
    body: BodyDigest,
    key: PublicKey,
    signed: String,
    signature: Signature,
}

/// Reads a header value.
///
/// # Errors
/// [`ProofError::Malformed`].
pub fn read(text: &str) -> Result<Unverified, ProofError> {
    if text.len() > MAX_PROOF_BYTES {
        return Err(ProofError::Malformed);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(ProofError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(ProofError::Malformed)?;
    let decode = |part: &str| from_base64_url(part).map_err(|_| ProofError::Malformed);
    let header: Header =
        serde_json::from_slice(&decode(header)?).map_err(|_| ProofError::Malformed)?;
    let is_ours = header.typ == "dpop+jwt"
        && header.alg == "EdDSA"
        && header.jwk.kty == "OKP"
        && header.jwk.crv == "Ed25519";
    if !is_ours {
        return Err(ProofError::Malformed);
    }
    let claims: Claims =
        serde_json::from_slice(&decode(claims)?).map_err(|_| ProofError::Malformed)?;
    if !(16..=128).contains(&claims.jti.len()) {
        return Err(ProofError::Malformed);
    }
    let key = decode(&header.jwk.x)?
        .try_into()
        .map_err(|_| ProofError::Malformed)?;
    let body = decode(&claims.bsh)?
        .try_into()
        .map_err(|_| ProofError::Malformed)?;
    let signature = decode(signature)?
        .try_into()
        .map_err(|_| ProofError::Malformed)?;
    Ok(Unverified {
        claims,
        body: BodyDigest(body),
        key: PublicKey::from_bytes(key),
        signed: signed.to_owned(),
        signature: Signature::from_bytes(signature),
    })
}

impl Unverified {
    /// The municipality the device says it belongs to.
    pub fn tenant(&self) -> &str {
        &self.claims.tnt
    }

    /// The device that says it made the request.
    pub fn device_id(&self) -> DeviceId {
        self.claims.sub
    }

    /// The URL the proof says it is for; a server compares host and path, since it may not know its own scheme.
    pub fn url(&self) -> &str {
        &self.claims.htu
    }

    /// The digest the proof binds: of a body that is still arriving, whoever takes it in compares.
    pub fn body(&self) -> BodyDigest {
        self.body
    }

    /// The key in the proof: what an enrolling device presents. Every other request must be checked against the
    /// key that was enrolled.
    pub fn presented_key(&self) -> PublicKey {
        self.key
    }

    /// Checks the proof against the enrolled key and the request it came with.
    ///
    /// Returns the number used once, which the server must not accept again while the time is within reach.
    ///
    /// # Errors
    /// Another key, another request, or too far from `now`.
    pub fn verify(
        &self,
        key: &PublicKey,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<&str, ProofError> {
        if self.key != *key {
            return Err(ProofError::Signature);
        }
        key.verify_bare(self.signed.as_bytes(), &self.signature)
            .map_err(|_| ProofError::Signature)?;
        let same = self.claims.htm == request.method
            && self.claims.htu == request.url
            && self.claims.htq == request.query
            && self.body == request.body
            && self.claims.ath == request.token.map(|token| digest(token.as_bytes()));
        if !same {
            return Err(ProofError::ForAnother);
        }
        let difference = now.timestamp().abs_diff(self.claims.iat);
        if difference > MAX_CLOCK_DIFFERENCE_SECONDS.unsigned_abs() {
            return Err(ProofError::Clock);
        }
        Ok(&self.claims.jti)
    }
}

fn digest(bytes: &[u8]) -> String {
    to_base64_url(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Device, noon};
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn request() -> Request<'static> {
        Request {
            method: "POST",
            url: "http://127.0.0.1:4711/v1/events",
            query: "wait=25",
            body: BodyDigest::of(b"{}"),
            token: Some("token"),
        }
    }

    fn proof_of(device: &Device) -> String {
        let prover = Prover {
            tenant: "0999",
            device_id: device.id,
            at: noon(),
            nonce: "0123456789abcdef",
        };
        prove(&request(), &prover, &device.key).unwrap()
    }

    #[test]
    fn a_proof_holds_for_its_own_request() {
        let device = Device::new(1);
        let text = proof_of(&device);

        let proof = read(&text).unwrap();

        assert_eq!((proof.tenant(), proof.device_id()), ("0999", device.id));
        let nonce = proof.verify(
            &device.key.public(),
            &request(),
            noon() + TimeDelta::seconds(300),
        );
        assert_eq!(nonce, Ok("0123456789abcdef"));
    }

    #[test]
    fn a_proof_holds_for_nothing_else() {
        let device = Device::new(1);
        let text = proof_of(&device);
        let proof = read(&text).unwrap();
        let check = |request: Request<'_>| {
            let result = proof.verify(&device.key.public(), &request, noon());
            assert_eq!(result, Err(ProofError::ForAnother), "{request:?}");
        };

        check(Request {
            method: "GET",
            ..request()
        });
        check(Request {
            url: "http://127.0.0.1:4711/v1/status",
            ..request()
        });
        check(Request {
            query: "wait=26",
            ..request()
        });
        check(Request {
            body: BodyDigest::of(b"{ }"),
            ..request()
        });
        check(Request {
            token: None,
            ..request()
        });
        check(Request {
            token: Some("other"),
            ..request()
        });
    }

    #[test]
    fn another_key_and_an_old_or_future_proof_are_refused() {
        let device = Device::new(1);
        let text = proof_of(&device);
        let proof = read(&text).unwrap();
        let key = device.key.public();

        let other = proof.verify(&Device::new(2).key.public(), &request(), noon());
        let old = proof.verify(&key, &request(), noon() + TimeDelta::seconds(301));
        let future = proof.verify(&key, &request(), noon() - TimeDelta::seconds(301));

        assert_eq!(
            (other, old, future),
            (
                Err(ProofError::Signature),
                Err(ProofError::Clock),
                Err(ProofError::Clock)
            )
        );
    }

    #[test]
    fn an_algorithm_a_type_or_a_curve_of_the_senders_choice_is_refused_though_all_is_signed() {
        let device = Device::new(1);
        let text = proof_of(&device);
        let (header, rest) = text.split_once('.').unwrap();
        let (claims, _) = rest.split_once('.').unwrap();
        let header = String::from_utf8(from_base64_url(header).unwrap()).unwrap();
        let with = |from: &str, to: &str| {
            let changed = header.replacen(from, to, 1);
            let signed = format!("{}.{claims}", to_base64_url(changed.as_bytes()));
            let signature = device.key.sign_bare(signed.as_bytes());
            read(&format!("{signed}.{}", to_base64_url(signature.as_bytes())))
        };

        assert!(with("", "").is_ok(), "as it was");
        for (from, to) in [
            ("\"EdDSA\"", "\"none\""),
            ("\"EdDSA\"", "\"HS256\""),
            ("\"EdDSA\"", "\"eddsa\""),
            ("\"dpop+jwt\"", "\"JWT\""),
            ("\"OKP\"", "\"oct\""),
            ("\"Ed25519\"", "\"X25519\""),
        ] {
            assert!(header.contains(from));
            let refused = with(from, to);
            assert!(matches!(refused, Err(ProofError::Malformed)), "{to}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ -~]{0,300}") {
            let _ = read(&text);
        }
    }
}
