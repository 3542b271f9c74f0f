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
    /// The server tells the key that work is sealed to.
    Recovery,
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
            Purpose::Recovery => "skranke/recovery/1",
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
        Verifier::new(self).verify_bare(message, signature)
    }
}

/// A key made ready to check many signatures: its point is worked out once.
pub struct Verifier {
    key: PublicKey,
    point: Option<ed25519_dalek::VerifyingKey>,
}

impl Verifier {
    /// Makes a key ready; with one that is no point of the curve nothing verifies.
    pub fn new(key: &PublicKey) -> Self {
        Self {
            key: *key,
            point: ed25519_dalek::VerifyingKey::from_bytes(&key.0).ok(),
        }
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Checks a signature strictly (weak keys and malleable forms are refused).
    ///
    /// # Errors
    /// It does not fit key, purpose and message.
    pub fn verify(
        &self,
        purpose: Purpose,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify_bare(&purpose.frame(message), signature)
    }

    fn verify_bare(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        let point = self.point.as_ref().ok_or(SignatureError)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        point
            .verify_strict(message, &signature)
            .map_err(|_| SignatureError)
    }
}

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
    fn no_bit_of_a_signature_can_be_changed() {
        let key = SigningKey::from_seed(&[7; 32]);
        let good = key.sign(Purpose::Event, b"message");
        let verifier = Verifier::new(&key.public());
        assert!(verifier.verify(Purpose::Event, b"message", &good).is_ok());

        for at in 0..64 {
            let mut changed = *good.as_bytes();
            changed[at] ^= 1;
            let changed = Signature::from_bytes(changed);
            assert!(
                verifier
                    .verify(Purpose::Event, b"message", &changed)
                    .is_err()
            );
        }
    }

    /// A signature whose R is the point of order 1: S = k·a makes the equation hold, for whoever has the key.
    fn with_r_of_order_one(key: &SigningKey, framed: &[u8]) -> Signature {
        let mut r = [0; 32];
        r[0] = 1;
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

        let strict = key.public().verify(Purpose::Event, b"message", &forged);

        assert!(strict.is_err());
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
