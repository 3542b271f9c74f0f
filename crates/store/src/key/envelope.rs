//! `key.json`: the store's key, sealed in every way that may open it.
//!
//! Each wrap seals the same key under another secret: a key file (headless machines, tests, demo), a PIN or
//! passphrase together with what the key store or key file holds (outreach laptops), the recovery code, the operating
//! system's key store. The PIN's wrap may be sealed once more under a share that the server hands out (see `pin`).
//! The file holds no secret that opens anything by itself, and exists twice, because without it nothing opens.
//!
//! Basis: design, section 5; spec reliability, T1 and F20.

mod pin;

use std::fs;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use skranke_domain::rehearsal;
use zeroize::Zeroizing;

use super::recovery::RecoveryCode;
use super::{Secret, StoreKey, from_hex, hex_to_vec, to_hex, wipe_stack};
use crate::error::StoreError;
use crate::files;

pub use pin::Binding;

/// Name of the envelope in the store's folder.
pub const FILE_NAME: &str = "key.json";
pub(crate) const COPY_NAME: &str = "key.copy.json";
const VERSION: u32 = 1;
/// A PIN is at least this long. Basis: design, section 5.
pub const SHORTEST_PASSPHRASE: usize = 6;

/// Why the key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no `key.json` in the folder.
    #[error("there is no key envelope")]
    EnvelopeMissing,
    /// `key.json` and its copy are both unreadable.
    #[error("the key envelope cannot be read")]
    EnvelopeUnreadable,
    /// A newer program wrote the envelope.
    #[error("the key envelope was written by a newer program")]
    EnvelopeNewer,
    /// This store was never sealed in this way.
    #[error("the store cannot be opened in this way")]
    NoSuchWrap,
    /// The key file is not there.
    #[error("the key file is missing")]
    KeyFileMissing,
    /// Others than the owner may read the key file.
    #[error("the key file is readable by others")]
    KeyFileOpenToOthers,
    /// The key store holds nothing for this store (a new Windows profile, a reinstalled machine).
    #[error("the key store holds no key for this store")]
    KeyStoreEmpty,
    /// The operating system's key store did not answer.
    #[error("the key store cannot be reached")]
    KeyStoreUnreachable,
    /// The passphrase, PIN, share or code does not fit.
    #[error("the secret does not fit")]
    WrongSecret,
    /// The passphrase or PIN is too short.
    #[error("a PIN or passphrase has at least {SHORTEST_PASSPHRASE} signs")]
    TooShort,
    /// A person must type the PIN first.
    #[error("the store asks for its PIN")]
    PinNeeded,
    /// The server must hand out the share again.
    #[error("the lease of the key has ended")]
    LeaseEnded,
    /// The clock stands before a time this store has seen.
    #[error("the clock was set back")]
    ClockSetBack,
    /// A cost outside what Argon2id takes.
    #[error("the cost of the passphrase is out of range")]
    Cost,
    /// Reading or writing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for KeyError {
    fn from(error: std::io::Error) -> Self {
        KeyError::Store(error.into())
    }
}

/// What Argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PassphraseCost {
    /// 64 MiB and three passes: about a fifth of a second at the counter. That alone does not keep six digits from
    /// whoever has the whole disk and the key store; the server's share does.
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
        }
    }
}

/// The two functions through which the operating system's key store is lent.
///
/// The crate that speaks to it belongs to `app`; the store only keeps 64 hexadecimal digits there.
pub struct KeyringEntry<'a> {
    /// Reads the entry: `Ok(None)` where there is none, `Err` where the key store cannot be reached.
    pub read: &'a dyn Fn() -> Result<Option<String>, KeyError>,
    /// Writes the entry.
    pub write: &'a dyn Fn(&str) -> Result<(), KeyError>,
}

/// What a person or machine offers to open the store.
pub enum Opener<'a> {
    /// A file with a secret, readable by its owner alone.
    KeyFile(&'a Path),
    /// A PIN or passphrase.
    Passphrase {
        /// As typed.
        text: &'a str,
        /// What the key store or key file holds, where the store asks for it.
        share: Option<&'a [u8; 32]>,
    },
    /// The recovery code.
    Recovery(&'a RecoveryCode),
    /// The operating system's key store.
    KeyStore(KeyringEntry<'a>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    KeyFile,
    Passphrase,
    Recovery,
    KeyStore,
}

/// In which ways a store can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// By a key file.
    pub key_file: bool,
    /// By a PIN or passphrase.
    pub passphrase: bool,
    /// By the recovery code.
    pub recovery: bool,
    /// By the operating system's key store.
    pub key_store: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wrap {
    way: Way,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stretch: Option<Stretch>,
    nonce: String,
    sealed: String,
    /// The server whose share `sealed` is sealed under once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binding: Option<Binding>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stretch {
    salt: String,
    memory_kib: u32,
    passes: u32,
    with_share: bool,
}

/// The sealed forms of one store's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    version: u32,
    check: String,
    wraps: Vec<Wrap>,
}

impl Envelope {
    /// An envelope for `key` that nothing opens yet.
    pub fn new(key: &StoreKey) -> Self {
        Self {
            version: VERSION,
            check: to_hex(&key.check()),
            wraps: Vec::new(),
        }
    }

    /// Reads the envelope of a store's folder, from its copy where the first is unreadable.
    ///
    /// # Errors
    /// Missing, unreadable or written by a newer program.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let mut found = false;
        for name in [FILE_NAME, COPY_NAME] {
            match fs::read(folder.join(name)) {
                Ok(bytes) => {
                    found = true;
                    if let Ok(envelope) = serde_json::from_slice::<Self>(&bytes) {
                        if envelope.version > VERSION {
                            return Err(KeyError::EnvelopeNewer);
                        }
                        return Ok(envelope);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(if found {
            KeyError::EnvelopeUnreadable
        } else {
            KeyError::EnvelopeMissing
        })
    }

    /// Writes the envelope and its copy, each whole or not at all.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn save(&self, folder: &Path) -> Result<(), KeyError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|_| KeyError::EnvelopeUnreadable)?;
        files::make_private_folder(folder)?;
        files::write_whole(&folder.join(FILE_NAME), &bytes)?;
        rehearsal::point("key.first_written");
        files::write_whole(&folder.join(COPY_NAME), &bytes)?;
        Ok(())
    }

    /// Writes the copy again where a cut left it behind: it must not know another way in than the first.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn mend_copy(folder: &Path) -> Result<(), KeyError> {
        let first = fs::read(folder.join(FILE_NAME))?;
        let is_sound = serde_json::from_slice::<Self>(&first).is_ok();
        if is_sound && fs::read(folder.join(COPY_NAME)).ok().as_ref() != Some(&first) {
            files::write_whole(&folder.join(COPY_NAME), &first)?;
        }
        Ok(())
    }

    /// In which ways the store can be opened.
    pub fn ways(&self) -> Ways {
        let has = |way| self.wraps.iter().any(|wrap| wrap.way == way);
        Ways {
            key_file: has(Way::KeyFile),
            passphrase: has(Way::Passphrase),
            recovery: has(Way::Recovery),
            key_store: has(Way::KeyStore),
        }
    }

    /// Whether the PIN needs what the key store or key file holds beside it.
    pub fn passphrase_needs_share(&self) -> bool {
        self.wraps.iter().any(|wrap| {
            wrap.way == Way::Passphrase && wrap.stretch.as_ref().is_some_and(|s| s.with_share)
        })
    }

    /// Whether this is the key the envelope was made for.
    pub fn fits(&self, key: &StoreKey) -> bool {
        from_hex(&self.check) == Some(key.check())
    }

    /// Seals the key under a fresh secret in a new file that only the owner may read.
    ///
    /// # Errors
    /// The file exists already, or cannot be written.
    pub fn add_key_file(&mut self, key: &StoreKey, path: &Path) -> Result<(), KeyError> {
        let secret = random_secret();
        let mut file = files::private().write(true).create_new(true).open(path)?;
        std::io::Write::write_all(
            &mut file,
            Zeroizing::new(to_hex(secret.as_slice())).as_bytes(),
        )?;
        file.sync_all()?;
        self.put(Way::KeyFile, None, &secret, key)
    }

    /// Seals the key under a PIN or passphrase, together with what the key store or key file holds where it is given.
    ///
    /// # Errors
    /// Too short.
    pub fn add_passphrase(
        &mut self,
        key: &StoreKey,
        text: &str,
        share: Option<&[u8; 32]>,
        cost: PassphraseCost,
    ) -> Result<(), KeyError> {
        if text.chars().count() < SHORTEST_PASSPHRASE {
            return Err(KeyError::TooShort);
        }
        let stretch = Stretch::fresh(cost, share.is_some());
        let secret = stretch.stretch(text.as_bytes(), share)?;
        self.put(Way::Passphrase, Some(stretch), &secret, key)
    }

    /// Seals the key under a fresh recovery code and returns the code, to be printed once.
    ///
    /// An earlier code stops working.
    ///
    /// # Errors
    /// The cost is out of range.
    pub fn add_recovery(
        &mut self,
        key: &StoreKey,
        cost: PassphraseCost,
    ) -> Result<RecoveryCode, KeyError> {
        let code = RecoveryCode::generate();
        self.seal_recovery(key, &code, cost)?;
        Ok(code)
    }

    /// Seals the key under a recovery code that was shown before.
    ///
    /// An earlier code stops working.
    ///
    /// # Errors
    /// The cost is out of range.
    pub fn seal_recovery(
        &mut self,
        key: &StoreKey,
        code: &RecoveryCode,
        cost: PassphraseCost,
    ) -> Result<(), KeyError> {
        let stretch = Stretch::fresh(cost, false);
        let secret = stretch.stretch(code.as_bytes(), None)?;
        self.put(Way::Recovery, Some(stretch), &secret, key)
    }

    /// Seals the key under a fresh secret in the operating system's key store.
    ///
    /// # Errors
    /// The key store cannot be reached.
    pub fn add_key_store(
        &mut self,
        key: &StoreKey,
        entry: &KeyringEntry<'_>,
    ) -> Result<(), KeyError> {
        let secret = random_secret();
        (entry.write)(&Zeroizing::new(to_hex(secret.as_slice())))?;
        self.put(Way::KeyStore, None, &secret, key)
    }

    /// Opens the key.
    ///
    /// # Errors
    /// Says apart: not sealed in this way, file or key-store entry missing, secret does not fit.
    pub fn open(&self, opener: &Opener<'_>) -> Result<StoreKey, KeyError> {
        let way = match opener {
            Opener::KeyFile(_) => Way::KeyFile,
            Opener::Passphrase { .. } => Way::Passphrase,
            Opener::Recovery(_) => Way::Recovery,
            Opener::KeyStore(_) => Way::KeyStore,
        };
        let wrap = self
            .wraps
            .iter()
            .find(|wrap| wrap.way == way)
            .ok_or(KeyError::NoSuchWrap)?;
        let secret = match opener {
            Opener::KeyFile(path) => read_key_file(path)?,
            Opener::Passphrase { text, share } => wrap.stretch(text.as_bytes(), *share)?,
            Opener::Recovery(code) => wrap.stretch(code.as_bytes(), None)?,
            Opener::KeyStore(entry) => read_key_store(entry)?,
        };
        let key = wrap.unseal(&secret, &self.check);
        wipe_stack();
        let key = key?;
        if self.fits(&key) {
            Ok(key)
        } else {
            Err(KeyError::WrongSecret)
        }
    }

    fn put(
        &mut self,
        way: Way,
        stretch: Option<Stretch>,
        secret: &[u8; 32],
        key: &StoreKey,
    ) -> Result<(), KeyError> {
        if !self.fits(key) {
            return Err(KeyError::Store(StoreError::WrongKey));
        }
        let (nonce, sealed) = seal(secret, key.as_bytes(), &self.check)?;
        self.wraps.retain(|wrap| wrap.way != way);
        self.wraps.push(Wrap {
            way,
            stretch,
            nonce: to_hex(&nonce),
            sealed: to_hex(&sealed),
            binding: None,
        });
        Ok(())
    }
}

impl Wrap {
    fn stretch(&self, text: &[u8], share: Option<&[u8; 32]>) -> Result<Secret, KeyError> {
        let stretch = self.stretch.as_ref().ok_or(KeyError::EnvelopeUnreadable)?;
        if stretch.with_share != share.is_some() {
            return Err(KeyError::WrongSecret);
        }
        stretch.stretch(text, share)
    }

    fn unseal(&self, secret: &[u8; 32], check: &str) -> Result<StoreKey, KeyError> {
        let nonce = from_hex::<24>(&self.nonce).ok_or(KeyError::EnvelopeUnreadable)?;
        let sealed = hex_to_vec(&self.sealed).ok_or(KeyError::EnvelopeUnreadable)?;
        let bytes = unseal(secret, &nonce, &sealed, check)?;
        let bytes = bytes.as_slice().try_into();
        bytes
            .map(StoreKey::copied)
            .map_err(|_| KeyError::WrongSecret)
    }
}

impl Stretch {
    fn fresh(cost: PassphraseCost, with_share: bool) -> Self {
        let mut salt = [0; 16];
        OsRng.fill_bytes(&mut salt);
        Self {
            salt: to_hex(&salt),
            memory_kib: cost.memory_kib,
            passes: cost.passes,
            with_share,
        }
    }

    fn stretch(&self, text: &[u8], share: Option<&[u8; 32]>) -> Result<Secret, KeyError> {
        let salt = from_hex::<16>(&self.salt).ok_or(KeyError::EnvelopeUnreadable)?;
        // An envelope that was tampered with must not make the program ask for all memory there is.
        if self.memory_kib > 1024 * 1024 || self.passes > 64 {
            return Err(KeyError::Cost);
        }
        let params =
            Params::new(self.memory_kib, self.passes, 1, Some(32)).map_err(|_| KeyError::Cost)?;
        let hasher = match share {
            Some(share) => {
                Argon2::new_with_secret(share, Algorithm::Argon2id, Version::V0x13, params)
                    .map_err(|_| KeyError::Cost)?
            }
            None => Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
        };
        let mut secret = Secret::default();
        hasher
            .hash_password_into(text, &salt, secret.as_mut_slice())
            .map_err(|_| KeyError::Cost)?;
        Ok(secret)
    }
}

fn read_key_store(entry: &KeyringEntry<'_>) -> Result<Secret, KeyError> {
    let text = Zeroizing::new((entry.read)()?.ok_or(KeyError::KeyStoreEmpty)?);
    secret_of(&text)
}

fn secret_of(digits: &str) -> Result<Secret, KeyError> {
    let bytes = from_hex(digits).map(Zeroizing::new);
    let bytes = bytes.ok_or(KeyError::WrongSecret)?;
    Ok(Secret::new(bytes))
}

/// A message under a secret, and the nonce it took.
fn seal(secret: &[u8; 32], message: &[u8], check: &str) -> Result<([u8; 24], Vec<u8>), KeyError> {
    let mut nonce = [0; 24];
    OsRng.fill_bytes(&mut nonce);
    let payload = Payload {
        msg: message,
        aad: check.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(secret.into())
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| KeyError::WrongSecret)?;
    Ok((nonce, sealed))
}

fn unseal(
    secret: &[u8; 32],
    nonce: &[u8; 24],
    sealed: &[u8],
    check: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let payload = Payload {
        msg: sealed,
        aad: check.as_bytes(),
    };
    XChaCha20Poly1305::new(secret.into())
        .decrypt(XNonce::from_slice(nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| KeyError::WrongSecret)
}

fn random_secret() -> Secret {
    let mut secret = Secret::default();
    OsRng.fill_bytes(secret.as_mut_slice());
    secret
}

fn read_key_file(path: &Path) -> Result<Secret, KeyError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(KeyError::KeyFileMissing);
        }
        Err(error) => return Err(error.into()),
    };
    if files::is_open_to_others(path)? {
        return Err(KeyError::KeyFileOpenToOthers);
    }
    secret_of(text.trim())
}
