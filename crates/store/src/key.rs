//! The store's key: 32 random bytes from which every other key is derived.
//!
//! It is never written down bare: [`envelope`] keeps it sealed in several ways, so that losing one of them does not
//! lose a citizen's form. Basis: design, section 5; spec reliability, T1 and F20.

pub mod envelope;
pub mod lease;
pub mod recovery;
pub mod tries;

use std::fmt;

use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// The store's 256-bit key; wiped from memory on drop and never printed.
#[derive(PartialEq, Eq)]
pub struct StoreKey(Secret);

/// 32 bytes that stay in one place until they are wiped: whoever hands them on hands on where they lie, and leaves no
/// copy on the stack.
pub(crate) type Secret = Box<Zeroizing<[u8; 32]>>;

/// What a derived key is used for; each use has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Database,
    OutboxLog,
    AttachmentContent,
    AttachmentName,
    SecondCopy,
    Check,
}

impl Use {
    const fn label(self) -> &'static str {
        match self {
            Use::Database => "skranke/store/database/1",
            Use::OutboxLog => "skranke/store/outbox-log/1",
            Use::AttachmentContent => "skranke/store/attachment-content/1",
            Use::AttachmentName => "skranke/store/attachment-name/1",
            Use::SecondCopy => "skranke/store/second-copy/1",
            Use::Check => "skranke/store/check/1",
        }
    }
}

impl StoreKey {
    /// A fresh random key.
    pub fn generate() -> Self {
        let mut key = Secret::default();
        OsRng.fill_bytes(key.as_mut_slice());
        Self(key)
    }

    /// Wraps 32 bytes that came from a cryptographic source.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::copied(&bytes)
    }

    pub(crate) fn copied(bytes: &[u8; 32]) -> Self {
        let mut key = Secret::default();
        key.copy_from_slice(bytes);
        Self(key)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one use. One hash is enough: the input is uniformly random and of fixed length, so neither
    /// extraction nor protection against length extension is needed.
    pub(crate) fn derive(&self, wanted: Use) -> Secret {
        let mut derived = Secret::default();
        self.derive_into(wanted, &mut derived);
        wipe_stack();
        derived
    }

    #[inline(never)]
    fn derive_into(&self, wanted: Use, derived: &mut [u8; 32]) {
        let mut hash = Sha256::new();
        hash.update(wanted.label());
        hash.update([0]);
        hash.update(self.as_bytes());
        hash.finalize_into(derived.into());
    }

    /// Eight bytes that tell this key from another without revealing it.
    pub(crate) fn check(&self) -> [u8; 8] {
        let mut check = [0; 8];
        check.copy_from_slice(&self.derive(Use::Check)[..8]);
        check
    }

    /// The statement in which SQLCipher takes a raw key, `x'<64 hexadecimal digits>'`; made here, so that no copy of it
    /// is left that is not wiped.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        let mut sql = Zeroizing::new(String::with_capacity(128));
        sql.push_str("PRAGMA key = \"x'");
        push_hex(&mut sql, self.derive(Use::Database).as_slice());
        sql.push_str("'\"");
        sql
    }
}

impl Clone for StoreKey {
    fn clone(&self) -> Self {
        Self::copied(self.as_bytes())
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// Overwrites what calls that have returned left on the stack: hashes and ciphers work with a key there, and not all
/// of them clear up.
#[inline(never)]
pub(crate) fn wipe_stack() {
    let mut left = [0_u8; 16 * 1024];
    left.zeroize();
}

/// Appends bytes as hexadecimal digits.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

/// Reads hexadecimal digits, as many as make `N` bytes.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = hex_to_vec(text)?;
    bytes.as_slice().try_into().ok()
}

/// Reads hexadecimal digits.
pub(crate) fn hex_to_vec(text: &str) -> Option<Vec<u8>> {
    let digit = |symbol: u8| {
        char::from(symbol)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let key = StoreKey::from_bytes([0xab; 32]);

        assert_eq!(format!("{key:?}"), "StoreKey(…)");
    }

    #[test]
    fn every_use_has_a_key_of_its_own() {
        let key = StoreKey::from_bytes([7; 32]);
        let all = [
            Use::Database,
            Use::OutboxLog,
            Use::AttachmentContent,
            Use::AttachmentName,
            Use::SecondCopy,
            Use::Check,
        ];
        let derived: std::collections::BTreeSet<_> =
            all.iter().map(|one| **key.derive(*one)).collect();

        assert_eq!(derived.len(), all.len());
        assert!(!derived.contains(key.as_bytes()));
    }

    #[test]
    fn the_database_is_given_a_blob_of_64_digits() {
        let sql = StoreKey::from_bytes([1; 32]).pragma();
        let digits = sql.strip_prefix("PRAGMA key = \"x'");
        let digits = digits.and_then(|rest| rest.strip_suffix("'\""));

        assert!(digits.is_some_and(|digits| digits.len() == 64));
        assert!(digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn hexadecimal_reads_back() {
        assert_eq!(from_hex::<2>(&to_hex(&[0x0f, 0xf0])), Some([0x0f, 0xf0]));
        assert_eq!(from_hex::<2>("0f"), None);
        assert_eq!(from_hex::<1>("æ"), None);
    }
}
