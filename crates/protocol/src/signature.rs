//! Ed25519 keys of devices and of the server, each signature bound to what it is for.
//!
//! A signature covers `skranke/<purpose>/1`, a zero byte and the message, so that a signature made for one purpose
//! never passes for another. Key seeds come from the caller: there is no randomness here.

use std::fmt;

use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

use crate::encoding::{EncodingError, from_hex, to_hex};

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A device seals an event.
    Event,
    /// The server permits a member of staff to work on a device.
    Grant,
    /// The server confirms what it has of a device.
    Confirmation,
    /// The server states the head of a tenant's feed.
    TenantHead,
    /// An operator opens a new epoch.
    Epoch,
    /// The municipality certifies a device key, for papers that are checked offline.
    DeviceCertificate,
    /// A device signs the short text in a paper's QR code.
    Paper,
    /// The server seals a run of audit rows.
    AuditSeal,
    /// The server hands out a municipality's profile.
    Profile,
    /// The server gives a signed-in person's requests a token.
    Token,
    /// The server orders a device to hand over and destroy what it holds.
    Wipe,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Purpose::Event => "skranke/event-signature/1",
            Purpose::Grant => "skranke/grant/1",
            Purpose::Confirmation => "skranke/confirmation/1",
            Purpose::TenantHead => "skranke/tenant-head/1",
            Purpose::Epoch => "skranke/epoch/1",
            Purpose::DeviceCertificate => "skranke/device-certificate/1",
            Purpose::Paper => "skranke/paper/1",
            Purpose::AuditSeal => "skranke/audit-seal/1",
            Purpose::Profile => "skranke/profile/1",
            Purpose::Token => "skranke/token/1",
            Purpose::Wipe => "skranke/wipe/1",
        }
    }

    fn frame(self, message: &[u8]) -> Vec<u8> {
        let label = self.label().as_bytes();
        let mut framed = Vec::with_capacity(label.len() + 1 + message.len());
        framed.extend_from_slice(label);
        framed.push(0);
        framed.extend_from_slice(message);
        framed
    }
}

/// A signature does not fit key, purpose and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// The secret half of a key; never shown, never serialised, wiped on drop.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed, which must come from a cryptographic source and be kept secret.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, for wrapping by a key store.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message for one purpose.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> Signature {
        Signature(self.0.sign(&purpose.frame(message)).to_bytes())
    }

    /// Signs the bytes as they are, for formats that bring their own framing (a JWS starts with `eyJ`).
    pub(crate) fn sign_bare(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(public {})", self.public())
    }
}

/// The public half of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Wraps 32 bytes; whether they are a point of the curve shows when something is verified.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A short name of the key for lists and logs: the first 16 digits of its SHA-256.
    pub fn fingerprint(&self) -> String {
        to_hex(&Sha256::digest(self.0)[..8])
    }

    /// Checks a signature strictly (weak keys and malleable forms are refused).
    pub fn verify(
        &self,
        purpose: Purpose,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify_bare(&purpose.frame(message), signature)
    }

    pub(crate) fn verify_bare(
        &self,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureError)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(message, &signature)
            .map_err(|_| SignatureError)
    }
}

/// A key made ready to check many signatures: what depends on the key alone is worked out once.
///
/// It accepts exactly what [`PublicKey::verify`] accepts. That refuses points R of small order, for which it first works
/// R out from its bytes, a sixth of the whole. Here the bytes are looked at: a signature holds only where R's bytes are
/// those of a point as it is written, and of the points of small order there are eight, each written in one way.
pub struct Verifier(Option<ed25519_dalek::VerifyingKey>);

impl Verifier {
    /// Makes a key ready; with one that is no point of the curve, or a weak one, nothing verifies.
    pub fn new(key: &PublicKey) -> Self {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key.0).ok();
        Self(key.filter(|key| !key.is_weak()))
    }

    /// Checks a signature as strictly as [`PublicKey::verify`].
    ///
    /// # Errors
    /// It does not fit key, purpose and message.
    pub fn verify(
        &self,
        purpose: Purpose,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let key = self.0.as_ref().ok_or(SignatureError)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        if SMALL_ORDER.contains(signature.r_bytes()) {
            return Err(SignatureError);
        }
        ed25519_dalek::Verifier::verify(key, &purpose.frame(message), &signature)
            .map_err(|_| SignatureError)
    }
}

/// The eight points of small order as they are written.
const SMALL_ORDER: [[u8; 32]; 8] = {
    const fn written(first: u8, between: u8, last: u8) -> [u8; 32] {
        let mut bytes = [between; 32];
        bytes[0] = first;
        bytes[31] = last;
        bytes
    }
    const fn with_sign(mut bytes: [u8; 32]) -> [u8; 32] {
        bytes[31] |= 0x80;
        bytes
    }
    const OF_ORDER_8: [[u8; 32]; 2] = [
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
    ];
    [
        written(1, 0, 0),
        written(0xec, 0xff, 0x7f),
        written(0, 0, 0),
        written(0, 0, 0x80),
        OF_ORDER_8[0],
        with_sign(OF_ORDER_8[0]),
        OF_ORDER_8[1],
        with_sign(OF_ORDER_8[1]),
    ]
};

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl std::str::FromStr for PublicKey {
    type Err = EncodingError;

    fn from_str(text: &str) -> Result<Self, EncodingError> {
        from_hex(text).map(Self)
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Its length.
    pub const BYTES: usize = 64;

    /// Wraps 64 bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl std::str::FromStr for Signature {
    type Err = EncodingError;

    fn from_str(text: &str) -> Result<Self, EncodingError> {
        from_hex(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::Scalar;

    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_purpose_and_message_alone() {
        let key = SigningKey::from_seed(&[7; 32]);
        let signature = key.sign(Purpose::Grant, b"message");

        assert!(
            key.public()
                .verify(Purpose::Grant, b"message", &signature)
                .is_ok()
        );
        assert!(
            key.public()
                .verify(Purpose::Event, b"message", &signature)
                .is_err()
        );
        assert!(
            key.public()
                .verify(Purpose::Grant, b"messagf", &signature)
                .is_err()
        );
        let other = SigningKey::from_seed(&[8; 32]).public();
        assert!(
            other
                .verify(Purpose::Grant, b"message", &signature)
                .is_err()
        );
    }

    #[test]
    fn a_weak_key_verifies_nothing() {
        let mut point_of_small_order = [0_u8; 32];
        point_of_small_order[0] = 1;
        let forged = Signature::from_bytes([0; 64]);

        let key = PublicKey::from_bytes(point_of_small_order);

        assert!(key.verify(Purpose::Event, b"anything", &forged).is_err());
    }

    #[test]
    fn a_key_made_ready_accepts_what_the_key_accepts() {
        let key = SigningKey::from_seed(&[7; 32]);
        let good = key.sign(Purpose::Event, b"message");
        let mut cases = vec![
            (key.public(), b"message".as_slice(), good),
            (key.public(), b"messagf", good),
            (SigningKey::from_seed(&[8; 32]).public(), b"message", good),
            (PublicKey::from_bytes([2; 32]), b"message", good),
        ];
        for at in 0..64 {
            let mut changed = *good.as_bytes();
            changed[at] ^= 1;
            cases.push((key.public(), b"message", Signature::from_bytes(changed)));
        }
        for small in SMALL_ORDER {
            // Under a weak key and R of small order, S = 0 fits some messages: none must pass.
            let mut forged = [0; 64];
            forged[..32].copy_from_slice(&small);
            for weak in SMALL_ORDER {
                let weak = PublicKey::from_bytes(weak);
                cases.push((weak, b"message", Signature::from_bytes(forged)));
            }
            cases.push((key.public(), b"message", Signature::from_bytes(forged)));
        }
        let accepted = cases.iter().filter(|(key, message, signature)| {
            let strict = key.verify(Purpose::Event, message, signature);
            let ready = Verifier::new(key).verify(Purpose::Event, message, signature);
            assert_eq!(strict, ready, "{key} {signature}");
            ready.is_ok()
        });

        assert_eq!(accepted.count(), 1);
    }

    /// A signature whose R is the point of order 1: S = k·a makes the equation hold, for whoever has the key.
    fn with_r_of_order_one(key: &SigningKey, framed: &[u8]) -> Signature {
        let r = SMALL_ORDER[0];
        let challenge = sha2::Sha512::new()
            .chain_update(r)
            .chain_update(key.public().as_bytes())
            .chain_update(framed)
            .finalize();
        let s = Scalar::from_bytes_mod_order_wide(&challenge.into()) * key.0.to_scalar();
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&r);
        bytes[32..].copy_from_slice(s.as_bytes());
        Signature::from_bytes(bytes)
    }

    #[test]
    fn r_of_small_order_is_refused_though_the_equation_holds() {
        let key = SigningKey::from_seed(&[7; 32]);
        let framed = Purpose::Event.frame(b"message");
        let forged = with_r_of_order_one(&key, &framed);
        let lax = ed25519_dalek::VerifyingKey::from_bytes(key.public().as_bytes()).unwrap();
        let inner = ed25519_dalek::Signature::from_bytes(&forged.0);
        assert!(
            ed25519_dalek::Verifier::verify(&lax, &framed, &inner).is_ok(),
            "the equation holds"
        );

        let verifier = Verifier::new(&key.public());

        assert!(
            verifier
                .verify(Purpose::Event, b"message", &forged)
                .is_err()
        );
        assert!(
            key.public()
                .verify(Purpose::Event, b"message", &forged)
                .is_err()
        );
    }

    #[test]
    fn the_eight_points_of_small_order_are_weak_and_distinct() {
        let distinct: std::collections::BTreeSet<_> = SMALL_ORDER.into_iter().collect();
        assert_eq!(distinct.len(), 8, "and a curve of cofactor 8 has no more");
        for bytes in SMALL_ORDER {
            let point = ed25519_dalek::VerifyingKey::from_bytes(&bytes).unwrap();
            assert!(point.is_weak(), "{}", to_hex(&bytes));
        }
    }

    #[test]
    fn a_secret_key_is_not_printed() {
        let key = SigningKey::from_seed(&[0xab; 32]);

        assert!(!format!("{key:?}").contains("abababab"));
    }

    #[test]
    fn purposes_have_distinct_labels() {
        let all = [
            Purpose::Event,
            Purpose::Grant,
            Purpose::Confirmation,
            Purpose::TenantHead,
            Purpose::Epoch,
            Purpose::DeviceCertificate,
            Purpose::Paper,
        ];
        let labels: std::collections::BTreeSet<_> =
            all.iter().map(|purpose| purpose.label()).collect();

        assert_eq!(labels.len(), all.len());
    }
}
