//! Work that only the server can read: boxes sealed to its recovery key.
//!
//! A laptop that gives a case up before the server has it in a backup seals what it alone could bring back. Whoever has
//! the laptop and every key on it cannot open a box; the server can, also after it was restored.
//! A box is libsodium's `crypto_box_seal`: X25519 with a key made for that one box, `XSalsa20`, `Poly1305`.
//!
//! Basis: design, section 6 (epoch); decision 50.

use std::fmt;
use std::str::FromStr;

use crypto_box::aead::rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

use crate::confirmation::Statement;
use crate::encoding::{EncodingError, as_text, from_hex, to_hex};
use crate::signature::Purpose;

/// Bytes a box takes beyond what is in it.
pub const BOX_BYTES: usize = 32 + 16;

/// A box does not open with this key, or nothing could be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the box does not open")]
pub struct BoxError;

/// The public half of the server's recovery key: with it one can seal, and open nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoveryKey([u8; 32]);

impl RecoveryKey {
    /// Seals bytes; every box is another one.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn seal(&self, plain: &[u8], random: &mut impl CryptoRngCore) -> Result<Vec<u8>, BoxError> {
        crypto_box::PublicKey::from_bytes(self.0)
            .seal(random, plain)
            .map_err(|_| BoxError)
    }
}

impl fmt::Display for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecoveryKey({self})")
    }
}

impl FromStr for RecoveryKey {
    type Err = EncodingError;

    fn from_str(text: &str) -> Result<Self, EncodingError> {
        from_hex(text).map(Self)
    }
}

/// The secret half; never shown, never serialised, wiped on drop.
#[derive(Clone)]
pub struct RecoverySecret(crypto_box::SecretKey);

impl RecoverySecret {
    /// The key of 32 bytes, which must come from a cryptographic source and be kept secret.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(crypto_box::SecretKey::from_bytes(bytes))
    }

    /// The public half.
    pub fn public(&self) -> RecoveryKey {
        RecoveryKey(self.0.public_key().to_bytes())
    }

    /// Opens a box.
    ///
    /// # Errors
    /// It was sealed to another key, or is damaged.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, BoxError> {
        self.0.unseal(sealed).map_err(|_| BoxError)
    }
}

impl fmt::Debug for RecoverySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecoverySecret(public {})", self.public())
    }
}

/// What the server states under its signature: to which key work is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryNotice {
    /// The municipality.
    pub tenant: String,
    /// The key.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: RecoveryKey,
}

impl Statement for RecoveryNotice {
    const PURPOSE: Purpose = Purpose::Recovery;
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;

    #[test]
    fn a_box_opens_with_its_own_key_alone_and_only_as_it_was_sealed() {
        let secret = RecoverySecret::from_bytes([3; 32]);
        let other = RecoverySecret::from_bytes([4; 32]);
        let sealed = secret.public().seal(b"Bo Lind", &mut OsRng).unwrap();

        assert_eq!(sealed.len(), BOX_BYTES + b"Bo Lind".len());
        assert_eq!(secret.open(&sealed).unwrap(), b"Bo Lind");
        assert_eq!(other.open(&sealed), Err(BoxError));
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert_eq!(secret.open(&damaged), Err(BoxError), "byte {place}");
            assert_eq!(
                secret.open(&sealed[..place]),
                Err(BoxError),
                "cut at {place}"
            );
        }
    }

    #[test]
    fn the_same_twice_gives_two_boxes_and_a_key_is_read_as_it_is_written() {
        let key = RecoverySecret::from_bytes([3; 32]).public();
        let seal = || key.seal(b"x", &mut OsRng).unwrap();

        assert_ne!(seal(), seal());
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
